"""What fades, what is learnt, what neighbours say: half-lives, convex steps, hidden thresholds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keliling.sim.rng import uniform
from keliling.sim.rules.influence import as_unit, days_until, faded, raised, toward, waited
from tests.statistics import assert_mean

UNIT = st.floats(0.0, 1.0)
HALF_LIFE = st.floats(10.0, 1260.0)


# -- fading


@given(UNIT, UNIT, HALF_LIFE)
def test_after_no_days_nothing_has_faded(anchored: float, rest: float, half_life: float) -> None:
    """Not one bit: reading on the day of the event gives what was written."""
    assert faded(anchored, rest, 0, half_life) == anchored
    assert faded(anchored, rest, -3, half_life) == anchored


@pytest.mark.parametrize(("days", "left"), [(42, 0.5), (84, 0.25), (126, 0.125), (21, math.sqrt(0.5))])
def test_half_of_the_distance_is_left_after_a_half_life(days: int, left: float) -> None:
    assert faded(0.9, 0.1, days, 42.0) == pytest.approx(0.1 + 0.8 * left, rel=1e-14)


@given(UNIT, UNIT, st.integers(0, 900), st.integers(0, 900), HALF_LIFE)
def test_fading_in_two_pieces_is_fading_once(
    anchored: float, rest: float, one: int, other: int, half_life: float
) -> None:
    """As a number; not bit for bit, which is why reading never writes."""
    twice = faded(faded(anchored, rest, one, half_life), rest, other, half_life)
    assert twice == pytest.approx(faded(anchored, rest, one + other, half_life), abs=1e-14)


@given(UNIT, UNIT, st.integers(0, 900), HALF_LIFE)
def test_what_fades_stays_between_anchor_and_rest(anchored: float, rest: float, days: int, half_life: float) -> None:
    low, high = sorted((anchored, rest))
    assert low - 1e-15 <= faded(anchored, rest, days, half_life) <= high + 1e-15


# -- steps


@given(UNIT, UNIT, UNIT)
def test_a_convex_step_stays_between_value_and_target(value: float, target: float, share: float) -> None:
    low, high = sorted((value, target))
    assert low - 1e-15 <= toward(value, target, share) <= high + 1e-15


def test_steps_by_hand() -> None:
    assert toward(0.4, 0.9, 0.0) == 0.4
    assert toward(0.4, 0.9, 0.1) == pytest.approx(0.45, rel=1e-15)
    assert toward(0.5, 1.0, 1.0) == 1.0
    assert raised(0.4, 1.0, 0.5) == pytest.approx(0.7, rel=1e-15)
    assert raised(3.3, 4.0, 0.1) == pytest.approx(3.37, rel=1e-15)
    assert raised(0.4, 1.0, 0.0) == 0.4


@given(UNIT, st.lists(UNIT, max_size=30))
def test_many_raises_never_pass_the_ceiling(value: float, shares: list[float]) -> None:
    for share in shares:
        after = raised(value, 1.0, share)
        assert value <= after <= 1.0
        value = after


@pytest.mark.parametrize(("score", "unit"), [(1.0, 0.0), (4.0, 1.0), (2.5, 0.5), (0.0, 0.0), (5.0, 1.0)])
def test_a_score_as_a_number_in_0_1(score: float, unit: float) -> None:
    assert as_unit(score) == unit


# -- hidden thresholds


def test_a_threshold_is_the_exponential_quantile() -> None:
    assert waited(0.0) == 0.0
    assert waited(1.0 - math.exp(-1.0)) == pytest.approx(1.0, rel=1e-14)
    assert waited(math.nextafter(1.0, 0.0)) == pytest.approx(53.0 * math.log(2.0), rel=1e-14)


def test_mean_threshold_is_one() -> None:
    """A deviation of 0.04 would be found, in mean and in variance; false-positive rate 1e-6."""
    drawn = [waited(uniform(4, 0, 33, who, 0, 0)) for who in range(60_000)]
    assert_mean(drawn, 1.0, sd=1.0, detect=0.04)
    # The square of a unit exponential has mean 2 and variance 20.
    assert_mean([one * one for one in drawn], 2.0, sd=math.sqrt(20.0), detect=0.15)


@pytest.mark.parametrize(
    ("amount", "rate", "days"),
    [(6.0, 2.0, 3), (6.1, 2.0, 4), (5.9, 2.0, 3), (0.0, 2.0, 1), (-4.0, 2.0, 1), (1e-9, 2.0, 1), (1.0, 0.0, 1_000_000),
     (1.0, -1.0, 1_000_000), (1.0, 1e-9, 1_000_000), (1.0, 1e-300, 1_000_000)],
)  # fmt: skip
def test_days_until_by_hand(amount: float, rate: float, days: int) -> None:
    assert days_until(amount, rate) == days


@given(st.floats(0.0, 50.0), st.floats(1e-4, 3.0))
def test_days_until_is_the_first_day_that_is_enough(amount: float, rate: float) -> None:
    days = days_until(amount, rate)
    assert days * rate >= amount * (1.0 - 1e-15)
    assert days == 1 or (days - 1) * rate < amount
