"""Designs: points within their bounds, balanced, the same for the same seed, and extended by points behind them."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import qmc

from keliling.experiments.kinds import KINDS
from keliling.experiments.kinds.sampled import Sampled
from keliling.experiments.plan.factors import LUCK, LUCK_FACTOR, LUCKS, Factor, of_parameter, uncertainties
from keliling.experiments.plan.points import BASE, BLOCK, LEVELS, DesignPoint, Shares, latin
from keliling.experiments.plan.study import Arm, Job, Study
from keliling.experiments.reading import load_study
from keliling.sim.parameters import register
from keliling.sim.scenario import Scenario, load

TRUST = Factor("trust_mean", 0.3, 0.8)
OFFICERS = Factor("officers", 3.0, 8.0, whole=True)
BROKERS = Factor("brokers", choices=(False, True))
TARGETING = Factor("targeting", choices=("need", "random", "rotation"))
WIDE = Factor("publicity_half_life", 1.0, 1000.0)
FACTORS = (TRUST, OFFICERS, BROKERS, TARGETING, WIDE)
POINTS = {"sobol": 16, "morris": 12, "latin": 64, "pawn": 64}
SAMPLED = ("latin", "morris", "sobol", "pawn")
DRAWN = (*SAMPLED, "frequency", "grid")


@cache
def scenario() -> Scenario:
    return load("kebon-jeruk-2018", size=0.01)


def study_of(
    kind: str, points: int = 0, factors: tuple[Factor, ...] = FACTORS, seed: int = 1, details: Any = ()
) -> Study:
    """A study of this design; the arms do not matter to it."""
    of, points = KINDS[kind], points or POINTS.get(kind, 64)
    return Study(
        name="made-up",
        title="Made up",
        question="Which?",
        kind=kind,
        arms=(Arm("now", "Now", scenario()), Arm("other", "Other", scenario())),
        factors=factors,
        points=points,
        replicates=1 if of.luck else 3,
        seed=seed,
        year=2019,
        outcomes=("ikm",),
        design=tuple(of.design(factors, points, seed, details)),
        own_luck=of.own_luck(factors, details),
        details=details,
    )


def shares_of(study: Study) -> Shares:
    """The shares of the way through every dimension, one row a point."""
    kind = KINDS[study.kind]
    if isinstance(kind, Sampled):
        return kind.shares_of(study)
    return latin(len(study.factors), study.points, study.seed)


def keys(jobs: tuple[Job, ...]) -> list[tuple[int, int]]:
    """The number of the point and the replicate of every job."""
    return [(job.point.number, job.replicate) for job in jobs]


# -- factors


def test_a_share_of_the_way_is_a_value() -> None:
    """Ends, halves, whole numbers and choices in equal parts, and a log scale where the range is wide."""
    assert [TRUST.at(share) for share in (0.0, 0.5, 1.0)] == pytest.approx([0.3, 0.55, 0.8])
    assert (TRUST.at(0.0), TRUST.at(1.0)) == (0.3, 0.8)
    assert [OFFICERS.at(share) for share in (0.0, 0.166, 0.167, 0.5, 0.99, 1.0)] == [3, 3, 4, 6, 8, 8]
    assert all(type(OFFICERS.at(share)) is int for share in (0.0, 0.3, 1.0))
    assert [TARGETING.at(share) for share in (0.0, 0.34, 0.67, 1.0)] == ["need", "random", "rotation", "rotation"]
    assert [BROKERS.at(share) for share in (0.0, 0.49, 0.5, 1.0)] == [False, False, True, True]
    assert WIDE.log and [WIDE.at(share) for share in (0.0, 1 / 3, 0.5, 1.0)] == pytest.approx([1, 10, 1000**0.5, 1000])
    assert [Factor("a", *ends).log for ends in ((1.0, 10.0), (1.0, 10.1), (0.0, 10.0), (-1.0, 1.0))] == [False, True, False, False]  # fmt: skip
    assert not Factor("a", 1, 100, whole=True).log
    assert (LUCK_FACTOR.at(0.0), LUCK_FACTOR.at(1.0)) == (0, LUCKS - 1)


def test_no_share_leaves_the_range_of_any_parameter() -> None:
    """Rounding carries no value over an end, at the ends and close to them."""
    for factor in uncertainties():
        for share in (0.0, 1e-17, 0.1, 1 / 3, 2 / 3, 0.9, math.nextafter(1.0, 0.0), 1.0):
            assert factor.low <= factor.at(share) <= factor.high, factor
        assert (factor.at(0.0), factor.at(1.0)) == (factor.low, pytest.approx(factor.high, rel=1e-15))


def test_a_factor_of_a_parameter() -> None:
    """By its type: its bounds, its choices, false and true."""
    named = register()
    assert of_parameter(named["trust_mean"]) == TRUST
    assert of_parameter(named["officers"], 3.0, 8.0) == OFFICERS
    assert of_parameter(named["brokers"]) == BROKERS
    assert of_parameter(named["targeting"]).choices == named["targeting"].choices
    assert TRUST.title == named["trust_mean"].meaning
    assert (LUCK_FACTOR.title, Factor("hypothesis").title) == ("luck", "hypothesis")


# -- design points


@pytest.mark.parametrize("kind", DRAWN)
def test_points_are_numbered_and_within_bounds(kind: str) -> None:
    """Every point has a value of every factor, in the factor's own type, and luck where it is one."""
    study = study_of(kind)
    lucky = kind in SAMPLED
    assert (KINDS[kind].luck, study.lucky) == (lucky, lucky)
    assert [point.number for point in study.design] == list(range(len(study.design)))
    rows = {"sobol": 16 * (6 + 2), "morris": 12 * (6 + 1)}.get(kind, 64)
    assert len(study.design) == len(shares_of(study)) == rows
    assert [one.name for one in study.dimensions] == [one.name for one in FACTORS] + [LUCK] * lucky
    for point, shares in zip(study.design, shares_of(study).tolist(), strict=True):
        values = dict(point.values)
        assert values == {one.name: one.at(share) for one, share in zip(FACTORS, shares, strict=False)}
        assert list(values) == [one.name for one in FACTORS]
        assert 0.3 <= values["trust_mean"] <= 0.8 and 1.0 <= values["publicity_half_life"] <= 1000.0
        assert type(values["officers"]) is int and 3 <= values["officers"] <= 8
        assert type(values["brokers"]) is bool and values["targeting"] in TARGETING.choices
        assert (type(point.luck) is int and 0 <= point.luck < LUCKS) if lucky else point.luck is None


@pytest.mark.parametrize("kind", ["latin", "pawn", "frequency"])
def test_whole_numbers_switches_and_choices_are_balanced(kind: str) -> None:
    """Each value comes as often as the others, to one point a hypercube; numbers fill their range evenly."""
    points = study_of(kind, 2 * BLOCK).design
    for factor, values in ((OFFICERS, range(3, 9)), (BROKERS, (False, True)), (TARGETING, TARGETING.choices)):
        counts = Counter(point.values[factor.name] for point in points)
        assert set(counts) == set(values)
        assert max(counts.values()) - min(counts.values()) <= 4
    trust = sorted((float(point.values["trust_mean"]) - 0.3) / 0.5 for point in points)  # type: ignore[arg-type]
    assert all(abs(share - (at + 0.5) / len(trust)) < 1.5 / BLOCK for at, share in enumerate(trust))
    # On a log scale half of the points lie below the geometric middle, and a twentieth below the arithmetic one.
    below = sum(float(point.values["publicity_half_life"]) < 1000**0.5 for point in points)  # type: ignore[arg-type]
    assert abs(below - BLOCK) <= 2


def test_a_latin_block_is_a_hypercube() -> None:
    """In every block of points each dimension has one point in each of its equal parts, and blocks differ."""
    shares = shares_of(study_of("latin", 3 * BLOCK))
    for block in shares.reshape(3, BLOCK, -1):
        assert (np.sort((block * BLOCK).astype(int), axis=0) == np.arange(BLOCK)[:, None]).all()
    assert not np.array_equal(shares[:BLOCK], shares[BLOCK : 2 * BLOCK])


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("points", [1, 4, 32])
def test_a_design_of_more_points_begins_with_those_of_fewer(kind: str, points: int) -> None:
    """A design is extended: what has been lived stays part of it, to the last bit."""
    fewer, more = study_of(kind, points).design, study_of(kind, 2 * points).design
    assert len(more) == 2 * len(fewer)
    assert more[: len(fewer)] == fewer
    assert len({tuple(point.values.values()) for point in more}) > len(
        {tuple(point.values.values()) for point in fewer}
    )


@pytest.mark.parametrize("kind", ["latin", "pawn", "morris", "grid"])
def test_any_number_of_points_is_a_part_of_a_greater_one(kind: str) -> None:
    """Numbers that are no power of two and no whole block are extended too, and give no warning."""
    whole = study_of(kind, 100).design
    for points in (3, 33, 65, 99):
        part = study_of(kind, points).design
        assert part == whole[: len(part)] and len(part) * 100 == len(whole) * points


@pytest.mark.parametrize("kind", DRAWN)
def test_a_seed_gives_one_design(kind: str) -> None:
    """The same seed the same points, whatever else draws; another seed, zero too, other points."""
    design, first = study_of(kind, 32).design, shares_of(study_of(kind, 32))
    random.seed(5)
    np.random.seed(5)
    assert np.array_equal(shares_of(study_of(kind, 32)), first) and study_of(kind, 32).design == design
    others = [shares_of(study_of(kind, 32, seed=seed)) for seed in (0, 2, 2**32 - 1)]
    assert np.array_equal(shares_of(study_of(kind, 32, seed=0)), others[0])
    for at, one in enumerate([first, *others]):
        assert not any(np.array_equal(one, other) for other in [first, *others][at + 1 :])
    assert all(study_of(kind, 32, seed=seed).design != design for seed in (0, 2, 2**32 - 1))


# -- luck


def test_luck_within_a_saltelli_block() -> None:
    """A, then A with one factor of B each, then B: luck is A's but in its own row and in B, where it is B's."""
    study = study_of("sobol")
    rows = len(FACTORS) + 3
    for start in range(0, len(study.design), rows):
        block = study.design[start : start + rows]
        lucks = [point.luck for point in block]
        assert len(set(lucks[:-2])) == 1 and lucks[-1] == lucks[-2] != lucks[0]
        for at, factor in enumerate(FACTORS):  # row 1 + at has that factor of B, and the others of A
            crossed = block[1 + at].values
            assert crossed == {**block[0].values, factor.name: block[-1].values[factor.name]}
    assert len({study.design[start].luck for start in range(0, len(study.design), rows)}) == 16


def test_luck_changes_once_in_a_trajectory() -> None:
    """Each step of a Morris trajectory moves one factor, luck among them, by half of its levels."""
    study = study_of("morris")
    size = len(FACTORS) + 2
    shares = shares_of(study).reshape(12, size, -1)
    steps = np.abs(np.diff(shares, axis=1))
    assert (np.count_nonzero(steps, axis=2) == 1).all() and (np.count_nonzero(steps, axis=1) == 1).all()
    assert np.allclose(steps[steps > 0], LEVELS / 2 / (LEVELS - 1))
    seen: set[int | None] = set()
    for start in range(0, len(study.design), size):
        lucks = [point.luck for point in study.design[start : start + size]]
        assert sum(a != b for a, b in pairwise(lucks)) == 1
        assert seen.isdisjoint(lucks), "trajectories share luck"
        seen.update(lucks)


@pytest.mark.parametrize("kind", SAMPLED)
def test_jobs_of_a_lucky_design_are_its_points(kind: str) -> None:
    """One job a point, of all arms, with the luck of that point."""
    study = study_of(kind)
    assert study.jobs() == tuple(Job(point, point.luck or 0, study.arms) for point in study.design)
    assert keys(study.jobs()) == [(point.number, point.luck) for point in study.design]


# -- jobs of the others


def test_points_of_a_tornado() -> None:
    """Base, then each factor at its low and its high end, the others at base."""
    study = study_of("tornado", factors=(TRUST, OFFICERS, BROKERS))
    assert study.design == (
        DesignPoint(0, {}, fair=False),
        DesignPoint(1, {"trust_mean": 0.3}, fair=False),
        DesignPoint(2, {"trust_mean": 0.8}, fair=False),
        DesignPoint(3, {"officers": 3}, fair=False),
        DesignPoint(4, {"officers": 8}, fair=False),
        DesignPoint(5, {"brokers": False}, fair=False),
        DesignPoint(6, {"brokers": True}, fair=False),
    )
    # All points share the replicates, whole rounds of which come one after the other.
    assert keys(study.jobs()) == [(point, replicate) for replicate in range(3) for point in range(7)]
    assert all(job.arms == study.arms for job in study.jobs())
    assert [arm.at(study.design[0]) for arm in study.arms] == [arm.scenario for arm in study.arms]
    assert [arm.at(study.design[3]).values["officers"] for arm in study.arms] == [3, 3]


@pytest.mark.parametrize("kind", ["frequency", "grid"])
def test_drawn_points_have_luck_of_their_own(kind: str) -> None:
    """Jobs go round by round, every round all points; no two points share luck, and without factors it is plain."""
    study = study_of(kind, 5)
    jobs = keys(study.jobs())
    assert [point for point, _ in jobs] == [0, 1, 2, 3, 4] * 3
    assert len({luck for _, luck in jobs}) == len(jobs) == 15
    assert keys(study.jobs(2)) == jobs[:10] and keys(study.jobs(4))[:15] == jobs
    # Points that come later leave the luck of the others as it is.
    assert set(jobs) < set(keys(study_of(kind, 10).jobs()))
    plain = study_of(kind, factors=())
    assert plain.design == (BASE,) == (DesignPoint(0, {}),)
    assert keys(plain.jobs()) == [(0, 0), (0, 1), (0, 2)] and keys(plain.jobs(1)) == [(0, 0)]


def test_points_of_a_table_are_its_rows() -> None:
    """In the order of the file; a table without rows, or with those of levers alone, has the one at base."""
    rows = ({"officers": 3, "trust_mean": 0.4}, {"officers": 4, "trust_mean": 0.5})
    study = study_of("table", factors=(), details=rows)
    assert study.design == (DesignPoint(0, rows[0]), DesignPoint(1, rows[1]))
    assert [point for point, _ in keys(study.jobs())] == [0, 1, 0, 1, 0, 1]
    assert len({luck for _, luck in keys(study.jobs())}) == 6
    assert study_of("table", factors=()).design == (DesignPoint(0, {}),)
    levers = study_of("table", factors=(), details=({"officers": 3}, {"officers": 4}))
    assert levers.design == (DesignPoint(0, {}),) and keys(levers.jobs()) == [(0, 0), (0, 1), (0, 2)]


@pytest.mark.parametrize("kind", ["tornado", "grid", "frequency", "table"])
def test_a_study_that_is_stopped_early_is_balanced(kind: str) -> None:
    """Of whatever part of the jobs, no point has two more than another."""
    rows = tuple({"trust_mean": one / 10} for one in range(3, 10))
    study = study_of(kind, details=rows, factors=()) if kind == "table" else study_of(kind, 7)
    jobs = keys(study.jobs())
    points = len({point for point, _ in jobs})
    assert points >= 7
    for length in range(1, len(jobs) + 1):
        counts = Counter(point for point, _ in jobs[:length])
        assert max(counts.values()) - min(counts.get(point, 0) for point in range(points)) <= 1


def test_a_design_fills_space_better_than_chance() -> None:
    """Points of a Sobol sequence and of a hypercube are spread more evenly than random ones, over the dimensions."""
    plain = np.random.default_rng(1).random((64, len(FACTORS) + 1))
    for kind in ("pawn", "latin"):
        assert qmc.discrepancy(shares_of(study_of(kind))) < qmc.discrepancy(plain)


def test_a_study_says_what_makes_it_one(tmp_path: Path) -> None:
    """Its digest holds whatever determines a row, and not its size, its words or what is reported of it."""
    study = study_of("latin")
    same = (
        replace(study, points=128),
        replace(study, title="Other", question="Why?", name="other", outcomes=("cost",), worth=3.0),
    )
    other = (
        replace(study, seed=2),
        replace(study, year=2018),
        replace(study, kind="pawn"),
        replace(study, factors=FACTORS[:-1]),
        replace(study, factors=(replace(TRUST, high=0.7), *FACTORS[1:])),
        replace(study, arms=study.arms[:1]),
        replace(study, arms=(study.arms[0], replace(study.arms[1], name="else"))),
        replace(study, arms=(study.arms[0], replace(study.arms[1], scenario=scenario().with_(officers=3)))),
        replace(study, arms=(study.arms[0], replace(study.arms[1], scenario=scenario().with_(population_seed=2)))),
    )
    assert {one.digest() for one in same} == {study.digest()}
    assert len({study.digest(), *(one.digest() for one in other)}) == len(other) + 1
    assert set(KINDS) >= {study.kind, *DRAWN}
    assert {one.name for one in KINDS.values() if one.luck} == {*SAMPLED, "signs"}
    text = 'title = "A"\nquestion = "B?"\nkind = "latin"\nbaseline = "kebon-jeruk-2018"\nsize = 0.01\n'
    (tmp_path / "a.toml").write_text(text + "[factors]\nofficers = [3, 8]\n")
    loaded = [load_study(tmp_path / "a.toml", points=points) for points in (4, 8)]
    assert loaded[0].digest() == loaded[1].digest() and loaded[1].design[:4] == loaded[0].design
