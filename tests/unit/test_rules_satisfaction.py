"""Satisfaction: experiences by hand, each entering an element once; boxes, complaints, and the expected answer."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from keliling.sim.answers import satisfaction_table
from keliling.sim.parameters import defaults, namespace
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from keliling.sim.rules.satisfaction import (
    DELAY,
    NO_COMPLAINT,
    NO_SERVICE,
    PROCEDURE,
    answer,
    complaint_chance,
    complaint_class,
    expected_answer,
    experienced_complaint,
    experienced_contact,
    experienced_crowding,
    experienced_fee,
    experienced_time,
    experiences,
    latent,
    performance,
    weighted,
)

CHANNELS = (ONLINE, COUNTER, BROKER, EVENT)
DIFFERENCES = st.tuples(*[st.floats(-1.0, 1.0)] * 7)


@pytest.fixture(scope="module")
def p() -> SimpleNamespace:
    return namespace(defaults())


# -- experiences


@pytest.mark.parametrize(
    ("days", "statutory", "expected"), [(0, 14, 1.0), (14, 14, 1.0), (15, 14, 0.95), (33, 14, 0.5), (7, 1, 0.5)]
)
def test_experienced_time_by_hand(days: int, statutory: int, expected: float) -> None:
    """1 to the statutory day; half when the days beyond reach the standard plus a grace of five."""
    assert experienced_time(days, statutory, 5.0) == pytest.approx(expected, rel=1e-14)


@given(st.integers(0, 400), st.integers(1, 14), st.floats(1.0, 21.0))
def test_a_longer_wait_is_never_a_better_experience(days: int, statutory: int, grace: float) -> None:
    assert 0.0 < experienced_time(days + 1, statutory, grace) <= experienced_time(days, statutory, grace) <= 1.0


def test_other_experiences_by_hand() -> None:
    assert [experienced_fee(c) for c in CHANNELS] == [1.0, 1.0, 0.0, 1.0]
    assert [experienced_crowding(c, 0.3) for c in CHANNELS] == [1.0, 0.7, 1.0, 1.0]
    assert [experienced_contact(c, 0, 0.6, 0.4) for c in CHANNELS] == [0.4, 0.6, 0.4, 0.6]
    assert [experienced_contact(c, 1, 0.6, 0.4) for c in CHANNELS] == [1.0, 1.0, 1.0, 1.0]
    assert [experienced_complaint(1, closed, 0.97) for closed in (0, 1)] == [0.0, 1.0]
    assert experienced_complaint(0, 0, 0.97) == 0.97


# -- from experiences to boxes

NOTHING = (0.0,) * 7


def test_experiences_stand_in_the_order_of_the_table() -> None:
    """Two returns, days at 0.8, a file at the counter that was granted, a crowd of 0.3, and a complaint closed."""
    met = experiences(2, 0.8, COUNTER, 1, 0.3, 0, 0.6, 0.4, 1.0)
    assert met == pytest.approx((1.0 / 3.0, 0.8, 1.0, 1.0, 0.7, 0.6, 1.0), rel=1e-15)
    assert experiences(0, 1.0, BROKER, 0, 0.3, 1, 0.6, 0.4, 0.97) == (1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.97)


def test_weights_by_hand() -> None:
    """On the scale's width of 3: decision 0.4, time 0.3, and 0.1 shared by the other five."""
    felt = weighted((1.0,) * 7, NOTHING, 0.4, 0.3, 0.1)
    assert felt == pytest.approx((0.06, 0.9, 0.06, 1.2, 0.06, 0.06, 0.06), rel=1e-14)
    assert sum(felt) == pytest.approx(3.0 * (0.4 + 0.3 + 0.1), rel=1e-14)


def test_reference_experiences_leave_the_base_score() -> None:
    reference = (1.0, 0.9, 0.7, 0.8, 1.0, 0.5, 0.97)
    felt = weighted(reference, reference, 0.4, 0.3, 0.1)
    assert performance(3.3, felt) == 3.3
    assert latent(3.3, felt, (1.0,) * 7, 0.0, 0.0) == 3.3


def test_each_experience_enters_all_nine_elements_once_in_sum() -> None:
    """Every column of the table has mean one, so the mean of the nine elements is performance; no share is negative."""
    routing, reference = satisfaction_table()
    assert len(routing) == 9
    assert all(len(row) == len(reference) == 7 for row in routing)
    assert min(min(row) for row in routing) >= 0.0
    assert [sum(row[j] for row in routing) for j in range(7)] == [9.0] * 7
    assert all(0.0 <= one <= 1.0 for one in reference)


@given(DIFFERENCES, st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_the_mean_of_the_nine_elements_is_performance(
    differences: tuple[float, ...], disconfirmation: float, noise: float
) -> None:
    routing, _ = satisfaction_table()
    felt = weighted(differences, NOTHING, 0.4, 0.3, 0.1)
    elements = [latent(3.3, felt, row, disconfirmation, noise) for row in routing]
    assert sum(elements) / 9.0 == pytest.approx(performance(3.3, felt) + disconfirmation + noise, abs=1e-12)


@given(DIFFERENCES, st.integers(0, 6), st.floats(0.01, 1.0))
def test_a_better_experience_never_lowers_an_element(differences: tuple[float, ...], which: int, step: float) -> None:
    better = tuple(x + step * (j == which) for j, x in enumerate(differences))
    routing, _ = satisfaction_table()
    before, after = (weighted(x, NOTHING, 0.4, 0.3, 0.1) for x in (differences, better))
    for row in routing:
        gained = latent(3.3, after, row, 0.0, 0.0) - latent(3.3, before, row, 0.0, 0.0)
        assert gained == pytest.approx(row[which] * (after[which] - before[which]), abs=1e-12)
    assert performance(3.3, after) > performance(3.3, before)


@pytest.mark.parametrize(
    ("score", "box"),
    [(-9.0, 1), (math.nextafter(1.5, 0.0), 1), (1.5, 2), (math.nextafter(2.5, 0.0), 2), (2.5, 3),
     (math.nextafter(3.5, 0.0), 3), (3.5, 4), (9.0, 4)],
)  # fmt: skip
def test_the_box_at_its_edges(score: float, box: int) -> None:
    assert answer(score) == box


@pytest.mark.parametrize("spread", [0.32, 0.602, 1.0])
@pytest.mark.parametrize("base", [1.0, 2.2, 3.3, 4.8])
def test_the_expected_answer_agrees_with_scipy(base: float, spread: float) -> None:
    """Sum of box x probability, from SciPy's normal distribution."""
    cuts = [-math.inf, 1.5, 2.5, 3.5, math.inf]
    boxes = [norm.cdf(high, base, spread) - norm.cdf(low, base, spread) for low, high in pairwise(cuts)]
    assert expected_answer(base, spread) == pytest.approx(sum(k * q for k, q in enumerate(boxes, 1)), rel=1e-12)


# -- complaints


@given(st.floats(0.0005, 0.02), st.floats(0.0, 3.0), st.floats(3.2, 3.4))
def test_the_complaint_rate_holds_at_the_reference_score(rate: float, steepness: float, reference: float) -> None:
    """Not one bit of it moves, whatever the steepness."""
    assert complaint_chance(rate, steepness, reference, reference, 0.5) == rate


def test_complaints_by_hand() -> None:
    """A point of dissatisfaction brings exp(1.5) times as many; never more than ``most`` complain."""
    assert complaint_chance(0.0012, 1.5, 3.3, 2.3, 0.5) == pytest.approx(0.0012 * math.exp(1.5), rel=1e-14)
    assert [complaint_chance(0.02, 3.0, 3.4, 1.0, most) for most in (0.5, 0.1)] == [0.5, 0.1]
    assert complaint_chance(0.0012, 1.5, 3.3, 4.0, 0.5) < 0.0012


def test_codes_of_complaints_are_fixed() -> None:
    assert (NO_COMPLAINT, DELAY, PROCEDURE, NO_SERVICE) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("time", "returns", "granted", "weights"),
    [(1.0, 0, 1, (0.1, 0.1, 0.1)), (0.5, 0, 1, (0.6, 0.1, 0.1)), (1.0, 3, 1, (0.1, 1.1, 0.1)),
     (1.0, 0, 0, (0.1, 0.1, 1.1)), (0.5, 1, 0, (0.6, 1.1, 1.1))],
)  # fmt: skip
def test_a_complaint_is_of_the_kind_of_what_went_wrong(
    time: float, returns: int, granted: int, weights: tuple[float, float, float]
) -> None:
    """Its draw is cut in proportion to a tenth plus what went wrong of each kind."""
    first, second = weights[0] / sum(weights), (weights[0] + weights[1]) / sum(weights)
    marks = [0.0, first - 1e-9, first + 1e-9, second - 1e-9, second + 1e-9, math.nextafter(1.0, 0.0)]
    found = [complaint_class(mark, time, returns, granted, 0.1) for mark in marks]
    assert found == [DELAY, DELAY, PROCEDURE, PROCEDURE, NO_SERVICE, NO_SERVICE]
