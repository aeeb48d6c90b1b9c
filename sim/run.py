"""One run: a scenario lived through once, with what happened and where it comes from."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keliling import __version__
from keliling.sim.errors import InvalidInput, Problem
from keliling.sim.history import History
from keliling.sim.kernels.simulation import Progress, Simulation
from keliling.sim.outcomes import Outcome, outcomes, totals_of
from keliling.sim.records import MONTH, Record
from keliling.sim.scenario import YEAR_MONTHS, Scenario

ENGINES = ("kernel", "agents")
"""The compiled engine, and the Mesa agents that it equals to the bit."""


@dataclass(frozen=True)
class Run:
    """What a run returns: the monthly records (extensive quantities), their provenance, and each district's history.

    Who wants the state too lives ``Simulation`` or ``CoproductionModel``.
    """

    scenario: Scenario
    seed: int
    replicate: int
    records: list[Record]
    provenance: dict[str, Any]
    districts: tuple[History, ...] = ()

    def window(self, year: int | None = None) -> list[Record]:
        """Records of a calendar year, or of the last year of the run."""
        last = self.scenario.first_year + self.scenario.years - 1
        first = self.scenario.first_month_of(year if year is not None else last)
        return self.records[first : first + YEAR_MONTHS]

    def totals(self, year: int | None = None) -> dict[str, float]:
        """Summed records of a calendar year (the last by default)."""
        return totals_of(self.window(year))

    def values(self, year: int | None = None) -> dict[str, float]:
        """Every outcome over a calendar year (the last by default)."""
        totals = self.totals(year)
        return {name: outcome.of(totals) for name, outcome in outcomes().items()}

    def trajectory(self, outcome: Outcome) -> list[float]:
        """The outcome month by month, a count as the month's own and not as a rate a year (``Outcome.month_unit``).

        A surveyed outcome stands at the half-years and is NaN between.
        """
        return [outcome.of_month(record) for record in self.records]


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
        "packages": {name: version(name) for name in packages(engine)},
    }


def packages(engine: str) -> tuple[str, ...]:
    """The packages whose version a result of this engine depends on."""
    return ("numpy", "numba", "mesa") if engine == "agents" else ("numpy", "numba")


def run(
    scenario: Scenario,
    *,
    seed: int = 1,
    replicate: int = 0,
    engine: str = "kernel",
    checked: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Live a scenario through once. A province is lived district by district under one seed and pooled.

    ``engine`` is one of ENGINES; both give the same bits. ``progress`` is called with the working days lived since the
    last call. ``checked`` verifies the laws every day (raises CheckFailed). Raises InvalidInput.
    """
    if engine not in ENGINES:
        raise InvalidInput([Problem("run()", 0, 0, "engine", engine, f"must be one of {', '.join(ENGINES)}")])
    if scenario.province is not None:
        districts = [
            run(
                scenario.for_district(slug),
                seed=seed,
                replicate=replicate,
                engine=engine,
                checked=checked,
                progress=progress,
            ).districts[0]
            for slug in scenario.province.districts
        ]
    elif engine == "kernel":
        simulation = Simulation(scenario, seed=seed, replicate=replicate, checked=checked)
        simulation.live(progress=progress)
        districts = [simulation.history]
    else:
        districts = [_lived_by_agents(scenario, seed, replicate, checked, progress)]
    return run_of(scenario, seed, replicate, engine, districts)


def run_of(scenario: Scenario, seed: int, replicate: int, engine: str, districts: Sequence[History]) -> Run:
    """The run that the histories of its districts come to."""
    records = districts[0].records if len(districts) == 1 else pooled([one.records for one in districts])
    made_by = provenance(scenario, seed, replicate, engine)
    return Run(scenario, seed, replicate, records, made_by, tuple(districts))


def _lived_by_agents(
    scenario: Scenario, seed: int, replicate: int, checked: bool, progress: Progress | None
) -> History:
    from keliling.sim.model import CoproductionModel  # Mesa takes a second to import, and only this engine needs it

    model = CoproductionModel(scenario, seed=seed, replicate=replicate, checked=checked)
    while model.day < scenario.days:
        model.step()
        if progress is not None and model.day % MONTH == 0:
            progress(MONTH)
    left = model.history
    model.close()
    return left


def run_together(
    scenarios: Sequence[Scenario],
    *,
    seed: int = 1,
    replicate: int = 0,
    checked: bool = False,
    progress: Progress | None = None,
) -> list[History]:
    """The histories of one replicate of several scenarios of districts, in the compiled engine.

    What scenarios have in common is lived once: each branches off on the first day on which it differs. The histories
    are those of ``run``, to the bit; ``progress`` is told of days as though each scenario had been lived by itself.
    """
    found: dict[int, History] = {}
    report = progress or (lambda days: None)

    def live(simulation: Simulation, those: list[int]) -> None:
        """Live those scenarios, which are all the same up to the day that the simulation has reached."""
        mine = simulation.scenario
        differ = {at: mine.first_difference(scenarios[at]) for at in those}
        branch_day = min(differ.values())
        simulation.live(branch_day, progress=lambda days: report(days * len(those)))
        others = [at for at in those if differ[at] == branch_day < mine.days]
        if not others:
            found.update(dict.fromkeys(those, simulation.history))
            return
        branch = simulation.branch(scenarios[others[0]]) if branch_day > 0 else None
        live(simulation, [at for at in those if at not in others])
        live(branch or begun(others), others)

    def begun(those: list[int]) -> Simulation:
        return Simulation(scenarios[those[0]], seed=seed, replicate=replicate, checked=checked)

    everyone = list(range(len(scenarios)))
    live(begun(everyone), everyone)
    return [found[at] for at in everyone]
