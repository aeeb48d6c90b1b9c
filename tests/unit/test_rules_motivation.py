"""Why residents co-produce: worked answers, edges of the joining draw, and the identities of motives and leaving."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keliling.sim.parameters import register
from keliling.sim.rules import motivation
from keliling.sim.rules.motivation import (
    after_event,
    filled,
    hours_a_week,
    joins,
    leaving_odds,
    logistic,
    logit,
    means,
    monthly_hazard,
    moved,
    pay_felt,
    perceived_need,
    shifts,
    skill_gained,
    willingness,
)

UNIT = st.floats(0.0, 1.0)
BASE = (*(float(register()[name].default) for name in motivation.WEIGHTS[:-1]), 4.0)
PERSON = {
    "intrinsic": 3.2, "social": 2.5, "normative": 3.0, "efficacy": 3.5, "decisive": 1, "need": 0.5, "company": 0.4,
    "means": 0.5, "stake": 1, "delays": 0.25, "fatigue": 0.3, "hours": 0.25, "pay": 0.2,
}  # fmt: skip
ORDER = tuple(PERSON)


def willing(weights: tuple[float, ...] = BASE, **changed: float) -> float:
    person = PERSON | changed
    return willingness(*(person[name] for name in ORDER), weights)


def with_weight(place: int, value: float, weights: tuple[float, ...] = BASE) -> tuple[float, ...]:
    return (*weights[:place], value, *weights[place + 1 :])


# -- the logit scale


def test_logistic_and_logit_known_answers() -> None:
    assert logistic(0.0) == 0.5
    assert logistic(math.log(3.0)) == pytest.approx(0.75, rel=1e-15)
    assert logit(0.5) == 0.0
    assert logit(0.75) == pytest.approx(math.log(3.0), rel=1e-15)


def test_logistic_does_not_overflow_and_logit_stays_finite() -> None:
    assert (logistic(-800.0), logistic(800.0)) == (0.0, 1.0)
    assert logit(0.0) == pytest.approx(math.log(1e-9), abs=1e-7)
    assert logit(1.0) == pytest.approx(-math.log(1e-9), abs=1e-7)


@given(st.floats(-20.0, 20.0))
def test_logit_undoes_logistic_and_logistic_is_symmetric(x: float) -> None:
    assert logit(logistic(x)) == pytest.approx(x, abs=1e-6)
    assert logistic(-x) == pytest.approx(1.0 - logistic(x), abs=1e-15)


# -- willingness


def test_places_of_the_weights_follow_their_names() -> None:
    for place, name in enumerate(motivation.WEIGHTS):
        word = {"pay_erosion": "EROSION", "felt_level": "LEVEL"}.get(name, name.removeprefix("weight_").upper())
        assert getattr(motivation, word) == place


def test_willingness_of_the_decisive_type_by_hand() -> None:
    """1.0 x 3.2 + 0.8 x 3 x 0.5 + 0.2 x 2.5 x 0.4 + 0.6 x 3.5 = 6.7, less 4 of an average adult at base, 0.3 for
    fatigue and 0.25 for hours."""
    assert willing() == pytest.approx(2.15, rel=1e-12)
    assert willing(with_weight(motivation.EROSION, 0.5)) == pytest.approx(2.05, rel=1e-12)


def test_willingness_of_the_flexible_type_by_hand() -> None:
    """0.8 x 0.5 + 0.6 x 1 - 0.8 x 0.25 = 0.80, less 0.3 for fatigue and 0.25 for hours, and 0.2 for pay."""
    assert willing(decisive=0) == pytest.approx(0.45, rel=1e-12)
    half_felt = with_weight(motivation.FLEXIBLE, 0.1)
    assert willing(half_felt, decisive=0) == pytest.approx(0.45 + 0.27, rel=1e-12)


@pytest.mark.parametrize("what", ["means", "stake", "delays", "pay"])
@given(value=UNIT)
def test_the_situation_does_not_move_the_decisive_type(what: str, value: float) -> None:
    assert willing(**{what: value}) == willing()


@pytest.mark.parametrize("what", ["intrinsic", "social", "normative", "efficacy", "need", "company"])
@given(value=UNIT)
def test_prior_motives_do_not_move_the_flexible_type(what: str, value: float) -> None:
    """P12: the flexible type is not influenced by any prior motivation; not one bit."""
    assert willing(decisive=0, **{what: value}) == willing(decisive=0)


@pytest.mark.parametrize(
    ("decisive", "what", "sign"),
    [
        *((1, what, 1) for what in ("intrinsic", "social", "normative", "efficacy", "need", "company")),
        *((0, what, 1) for what in ("means", "stake", "pay")),
        (0, "delays", -1),
        *((kind, what, -1) for kind in (0, 1) for what in ("fatigue", "hours")),
    ],
)
@given(low=UNIT, step=st.floats(0.01, 1.0))
def test_willingness_moves_the_way_the_theory_says(
    decisive: int, what: str, sign: int, low: float, step: float
) -> None:
    assert sign * (willing(decisive=decisive, **{what: low + step}) - willing(decisive=decisive, **{what: low})) > 0.0


def test_normative_motivation_needs_a_need_and_social_motivation_needs_company() -> None:
    """Each product has no effect where its other factor is zero."""
    assert willing(need=0.0, normative=0.0) == willing(need=0.0, normative=1.0)
    assert willing(company=0.0, social=0.0) == willing(company=0.0, social=1.0)


@pytest.mark.parametrize(("hours", "access"), [(0.0, 0.25), (4.0, 0.5), (12.0, 1.0), (40.0, 1.0)])
def test_access_to_means_by_hand(hours: float, access: float) -> None:
    assert means(hours) == access


def test_joining_at_the_edges_of_its_draw() -> None:
    """At willingness 0 the probability is one half: 0.0 and the float below join, one half itself does not."""
    assert joins(0.0, 0.0)
    assert joins(0.0, math.nextafter(0.5, 0.0))
    assert not joins(0.0, 0.5)
    assert not joins(-800.0, 0.0)
    assert joins(800.0, math.nextafter(1.0, 0.0))


# -- pay


@pytest.mark.parametrize("pay", [0.0, 16.0, 32.0])
def test_pay_up_to_two_euros_does_nothing(pay: float) -> None:
    """E2: no bit of the willingness moves."""
    assert pay_felt(pay, 0.6) == 0.0


@pytest.mark.parametrize(("pay", "felt"), [(160.0, 0.6), (400.0, 0.6), (96.0, 0.3), (48.0, 0.075)])
def test_pay_is_felt_whole_at_ten_euros_and_is_linear_before(pay: float, felt: float) -> None:
    assert pay_felt(pay, 0.6) == pytest.approx(felt, rel=1e-12)


# -- motives that move


@given(UNIT)
def test_a_shift_of_nothing_changes_no_bit(motive: float) -> None:
    assert moved(motive, 0.0) == motive
    assert moved(motive, -0.0) == motive


def test_a_motive_moves_on_the_logit_scale() -> None:
    assert moved(0.5, math.log(3.0)) == pytest.approx(0.75, rel=1e-15)
    assert moved(0.75, -math.log(3.0)) == pytest.approx(0.5, rel=1e-15)


@given(UNIT, st.floats(-3.0, 3.0))
def test_a_motive_stays_within_0_and_1_and_moves_with_the_sign_of_the_shift(motive: float, shift: float) -> None:
    after = moved(motive, shift)
    assert 0.0 <= after <= 1.0
    if 1e-6 < motive < 1.0 - 1e-6 and abs(shift) > 1e-6:
        assert (after - motive) * shift > 0.0


@given(st.floats(0.01, 0.99), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_two_shifts_are_one_shift_by_their_sum(motive: float, one: float, other: float) -> None:
    assert moved(moved(motive, one), other) == pytest.approx(moved(motive, one + other), rel=1e-9)


def test_a_motive_fills_a_share_of_its_room_and_no_more() -> None:
    """On the logit scale half of what is left up to 0.5 above the start, then half of the rest; above it, nothing."""
    once = filled(0.5, 0.5, 0.5, 0.5)
    assert logit(once) == pytest.approx(0.25, rel=1e-9)
    assert logit(filled(once, 0.5, 0.5, 0.5)) == pytest.approx(0.375, rel=1e-9)
    assert filled(0.7, 0.5, 0.5, 0.5) == 0.7


def test_motives_rise_to_their_room_however_often_and_thanks_lift_that_of_intrinsic_motivation() -> None:
    """A thousand events: half a standard deviation above the start, with thanks 0.83, with tied pay too 0.47."""
    for thanks, pays, above in ((0, 0, 0.5), (1, 0, 0.83), (1, 1, 0.47), (0, 1, 0.14)):
        motives, thanked, paid = (0.5, 0.5, 0.5), 0, 0
        for _ in range(1000):
            moves = shifts(thanked, paid, thanks, pays, 0.33, -0.36)
            motives = after_event(motives, (0.5, 0.5, 0.5), (0.1, 0.01, 0.1), moves, 0.5, 2.0)
            thanked, paid = thanks, pays
        assert [logit(motive) for motive in motives] == pytest.approx([2.0 * above, 1.0, 1.0], abs=1e-3)


def test_thanks_and_tied_pay_move_once() -> None:
    assert shifts(0, 0, 1, 0, 0.33, -0.36) == (0.0, 0.33)
    assert shifts(1, 0, 1, 0, 0.33, -0.36) == (0.33, 0.0)
    assert shifts(1, 0, 0, 1, 0.33, -0.36) == (0.33, -0.36)
    assert shifts(1, 1, 1, 1, 0.33, -0.36) == (pytest.approx(-0.03), 0.0)


def test_perceived_need_by_hand() -> None:
    assert [perceived_need(known, 30.0) for known in (0.0, 30.0, 90.0)] == [0.0, 0.5, 0.75]


# -- hours, leaving and skill


def test_hours_given_are_a_share_of_those_asked_or_free() -> None:
    """One half at an effort of nothing, three quarters at ln 3."""
    assert hours_a_week(3.0, 12.0, 0.0) == 1.5
    assert hours_a_week(3.0, 2.0, math.log(3.0)) == pytest.approx(1.5, rel=1e-12)


def yearly(hazard: float) -> float:
    return 1.0 - math.exp(-12.0 * hazard)


@given(st.floats(0.05, 0.9))
def test_twelve_months_at_a_hazard_are_the_yearly_chance(chance: float) -> None:
    assert yearly(monthly_hazard(logit(chance))) == pytest.approx(chance, rel=1e-9)


def test_the_hazard_of_leaving_neither_overflows_nor_falls_below_nothing() -> None:
    assert monthly_hazard(-900.0) == 0.0
    assert monthly_hazard(900.0) == pytest.approx(2.5, rel=1e-6)


def test_log_odds_of_leaving_by_hand() -> None:
    """-1.4 + 0.6 + 1.3 - 0.5 x 0.8."""
    assert leaving_odds(-1.4, 1, 0.6, 1, 1.3, 0.5, 0.8) == pytest.approx(0.1, rel=1e-12)
    assert leaving_odds(-1.4, 0, 0.6, 0, 1.3, 0.0, 0.8) == -1.4


def test_skill_gained_by_hand() -> None:
    """Four hours of training at a tenth an hour fill 0.4 of the missing 0.6."""
    assert skill_gained(0.4, 0.4) == pytest.approx(0.64, rel=1e-15)
    assert skill_gained(0.4, 1.0) == skill_gained(0.4, 3.0) == 1.0
    assert skill_gained(0.4, 0.0) == 0.4
