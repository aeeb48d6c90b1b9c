"""The one way to live a study: round by round, each kept before the next is decided; then what it comes to.

Whatever stops it, the same call goes on from what is kept and gives the same to the last bit: rounds are decided by
whole rounds before them, never by the clock, by who lived what, or by how often it was stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.results import results_of
from keliling.experiments.keep.study_store import Store, StoreError, read_manifest
from keliling.experiments.kinds import KINDS
from keliling.experiments.plan.study import Job, Round, Study, merged, unfinished
from keliling.experiments.plan.study_file import read_study
from keliling.experiments.reports.report import Report
from keliling.experiments.run.executors import Place, live_jobs
from keliling.experiments.run.verify import written_aside
from keliling.sim.errors import Interrupted, KelilingError


@dataclass(frozen=True)
class Planned:
    """A round begins: so many of its runs were finished before, so many are left."""

    finished: int
    left: int


@dataclass(frozen=True)
class Lived:
    """So many more runs are kept."""

    runs: int


@dataclass(frozen=True)
class RoundEnded:
    """All runs of so many rounds are kept."""

    rounds: int


@dataclass(frozen=True)
class Stopped:
    """Somebody stopped it; what was finished is kept, as ``message`` says."""

    message: str


@dataclass(frozen=True)
class Failed:
    """It cannot go on, for the reason that ``message`` gives; what was finished is kept."""

    message: str


Event = Planned | Lived | RoundEnded | Stopped | Failed
Listener = Callable[[Event], None]


def load_study(name_or_path: str | Path, set_: Iterable[str] = (), **options: Any) -> Study:
    """The study of a shipped name or a file; ``options`` (points, replicates, seed, ...) go over those of the file.

    ``set_`` are ``name=value`` texts for every arm. Raises InvalidInput with every problem.
    """
    return read_study(name_or_path, KINDS, set_, **options)


def study_in(folder: Path) -> Study:
    """The study that a results folder holds, read from the copy of its file. Raises StoreError, InvalidInput."""
    manifest = read_manifest(folder)
    options = manifest["options"]
    with written_aside(Path(manifest["path"]), manifest["file"]) as path:
        try:
            named = {key: options[key] for key in options if key != "set"}
            return load_study(path, options.get("set", ()), **named)
        except (TypeError, AttributeError, KeyError) as error:
            raise StoreError(f"{folder}: its manifest has options that no study takes ({error})") from None


def conduct(
    study: Study,
    store: Store,
    place: Place,
    listener: Listener = lambda event: None,
    *,
    finish: Callable[[Report], None] = lambda report: None,
    cancel: threading.Event | None = None,
) -> Report:
    """Live what is left of a study, keep it, and analyse it; ``listener`` is told what happens.

    ``finish`` is called with the report while the folder is still held. Another thread ends it by setting ``cancel``.

    Raises StoreError when the folder cannot be used, Interrupted on Ctrl-C or when it is cancelled, KelilingError when
    a worker is lost or the disk takes no more. Whatever was finished by then is kept.
    """
    try:
        return _conducted(study, store, place, listener, finish, cancel)
    except Interrupted as error:
        listener(Stopped(str(error)))
        raise
    except KelilingError as error:
        listener(Failed(str(error)))
        raise


def _conducted(
    study: Study,
    store: Store,
    place: Place,
    listener: Listener,
    finish: Callable[[Report], None],
    cancel: threading.Event | None,
) -> Report:
    kind = KINDS[study.kind]
    if place.engine == "kernel":
        from keliling.sim.kernels.willingness import willingness_of

        for arm in study.arms:
            willingness_of(arm.scenario.hypothesis)  # one that cannot be compiled is refused before anything is kept
    with store.held():
        store.open(engine=place.engine, workers=place.workers, cluster=place.cluster)
        rounds: list[Round] = []
        for following in kind.rounds(study, lambda: results_of(study, store.runs(), merged(rounds))):
            left = unfinished(study, [following], store.finished())
            runs, missing = (sum(len(job.arms) for job in jobs) for jobs in (unfinished(study, [following], ()), left))
            listener(Planned(runs - missing, missing))
            live_jobs(study, store, left, place, lambda more: listener(Lived(more)), cancel)
            rounds.append(following)
            listener(RoundEnded(len(rounds)))
        jobs = merged(rounds)
        report = kind.report(results_of(study, store.compact(jobs), jobs))
        store.close()
        finish(report)
    return report


def jobs_in(study: Study, store: Store) -> list[Job]:
    """The jobs that a results folder holds, each with the arms that are there, so far as its rounds are decided."""
    runs, there, rounds = store.runs(), store.finished(), list[Round]()
    for following in KINDS[study.kind].rounds(study, lambda: results_of(study, runs, merged(rounds))):
        rounds.append(following)
        if unfinished(study, [following], there):
            break
    return [
        replace(job, arms=arms)
        for job in merged(rounds)
        if (arms := tuple(arm for arm in job.arms if study.key(arm, job.point, job.replicate) in there))
    ]
