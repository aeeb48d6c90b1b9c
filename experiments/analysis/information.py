"""What knowing a factor would be worth: how much better the choice of a policy would be, on average, were it known.

The expected value of partial perfect information, E_x[max_d E(B_d | x)] - max_d E(B_d), from the points already lived:
each arm's benefit less the baseline's is regressed on the factor, and where the fitted curves cross, knowing the factor
changes the choice (Strong, Oakley & Brennan 2014, *Med. Decis. Making* 34:311). Luck is what the curves smooth away.

Curves are penalised cubic splines over the factor's ranks (Eilers & Marx 1996, *Stat. Sci.* 11:89), or means of groups
drawn towards the overall mean where a factor has few values. How smooth, generalised cross-validation says, each degree
of freedom counted ``CAUTION`` times against its undersmoothing (Kim & Gu 2004, *J. R. Stat. Soc. B* 66:337).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keliling.experiments.analysis.decision import no_sample, ranked_jobs
from keliling.experiments.analysis.results import Floats, Ints, Results
from keliling.experiments.plan.factors import Factor
from keliling.sim.parameters import Value, register

FEWEST = 40  # points from which a curve can be told from luck
FEW_VALUES = 4  # numbers that are groups rather than points of a curve
SPLINES, DEGREE = 10, 3
SMOOTHNESS = 10.0 ** np.linspace(-5.0, 3.0, 25)  # from following every turn to a straight line
CAUTION = 1.4
LEVEL = 0.95
ROUNDING = 1e-9  # a gain this small beside the benefits themselves is one of arithmetic

NOT_SAMPLED = "the points of a {kind} study are no fair sample of the factors; a latin, sobol or pawn study's are"
NO_FACTORS = "the study varies no factors"
ONE_ARM = "there is one arm only, and so nothing to choose"
TOO_FEW = "{points} points are too few to tell what a factor does from luck: at least {fewest} are needed"


@dataclass(frozen=True)
class Information:
    """What knowing one factor would be worth, in the unit of ``Worth``.

    ``floor`` is what the best of all the factors would reach by luck in one study of twenty, if none of them did
    anything (Westfall & Young 1993: the greatest of each permutation). ``low`` and ``high`` bound the 95% interval, by
    the percentiles of a bootstrap over points (mirrored about the value they cover less, for a worth ends at zero). It
    begins at zero when nothing is told.
    """

    factor: str
    title: str
    grade: str
    """The register's, as its ``source``; empty for the hypothesis."""
    source: str
    value: float
    low: float
    high: float
    floor: float
    told: bool
    """Whether the value is above the floor."""
    flips: float
    """Share of points in which another arm would be chosen, were the factor known."""


@dataclass(frozen=True)
class Worth:
    """What knowing each factor alone would be worth; ``note`` says why there is nothing, else it is empty."""

    unit: str
    chosen: str
    """The policy of the greatest mean benefit: chosen as things are known now. Empty where there is no fair sample."""
    factors: tuple[Information, ...]
    """In decreasing value."""
    note: str


def worth_knowing(results: Results, *, resamples: int = 200, permutations: int = 100, seed: int = 1) -> Worth:
    """What knowing each factor of the study would be worth, luck excepted, since nobody can know it.

    ``resamples`` of the points give the intervals and ``permutations`` of them the floor. Both come from ``seed``, and
    every factor meets the same ones.
    """
    study = results.study
    gains, points = _gains(results)
    chosen = results.arms[int(gains.mean(axis=0).argmax())].name if points.size else ""
    note = _why_nothing(results, points.size)
    if note:
        return Worth(results.benefit_unit, chosen, (), note)
    resampling, permuting = (np.random.default_rng(key) for key in np.random.SeedSequence(seed).spawn(2))
    weights = resampling.multinomial(points.size, np.full(points.size, 1.0 / points.size), resamples).astype(float)
    orders = [permuting.permutation(points.size) for _ in range(permutations)]
    curves = {
        factor: _curves([study.design[point].values[factor.name] for point in points.tolist()], factor)
        for factor in study.factors
    }
    floor = _floor(list(curves.values()), [gains[order] for order in orders])
    found = [_information(factor, one, gains, weights, floor) for factor, one in curves.items()]
    return Worth(results.benefit_unit, chosen, tuple(sorted(found, key=lambda one: -one.value)), "")


def _why_nothing(results: Results, points: int) -> str:
    study = results.study
    if no_sample(study):
        return NOT_SAMPLED.format(kind=study.kind)
    if not study.factors:
        return NO_FACTORS
    if len(results.arms) < 2:
        return ONE_ARM
    return TOO_FEW.format(points=points, fewest=FEWEST) if points < FEWEST else ""


def _gains(results: Results) -> tuple[Floats, Ints]:
    """Each arm's benefit less the baseline's, point (rows) by arm, and the numbers of those points."""
    used = ranked_jobs(results)
    gains = np.where(used, results.benefit - results.benefit[0], np.nan)
    means = np.stack([results.by_point(gain) for gain in gains], axis=1)
    there = ~np.isnan(means[:, 0])
    return means[there], np.unique(results.point)[there]


def _floor(curves: Sequence[_Curves], permuted: Sequence[Floats]) -> float:
    """The greatest worth that luck gives to any of the factors in one study of twenty, from permuted benefits."""
    greatest = [max(_won(one.fit(gains)[0], gains.mean(axis=0)).mean() for one in curves) for gains in permuted]
    return float(np.quantile(greatest, LEVEL)) if greatest else 0.0


def _information(factor: Factor, curves: _Curves, gains: Floats, weights: Floats, floor: float) -> Information:
    fitted, smoothness = curves.fit(gains)
    won = _won(fitted, gains.mean(axis=0))
    value = float(won.mean())
    low, high = _interval([curves.resampled(gains, weight, smoothness) for weight in weights])
    known = register().get(factor.name)
    return Information(
        factor=factor.name,
        title=factor.title,
        grade=known.grade if known else "",
        source=known.source if known else "",
        value=value,
        low=low if value > floor else min(low, 0.0),
        high=high,
        floor=floor,
        told=value > floor,
        flips=float((won > 0).mean()),
    )


def _won(fitted: Floats, means: Floats) -> Floats:
    """What choosing by the fitted benefits wins over choosing by the means, point by point.

    A curve has the mean of what it was fitted to, so the mean of this is E_x[max_d E(B_d | x)] - max_d E(B_d), and
    exactly zero where the choice never changes.
    """
    won = fitted.max(axis=1) - fitted[:, int(means.argmax())]
    won[won <= ROUNDING * np.abs(fitted).max()] = 0.0
    return won


def _interval(resampled: Sequence[float]) -> tuple[float, float]:
    if not resampled:
        return math.nan, math.nan
    low, high = np.quantile(resampled, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return float(low), float(high)


def _curves(values: Sequence[Value], factor: Factor) -> _Curves:
    """The curves over a factor with these values in the points."""
    different, place, counts = np.unique(np.array(values), return_inverse=True, return_counts=True)
    if factor.choices or different.size <= FEW_VALUES:
        basis = np.eye(different.size)[place]
        return _Curves(basis, np.eye(different.size) - 1.0 / different.size)
    from scipy.interpolate import BSpline

    shares = (np.cumsum(counts) - counts / 2.0)[place] / len(values)
    step = 1.0 / (SPLINES - DEGREE)
    knots = step * np.arange(-DEGREE, SPLINES + 1)
    basis = BSpline.design_matrix(shares, knots, DEGREE).toarray()
    bends = np.diff(np.eye(SPLINES), 2, axis=0)
    return _Curves(basis, bends.T @ bends)


class _Curves:
    """Penalised least squares on one factor: ``basis`` is points x functions; what is not penalised holds constants."""

    def __init__(self, basis: Floats, penalty: Floats) -> None:
        points = len(basis)
        self.basis, self.penalties = basis, points * SMOOTHNESS[:, None, None] * penalty
        self.products = basis.T @ basis
        self.inverses = np.linalg.inv(self.products + self.penalties)
        freedom = np.einsum("sij,ji->s", self.inverses, self.products)
        self.left = (points - CAUTION * freedom)[:, None]

    def fit(self, gains: Floats) -> tuple[Floats, Ints]:
        """Fitted benefits, point by arm, and how smooth each arm's curve is, as a place in ``SMOOTHNESS``."""
        means = gains.mean(axis=0)
        centred = gains - means  # so that the sum of squares below does not cancel
        towards = self.basis.T @ centred
        heights = self.inverses @ towards
        explained = 2.0 * (heights * towards).sum(axis=1) - (heights * (self.products @ heights)).sum(axis=1)
        unexplained = (centred**2).sum(axis=0) - explained
        smoothness = (unexplained / self.left**2).argmin(axis=0)
        return means + self.basis @ heights[smoothness, :, np.arange(gains.shape[1])].T, smoothness

    def resampled(self, gains: Floats, weights: Floats, smoothness: Ints) -> float:
        """The worth of knowing the factor, each point counted ``weights`` times and the curves as smooth as found."""
        means = weights @ gains / len(gains)
        weighted = self.basis.T * weights
        towards = (weighted @ (gains - means)).T[:, :, None]
        heights = np.linalg.solve(weighted @ self.basis + self.penalties[smoothness], towards)[:, :, 0]
        return float(weights @ _won(means + self.basis @ heights.T, means) / len(gains))
