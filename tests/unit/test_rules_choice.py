"""Acting on a need: costs by hand, each entering once; tastes with closed shares; prompts with their effects;
attempts against simulated chains."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keliling.sim.parameters import register
from keliling.sim.rng import uniform
from keliling.sim.rules.choice import (
    BROKER,
    CHOOSING,
    COUNTER,
    ELSEWHERE,
    EVENT,
    GIVES_UP,
    ONLINE,
    TRIES_LATER,
    WAIT,
    after_failure,
    attempt_failure,
    channel_value,
    compliance_cost,
    credit,
    filed_chance,
    filing_delay,
    gathered,
    help_prompt,
    keenness,
    learning_cost,
    next_look,
    own_days,
    own_rate,
    prompt_hazard,
    prompted,
    psychological_cost,
    taste,
    threat,
    within_quarter,
)
from keliling.sim.rules.influence import waited
from tests.statistics import assert_mean, assert_share

CHANNELS = (ONLINE, COUNTER, BROKER, EVENT)
UNIT = st.floats(0.0, 1.0)
BELOW_1 = math.nextafter(1.0, 0.0)
WEIGHTS = {
    "weight_learning": 1.0, "weight_compliance": 1.0, "weight_psychological": 1.0, "weight_fee": 0.3,
    "weight_norm": 1.0, "rejection_memory": 0.3, "learning_event": 0.3, "compliance_online": 0.3,
    "compliance_counter": 0.6, "compliance_at_work": 0.4, "compliance_broker": 0.1, "compliance_event": 0.2,
    "burden_online": 0.5, "burden_broker": 0.3, "burden_event": 0.5,
}  # fmt: skip
PERSON = {
    "liking": 0.5, "constant": -0.25, "benefit": 0.8, "sanction": 0.3, "knowledge": 0.4, "literacy": 0.7, "at_work": 1,
    "trust": 0.55, "remembered": 2.0, "norm": 0.8, "fee": 0.5, "broker_fee": 2.0, "credit": 0.3,
}  # fmt: skip


def choosing(**changed: float) -> tuple[float, ...]:
    """Weights and costs of channels as rules receive them."""
    held = WEIGHTS | changed
    return tuple(held[name] for name in CHOOSING)


def worth(channel: int, **changed: float) -> float:
    person = {name: changed.pop(name, value) for name, value in PERSON.items()}
    return channel_value(channel, *person.values(), choosing(**changed))


def default(name: str) -> float:
    return float(register()[name].default)


def test_codes_of_the_channels_are_fixed() -> None:
    """They stand in the columns of the World."""
    assert (WAIT, ONLINE, COUNTER, BROKER, EVENT) == (0, 1, 2, 3, 4)


# -- costs


def test_every_weight_and_cost_of_a_channel_is_a_parameter_with_its_own_place() -> None:
    """The default of each is the value by hand below, so the order of the tuple is tested through them."""
    assert set(CHOOSING) == set(WEIGHTS)
    assert len(CHOOSING) == len(WEIGHTS) == 15
    assert {name: default(name) for name in CHOOSING} == WEIGHTS


@pytest.mark.parametrize(
    ("channel", "learning", "at_home", "at_work", "psychological"),
    [(ONLINE, 0.9, 0.3, 0.3, 0.525), (COUNTER, 0.6, 0.6, 1.0, 1.05), (BROKER, 0.0, 0.1, 0.1, 0.315),
     (EVENT, 0.18, 0.2, 0.2, 0.525)],
)  # fmt: skip
def test_costs_by_hand(channel: int, learning: float, at_home: float, at_work: float, psychological: float) -> None:
    """Knowledge 0.4, literacy 0.7, trust 0.55, two rejections remembered at 0.3 each: a burden of 1.05."""
    assert learning_cost(channel, 0.4, 0.7, choosing()) == pytest.approx(learning, rel=1e-14)
    assert compliance_cost(channel, 0, choosing()) == at_home
    assert compliance_cost(channel, 1, choosing()) == at_work
    assert psychological_cost(channel, 0.55, 2.0, choosing()) == pytest.approx(psychological, rel=1e-14)


MOVED = {  # by how much more worth falls when one parameter is higher by 1, for the person above, channel by channel
    "weight_learning": {ONLINE: 0.9, COUNTER: 0.6, BROKER: 0.0, EVENT: 0.18},
    "weight_compliance": {ONLINE: 0.3, COUNTER: 1.0, BROKER: 0.1, EVENT: 0.2},
    "weight_psychological": {ONLINE: 0.525, COUNTER: 1.05, BROKER: 0.315, EVENT: 0.525},
    "weight_fee": {ONLINE: 0.5, COUNTER: 0.5, BROKER: 2.5, EVENT: 0.5},
    "weight_norm": {ONLINE: -0.3, COUNTER: -0.3, BROKER: 0.0, EVENT: -0.3},
    "rejection_memory": {ONLINE: 1.0, COUNTER: 2.0, BROKER: 0.6, EVENT: 1.0},
    "learning_event": {EVENT: 0.6},
    "compliance_online": {ONLINE: 1.0},
    "compliance_counter": {COUNTER: 1.0},
    "compliance_at_work": {COUNTER: 1.0},
    "compliance_broker": {BROKER: 1.0},
    "compliance_event": {EVENT: 1.0},
    "burden_online": {ONLINE: 1.05},
    "burden_broker": {BROKER: 1.05},
    "burden_event": {EVENT: 1.05},
}


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", CHOOSING)
def test_each_weight_and_cost_enters_once_and_in_its_own_channels(channel: int, name: str) -> None:
    """One more of it takes exactly its cost from the worth, and nothing from other channels."""
    fallen = worth(channel) - worth(channel, **{name: WEIGHTS[name] + 1.0})
    assert fallen == pytest.approx(MOVED[name].get(channel, 0.0), abs=1e-12)


@pytest.mark.parametrize("channel", CHANNELS)
def test_three_rejections_are_remembered_at_most(channel: int) -> None:
    """They fade, so any number may be remembered; beyond three more of them weigh no more."""
    remembered = [psychological_cost(channel, 0.55, n, choosing()) for n in (2.0, 2.9, 3.0, 3.1, 90.0)]
    assert remembered[0] < remembered[1] < remembered[2] == remembered[3] == remembered[4]
    half = psychological_cost(channel, 0.55, 0.5, choosing())
    none, one = (psychological_cost(channel, 0.55, n, choosing()) for n in (0.0, 1.0))
    assert half == pytest.approx((none + one) / 2.0, rel=1e-14)


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


@given(UNIT, UNIT, st.integers(0, 1), UNIT, st.floats(0.0, 5.0), UNIT)
def test_an_event_near_home_is_never_dearer_than_the_counter(
    knowledge: float, literacy: float, at_work: int, trust: float, remembered: float, memory: float
) -> None:
    """At the register's defaults, and while its learning costs and burden are no more than the counter's."""
    numbers = choosing(rejection_memory=memory)
    learning = [learning_cost(channel, knowledge, literacy, numbers) for channel in (EVENT, COUNTER)]
    burden = [psychological_cost(channel, trust, remembered, numbers) for channel in (EVENT, COUNTER)]
    assert learning[0] <= learning[1]
    assert burden[0] <= burden[1]
    assert compliance_cost(EVENT, at_work, numbers) < compliance_cost(COUNTER, at_work, numbers)
    person = {"knowledge": knowledge, "at_work": at_work, "trust": trust, "remembered": remembered}
    assert worth(EVENT, **person, rejection_memory=memory) > worth(COUNTER, **person, rejection_memory=memory)


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


# -- own initiative


def test_own_rate_by_hand() -> None:
    """Nothing from who does not know, all of it from who does, a share of it where an obstacle stands."""
    assert own_rate(0.004, 2.5, 1, 0, 0.2) == 0.01
    assert own_rate(0.004, 2.5, 1, 1, 0.2) == pytest.approx(0.002, rel=1e-15)
    assert own_rate(0.004, 2.5, 0, 0, 0.2) == own_rate(0.004, 2.5, 0, 1, 0.2) == 0.0


@given(st.floats(0.0, 1.0), st.floats(0.0, 50.0), st.integers(0, 1), st.integers(0, 1))
def test_hesitation_of_one_is_none_and_of_zero_never_starts(base: float, keen: float, aware: int, stuck: int) -> None:
    assert own_rate(base, keen, aware, stuck, 1.0) == own_rate(base, keen, aware, 0, 0.3)
    assert own_rate(base, keen, aware, 1, 0.0) == 0.0


# -- prompts


@pytest.mark.parametrize("acts", [0.0, 1e-9, 0.0339, 0.0831, 0.69, 0.9])
def test_a_prompt_makes_an_average_person_act_with_its_effect(acts: float) -> None:
    """The hidden threshold is crossed exactly below that draw: not by the draw that is as high."""
    added = prompted(prompt_hazard(acts), 1.0, default("attention_cap"))
    assert 1.0 - math.exp(-added) == pytest.approx(acts, rel=1e-9)
    assert waited(acts * (1.0 - 1e-6)) <= added <= waited(acts * (1.0 + 1e-6))
    assert waited(BELOW_1) > added


def test_no_effect_is_no_hazard() -> None:
    assert prompt_hazard(0.0) == 0.0
    assert prompted(0.0, 3.0, 4.0) == 0.0


@given(st.floats(0.0, 3.0), st.floats(0.0, 20.0))
def test_attention_is_capped(level: float, relative: float) -> None:
    assert prompted(level, relative, 4.0) == level * min(relative, 4.0)
    assert prompted(level, math.nextafter(4.0, 0.0), 4.0) <= prompted(level, 4.0, 4.0) == prompted(level, 4.5, 4.0)


@pytest.mark.parametrize(
    ("days", "strength"), [(0, 0.0), (1, 0.0), (251, 0.0), (252, 0.09), (253, 0.09), (10**9, 0.09)]
)
def test_a_second_visit_within_the_memory_prompts_no_more(days: int, strength: float) -> None:
    assert help_prompt(0.09, days, 252) == strength


# -- attempts that fail


@pytest.mark.parametrize(
    ("channel", "literacy", "skill", "fails"),
    [(ONLINE, 0.63, 0.0, 0.2), (ONLINE, 0.0, 0.0, 0.4), (ONLINE, 0.63, 1.0, 0.2), (ONLINE, 1.26, 0.0, 0.0),
     (COUNTER, 0.1, 0.0, 0.05), (COUNTER, 0.9, 0.4, 0.03), (COUNTER, 0.1, 1.0, 0.0), (BROKER, 0.0, 0.0, 0.0),
     (EVENT, 0.0, 0.0, 0.0)],
)  # fmt: skip
def test_failing_attempts_by_hand(channel: int, literacy: float, skill: float, fails: float) -> None:
    """Online the form fails twice as often at no literacy, whoever checked the papers; at the counter a list of
    requirements turns one away, less so with checked papers; a broker files, and so does who is at an event."""
    assert attempt_failure(channel, 0.2, 0.05, literacy, 0.63, skill) == pytest.approx(fails, rel=1e-14)


@given(UNIT, UNIT, st.floats(0.5, 0.7), UNIT)
def test_failing_is_a_probability_and_online_never_certain(
    online: float, literacy: float, mean: float, skill: float
) -> None:
    assert 0.0 <= attempt_failure(ONLINE, online, 0.2, literacy, mean, skill) <= 0.95
    assert attempt_failure(ONLINE, 0.6, 0.2, 0.0, mean, skill) == 0.95
    less, more = (attempt_failure(ONLINE, online, 0.2, min(literacy + step, 1.0), mean, skill) for step in (0.1, 0.0))
    assert less <= more


@pytest.mark.parametrize(
    ("draw", "what"),
    [(0.0, GIVES_UP), (math.nextafter(0.2, 0.0), GIVES_UP), (0.2, TRIES_LATER), (math.nextafter(0.44, 0.0), TRIES_LATER),
     (0.44, ELSEWHERE), (BELOW_1, ELSEWHERE)],
)  # fmt: skip
def test_what_follows_a_failure_at_its_edges(draw: float, what: int) -> None:
    """0.2 give up; of the other 0.8 three in ten, 0.24, try later; the rest go elsewhere."""
    assert after_failure(draw, 0.2, 0.3) == what


@pytest.mark.parametrize(
    ("gives_up", "later", "expected"), [(0.0, 0.0, ELSEWHERE), (1.0, 0.5, GIVES_UP), (0.0, 1.0, TRIES_LATER)]
)
@pytest.mark.parametrize("draw", [0.0, 0.5, BELOW_1])
def test_a_certain_outcome_of_failing_is_that_of_every_draw(
    gives_up: float, later: float, expected: int, draw: float
) -> None:
    assert after_failure(draw, gives_up, later) == expected


def simulated(failure: float, then: float, gives_up: float, later: float, source: random.Random) -> bool:
    """Whether somebody who acts comes to file: attempts at the best channel and, once gone elsewhere, at the next."""
    chance = failure
    while source.random() < chance:
        if source.random() < gives_up:
            return False
        if chance == failure and source.random() >= later:
            chance = then
    return True


@pytest.mark.parametrize(
    "world",
    [
        (0.2, 0.05, 0.2, 0.3),
        (0.95, 0.2, 0.6, 0.0),
        (0.6, 0.0, 0.05, 0.8),
        (0.0, 0.2, 0.5, 0.5),
        (0.95, 0.95, 0.05, 0.8),
    ],
)
def test_the_chance_of_filing_is_that_of_simulated_attempts(world: tuple[float, float, float, float]) -> None:
    """40,000 chains find 0.02; false-positive rate 1e-6."""
    source, n = random.Random(str(world)), 40_000
    filed = sum(simulated(*world, source) for _ in range(n))
    expected = filed_chance(*world)
    if expected == 1.0:
        assert filed == n
    else:
        assert_share(filed, n, expected, detect=0.02)


@given(*[st.floats(0.0, 0.95) for _ in range(2)], st.floats(0.05, 0.6), st.floats(0.0, 0.8))
def test_the_chance_of_filing_is_the_sum_over_all_ways(
    failure: float, then: float, gives_up: float, later: float
) -> None:
    """Enumerated to the two-hundredth attempt: n failures and tries later at the best channel, then m elsewhere."""
    goes_on, total = 1.0 - gives_up, 0.0
    reached = 1.0  # the n-th attempt at the best channel
    for _ in range(200):
        total += reached * (1.0 - failure)
        there = reached * failure * goes_on * (1.0 - later)
        for _ in range(200):
            total += there * (1.0 - then)
            there *= then * goes_on
        reached *= failure * goes_on * later
    # Of the attempts left out no more than (0.95 x 0.95)^200 are there.
    assert filed_chance(failure, then, gives_up, later) == pytest.approx(total, rel=1e-7)


def test_the_chance_of_filing_at_its_edges() -> None:
    assert filed_chance(0.0, 0.5, 0.5, 0.5) == 1.0
    assert filed_chance(0.5, 0.5, 0.0, 0.3) == pytest.approx(1.0, rel=1e-14)
    assert filed_chance(0.5, 0.5, 1.0, 0.3) == 0.5


@pytest.mark.parametrize(("failure", "later", "gives_up", "retry"), [(0.2, 0.3, 0.2, 21.0), (0.9, 0.8, 0.05, 63.0)])
def test_the_delay_of_filing_is_that_of_simulated_days(
    failure: float, later: float, gives_up: float, retry: float
) -> None:
    """Acting falls at any time of its day, and is done at its end; after the first failure one comes again a day later
    elsewhere, or some days later, or never. Found within 6% of the spread; false-positive rate 1e-6."""
    source, n = random.Random(f"{failure} {retry}"), 40_000
    days = []
    for _ in range(n):
        waited_days = 1.0 - source.random()
        if source.random() < failure and source.random() >= gives_up:
            tries = 1
            if source.random() < later:
                while source.random() >= 1.0 / retry:
                    tries += 1
            waited_days += tries
        days.append(waited_days)
    spread = float(np.std(days))
    assert_mean(days, filing_delay(failure, later, gives_up, retry), detect=0.06 * spread)


def test_without_failures_filing_waits_for_the_end_of_the_day() -> None:
    assert filing_delay(0.0, 0.3, 0.2, 21.0) == 0.5
    assert filing_delay(0.4, 0.3, 1.0, 21.0) == 0.5


# -- when a need is looked at next


@pytest.mark.parametrize(
    ("aware", "others", "day"),
    [(1, {}, 121), (0, {}, 150), (0, {"learns": 90}, 140), (1, {"due": 110}, 110), (1, {"ends": 105}, 105),
     (1, {"works_until": 104}, 104), (1, {"patrol_day": 103}, 103), (1, {"ends": 100}, 121), (1, {"patrol_day": -1}, 121)],
)  # fmt: skip
def test_a_need_is_looked_at_next_when_something_may_happen(aware: int, others: dict[str, int], day: int) -> None:
    """After day 100: who knows has the monthly day 121, who does not learns on day 150; what is past does not count."""
    happens = {"due": 400, "monthly": 121, "learns": 150, "ends": 500, "works_until": 140, "patrol_day": -1} | others
    if day > 140:
        happens["works_until"] = -1
    due = happens.pop("due")
    assert next_look(100, due, aware, *happens.values()) == day


def test_credit_is_worth_something_only_where_the_bank_attends_and_the_permit_opens_it() -> None:
    assert [credit(0.8, opens, attends) for opens in (0, 1) for attends in (0, 1)] == [0.0, 0.0, 0.0, 0.8]


# -- filed within a quarter anyway


@pytest.mark.parametrize(
    ("learns", "day", "plain_rate", "days"),
    [(0, 100, 0.01, 63.0), (500, 100, 0.01, 63.0), (100, 100, 0.0, 63.0), (90, 100, 0.0, 63.0), (130, 100, 0.0, 33.0),
     (163, 100, 0.0, 0.0), (1_000_000, 100, 0.0, 0.0)],
)  # fmt: skip
def test_own_days_of_a_quarter_by_hand(learns: int, day: int, plain_rate: float, days: float) -> None:
    """All of it for who knew before the event; for others those after the day on which they would have learnt."""
    assert own_days(learns, day, plain_rate) == days


@pytest.mark.parametrize(
    ("learns", "by_event"), [(-5, 0.0), (100, 0.0), (104, 0.5), (116, 2.0), (120, 2.0), (1_000_000, 2.0)]
)
def test_hazard_counts_as_an_event_s_until_the_holder_would_have_known(learns: int, by_event: float) -> None:
    """From day 100 to 116 at 1/8 a day."""
    assert gathered(1 / 8, 100, 116, learns) == (2.0, by_event)


def test_within_a_quarter_at_its_edges() -> None:
    """63 days at 1/64 a day: a threshold of exactly that, or below, would have been reached; the next float would not."""
    assert within_quarter(0.0, 1 / 64, 63.0, 63 / 64)
    assert not within_quarter(0.0, 1 / 64, 63.0, math.nextafter(63 / 64, 1.0))
    assert within_quarter(0.25, 1 / 64, 48.0, 1.0)
    assert not within_quarter(0.25, 1 / 64, 47.0, 1.0)
    assert within_quarter(0.0, 0.0, 63.0, 0.0)
