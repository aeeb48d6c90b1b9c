"""Morris: screening; which of many factors matter at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from keliling.experiments.kinds.sampled import Sampled
from keliling.experiments.plan.factors import LUCKS, Factor
from keliling.experiments.plan.points import DesignPoint, Shares, key_of, morris


class Morris(Sampled):
    """Trajectories. Their points stand where they tell most, so they are no fair sample of the factors."""

    name = "morris"
    method = "morris"
    default_points = 20

    def shares(self, dimensions: int, points: int, seed: int) -> Shares:
        """So many trajectories."""
        return morris(dimensions, points, seed)

    def design(self, factors: Sequence[Factor], points: int, seed: int, details: Any) -> Sequence[DesignPoint]:
        """The levels of luck are few, so each trajectory has its own pair of them."""
        size = len(factors) + 2  # luck is a dimension too, and a trajectory has one point more
        return [
            replace(one, luck=((one.luck or 0) + key_of(seed, one.number // size)) % LUCKS, fair=False)
            for one in super().design(factors, points, seed, details)
        ]
