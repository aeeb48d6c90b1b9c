"""How outcomes answer to events a month: responses of known shapes give known answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from keliling.experiments.analysis.frequency import Response, frequencies, response, responses, today
from keliling.experiments.analysis.results import Results
from keliling.experiments.kinds import KINDS
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.study import Arm, Study
from keliling.sim.parameters import Value
from keliling.sim.scenario import Scenario, load

NAN = math.nan
LEVELS = (0.0, 1.0, 2.0, 4.0, 8.0)
LUCK = (0.0, 3.0, -2.0, 7.0, 1.0)  # of five replicates, which all arms share


@cache
def scenario() -> Scenario:
    return load("kebon-jeruk-2018", size=0.01)


def arm(name: str, **levels: Value) -> Arm:
    return Arm(name, name, scenario(), levels)


def study_of(arms: Sequence[Arm], points: int = 1, base: Scenario | None = None) -> Study:
    kind = KINDS["frequency"]
    factors = (Factor("trust_mean", 0.3, 0.8),) if points > 1 else ()
    return Study(
        name="made-up",
        title="Made up",
        question="How often?",
        kind="frequency",
        arms=(Arm("now", "Now", base or scenario()), *arms),
        factors=factors,
        points=points,
        replicates=1,
        seed=1,
        year=2019,
        outcomes=("satisfaction", "rejected_share"),
        design=tuple(kind.design(factors, points, 1, None)),
        own_luck=kind.own_luck(factors, None),
    )


def results_of(
    curve: Sequence[float],
    outcome: str = "satisfaction",
    *,
    levels: Sequence[float] = LEVELS,
    noise: Sequence[Sequence[float]] = (),
    crowded: Sequence[float] = (),
    luck: Sequence[float] = LUCK,
    points: int = 1,
) -> Results:
    """An outcome that is ``curve`` over the levels, with luck that all arms share and noise (arm by job) of their own."""
    study = study_of([arm(f"events-{level:g}", events_per_month=level) for level in levels], points)
    jobs = len(luck)
    values = np.array([NAN, *curve])[:, None] + np.array(luck)
    values[0] = 1e6  # the baseline has no part in it
    if noise:
        values[1:] += np.array(noise)
    use = np.array([NAN, *(crowded or [70.0] * len(levels))])[:, None] + np.zeros(jobs)
    number = np.arange(jobs, dtype=np.int64)
    return Results(
        study, study.arms, number % points, number // points, {outcome: values, "utilisation": use}, 0, (), {}
    )


def told(results: Results, outcome: str = "satisfaction") -> Response:
    found = response(results, outcome)
    assert found.outcome == outcome
    return found


def test_a_straight_line_never_diminishes() -> None:
    """What every event adds alike holds to the end, up where more is better and down where less is."""
    for sign, outcome in ((1.0, "satisfaction"), (-1.0, "rejected_share")):
        found = told(results_of([sign * level for level in LEVELS], outcome), outcome)
        assert found.text == "better at 8 a month than at 0, returns not seen to diminish"
        assert all(math.isnan(one) for one in (found.diminishing, found.turning, found.utilisation))


def test_a_steeper_and_steeper_curve_never_diminishes() -> None:
    """Returns that grow hold."""
    assert (
        told(results_of([level**2 for level in LEVELS])).text
        == "better at 8 a month than at 0, returns not seen to diminish"
    )


def test_a_curve_that_saturates_diminishes_where_it_does() -> None:
    """Up to two events a month bring one point each, further ones nothing."""
    found = told(results_of([min(level, 2.0) for level in LEVELS]))
    assert (found.diminishing, found.text) == (2.0, "returns diminish beyond 2 a month")
    assert math.isnan(found.turning) and math.isnan(found.utilisation)
    fewer = told(results_of([40.0 - min(level, 4.0) for level in LEVELS], "rejected_share"), "rejected_share")
    assert fewer.diminishing == 4.0


@pytest.mark.parametrize(("third", "text"), [
    (20.2, "better at 3 a month than at 0, returns not seen to diminish"),
    (20.0, "better at 3 a month than at 0, returns not seen to diminish"),
    (19.8, "returns diminish beyond 1 a month"),
    (11.0, "returns diminish beyond 1 a month"),
])  # fmt: skip
def test_half_of_what_an_event_brought_is_the_mark(third: float, text: str) -> None:
    """Over uneven steps it goes by event: the first brings 10, and two further ones 5 each, or more, or less."""
    assert told(results_of([0.0, 10.0, third], levels=(0.0, 1.0, 3.0), luck=(0.0,) * 5)).text == text


def test_the_first_frequency_need_not_be_none() -> None:
    """What an event brought is counted from the lowest frequency on."""
    assert told(results_of([5.0, 7.0, 7.6], levels=(2.0, 4.0, 6.0))).diminishing == 4.0
    assert (
        told(results_of([5.0, 7.0, 8.2], levels=(2.0, 4.0, 6.0))).text
        == "better at 6 a month than at 2, returns not seen to diminish"
    )


def test_a_curve_that_rises_and_falls_turns() -> None:
    """It turns at its top, and the desk's utilisation there is told; crowded from 90 per cent on."""
    found = told(results_of([0.0, 2.0, 4.0, 1.0, 0.5], crowded=[60.0, 70.0, 93.4, 99.0, 100.0]))
    assert (found.turning, found.utilisation) == (2.0, pytest.approx(93.4))
    assert found.text == "turns to harm beyond 2 a month; the desk is 93% used there, crowded"
    found = told(
        results_of([9.0, 7.0, 5.0, 3.0, 6.0], "rejected_share", crowded=[60, 61, 62, 63, 64]), "rejected_share"
    )
    assert (found.turning, found.utilisation) == (4.0, 63.0)
    assert found.text == "turns to harm beyond 4 a month; the desk is 63% used there"


def test_the_first_turn_counts() -> None:
    """Of two tops the first is told."""
    assert told(results_of([0.0, 3.0, 2.0, 6.0, 1.0])).turning == 1.0


def test_what_was_never_better_does_not_turn() -> None:
    """Harm from the first events on is no turning, and a fall before a rise is none either."""
    found = told(results_of([-level for level in LEVELS]))
    assert found.text == "clearly worse than at 0 from 1 a month on; the desk is 70% used there"
    assert math.isnan(found.turning) and math.isnan(found.diminishing)
    found = told(results_of([0.0, -2.0, -3.0, -1.0, 2.0]))
    assert found.text == "better at 8 a month than at 0, returns not seen to diminish" and math.isnan(found.turning)


NOISE = (
    (0.0, 0.0, 0.0, 0.0, 0.0),
    (1.0, -1.0, 0.5, -0.7, 0.1),
    (-0.8, 1.2, -0.4, 0.3, -0.2),
    (0.6, 0.2, -1.1, 0.9, -0.5),
    (-0.3, -0.9, 1.0, 0.4, -0.1),
)


def test_noise_gives_no_clear_answer() -> None:
    """Differences around nothing say nothing, and neither does a single replicate, which has no interval."""
    assert told(results_of([0.0] * 5, noise=NOISE)).text == "no clear answer up to 8 a month"
    assert told(results_of([0.0] * 5)).text == "no clear answer up to 8 a month"
    assert told(results_of([0.0, 1.0, 2.0, 3.0, 1.0], luck=(1.0,))).text == "no clear answer up to 8 a month"


def test_a_fall_within_the_noise_is_no_turn() -> None:
    """A top that is lower by less than its interval is not told; the same fall without the noise is."""
    curve = [0.0, 10.0, 20.0, 40.0, 39.8]
    noisy = told(results_of(curve, noise=NOISE))
    assert math.isnan(noisy.turning) and noisy.diminishing == 4.0
    assert told(results_of(curve)).turning == 4.0


def test_failed_runs_are_left_out() -> None:
    """A job in which an arm failed tells nothing of that arm, and the others go on telling."""
    results = results_of([0.0, 2.0, 4.0, 1.0, 0.5], crowded=[60.0, 70.0, 80.0, 99.0, 100.0])
    results.values["satisfaction"][3, 1] = results.values["utilisation"][3, 1] = NAN
    results.values["satisfaction"][1, 4] = NAN
    found = told(results)
    assert (found.turning, found.utilisation) == (2.0, 80.0)


def test_with_several_points_the_unit_is_the_point() -> None:
    """Replicates of a point are no independent evidence on other points: 3 in the one and -1 in the other is unclear."""
    up = [3.0 if job % 2 == 0 else -1.0 for job in range(20)]
    noise = ([0.0] * 20, up, up)
    levels = (0.0, 1.0, 2.0)
    one = results_of([0.0] * 3, levels=levels, noise=noise, luck=[0.0] * 20)
    two = results_of([0.0] * 3, levels=levels, noise=noise, luck=[0.0] * 20, points=2)
    assert (len(one.study.design), len(two.study.design)) == (1, 2)
    assert told(one).text == "returns diminish beyond 1 a month"
    assert told(two).text == "no clear answer up to 2 a month"
    clear = results_of([0.0, 10.0, 10.5], levels=levels, luck=[float(job % 2) for job in range(20)], points=2)
    assert told(clear).diminishing == 1.0


@pytest.mark.parametrize("outcome", ["cost", "private_cost", "applications", "utilisation"])
def test_some_outcomes_say_nothing(outcome: str) -> None:
    """Costs rise by what an event costs, and where neither way is better there is nothing to turn to."""
    results = results_of([0.0, 2.0, 4.0, 1.0, 0.5], outcome)
    results.values.setdefault("utilisation", np.zeros((6, 5)))  # type: ignore[attr-defined]
    found = told(results, outcome)
    assert found.text == "" and math.isnan(found.diminishing) and math.isnan(found.turning)


def test_two_frequencies_are_no_curve() -> None:
    """Neither returns nor turns are read from fewer than three."""
    assert told(results_of([0.0, 5.0], levels=(0.0, 4.0))).text == ""


def test_responses_come_in_the_order_asked_for() -> None:
    """One response an outcome."""
    results = results_of([min(level, 2.0) for level in LEVELS])
    results.values["rejected_share"] = -results.values["satisfaction"]  # type: ignore[index]
    found = responses(results, ("rejected_share", "utilisation", "satisfaction"))
    assert [one.outcome for one in found] == ["rejected_share", "utilisation", "satisfaction"]
    assert [one.diminishing for one in found][::2] == [2.0, 2.0]


def test_frequencies_are_arms_that_set_nothing_else() -> None:
    """Ascending, each frequency once; policies that move other levers too are no points of the curve."""
    arms = [
        arm("events-4", events_per_month=4.0),
        arm("paid", events_per_month=6.0, pay=50.0),
        arm("events-0", events_per_month=0),
        arm("thanks", thanks=False),
        arm("weekly", events_per_month=4),
        arm("events-1", events_per_month=1.0),
    ]
    none = np.zeros(0, dtype=np.int64)
    results = Results(study_of(arms), study_of(arms).arms, none, none, {}, 0, (), {})
    assert frequencies(results) == [(0.0, 3), (1.0, 6), (4.0, 1)]


def test_today_is_what_the_baseline_ends_with() -> None:
    """The register's frequency, the scenario's own, or that of its last change."""
    none = np.zeros(0, dtype=np.int64)

    def of(base: Scenario) -> float:
        return today(Results(study_of([], base=base), study_of([], base=base).arms, none, none, {}, 0, (), {}))

    assert of(scenario()) == 0.25
    assert of(scenario().with_(events_per_month=2)) == 2.0
    changed = scenario().with_change("2018-03", events_per_month=1).with_change("2019-01", events_per_month=3.0)
    assert of(changed) == 3.0
    assert of(changed.with_change("2019-05", pay=1.0)) == 3.0
