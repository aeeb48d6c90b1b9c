"""The office and its events: for how long officers are away, and what a crowded desk makes of events to come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keliling.sim.kernels.simulation import Simulation
from keliling.sim.model import CoproductionModel
from keliling.sim.outcomes import totals_of
from keliling.sim.profile import Kelurahan
from keliling.sim.rules.outreach import ASSESSMENT, CANCELLED, CLOSED, DESIGNING, HELD
from keliling.sim.scenario import Scenario, load
from tests.fingerprint import fingerprint

LONG = 420  # days, over the first crowded mornings of the busy desk below


def busy(**levers: object) -> Scenario:
    """A tenth of Kebon Jeruk whose events draw officers from a desk that has none to spare."""
    values = {"officers": 3, "desk_load": 0.33, "events_per_month": 8.0, "crowded_above": 2.0}
    return load("kebon-jeruk-2018", size=0.1).with_(**(values | levers))


def idle(**levers: object) -> CoproductionModel:
    """A small district in which two events fall due in three days, and whose backlog the test sets."""
    model = CoproductionModel(load("kebon-jeruk-2018", size=0.1).with_(**levers))
    model.p.events_a_day = 2.0 / 3.0
    return model


# -- away


@pytest.mark.parametrize(("event_hours", "travel_hours", "away"), [(4.0, 2.0, 6.0), (1.0, 0.5, 1.5), (8.0, 2.0, 8.5)])
def test_officers_are_away_for_the_event_and_the_way_and_no_longer_than_a_day(
    event_hours: float, travel_hours: float, away: float
) -> None:
    """In a whole district, if a small one, so that nothing is spread over days."""
    whole = load("kebon-jeruk-no-outreach", years=1, first_year=2019)
    small = replace(whole.profile, population=12_000, kelurahan=(Kelurahan("Kebon Jeruk", 1.0, 3, 30),))
    levers = {"events_per_month": 4.0, "officers_per_event": 3}
    simulation = Simulation(whole.with_(profile=small, event_hours=event_hours, travel_hours=travel_hours, **levers))
    office, event = simulation.world.office, simulation.world.events
    while event.phase.item(0) < ASSESSMENT:
        simulation.live(simulation.day + 1)
        delivered = event.phase.item(0) == ASSESSMENT
        assert office.hours_available.item(0) == pytest.approx(8 * 8.5 - 3 * away * delivered)
    simulation.live(63)
    count = np.count_nonzero(event.phase[: simulation.world.counts.events.item(0)] >= ASSESSMENT)
    assert count > 1
    assert sum(one["event_officer_hours"] for one in simulation.records) == pytest.approx(count * 3 * away)


def test_a_protected_desk_pays_for_officers_and_keeps_its_own() -> None:
    simulation = Simulation(busy(desk_protected=True))
    simulation.live(126)
    totals = totals_of(simulation.records)
    assert totals["event_officer_hours"] == 2 * 6.0 * totals["events.held"] > 0
    assert totals["desk_hours_available"] == pytest.approx(126 * 3 * 0.1 * 8.5)


# -- the wait


def test_the_wait_is_the_backlog_over_what_outreach_leaves_of_the_desk() -> None:
    """0.8 events a month take 12 hours each; a protected desk, and information alone, lose nothing."""
    gross, taken = 3 * 0.1 * 8.5, 8.0 * 0.1 / 21.0 * 12.0
    for levers, net in (({}, gross - taken), ({"desk_protected": True}, gross), ({"information_only": True}, gross)):
        simulation = Simulation(busy(**levers))
        assert simulation.world.office.wait.item(0) == 0.0
        longest = 0.0
        for day in range(1, 120):
            simulation.live(day)
            office = simulation.world.office
            longest = max(longest, office.wait.item(0))
            assert office.wait.item(0) == pytest.approx(max(office.backlog_hours.item(0) / net - 0.25, 0.0))
        assert longest > 0.5


# -- a crowded desk


@pytest.mark.parametrize("reaction", ["postpone", "fewer_officers"])
def test_nothing_differs_before_the_first_crowded_morning(reaction: str) -> None:
    plain, other = (Simulation(busy(**levers), replicate=1) for levers in ({}, {"when_crowded": reaction}))
    above = plain.inputs.levers[0]["crowded_above"] * plain.inputs.levers[0]["net_capacity"]
    mornings = 0
    while plain.world.office.backlog_hours.item(0) <= above:
        for one in (plain, other):
            one.live(one.day + 1)
        mornings += 1
        assert fingerprint(plain.world) == fingerprint(other.world)
    assert mornings > 20
    for one in (plain, other):
        one.live(mornings + 40)
    assert fingerprint(plain.world) != fingerprint(other.world)


def test_no_cycle_begins_on_a_crowded_morning_and_every_announced_event_takes_place() -> None:
    simulation = Simulation(busy(when_crowded="postpone"))
    levers = simulation.inputs.levers[0]
    crowded_mornings = 0
    for day in range(LONG):
        crowded = simulation.world.office.backlog_hours.item(0) > levers["crowded_above"] * levers["net_capacity"]
        begun = simulation.world.office.cycles.item(0)
        simulation.live(day + 1)
        assert not (crowded and simulation.world.office.cycles.item(0) > begun)
        crowded_mornings += crowded
    e, used = simulation.world.events, simulation.world.counts.events.item(0)
    assert 50 < crowded_mornings < LONG - 50
    assert (e.delivery_day[:used] == e.began[:used] + levers["design_days"] + levers["preparation_days"]).all()
    due = e.meeting_day[:used] < LONG
    assert due.sum() > 5
    assert (e.phase[:used][due] == CLOSED).all()
    assert ((e.ending[:used][due] == HELD) | (e.joined[:used][due] < levers["least_joined"])).all()
    assert (e.joined[:used][e.ending[:used] == CANCELLED] < levers["least_joined"]).all()


def test_what_is_put_off_does_not_pile_up_and_waits_for_the_first_quiet_morning() -> None:
    """Two events in three days fall due, ten while the desk is crowded: one of them is begun when it no longer is."""
    model = idle(when_crowded="postpone")
    office = model.world.office
    gone, postponed = [], 0.0
    for day in range(18):
        office.backlog_hours[0] = 1e6 if day < 15 else 0.0
        model.step()
        gone.append(office.cycles.item(0))
        postponed = max(postponed, model.world.tally.postponed.item(0))
        assert office.put_off.item(0) == (0 if day == 0 or day >= 15 else 1)
    assert gone == [0] * 15 + [1, 2, 3]
    assert postponed == 10
    model.close()


def test_an_event_owed_is_begun_even_where_none_falls_due_that_day_and_lapses_when_the_programme_stops() -> None:
    for stops, begun in ((False, 1), (True, 0)):
        model = idle(when_crowded="postpone")
        office = model.world.office
        for day in range(4):
            office.backlog_hours[0] = 1e6 if day < 3 else 0.0
            if day == 3:
                assert (office.put_off.item(0), office.cycles.item(0), office.accrued.item(0)) == (
                    1,
                    0,
                    pytest.approx(0.0),
                )
                model.p.events_a_day = 0.0 if stops else 2.0 / 3.0
            model.step()
        assert (office.put_off.item(0), office.cycles.item(0)) == (0, begun)
        model.close()


def test_a_crowded_desk_counts_at_designing_and_staffs_events_with_fewer() -> None:
    """Places follow: without checking, four hours of an officer are 25 files, of two 50, and the tables take 40."""
    for crowded, officers, places in ((False, 2, 40), (True, 1, 25)):
        model = idle(when_crowded="fewer_officers", checking_hours=0.0)
        e = model.world.events
        while e.phase.item(0) <= DESIGNING and model.day < 40:
            model.world.office.backlog_hours[0] = 1e6 if crowded else 0.0
            model.step()
        assert (e.officers.item(0), e.places.item(0)) == (officers, places)
        model.close()


def test_fewer_is_never_more() -> None:
    model = idle(when_crowded="fewer_officers", officers_per_event=1, officers_when_crowded=5)
    for _ in range(10):
        model.world.office.backlog_hours[0] = 1e6
        model.step()
    assert model.world.events.officers.max() == 1
    model.close()


@pytest.mark.parametrize("information_only", [False, True])
def test_what_an_event_is_stays_as_it_was_when_its_cycle_began(information_only: bool) -> None:
    """The lever moves on the next day: the cycle that began has its visits, places and officers, or none of them."""
    begins = {"events_per_month": 8.0, "information_only": information_only}
    plan = load("kebon-jeruk-no-outreach", size=0.2, years=1)
    first = Simulation(plan.with_change(5, **begins))
    first.live(40)
    day = first.world.events.began.item(0)
    simulation = Simulation(plan.with_change(5, **begins).with_change(day + 1, information_only=not information_only))
    simulation.live(40)
    for one in (first, simulation):
        e = one.world.events
        assert e.phase.item(0) == CLOSED or e.phase.item(0) > DESIGNING
        assert e.information_only.item(0) == information_only
        assert (e.officers.item(0) > 0, e.places.item(0) > 0, e.visits.item(0) > 0) == (not information_only,) * 3
