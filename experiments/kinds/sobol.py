"""Sobol: how much of the variance is due to each factor, alone and with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from keliling.experiments.kinds.sampled import Sampled
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.points import DesignPoint, Shares, sobol
from keliling.experiments.plan.study import Arm
from keliling.experiments.plan.study_file import StudyFile


class Sobol(Sampled):
    """Saltelli's scheme. The first and last row of each base point are independent samples; those between repeat their
    values."""

    name = "sobol"
    method = "sobol"
    default_points = 512

    def shares(self, dimensions: int, points: int, seed: int) -> Shares:
        """So many base points."""
        return sobol(dimensions, points, seed)

    def check(self, file: StudyFile, arms: Sequence[Arm], factors: Sequence[Factor], details: Any) -> None:
        """Base points are a power of two."""
        points = file.whole("points")
        if factors and points and points & (points - 1):
            file.problems.add("study-power", file.place("points"), points)

    def design(self, factors: Sequence[Factor], points: int, seed: int, details: Any) -> Sequence[DesignPoint]:
        """Which rows are a fair sample is told too."""
        block = len(factors) + 3  # luck is a dimension too, and a base point has two rows more
        return [
            replace(one, fair=one.number % block in (0, block - 1))
            for one in super().design(factors, points, seed, details)
        ]
