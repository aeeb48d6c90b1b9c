"""Where the time of a run goes: its days lived routine by routine."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from benchmarks.timing import Found, Setting, Spread, seconds, table, uncollected
from keliling.sim import calendar
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.scenario import load
from keliling.sim.state import OPEN
from tests.twins.twins import NAMES, routine_by_routine

SMALLEST = 1e-6
"""Share of a district that leaves one neighbourhood."""
MEANINGS = dict(
    zip(
        NAMES,
        (
            "needs arise, corrected files come back",
            "service cycles of events advance",
            "open needs that are due are looked at, applications filed",
            "the desk serves its backlog",
            "decided residents live through it, ties listen",
            "at a month's end everything is counted",
        ),
        strict=True,
    )
)


@dataclass
class Work:
    """What a run came to: seconds by routine, looks at open needs, rows whose due day moved in the course of a day."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(NAMES, 0.0))
    looks: int = 0
    moved: int = 0


def in_pieces(simulation: Simulation) -> Work:
    """Live a run through, each routine called by itself and timed; a call from Python adds its own few microseconds."""
    work = Work()
    with uncollected():
        for day in range(simulation.scenario.days):
            before = time.perf_counter()
            for name in routine_by_routine(simulation, day):
                now = time.perf_counter()
                work.seconds[name] += now - before
                before = now
    return work


def counted(simulation: Simulation) -> Work:
    """Live a run through and count what it does."""
    work = Work()
    needs, applications = simulation.rows.needs, np.zeros(0, np.int64)
    due = needs["due"].copy()
    for day in range(simulation.scenario.days):
        for name in routine_by_routine(simulation, day):
            if name == NAMES[1]:
                at_hand = calendar.due_on(simulation.rows.needs_due, simulation.rows.needs["after"], day)
                work.looks += int(np.count_nonzero(simulation.rows.needs["status"][at_hand] == OPEN))
        due_now, waiting = simulation.rows.needs["due"].copy(), simulation.rows.applications["due"].copy()
        known = min(waiting.size, applications.size)
        work.moved += int(np.count_nonzero(due_now != due))
        work.moved += int(np.count_nonzero(waiting[:known] != applications[:known]))
        due, applications = due_now, waiting
    return work


def measure(setting: Setting) -> Found:
    """Each routine's share; what calling it from Python takes is measured in the smallest district and taken off."""
    scenario = load("kebon-jeruk-2019", size=setting.size)
    smallest = scenario.with_(size=SMALLEST)
    in_pieces(Simulation(smallest))
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    whole: list[float] = []
    for replicate in range(setting.repeats):
        whole.append(seconds(Simulation(scenario, replicate=replicate).live))
        large, small = (in_pieces(Simulation(one, replicate=replicate)).seconds for one in (scenario, smallest))
        for name in NAMES:
            found[name].append(max(large[name] - small[name], 0.0))
    middle = {name: Spread(times).median for name, times in found.items()}
    total = sum(middle.values())
    looks = counted(Simulation(scenario)).looks
    rows = [
        [f"`{name}`", MEANINGS[name], Spread([1000 * one for one in found[name]]).text(".3g"), f"{took / total:.0%}"]
        for name, took in middle.items()
    ]
    decide = middle["residents_decide"] / max(looks, 1)
    detail = (
        f"Each routine called by itself; what a call takes is measured in one neighbourhood and taken off. Together "
        f"they take {1000 * total:.0f} ms, the same days in one go {Spread([1000 * one for one in whole]).text()} ms. "
        f"{looks:,} looks at open needs, {1e9 * decide:.0f} nanoseconds of `residents_decide` each, filing included; "
        f"{scenario.months} countings of a month, "
        f"{1000 * middle['calendar_turns'] / scenario.months:.2f} ms each.\n\n"
    )
    return Found([], detail + table(["routine", "what happens", "milliseconds", "share"], rows))
