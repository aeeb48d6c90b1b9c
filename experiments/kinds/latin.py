"""Latin: design points spread evenly over all factors at once."""

from __future__ import annotations

from keliling.experiments.kinds.sampled import Sampled
from keliling.experiments.plan.points import Shares, latin


class Latin(Sampled):
    """Latin hypercubes; PAWN, which takes any even sample, tells which factors matter."""

    name = "latin"
    method = "pawn"
    default_points = 128

    def shares(self, dimensions: int, points: int, seed: int) -> Shares:
        """So many points."""
        return latin(dimensions, points, seed)
