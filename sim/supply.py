"""What is solved of co-production, so that heads accept, work, are drawn by pay and leave as was measured, at base.

Base is the register's levers, rested heads, an idle desk, no open need of one's own, the expected stock of open needs
and company of one half. Two things are solved for every account of willingness, so that all begin at one level: the
*intercept*, at which heads accept with ``invite_acceptance``, and the constant of *effort*, at which those who accept
give ``effort_share`` of the hours. The rest is solved under the base account (two types) and kept by every other, so
that a measured total can speak for an account or against it:

- the effect of *pay* on the logit, such that the acceptance of heads, all types together, rises by ``pay_effect``;
- the log odds of *leaving*, and what lack of thanks and of training add to them, such that over accepting heads,
  trained and thanked once, ``attrition`` leave in a year, and the odds rise by ``unthanked_odds`` and
  ``untrained_odds`` in all. Motives carry a part of these totals (``leaving_kappa``); the direct terms are the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.channels import column
from keliling.sim.errors import Infeasible
from keliling.sim.ground import Ground
from keliling.sim.parameters import defaults, namespace
from keliling.sim.rules import motivation
from keliling.sim.rules.motivation import COMPANY_AT_BASE, WEIGHTS, logistic
from keliling.sim.scenario import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rule = Callable[..., float]
HALVINGS = 60  # until the interval is narrower than a number's digits


class Measured(NamedTuple):
    """What is solved under the base account for every other, all on the logit scale."""

    pay_at_ten: float  # effect of EUR 10 an hour
    leaves: float  # log odds of leaving within a year, of accepting heads at base
    without_thanks: float
    without_training: float
    carried: tuple[float, float]  # share of the logs of the two odds ratios that motives carry


class Supply(NamedTuple):
    """What is solved, all on the logit scale; ``measured`` is the same under every account."""

    intercept: float
    effort: float  # constant of effort, beside willingness
    willing_at_base: float  # mean willingness of accepting heads, with the intercept
    measured: Measured


def felt_level(ground: Ground, p: SimpleNamespace) -> float:
    """What the average adult feels at base (``motivation.felt_by``) at the weights of ``p``, on the logit scale."""
    mean, sd = ground.motives
    weights = _plain_weights(p)
    intrinsic, social, normative, efficacy = (mean / sd).tolist()
    need = need_at_base(ground, p)
    felt: float = motivation.felt_by(intrinsic, social, normative, efficacy, need, COMPANY_AT_BASE, weights)
    return felt


def need_at_base(ground: Ground, p: SimpleNamespace) -> float:
    """Perceived need of the average RW with the expected stock of open needs, in [0, 1)."""
    stock = float(column(p, ground.permits, "stock") @ ground.holders)
    need: float = motivation.perceived_need(stock / ground.population.rw_head.size, p.need_half)
    return need


def weights_of(p: SimpleNamespace) -> tuple[float, ...]:
    """Weights of willingness in the order of ``motivation.WEIGHTS``; ``p`` has the level as ``felt_level``."""
    return (*_plain_weights(p), float(p.felt_level))


def _plain_weights(p: SimpleNamespace) -> tuple[float, ...]:
    return tuple(float(getattr(p, name)) for name in WEIGHTS[:-1])


class _Heads(NamedTuple):
    """All heads at base under one account: how willing they are once thanked or not, trained or not."""

    rule: Rule
    weights: tuple[float, ...]
    row: Ints
    decisive: Ints
    part: Floats  # of all heads that each stands for
    ground: Ground

    def willing(self, *, thanked: bool, trained: bool) -> Floats:
        """Willingness of each head without the intercept."""
        population, p = self.ground.population, self.ground.reference
        _mean, sd = self.ground.motives
        shift = p.thanks_effect * p.motive_sd if thanked else 0.0
        means = motivation.means(p.training_hours if trained else 0.0)
        need = need_at_base(self.ground, p)
        return np.array([
            self.rule(
                motivation.moved(population.intrinsic.item(row), shift) / sd.item(0),
                population.social.item(row) / sd.item(1),
                population.normative.item(row) / sd.item(2),
                population.efficacy.item(row) / sd.item(3),
                decisive,
                need,
                COMPANY_AT_BASE,
                means,
                0,
                0.0,
                0.0,
                p.coproducer_hours / population.free_hours.item(row),
                0.0,
                self.weights,
            )
            for row, decisive in zip(self.row.tolist(), self.decisive.tolist(), strict=True)
        ])  # fmt: skip


def supply(scenario: Scenario, ground: Ground, willingness: Rule) -> Supply:
    """What is solved for a scenario's account, whose rule ``willingness`` is; kept with the ground.

    Raises Infeasible, by the name of the parameter, where nothing gives what it says.
    """
    known_by = scenario.hypothesis.name, scenario.hypothesis.source
    if known_by not in ground.supplies:
        ground.supplies[known_by] = _solve(ground, willingness, measured(scenario, ground))
    found: Supply = ground.supplies[known_by]
    return found


def measured(scenario: Scenario, ground: Ground) -> Measured:
    """What is solved under the base account: no rule of a user's own is called. Raises Infeasible."""
    base = _base_account(scenario, ground)
    intercept = _intercept(base)
    leaves, without_thanks, without_training, carried = _leaving(base, intercept)
    return Measured(_pay(base, intercept), leaves, without_thanks, without_training, carried)


def _solve(ground: Ground, willingness: Rule, kept: Measured) -> Supply:
    p, row = ground.reference, _rows(ground)
    weights = (*_plain_weights(p), felt_level(ground, p))
    part = np.full(row.size, 1.0 / row.size)
    own = _Heads(willingness, weights, row, ground.population.decisive[row], part, ground)
    intercept = _intercept(own)
    rested = own.willing(thanked=False, trained=True)
    accept = own.part * _chance(intercept + rested)
    effort = _where(lambda x: _mean(_chance(x + rested), accept) - p.effort_share)
    thanked = intercept + own.willing(thanked=True, trained=True)
    return Supply(intercept, effort, _mean(thanked, own.part * _chance(thanked)), kept)


def _rows(ground: Ground) -> Ints:
    """Rows of all heads at the start."""
    return np.concatenate([ground.population.rw_head, ground.population.rt_head])


def _base_account(scenario: Scenario, ground: Ground) -> _Heads:
    """The same heads if they followed the base account: what a hypothesis sets is as the profile or register says.

    Types do not hang on motives, so each head stands for both, by their shares: in a small district luck could leave
    one of them without anybody.
    """
    row, plain = _rows(ground), defaults() | dict(scenario.profile.values)
    p = namespace(vars(ground.reference) | {name: plain[name] for name in scenario.hypothesis.overrides})
    decisive = np.repeat([1, 0], row.size)
    part = np.where(decisive == 1, p.share_decisive, 1.0 - p.share_decisive) / row.size
    weights = (*_plain_weights(p), felt_level(ground, p))
    return _Heads(motivation.willingness, weights, np.tile(row, 2), decisive, part, ground)


def _intercept(heads: _Heads) -> float:
    etas = heads.willing(thanked=False, trained=True)
    return _where(lambda x: float(heads.part @ _chance(x + etas)) - heads.ground.reference.invite_acceptance)


def _pay(heads: _Heads, intercept: float) -> float:
    """The effect of EUR 10 an hour on the logit of those whom pay moves: the flexible type."""
    p = heads.ground.reference
    if p.pay_effect == 0.0:
        return 0.0
    etas = intercept + heads.willing(thanked=False, trained=True)
    moved = heads.decisive == 0
    wanted = p.invite_acceptance + p.pay_effect
    low, high = (float(heads.part @ np.where(moved, end, _chance(etas))) for end in (0.0, 1.0))
    if not low < wanted < high:
        share = f"{heads.part @ moved:.0%} of heads"
        raise Infeasible(f"pay_effect: {100 * p.pay_effect:g} points cannot come from the {share} whom pay moves")
    return _where(lambda x: float(heads.part @ _chance(etas + x * moved)) - wanted)


def _leaving(heads: _Heads, intercept: float) -> tuple[float, float, float, tuple[float, float]]:
    """Log odds of leaving at base, what lack of thanks and of training add, and the shares that motives carry."""
    p = heads.ground.reference
    at_base = intercept + heads.willing(thanked=True, trained=True)
    weights = heads.part * _chance(at_base)
    mean = _mean(at_base, weights)

    def odds(etas: Floats, ratio: float) -> float:
        """Log odds beside willingness at which the odds of leaving, over all, are ``ratio`` times those at base."""
        wanted = ratio * p.attrition / (1.0 - p.attrition)
        return _where(lambda x: _mean(_chance(x - p.leaving_kappa * (etas - mean)), weights) - wanted / (1.0 + wanted))

    leaves = odds(at_base, 1.0)
    terms, carried = [], []
    for name, state in (
        ("unthanked_odds", {"thanked": False, "trained": True}),
        ("untrained_odds", {"thanked": True, "trained": False}),
    ):
        ratio = float(getattr(p, name))
        etas = intercept + heads.willing(**state)
        term = odds(etas, ratio) - leaves
        lost = p.leaving_kappa * (mean - _mean(etas, weights))
        if term < -1e-9:
            raise Infeasible(
                f"{name}: motives alone (leaving_kappa {p.leaving_kappa:g}) raise the odds of leaving by more than "
                f"{ratio:g} times"
            )
        terms.append(max(term, 0.0))
        carried.append(lost / math.log(ratio) if ratio > 1.0 else 0.0)
    return leaves, terms[0], terms[1], (carried[0], carried[1])


def _chance(etas: Floats) -> Floats:
    return np.array([logistic(eta) for eta in etas.tolist()])


def _mean(values: Floats, weights: Floats) -> float:
    return float(values @ weights / weights.sum())


def _where(rising: Callable[[float], float]) -> float:
    """Where a function that rises is zero, by halving; the end where it is nowhere."""
    low, high = -motivation.LARGEST, motivation.LARGEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if rising(middle) < 0.0 else (low, middle)
    return (low + high) / 2.0
