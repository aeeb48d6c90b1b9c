"""The one way to live a study: round by round, each kept before the next is decided; then what it comes to.

Whatever stops it, the same call goes on from what is kept and gives the same to the last bit: rounds are decided by
whole rounds before them, never by the clock, by who lived what, or by how often it was stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from keliling.experiments.keep.keeper import FAILED, STOPPED, Keeper
from keliling.experiments.keep.study_store import Store
from keliling.experiments.kinds import KINDS, kind_of
from keliling.experiments.plan.study import Job, Round, Study, merged, unfinished
from keliling.experiments.run.estimate import days_of
from keliling.experiments.run.executors import Execution
from keliling.experiments.run.runner import live_jobs
from keliling.sim.errors import Interrupted, KelilingError


@dataclass(frozen=True)
class Planned:
    """A round begins: of the runs that it adds so many were finished before, so many are left, and these are so many
    working days."""

    finished: int
    left: int
    days: int


@dataclass(frozen=True)
class Lived:
    """So many more runs are kept, and so many more working days lived."""

    runs: int
    days: int


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


def conduct(
    study: Study,
    store: Keeper,
    execution: Execution,
    listener: Listener = lambda event: None,
    *,
    finish: Callable[[Any], None] = lambda report: None,
    cancel: threading.Event | None = None,
) -> Any:
    """Live what is left of a study, keep it, and return the report that its kind makes of it; ``listener`` is told what
    happens.

    ``finish`` is called with the report while the store is still held. Another thread ends it by setting ``cancel``.

    Raises StoreError when the store cannot be used, Interrupted on Ctrl-C or when it is cancelled, what a run of a
    strict study raises, KelilingError when a worker is lost or the disk takes no more. Whatever was finished by then is
    kept.
    """
    try:
        return _conducted(study, store, execution, listener, finish, cancel)
    except (Interrupted, KeyboardInterrupt) as error:
        told = str(error) or f"stopped: the runs that were finished are {store.where}"
        listener(Stopped(told))
        raise Interrupted(told) from None
    except KelilingError as error:
        listener(Failed(str(error)))
        raise


def _conducted(
    study: Study,
    store: Keeper,
    execution: Execution,
    listener: Listener,
    finish: Callable[[Any], None],
    cancel: threading.Event | None,
) -> Any:
    kind = kind_of(study.kind)
    if execution.engine == "kernel":
        from keliling.sim.kernels.willingness import willingness_of

        for arm in study.arms:
            willingness_of(arm.scenario.hypothesis)  # one that cannot be compiled is refused before anything is kept
    with store.held():
        store.open(engine=execution.engine, workers=execution.workers, cluster=execution.cluster)
        try:
            report = _lived(study, kind, store, execution, listener, cancel)
            finish(report)
        except BaseException as error:
            with suppress(Exception):  # the first fault is the one to be told
                store.close(STOPPED if isinstance(error, (Interrupted, KeyboardInterrupt)) else FAILED)
            raise
        store.close()
    return report


def _lived(
    study: Study, kind: Any, store: Keeper, execution: Execution, listener: Listener, cancel: threading.Event | None
) -> Any:
    rounds: list[Round] = []
    for following in kind.rounds(study, lambda: kind.results(study, store.runs(), merged(rounds))):
        left = unfinished(study, [following], store.finished(following.jobs))
        listener(_planned(study, rounds, following, left))
        live_jobs(study, store, left, execution, lambda runs, days: listener(Lived(runs, days)), cancel)
        rounds.append(following)
        listener(RoundEnded(len(rounds)))
    jobs = merged(rounds)
    return kind.report(kind.results(study, store.compact(jobs), jobs))


def _planned(study: Study, before: Sequence[Round], following: Round, left: Sequence[Job]) -> Planned:
    """What there is to do in a round, beyond those before it, of which these jobs are left."""
    known = [study.key(arm, job.point, job.replicate) for one in before for job in one.jobs for arm in job.arms]
    every = sum(len(job.arms) for job in unfinished(study, [following], known))
    arms = [arm for job in left for arm in job.arms]
    return Planned(every - len(arms), len(arms), sum(days_of(arm.scenario) for arm in arms))


def jobs_in(study: Study, store: Store) -> list[Job]:
    """The jobs that a results folder holds, each with the arms that are there, so far as its rounds are decided."""
    runs, there, rounds = store.runs(), store.finished(), list[Round]()
    kind = KINDS[study.kind]
    for following in kind.rounds(study, lambda: kind.results(study, runs, merged(rounds))):
        rounds.append(following)
        if unfinished(study, [following], there):
            break
    return [
        replace(job, arms=arms)
        for job in merged(rounds)
        if (arms := tuple(arm for arm in job.arms if study.key(arm, job.point, job.replicate) in there))
    ]
