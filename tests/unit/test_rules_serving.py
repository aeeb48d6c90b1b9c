"""The desk's rules: officer time of a file, whose time it gets, and what an examination leads to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keliling.sim.rng import uniform
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from keliling.sim.rules.serving import (
    GRANTED,
    REJECTED,
    RETURNED,
    UNDER_REVIEW,
    WITHDRAWN,
    crowded,
    crowding,
    desk_wait,
    examined,
    hours_asked,
    net_capacity,
    service_hours,
    worked,
)
from tests.statistics import assert_mean

DRAW = st.floats(0.0, 1.0, exclude_max=True)


def test_codes_of_the_outcomes_are_fixed() -> None:
    """They stand in the columns of the World; 0 is an open application."""
    assert (GRANTED, REJECTED, WITHDRAWN, RETURNED, UNDER_REVIEW) == (1, 2, 3, 4, 5)


def test_hours_that_a_file_asks_of_the_desk_by_hand() -> None:
    """Half an hour of intake and two of examination; online intake takes a fifth, at an event none at the desk. A
    quarter of an hour of advice is for those who file at the counter themselves."""
    channels = (ONLINE, COUNTER, BROKER, EVENT)
    assert [hours_asked(0.5, 2.0, 0, channel, 0.2, 0.0) for channel in channels] == [2.1, 2.5, 2.5, 2.0]
    assert [hours_asked(0.5, 2.0, 0, channel, 0.2, 0.25) for channel in channels] == [2.1, 2.75, 2.5, 2.0]
    assert [hours_asked(0.5, 2.0, 1, channel, 0.2, 0.25) for channel in channels] == [2.0] * 4


@given(st.floats(0.05, 2.0), DRAW)
def test_without_spread_all_files_are_alike(mean: float, draw: float) -> None:
    """Not one bit of the mean moves."""
    assert service_hours(mean, 0.0, draw) == mean


def test_officer_time_by_hand() -> None:
    """The draw 1 - 1/e gives one unit of the exponential, 1 - 1/e^3 three."""
    assert service_hours(0.4, 1.0, 1.0 - math.exp(-1.0)) == pytest.approx(0.4, rel=1e-14)
    assert service_hours(0.4, 0.5, 1.0 - math.exp(-3.0)) == pytest.approx(0.8, rel=1e-14)
    assert service_hours(0.4, 0.5, 0.0) == 0.2
    assert math.isfinite(service_hours(2.0, 1.0, math.nextafter(1.0, 0.0)))


@pytest.mark.parametrize("spread", [0.5, 1.0])
def test_mean_and_variance_of_officer_time(spread: float) -> None:
    """Mean 1 and variance spread^2. Deviations of a twentieth are found, at a false-positive rate of 1e-6."""
    drawn = np.array([service_hours(1.0, spread, uniform(9, 0, 53, who, 0, 0)) for who in range(80_000)])
    assert_mean(drawn, 1.0, sd=spread, detect=0.05 * spread)
    assert_mean((drawn - 1.0) ** 2 / spread**2, 1.0, detect=0.1)


@pytest.mark.parametrize(("used", "needs", "given_"), [(0.0, 3.0, 3.0), (6.0, 3.0, 2.5), (8.5, 3.0, 0.0)])
def test_an_officer_gives_no_more_than_the_day_has_left(used: float, needs: float, given_: float) -> None:
    assert worked(used, 8.5, needs) == given_


@pytest.mark.parametrize(
    ("defects", "returns", "allowed", "reviewed", "outcome"),
    [
        (0, 0, 1, 0, GRANTED), (0, 1, 1, 0, GRANTED), (0, 0, 1, 1, UNDER_REVIEW), (0, 1, 1, 1, UNDER_REVIEW),
        (1, 0, 1, 0, RETURNED), (4, 0, 1, 1, RETURNED), (1, 1, 1, 0, REJECTED), (1, 1, 1, 1, REJECTED),
        (1, 0, 0, 0, REJECTED), (1, 1, 2, 0, RETURNED), (1, 2, 2, 0, REJECTED),
    ],
)  # fmt: skip
def test_what_an_examination_leads_to(defects: int, returns: int, allowed: int, reviewed: int, outcome: int) -> None:
    assert examined(defects, 9, returns, allowed, reviewed) == outcome


def test_a_document_no_longer_asked_for_holds_nothing_up() -> None:
    assert examined(0b1000, 4, 0, 1, 0) == RETURNED
    assert examined(0b1000, 3, 0, 1, 0) == GRANTED


def test_crowding_by_hand() -> None:
    assert crowding(0.0, 16.0) == 0.0
    assert crowding(16.0 * math.log(2.0), 16.0) == pytest.approx(0.5, rel=1e-15)
    assert crowding(5.0, 0.0) == 1.0


@given(st.floats(0.0, 900.0), st.floats(0.0, 900.0), st.floats(0.1, 90.0))
def test_crowding_rises_with_the_backlog_and_stays_within_0_and_1(one: float, other: float, hours: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= crowding(low, hours) <= crowding(high, hours) <= 1.0


def test_net_capacity_by_hand() -> None:
    """Outreach is taken from the desk, and a tenth of it stays whatever outreach takes."""
    assert net_capacity(68.0, 0.0, 0.1) == 68.0
    assert net_capacity(68.0, 12.0, 0.1) == 56.0
    assert net_capacity(68.0, 60.0, 0.1) == 8.0
    assert net_capacity(68.0, 63.0, 0.1) == pytest.approx(6.8)
    assert net_capacity(68.0, 500.0, 0.1) == pytest.approx(6.8)


def test_a_desk_is_crowded_above_its_days_of_work_and_not_at_them() -> None:
    assert not crowded(0.0, 50.0, 2.0)
    assert not crowded(100.0, 50.0, 2.0)
    assert crowded(math.nextafter(100.0, 200.0), 50.0, 2.0)


def test_the_wait_by_hand() -> None:
    """Nothing up to the reference, then days of net capacity."""
    assert desk_wait(0.0, 50.0, 0.25) == 0.0
    assert desk_wait(12.5, 50.0, 0.25) == 0.0
    assert desk_wait(62.5, 50.0, 0.25) == 1.0
    assert desk_wait(62.5, 5.0, 0.25) == 12.25


@given(st.floats(0.0, 900.0), st.floats(0.0, 900.0), st.floats(0.1, 90.0), st.floats(0.0, 5.0))
def test_more_work_never_shortens_the_wait(one: float, other: float, capacity: float, reference: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= desk_wait(low, capacity, reference) <= desk_wait(high, capacity, reference)
    assert desk_wait(high, capacity, reference) <= desk_wait(high, capacity / 2.0, reference)
