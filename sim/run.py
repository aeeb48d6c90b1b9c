"""One run: a scenario lived through once, with what happened and where it comes from."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sim import __version__
from sim.outcomes import Outcome, outcomes, totals_of
from sim.records import Record
from sim.scenario import Scenario

DAYS_A_REPORT = 21
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Run:
    """What a run returns: the monthly records (extensive quantities) and their provenance.

    ``model`` is the live agents model when the caller asked to keep it, else None.
    """

    scenario: Scenario
    seed: int
    replicate: int
    records: list[Record]
    provenance: dict[str, Any]
    model: Any = field(default=None, repr=False)

    def window(self, year: int | None = None) -> list[Record]:
        """Records of a calendar year, or of the last year of the run."""
        last = self.scenario.first_year + self.scenario.years - 1
        first_month = (
            (year if year is not None else last) - self.scenario.first_year + self.scenario.warmup_years
        ) * 12
        return self.records[first_month : first_month + 12]

    def totals(self, year: int | None = None) -> dict[str, float]:
        """Summed records of a calendar year (the last by default)."""
        return totals_of(self.window(year))

    def values(self, year: int | None = None) -> dict[str, float]:
        """Every outcome over a calendar year (the last by default)."""
        totals = self.totals(year)
        return {name: outcome.of(totals) for name, outcome in outcomes().items()}

    def trajectory(self, outcome: Outcome) -> list[float]:
        """The outcome month by month; a surveyed outcome stands at the half-years and is NaN between."""
        return [outcome.of(record) for record in self.records]


def pooled(runs: list[list[Record]]) -> list[Record]:
    """Monthly records of several districts as those of one: quantities add, months stay months."""
    records = [totals_of(months) for months in zip(*runs, strict=True)]
    for record in records:
        record["months"] /= len(runs)
    return records


def provenance(scenario: Scenario, seed: int, replicate: int, engine: str) -> dict[str, Any]:
    """Versions and digests that say which code made a result, from what."""
    from importlib.metadata import version

    return {
        "keliling": __version__,
        "scenario": scenario.name,
        "digest": scenario.digest(),
        "seed": seed,
        "replicate": replicate,
        "population_seed": scenario.population_seed,
        "engine": engine,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": {name: version(name) for name in ("numpy", "numba", "mesa")},
    }


def run(
    scenario: Scenario,
    *,
    seed: int = 1,
    replicate: int = 0,
    checked: bool = False,
    keep_model: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Live a scenario through once. A province is lived district by district under one seed and pooled.

    ``progress`` is called with the working days lived since the last call. ``checked`` verifies the laws every day
    (raises CheckFailed). ``keep_model`` leaves the agents alive in ``Run.model`` (one district only).
    """
    from sim.model import CoproductionModel

    if scenario.province is not None:
        runs = [
            run(scenario.for_district(slug), seed=seed, replicate=replicate, checked=checked, progress=progress)
            for slug in scenario.province.districts
        ]
        return Run(
            scenario,
            seed,
            replicate,
            pooled([one.records for one in runs]),
            provenance(scenario, seed, replicate, "agents"),
        )
    model = CoproductionModel(scenario, seed=seed, replicate=replicate, checked=checked)
    while model.day < scenario.days:
        model.step()
        if progress is not None and model.day % DAYS_A_REPORT == 0:
            progress(DAYS_A_REPORT)
    records = model.records
    if not keep_model:
        model.close()
    kept = model if keep_model else None
    return Run(scenario, seed, replicate, records, provenance(scenario, seed, replicate, "agents"), kept)
