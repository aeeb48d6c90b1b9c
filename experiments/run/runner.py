"""Lives many runs: the one runner of comparisons, studies and the command line.

A job is a scenario and a replicate under a seed. A province's job is split into its districts, which are lived apart
and pooled. Runs are spread over workers (``run.workers``); results do not depend on how many there are. Runs
that share a population follow each other, so that it is built once, and those of one replicate that share a past live
it once. What is finished can be kept on disk (``keep.run_cache``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial

from keliling.experiments.keep.run_cache import Kept
from keliling.experiments.run.workers import Processes, Task, Threads, live
from keliling.sim.errors import Infeasible, Interrupted, InvalidInput, KelilingError
from keliling.sim.ground import ground_key
from keliling.sim.history import History
from keliling.sim.run import Run, run_of
from keliling.sim.scenario import Scenario

POLL_SECONDS = 0.2
SECONDS_A_DAY_AND_ADULT = {"kernel": 1.6e-9, "agents": 6e-8}
SECONDS_A_RUN_AND_ADULT = {"kernel": 4.5e-7, "agents": 1e-5}
SECONDS_A_GROUND_AND_ADULT = 1.7e-6
"""Living, creating and building, measured on one core at full size (docs/benchmarks.md; the agents' creation is their
3.5 s of docs/verification.md less the building); they serve to say beforehand how long a job takes, roughly."""

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
        """What determines its history."""
        return self.scenario.digest(), self.seed, self.replicate


class Plan:
    """The district runs that jobs come to: which are finished and kept, and which are still to be lived.

    A ``tolerant`` plan goes on where a world cannot be, and says which (``refusal``).
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        kept: Kept | None = None,
        *,
        engine: str = "kernel",
        checked: bool = False,
        tolerant: bool = False,
    ) -> None:
        self.jobs, self.kept, self.engine, self.checked = tuple(jobs), kept, engine, checked
        self.tolerant = tolerant
        self.refused: dict[tuple[str, int, int], Infeasible] = {}
        districts: dict[str, list[Scenario]] = {}
        self._parts: list[list[Part]] = []
        for job in self.jobs:
            scenarios = districts.setdefault(job.scenario.digest(), _districts(job.scenario))
            self._parts.append([Part(one, job.replicate, job.seed) for one in scenarios])
        unique = {part.key: part for parts in self._parts for part in parts}
        self.finished: dict[tuple[str, int, int], History] = {}
        if kept is not None:
            for key, part in unique.items():
                found = kept.find(part.scenario, part.seed, part.replicate, checked=checked)
                if found is not None:
                    self.finished[key] = found
        self.parts = len(unique)
        self.left = _ordered([part for key, part in unique.items() if key not in self.finished])

    def tasks(self, workers: int) -> list[list[Part]]:
        """The runs left, together those that one worker should live: they share a replicate and a past.

        Only where there are more of them than workers: sharing spares work, and two workers share it out.
        """
        if self.engine == "agents":
            return [[part] for part in self.left]
        together: dict[tuple[str, int, int], list[list[Part]]] = {}
        for part in self.left:
            groups = together.setdefault((ground_key(part.scenario), part.seed, part.replicate), [])
            for group in groups:
                if group[0].scenario.first_difference(part.scenario) > 0:
                    group.append(part)
                    break
            else:
                groups.append([part])
        found = [group for groups in together.values() for group in groups]
        return found if len(found) >= workers else [[part] for part in self.left]

    @property
    def replicates(self) -> int:
        """Different replicates among the jobs."""
        return len({job.replicate for job in self.jobs})

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
        a_day, a_run = SECONDS_A_DAY_AND_ADULT[self.engine], SECONDS_A_RUN_AND_ADULT[self.engine]
        each = [_adults(part.scenario) for part in self.left]
        living = sum(
            adults * (part.scenario.days * a_day + a_run) for adults, part in zip(each, self.left, strict=True)
        )
        grounds = {ground_key(part.scenario): adults for adults, part in zip(each, self.left, strict=True)}
        used = min(workers or cores(), max(len(self.left), 1))
        return 2.0 + living / used + sum(grounds.values()) * SECONDS_A_GROUND_AND_ADULT

    def seconds_of(self, times: int, grounds: int, workers: int) -> float:
        """Roughly how long it takes to live these jobs so many times, on so many grounds."""
        once, one = self.seconds(1) - 2.0, self.adults * SECONDS_A_GROUND_AND_ADULT
        return 2.0 + ((once - one) * times + one * grounds) / workers

    def runs(self) -> list[Run]:
        """The runs of the jobs, in their order, once nothing is left; without those that are refused."""
        return [self.run_of(at) for at in range(len(self.jobs)) if self.refusal(at) is None]

    def run_of(self, at: int) -> Run:
        """The run of the job in this place."""
        job, lived = self.jobs[at], [self.finished[part.key] for part in self._parts[at]]
        return run_of(job.scenario, job.seed, job.replicate, self.engine, lived)

    def refusal(self, job: int) -> Infeasible | None:
        """Why the job in this place cannot be lived, in a tolerant plan; None when it can."""
        return next((self.refused[part.key] for part in self._parts[job] if part.key in self.refused), None)


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

    ``workers`` is how many runs are lived at once, by default one a processor: threads for the compiled engine,
    processes for the agents; 1 stays in this thread. ``progress`` is called with the working days lived since its last
    call. ``kept`` holds runs from before, and takes each as it finishes. Raises Interrupted on Ctrl-C, CheckFailed when
    ``checked`` finds a broken law, KelilingError when a worker dies.
    """
    plan = jobs if isinstance(jobs, Plan) else Plan(jobs, kept, checked=checked)
    report = progress or (lambda days: None)
    tasks = plan.tasks(workers or cores())
    used = min(workers or cores(), len(tasks))
    try:
        if used > 1:
            _live_in_workers(plan, tasks, used, report)
        else:
            for task in tasks:
                _finish(plan, task, partial(live, _task(plan, task), report))
    except KeyboardInterrupt:
        raise Interrupted(_stopped(plan)) from None
    return plan.runs()


def _task(plan: Plan, parts: list[Part]) -> Task:
    return Task([part.scenario for part in parts], parts[0].seed, parts[0].replicate, plan.engine, plan.checked)


def _live_in_workers(plan: Plan, tasks: list[list[Part]], used: int, report: Progress) -> None:
    workers = Threads(used) if plan.engine == "kernel" else Processes(used)
    seen = 0
    with workers:
        try:
            pending: dict[Future[list[History]], list[Part]] = {
                workers.submit(_task(plan, task)): task for task in tasks
            }
            while pending:
                done, _ = wait(pending, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    _finish(plan, pending.pop(future), future.result)
                now = workers.days_lived()
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


def _districts(scenario: Scenario) -> list[Scenario]:
    if scenario.province is None:
        return [scenario]
    return [scenario.for_district(slug) for slug in scenario.province.districts]


def _adults(scenario: Scenario) -> int:
    return round(scenario.profile.population * scenario.profile.adult_share * scenario.size)


def _ordered(parts: list[Part]) -> list[Part]:
    """Large districts first, so that no worker ends alone with one; within a district by replicate."""
    grounds = {id(part): ground_key(part.scenario) for part in parts}
    return sorted(parts, key=lambda part: (-_adults(part.scenario), grounds[id(part)], part.replicate))


def _finish(plan: Plan, parts: list[Part], lived: Callable[[], list[History]]) -> None:
    try:
        found = lived()
    except Infeasible as error:
        if not plan.tolerant:
            raise
        plan.refused |= {part.key: error for part in parts}
        return
    for part, one in zip(parts, found, strict=True):
        plan.finished[part.key] = one
        if plan.kept is not None:
            plan.kept.keep(part.scenario, part.seed, part.replicate, one, checked=plan.checked)


def _stopped(plan: Plan) -> str:
    done = f"{len(plan.finished)} of {plan.parts} runs were finished"
    if plan.kept is None:
        return f"stopped: {done}; none of them is kept"
    return f"stopped: {done}; they are kept in {plan.kept.folder}, and the same command goes on from there"


__all__ = ["Job", "Plan", "cores", "run_all"]
