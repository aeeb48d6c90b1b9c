"""How long runs take, roughly, before any of them is lived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keliling.experiments.run.executors import Execution, cores
from keliling.sim.ground import ground_key
from keliling.sim.scenario import Scenario

SECONDS_A_DAY_AND_ADULT = {"kernel": 1.6e-9, "agents": 6e-8}
SECONDS_A_RUN_AND_ADULT = {"kernel": 4.5e-7, "agents": 1e-5}
SECONDS_A_GROUND_AND_ADULT = 1.7e-6
"""Living, creating and building, measured on one core at full size (docs/benchmarks.md; the agents' creation is their
3.5 s of docs/verification.md less the building)."""
SECONDS_TO_BEGIN = 2.0


@dataclass(frozen=True)
class Workload:
    """Of some runs: the adults of the largest, the working days of all, and seconds on the workers that there are."""

    adults: int
    days: int
    workers: int
    seconds: float


def estimate(times: Sequence[tuple[Scenario, int]], execution: Execution, grounds_each: int = 1) -> Workload:
    """Of living each scenario so many times, each of their populations built ``grounds_each`` times."""
    workers = execution.workers or cores()
    a_day, a_run = SECONDS_A_DAY_AND_ADULT[execution.engine], SECONDS_A_RUN_AND_ADULT[execution.engine]
    parts = [(one, adults_of(one), count) for scenario, count in times for one in districts_of(scenario)]
    living = sum(adults * count * (one.days * a_day + a_run) for one, adults, count in parts)
    grounds = {ground_key(one): adults for one, adults, count in parts if count}
    building = sum(grounds.values()) * grounds_each * SECONDS_A_GROUND_AND_ADULT
    used = max(min(workers, sum(count for _, _, count in parts)), 1)
    return Workload(
        adults=max(sum(adults_of(one) for one in districts_of(scenario)) for scenario, _ in times),
        days=sum(one.days * count for one, _, count in parts),
        workers=workers,
        seconds=SECONDS_TO_BEGIN + (living + building) / used,
    )


def districts_of(scenario: Scenario) -> list[Scenario]:
    """A scenario by itself, or one for each district of its province, which are lived apart."""
    if scenario.province is None:
        return [scenario]
    return [scenario.for_district(slug) for slug in scenario.province.districts]


def days_of(scenario: Scenario) -> int:
    """Working days of a run, those of every district."""
    return scenario.days * (1 if scenario.province is None else len(scenario.province.districts))


def adults_of(scenario: Scenario) -> int:
    """Adults of a district, roughly: a reduced size keeps whole RWs."""
    return round(scenario.profile.population * scenario.profile.adult_share * scenario.size)
