"""One job of a study, lived: a row for each arm, with its outcomes, who was rejected, and where.

A run that fails is a row too, with its error and without numbers; it ends nothing.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Mapping
from typing import Any

from keliling.experiments.keep.study_store import BY_RW, THIRDS
from keliling.experiments.plan.study import MONTHS, OUTCOMES, Job, Study
from keliling.sim.errors import InvalidInput, KelilingError
from keliling.sim.history import History
from keliling.sim.outcomes import outcomes
from keliling.sim.run import Run, run, run_of, run_together
from keliling.sim.scenario import YEAR_MONTHS, Scenario

LONGEST_ERROR = 300
MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EIO, errno.EMFILE, errno.ENFILE)

Row = dict[str, Any]


def rows_of(study: Study, job: Job, engine: str = "kernel") -> list[Row]:
    """The rows of one job, one for arms that are one and the same, in the order of arms."""
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
            found = _lived(study, job.replicate, scenarios, engine)
        except Exception as error:  # one arm failed: the others are lived apart from it
            _unless_of_machine(error)
            found = {key: _alone(study, job.replicate, one, engine) for key, one in scenarios.items()}
        rows += [labels[key] | numbers for key, numbers in found.items()]
    return sorted(rows, key=lambda row: list(labels).index(row["key"]))


def _unless_of_machine(error: Exception) -> None:
    """Raise what befell the machine and not the run: lived again it may go well, so it is no result to be kept."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in MACHINE):
        raise error


def _alone(study: Study, replicate: int, scenario: Scenario, engine: str) -> Row:
    try:
        return _lived(study, replicate, {"": scenario}, engine)[""]
    except KelilingError as error:
        return _failed(error)
    except Exception as error:  # a hypothesis of the user's own can raise anything
        _unless_of_machine(error)
        # The engines word this one differently, and their rows must be the same.
        return _failed(f"{type(error).__name__}: {error}".replace("float division by zero", "division by zero"))


def _lived(study: Study, replicate: int, scenarios: Mapping[str, Scenario], engine: str) -> dict[str, Row]:
    """What is kept of each scenario, by the same names."""
    luck = study.seed, replicate
    runs: list[Run]
    if engine == "kernel" and all(one.province is None for one in scenarios.values()):
        histories = run_together(list(scenarios.values()), seed=study.seed, replicate=replicate)
        pairs = zip(scenarios.values(), histories, strict=True)
        runs = [run_of(one, *luck, engine, [left]) for one, left in pairs]
    else:
        runs = [run(one, seed=study.seed, replicate=replicate, engine=engine) for one in scenarios.values()]
    kept = {OUTCOMES: lambda one: _numbers(one, study.year), MONTHS: _months}
    return {
        name: {key: value for part in study.keeps for key, value in kept[part](one).items()}
        for name, one in zip(scenarios, runs, strict=True)
    }


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
