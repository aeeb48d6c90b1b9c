"""One job of a study, lived: a row for each arm, with its outcomes, who was rejected, and where.

A run that fails is a row too, with its error and without numbers; it ends nothing.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from experiments.store import BY_RW, THIRDS
from experiments.study import Study
from sim.errors import InvalidInput, KelilingError
from sim.ground import ground
from sim.outcomes import outcomes, totals_of
from sim.records import Record
from sim.rules.serving import GRANTED, REJECTED
from sim.run import run, run_together
from sim.scenario import YEAR_DAYS, YEAR_MONTHS, Scenario
from sim.state import World

LONGEST_ERROR = 300
MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EIO, errno.EMFILE, errno.ENFILE)

Row = dict[str, Any]


def rows_of(study: Study, world: int, replicate: int, engine: str = "kernel") -> list[Row]:
    """The rows of one job, arm by arm."""
    scenarios: dict[int, Scenario] = {}
    rows = []
    for arm in range(len(study.arms)):
        try:
            scenarios[arm] = study.scenario(arm, world)
        except InvalidInput as error:  # the values of this world do not fit this policy
            rows.append(_row(study, world, replicate, arm, error=str(error)))
    if not scenarios:
        return rows
    try:
        rows += _lived(study, world, replicate, list(scenarios.values()), list(scenarios), engine)
    except Exception as error:  # one arm failed: the others are lived apart from it
        _unless_of_machine(error)
        rows += [row for arm, one in scenarios.items() for row in _alone(study, world, replicate, one, arm, engine)]
    return sorted(rows, key=lambda row: int(row["arm"]))


def _unless_of_machine(error: Exception) -> None:
    """Raise what befell the machine and not the run: lived again it may go well, so it is no result to be kept."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in MACHINE):
        raise error


def _alone(study: Study, world: int, replicate: int, scenario: Scenario, arm: int, engine: str) -> list[Row]:
    try:
        return _lived(study, world, replicate, [scenario], [arm], engine)
    except KelilingError as error:
        text = str(error)
    except Exception as error:  # a hypothesis of the user's own can raise anything
        _unless_of_machine(error)
        text = f"{type(error).__name__}: {error}"
    # The engines word this one differently, and their rows must be the same.
    return [_row(study, world, replicate, arm, error=text.replace("float division by zero", "division by zero"))]


def _lived(
    study: Study, world: int, replicate: int, scenarios: Sequence[Scenario], arms: Sequence[int], engine: str
) -> list[Row]:
    by_rw: dict[int, Row] = {}

    def counted(at: int) -> Callable[[World], None]:
        return lambda state: by_rw.__setitem__(at, decided_by_rw(scenarios[at], state, study.year))

    districts = all(one.province is None for one in scenarios)
    records: list[list[Record]]
    if engine == "kernel" and districts:
        records = run_together(
            scenarios, seed=study.seed, replicate=replicate, at_end=lambda at, state: counted(at)(state)
        )
    else:
        records = [
            run(
                one, seed=study.seed, replicate=replicate, engine=engine, at_end=counted(at) if districts else None
            ).records
            for at, one in enumerate(scenarios)
        ]
    return [
        _row(study, world, replicate, arm, **_numbers(one, lived, study.year), **by_rw.get(at, {}))
        for at, (arm, one, lived) in enumerate(zip(arms, scenarios, records, strict=True))
    ]


def _numbers(scenario: Scenario, records: Sequence[Record], year: int) -> Row:
    first = (year - scenario.first_year + scenario.warmup_years) * YEAR_MONTHS
    totals = totals_of(records[first : first + YEAR_MONTHS])
    found = {name: outcome.of(totals) for name, outcome in outcomes().items()}
    return found | {name: totals[name.replace("_", ".")] for name in THIRDS}


def decided_by_rw(scenario: Scenario, state: World, year: int) -> Row:
    """Applications decided and rejected in a year, by the applicant's RW."""
    population = ground(scenario).population
    first = (year - scenario.first_year + scenario.warmup_years) * YEAR_DAYS
    used, a = state.counts.applications.item(0), state.applications
    decided, outcome = a.decided[:used], a.outcome[:used]
    within = (decided >= first) & (decided < first + YEAR_DAYS)
    rw = population.rw[a.resident[:used]]
    counts = []
    for chosen in ((outcome == GRANTED) | (outcome == REJECTED), outcome == REJECTED):
        counts.append(np.bincount(rw[within & chosen], minlength=population.rw_number.size).tolist())
    return dict(zip(BY_RW, counts, strict=True))


def _row(study: Study, world: int, replicate: int, arm: int, *, error: str | None = None, **numbers: Any) -> Row:
    text = None if error is None else error[:LONGEST_ERROR]
    nothing = dict.fromkeys((*outcomes(), *THIRDS), math.nan)
    row: Row = {"world": world, "replicate": replicate, "arm": arm, "policy": study.arms[arm].name, "error": text}
    return row | nothing | numbers
