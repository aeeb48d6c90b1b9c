"""The one way to live a study, as a web page or a notebook calls it: events, and an end from another thread."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from keliling.experiments.conduct import Event, Failed, Lived, Planned, RoundEnded, Stopped, conduct
from keliling.experiments.keep.study_store import Store, StoreError, read_manifest
from keliling.experiments.reading import load_study
from keliling.experiments.run.executors import Execution
from keliling.sim.errors import Interrupted
from tests.studies.helpers import content, written

pytestmark = pytest.mark.usefixtures("unchecked")
POINTS = 16
THREADS = Execution(workers=2)


def test_what_happens_is_told_in_turn(tmp_path: Path) -> None:
    """How much there is, every batch as it is kept, the end of the round; a second call finds all of it."""
    study, told = load_study(written(tmp_path, POINTS)), list[Event]()
    report = conduct(study, Store(tmp_path / "out", study), THREADS, told.append)
    days = POINTS * sum(arm.scenario.days for arm in study.arms)
    assert report.results.jobs == POINTS
    assert told[0] == Planned(0, 2 * POINTS, days) and told[-1] == RoundEnded(1)
    batches = [event for event in told if isinstance(event, Lived)]
    assert (sum(event.runs for event in batches), sum(event.days for event in batches)) == (2 * POINTS, days)
    again = list[Event]()
    conduct(study, Store(tmp_path / "out", study), THREADS, again.append)
    assert again == [Planned(2 * POINTS, 0, 0), RoundEnded(1)]


def test_another_thread_ends_it_and_nothing_is_lost(tmp_path: Path) -> None:
    """Cancelled after the first batch it says so, keeps what is done, and the next call ends with the same bytes."""
    study = load_study(written(tmp_path, POINTS))
    conduct(study, Store(tmp_path / "peaceful", study), THREADS)
    out, told, begun, cancel = tmp_path / "out", list[Event](), threading.Event(), threading.Event()

    def ends_it() -> None:
        assert begun.wait(60)
        cancel.set()

    def listener(event: Event) -> None:
        told.append(event)
        if isinstance(event, Lived) and not begun.is_set():
            begun.set()
            other.join()

    other = threading.Thread(target=ends_it)
    other.start()
    with pytest.raises(Interrupted, match="the same command goes on from there"):
        conduct(study, Store(out, study), THREADS, listener, cancel=cancel)
    assert isinstance(told[-1], Stopped) and str(out) in told[-1].message
    assert not (out / "runs.parquet").exists() and list((out / "batches").iterdir())
    assert sittings(out) == ["stopped"]
    rest = list[Event]()
    conduct(study, Store(out, study), THREADS, rest.append)
    assert isinstance(rest[0], Planned) and 0 < rest[0].finished < 2 * POINTS
    assert content(out) == content(tmp_path / "peaceful")
    assert sittings(out) == ["stopped", "finished"]


def sittings(out: Path) -> list[str]:
    """How each sitting at a study ended, by its manifest."""
    return [one["ended"] for one in read_manifest(out)["sittings"]]


def test_what_went_wrong_is_told_too(tmp_path: Path) -> None:
    """A folder that cannot be used."""
    study, told = load_study(written(tmp_path, POINTS)), list[Event]()
    (tmp_path / "out").write_text("")
    with pytest.raises(StoreError):
        conduct(study, Store(tmp_path / "out", study), THREADS, told.append)
    (event,) = told
    assert isinstance(event, Failed) and "cannot be used" in event.message
