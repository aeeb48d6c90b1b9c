"""Help one resident: others change only where ties, neighbours, the queue or an event can reach them, and some do."""

from __future__ import annotations

import numpy as np
import pytest

from keliling.sim.model import CoproductionModel
from keliling.sim.scenario import Scenario, load
from keliling.sim.state import OPEN

DAY = 30
LINKS = ("after", "before")  # neighbours in the calendar, which say nothing of the resident


class Watched(CoproductionModel):
    """A model that remembers who had an open need since DAY: those whom a neighbourhood's norm can reach."""

    deciding: set[int]
    waits: list[float]


def live(scenario: Scenario, days: int, *, helped: int | None = None) -> Watched:
    """Live a model; on the morning of DAY hand one open need everything it takes to act at once."""
    model = Watched(scenario, checked=True)
    model.deciding, model.waits = set(), []
    needs = model.world.needs
    for _ in range(days):
        if model.day == DAY and helped is not None:
            needs.skill[helped] = 1.0
            needs.hazard[helped] = needs.threshold[helped] + 1.0
            model.schedule_need(helped, model.day)
        model.step()
        model.waits.append(model.world.office.wait.item(0))
        if model.day > DAY:
            model.deciding |= set(needs.resident[needs.status == OPEN].tolist())
    return model


def an_open_need(scenario: Scenario) -> int:
    """An open need that its holder knows of, can be granted, and would not act on for long."""
    model = live(scenario, DAY)
    needs = model.world.needs
    able = (needs.status == OPEN) & (needs.aware == 1) & (needs.obstacle == 0)
    slow = np.flatnonzero(able & (needs.threshold - needs.hazard > 200 * needs.rate))
    return int(slow[np.argsort(needs.key[slow])[len(slow) // 2]])


def changed_residents(one: CoproductionModel, other: CoproductionModel) -> set[int]:
    """Rows of the residents for whom any column, need or application differs."""
    found: set[int] = set()
    for table in ("residents", "motives"):
        for name, column in getattr(one.world, table)._asdict().items():
            found |= set(np.flatnonzero(column != getattr(getattr(other.world, table), name)).tolist())
    needs, others = one.world.needs, other.world.needs
    for name in (one for one in needs._fields if one not in LINKS):
        found |= set(needs.resident[getattr(needs, name) != getattr(others, name)].tolist())
    return found | set(_applications(one, other))


def _applications(one: CoproductionModel, other: CoproductionModel) -> list[int]:
    def rows(model: CoproductionModel) -> dict[tuple[int, ...], tuple[float, ...]]:
        a, used = model.world.applications, model.world.counts.applications.item(0)
        return {
            (a.need.item(i), a.ordinal.item(i), a.attempt.item(i)): tuple(
                column.item(i) for name, column in zip(a._fields, a, strict=True) if name not in ("event", *LINKS)
            )
            for i in range(used)
        }

    first, second = rows(one), rows(other)
    return [
        one.world.needs.resident.item(key[0])
        for key in first.keys() | second.keys()
        if first.get(key) != second.get(key)
    ]


def applicants_after(model: CoproductionModel) -> set[int]:
    """Residents who had a file at the office on DAY or later: those whom the queue can reach."""
    a, used = model.world.applications, model.world.counts.applications.item(0)
    at_office = (a.decided[:used] < 0) | (a.decided[:used] >= DAY)
    return set(a.resident[:used][at_office].tolist())


def within_reach(one: Watched, other: Watched, helped: int) -> set[int]:
    """Closure over ties, shared files at the office, the wait there that all who decide weigh, and norms that changed."""
    queue = applicants_after(one) | applicants_after(other)
    start = one.world.needs.resident.item(helped)
    reached, frontier = {start}, {start}
    population = one.population
    rw_members: dict[int, set[int]] = {}
    for row, rw in enumerate(population.rw.tolist()):
        rw_members.setdefault(rw, set()).add(row)
    if one.waits != other.waits:
        queue = queue | one.deciding | other.deciding
    norm_changed = np.flatnonzero(one.world.neighbourhoods.norm != other.world.neighbourhoods.norm).tolist()
    deciding = {row for rw in norm_changed for row in rw_members[rw] & (one.deciding | other.deciding)}
    reached |= queue | deciding
    frontier = set(reached)
    while frontier:
        ties = {tie for row in frontier if row in queue for tie in one.resident(row).ties}
        frontier = ties - reached
        reached |= ties
    return reached


@pytest.fixture(scope="module")
def quiet() -> Scenario:
    """No events, and so many officers that nobody ever waits: ties and neighbours are the only ways."""
    return load("kebon-jeruk-no-outreach", size=0.03, set_=["officers=60"])


def test_through_ties(quiet: Scenario) -> None:
    helped = an_open_need(quiet)
    one, other = live(quiet, 75), live(quiet, 75, helped=helped)
    changed = changed_residents(one, other)
    resident = one.world.needs.resident.item(helped)
    told = changed & set(one.resident(resident).ties)
    assert resident in changed
    assert told, "nobody among the ties heard of it"
    assert changed <= within_reach(one, other, helped)
    assert len(changed) < 0.2 * len(one.residents)


def test_through_the_queue() -> None:
    """At a desk that cannot keep up the helped resident's file delays strangers who share neither ties nor an RW."""
    scenario = load("kebon-jeruk-no-outreach", size=0.05, set_=["officers=3", "desk_load=0.45"])
    helped = an_open_need(scenario)
    one, other = live(scenario, 75), live(scenario, 75, helped=helped)
    changed = changed_residents(one, other)
    resident = one.world.needs.resident.item(helped)
    near = set(one.resident(resident).ties) | {
        row for row in changed if one.population.rw.item(row) == one.population.rw.item(resident)
    }
    strangers = (changed - near - {resident}) & (applicants_after(one) & applicants_after(other))
    assert strangers, "nobody's file moved in the queue"
    assert changed <= within_reach(one, other, helped)


def test_through_an_event() -> None:
    """With one place at an event, whoever was helped to it takes the place of somebody else."""
    scenario = load(
        "kebon-jeruk-no-outreach", size=0.03, set_=["events_per_month=8", "event_capacity=2", "officers=60"]
    )
    one = CoproductionModel(scenario, checked=True)
    while not (one.world.events.turned_away > 0).any():
        one.step()
        assert one.day < 500
    event = int(np.flatnonzero(one.world.events.turned_away > 0)[0])
    day = one.world.events.delivery_day.item(event)
    a, used = one.world.applications, one.world.counts.applications.item(0)
    served = a.need[:used][a.event[:used] == event]
    other = CoproductionModel(scenario, checked=True)
    while other.day <= day:
        if other.day == day:
            # One of those who got a place is told the evening before that the event is off.
            other.world.needs.event[served[0]] = -1
        other.step()
    turned = changed_residents(one, other) - {one.world.needs.resident.item(served[0])}
    b, used = other.world.applications, other.world.counts.applications.item(0)
    served_instead = set(b.need[:used][b.event[:used] == event].tolist()) - set(served.tolist())
    assert served_instead
    assert {one.world.needs.resident.item(need) for need in served_instead} <= turned
