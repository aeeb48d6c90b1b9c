"""Outreach: what an event can take, how far visits and publicity reach."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keliling.sim.parameters import register
from keliling.sim.rules.outreach import (
    ASSESSMENT,
    CANCELLED,
    CLOSED,
    COMMISSIONING,
    DECLINED,
    DELIVERY,
    DESIGNING,
    HELD,
    LEAST_REACHED,
    LISTED,
    NEEDED,
    PREPARATION,
    RANDOM,
    REJECTED_MOST,
    ROTATION,
    RUNNING,
    event_places,
    help_hours,
    hours_away,
    hours_by,
    rank,
    reach,
    staff,
    standing_asked,
    to_begin,
    turn,
)

EVENTS = st.integers(0, 9)
TENTHS = st.integers(1, 100).map(lambda n: Fraction(n, 10))


def test_codes_of_phases_and_endings_are_fixed() -> None:
    """They stand in the columns of the World, in the order of a cycle."""
    assert (COMMISSIONING, DESIGNING, PREPARATION, DELIVERY, ASSESSMENT, CLOSED) == (0, 1, 2, 3, 4, 5)
    assert (RUNNING, HELD, CANCELLED, DECLINED) == (0, 1, 2, 3)


def test_codes_of_targeting_are_the_places_of_the_lever_s_choices() -> None:
    words = ("rotation", "random", "need", "rejections", "least_reached", "list")
    assert register()["targeting"].choices == words
    assert tuple(range(len(words))) == (ROTATION, RANDOM, NEEDED, REJECTED_MOST, LEAST_REACHED, LISTED)


@pytest.mark.parametrize(("last", "turns"), [(-1, [0, 1, 2, 3]), (0, [3, 0, 1, 2]), (3, [0, 1, 2, 3])])
def test_turns_go_round_from_the_last_one_asked(last: int, turns: list[int]) -> None:
    assert [turn(place, last, 4) for place in range(4)] == turns


@pytest.mark.parametrize(
    ("targeting", "first"),
    [(ROTATION, "next"), (LISTED, "next"), (RANDOM, "drawn"), (NEEDED, "needy"), (REJECTED_MOST, "rejected"),
     (LEAST_REACHED, "forgotten")],
)  # fmt: skip
def test_each_rule_asks_first_whom_it_is_named_for(targeting: int, first: str) -> None:
    """Five RWs, each the first by one of turns, draw, need, rejections and the day of its last event."""
    found = {
        "next": (0, 0.9, 10.0, 1.0, 300),
        "drawn": (4, 0.1, 10.0, 1.0, 300),
        "needy": (4, 0.9, 90.0, 1.0, 300),
        "rejected": (4, 0.9, 10.0, 7.0, 300),
        "forgotten": (4, 0.9, 10.0, 1.0, -100000),
    }
    assert min(found, key=lambda name: rank(targeting, *found[name])) == first


@pytest.mark.parametrize(
    ("officers", "tables", "joined", "places"),
    [(2, 40, 12, 40), (2, 60, 12, 53), (1, 40, 12, 26), (2, 40, 4, 40), (2, 40, 3, 30), (2, 40, 2, 20), (0, 40, 12, 0),
     (2, 0, 12, 0), (2, 41, 3, 30)],
)  # fmt: skip
def test_places_of_an_event_by_hand(officers: int, tables: int, joined: int, places: int) -> None:
    """Four hours at 0.15 an intake are 26.7 files an officer; fewer than four set up fewer tables."""
    assert event_places(officers, 4.0, 0.15, tables, joined, 4) == places


@given(st.integers(0, 10), st.integers(0, 200), st.integers(0, 60), st.integers(1, 20))
def test_more_means_never_give_fewer_places(officers: int, tables: int, joined: int, full: int) -> None:
    places = event_places(officers, 4.0, 0.15, tables, joined, full)
    assert 0 <= places <= tables
    assert places <= event_places(officers + 1, 4.0, 0.15, tables, joined, full)
    assert places <= event_places(officers, 4.0, 0.15, tables + 1, joined, full)
    assert places <= event_places(officers, 4.0, 0.15, tables, joined + 1, full)


def test_hours_of_preparation_by_hand() -> None:
    """Three hours a week are 0.6 a day, and none are added after the tenth day."""
    assert [hours_by(day, 10, 3.0) for day in (0, 1, 5, 10, 11, 40)] == pytest.approx([0.0, 0.6, 3.0, 6.0, 6.0, 6.0])


def test_help_takes_time_by_the_number_of_requirements() -> None:
    assert help_hours(0.15, 10) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("asked", "free", "preparing", "left"), [(2.0, 12.0, 0.0, 2.0), (2.0, 3.0, 2.5, 0.5), (2.0, 3.0, 3.5, 0.0)]
)
def test_hours_between_events_stay_within_free_time(asked: float, free: float, preparing: float, left: float) -> None:
    assert standing_asked(asked, free, preparing) == pytest.approx(left)


def test_reach_by_hand() -> None:
    assert reach(0.5, 0, 0.1) == 0.5
    assert reach(0.5, 3, 0.1) == pytest.approx(0.65, rel=1e-15)
    assert reach(0.9, 3, 0.3) == 1.0
    assert reach(0.0, 3, 0.3) == 0.0


@pytest.mark.parametrize(
    ("earned", "owed", "postpones", "begun", "left"),
    [(0, 0, 0, 0, 0), (1, 0, 0, 1, 0), (0, 1, 0, 1, 0), (2, 1, 0, 3, 0), (0, 0, 1, 0, 0), (1, 0, 1, 0, 1),
     (0, 1, 1, 0, 1), (3, 1, 1, 0, 1)],
)  # fmt: skip
def test_cycles_to_begin_by_hand(earned: int, owed: int, postpones: int, begun: int, left: int) -> None:
    assert to_begin(earned, owed, postpones) == (begun, left)


@given(EVENTS, st.integers(0, 1), st.integers(0, 1))
def test_no_event_is_begun_that_did_not_fall_due_and_one_at_most_is_owed(
    earned: int, owed: int, postpones: int
) -> None:
    begun, left = to_begin(earned, owed, postpones)
    assert 0 <= begun + left <= earned + owed
    assert left in (0, 1)


def test_staff_by_hand() -> None:
    assert [staff(2, 1, crowded) for crowded in (0, 1)] == [2, 1]
    assert [staff(1, 3, crowded) for crowded in (0, 1)] == [1, 1]
    assert staff(2, 0, 1) == 0


def test_hours_away_by_hand() -> None:
    """Four hours and two of the way, twice; a working day at most; nobody goes, nothing is taken."""
    assert hours_away(2, 4.0, 2.0, 8.5) == 12.0
    assert hours_away(2, 8.0, 2.0, 8.5) == 17.0
    assert hours_away(2, 6.5, 2.0, 8.5) == 17.0
    assert hours_away(0, 4.0, 2.0, 8.5) == 0.0
