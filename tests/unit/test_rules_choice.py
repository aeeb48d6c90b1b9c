"""Acting on a need: costs by hand, each entering once; tastes with closed shares; prompts with their effects."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.parameters import register
from sim.rng import uniform
from sim.rules.choice import (
    BROKER,
    COUNTER,
    EVENT,
    ONLINE,
    WAIT,
    channel_value,
    compliance_cost,
    keenness,
    learning_cost,
    prompt_hazard,
    prompted,
    psychological_cost,
    taste,
    threat,
)
from sim.rules.influence import waited
from tests.statistics import assert_mean, assert_share

CHANNELS = (ONLINE, COUNTER, BROKER, EVENT)
UNIT = st.floats(0.0, 1.0)
PERSON = {
    "liking": 0.5, "constant": -0.25, "benefit": 0.8, "sanction": 0.3, "knowledge": 0.4, "literacy": 0.7, "at_work": 1,
    "trust": 0.55, "rejections": 2, "norm": 0.8, "fee": 0.5, "broker_fee": 2.0, "credit": 0.3, "w_learning": 1.0,
    "w_compliance": 1.0, "w_psychological": 1.0, "memory": 0.3, "w_fee": 0.3, "w_norm": 1.0,
}  # fmt: skip


def worth(channel: int, **changed: float) -> float:
    return channel_value(channel, *(PERSON | changed).values())


def default(name: str) -> float:
    return float(register()[name].default)


def test_codes_of_the_channels_are_fixed() -> None:
    """They stand in the columns of the World."""
    assert (WAIT, ONLINE, COUNTER, BROKER, EVENT) == (0, 1, 2, 3, 4)


# -- costs


@pytest.mark.parametrize(
    ("channel", "learning", "at_home", "at_work", "psychological"),
    [(ONLINE, 0.9, 0.3, 0.3, 0.525), (COUNTER, 0.6, 0.6, 1.0, 1.05), (BROKER, 0.0, 0.1, 0.1, 0.315),
     (EVENT, 0.18, 0.2, 0.2, 0.525)],
)  # fmt: skip
def test_costs_by_hand(channel: int, learning: float, at_home: float, at_work: float, psychological: float) -> None:
    """Knowledge 0.4, literacy 0.7, trust 0.55, two rejections remembered at 0.3 each: a burden of 1.05."""
    assert learning_cost(channel, 0.4, 0.7) == pytest.approx(learning, rel=1e-14)
    assert compliance_cost(channel, 0) == at_home
    assert compliance_cost(channel, 1) == at_work
    assert psychological_cost(channel, 0.55, 2, 0.3) == pytest.approx(psychological, rel=1e-14)


@pytest.mark.parametrize("channel", CHANNELS)
def test_three_rejections_are_remembered_at_most(channel: int) -> None:
    remembered = [psychological_cost(channel, 0.55, n, 0.3) for n in (2, 3, 4, 90)]
    assert remembered[0] < remembered[1] == remembered[2] == remembered[3]


@pytest.mark.parametrize("channel", CHANNELS)
def test_worth_by_hand(channel: int) -> None:
    """Liking 0.5 - 0.25 + benefit 0.8 + sanction 0.3 = 1.35, less the costs above, less fees at 0.3 a million, plus
    the norm of 0.8 over 0.5 but for a broker, plus credit at an event."""
    by_hand = {
        ONLINE: 1.35 - 0.9 - 0.3 - 0.525 - 0.15 + 0.3,
        COUNTER: 1.35 - 0.6 - 1.0 - 1.05 - 0.15 + 0.3,
        BROKER: 1.35 - 0.0 - 0.1 - 0.315 - 0.75,
        EVENT: 1.35 - 0.18 - 0.2 - 0.525 - 0.15 + 0.3 + 0.3,
    }
    assert worth(channel) == pytest.approx(by_hand[channel], rel=1e-12)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("weight", "cost"),
    [
        ("w_learning", lambda c: learning_cost(c, 0.4, 0.7)),
        ("w_compliance", lambda c: compliance_cost(c, 1)),
        ("w_psychological", lambda c: psychological_cost(c, 0.55, 2, 0.3)),
        ("w_fee", lambda c: 2.5 if c == BROKER else 0.5),
        ("w_norm", lambda c: 0.0 if c == BROKER else -0.3),
    ],
)
def test_each_cost_enters_once(channel: int, weight: str, cost: object) -> None:
    """One more of its weight takes exactly the cost from the worth."""
    fallen = worth(channel) - worth(channel, **{weight: PERSON[weight] + 1.0})
    assert fallen == pytest.approx(cost(channel), abs=1e-12)  # type: ignore[operator]


@given(UNIT, UNIT, st.integers(0, 1), UNIT, st.integers(0, 5), st.floats(0.0, 1.0))
def test_an_event_near_home_is_never_dearer_than_the_counter(
    knowledge: float, literacy: float, at_work: int, trust: float, rejections: int, memory: float
) -> None:
    for event, counter in (
        (learning_cost(EVENT, knowledge, literacy), learning_cost(COUNTER, knowledge, literacy)),
        (psychological_cost(EVENT, trust, rejections, memory), psychological_cost(COUNTER, trust, rejections, memory)),
    ):
        assert event <= counter
    assert compliance_cost(EVENT, at_work) < compliance_cost(COUNTER, at_work)
    person = {"knowledge": knowledge, "at_work": at_work, "trust": trust, "rejections": rejections, "memory": memory}
    assert worth(EVENT, **person) > worth(COUNTER, **person)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("what", ["knowledge", "literacy", "trust", "benefit", "sanction"])
@given(low=st.floats(0.0, 0.9), step=st.floats(0.01, 0.1))
def test_worth_never_falls_with_what_lowers_a_cost(channel: int, what: str, low: float, step: float) -> None:
    assert worth(channel, **{what: low + step}) >= worth(channel, **{what: low})


def test_threat_of_sanction_by_hand() -> None:
    """The yearly chance of detection while works go on, certainty after a notice, else nothing."""
    assert threat(0, 0, 0.2) == 0.0
    assert threat(1, 0, 0.2) == pytest.approx(1.0 - math.exp(-0.2), rel=1e-15)
    assert threat(1, 1, 0.2) == threat(0, 1, 0.2) == 1.0


# -- tastes


def test_taste_is_the_gumbel_quantile() -> None:
    assert taste(math.exp(-1.0)) == pytest.approx(0.0, abs=1e-15)
    assert taste(0.5) == pytest.approx(-math.log(math.log(2.0)), rel=1e-15)
    assert taste(math.exp(-math.exp(2.0))) == pytest.approx(-2.0, rel=1e-12)


def test_taste_of_the_extreme_draws_is_finite_and_in_order() -> None:
    draws = [0.0, 1e-300, 2.0**-53, 0.1, 0.5, 0.9, math.nextafter(1.0, 0.0)]
    found = [taste(draw) for draw in draws]
    assert all(math.isfinite(one) for one in found)
    assert all(low <= high for low, high in pairwise(found))


def test_mean_taste_is_eulers_constant() -> None:
    """Variance pi^2 / 6; a deviation of 0.04 would be found; false-positive rate 1e-6."""
    tastes = [taste(uniform(5, 0, 34, who, 0, 2)) for who in range(60_000)]
    assert_mean(tastes, float(np.euler_gamma), sd=math.pi / math.sqrt(6.0), detect=0.04)


def test_the_best_channel_follows_the_logit_shares() -> None:
    """With Gumbel tastes P(best = c) = exp(v_c) / sum exp(v): found within 0.02; false-positive rate 1e-6."""
    plain, n = {ONLINE: 0.4, COUNTER: 0.0, BROKER: -0.7}, 40_000
    best = [max(plain, key=lambda c: plain[c] + taste(uniform(6, 0, 34, who, 0, c))) for who in range(n)]
    total = sum(math.exp(value) for value in plain.values())
    for channel, value in plain.items():
        assert_share(best.count(channel), n, math.exp(value) / total, detect=0.02)


@given(st.floats(-60.0, 60.0), st.floats(0.3, 2.0))
def test_keenness_is_exponential_within_its_bounds(best: float, sensitivity: float) -> None:
    assert keenness(0.0, sensitivity) == 1.0
    assert math.exp(-30.0) <= keenness(best, sensitivity) <= math.exp(30.0)
    if abs(best * sensitivity) < 30.0:
        assert keenness(best, sensitivity) == pytest.approx(math.exp(best * sensitivity), rel=1e-14)


# -- prompts


@pytest.mark.parametrize(("effect", "acts"), [("information_effect", 0.068), ("assistance_effect", 0.166)])
def test_a_prompt_makes_an_average_person_act_with_its_measured_effect(effect: str, acts: float) -> None:
    """E17: help acts twice as much on applying as on being granted. The hidden threshold is crossed exactly below
    that draw."""
    level = prompt_hazard(default(effect) * default("apply_over_receive"))
    added = prompted(level, 0.0, 1.0, default("attention_cap"))
    assert 1.0 - math.exp(-added) == pytest.approx(acts, rel=1e-12)
    assert waited(acts - 1e-9) < added < waited(acts + 1e-9)
    assert waited(0.0) < added < waited(math.nextafter(1.0, 0.0))


def test_a_stronger_prompt_replaces_the_weaker_one_of_the_same_event() -> None:
    weak, strong = prompt_hazard(0.068), prompt_hazard(0.166)
    assert weak + prompted(strong, weak, 1.0, 4.0) == pytest.approx(strong, rel=1e-15)
    assert prompted(weak, strong, 1.0, 4.0) == 0.0
    assert prompted(strong, strong, 1.0, 4.0) == 0.0


@given(UNIT, st.floats(0.0, 20.0))
def test_attention_is_capped(level: float, relative: float) -> None:
    assert prompted(level, 0.0, relative, 4.0) == level * min(relative, 4.0)


def test_no_effect_is_no_hazard() -> None:
    assert prompt_hazard(0.0) == 0.0
