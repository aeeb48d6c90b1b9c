"""Lives many runs: the one runner of comparisons, studies and the command line.

A job is a scenario and a replicate under a seed. A province's job is split into its districts, which are lived apart
and pooled. Jobs are spread over worker processes (the agents engine is Python, which threads do not speed up);
results do not depend on how many there are. Jobs that share a population follow each other, so that a worker builds it
once. What is finished can be kept on disk (``experiments.kept``).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from experiments.kept import ENGINE, Kept
from sim.errors import CheckFailed, Interrupted, InvalidInput, KelilingError
from sim.parameters import register
from sim.records import Record
from sim.run import Run, pooled, provenance, run
from sim.scenario import Scenario

POLL_SECONDS = 0.2
SECONDS_A_DAY_AND_ADULT = 1.2e-7
SECONDS_A_GROUND_AND_ADULT = 1.2e-5
"""Both measured on one core with the agents engine; they serve to say beforehand how long a job takes, roughly."""

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Job:
    """One run to be lived."""

    scenario: Scenario
    replicate: int
    seed: int = 1


@dataclass(frozen=True)
class Part:
    """One district's run, of a job that is that district or of one that is its province."""

    scenario: Scenario
    replicate: int
    seed: int

    @property
    def key(self) -> tuple[str, int, int]:
        """What determines its records."""
        return self.scenario.digest(), self.seed, self.replicate

    @property
    def ground(self) -> str:
        """Equal for runs that share a population and its solved constants (see ``sim.start.ground``)."""
        s = self.scenario
        settled = {name: value for name, value in s.values.items() if register()[name].kind != "lever"}
        return json.dumps([s.profile.content(), s.population_seed, s.size, settled], sort_keys=True)


class Plan:
    """The district runs that jobs come to: which are finished and kept, and which are still to be lived."""

    def __init__(self, jobs: Sequence[Job], kept: Kept | None = None, *, checked: bool = False) -> None:
        self.jobs, self.kept, self.checked = tuple(jobs), kept, checked
        districts: dict[str, list[Scenario]] = {}
        self._parts: list[list[Part]] = []
        for job in self.jobs:
            scenarios = districts.setdefault(job.scenario.digest(), _districts(job.scenario))
            self._parts.append([Part(one, job.replicate, job.seed) for one in scenarios])
        unique = {part.key: part for parts in self._parts for part in parts}
        self.finished: dict[tuple[str, int, int], list[Record]] = {}
        if kept is not None:
            for key, part in unique.items():
                records = kept.find(part.scenario, part.seed, part.replicate, checked=checked)
                if records is not None:
                    self.finished[key] = records
        self.parts = len(unique)
        self.left = _ordered([part for key, part in unique.items() if key not in self.finished])

    @property
    def days(self) -> int:
        """Working days still to be lived, over all runs."""
        return sum(part.scenario.days for part in self.left)

    @property
    def adults(self) -> int:
        """Adults of the largest of the jobs, roughly: a reduced size keeps whole RWs."""
        return max(sum(_adults(part.scenario) for part in parts) for parts in self._parts)

    def seconds(self, workers: int | None = None) -> float:
        """Roughly how long it takes on this many workers."""
        living = sum(_adults(part.scenario) * part.scenario.days for part in self.left) * SECONDS_A_DAY_AND_ADULT
        grounds = {part.ground: _adults(part.scenario) for part in self.left}
        used = min(workers or cores(), max(len(self.left), 1))
        return 2.0 + living / used + sum(grounds.values()) * SECONDS_A_GROUND_AND_ADULT

    def runs(self) -> list[Run]:
        """The runs of the jobs, in their order, once nothing is left."""
        return [
            Run(
                job.scenario,
                job.seed,
                job.replicate,
                self._records(parts),
                provenance(job.scenario, job.seed, job.replicate, ENGINE),
            )
            for job, parts in zip(self.jobs, self._parts, strict=True)
        ]

    def _records(self, parts: list[Part]) -> list[Record]:
        records = [self.finished[part.key] for part in parts]
        return records[0] if len(records) == 1 else pooled(records)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(
    jobs: Sequence[Job] | Plan,
    *,
    workers: int | None = None,
    checked: bool = False,
    kept: Kept | None = None,
    progress: Progress | None = None,
) -> list[Run]:
    """Live all jobs and return their runs in the same order.

    ``workers`` is the number of processes, by default one a processor; 1 stays in this process. ``progress`` is called
    with the working days lived since its last call. ``kept`` holds runs from before, and takes each as it finishes.
    Raises Interrupted on Ctrl-C, CheckFailed when ``checked`` finds a broken law, KelilingError when a worker dies.
    """
    plan = jobs if isinstance(jobs, Plan) else Plan(jobs, kept, checked=checked)
    report = progress or (lambda days: None)
    used = min(workers or cores(), len(plan.left))
    try:
        if used > 1:
            _live_in_processes(plan, used, report)
        else:
            for part in plan.left:
                _finish(plan, part, _lived(part, plan.checked, report))
    except KeyboardInterrupt:
        raise Interrupted(_stopped(plan)) from None
    return plan.runs()


def _districts(scenario: Scenario) -> list[Scenario]:
    if scenario.province is None:
        return [scenario]
    return [scenario.for_district(slug) for slug in scenario.province.districts]


def _adults(scenario: Scenario) -> int:
    return round(scenario.profile.population * scenario.profile.adult_share * scenario.size)


def _ordered(parts: list[Part]) -> list[Part]:
    """Large districts first, so that no worker ends alone with one; within a district by replicate."""
    grounds = {id(part): part.ground for part in parts}
    return sorted(parts, key=lambda part: (-_adults(part.scenario), grounds[id(part)], part.replicate))


def _finish(plan: Plan, part: Part, records: list[Record]) -> None:
    plan.finished[part.key] = records
    if plan.kept is not None:
        plan.kept.keep(part.scenario, part.seed, part.replicate, records, checked=plan.checked)


def _stopped(plan: Plan) -> str:
    done = f"{len(plan.finished)} of {plan.parts} runs were finished"
    if plan.kept is None:
        return f"stopped: {done}; none of them is kept"
    return f"stopped: {done}; they are kept in {plan.kept.folder}, and the same command goes on from there"


def _failed(part: Part, error: str) -> str:
    return f"the run of {part.scenario.name} (seed {part.seed}, replicate {part.replicate}) failed: {error}"


def _lived(part: Part, checked: bool, progress: Progress) -> list[Record]:
    """The records of one district's run. What goes wrong is told with the run in which it happened."""
    try:
        lived = run(part.scenario, seed=part.seed, replicate=part.replicate, checked=checked, progress=progress)
    except CheckFailed as error:
        raise CheckFailed(_failed(part, str(error))) from error
    except KelilingError:
        raise
    except MemoryError as error:
        raise KelilingError(_failed(part, "not enough memory; try fewer --workers")) from error
    except Exception as error:  # a hypothesis of the user's own can raise anything
        if os.environ.get("KELILING_TRACEBACK"):
            raise
        raise KelilingError(_failed(part, f"{type(error).__name__}: {error}")) from error
    return lived.records


# -- worker processes


class _Stop(KelilingError):
    """Raised inside a worker that was asked to stop."""


def _live_in_processes(plan: Plan, workers: int, report: Progress) -> None:
    # Spawned and not forked: mesa and numba start threads, and a fork in the middle of one may never wake up.
    context = multiprocessing.get_context("spawn")
    days, stop = context.Value("q", 0), context.Event()
    seen = 0
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(days, stop)) as pool:
        try:
            pending: dict[Future[list[Record]], Part] = {
                pool.submit(_live, part, plan.checked): part for part in plan.left
            }
            while pending:
                done, _ = wait(pending, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    _finish(plan, pending.pop(future), future.result())
                now = days.value
                if now > seen:
                    report(now - seen)
                    seen = now
        except InvalidInput as error:
            raise InvalidInput(error.problems) from error  # its text is lost on the way between processes
        except BrokenProcessPool:
            raise KelilingError(
                "a worker process died, perhaps for want of memory (try fewer --workers); from a script of your own, "
                f'start runs under `if __name__ == "__main__":`. {_stopped(plan).removeprefix("stopped: ")}'
            ) from None
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


_days: Any = None
_stop: Any = None


def _begin(days: Any, stop: Any) -> None:
    """Start of a worker: Ctrl-C is the parent's to handle, and a worker does not outlive its parent."""
    global _days, _stop
    _days, _stop = days, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _live(part: Part, checked: bool) -> list[Record]:
    """One district's run in a worker."""

    def lived(days: int) -> None:
        with _days.get_lock():
            _days.value += days
        if _stop.is_set():
            raise _Stop

    return _lived(part, checked, lived)


__all__ = ["Job", "Plan", "cores", "run_all"]
