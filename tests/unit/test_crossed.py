"""Policies under conditions: effects, how far they lie apart, and what tells two conditions apart, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from keliling.experiments.analysis.crossed import ALIKE, APART, OPEN, SAME, Crossing, Effect, effects, pairs
from keliling.experiments.analysis.results import Results
from keliling.experiments.plan.study import Arm, Study
from keliling.sim.scenario import load

POLICIES = ("thanked", "paid")
CONDITIONS = ("base", "near", "far", "twin", "noisy")
LUCK = np.array([0.0, 4.0, -2.0, 7.0, 1.0, -3.0])  # of each replicate, which all arms share
WOBBLE = np.array([0.1, -0.1, 0.2, -0.2, 0.15, -0.15])
#            baseline, thanked, paid: over the luck of the replicate
MEANS = {"base": (20.0, 25.0, 20.0), "near": (21.0, 26.1, 21.0), "far": (20.0, 22.0, 24.0), "twin": (20.0, 25.0, 20.0),
         "noisy": (20.0, 25.0, 20.0)}  # fmt: skip


def made_up(relative: frozenset[str] = frozenset()) -> Results:
    """Retention of 15 arms in six replicates."""
    names = [f"{condition}: {policy}" for condition in CONDITIONS for policy in ("now", *POLICIES)]
    scenario = load("kebon-jeruk-2018", size=0.01)
    predicted = {
        ("far", "thanked", "retention"): -1,
        ("far", "paid", "retention"): -1,
        ("noisy", "paid", "retention"): 1,
    }
    study = Study(
        name="made-up",
        title="Made up",
        question="Which?",
        kind="crossed",
        arms=tuple(Arm(name, name, scenario) for name in names),
        factors=(),
        points=1,
        replicates=LUCK.size,
        seed=1,
        year=2019,
        outcomes=("retention",),
        details=Crossing(CONDITIONS, POLICIES, relative, {"retention": 1.0}, predicted),
    )
    rows = []
    for condition in CONDITIONS:
        for at, middle in enumerate(MEANS[condition]):
            own = 0.0 if condition in ("base", "twin") else (20.0 if condition == "noisy" else 1.0) * WOBBLE * (at + 1)
            rows.append(middle + LUCK + own)
    n = LUCK.size
    return Results(study, study.arms, np.zeros(n, np.int64), np.arange(n), {"retention": np.array(rows)}, 0, (), {})


def effects_of(results: Results) -> list[Effect]:
    """The effects, by what the study declares."""
    return effects(results, results.study.details)


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Effect]:
    return {(one.condition, one.policy): one for one in effects_of(made_up())}


def test_the_three_numbers_by_hand(found: dict[tuple[str, str], Effect]) -> None:
    one = found["far", "thanked"]
    assert one.effect == pytest.approx(2.0, abs=0.01)
    assert one.apart == pytest.approx(-3.0, abs=0.01)
    assert one.change == pytest.approx(-3.0, abs=0.01)
    each = 2.0 + WOBBLE - 5.0
    half = t.ppf(0.975, 5) * each.std(ddof=1) / math.sqrt(6)
    assert (one.apart_low, one.apart_high) == pytest.approx((each.mean() - half, each.mean() + half))
    near = found["near", "thanked"]
    assert (near.effect, near.change) == pytest.approx((5.1, 1.1), abs=0.01)
    base = found["near", ""]
    assert (base.effect, base.apart) == (0.0, 0.0)
    assert base.change == pytest.approx(1.0, abs=0.01)


def test_verdicts(found: dict[tuple[str, str], Effect]) -> None:
    """Beyond the smallest that matters, within it, not one bit of a difference, or not told."""
    verdicts = {key: one.verdict for key, one in found.items()}
    assert verdicts["far", "thanked"] == verdicts["far", "paid"] == APART
    assert verdicts["near", "thanked"] == verdicts["near", "paid"] == ALIKE
    assert verdicts["twin", "thanked"] == verdicts["twin", "paid"] == SAME
    assert verdicts["noisy", "thanked"] == OPEN
    assert {verdicts[condition, ""] for condition in CONDITIONS} == {OPEN}
    assert {verdicts["base", policy] for policy in POLICIES} == {OPEN}


def test_predictions_are_held_against_what_came_out(found: dict[tuple[str, str], Effect]) -> None:
    assert found["far", "thanked"].predicted == "as predicted"
    assert found["far", "paid"].predicted == "against what was predicted"
    assert found["noisy", "paid"].predicted == "not told"
    assert found["near", "paid"].predicted == ""


def test_what_tells_two_conditions_apart_best() -> None:
    results = made_up()
    told = {(one.one, one.other): one for one in pairs(results, results.study.details)}
    assert len(told) == 10
    assert told["base", "far"].policy == "paid" or told["base", "far"].policy == "thanked"
    assert told["base", "far"].outcome == "retention"
    assert told["base", "near"].policy == told["base", "twin"].policy == told["base", "noisy"].policy == ""
    assert told["near", "far"].policy
    assert told["far", "twin"].apart * told["base", "far"].apart < 0.0


def test_relative_effects_are_per_cent_of_the_baseline_there() -> None:
    found = {(one.condition, one.policy): one for one in effects_of(made_up(frozenset({"retention"})))}
    before, after = 20.0 + LUCK, 25.0 + LUCK
    assert found["base", "thanked"].effect == pytest.approx(float(np.mean(100.0 * (after / before - 1.0))))
    assert found["base", "thanked"].change == 0.0


def test_a_failed_run_leaves_its_replicate_out() -> None:
    results = made_up()
    results.values["retention"][7, 2] = np.nan  # far, thanked
    found = {(one.condition, one.policy): one for one in effects_of(results)}
    kept = np.delete(2.0 + WOBBLE - 5.0, 2)
    assert found["far", "thanked"].apart == pytest.approx(kept.mean())
    assert found["far", "paid"].apart == pytest.approx(4.0, abs=0.01)


def test_one_replicate_bears_no_prediction_out() -> None:
    results = made_up()
    one = Results(
        results.study,
        results.arms,
        results.point[:1],
        results.replicate[:1],
        {"retention": results.values["retention"][:, :1]},
        0,
        (),
        {},
    )
    told = {cell.predicted for cell in effects_of(one)}
    assert told == {"", "not told"}
