"""Whom the office asks, and in which order: against plain lists on the state, and over a programme."""

from __future__ import annotations

import numpy as np
import pytest

from keliling.sim import asking
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.outcomes import totals_of
from keliling.sim.records import MONTH
from keliling.sim.rng import Draw, ordered, uniform
from keliling.sim.rules.outreach import places_of
from keliling.sim.scenario import load
from keliling.sim.state import (
    AS_ASKED,
    AS_CADRE,
    AS_HEAD,
    AS_NEIGHBOUR,
    AS_RW_HEAD,
    AS_VOLUNTEER,
    AS_VOLUNTEER_NEARBY,
    NEVER,
    RT_HEAD,
    RW_HEAD,
    UNASKED,
    VOLUNTEER,
)

pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.fixture(scope="module")
def lived() -> Simulation:
    """Three years in which each of seven RWs has an event every nine months."""
    simulation = Simulation(load("kebon-jeruk-no-outreach", size=0.1, events_per_month=8.0), checked=False)
    simulation.live()
    return simulation


def by_draw(simulation: Simulation, residents: list[int], rw: int) -> list[int]:
    """Residents by the draw of the RW's n-th event."""
    people = simulation.ground.population
    key, host, ordinal = people.key, people.rw_key.item(rw), simulation.world.neighbourhoods.proposals.item(rw)
    return sorted(
        residents,
        key=lambda one: (uniform(simulation.seed, 0, Draw.INVITED_ORDER, key.item(one), ordinal, host), key.item(one)),
    )


def test_the_order_of_draws_breaks_ties_by_key() -> None:
    marks, keys = np.array([0.5, 0.1, 0.5, 0.1]), np.array([9, 7, 3, 8])
    assert ordered(marks, keys).tolist() == [1, 3, 2, 0]


@pytest.mark.parametrize(
    ("places", "parts"),
    [(0, (0, 0, 0)), (1, (1, 0, 0)), (2, (1, 1, 0)), (3, (2, 1, 0)), (4, (2, 1, 1)), (8, (4, 2, 2))],
)
def test_places_go_by_half_a_quarter_and_the_rest(places: int, parts: tuple[int, int, int]) -> None:
    assert places_of(places) == parts


def test_every_group_is_who_it_says_in_the_order_of_the_draw(lived: Simulation) -> None:
    world, population, inputs, rows = lived.world, lived.ground.population, lived.inputs, lived.rows
    used, c = world.counts.coproducers.item(0), world.coproducers
    rest, day = 252, lived.day
    of = {c.resident.item(row): row for row in range(used)}
    assert len(of) == used  # nobody holds two offices here
    some = {"heads": 0, "here": 0, "near": 0, "cadres": 0, "neighbours": 0}
    for rw in range(population.rw_head.size):
        head = c.resident.item(world.neighbourhoods.head.item(rw))
        heads = [
            one
            for one, row in of.items()
            if c.rw[row] == rw and c.role[row] <= RT_HEAD and one != head and c.event[row] < 0
            if c.active[row] or day - c.stopped[row] >= rest
        ]
        found = asking.office_holders(inputs, rows, day, rw, rest).tolist()
        assert found == by_draw(lived, heads, rw)
        active = [one for one, row in of.items() if c.role[row] == VOLUNTEER and c.active[row] and c.event[row] < 0]
        here = [one for one in active if population.rw[one] == rw]
        near = [
            one for one in active
            if population.rw[one] != rw
            and population.rw_kelurahan[population.rw[one]] == population.rw_kelurahan[rw]
        ]  # fmt: skip
        found = asking.volunteers(inputs, rows, rw).tolist()
        assert found == by_draw(lived, here, rw) + by_draw(lived, near, rw)
        mine = np.flatnonzero(population.rw == rw).tolist()
        free = [
            one for one in mine
            if one not in of
            or (c.role[of[one]] >= VOLUNTEER and not c.active[of[one]] and day - c.stopped[of[one]] >= rest)
        ]  # fmt: skip
        cadres = [one for one in free if population.cadre[one]]
        assert asking.cadres(inputs, rows, day, rw, rest).tolist() == by_draw(lived, cadres, rw)
        tied = {
            tie
            for one, row in of.items()
            if c.rw[row] == rw and c.active[row]
            for tie in population.ties[population.tie_start[one] : population.tie_start[one + 1]].tolist()
        }
        neighbours = [
            one for one in free
            if not population.cadre[one] and (one in tied or world.motives.helped_day[one] > day - 252)
        ]  # fmt: skip
        found = asking.neighbours(inputs, rows, day, rw, rest, 252, 40).tolist()
        assert found == by_draw(lived, neighbours, rw)[:40]
        for name, group in zip(some, (heads, here, near, cadres, neighbours), strict=True):
            some[name] += len(group)
    assert min(some.values()) > 0


def test_a_programme_asks_heads_and_residents_as_the_levers_say(lived: Simulation) -> None:
    """Twelve are asked where there are as many; heads get eight places, and what is left goes on in order."""
    world = lived.world
    parts, events = world.counts.parts.item(0), world.counts.events.item(0)
    asked = dict.fromkeys(range(UNASKED + 1), 0)
    for event in range(events):
        reasons = world.parts.reason[:parts][world.parts.event[:parts] == event].tolist()
        assert reasons == sorted(reasons)
        assert reasons.count(AS_RW_HEAD) <= 1
        assert sum(reason != UNASKED for reason in reasons) <= 12
        assert reasons.count(AS_RW_HEAD) + reasons.count(AS_HEAD) <= 8
        for reason in reasons:
            asked[reason] += 1
    assert min(asked[one] for one in (AS_HEAD, AS_VOLUNTEER, AS_CADRE)) > 0
    assert asked[AS_NEIGHBOUR] + asked[AS_VOLUNTEER_NEARBY] > 0
    joined = world.parts.joined[:parts] == 1
    assert (world.parts.joined[:parts][world.parts.reason[:parts] == UNASKED] == 1).all()
    for event in range(events):
        mine = world.parts.event[:parts] == event
        assert (mine & joined).sum() == world.events.joined[event]
        assert (mine & (world.parts.reason[:parts] != UNASKED)).sum() == world.events.invited[event] or not mine.any()


def test_invitations_are_numbered_by_person(lived: Simulation) -> None:
    world = lived.world
    parts = world.counts.parts.item(0)
    numbers: dict[int, list[int]] = {}
    for part in range(parts):
        numbers.setdefault(world.parts.coproducer.item(part), []).append(world.parts.invitation.item(part))
    asked = world.coproducers.asked
    for one, mine in numbers.items():
        assert mine == sorted(mine)
        assert max(mine) <= asked[one]
        # Heads of RWs answer at the commissioning, before the event has a row of its own.
        if world.coproducers.role[one] not in (RW_HEAD, RT_HEAD):
            assert mine[-1] == asked[one]


def test_what_is_kept_of_invitations_adds_up_to_the_months(lived: Simulation) -> None:
    """By month: invited, joined and unasked; and thirds are those of all adults, by the motives of the start."""
    left, people = lived.history.invitations, lived.ground.population
    totals = totals_of(lived.records)
    over = left.day < 36 * MONTH
    unasked = left.reason == UNASKED
    assert (left.joined[over] == 1).sum() == totals["joined"] > 100
    assert (unasked & over).sum() == totals["joined.uninvited"]
    # A head who is not active at the designing and declines is asked too, and nobody else is then.
    assert 0 <= totals["invited"] - (~unasked & over).sum() <= totals["events.cancelled"]
    parts = lived.world.counts.parts.item(0)
    who = lived.world.coproducers.resident[lived.world.parts.coproducer[:parts]]
    for name in ("intrinsic", "social", "normative"):
        ranks = np.argsort(np.argsort(getattr(people, name), kind="stable"), kind="stable")
        thirds = ranks[who] * 3 // people.key.size
        assert (getattr(left, name) == thirds).mean() > 0.999, name
    assert left.intrinsic[left.reason <= AS_HEAD].mean() > 1.0 > left.social[left.reason <= AS_HEAD].mean()


def test_nobody_is_sought_beside_heads_where_none_are_wanted() -> None:
    """Places that heads leave empty still go on; with more wanted than there are heads, all heads are asked."""
    simulation = Simulation(
        load("kebon-jeruk-no-outreach", size=0.03, events_per_month=8.0, residents_sought=0, coproducers_sought=4)
    )
    simulation.live()
    parts = simulation.world.counts.parts.item(0)
    reasons = simulation.world.parts.reason[:parts]
    assert parts > 0
    assert set(reasons[simulation.world.parts.reason[:parts] != UNASKED].tolist()) == {AS_RW_HEAD, AS_HEAD}
    assert (simulation.world.coproducers.stopped[: simulation.world.counts.coproducers.item(0)] >= NEVER).all()


@pytest.fixture(scope="module")
def spreading() -> Simulation:
    """Three years with help between events, in which every RT with a co-producer asks a helped neighbour a year."""
    scenario = load("kebon-jeruk-no-outreach", size=0.1, events_per_month=8.0, standing_hours=2.0)
    simulation = Simulation(scenario.with_(neighbours_invited=1.0), checked=True)
    simulation.live(504)
    return simulation


def test_between_events_a_helped_neighbour_of_an_rt_is_asked_about_once_a_year(spreading: Simulation) -> None:
    """Against plain lists at the end of a month: who may be asked, and how many RTs ask of those that can."""
    world, people = spreading.world, spreading.ground.population
    used, c = world.counts.coproducers.item(0), world.coproducers
    of = {c.resident.item(row): row for row in range(used)}
    active = {c.rt.item(row) for row in range(used) if c.active[row]}
    day = spreading.day
    able: dict[int, set[int]] = {}
    for one in np.flatnonzero(world.motives.helped_day > day - 252).tolist():
        row = of.get(one)
        free = row is None or (c.role[row] >= VOLUNTEER and not c.active[row] and day - c.stopped[row] >= 252)
        if people.rt[one] in active and free:
            able.setdefault(people.rt.item(one), set()).add(one)
    inputs, rows, months, found = spreading.inputs, spreading.rows, 200, 0
    for month in range(months):
        asked = asking.between_events(inputs, inputs.levers[0], rows, day, month).tolist()
        rts = people.rt[asked].tolist()
        assert rts == sorted(set(rts))
        assert all(one in able[rt] for one, rt in zip(asked, rts, strict=True))
        found += len(asked)
    expected = months * len(able) / 12
    assert len(able) > 10
    assert abs(found - expected) < 4 * expected**0.5


def test_those_asked_between_events_are_counted_and_join_without_an_event(spreading: Simulation) -> None:
    invitations, totals = spreading.history.invitations, totals_of(spreading.records)
    between = invitations.reason == AS_ASKED
    some = 50
    assert between.sum() > some
    assert 0 < invitations.joined[between].sum() < between.sum()
    assert ((invitations.day[between] + 1) % MONTH == 0).all()
    events = spreading.rows.events[: spreading.rows.counts[0]["events"]]
    assert totals["invited"] == events["invited"].sum() + between.sum()
    assert totals["joined"] == events["joined"].sum() + invitations.joined[between].sum()


def test_without_the_lever_nobody_is_asked_between_events(lived: Simulation) -> None:
    assert (lived.history.invitations.reason != AS_ASKED).all()


def test_there_is_room_for_all_who_are_asked_within_days_that_are_no_whole_month() -> None:
    """Ten days on which the lever is on, a month's end among them: each RT could ask somebody then."""
    plain = load("kebon-jeruk-no-outreach", size=0.1)
    scenario = plain.with_change(245, neighbours_invited=1.0).with_change(255, neighbours_invited=0.0)
    simulation = Simulation(scenario, checked=False)
    months = sum(1 for day in range(245, 255) if (day + 1) % MONTH == 0)
    assert months == 1
    rooms = {name: getattr(simulation.rows, name).size for name in ("parts", "coproducers")}
    rts = simulation.ground.population.rt_head.size
    assert all(room >= rts for room in rooms.values())
