"""A paired difference: what one outcome is under a policy against its baseline, with its interval.

Pairs are replicates that share all luck. What is only defined as a difference, such as cost per extra permit, has no
means of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from keliling.experiments.analysis.intervals import interval, mean, ratio_interval, variance
from keliling.sim.outcomes import HIGHER, NEITHER, Outcome


@dataclass(frozen=True)
class Difference:
    """One outcome under a policy against its baseline, or after against before.

    ``low`` and ``high`` bound the 95% interval of the mean paired difference. ``better_in`` counts the replicates in
    which the policy was better; None where neither direction is. ``n`` pairs were used, ``dropped`` were not defined.
    ``variance_ratio`` is the variance without pairing over that with it.
    """

    policy: str
    outcome: Outcome
    baseline_mean: float
    policy_mean: float
    difference: float
    low: float
    high: float
    better_in: int | None
    n: int
    dropped: int
    variance_ratio: float

    @property
    def verdict(self) -> str:
        """What the interval says of the difference, in a word.

        ``better``, ``worse``, ``changed`` (neither way is better), ``unclear`` (the interval holds zero, or there is
        none) or ``same`` (no pair differs).
        """
        if self.difference == 0.0 and (self.n == 1 or self.low == self.high == 0.0):
            return "same"
        if math.isnan(self.low) or self.low <= 0.0 <= self.high:
            return "unclear"
        if self.outcome.better == NEITHER:
            return "changed"
        return "better" if (self.difference > 0) == (self.outcome.better == HIGHER) else "worse"

    @property
    def text(self) -> str:
        """The difference and its interval as text, such as "+1.20 [+0.30, +2.10]"."""
        mean_of = self.outcome.text(self.difference, signed=True)
        if math.isnan(self.low):
            return mean_of
        low, high = self.outcome.text(self.low, signed=True), self.outcome.text(self.high, signed=True)
        return f"{mean_of} [{low}, {high}]"

    @property
    def better_text(self) -> str:
        """In how many replicates the policy was better, such as "9 of 10"; "-" where neither way is."""
        return "-" if self.better_in is None else f"{self.better_in} of {self.n}"


def paired(outcome: Outcome, policy: str, before: Sequence[float], after: Sequence[float]) -> Difference:
    """The paired difference of an outcome; pairs in which either is not defined are dropped and counted.

    The two means are of the pairs used; where there are none, each of what is defined.
    """
    pairs = [(x, y) for x, y in zip(before, after, strict=True) if not (math.isnan(x) or math.isnan(y))]
    first, second = [x for x, _ in pairs], [y for _, y in pairs]
    differences = [y - x for x, y in pairs]
    low, high = interval(differences)
    means = (mean(first), mean(second)) if pairs else (_defined(before), _defined(after))
    return Difference(
        policy,
        outcome,
        *means,
        mean(differences),
        low,
        high,
        _better_in(outcome, differences),
        len(pairs),
        len(before) - len(pairs),
        variance_ratio(first, second),
    )


def alone(outcome: Outcome, policy: str, differences: Sequence[float]) -> Difference:
    """A difference that is an outcome by itself, replicate by replicate."""
    used = [d for d in differences if not math.isnan(d)]
    low, high = interval(used)
    return Difference(
        policy,
        outcome,
        math.nan,
        math.nan,
        mean(used),
        low,
        high,
        _better_in(outcome, used),
        len(used),
        len(differences) - len(used),
        math.nan,
    )


def ratio_of_means(
    outcome: Outcome, policy: str, tops: Sequence[float], bottoms: Sequence[float], *, times: float = 1.0
) -> Difference:
    """A ratio of two mean differences, NaN unless the lower one is above zero.

    The ratio of each pair by itself would have no mean, for its lower part can be zero.
    """
    pairs = [(t, b) for t, b in zip(tops, bottoms, strict=True) if not (math.isnan(t) or math.isnan(b))]
    above, below = [t for t, _ in pairs], [b for _, b in pairs]
    value = low = high = math.nan
    if mean(below) > 0.0:
        value = mean(above) / mean(below) * times
        low, high = (bound * times for bound in ratio_interval(above, below))
    dropped = len(tops) - len(pairs)
    return Difference(policy, outcome, math.nan, math.nan, value, low, high, None, len(pairs), dropped, math.nan)


def variance_ratio(first: Sequence[float], second: Sequence[float]) -> float:
    """Variance of the difference of independent runs over that of paired ones; NaN when nothing varies at all."""
    together = variance(first) + variance(second)
    difference = variance([y - x for x, y in zip(first, second, strict=True)])
    if math.isnan(difference) or together == 0.0:
        return math.nan
    return together / difference if difference > 0.0 else math.inf


def _better_in(outcome: Outcome, differences: Sequence[float]) -> int | None:
    return None if outcome.better == NEITHER else sum(1 for d in differences if d * outcome.better > 0)


def _defined(values: Sequence[float]) -> float:
    return mean([value for value in values if not math.isnan(value)])
