"""PAWN: how far each factor moves the whole distribution."""

from __future__ import annotations

from keliling.experiments.kinds.sampled import Sampled
from keliling.experiments.plan.points import Shares, sequence


class Pawn(Sampled):
    """The points of a scrambled Sobol sequence."""

    name = "pawn"
    method = "pawn"
    default_points = 512

    def shares(self, dimensions: int, points: int, seed: int) -> Shares:
        """So many points."""
        return sequence(dimensions, points, seed)
