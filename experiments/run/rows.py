"""One job of a study, lived: a row for each arm, with what the study keeps of a run.

A run that fails is a row too, with its error and without numbers; it ends nothing but a strict study.
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable, Mapping
from functools import partial

from keliling.experiments.keep.keeper import Row
from keliling.experiments.keep.study_store import BY_RW, THIRDS
from keliling.experiments.plan.study import HISTORY, MONTHS, OUTCOMES, Job, Study
from keliling.sim.errors import CheckFailed, InvalidInput, KelilingError
from keliling.sim.history import History
from keliling.sim.outcomes import outcomes
from keliling.sim.run import Run, run, run_of, run_together
from keliling.sim.scenario import YEAR_MONTHS, Scenario

LONGEST_ERROR = 300
MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EIO, errno.EMFILE, errno.ENFILE)

Living = Callable[[Mapping[str, Scenario]], dict[str, Row]]
"""Lives scenarios and returns what is kept of each, by the same names."""


def rows_of(
    study: Study,
    job: Job,
    engine: str = "kernel",
    *,
    checked: bool = False,
    progress: Callable[[int], None] = lambda days: None,
) -> list[Row]:
    """The rows of one job, one for arms that are one and the same, in the order of arms.

    ``checked`` verifies the laws every day; ``progress`` is told of working days. What befalls the machine is raised,
    and so is a fault of any run where the study is strict.
    """
    live = partial(_lived, study, job.replicate, engine, checked, progress)
    scenarios: dict[str, Scenario] = {}
    labels: dict[str, Row] = {}
    rows = []
    for arm in job.arms:
        key = study.key(arm, job.point, job.replicate)
        if key in labels:
            continue
        known_by = {"key": key, "point": job.point.number, "replicate": job.replicate, "policy": arm.name}
        labels[key] = known_by | {"error": None}
        try:
            scenarios[key] = arm.at(job.point)
        except InvalidInput as error:  # the values of this point do not fit this policy
            rows.append(labels[key] | _failed(error))
    if scenarios:
        try:
            found = live(scenarios)
        except Exception as error:  # one arm failed: the others are lived apart from it
            if study.strict:
                raise _named(error, study, job) from error
            _unless_of_machine(error)
            found = {key: _alone(live, one) for key, one in scenarios.items()}
        rows += [labels[key] | numbers for key, numbers in found.items()]
    return sorted(rows, key=lambda row: list(labels).index(row["key"]))


def _unless_of_machine(error: Exception) -> None:
    """Raise what befell the machine and not the run: lived again it may go well, so it is no result to be kept."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in MACHINE):
        raise error


def _named(error: Exception, study: Study, job: Job) -> Exception:
    """A fault of a run, told with the run in which it happened."""
    if os.environ.get("KELILING_TRACEBACK") and not isinstance(error, KelilingError):
        return error
    names = " and ".join(arm.scenario.name for arm in job.arms)
    failed = f"the run of {names} (seed {study.seed}, replicate {job.replicate}) failed"
    if isinstance(error, CheckFailed):
        return CheckFailed(f"{failed}: {error}")
    if isinstance(error, KelilingError):
        return error
    if isinstance(error, MemoryError):
        return KelilingError(f"{failed}: not enough memory; try fewer --workers")
    return KelilingError(f"{failed}: {type(error).__name__}: {error}")


def _alone(live: Living, scenario: Scenario) -> Row:
    try:
        return live({"": scenario})[""]
    except KelilingError as error:
        return _failed(error)
    except Exception as error:  # a hypothesis of the user's own can raise anything
        _unless_of_machine(error)
        # The engines word this one differently, and their rows must be the same.
        return _failed(f"{type(error).__name__}: {error}".replace("float division by zero", "division by zero"))


def _lived(
    study: Study,
    replicate: int,
    engine: str,
    checked: bool,
    progress: Callable[[int], None],
    scenarios: Mapping[str, Scenario],
) -> dict[str, Row]:
    luck = study.seed, replicate
    runs: list[Run]
    if engine == "kernel" and all(one.province is None for one in scenarios.values()):
        every = list(scenarios.values())
        histories = run_together(every, seed=study.seed, replicate=replicate, checked=checked, progress=progress)
        runs = [run_of(one, *luck, engine, [left]) for one, left in zip(every, histories, strict=True)]
    else:
        how = {"seed": study.seed, "replicate": replicate}
        runs = [run(one, **how, engine=engine, checked=checked, progress=progress) for one in scenarios.values()]
    kept = {OUTCOMES: lambda one: _numbers(one, study.year), MONTHS: _months, HISTORY: _history}
    return {
        name: {key: value for part in study.keeps for key, value in kept[part](one).items()}
        for name, one in zip(scenarios, runs, strict=True)
    }


def _history(lived: Run) -> Row:
    (history,) = lived.districts
    return {HISTORY: history}


def _months(lived: Run) -> Row:
    names = lived.records[0]
    return {MONTHS: {name: [record[name] for record in lived.records] for name in names}}


def _numbers(lived: Run, year: int) -> Row:
    totals = lived.totals(year)
    found = lived.values(year) | {name: totals[name.replace("_", ".")] for name in THIRDS}
    return found | (decided_by_rw(lived.scenario, lived.districts[0], year) if len(lived.districts) == 1 else {})


def decided_by_rw(scenario: Scenario, left: History, year: int) -> Row:
    """Applications decided and rejected in a year, by the applicant's RW."""
    counts = left.of_rws(scenario.first_month_of(year), YEAR_MONTHS)
    return dict(zip(BY_RW, (counts["decided"], counts["rejected"]), strict=True))


def _failed(error: Exception | str) -> Row:
    """A row without numbers: what is not there is not defined."""
    return {"error": str(error)[:LONGEST_ERROR]} | dict.fromkeys((*outcomes(), *THIRDS), math.nan)
