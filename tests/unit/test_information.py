"""The worth of knowing a factor, against cases with a known answer.

Two arms whose benefits differ by a + bx, with x even on [-1, 1]: knowing x is worth (a + |b|)^2 / 4|b| - max(0, a) where
|a| < |b|, and nothing where the choice never changes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from keliling.experiments.analysis.decision import decide
from keliling.experiments.analysis.information import Information, Worth, worth_knowing
from keliling.experiments.analysis.results import Results
from keliling.experiments.kinds import KINDS
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.study import Arm, Study
from keliling.sim.scenario import Scenario, load

TRUST, DETECTION = Factor("trust_mean", 0.3, 0.8), Factor("detection_rate", 0.05, 0.5)
HYPOTHESIS = Factor("hypothesis", choices=("altruism", "exchange", "norm"))
Floats = NDArray[np.float64]


@cache
def scenario() -> Scenario:
    return load("kebon-jeruk-2018", size=0.01)


def exact(a: float, b: float) -> float:
    return (a + abs(b)) ** 2 / (4 * abs(b)) - max(0.0, a) if abs(a) < abs(b) else 0.0


def study_of(points: int, *factors: Factor, arms: int = 2, kind: str = "latin", seed: int = 1) -> Study:
    policies = tuple(Arm(f"policy-{at}", f"Policy {at}", scenario()) for at in range(1, arms))
    of = KINDS[kind]
    return Study(
        name="made-up",
        title="Made up",
        question="Which?",
        kind=kind,
        arms=(Arm("now", "Now", scenario()), *policies),
        factors=factors,
        points=points,
        replicates=1,
        seed=seed,
        year=2018,
        outcomes=("satisfaction",),
        design=tuple(of.design(factors, points, seed, None)),
        own_luck=of.own_luck(factors, None),
    )


def results_of(study: Study, *gains: Floats, replicates: int = 1, seed: int = 1) -> Results:
    """Results in which each policy gains this much satisfaction, job by job, on a baseline that varies too."""
    jobs = gains[0].size
    base = 60.0 + np.random.default_rng(seed + 1000).normal(0.0, 2.0, jobs)
    number = np.repeat(np.arange(jobs // replicates), replicates)
    values = {
        "satisfaction": np.stack([base, *(base + gain for gain in gains)]),
        "cost": np.zeros((len(gains) + 1, jobs)),
        "desk_cost": np.zeros((len(gains) + 1, jobs)),
    }
    return Results(study, study.arms, number, np.tile(np.arange(replicates), jobs // replicates), values, 0, (), {})


def signed(study: Study, factor: Factor) -> Floats:
    """A factor's values as numbers even on [-1, 1]."""
    values = np.array([point.values[factor.name] for point in study.design], dtype=float)
    return np.asarray(2.0 * (values - factor.low) / (factor.high - factor.low) - 1.0)


def noise(size: int, seed: int) -> Floats:
    return np.random.default_rng(seed).normal(size=size)


def of(worth: Worth, factor: Factor) -> Information:
    (found,) = [one for one in worth.factors if one.factor == factor.name]
    return found


@pytest.mark.parametrize(("a", "b"), [(0.3, 1.0), (-0.3, 1.0), (0.0, -2.0), (0.1, 0.4)])
def test_a_straight_line_is_worth_what_mathematics_says(a: float, b: float) -> None:
    study = study_of(512, TRUST, DETECTION)
    x = signed(study, TRUST)
    worth = worth_knowing(results_of(study, a + b * x + 0.2 * noise(512, 3)))
    trust, detection = of(worth, TRUST), of(worth, DETECTION)
    assert trust.value == pytest.approx(exact(a, b), abs=0.02 * abs(b)) and trust.told
    assert trust.low <= exact(a, b) <= trust.high
    chosen_wrongly = (1 - a / abs(b)) / 2 if a > 0 else (1 + a / abs(b)) / 2
    assert trust.flips == pytest.approx(chosen_wrongly, abs=0.05)
    assert worth.factors[0] == trust and detection.value < 0.1 * trust.value
    assert (worth.unit, worth.note) == ("points", "")
    if a:
        assert worth.chosen == ("policy-1" if a > 0 else "now")


def test_a_bent_curve_is_followed() -> None:
    """Gain cos(2 pi x) over [-1, 1], whose positive part has the mean 1 / pi."""
    study = study_of(512, TRUST)
    gain = np.cos(2 * np.pi * signed(study, TRUST)) + 0.2 * noise(512, 3)
    assert worth_knowing(results_of(study, gain)).factors[0].value == pytest.approx(1 / math.pi, abs=0.03)


def test_a_factor_on_a_log_scale_is_taken_by_its_ranks() -> None:
    wide = Factor("detection_rate", 0.001, 1.0)
    study = study_of(256, wide)
    x = np.array([math.log10(float(point.values[wide.name])) for point in study.design]) / 1.5 + 1.0  # type: ignore[arg-type]
    worth = worth_knowing(results_of(study, 0.3 + x + 0.2 * noise(256, 3)))
    assert worth.factors[0].value == pytest.approx(exact(0.3, 1.0), abs=0.02)


def test_luck_does_not_count() -> None:
    """With luck five times the signal's spread the mean of 20 estimates lies near the truth, far below luck's own worth.

    An estimate has a standard deviation of about 0.09 here, and their mean of 0.02; five of those are allowed. Were luck
    counted, the mean of max(0, gain) would say more than 0.6 each time.
    """
    values = []
    for seed in range(20):
        study = study_of(256, TRUST, seed=seed)
        gain = 0.3 + signed(study, TRUST) + 3.0 * noise(256, seed)
        worth = worth_knowing(results_of(study, gain), resamples=0, permutations=0)
        values.append(worth.factors[0].value)
        assert np.maximum(gain, 0.0).mean() - max(gain.mean(), 0.0) > 0.6
    assert np.mean(values) == pytest.approx(exact(0.3, 1.0), abs=0.1)


def test_a_factor_that_does_nothing_is_rarely_told_and_one_that_matters_mostly_is() -> None:
    """Of 40 that do nothing fewer than 3 are told on average; more than 13 has odds below 1e-6.

    The other was told 400 times of 400, and its interval held the truth 376 times: fewer than 28 of 40 has odds of 1e-6.
    """
    idle, busy, covered = 0, 0, 0
    for seed in range(40):
        study = study_of(96, TRUST, DETECTION, seed=seed)
        gain = 0.2 + signed(study, TRUST) + noise(96, seed)
        worth = worth_knowing(results_of(study, gain), resamples=100, permutations=60, seed=seed)
        trust, detection = of(worth, TRUST), of(worth, DETECTION)
        idle, busy = idle + detection.told, busy + trust.told
        covered += trust.low <= exact(0.2, 1.0) <= trust.high
        assert detection.low == 0.0 or detection.told
    assert idle <= 13 and busy >= 36
    assert covered >= 28


def test_of_many_that_do_nothing_none_is_told_in_nearly_all_studies() -> None:
    """Of 40 studies with 20 idle factors, fewer than 3 tell any on average; more than 13 has odds below 1e-6.

    Were each factor told by a floor of its own, 25 of 40 studies would tell some.
    """
    idle = [replace(TRUST, name=f"idle-{at}") for at in range(20)]
    told = 0
    for seed in range(40):
        study = study_of(96, *idle, seed=seed)
        worth = worth_knowing(results_of(study, noise(96, seed)), resamples=0, permutations=60, seed=seed)
        told += any(one.told for one in worth.factors)
    assert told <= 13


def test_a_factor_that_matters_but_never_changes_the_choice_is_worth_nothing() -> None:
    study = study_of(256, TRUST)
    gain = 3.0 + signed(study, TRUST) + noise(256, 3)  # between 2 and 4 on average
    worth = worth_knowing(results_of(study, gain))
    (trust,) = worth.factors
    assert (trust.value, trust.flips, trust.told, worth.chosen) == (0.0, 0.0, False, "policy-1")
    assert 0.0 == trust.low <= trust.high < 0.01


def test_a_choice_is_known_by_the_means_of_its_groups() -> None:
    study = study_of(240, HYPOTHESIS, TRUST)
    effect = {"altruism": 1.0, "exchange": 0.4, "norm": -0.8}
    gain = np.array([effect[str(point.values["hypothesis"])] for point in study.design]) + 0.2 * noise(240, 3)
    worth = worth_knowing(results_of(study, gain))
    hypothesis = of(worth, HYPOTHESIS)
    assert hypothesis.value == pytest.approx(0.8 / 3, abs=0.03) and hypothesis.told
    assert hypothesis.low <= 0.8 / 3 <= hypothesis.high
    assert hypothesis.flips == pytest.approx(1 / 3, abs=0.03)
    assert (hypothesis.grade, hypothesis.source, hypothesis.title) == ("", "", "hypothesis")
    trust = of(worth, TRUST)
    assert (trust.grade, trust.source, trust.title) == ("D", "assumed", "trust in the office")


@pytest.mark.parametrize(
    "factor",
    [
        Factor("brokers", choices=(False, True)),
        Factor("officers", 8, 9, whole=True),
        Factor("officers", 1, 12, whole=True),
    ],
)
def test_switches_and_whole_numbers(factor: Factor) -> None:
    study = study_of(240, factor)
    values = np.array([point.values[factor.name] for point in study.design], dtype=float)
    upper = values > (values.min() + values.max()) / 2
    (one,) = worth_knowing(results_of(study, np.where(upper, 1.0, -1.0) + 0.2 * noise(240, 3))).factors
    assert one.value == pytest.approx(0.5, abs=0.05) and one.told and one.flips == pytest.approx(0.5, abs=0.03)


def test_more_arms_are_worth_more() -> None:
    """Policies that gain x and -x: knowing x is worth E|x| = 1/2. Arms that are equals add nothing."""
    study = study_of(512, TRUST, arms=4)
    x = signed(study, TRUST)
    first, second = x + 0.1 * noise(512, 3), -x + 0.1 * noise(512, 4)
    (one,) = worth_knowing(results_of(study, first, second, first)).factors
    assert one.value == pytest.approx(0.5, abs=0.03) and one.told


def test_equal_arms_are_worth_exactly_nothing() -> None:
    study = study_of(64, TRUST, arms=4)
    (one,) = worth_knowing(results_of(study, *[signed(study, TRUST) + 2.0] * 3)).factors
    assert (one.value, one.floor, one.told, one.flips) == (0.0, 0.0, False, 0.0)


def test_replicates_are_averaged_within_their_point() -> None:
    study = replace(study_of(128, TRUST, kind="grid"), replicates=5)
    gain = np.repeat(0.3 + signed(study, TRUST), 5) + 0.5 * noise(640, 3)
    many = worth_knowing(results_of(study, gain, replicates=5))
    assert many.factors[0].value == pytest.approx(exact(0.3, 1.0), abs=0.03)
    alone = worth_knowing(results_of(study, gain.reshape(128, 5).mean(axis=1)))
    assert many.factors[0].value == pytest.approx(alone.factors[0].value, rel=1e-9)


def test_points_in_which_an_arm_failed_are_left_out() -> None:
    study = study_of(128, TRUST)
    gain = 0.3 + signed(study, TRUST) + 0.2 * noise(128, 3)
    gain[::8] = math.nan
    assert worth_knowing(results_of(study, gain)).factors[0].value == pytest.approx(exact(0.3, 1.0), abs=0.04)
    gain[39:] = math.nan
    assert "34 points" in worth_knowing(results_of(study, gain)).note


def test_of_a_sobol_study_the_rows_of_a_and_b_are_used() -> None:
    study = study_of(64, TRUST, DETECTION, kind="sobol")
    between = np.array([point.number % 5 not in (0, 4) for point in study.design])
    gain = 0.3 + signed(study, TRUST) + 0.2 * noise(320, 3)
    spoilt = np.where(between, 100.0, gain)
    one, other = worth_knowing(results_of(study, gain)), worth_knowing(results_of(study, spoilt))
    assert [each.value for each in one.factors] == pytest.approx([each.value for each in other.factors], rel=1e-9)
    assert of(one, TRUST).value == pytest.approx(exact(0.3, 1.0), abs=0.04)


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    study = study_of(64, TRUST, DETECTION)
    results = results_of(study, 0.3 + signed(study, TRUST) + noise(64, 3))
    before = str(np.random.get_state())
    one = worth_knowing(results, resamples=50, permutations=20)
    assert one == worth_knowing(results, resamples=50, permutations=20)
    assert str(np.random.get_state()) == before  # the global state is not moved
    other = worth_knowing(results, resamples=50, permutations=20, seed=2)
    assert of(one, TRUST).value == of(other, TRUST).value and of(one, TRUST).floor != of(other, TRUST).floor
    # Its worth does not hang on which others there are; the floor rises with their number.
    fewer = of(worth_knowing(replace(results, study=study_with(study, TRUST)), resamples=50, permutations=20), TRUST)
    assert replace(of(one, TRUST), floor=fewer.floor) == fewer and fewer.floor <= of(one, TRUST).floor


def study_with(study: Study, *factors: Factor) -> Study:
    """The same design points, of which only these factors are looked at."""
    return replace(study, factors=factors)


def test_what_is_chosen_is_what_the_decision_table_puts_first() -> None:
    study = study_of(64, TRUST, arms=4)
    results = results_of(study, *(noise(64, seed) for seed in (3, 4, 5)))
    best = max(decide(results).rankings, key=lambda one: one.benefit)
    assert worth_knowing(results, resamples=0, permutations=0).chosen == best.policy


def test_why_there_is_nothing_is_said() -> None:
    few = worth_knowing(results_of(study_of(39, TRUST), np.ones(39)))
    assert few.factors == () and "39 points" in few.note and few.chosen == "policy-1"
    assert "no factors" in worth_knowing(results_of(study_of(64), np.ones(64))).note
    for kind in ("morris", "tornado"):
        study = study_of(64, TRUST, kind=kind)
        nothing = worth_knowing(results_of(study, np.ones(len(study.design))))
        assert nothing.factors == () and kind in nothing.note and nothing.chosen == ""
    alone = results_of(study_of(64, TRUST), np.ones(64))
    alone = replace(alone, arms=alone.arms[:1], values={k: v[:1] for k, v in alone.values.items()})
    assert "one arm" in worth_knowing(alone).note
    nobody = results_of(study_of(64, TRUST), np.full(64, math.nan))
    assert (worth_knowing(nobody).chosen, worth_knowing(nobody).factors) == ("", ())
