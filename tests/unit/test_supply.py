"""What is solved of co-production gives what it was solved for, under the base account and under others."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from keliling.sim.beginning import Beginning, begin
from keliling.sim.errors import Infeasible
from keliling.sim.scenario import load

Floats = NDArray[np.float64]
SIZE = 0.05
ACCOUNTS = ("two-types", "mixed", "intrinsic-only", "social-only", "normative-only", "crowding-out", "no-motivation")


def chance(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def begun(account: str = "two-types", **values: float) -> Beginning:
    return begin(load("kebon-jeruk-2019", size=SIZE, hypothesis=account, **values), 1, 0)


def willing(one: Beginning, thanked: float = 0.0, training: float = 4.0, pay: float = 0.0) -> Floats:
    """Willingness of all heads with the intercept, for types as drawn, by whole columns."""
    people, p = one.ground.population, one.ground.reference
    heads = np.concatenate([people.rw_head, people.rt_head])
    odds = np.log(people.intrinsic / (1.0 - people.intrinsic))
    stock = sum(
        getattr(p, f"{permit.name}_stock") * np.sum(one.ground.pairs.permit == number)
        for number, permit in enumerate(one.ground.permits)
    )
    need = stock / people.rw_head.size
    need = need / (need + p.need_half)
    felt = np.zeros(people.key.size)
    for weight, motive, now, times in (
        (p.weight_intrinsic, people.intrinsic, chance(odds + thanked * p.motive_sd), 1.0),
        (p.weight_social, people.social, people.social, 0.5),
        (p.weight_normative, people.normative, people.normative, need),
        (p.weight_efficacy, people.efficacy, people.efficacy, 1.0),
    ):
        felt += weight * times * (now - motive.mean()) / motive.std()
    tired = p.weight_hours * 3.0 / people.free_hours
    flexible = p.weight_flexible * felt + p.weight_means * (0.25 + training / 16.0) + pay
    return np.asarray((np.where(people.decisive == 1, felt, flexible) - tired)[heads] + one.supply.intercept)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_account_has_heads_that_accept_and_work_alike(account: str) -> None:
    one = begun(account)
    eta = willing(one)
    accept = chance(eta)
    assert accept.mean() == pytest.approx(0.6, abs=1e-9)
    effort = chance(eta - one.supply.intercept + one.supply.effort)
    assert effort @ accept / accept.sum() == pytest.approx(0.7, abs=1e-9)
    thanked = willing(one, thanked=0.33)
    accept = chance(thanked)
    assert thanked @ accept / accept.sum() == pytest.approx(one.supply.willing_at_base, abs=1e-9)


def test_other_accounts_keep_what_is_solved_under_the_base_account() -> None:
    base = begun().supply.measured
    for account in ACCOUNTS[1:]:
        other = begun(account).supply.measured
        assert other[1:4] == pytest.approx(base[1:4], abs=1e-12)
        assert other.pay_at_ten == (0.0 if account == "no-motivation" else pytest.approx(base.pay_at_ten, abs=1e-12))


def both_types(one: Beginning, **changed: float) -> tuple[Floats, Floats]:
    """Willingness of the heads were all decisive, and were all flexible, under the base account."""
    people = one.ground.population
    found = []
    for decisive in (1, 0):
        column = np.full_like(people.decisive, decisive)
        ground = type(one.ground)(people._replace(decisive=column), *vars_of(one))
        found.append(willing(one._replace(ground=ground), **changed))
    return found[0], found[1]


def vars_of(one: Beginning) -> tuple[object, ...]:
    ground = one.ground
    return ground.pairs, ground.permits, ground.equilibrium, ground.reference


def test_pay_draws_as_many_heads_as_was_measured() -> None:
    """At ten euros six points over both types, which feel it by half; the intercept is that of the base account."""
    one = begun()
    share = one.ground.reference.share_decisive

    def accepting(pay: float, level: float) -> float:
        decisive, flexible = (eta - one.supply.intercept + level for eta in both_types(one, pay=pay))
        return float(share * chance(decisive).mean() + (1.0 - share) * chance(flexible).mean())

    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if accepting(0.0, middle) < 0.6 else (low, middle)
    assert accepting(one.supply.measured.pay_at_ten, low) == pytest.approx(0.66, abs=1e-9)


@pytest.mark.parametrize("kappa", [0.0, 1.0, 3.0])
def test_odds_of_leaving_are_in_all_what_was_measured(kappa: float) -> None:
    """Of accepting heads 20% leave; unthanked and untrained their odds are 2 and 4 times that, whatever motives carry."""
    one = begun(leaving_kappa=kappa)
    solved, share = one.supply.measured, one.ground.reference.share_decisive
    parts = np.concatenate([np.full(1, share), np.full(1, 1.0 - share)])

    def level_for(wanted: float) -> float:
        low, high = -10.0, 10.0
        for _ in range(60):
            middle = (low + high) / 2.0
            both = both_types(one)
            mean = sum(
                p * chance(eta - one.supply.intercept + middle).mean() for p, eta in zip(parts, both, strict=True)
            )
            low, high = (middle, high) if mean < wanted else (low, middle)
        return low

    level = level_for(0.6)

    def state(**changed: float) -> Floats:
        return np.concatenate([eta - one.supply.intercept + level for eta in both_types(one, **changed)])

    base = state(thanked=0.33)
    weight = np.repeat(parts, base.size // 2) * chance(base)
    mean = base @ weight / weight.sum()

    def leave(etas: Floats, direct: float) -> float:
        return float(chance(solved.leaves + direct - kappa * (etas - mean)) @ weight / weight.sum())

    def odds(p: float) -> float:
        return p / (1.0 - p)

    assert leave(base, 0.0) == pytest.approx(0.2, abs=1e-9)
    assert odds(leave(state(), solved.without_thanks)) == pytest.approx(2.0 * 0.25, abs=1e-8)
    assert odds(leave(state(thanked=0.33, training=0.0), solved.without_training)) == pytest.approx(
        2.0 * 0.25, abs=1e-8
    )
    if kappa == 0.0:
        assert (solved.without_thanks, solved.without_training) == pytest.approx((math.log(2.0), math.log(2.0)))
        assert solved.carried == (0.0, 0.0)
    else:
        assert 0.0 < solved.carried[1] < solved.carried[0] < 1.0


def test_what_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(Infeasible, match=r"unthanked_odds: motives alone .* more than 1 times"):
        begun(unthanked_odds=1.0)
    with pytest.raises(Infeasible, match=r"pay_effect: 40 points cannot come from the 20% of heads whom pay moves"):
        load_with_pay()


def load_with_pay() -> Beginning:
    from keliling.sim.hypothesis import Hypothesis

    account = Hypothesis("odd", "", "", {"pay_effect": 0.4})
    scenario = load("kebon-jeruk-2019", size=SIZE, share_decisive=0.8).with_(hypothesis=account)
    return begin(scenario, 1, 0)
