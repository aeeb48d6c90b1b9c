"""An ensemble: the runs of one scenario, one for each replicate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from keliling.sim.errors import InvalidInput, Problem
from keliling.sim.outcomes import Outcome
from keliling.sim.run import Run
from keliling.sim.scenario import Scenario


@dataclass(frozen=True)
class Ensemble:
    """The runs of a scenario by replicate, under one seed. ``name`` tells it from others of a comparison."""

    scenario: Scenario
    runs: tuple[Run, ...]
    name: str

    @property
    def seed(self) -> int:
        """The seed of all runs."""
        return self.runs[0].seed

    @property
    def replicates(self) -> tuple[int, ...]:
        """Replicates in the order of ``runs``."""
        return tuple(one.replicate for one in self.runs)

    @cached_property
    def _values(self) -> dict[int, list[dict[str, float]]]:
        return {}

    def values(self, outcome: str, year: int) -> list[float]:
        """An outcome over a reported year, replicate by replicate."""
        if year not in self._values:
            self._values[year] = [one.values(year) for one in self.runs]
        return [values[outcome] for values in self._values[year]]

    def totals(self, year: int) -> list[dict[str, float]]:
        """Summed records of a reported year, replicate by replicate."""
        return [one.totals(year) for one in self.runs]

    def trajectories(self, outcome: Outcome) -> list[list[float]]:
        """An outcome month by month from day 0, replicate by replicate, as ``Run.trajectory``."""
        return [one.trajectory(outcome) for one in self.runs]


def open_notes(ensembles: Sequence[Ensemble], year: int) -> list[str]:
    """How many of the applications filed in a year were still open when the runs ended; empty when none was."""
    told = []
    for one in ensembles:
        still, filed = sum(one.values("cohort_open", year)), sum(one.values("applications", year))
        if still > 0.0:
            told.append(f"{100.0 * still / filed:.1f}%" + (f" ({one.name})" if len(ensembles) > 1 else ""))
    if not told:
        return []
    behind = "the run" if sum(len(one.runs) for one in ensembles) == 1 else "the runs"
    return [
        f"of the applications filed in {year}, {' and '.join(told)} were still open when {behind} ended; shares by "
        "year filed leave them out, and can look better than they will be"
    ]


def window_year(scenarios: Iterable[Scenario], year: int | None = None) -> int:
    """The year that is looked at: the one asked for, or the last that all scenarios report. Raises InvalidInput."""
    scenarios = list(scenarios)
    asked = min(one.reported_years[-1] for one in scenarios) if year is None else year
    problems = []
    for one in scenarios:
        years = one.reported_years
        if asked not in years:
            reports = f"reports {years[0]}" if len(years) == 1 else f"reports {years[0]} to {years[-1]}"
            given = "" if year is None else str(year)
            problems.append(Problem("--year", 0, 0, one.name, given, f"has no year {asked}: it {reports}"))
    if problems:
        raise InvalidInput(problems)
    return asked


def distinct(names: Sequence[str]) -> list[str]:
    """The names, a repeated one with its number behind it: a scenario compared with itself is a fair test."""
    found: list[str] = []
    for name in names:
        number = 1
        candidate = name
        while candidate in found:
            number += 1
            candidate = f"{name}-{number}"
        found.append(candidate)
    return found
