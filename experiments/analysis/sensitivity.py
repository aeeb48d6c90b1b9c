"""Sensitivity of a stochastic model from a finished design: which factors matter, how surely, and which do not.

Luck is one of the factors, so that an answer is fixed by its row. Shares of the variance are SALib's. Screening and
PAWN are written here as SALib defines them: the one for designs of which some points cannot be, which SALib does not
take, the other for many resamples at once. A factor is *told* when all of its 95% interval lies above the floor: what
a factor that does nothing reaches.

Intervals take the points for independent. Those of a Sobol sequence lie more evenly, so most intervals are too wide;
but at few points two of its columns may go badly together, and a small first order be off by more than it says.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keliling.experiments.analysis.intervals import LEVEL, t_quantile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST = {"morris": 4, "sobol": 8, "pawn": 50}
"""Points (trajectories, base points, design points) below which there are no indices."""
SIGNED = ("mu", "S1")
"""Measures that can be estimated below zero; intervals of the others end there."""
MEASURES = {"morris": ("mu_star", "mu", "sigma"), "sobol": ("ST", "S1"), "pawn": ("pawn",)}
MAIN = {kind: measures[0] for kind, measures in MEASURES.items()}
"""The measure by which factors are put in order."""
POINTS = {"morris": "trajectories", "sobol": "base points", "pawn": "points"}
ESTIMATORS = {
    "morris": "elementary effects of Morris (1991), mu* of Campolongo et al. (2007); an effect needs both its points",
    "sobol": "Saltelli et al. (2010) first order, Jansen (1999) total order; dummy of Khorashadi Zadeh et al. (2017)",
    "pawn": "Pianosi & Wagener (2018), median Kolmogorov-Smirnov distance over 10 slices; luck has no order, so it "
    "is one more dummy here, and a Sobol study tells its share",
}
FEW = "too few points"
STILL = "does not vary"
SLICES = 10  # of a factor's range in PAWN
DUMMIES = 100  # factors that do nothing, drawn for PAWN's floor
SMALL = 0.01  # of the greatest mu*: what a screening does not tell from nothing
ROUNDING = 1e-9  # of the range of the results: what may be rounding in an effect
STANDS = 1e-12  # of the greatest answer: a range of no more than this is rounding


@dataclass(frozen=True)
class Index:
    """One measure of one factor, with its 95% interval by bootstrap (NaN where there is none: mu and sigma).

    ``measure`` is "S1" or "ST" (shares of the variance), "mu_star", "mu" or "sigma" (units of the target, per whole
    range of the factor) or "pawn" (a distance of distributions, 0 to 1). ``told``: told apart from a factor that does
    nothing; never so without an interval. ``points`` are those that it rests on.
    """

    factor: str
    measure: str
    value: float
    low: float
    high: float
    told: bool
    points: int


@dataclass(frozen=True)
class Sensitivity:
    """The indices of all factors for one target.

    ``floor`` is, by measure, what a factor that does nothing reaches (95th percentile), NaN where there is none.
    ``points`` are the trajectories, base points or design points used; ``dropped`` those in which a run failed, of
    trajectories those of which no effect is left. ``note`` says why there are no indices, if so; a factor of which too
    few effects are left has none either.
    """

    kind: str
    target: str
    estimator: str
    factors: tuple[str, ...]
    indices: tuple[Index, ...]
    floor: Mapping[str, float]
    points: int
    dropped: int
    note: str

    @property
    def basis(self) -> str:
        """How many points of the design the indices rest on, in words."""
        counts = [one.points for one in self.indices]
        fewer = f", of which a factor has effects on {min(counts)} to {max(counts)}" if len(set(counts)) > 1 else ""
        dropped = f", {self.dropped} dropped since a run failed" if self.dropped else ""
        return f"{self.points:,} {POINTS[self.kind]}{fewer}{dropped}"

    def of(self, measure: str) -> list[Index]:
        """The factors by one measure, in decreasing order of its value."""
        return sorted((one for one in self.indices if one.measure == measure), key=lambda one: -one.value)


@dataclass(frozen=True)
class _Estimate:
    """One measure: values, the standard deviations of their resamples, and the floor."""

    values: Floats
    spread: Floats
    floor: float
    points: Ints  # of each factor


def analyse(
    kind: str, names: Sequence[str], shares: Floats, y: Floats, *, target: str = "", seed: int = 1, resamples: int = 500
) -> Sensitivity:
    """The sensitivity of ``y`` to the factors of a design.

    ``kind`` is "morris", "sobol" or "pawn"; ``shares`` are rows x factors as ``plan.points.shares_of`` makes
    them; ``y`` has one number a row, NaN where the run failed. It may end early: what is not whole at the end is left
    out. ``target`` says what ``y`` is. The same ``seed`` gives the same bits.
    """
    size = rows_a_point(kind, len(names))
    count = min(len(y), len(shares)) // size
    results = np.asarray(y, dtype=float)[: count * size].reshape(count, size)
    points = np.asarray(shares, dtype=float)[: count * size].reshape(count, size, len(names))
    there = np.isfinite(results)
    # An elementary effect needs two neighbours, everything else the whole of a point.
    usable = (there[:, 1:] & there[:, :-1]).any(axis=1) if kind == "morris" else there.all(axis=1)
    results, points = results[usable], points[usable]
    used = len(results)
    # In Sobol's scheme the variance is that of the first and last row of a block, where all factors are free.
    free = results[:, [0, -1]] if kind == "sobol" else results
    note = FEW if used < LEAST[kind] else STILL if _still(free) else ""
    found: dict[str, _Estimate] = {}
    if not note:
        estimate = {"morris": _morris, "sobol": _sobol, "pawn": _pawn}[kind]
        with _quiet():
            found = estimate(names, points, results, seed, resamples)
    return Sensitivity(
        kind,
        target,
        ESTIMATORS[kind],
        tuple(names),
        tuple(index for measure, one in found.items() for index in _indices(names, measure, one, LEAST[kind])),
        {measure: found[measure].floor if found else math.nan for measure in MEASURES[kind]},
        used,
        count - used,
        note,
    )


def convergence(
    kind: str, names: Sequence[str], shares: Floats, y: Floats, *, target: str = "", seed: int = 1, resamples: int = 500
) -> list[Sensitivity]:
    """The sensitivity from the first eighth, quarter and half of the points, and from all: do the indices stand still?

    Parts with too few points are left out; all points are always there, at the end.
    """
    size = rows_a_point(kind, len(names))
    count = min(len(y), len(shares)) // size
    parts = sorted({part for part in (count // 8, count // 4, count // 2) if part >= LEAST[kind]} | {count})
    return [
        analyse(kind, names, shares, y[: part * size], target=target, seed=seed, resamples=resamples) for part in parts
    ]


def rows_a_point(kind: str, factors: int) -> int:
    """Rows of the design for a base point of Sobol's scheme, a trajectory of Morris', a point of PAWN's."""
    return {"morris": factors + 1, "sobol": factors + 2, "pawn": 1}[kind]


def _indices(names: Sequence[str], measure: str, one: _Estimate, least: int) -> Iterator[Index]:
    columns = (one.values.tolist(), one.spread.tolist(), one.points.tolist())
    for name, value, spread, points in zip(names, *columns, strict=True):
        if points < least:
            continue
        # A bootstrap of n points has (n - 1) / n of the variance; with Student's t the few trajectories of a screening
        # get intervals as wide as they should be.
        width = t_quantile(points - 1) * math.sqrt(points / (points - 1)) * spread
        low = value - width
        shown = low if measure in SIGNED else max(low, 0.0)
        yield Index(name, measure, value, shown, value + width, low > one.floor, points)


def _morris(names: Sequence[str], points: Floats, results: Floats, seed: int, resamples: int) -> dict[str, _Estimate]:
    effects = elementary_effects(points, results)
    count, sizes = np.isfinite(effects).sum(axis=0), np.abs(effects)
    star = np.nanmean(sizes, axis=0)
    # What resampling the effects comes to, had one the patience: the mean of so many of them.
    spread = np.nanstd(sizes, axis=0) / np.sqrt(count)
    # Luck stands still along a trajectory but for its own step, so a factor that does nothing has effects of exactly
    # zero: the floor is not noise but what is too small to matter, or might be rounding.
    floor = max(SMALL * float(np.nanmax(star)), ROUNDING * float(np.nanmax(results) - np.nanmin(results)))
    none = np.full(len(names), np.nan)
    return {
        "mu_star": _Estimate(star, spread, floor, count),
        "mu": _Estimate(np.nanmean(effects, axis=0), none, math.nan, count),
        "sigma": _Estimate(np.nanstd(effects, axis=0, ddof=1), none, math.nan, count),
    }


def elementary_effects(points: Floats, results: Floats) -> Floats:
    """What each factor's step changes over the size of the step, by trajectory and factor; NaN where an end is missing.

    ``points`` are trajectories x rows x factors, of which one moves from each row to the next; ``results`` are
    trajectories x rows.
    """
    steps = np.diff(points, axis=1)
    moved = np.abs(steps).argmax(axis=2)
    size = np.take_along_axis(steps, moved[:, :, None], axis=2)[:, :, 0]
    found = np.full((len(points), points.shape[2]), np.nan)
    np.put_along_axis(found, moved, np.diff(results, axis=1) / size, axis=1)
    return found


def _sobol(names: Sequence[str], points: Floats, results: Floats, seed: int, resamples: int) -> dict[str, _Estimate]:
    from SALib.analyze import sobol

    # SALib takes seed 0 for none at all, so seeds are shifted by one. It subtracts the mean by itself.
    found = sobol.analyze(
        _problem(names), results.ravel(), calc_second_order=False, num_resamples=resamples, seed=seed + 1
    )
    # Jansen's total order of a factor that does nothing is exactly zero, at any number of points. The first order's
    # floor stands for it as well: it shrinks with the points as it should, and keeps a few rare jumps, of which the
    # bootstrap cannot know how rare they are, from passing for an effect.
    floor = _dummy_floor(results[:, 0], results[:, -1], seed, resamples)
    count = np.full(len(names), len(results))
    return {
        measure: _Estimate(np.asarray(found[measure]), _spread_of(found[f"{measure}_conf"]), floor, count)
        for measure in ("S1", "ST")
    }


def _dummy_floor(a: Floats, b: Floats, seed: int, resamples: int) -> float:
    """The first order that chance gives a factor that does nothing, from two independent samples of the results.

    Khorashadi Zadeh et al. (2017, *Environ. Model. Softw.* 91): the factor's block equals ``a``, so the numerator is
    the mean of a b less the squared mean. The truth is zero, so it is the spread of the resamples that counts.
    """
    drawn = np.random.default_rng(seed + 1).integers(len(a), size=(len(a), resamples))

    def dummy(first: Floats, second: Floats) -> Floats:
        both = np.concatenate([first, second])
        return np.nan_to_num((np.mean(first * second, axis=0) - both.mean(axis=0) ** 2) / both.var(axis=0))

    centre = (a.mean() + b.mean()) / 2.0
    a, b = a - centre, b - centre
    return float(np.quantile(dummy(a[drawn], b[drawn]) - dummy(a, b), LEVEL))


def _pawn(names: Sequence[str], points: Floats, results: Floats, seed: int, resamples: int) -> dict[str, _Estimate]:
    rng = np.random.default_rng(seed + 1)
    order = np.argsort(results[:, 0], kind="stable")
    y, rows = results[order, 0], points[order, 0]
    count = len(y)
    once = np.ones((1, count))
    drawn = rng.multinomial(count, np.full(count, 1.0 / count), size=resamples).astype(float)
    values = np.array([pawn_distance(x, y, once)[0] for x in rows.T])
    spread = np.array([pawn_distance(x, y, drawn).std(ddof=1) for x in rows.T])
    # A distance is never below zero, so chance makes every index too high; what a dummy reaches is as much too high.
    dummies = [pawn_distance(x, y, once)[0] for x in rng.random((DUMMIES, count))]
    return {"pawn": _Estimate(values, spread, float(np.quantile(dummies, LEVEL)), np.full(len(names), count))}


def pawn_distance(x: Floats, y: Floats, weights: Floats) -> Floats:
    """PAWN's index of one factor: how far the distribution of the results within a slice of it is from that of all.

    ``x`` and ``y`` have one number a row, ``y`` in ascending order. Each row of ``weights`` (resamples x rows) says
    how often each row counts, and gives one index: the median over the slices, as SALib's, which leaves out the very
    greatest ``x`` as well.
    """
    edges = np.quantile(x, np.linspace(0.0, 1.0, SLICES + 1))
    slices = np.searchsorted(edges, x, side="right") - 1
    whole = _cumulated(weights)
    found = []
    for number in range(SLICES):
        chosen = np.flatnonzero(slices == number)
        part, inside = _cumulated(weights[:, chosen]), y[chosen]
        # The two distributions are farthest apart at an answer of the slice, or just before one.
        gaps = [
            np.abs(part[:, np.searchsorted(inside, inside, side)] - whole[:, np.searchsorted(y, inside, side)])
            for side in ("left", "right")
        ]
        found.append(np.maximum(*gaps).max(axis=1, initial=-np.inf))
    # A slice without any row has no distribution.
    return np.asarray(np.nanmedian(np.where(np.isneginf(found), np.nan, found), axis=0))


def _cumulated(weights: Floats) -> Floats:
    sums = np.cumsum(weights, axis=1)
    with np.errstate(invalid="ignore"):
        shares = sums / sums[:, -1:]
    return np.concatenate([np.zeros((len(weights), 1)), shares], axis=1)


def _still(results: Floats) -> bool:
    there = results[np.isfinite(results)]
    return bool(np.ptp(there) <= STANDS * np.abs(there).max())


def _problem(names: Sequence[str]) -> dict[str, object]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _spread_of(half_widths: Floats) -> Floats:
    """The standard deviation behind SALib's half widths, which are the normal distribution's."""
    from scipy.special import ndtri

    return np.asarray(half_widths) / float(ndtri((1.0 + LEVEL) / 2.0))


@contextmanager
def _quiet() -> Iterator[None]:
    """Resamples of an indicator may not vary at all; SALib warns of it and takes their indices as zero."""
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore")
        yield
