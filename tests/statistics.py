"""Bounds for tests of a stochastic model: each states how often it cries wolf and proves that it can bite.

Every function here rejects a true statement with probability ``false_positive`` at most (two-sided), and first fails
when the sample is too small to find a deviation of size ``detect`` with probability POWER. So a test that uses one of
them cannot pass for want of data. ``bias`` is a known bound of what separates the two by construction, for instance
a discretisation: deviations up to it are no deviation.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

FALSE_POSITIVE = 1e-6
POWER = 0.99


def assert_mean(
    samples: ArrayLike,
    expected: float,
    *,
    detect: float,
    false_positive: float = FALSE_POSITIVE,
    sd: float | None = None,
    bias: float = 0.0,
) -> None:
    """The mean of independent ``samples`` is ``expected``: Student's t, or the normal where ``sd`` is known."""
    x = np.asarray(samples, float)
    spread = float(np.std(x, ddof=1)) if sd is None else sd
    critical = _critical(false_positive, x.size - 1 if sd is None else math.inf)
    _judge(float(np.mean(x)), expected, spread / math.sqrt(x.size), critical, detect, bias)


def assert_same_mean(
    one: ArrayLike, other: ArrayLike, *, detect: float, false_positive: float = FALSE_POSITIVE, bias: float = 0.0
) -> None:
    """Two independent samples have one mean: Welch's t."""
    x, y = np.asarray(one, float), np.asarray(other, float)
    a, b = np.var(x, ddof=1) / x.size, np.var(y, ddof=1) / y.size
    freedom = (a + b) ** 2 / (a**2 / (x.size - 1) + b**2 / (y.size - 1))
    critical = _critical(false_positive, float(freedom))
    _judge(float(np.mean(x)), float(np.mean(y)), math.sqrt(a + b), critical, detect, bias)


def assert_share(
    successes: int,
    trials: int,
    expected: float,
    *,
    detect: float,
    false_positive: float = FALSE_POSITIVE,
    bias: float = 0.0,
) -> None:
    """``successes`` of independent ``trials`` have probability ``expected``: exact binomial bounds and power."""
    least = stats.binom.ppf(false_positive / 2.0, trials, max(expected - bias, 0.0))
    most = stats.binom.isf(false_positive / 2.0, trials, min(expected + bias, 1.0))

    def found(truth: float) -> float:
        missed = stats.binom.cdf(most, trials, truth) - stats.binom.cdf(least - 1, trials, truth)
        return 1.0 - float(missed)

    deviant = [p for p in (expected - detect, expected + detect) if 0.0 <= p <= 1.0]
    assert deviant, f"no probability lies {detect} from {expected}: the test could not fail"
    power = min(found(p) for p in deviant)
    assert power >= POWER, f"{trials} trials find {detect} with power {power:.3f} only, not {POWER}"
    assert least <= successes <= most, (
        f"{successes} of {trials} is {successes / trials:.6g}, expected {expected:.6g}: outside {least:g} to {most:g}"
    )


def assert_counts(
    counts: ArrayLike, shares: ArrayLike, *, detect: float, false_positive: float = FALSE_POSITIVE
) -> None:
    """Independent ``counts`` by class follow ``shares``: chi-square; ``detect`` is Cohen's w,
    the root of the sum of (other share - share)^2 / share."""
    seen, share = np.asarray(counts, float), np.asarray(shares, float)
    assert abs(float(share.sum()) - 1.0) < 1e-9, "the shares do not sum to one"
    total = float(seen.sum())
    assert float(share.min()) * total >= 10, "a class expects fewer than ten: chi-square would not hold"
    critical = float(stats.chi2.isf(false_positive, seen.size - 1))
    power = float(stats.ncx2.sf(critical, seen.size - 1, total * detect**2))
    assert power >= POWER, f"{total:g} counts find w = {detect} with power {power:.3f} only, not {POWER}"
    statistic = float(((seen - total * share) ** 2 / (total * share)).sum())
    assert statistic <= critical, f"chi-square is {statistic:.4g}, above {critical:.4g}: {seen.tolist()}"


def batch_means(series: ArrayLike, batches: int) -> NDArray[np.float64]:
    """Means of equal successive batches: near independent where a batch is much longer than the memory."""
    x = np.asarray(series, float)
    length = x.size // batches
    return np.asarray(x[: length * batches].reshape(batches, length).mean(axis=1))


def fails(check: Callable[[], None]) -> bool:
    """Whether an assertion fails, to test a test."""
    try:
        check()
    except AssertionError:
        return True
    return False


def _critical(false_positive: float, freedom: float) -> float:
    tail = false_positive / 2.0
    return float(stats.norm.isf(tail) if math.isinf(freedom) else stats.t.isf(tail, freedom))


def _judge(mean: float, expected: float, error: float, critical: float, detect: float, bias: float) -> None:
    finds = bias + (critical + float(stats.norm.isf(1.0 - POWER))) * error
    assert finds <= detect, f"the sample finds deviations from {finds:.4g} only, not {detect:.4g}, with power {POWER}"
    bound = bias + critical * error
    assert abs(mean - expected) <= bound, (
        f"mean {mean:.6g}, expected {expected:.6g}: {abs(mean - expected):.3g} apart, more than {bound:.3g}"
    )
