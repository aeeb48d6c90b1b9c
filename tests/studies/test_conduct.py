"""The one way to live a study, as a web page or a notebook calls it: events, and an end from another thread."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from keliling.experiments.conduct import Event, Failed, Lived, Planned, RoundEnded, Stopped, conduct
from keliling.experiments.keep.histories import Histories
from keliling.experiments.keep.keeper import Row
from keliling.experiments.keep.run_cache import RunCache
from keliling.experiments.keep.study_store import Store, StoreError, read_manifest
from keliling.experiments.kinds.comparison import comparison_of
from keliling.experiments.plan.study import Job, Precision, Study
from keliling.experiments.reading import load_study
from keliling.experiments.run import executors
from keliling.experiments.run.executors import Execution
from keliling.sim.errors import Interrupted, KelilingError
from keliling.sim.scenario import load
from tests.studies.helpers import content, written

pytestmark = pytest.mark.usefixtures("unchecked")
POINTS = 16
PAIR = ("kebon-jeruk-2018", "kebon-jeruk-weekly")
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
        if isinstance(event, Lived) and event.runs and not begun.is_set():
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


class Late(Store):
    """A store in which Ctrl-C comes while all is put in order."""

    def compact(self, jobs: Sequence[Job]) -> Any:
        """Interrupted."""
        raise KeyboardInterrupt


def test_an_interrupt_at_any_time_is_one(tmp_path: Path) -> None:
    """Also when nothing is being lived: it says what is kept, and the manifest how it ended."""
    study, told = load_study(written(tmp_path, POINTS)), list[Event]()
    with pytest.raises(Interrupted, match=r"kept in .*, and the same command goes on from there"):
        conduct(study, Late(tmp_path / "out", study), THREADS, told.append)
    assert isinstance(told[-1], Stopped) and sittings(tmp_path / "out") == ["stopped"]
    again = list[Event]()
    conduct(study, Store(tmp_path / "out", study), THREADS, again.append)
    assert again[0] == Planned(2 * POINTS, 0, 0)


def test_a_fault_takes_no_finished_run_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch hands over what it had lived before the fault, and the message says what is kept."""
    study = comparison_of([load(name, size=0.02) for name in PAIR], replicates=40)
    whole = executors.rows_of

    def breaks(study: Study, job: Job, *words: Any, **more: Any) -> list[Row]:
        if job.replicate == 39:  # the last, behind which no batch waits
            raise KelilingError("a fault")
        return whole(study, job, *words, **more)

    monkeypatch.setattr(executors, "rows_of", breaks)
    left = [tmp_path / "runs" / f".{name}.json.1.part" for name in ("of-the-dead", "being-written")]
    left[0].parent.mkdir()
    for path, age in zip(left, (3600.0, 1.0), strict=True):
        path.write_text("half")
        os.utime(path, (time.time() - age,) * 2)
    store = Histories(study, RunCache(tmp_path / "runs"))
    with pytest.raises(KelilingError, match=r"a fault. 78 runs were finished now; they are kept in") as caught:
        conduct(study, store, Execution(workers=1))
    assert "goes on from there" in str(caught.value) and len(list((tmp_path / "runs").glob("*.json"))) == 78
    assert [path.exists() for path in left] == [False, True]  # what died is swept away


def test_rounds_tell_of_what_was_there_before_and_not_of_their_own(tmp_path: Path) -> None:
    """With a rule for its replicates a comparison has several rounds: in a new folder nothing was finished before."""
    rule = Precision("applications", 0.01, least=2, most=8, look_ahead=2)
    base = load(PAIR[0], size=0.02)
    study = comparison_of([base, base.with_(document_error=0.08, name="worse")], precision=rule)
    planned: list[list[tuple[int, int]]] = []
    for _ in range(2):
        told = list[Event]()
        conduct(study, Histories(study, RunCache(tmp_path / "runs")), THREADS, told.append)
        planned.append([(event.finished, event.left) for event in told if isinstance(event, Planned)])
    assert len(planned[0]) > 1 and sum(left for _, left in planned[0]) == 16
    assert planned == [[(0, left) for _, left in planned[0]], [(left, 0) for _, left in planned[0]]]


def test_what_went_wrong_is_told_too(tmp_path: Path) -> None:
    """A folder that cannot be used."""
    study, told = load_study(written(tmp_path, POINTS)), list[Event]()
    (tmp_path / "out").write_text("")
    with pytest.raises(StoreError):
        conduct(study, Store(tmp_path / "out", study), THREADS, told.append)
    (event,) = told
    assert isinstance(event, Failed) and "cannot be used" in event.message
