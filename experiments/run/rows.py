"""One job of a study, lived: a row for each arm, with its outcomes, who was rejected, and where.

A run that fails is a row too, with its error and without numbers; it ends nothing.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Mapping
from typing import Any

from keliling.experiments.keep.study_store import BY_RW, THIRDS
from keliling.experiments.plan.study import Job, Study
from keliling.sim.errors import InvalidInput, KelilingError
from keliling.sim.history import History
from keliling.sim.outcomes import outcomes
from keliling.sim.run import Run, run, run_of, run_together
from keliling.sim.scenario import YEAR_MONTHS, Scenario

LONGEST_ERROR = 300
MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EIO, errno.EMFILE, errno.ENFILE)

Row = dict[str, Any]


def rows_of(study: Study, job: Job, engine: str = "kernel") -> list[Row]:
    """The rows of one job, arm by arm."""
    scenarios: dict[int, Scenario] = {}
    rows = []
    for at, arm in enumerate(job.arms):
        try:
            scenarios[at] = arm.at(job.point)
        except InvalidInput as error:  # the values of this point do not fit this policy
            rows.append(_row(job, at, error=str(error)))
    if not scenarios:
        return rows
    try:
        rows += _lived(study, job, scenarios, engine)
    except Exception as error:  # one arm failed: the others are lived apart from it
        _unless_of_machine(error)
        rows += [row for at, one in scenarios.items() for row in _alone(study, job, at, one, engine)]
    return sorted(rows, key=lambda row: int(row["arm"]))


def _unless_of_machine(error: Exception) -> None:
    """Raise what befell the machine and not the run: lived again it may go well, so it is no result to be kept."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in MACHINE):
        raise error


def _alone(study: Study, job: Job, at: int, scenario: Scenario, engine: str) -> list[Row]:
    try:
        return _lived(study, job, {at: scenario}, engine)
    except KelilingError as error:
        text = str(error)
    except Exception as error:  # a hypothesis of the user's own can raise anything
        _unless_of_machine(error)
        text = f"{type(error).__name__}: {error}"
    # The engines word this one differently, and their rows must be the same.
    return [_row(job, at, error=text.replace("float division by zero", "division by zero"))]


def _lived(study: Study, job: Job, of_arms: Mapping[int, Scenario], engine: str) -> list[Row]:
    scenarios = list(of_arms.values())
    districts = all(one.province is None for one in scenarios)
    luck = study.seed, job.replicate
    runs: list[Run]
    if engine == "kernel" and districts:
        histories = run_together(scenarios, seed=study.seed, replicate=job.replicate)
        runs = [run_of(one, *luck, engine, [left]) for one, left in zip(scenarios, histories, strict=True)]
    else:
        runs = [run(one, seed=study.seed, replicate=job.replicate, engine=engine) for one in scenarios]
    return [_row(job, at, **_numbers(one, study.year)) for at, one in zip(of_arms, runs, strict=True)]


def _numbers(lived: Run, year: int) -> Row:
    totals = lived.totals(year)
    found = lived.values(year) | {name: totals[name.replace("_", ".")] for name in THIRDS}
    return found | (decided_by_rw(lived.scenario, lived.districts[0], year) if len(lived.districts) == 1 else {})


def decided_by_rw(scenario: Scenario, left: History, year: int) -> Row:
    """Applications decided and rejected in a year, by the applicant's RW."""
    counts = left.of_rws(scenario.first_month_of(year), YEAR_MONTHS)
    return dict(zip(BY_RW, (counts["decided"], counts["rejected"]), strict=True))


def _row(job: Job, at: int, *, error: str | None = None, **numbers: Any) -> Row:
    text = None if error is None else error[:LONGEST_ERROR]
    nothing = dict.fromkeys((*outcomes(), *THIRDS), math.nan)
    row: Row = {"point": job.point.number, "replicate": job.replicate, "arm": at}
    row |= {"policy": job.arms[at].name, "error": text}
    return row | nothing | numbers
