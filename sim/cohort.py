"""A cohort: needs that are open on one morning, treated from outside and followed through a window of days.

The small piece that trials stand on. Who is in it is a ``Target``; what is done to them is a ``Treatment``; what became
of each need is counted by ``followed``. Draws are keyed by person and occasion, so the arms of a trial that begin from
one state share all luck: the same need under two arms is a pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from keliling.sim import memory, state
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.kernels.treating import announce, inform_all, visit_all
from keliling.sim.parameters import permits
from keliling.sim.rng import PERMIT_BITS, Draw, uniform
from keliling.sim.rules.serving import GRANTED, REJECTED, WITHDRAWN
from keliling.sim.state import IDLE, OPEN, Ints, World

FOLLOWED = ("attempted", "filed", "decided", "rejected", "withdrawn", "granted")
"""What a need can have come to within a window."""


@dataclass(frozen=True)
class Target:
    """Which open needs a trial is about: of these permits (all when empty) and with traits between bounds.

    ``traits`` names columns of the population (of the holder) or of the needs, each with its lowest and highest value.
    """

    permits: tuple[str, ...] = ()
    traits: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Treatment:
    """What is done to those who are treated: told of an event, visited before it, given a place to file at it."""

    name: str
    informed: bool = False
    visited: bool = False
    filing: bool = False


NOTHING = Treatment("nothing")
INFORMATION = Treatment("information", informed=True)
HELP = Treatment("help", informed=True, visited=True, filing=True)


class Cohort(NamedTuple):
    """Needs by row, ascending by key, as they stood on the morning of ``day``."""

    day: int
    need: Ints
    permit: Ints
    ordinal: Ints
    failures: Ints  # attempts that had failed by then


def open_needs(simulation: Simulation, target: Target) -> Cohort:
    """The needs of a target that are open this morning."""
    world, population = simulation.world, simulation.ground.population
    needs = world.needs
    rows = np.flatnonzero(needs.status == OPEN)
    if target.permits:
        names = [permit.name for permit in permits()]
        rows = rows[np.isin(needs.permit[rows], [names.index(name) for name in target.permits])]
    for name, (low, high) in target.traits.items():
        column = getattr(population, name)[needs.resident[rows]] if hasattr(population, name) else None
        values = getattr(needs, name)[rows] if column is None else column
        rows = rows[(values >= low) & (values <= high)]
    rows = rows[np.argsort(needs.key[rows])]
    return Cohort(simulation.day, rows, needs.permit[rows], needs.ordinal[rows], needs.failures[rows])


def assigned(simulation: Simulation, cohort: Cohort, unit: str, share: float) -> Ints:
    """Places in the cohort of those drawn for treatment: persons or whole RWs (``unit``), a ``share`` of them.

    The draw is keyed by person or RW, so it is the same in every arm.
    """
    population = simulation.ground.population
    resident = simulation.world.needs.resident[cohort.need]
    who = population.key[resident] if unit == "person" else population.rw_key[population.rw[resident]]
    marks = [uniform(simulation.seed, simulation.replicate, Draw.ASSIGNED, key, 0, 0) for key in who.tolist()]
    return np.flatnonzero(np.array(marks) < share)


def live_arm(simulation: Simulation, cohort: Cohort, treated: Ints, arm: Treatment, window: int, skill: float) -> World:
    """Give ``arm`` to the ``treated`` places of a cohort and live on to the end of the window; returns the state then.

    The announcement is on the cohort's day, visits are spread over the days of preparation, each need visited once by
    somebody of this ``skill``, and the event is on the day after. Every RW in which somebody is treated has one, with
    places for all.
    """
    preparation = int(simulation.scenario.values["preparation_days"])  # type: ignore[arg-type]
    rows = cohort.need[treated]
    if arm.informed or arm.visited:
        population, needs = simulation.ground.population, simulation.world.needs
        keys = needs.key[rows]
        rw = population.rw[needs.resident[rows]]
        hosts = np.unique(rw)
        world = simulation.world
        # Beside the room that the scenario's own events may come to need.
        room = world.events.rw.size + hosts.size
        simulation.rows = state.rows_of(world._replace(events=memory.grown(world.events, room)))
        inputs = simulation.inputs
        places = rows.size if arm.filing else 0
        delivery = cohort.day + preparation
        event_of = {
            host: announce(inputs, simulation.rows, cohort.day, host, delivery, places, skill)
            for host in hosts.tolist()
        }
        events = np.array([event_of[host] for host in rw.tolist()], np.int64)
        luck = simulation.seed, simulation.replicate, Draw.VISIT_ORDER
        marks = [uniform(*luck, who, 0, 0) for who in (keys >> PERMIT_BITS).tolist()]
        visit_day = cohort.day + (np.array(marks) * preparation).astype(np.int64)
        if arm.informed:
            inform_all(inputs, simulation.rows, cohort.day, rows, events)
        if arm.visited:
            for day in range(cohort.day, delivery):
                simulation.live(day)
                # A need that was filed or ended since cannot be helped any more.
                still = (visit_day == day) & (simulation.world.needs.status[rows] == OPEN)
                still &= simulation.world.needs.ordinal[rows] == cohort.ordinal[treated]
                visit_all(inputs, simulation.rows, day, rows[still], events[still], skill)
    simulation.live(cohort.day + window)
    return simulation.world


def followed(world: World, cohort: Cohort, window: int) -> dict[str, np.ndarray]:
    """Whether each need of a cohort came to each of FOLLOWED within ``window`` days; ``world`` is as of then."""
    until = cohort.day + window
    used, a = world.counts.applications.item(0), world.applications
    place = np.full(world.needs.key.size, -1, np.int64)
    place[cohort.need] = np.arange(cohort.need.size)
    at = place[a.need[:used]]
    mine = np.flatnonzero((at >= 0) & (a.submitted[:used] >= cohort.day) & (a.submitted[:used] < until))
    mine = mine[a.ordinal[mine] == cohort.ordinal[at[mine]]]
    ended = (a.decided[mine] >= 0) & (a.decided[mine] < until)
    outcome = a.outcome[mine]
    those = {
        "filed": np.ones(mine.size, bool),
        "decided": ended & ((outcome == GRANTED) | (outcome == REJECTED)),
        "rejected": ended & (outcome == REJECTED),
        "withdrawn": ended & (outcome == WITHDRAWN),
        "granted": ended & (outcome == GRANTED),
    }
    found = {}
    for name, chosen in those.items():
        found[name] = np.zeros(cohort.need.size, bool)
        found[name][at[mine[chosen]]] = True
    # Failures are those of the need last open: the next one of the same holder and permit has failures of its own.
    needs = world.needs
    last = needs.ordinal[cohort.need] - (needs.status[cohort.need] == IDLE) <= cohort.ordinal
    found["attempted"] = found["filed"] | last & (needs.failures[cohort.need] > cohort.failures)
    return {name: found[name] for name in FOLLOWED}
