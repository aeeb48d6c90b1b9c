"""One factor at a time: what each does to an outcome, or to a policy's effect, at both ends of its range.

Every point has the same replicates, so the interval of a change is that of paired differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keliling.experiments.analysis.intervals import interval, mean
from keliling.experiments.analysis.results import Floats, Results
from keliling.sim.parameters import Value


@dataclass(frozen=True)
class Swing:
    """What one end of a factor's range changes against base, with its 95% interval."""

    factor: str
    value: Value
    difference: float
    low: float
    high: float


def changes(results: Results, values: Floats, *, share: bool = False) -> list[tuple[Swing, Swing]]:
    """The change at both ends of every factor, the widest first; ``values`` has one number a job.

    The mean of a ``share``, of zeros and ones, stays between them, and so does the interval of its change.
    """
    base = _of_point(results, values, 0)
    middle = mean([one for one in base.values() if not np.isnan(one)]) if share else math.nan
    limits = (-middle, 1.0 - middle) if share else (-math.inf, math.inf)
    found = []
    for at, factor in enumerate(results.study.factors):
        low, high = (
            _change(factor.name, factor.at(way), _paired(base, _of_point(results, values, 1 + 2 * at + end)), limits)
            for end, way in enumerate((0.0, 1.0))
        )
        found.append((low, high))
    return sorted(found, key=lambda pair: -max(_size(one) for one in pair))


def _of_point(results: Results, values: Floats, point: int) -> dict[int, float]:
    mine = results.point == point
    return dict(zip(results.replicate[mine].tolist(), values[mine].tolist(), strict=True))


def _paired(base: dict[int, float], other: dict[int, float]) -> list[float]:
    differences = [other[replicate] - value for replicate, value in base.items() if replicate in other]
    return [one for one in differences if not np.isnan(one)]


def _change(factor: str, value: Value, differences: Sequence[float], limits: tuple[float, float]) -> Swing:
    low, high = (float(np.clip(end, *limits)) for end in interval(differences))
    return Swing(factor, value, mean(differences), low, high)


def _size(one: Swing) -> float:
    return abs(one.difference) if one.difference == one.difference else 0.0
