"""The normal quantile agrees with SciPy over every draw that the generator can give."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from keliling.sim.rules.normal import normal

TINY = 2.0**-53  # the smallest draw above 0


def test_relative_error_is_below_one_in_a_billion() -> None:
    draws = np.concatenate([np.linspace(TINY, 1.0 - TINY, 20_001), np.logspace(-15, -0.31, 2_000)])
    found = np.array([normal(draw) for draw in draws.tolist()])
    # Above one half the upper tail is asked for, as 1 - draw is exact there and the quantile is not.
    exact = np.where(draws < 0.5, norm.ppf(draws), norm.isf(1.0 - draws))
    assert np.abs(found - exact).max() < 1.2e-9 * 9.0
    apart = np.abs(exact) > 0.0
    assert np.abs(found[apart] / exact[apart] - 1.0).max() < 1.2e-9


@pytest.mark.parametrize(("draw", "quantile"), [(0.5, 0.0), (0.975, 1.959963985), (0.0013498980316301, -3.0)])
def test_known_quantiles(draw: float, quantile: float) -> None:
    assert normal(draw) == pytest.approx(quantile, abs=3e-9)


def test_the_extreme_draws_are_finite() -> None:
    assert normal(0.0) == pytest.approx(norm.ppf(1e-16), rel=1.2e-9)
    assert normal(math.nextafter(1.0, 0.0)) == pytest.approx(norm.isf(TINY), rel=1.2e-9)


@pytest.mark.parametrize("seam", [0.02425, 0.97575])
def test_the_approximations_meet_at_their_seams(seam: float) -> None:
    """The quantile rises with the draw across the change of formula, and no step is seen there."""
    draws = [seam + k * 1e-7 for k in range(-50, 51)]
    found = [normal(draw) for draw in draws]
    assert all(low < high for low, high in pairwise(found))
    steps = np.diff(found)
    assert steps.max() / steps.min() < 1.02


def test_the_quantile_is_antisymmetric() -> None:
    for k in range(1, 512):
        assert normal(k / 1024) == pytest.approx(-normal(1.0 - k / 1024), rel=1e-14)
