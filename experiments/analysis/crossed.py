"""What policies do under each of several conditions: effects, and how far they differ from those under the first.

A *condition* holds for the whole run: an account of motivation, or a mechanism that is switched off. Every policy is
lived under every condition, under the same luck. Of each policy and condition three numbers are told, all paired
replicate by replicate, with their 95% intervals by Student's t:

- the *effect* of the policy under the condition: over the baseline under the same condition;
- how far it lies *apart* from the effect of the same policy under the first condition (a difference in differences);
- the *change* that the condition makes under the policy: over the first condition under the same policy.

Two conditions are told *apart* by a policy where the interval lies beyond the smallest difference that matters, which
the study declares; they are *alike* where it lies within, and *the same* where no replicate differs in one bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from keliling.experiments.analysis.intervals import interval, mean
from keliling.experiments.analysis.results import Floats, Results
from keliling.sim.outcomes import outcomes

APART, ALIKE, SAME, OPEN = "apart", "alike", "the same", ""


@dataclass(frozen=True)
class Crossing:
    """What a crossed study declares before it is lived: its conditions and policies, the first condition the one that
    the others are set against.
    """

    conditions: tuple[str, ...]
    policies: tuple[str, ...]
    relative: frozenset[str]
    """Outcomes whose effects are told in per cent of the baseline under the same condition."""
    smallest: Mapping[str, float]
    """By outcome, the smallest difference between conditions that matters."""
    predicted: Mapping[tuple[str, str, str], int]
    """By condition, policy and outcome, the sign of the difference from the first condition's effect."""

    def unit(self, outcome: str) -> str:
        """The unit in which effects on an outcome are told."""
        return "% of the baseline's" if outcome in self.relative else outcomes()[outcome].unit


@dataclass(frozen=True)
class Effect:
    """One policy under one condition, by one outcome; ``policy`` is empty for the baseline itself."""

    condition: str
    policy: str
    outcome: str
    effect: float
    effect_low: float
    effect_high: float
    apart: float
    apart_low: float
    apart_high: float
    change: float
    change_low: float
    change_high: float
    smallest: float
    verdict: str
    predicted: str
    """Whether the sign of ``apart`` is the one that the study declared, in words; empty where it declared none."""


@dataclass(frozen=True)
class Pair:
    """Two conditions, and the policy and outcome that tell them apart best; both empty where none does."""

    one: str
    other: str
    policy: str
    outcome: str
    apart: float
    low: float
    high: float


@dataclass(frozen=True)
class _Of:
    """The results of a crossed study by condition and policy, job by job."""

    results: Results
    crossing: Crossing

    def values(self, outcome: str, condition: int, policy: int) -> Floats:
        """The outcome of a policy (0 for the baseline) under a condition."""
        found: Floats = self.results.values[outcome][condition * (1 + len(self.crossing.policies)) + policy]
        return found

    def effect(self, outcome: str, condition: int, policy: int) -> Floats:
        """The policy's effect under a condition: in the outcome's unit, or per cent of the baseline there."""
        return self._less(outcome, self.values(outcome, condition, policy), self.values(outcome, condition, 0))

    def change(self, outcome: str, condition: int, policy: int) -> Floats:
        """What the condition makes of the outcome under a policy, in its unit or per cent of the first condition's."""
        return self._less(outcome, self.values(outcome, condition, policy), self.values(outcome, 0, policy))

    def _less(self, outcome: str, after: Floats, before: Floats) -> Floats:
        if outcome not in self.crossing.relative:
            return after - before
        return 100.0 * (after / np.where(before == 0.0, np.nan, before) - 1.0)


def effects(results: Results, crossing: Crossing) -> list[Effect]:
    """Every policy and the baseline, under every condition, by every outcome of the study."""
    of = _Of(results, crossing)
    found = []
    for outcome in results.study.outcomes:
        smallest = crossing.smallest.get(outcome, math.nan)
        for at, condition in enumerate(crossing.conditions):
            for policy, name in enumerate(("", *crossing.policies)):
                effect, change = of.effect(outcome, at, policy), of.change(outcome, at, policy)
                apart = effect - of.effect(outcome, 0, policy)
                sign = crossing.predicted.get((condition, name, outcome), 0)
                told = _told(apart)
                found.append(
                    Effect(
                        condition,
                        name,
                        outcome,
                        *_told(effect),
                        *told,
                        *_told(change),
                        smallest,
                        _verdict(apart, told, smallest) if at and policy else OPEN,
                        _predicted(sign, told),
                    )
                )
    return found


def pairs(results: Results, crossing: Crossing) -> list[Pair]:
    """Every two conditions with what tells them apart best: the largest difference for its interval, of those beyond
    the smallest that matters."""
    of = _Of(results, crossing)
    found = []
    for one, other in _twos(len(crossing.conditions)):
        best: tuple[float, Pair] | None = None
        names = crossing.conditions[one], crossing.conditions[other]
        for outcome, smallest in crossing.smallest.items():
            for policy, name in enumerate(crossing.policies, start=1):
                apart = of.effect(outcome, other, policy) - of.effect(outcome, one, policy)
                middle, low, high = _told(apart)
                clear = max(low - smallest, -high - smallest)  # how far beyond
                strength = clear / max(high - low, 1e-300)
                if clear > 0.0 and (best is None or strength > best[0]):
                    best = strength, Pair(*names, name, outcome, middle, low, high)
        found.append(best[1] if best else Pair(*names, "", "", math.nan, math.nan, math.nan))
    return found


def _twos(count: int) -> Iterator[tuple[int, int]]:
    return ((one, other) for one in range(count) for other in range(one + 1, count))


def _told(values: Floats) -> tuple[float, float, float]:
    """Mean and interval over jobs, those that failed left out."""
    there = [one for one in values.tolist() if not math.isnan(one)]
    return (mean(there), *interval(there))


def _verdict(apart: Floats, told: tuple[float, float, float], smallest: float) -> str:
    if not apart.any():
        return SAME
    _middle, low, high = told
    if math.isnan(smallest) or math.isnan(low):
        return OPEN
    if low > smallest or high < -smallest:
        return APART
    return ALIKE if -smallest < low and high < smallest else OPEN


def _predicted(sign: int, told: tuple[float, float, float]) -> str:
    if sign == 0:
        return ""
    middle, low, high = told
    if not (low > 0.0 or high < 0.0):  # nor where there is no interval
        return "not told"
    return "as predicted" if middle * sign > 0.0 else "against what was predicted"
