"""The beginning of a run: all that an engine needs before its first day, the same for both."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keliling.sim import ground as grounds
from keliling.sim import start
from keliling.sim.errors import InvalidInput, Problem
from keliling.sim.ground import Ground
from keliling.sim.memory import grown
from keliling.sim.records import Months, blank_months
from keliling.sim.rules import motivation
from keliling.sim.scenario import MONTH_DAYS, Scenario
from keliling.sim.state import RT_HEAD, World
from keliling.sim.supply import Supply, supply
from keliling.sim.terms import RunInputs, Terms, inputs_of, terms_of


class Beginning(NamedTuple):
    """What a run begins with, apart from its state."""

    scenario: Scenario
    seed: int
    replicate: int
    ground: Ground
    terms: list[tuple[int, Terms]]  # by the day on which they begin
    willingness: Callable[..., float]  # to be called from Python
    inputs: RunInputs
    supply: Supply


def begin(scenario: Scenario, seed: int, replicate: int) -> Beginning:
    """Everything that one run of a district stands on.

    Raises InvalidInput for a seed or replicate that is no key of the generator.
    """
    for name, number in (("seed", seed), ("replicate", replicate)):
        if not 0 <= number < 2**32:
            rule = "must be a whole number from 0 to 4294967295"
            raise InvalidInput([Problem("options", 0, 0, name, str(number), rule)])
    ground = grounds.ground(scenario)
    terms = [(day, terms_of(scenario, ground, values)) for day, values in scenario.timeline()]
    willingness = scenario.hypothesis.load() or motivation.willingness
    solved = supply(scenario, ground, willingness)
    keyed = inputs_of(scenario, ground, terms, seed, replicate, solved)
    return Beginning(scenario, seed, replicate, ground, terms, willingness, keyed, solved)


def day_zero(begun: Beginning) -> tuple[World, Months]:
    """The state on day 0, and room for the counts of all months."""
    p = begun.terms[0][1].p
    world = start.initial(begun.scenario, begun.ground, p, begun.seed, begun.replicate)
    return roomy(world, begun), blank_months(
        begun.scenario.months, len(begun.ground.permits), begun.ground.population.rw_head.size
    )


def roomy(world: World, begun: Beginning) -> World:
    """The same state with room for all events, their co-producers and the election that a run can come to."""
    planned, asked, between, ends = 0.0, 0, 0, [day for day, _ in begun.terms[1:]]
    for (day, terms), until in zip(begun.terms, [*ends, begun.scenario.days], strict=True):
        planned += (until - day) * terms.p.events_a_day
        asked = max(asked, terms.p.coproducers_sought + terms.p.candidates_asked + 1)
        if terms.p.asks_a_month > 0:
            between += (until // MONTH_DAYS - day // MONTH_DAYS) * begun.ground.population.rt_head.size
    events, used = math.ceil(planned) + 1, world.counts.coproducers.item(0)
    heads = int(np.count_nonzero(world.coproducers.role[:used] <= RT_HEAD))
    elected = heads * (begun.scenario.months // begun.terms[0][1].p.election_term + 1)
    invited = events * asked + between
    for name, rows in (("events", events), ("parts", invited), ("coproducers", used + elected + invited)):
        table = getattr(world, name)
        if len(table[0]) < rows:
            world = world._replace(**{name: grown(table, rows)})
    return world


def held_to_laws(checked: bool) -> bool:
    """Whether a run is checked every day: when asked to be, or where KELILING_CHECKED=1 asks it of all."""
    return checked or os.environ.get("KELILING_CHECKED") == "1"
