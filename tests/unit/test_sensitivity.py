"""Sensitivity: analytic indices lie in their intervals as often as stated, with luck as a factor of the design."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtri

from keliling.experiments.analysis.sensitivity import LEAST, Index, Sensitivity, analyse, convergence, pawn_distance
from keliling.experiments.plan.points import morris, sequence, sobol

Floats = NDArray[np.float64]
SEEDS = range(50)


def independent(dimensions: int, points: int, seed: int) -> Floats:
    """Saltelli's scheme over base points that have nothing to do with each other."""
    a, b = np.random.default_rng(seed + 99).random((2, points, dimensions))
    blocks = np.repeat(a[:, None], dimensions + 2, axis=1)
    for number in range(dimensions):
        blocks[:, number + 1, number] = b[:, number]
    blocks[:, -1] = b
    return blocks.reshape(-1, dimensions)


KINDS = ("sobol", "morris", "pawn")
DESIGNS = {"sobol": sobol, "morris": morris, "pawn": sequence, "independent": independent}


def luck_of(share: Floats, deviation: float) -> Floats:
    """Normal noise that a share of luck's range stands for: neighbours have nothing to do with each other."""
    bits = (share * 2**32).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    bits = bits ^ (bits >> np.uint64(31))
    return np.asarray(deviation * ndtri(((bits >> np.uint64(11)).astype(float) + 0.5) / 2**53))


def ishigami(shares: Floats, a: float = 7.0, b: float = 0.1) -> Floats:
    x, y, z = (math.pi * (2.0 * shares[:, number] - 1.0) for number in range(3))
    return np.asarray(np.sin(x) + a * np.sin(y) ** 2 + b * z**4 * np.sin(x))


def ishigami_parts(a: float = 7.0, b: float = 0.1) -> tuple[Floats, Floats, float]:
    """Variance due to each factor alone, variance it has a part in, and the whole variance."""
    first, second = 0.5 * (1.0 + b * math.pi**4 / 5.0) ** 2, a**2 / 8.0
    both = b**2 * math.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    return np.array([first, second, 0.0]), np.array([first + both, second, both]), first + second + both


WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0])


def sobol_g(shares: Floats) -> Floats:
    return np.asarray(np.prod((np.abs(4.0 * shares[:, :6] - 2.0) + WEIGHTS) / (1.0 + WEIGHTS), axis=1))


def sobol_g_parts() -> tuple[Floats, Floats, float]:
    alone = 1.0 / (3.0 * (1.0 + WEIGHTS) ** 2)
    return alone, alone * np.prod(1.0 + alone) / (1.0 + alone), float(np.prod(1.0 + alone) - 1.0)


def morris_twenty(shares: Floats) -> Floats:
    """Morris (1991), section 5: of 20 factors 1-7 are curved or interact, 8-10 add up, 11-20 hardly matter."""
    w = 2.0 * (shares[:, :20] - 0.5)
    for number in (2, 4, 6):
        w[:, number] = 2.0 * (1.1 * shares[:, number] / (shares[:, number] + 0.1) - 0.5)
    rng = np.random.default_rng(5)
    linear = np.concatenate([np.full(10, 20.0), rng.normal(size=10)])
    pairs = rng.normal(size=(20, 20))
    pairs[:6, :6] = -15.0
    y = w @ linear + np.einsum("ri,rj,ij->r", w, w, np.triu(pairs, 1))
    for count, order, weight in ((5, 3, -10.0), (4, 4, 5.0)):
        # The sum of the products of every `order` different ones is a coefficient of the polynomial with these roots.
        y += weight * np.array([(-1) ** order * np.poly(row)[order] for row in w[:, :count]])
    return y


def with_luck(kind: str, function: Callable[[Floats], Floats], inert: int, points: int, seed: int, noise: float):  # type: ignore[no-untyped-def]
    """A design over the function's factors, one that does nothing and luck; and the results."""
    shares = DESIGNS[kind](inert + 2, points, seed)
    return shares, function(shares) + luck_of(shares[:, -1], noise)


def names(count: int) -> list[str]:
    return [f"x{number + 1}" for number in range(count)] + ["nothing", "luck"]


def by_factor(found: Sensitivity, measure: str) -> dict[str, Index]:
    return {one.factor: one for one in found.of(measure)}


@pytest.mark.parametrize(("design", "least"), [("independent", 0.84), ("sobol", 0.7)])
@pytest.mark.parametrize(
    ("function", "parts", "noise"), [(ishigami, ishigami_parts(), 2.0), (sobol_g, sobol_g_parts(), 0.3)]
)
def test_intervals_hold_the_analytic_indices_as_often_as_stated(
    function: Callable[[Floats], Floats], parts: tuple[Floats, Floats, float], noise: float, design: str, least: float
) -> None:
    # Of independent base points intervals hold the truth at their rate. Those of a Sobol sequence lie more evenly, so
    # that most intervals are too wide; a small first order may be off by more, where two columns do not go well
    # together at so few points.
    alone, part, variance = parts
    count, whole = len(alone), variance + noise**2
    truth = {"S1": [*(alone / whole), 0.0, noise**2 / whole], "ST": [*(part / whole), 0.0, noise**2 / whole]}
    holds, values, told = [], [], []
    for seed in SEEDS:
        shares, y = with_luck(design, function, count, 256, seed, noise)
        found = analyse("sobol", names(count), shares, y, seed=seed, resamples=100)
        for measure, expected in truth.items():
            indices = [by_factor(found, measure)[name] for name in names(count)]
            holds.append([one.low <= value <= one.high for one, value in zip(indices, expected, strict=True)])
            values.append([one.value for one in indices])
            told.append([one.told for one in indices])
            assert (indices[count].value, indices[count].low, indices[count].high) == (0.0, 0.0, 0.0)
    # What does nothing is held by any interval, so it does not count.
    used = [number for number in range(count + 2) if number != count]
    held = np.array(holds).reshape(len(SEEDS), 2, -1)[:, :, used]
    assert held.mean() >= 0.92, f"intervals hold {held.mean():.3f} of the analytic values"
    assert held.mean(axis=0).min() >= least, f"each interval by itself holds {held.mean(axis=0)}"
    means = np.array(values).reshape(len(SEEDS), 2, -1).mean(axis=0)
    assert means == pytest.approx(np.array([truth["S1"], truth["ST"]]), abs=0.02)
    rates = np.array(told).reshape(len(SEEDS), 2, -1).mean(axis=0)
    assert not rates[:, count].any()
    assert rates[0, np.array(truth["S1"]) < 0.01].max() <= 0.05
    assert rates[1, [0, count + 1]].min() >= 0.8


def test_the_textbook_values_of_ishigami_without_luck() -> None:
    alone, part, variance = ishigami_parts()
    assert alone / variance == pytest.approx([0.3139, 0.4424, 0.0], abs=1e-4)
    assert part / variance == pytest.approx([0.5576, 0.4424, 0.2437], abs=1e-4)
    shares = sobol(3, 1024, 1)
    found = analyse("sobol", ["a", "b", "c"], shares, ishigami(shares), target="share, %")
    assert [one.factor for one in found.of("S1")] == ["b", "a", "c"]
    assert [one.factor for one in found.of("ST")] == ["a", "b", "c"]
    assert (found.kind, found.target, found.factors) == ("sobol", "share, %", ("a", "b", "c"))
    assert (found.points, found.dropped, found.note) == (1024, 0, "")
    assert "Jansen (1999)" in found.estimator
    # A shift or another unit changes nothing.
    moved = analyse("sobol", ["a", "b", "c"], shares, 1e4 + 3.0 * ishigami(shares))
    assert [one.value for one in moved.indices] == pytest.approx([one.value for one in found.indices], abs=1e-9)


def test_the_floor_of_variance_shares_is_what_a_dummy_reaches() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.random((2, 2000, 256))
    reached = np.quantile((a * b).mean(axis=1) - ((a + b) / 2.0).mean(axis=1) ** 2, 0.95) * 12.0
    y = np.zeros((256, 4))
    y[:, 0], y[:, 3] = a[0], b[0]
    y[:, 1:3] = a[:1].T
    found = analyse("sobol", ["idle", "luck"], np.zeros((1024, 2)), y.ravel())
    assert found.floor["S1"] == found.floor["ST"] == pytest.approx(reached, rel=0.15)
    assert not any(one.told for one in found.indices)


def test_screening_finds_the_groups_of_the_twenty_factors() -> None:
    shares, y = with_luck("morris", morris_twenty, 20, 20, 3, 1.0)
    found = analyse("morris", names(20), shares, y)
    star, sigma, mu = (by_factor(found, measure) for measure in ("mu_star", "sigma", "mu"))
    curved, adding, idle = ([f"x{n}" for n in numbers] for numbers in (range(1, 8), range(8, 11), range(11, 21)))
    assert {one.factor for one in found.of("mu_star")[:10]} == {*curved, *adding}
    assert min(star[one].low for one in curved + adding) > max(star[one].high for one in idle)
    assert min(sigma[one].value for one in curved) > 2.0 * max(sigma[one].value for one in adding)
    assert all(star[one].told for one in [*curved, *adding, "luck"])
    assert (star["nothing"].value, star["nothing"].high, star["nothing"].told) == (0.0, 0.0, False)
    assert found.floor["mu_star"] == pytest.approx(0.01 * found.of("mu_star")[0].value)
    assert all(math.isnan(mu[one].low) and math.isnan(sigma[one].high) and not mu[one].told for one in found.factors)
    assert math.isnan(found.floor["mu"]) and math.isnan(found.floor["sigma"])


def test_effects_of_a_straight_line_are_its_slopes() -> None:
    shares = morris(3, 6, 1)
    found = analyse("morris", ["up", "down", "nothing"], shares, 3.0 * shares[:, 0] - 2.0 * shares[:, 1])
    assert [by_factor(found, "mu")[name].value for name in found.factors] == pytest.approx([3.0, -2.0, 0.0])
    assert [by_factor(found, "mu_star")[name].value for name in found.factors] == pytest.approx([3.0, 2.0, 0.0])
    assert [one.value for one in found.of("sigma")] == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    assert [by_factor(found, "mu_star")[name].told for name in found.factors] == [True, True, False]


def test_intervals_of_few_trajectories_are_wide_enough() -> None:
    # The effect of x is its weight, 1 or 5, as luck has it: the mean of its size is 3 at the four levels of luck.
    held = []
    for seed in range(100):
        shares = morris(2, 6, seed)
        y = shares[:, 0] * np.where(np.isin(np.rint(3.0 * shares[:, 1]), (0.0, 3.0)), 1.0, 5.0)
        one = by_factor(analyse("morris", ["x", "luck"], shares, y, seed=seed, resamples=100), "mu_star")["x"]
        held.append(one.low <= 3.0 <= one.high)
    assert np.mean(held) >= 0.88, f"intervals hold {np.mean(held):.3f}"


def test_distances_rank_the_factors_and_leave_the_idle_one_at_the_floor() -> None:
    told, first = [], []
    for seed in range(20):
        shares, y = with_luck("pawn", ishigami, 3, 512, seed, 0.5)
        found = analyse("pawn", names(3), shares, y, seed=seed, resamples=50)
        indices = by_factor(found, "pawn")
        told.append([indices[name].told for name in names(3)])
        first.append([one.factor for one in found.of("pawn")][:2])
        assert all(one.low < one.value < one.high for one in found.indices)
        assert 0.05 < found.floor["pawn"] < 0.15
    assert first == [["x2", "x1"]] * 20
    assert np.mean(told, axis=0)[:2].tolist() == [1.0, 1.0]
    assert np.mean(told, axis=0)[3] <= 0.05
    # The third takes more points.
    many = analyse("pawn", names(3), *with_luck("pawn", ishigami, 3, 8192, 1, 0.5), resamples=10)
    assert [one.factor for one in many.of("pawn") if one.told] == ["x2", "x1", "x3"]


@pytest.mark.parametrize("rare", [0.0, 0.2])
def test_distances_are_those_of_salib(rare: float) -> None:
    from SALib.analyze import pawn

    shares, y = with_luck("pawn", ishigami, 3, 256, 1, 0.5)
    y = y if rare == 0.0 else (y > np.quantile(y, 1.0 - rare)).astype(float)
    problem = {"num_vars": 5, "names": names(3), "bounds": [[0.0, 1.0]] * 5}
    order = np.argsort(y)
    found = [float(pawn_distance(shares[order, number], y[order], np.ones((1, 256)))[0]) for number in range(5)]
    assert found == pytest.approx(pawn.analyze(problem, shares, y)["median"].tolist(), abs=1e-12)


def test_a_row_that_counts_twice_is_there_twice() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random(200), np.sort(rng.integers(0, 20, 200).astype(float))
    weights = np.where(np.arange(200) % 3 == 0, 2.0, 1.0)
    slices = np.searchsorted(np.quantile(x, np.linspace(0.0, 1.0, 11)), x, side="right") - 1
    everyone = np.repeat(y, weights.astype(int))
    gaps = []
    for number in range(10):
        part = np.repeat(y[slices == number], weights[slices == number].astype(int))
        gaps.append(max(abs(np.mean(part <= at) - np.mean(everyone <= at)) for at in range(20)))
    assert pawn_distance(x, y, weights[None])[0] == pytest.approx(np.median(gaps))


def test_effects_are_those_of_salib() -> None:
    from SALib.analyze import morris as salib

    shares, y = with_luck("morris", morris_twenty, 20, 12, 3, 1.0)
    found = analyse("morris", names(20), shares, y)
    theirs = salib.analyze({"num_vars": 22, "names": names(20), "bounds": [[0.0, 1.0]] * 22}, shares, y)
    for measure in ("mu_star", "mu", "sigma"):
        mine = by_factor(found, measure)
        assert [mine[name].value for name in names(20)] == pytest.approx(np.array(theirs[measure]).tolist(), abs=1e-9)
    # Their interval is the normal distribution's, from resamples; this one is Student's, of what resampling comes to.
    star, wide = by_factor(found, "mu_star"), np.array(theirs["mu_star_conf"])
    halves = np.array([star[name].high - star[name].value for name in names(20)])
    some = wide > 0.1
    assert halves[some] / wide[some] == pytest.approx(2.2 / 1.96 * math.sqrt(12 / 11), rel=0.35)


def test_an_effect_is_lost_where_one_of_its_two_points_cannot_be_and_no_other_is() -> None:
    shares, y = with_luck("morris", ishigami, 3, 12, 1, 0.5)
    broken = y.copy()
    broken[[6 * 2 + 3, 6 * 5]] = math.nan  # within a trajectory two effects are lost, at its beginning one
    steps = np.abs(np.diff(shares.reshape(12, 6, 5), axis=1)).argmax(axis=2)
    lost = [names(3)[steps[2, 2]], names(3)[steps[2, 3]], names(3)[steps[5, 0]]]
    found = analyse("morris", names(3), shares, broken)
    assert {i.factor: i.points for i in found.of("mu_star")} == {name: 12 - lost.count(name) for name in names(3)}
    assert (found.points, found.dropped) == (12, 0)
    assert f"12 trajectories, of which a factor has effects on {12 - max(map(lost.count, lost))} to 12" == found.basis
    kept = names(3)[4] if names(3)[4] not in lost else next(name for name in names(3) if name not in lost)
    assert by_factor(found, "mu_star")[kept] == by_factor(analyse("morris", names(3), shares, y), "mu_star")[kept]


def test_a_factor_with_too_few_effects_has_no_index() -> None:
    shares, y = with_luck("morris", ishigami, 3, LEAST["morris"], 1, 0.5)
    steps = np.abs(np.diff(shares.reshape(-1, 6, 5), axis=1)).argmax(axis=2)
    broken = y.copy()
    broken[0] = math.nan
    found = analyse("morris", names(3), shares, broken)
    assert {one.factor for one in found.indices} == set(names(3)) - {names(3)[steps[0, 0]]}
    assert len(found.factors) == 5


@pytest.mark.parametrize(("kind", "size", "points"), [("sobol", 7, 64), ("pawn", 1, 128)])
def test_what_a_failed_run_belongs_to_is_dropped_whole(kind: str, size: int, points: int) -> None:
    shares, y = with_luck(kind, ishigami, 3, points, 1, 0.5)
    broken = y.copy()
    broken[[size * 2 + size // 2, size * 5, size * 5 + size - 1]] = math.nan
    found = analyse(kind, names(3), shares, broken)
    kept = np.isin(np.arange(len(y)) // size, (2, 5), invert=True)
    assert (found.points, found.dropped) == (points - 2, 2)
    assert repr(found.indices) == repr(analyse(kind, names(3), shares[kept], y[kept]).indices)


@pytest.mark.parametrize(("kind", "size", "points"), [("sobol", 7, 64), ("morris", 6, 12), ("pawn", 1, 128)])
def test_a_study_that_stopped_early_counts_as_far_as_it_is_whole(kind: str, size: int, points: int) -> None:
    shares, y = with_luck(kind, ishigami, 3, points, 1, 0.5)
    whole = size * (points // 2)
    early = analyse(kind, names(3), shares, y[: whole + size // 2])
    assert (early.points, early.dropped, early.note) == (points // 2, 0, "")
    assert repr(early.indices) == repr(analyse(kind, names(3), shares[:whole], y[:whole]).indices)


@pytest.mark.parametrize("kind", KINDS)
def test_no_indices_without_variation_or_with_too_few_points(kind: str) -> None:
    shares, y = with_luck(kind, ishigami, 3, 64, 1, 0.5)
    size = len(shares) // 64
    few = y[: size * LEAST[kind] - 1]
    for results, note, points in (
        (np.full(len(y), 7.3), "does not vary", 64),
        (np.zeros(len(y)), "does not vary", 64),
        (7.3 + 1e-15 * y, "does not vary", 64),
        (np.full(len(y), math.nan), "too few points", 0),
        (few, "too few points", LEAST[kind] - 1),
        (y[:0], "too few points", 0),
    ):
        found = analyse(kind, names(3), shares, results)
        assert (found.indices, found.note, found.points) == ((), note, points)
        assert found.floor and all(math.isnan(one) for one in found.floor.values())
        assert convergence(kind, names(3), shares, results)[-1].note == note
    assert analyse(kind, names(3), shares, y[: size * LEAST[kind]]).indices


@pytest.mark.parametrize(("kind", "points"), [("sobol", 16), ("morris", 4), ("pawn", 64)])
def test_indicators_even_of_rare_events(kind: str, points: int) -> None:
    shares, y = with_luck(kind, ishigami, 3, points, 1, 0.5)
    for share in (0.5, 0.02):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = analyse(kind, names(3), shares, y > np.quantile(y, 1.0 - share))
        assert not found.indices or all(math.isfinite(one.value) for one in found.indices)
        assert not any(one.told for one in found.indices if one.factor == "nothing" and kind != "pawn")


@pytest.mark.parametrize(("kind", "points"), [("sobol", 64), ("morris", 12), ("pawn", 128)])
def test_a_seed_gives_the_same_bits_and_leaves_other_draws_alone(kind: str, points: int) -> None:
    shares, y = with_luck(kind, ishigami, 3, points, 1, 0.5)
    np.random.seed(17)
    expected = np.random.random(3).tolist()
    np.random.seed(17)
    found = [analyse(kind, names(3), shares, y, seed=seed, resamples=50) for seed in (0, 0, 1)]
    assert np.random.random(3).tolist() == expected
    assert repr(found[0]) == repr(found[1])
    assert kind == "morris" or repr(found[0]) != repr(found[2])  # intervals of effects take no draws
    assert [one.value for one in found[0].indices] == [one.value for one in found[2].indices]


@pytest.mark.parametrize(
    ("kind", "points", "parts"),
    [("sobol", 64, [8, 16, 32, 64]), ("sobol", 32, [8, 16, 32]), ("morris", 12, [6, 12]), ("pawn", 128, [64, 128])],
)
def test_convergence_takes_the_first_points(kind: str, points: int, parts: Sequence[int]) -> None:
    shares, y = with_luck(kind, ishigami, 3, points, 1, 0.5)
    found = convergence(kind, names(3), shares, y, target="t", resamples=20)
    assert [one.points for one in found] == parts
    assert repr(found[-1].indices) == repr(analyse(kind, names(3), shares, y, resamples=20).indices)
    size = len(shares) // points
    first = analyse(kind, names(3), shares, y[: parts[0] * size], resamples=20)
    assert [one.value for one in found[0].indices] == [one.value for one in first.indices]
    assert {one.target for one in found} == {"t"}
