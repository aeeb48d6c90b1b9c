"""How cost grows: with residents, with what they apply for and with days; and how much memory a resident takes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.routines import counted
from benchmarks.timing import Found, Setting, Spread, seconds, table, timed
from keliling.sim.ground import Ground, ground
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.outcomes import totals_of
from keliling.sim.parameters import namespace, permits, register
from keliling.sim.profile import Kelurahan
from keliling.sim.scenario import Scenario, load

ADULTS = (10_000, 30_000, 100_000, 200_000, 400_000)
NEEDS = (0.5, 1.0, 2.0)
YEARS = (1, 2, 3)


def of_adults(adults: int) -> Scenario:
    """Kebon Jeruk with as many adults, without outreach: RWs, RTs and officer hours in proportion.

    Officers are whole people, so the desk's opening hours make up what rounding them takes or gives.
    """
    base = load("kebon-jeruk-no-outreach")
    profile, p = base.profile, namespace(base.values)
    share = adults / (profile.population * profile.adult_share)
    rw = max(1, round(profile.n_rw * share))
    village = Kelurahan(profile.name, 1.0, rw, max(rw, round(profile.n_rt * share)))
    staff = max(1, round(p.officers * share))
    return base.with_(
        profile=replace(profile, population=round(profile.population * share), kelurahan=(village,)),
        officers=staff,
        officers_per_event=min(staff, p.officers_per_event),
        open_hours=max(1.0, p.open_hours * p.officers * share / staff),
    )


def slope(sizes: list[int], times: list[float]) -> float:
    """Least-squares slope of log time on log size: 1 when time is in proportion."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def population(setting: Setting) -> Found:
    """One replicate in districts of different size, population built; the sizes take turns."""
    scenarios = [of_adults(max(300, round(adults * setting.size))) for adults in ADULTS]
    whole: list[list[float]] = [[] for _ in scenarios]
    days: list[list[float]] = [[] for _ in scenarios]
    submitted = [0.0] * len(scenarios)
    adults = [0] * len(scenarios)
    for round_ in range(-1, setting.repeats):
        for at, scenario in enumerate(scenarios):
            adults[at] = ground(scenario).population.key.size
            simulation, created = timed(Simulation, scenario, replicate=max(round_, 0))
            lived = seconds(simulation.live)
            if round_ < 0:
                continue  # the first time, pages of memory are new
            whole[at].append(created + lived)
            days[at].append(lived)
            submitted[at] += totals_of(simulation.records)["submitted"]
    of_whole, of_days = (
        Spread([slope(adults, list(one)) for one in zip(*times, strict=True)]) for times in (whole, days)
    )
    rows = []
    for at, scenario in enumerate(scenarios):
        person_years = adults[at] * (scenario.days / 252) * setting.repeats
        rate, error = 1000 * submitted[at] / person_years, 1000 * math.sqrt(submitted[at]) / person_years
        rows.append([f"{adults[at]:,}", Spread(whole[at]).text(), Spread(days[at]).text(), f"{rate:.2f} ± {error:.2f}"])
    head = ["adults", "one replicate, seconds", "of it the days, seconds", "applications a year and 1,000 adults"]
    detail = (
        "`kebon-jeruk-no-outreach` with neighbourhoods and officer hours in proportion to people, population built. "
        f"Slope of the days alone {of_days.text()}. Behind ± stands the luck of counts, the square root of the number "
        f"of applications.\n\n{table(head, rows)}"
    )
    return Found([of_whole.at_most("one replicate, slope of log time on log adults", 1.15)], detail)


def with_needs(scenario: Scenario, times: float) -> Scenario:
    """The scenario with need rates and open needs at the start multiplied, as far as their bounds allow."""
    changed: dict[str, Any] = {}
    p = namespace(scenario.values)
    for permit in permits():
        for name in (f"{permit.name}_need_rate", f"{permit.name}_stock"):
            one = register()[name]
            changed[name] = min(max(getattr(p, name) * times, one.low), one.high)
    return scenario.with_(**changed)


def work(setting: Setting) -> Found:
    """The days of a run against what residents do in them, and against how many days there are."""
    base = load("kebon-jeruk-2018", size=setting.size)
    variants = {(times, 3): with_needs(base, times) for times in NEEDS}
    variants |= {(1.0, years): base.with_(years=years, warmup_years=0) for years in YEARS[:-1]}
    took = _days_in_turn(list(variants.values()), setting.repeats)
    rows, middle = [], {}
    for (times, years), scenario, lived in zip(variants, variants.values(), took, strict=True):
        simulation = Simulation(scenario)
        people, middle[times, years] = simulation.ground.population.key.size, lived.median
        did = counted(simulation)
        filed = simulation.rows.counts["applications"].item(0)
        rates = [f"{number / lived.median / 1000:,.0f}" for number in (filed, did.looks, did.moved)]
        rates.append(f"{people * scenario.days / lived.median / 1e6:,.0f}")
        rows.append([f"{times:g}", str(years), f"{filed:,}", f"{did.looks:,}", f"{did.moved:,}", lived.text(), *rates])
    head = ["needs x", "years", "applications", "looks", "moved", "seconds"]
    head += ["applications / ms", "looks / ms", "moved / ms", "resident-days / us"]
    more = middle[NEEDS[-1], 3] / middle[NEEDS[0], 3]
    detail = (
        "`kebon-jeruk-2018`, population built, creation left out. *Looks* are open needs looked at, each with a choice "
        "among the channels; *moved* are needs and applications whose due day changed, at most once a day each. Need "
        "rates and open needs at the start are multiplied within their bounds (the rate of the micro business permit "
        f"cannot be halved). From half to twice the needs a run takes {more:.2f} times as long. Residents with nothing "
        f"due are not visited, only counted once a month.\n\n{table(head, rows)}"
    )
    return Found([], detail)


def _days_in_turn(scenarios: list[Scenario], repeats: int) -> list[Spread]:
    """Seconds of the days of each; they take turns, and a first turn is not counted."""
    took: list[list[float]] = [[] for _ in scenarios]
    for replicate in range(-1, repeats):
        for times, scenario in zip(took, scenarios, strict=True):
            lived = seconds(Simulation(scenario, replicate=max(replicate, 0)).live)
            if replicate >= 0:
                times.append(lived)
    return [Spread(times) for times in took]


def memory(setting: Setting) -> Found:
    """Bytes a resident, of what runs share and of the state of one."""
    scenario = load("kebon-jeruk-2019", size=setting.size)
    simulation = Simulation(scenario)
    simulation.live()
    people = simulation.ground.population.key.size
    parts = {**_shared(simulation.ground), **{f"state: {name}": part.nbytes for name, part in _state(simulation)}}
    small = {name: size for name, size in parts.items() if size < people and name.startswith("state: ")}
    rows = [[name, f"{size / 1e6:,.1f}", f"{size / people:,.0f}"] for name, size in parts.items() if name not in small]
    rows.append(["state: the rest", f"{sum(small.values()) / 1e6:,.1f}", f"{sum(small.values()) / people:,.1f}"])
    shared = sum(size for name, size in parts.items() if name.startswith("shared"))
    own = sum(parts.values()) - shared
    rows += [
        [name, f"{size / 1e6:,.1f}", f"{size / people:,.0f}"]
        for name, size in (("**shared**", shared), ("**state**", own))
    ]
    detail = (
        f"`{scenario.name}`, {people:,} adults, at the end of the run. What is shared is there once, however many runs "
        f"live on it; each run has a state.\n\n{table(['part', 'MB', 'bytes a resident'], rows)}"
    )
    return Found([], detail)


def _shared(base: Ground) -> dict[str, int]:
    people = base.population._asdict()
    ties = people.pop("ties").nbytes + people.pop("tie_start").nbytes
    return {
        "shared: population by column": sum(column.nbytes for column in people.values()),
        "shared: ties": ties,
        "shared: pairs of resident and permit": sum(column.nbytes for column in base.pairs),
        "shared: traits by row": base.traits.nbytes,
    }


def _state(simulation: Simulation) -> list[tuple[str, Any]]:
    return list(simulation.rows._asdict().items())
