"""Filing: who errs how often, what help and repair do, and the wait for a correction."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keliling.sim.rng import uniform
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from keliling.sim.rules.filing import (
    applicant_hours,
    correction,
    correction_channel,
    correction_wait,
    defect_chance,
    helper_ratio,
    late,
    repair_probability,
    technical_failure,
)
from tests.statistics import assert_mean

CHANNELS = (ONLINE, COUNTER, BROKER, EVENT)
UNIT = st.floats(0.0, 1.0)


def ratio(channel: int, skill: float) -> float:
    return helper_ratio(channel, skill, 0.8, 0.6, 0.4)


@pytest.mark.parametrize(
    ("channel", "skill", "expected"),
    [(ONLINE, 0.0, 1.0), (COUNTER, 0.0, 0.8), (EVENT, 0.0, 0.8), (BROKER, 0.0, 0.6), (ONLINE, 1.0, 0.4),
     (ONLINE, 0.5, 0.7), (COUNTER, 0.2, 0.8), (COUNTER, 0.5, 0.7), (EVENT, 1.0, 0.4)],
)  # fmt: skip
def test_the_best_help_at_hand_by_hand(channel: int, skill: float, expected: float) -> None:
    """A co-producer of skill 0.2 brings the error to 0.88, so the officer's 0.8 holds; at 0.5 to 0.7, which holds."""
    assert ratio(channel, skill) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("channel", CHANNELS)
@given(low=UNIT, high=UNIT)
def test_more_skill_never_makes_more_errors(channel: int, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert ratio(channel, high) <= ratio(channel, low) <= 1.0


def chance(channel: int, knowledge: float = 0.4, literacy: float = 0.63, help_: float = 1.0) -> float:
    return defect_chance(0.06, channel, knowledge, 0.4, literacy, 0.63, help_, 1.0, 1.0)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_mean_resident_errs_at_the_base_rate(channel: int) -> None:
    """No bit of the base rate moves at mean knowledge and literacy."""
    assert chance(channel) == 0.06


def test_defect_chance_by_hand() -> None:
    """Half a unit of knowledge takes a factor exp(-0.5); online 0.2 of missing literacy brings exp(0.2)."""
    assert chance(COUNTER, knowledge=0.9, help_=0.8) == pytest.approx(0.048 * math.exp(-0.5), rel=1e-14)
    assert chance(ONLINE, knowledge=0.9, literacy=0.43) == pytest.approx(0.06 * math.exp(-0.3), rel=1e-14)


@given(UNIT, UNIT)
def test_literacy_matters_online_alone(one: float, other: float) -> None:
    assert chance(COUNTER, literacy=one) == chance(COUNTER, literacy=other)
    low, high = sorted((one, other))
    assert chance(ONLINE, literacy=high) <= chance(ONLINE, literacy=low)


@given(st.floats(0.0, 1.0), UNIT, UNIT, st.floats(0.0, 2.0))
def test_a_defect_chance_is_a_probability_that_falls_with_knowledge(
    base: float, low: float, high: float, weight: float
) -> None:
    low, high = sorted((low, high))
    less, more = (defect_chance(base, ONLINE, k, 0.4, 0.1, 0.63, 1.0, weight, 2.0) for k in (low, high))
    assert 0.0 <= more <= less <= 0.95


def test_technical_failure_by_hand() -> None:
    """Nobody's help leaves the base as it is, a fully skilled co-producer's brings it to the ratio of it."""
    assert technical_failure(0.25, 0, 0.0, 0.8) == 0.25
    assert technical_failure(0.25, 0, 1.0, 0.8) == pytest.approx(0.2, rel=1e-15)
    assert technical_failure(0.25, 0, 0.5, 0.8) == pytest.approx(0.225, rel=1e-15)


@given(UNIT, UNIT, UNIT)
def test_an_obstacle_always_fails_and_without_one_help_never_harms(base: float, skill: float, ratio_of: float) -> None:
    """Whoever checked the papers: what cannot be met is mended before the file, or not at all."""
    assert technical_failure(base, 1, skill, ratio_of) == 1.0
    assert 0.0 <= technical_failure(base, 0, skill, ratio_of) <= base


@pytest.mark.parametrize(
    ("quality", "skill", "expected"),
    [(0.3, 0.0, 0.7), (0.0, 0.0, 0.7), (1.0, 0.0, 0.775), (0.3, 1.0, 0.775), (1.0, 1.0, 0.85), (0.65, 0.4, 0.7675)],
)
def test_repair_on_the_spot_by_hand(quality: float, skill: float, expected: float) -> None:
    """0.7 at the start's 0.3 and without skill; lessons and skill close a quarter each of the 0.3 that is left."""
    assert repair_probability(0.7, 0.25, quality, 0.3, skill) == pytest.approx(expected, rel=1e-14)


@given(UNIT, st.floats(0.0, 0.5), UNIT, st.floats(0.0, 0.8), UNIT)
def test_repair_is_a_probability_no_lower_than_its_base(
    base: float, gain: float, quality: float, start: float, skill: float
) -> None:
    assert base <= repair_probability(base, gain, quality, start, skill) <= 1.0 + 1e-15
    assert (
        repair_probability(base, 0.0, quality, start, skill)
        == repair_probability(base, gain, start, start, 0.0)
        == base
    )


# -- the wait for a correction


@pytest.mark.parametrize("mean", [2.0, 5.0, 21.0, 126.0])
@pytest.mark.parametrize("days", [1, 2, 3, 10])
def test_a_correction_is_geometric_at_its_edges(mean: float, days: int) -> None:
    """P(wait <= d) = 1 - (1 - 1/mean)^d: just below that draw the wait is at most d, just above it is longer."""
    edge = 1.0 - (1.0 - 1.0 / mean) ** days
    assert correction_wait(edge - 1e-12, mean) == days
    assert correction_wait(edge + 1e-12, mean) == days + 1


def test_a_correction_takes_a_day_at_least_and_ends_for_every_draw() -> None:
    assert correction_wait(0.0, 5.0) == 1
    assert correction_wait(math.nextafter(0.2, 0.0), 5.0) == 1
    assert correction_wait(0.2, 5.0) == 2
    assert correction_wait(math.nextafter(1.0, 0.0), 126.0) < 126 * 40
    assert [correction_wait(draw, 1.0) for draw in (0.0, 0.5, math.nextafter(1.0, 0.0))] == [1, 1, 1]


@given(st.floats(0.0, 1.0, exclude_max=True), st.floats(0.0, 1.0, exclude_max=True))
def test_a_larger_draw_never_waits_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert correction_wait(low, 5.0) <= correction_wait(high, 5.0)


def test_the_mean_wait_is_the_parameter() -> None:
    """Geometric with mean 5 has variance 20; 0.2 days would be found; false-positive rate 1e-6."""
    waits = [correction_wait(uniform(8, 0, 55, who, 0, 1), 5.0) for who in range(40_000)]
    assert_mean(waits, 5.0, sd=math.sqrt(20.0), detect=0.2)


def test_a_file_comes_back_by_the_deadline_or_not_at_all() -> None:
    """A day after the deadline is when it lapses, whether nobody came or somebody would have come later."""
    in_time, late = 0.5, 0.9999
    assert correction(in_time, 0.7, 5.0, 0.8, 21) == correction_wait(in_time, 5.0) == 4
    assert correction_wait(late, 5.0) == 42
    assert correction(late, 0.7, 5.0, 0.8, 21) == 22
    assert correction(late, 0.7, 5.0, 0.8, 42) == 42
    assert correction(in_time, 0.8, 5.0, 0.8, 21) == 22
    assert correction(0.0, 0.8, 5.0, 0.8, 21) == 22


def test_the_statutory_day_itself_is_not_late() -> None:
    assert [bool(late(days, 14)) for days in (0, 13, 14, 15)] == [False, False, False, True]


def test_applicants_hours_by_hand() -> None:
    """An hour online, three to the counter and half of one to a broker; who filed at an event comes back to the counter."""
    channels = (ONLINE, COUNTER, BROKER, EVENT)
    back = [correction_channel(channel) for channel in channels]
    assert back == [ONLINE, COUNTER, BROKER, COUNTER]
    assert [applicant_hours(channel, 1.0, 3.0, 0.5) for channel in back] == [1.0, 3.0, 0.5, 3.0]
