"""The beginning of a run: all that an engine needs on day 0, the same for both."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from sim import ground as grounds
from sim import start, state
from sim.errors import InvalidInput, Problem
from sim.ground import Ground
from sim.records import Months, blank_months
from sim.rules import motivation
from sim.scenario import Scenario
from sim.state import World
from sim.terms import Given, Terms, given, terms_of


class Beginning(NamedTuple):
    """What a run begins with."""

    ground: Ground
    terms: list[tuple[int, Terms]]  # by the day on which they begin
    willingness: Callable[..., float]  # to be called from Python
    given: Given
    world: World
    months: Months  # blank


def begin(scenario: Scenario, seed: int, replicate: int) -> Beginning:
    """Everything on day 0 of one run of a district.

    Raises InvalidInput for a seed or replicate that is no key of the generator.
    """
    for name, number in (("seed", seed), ("replicate", replicate)):
        if not 0 <= number < 2**32:
            rule = "must be a whole number from 0 to 4294967295"
            raise InvalidInput([Problem("options", 0, 0, name, str(number), rule)])
    ground = grounds.ground(scenario)
    terms = [(day, terms_of(scenario, ground, values)) for day, values in scenario.timeline()]
    willingness = scenario.hypothesis.load() or motivation.willingness
    intercept = grounds.intercept(ground, willingness, terms[0][1].weights)
    world = start.initial(scenario, ground, terms[0][1].p, seed, replicate)
    return Beginning(
        ground,
        terms,
        willingness,
        given(scenario, ground, terms, seed, replicate, intercept),
        world,
        blank_months(scenario.months, len(ground.permits), state.records(world.tally).dtype),
    )


def held_to_laws(checked: bool) -> bool:
    """Whether a run is checked every day: when asked to be, or where KELILING_CHECKED=1 asks it of all."""
    return checked or os.environ.get("KELILING_CHECKED") == "1"
