"""Living a scenario in both engines side by side, routine by routine, and saying where they first part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from keliling.sim import state
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.model import CoproductionModel
from keliling.sim.records import Months
from keliling.sim.scenario import Scenario
from keliling.sim.state import World
from tests.fingerprint import fingerprint
from tests.twins import routines

NAMES = (
    "needs_arise", "cycles_advance", "residents_decide", "office_serves", "residents_experience", "calendar_turns",
)  # fmt: skip


def first_difference(one: World, other: World) -> str:
    """The first column in which two states differ, its first row and both values; empty when there is none."""
    if _same_bytes(one, other):
        return ""
    a, b = fingerprint(one), fingerprint(other)
    for name in a:
        if a[name] == b[name]:
            continue
        table, _, column = name.partition(".")
        left, right = (
            getattr(w, table) if table == "queue" else getattr(getattr(w, table), column) for w in (one, other)
        )
        size = min(left.size, right.size)
        bits = f"u{left.itemsize}"
        where = np.flatnonzero(left[:size].view(bits) != right[:size].view(bits))
        row = where.item(0) if where.size else size
        return f"column {name}, row {row}: {left[row]!r} in the first, {right[row]!r} in the second"
    return ""


def _same_bytes(one: World, other: World) -> bool:
    """Whether all columns in use are equal: a quick look before the fingerprints."""
    for name, a, b in zip(state.Rows._fields, state.rows_of(one), state.rows_of(other), strict=True):
        if name == "queue":
            used = [w.office.last.item(0) for w in (one, other)]
        elif name in state.Counts._fields:
            used = [getattr(w.counts, name).item(0) for w in (one, other)]
        else:
            used = [None, None]
        one_used, other_used = a[: used[0]].view(np.int64), b[: used[1]].view(np.int64)
        if not np.array_equal(one_used, other_used):
            return False
    return True


def months_difference(one: Months, other: Months, month: int) -> str:
    """The first count of a month in which two engines differ; empty when there is none."""
    for name, a, b in zip(one._fields, one, other, strict=True):
        if a[month].tobytes() != b[month].tobytes():
            return f"months.{name}: {a[month]} in the first, {b[month]} in the second"
    return ""


def routine_by_routine(simulation: Simulation, day: int) -> Iterator[str]:
    """Live one day of the compiled engine in pieces; yields the name of each routine once it is over."""
    inputs, months = simulation.inputs, simulation.months
    corrected = routines.arise(inputs, simulation.rows, day)
    yield NAMES[0]
    routines.advance(inputs, simulation.rows, day, simulation.willingness)
    yield NAMES[1]
    before = simulation.world.counts.applications.item(0)
    simulation.rows = routines.decide(inputs, simulation.rows, day)
    yield NAMES[2]
    simulation.rows, decided = routines.serve(inputs, simulation.rows, day, corrected, before)
    yield NAMES[3]
    routines.experience(inputs, simulation.rows, day, decided)
    yield NAMES[4]
    routines.turn(inputs, simulation.rows, months, day, simulation.willingness)
    yield NAMES[5]


def parting(scenario: Scenario, *, seed: int = 1, replicate: int = 0, days: int | None = None) -> str:
    """Live a scenario in both engines; where they first part: routine, day, column, row. Empty when they never do."""
    model = CoproductionModel(scenario, seed=seed, replicate=replicate)
    simulation = Simulation(scenario, seed=seed, replicate=replicate)
    try:
        found = first_difference(model.world, simulation.world)
        if found:
            return f"before day 0, {found}"
        for day in range(scenario.days if days is None else days):
            model.begin_day()
            for name in routine_by_routine(simulation, day):
                getattr(model, name)()
                found = first_difference(model.world, simulation.world)
                if not found and name == NAMES[-1] and (day + 1) % 21 == 0:
                    months = range(day // 21 + 1)  # what became of earlier months' files is counted still
                    found = next(
                        filter(None, (months_difference(model.months, simulation.months, m) for m in months)), ""
                    )
                if found:
                    return f"{name}, day {day}, {found}"
            model.day += 1
    finally:
        model.close()
    return ""
