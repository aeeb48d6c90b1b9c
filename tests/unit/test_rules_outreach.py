"""Outreach: what an event can take, how far visits and publicity reach."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.parameters import register
from sim.rules.outreach import (
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
    hours_away,
    rank,
    reach,
    staff,
    to_begin,
    turn,
    visits_by,
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


def test_visits_by_hand() -> None:
    """Three hours a week are 0.6 a day; a visit takes 0.4 hours: 1.5 visits a day, none after the tenth day."""
    assert [visits_by(day, 10, 3.0, 0.4) for day in (0, 1, 3, 10, 11, 40)] == [0, 1, 4, 15, 15, 15]


def test_visits_are_the_whole_part_of_hours_over_time() -> None:
    """As exact arithmetic on the numbers as written has it, for every day, hours in tenths and visit time in tenths."""
    wrong = [
        (day, hours, visit)
        for day in range(1, 43)
        for hours in (1.0, 2.0, 3.0, 4.5, 8.0)
        for visit in (0.2, 0.3, 0.4, 0.6, 1.0)
        if visits_by(day, 42, hours, visit) != floor(Fraction(day) * Fraction(str(hours)) / 5 / Fraction(str(visit)))
    ]
    assert wrong == []


@given(st.integers(0, 41), st.integers(1, 42), TENTHS, TENTHS)
def test_visits_never_fall_with_the_day_and_never_pass_the_time_given(
    day: int, days: int, hours: Fraction, visit: Fraction
) -> None:
    today, tomorrow = (visits_by(d, days, float(hours), float(visit)) for d in (day, day + 1))
    assert 0 <= today <= tomorrow <= Fraction(days) * hours / 5 / visit


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
