"""Means, their intervals, and ratios of means. Everything is exact about what is missing: NaN, never a guess.

Student (1908) for a mean; Fieller (1954) for a ratio of two means from the same replicates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

LEVEL = 0.95


def mean(values: Sequence[float]) -> float:
    """The mean; NaN of nothing."""
    return math.fsum(values) / len(values) if values else math.nan


def covariance(first: Sequence[float], second: Sequence[float]) -> float:
    """The sample covariance (n - 1 below); NaN of fewer than two."""
    if len(first) < 2:
        return math.nan
    a, b = mean(first), mean(second)
    return math.fsum((x - a) * (y - b) for x, y in zip(first, second, strict=True)) / (len(first) - 1)


def variance(values: Sequence[float]) -> float:
    """The sample variance (n - 1 below); NaN of fewer than two."""
    return covariance(values, values)


def t_quantile(freedom: int, level: float = LEVEL) -> float:
    """Half width of the central interval of Student's t with this many degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1.0 + level) / 2.0))


def interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """The interval of the mean, by Student's t; NaN of fewer than two values."""
    n = len(values)
    if n < 2:
        return math.nan, math.nan
    half = t_quantile(n - 1, level) * math.sqrt(variance(values) / n)
    return mean(values) - half, mean(values) + half


def ratio_interval(tops: Sequence[float], bottoms: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """The interval of mean(tops) / mean(bottoms), by Fieller; NaN where the bottom may as well be zero."""
    n = len(tops)
    if n < 2:
        return math.nan, math.nan
    top, bottom, squared = mean(tops), mean(bottoms), t_quantile(n - 1, level) ** 2 / n
    a = bottom * bottom - squared * variance(bottoms)
    b = top * bottom - squared * covariance(tops, bottoms)
    c = top * top - squared * variance(tops)
    inside = b * b - a * c
    if not a > 0.0 or inside < 0.0:
        return math.nan, math.nan
    return (b - math.sqrt(inside)) / a, (b + math.sqrt(inside)) / a
