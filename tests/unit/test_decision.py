"""The decision table against numbers worked out by hand."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from keliling.experiments.analysis.decision import Decision, Ranking, Standing, decide, sample
from keliling.experiments.analysis.intervals import t_quantile
from keliling.experiments.analysis.results import Results
from keliling.experiments.kinds import KINDS
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.study import Arm, Goal, Study
from keliling.sim.scenario import Scenario, load

NAN = math.nan
FACTORS = (Factor("trust_mean", 0.3, 0.8), Factor("detection_rate", 0.05, 0.5))


@cache
def scenario() -> Scenario:
    return load("kebon-jeruk-2018", size=0.01)


def study_of(
    arms: int,
    kind: str = "latin",
    outcomes: tuple[str, ...] = ("rejected_share",),
    factors: tuple[Factor, ...] = FACTORS,
    details: object = (),
    **changes: object,
) -> Study:
    names, of, points = ("now", "monthly", "weekly", "daily")[:arms], KINDS[kind], 8 if factors else 1
    given = {
        "name": "made-up",
        "title": "Made up",
        "question": "Which?",
        "kind": kind,
        "arms": tuple(Arm(name, name.title(), scenario()) for name in names),
        "factors": factors,
        "points": points,
        "replicates": 1,
        "seed": 1,
        "year": 2018,
        "outcomes": outcomes,
        "design": tuple(of.design(factors, points, 1, details)),
        "own_luck": of.own_luck(factors, details),
        "details": details,
    }
    return Study(**(given | changes))  # type: ignore[arg-type]


def results_of(study: Study, point: list[int] | None = None, **values: list[list[float]]) -> Results:
    """Results of these values, arm by job; one job a point unless ``point`` says otherwise."""
    found = {name: np.array(one, dtype=float) for name, one in values.items()}
    shape = next(iter(found.values())).shape
    for name in ("cost", "desk_cost"):
        found.setdefault(name, np.where(np.isnan(next(iter(found.values()))), NAN, 0.0))
    number = np.arange(shape[1]) if point is None else np.array(point)
    replicate = np.array([list(number[:at]).count(one) for at, one in enumerate(number)], dtype=np.int64)
    return Results(study, study.arms, number.astype(np.int64), replicate, found, 0, (), {})


def standing(decision: Decision, policy: str, outcome: str) -> Standing:
    (found,) = [one for one in decision.standings if (one.policy, one.outcome) == (policy, outcome)]
    return found


def ranking(decision: Decision, policy: str) -> Ranking:
    (found,) = [one for one in decision.rankings if one.policy == policy]
    return found


def test_a_standing_of_known_numbers() -> None:
    study = study_of(2, outcomes=("rejected_share", "satisfaction", "applications"))
    results = results_of(
        study,
        rejected_share=[[10.0, 12.0, 14.0, 16.0, 18.0], [9.0, 10.0, 15.0, 14.0, 13.0]],  # -1 -2 +1 -2 -5
        satisfaction=[[50.0] * 5, [51.0, 52.0, 53.0, 54.0, 49.0]],  # +1 +2 +3 +4 -1
        applications=[[100.0] * 5, [104.0] * 5],
    )
    decision = decide(results)
    assert (decision.jobs, decision.dropped, decision.note) == (5, 0, "")
    assert [one.outcome for one in decision.standings] == list(study.outcomes)

    lower = standing(decision, "monthly", "rejected_share")
    half = t_quantile(4) * math.sqrt(4.7 / 5)  # squares about -1.8: 0.64 + 0.04 + 7.84 + 0.04 + 10.24 = 18.8, over 4
    assert (lower.arm, lower.title) == (1, "Monthly") and lower.mean == pytest.approx(12.2)
    assert (lower.difference, lower.low, lower.high) == pytest.approx((-1.8, -1.8 - half, -1.8 + half))
    assert (lower.median, lower.worst_decile) == pytest.approx((-2.0, 0.2))  # 0.6 of the way from -1 to +1
    assert lower.worse_than_now == pytest.approx(0.2) and lower.verdict == "unclear"

    higher = standing(decision, "monthly", "satisfaction")
    assert (higher.median, higher.worst_decile) == pytest.approx((2.0, -0.2))  # 0.4 of the way from -1 to +1
    assert higher.worse_than_now == pytest.approx(0.2)

    neither = standing(decision, "monthly", "applications")
    assert (neither.difference, neither.low, neither.high, neither.verdict) == (4.0, 4.0, 4.0, "changed")
    assert math.isnan(neither.worst_decile) and math.isnan(neither.worse_than_now) and neither.median == 4.0


def test_a_verdict_goes_by_the_way_that_is_better() -> None:
    study = study_of(2, outcomes=("rejected_share", "satisfaction", "ikm"))
    down, same = [[10.0, 11.0, 12.0], [8.0, 9.1, 9.9]], [[70.0] * 3] * 2
    decision = decide(results_of(study, rejected_share=down, satisfaction=down, ikm=same))
    assert [one.verdict for one in decision.standings] == ["better", "worse", "same"]
    assert [one.worse_than_now for one in decision.standings] == [0.0, 1.0, 0.0]


def test_ranks_ties_and_regret() -> None:
    results = results_of(
        study_of(3),
        rejected_share=[[10.0, 10.0, 10.0, 10.0], [8.0, 11.0, 9.0, 10.0], [9.0, 12.0, 9.0, 10.0]],
        cost=[[100.0] * 4, [150.0] * 4, [180.0, 200.0, 220.0, 200.0]],
    )
    decision = decide(results)
    now, monthly, weekly = decision.rankings
    # The best in turn: monthly; now; monthly and weekly; all three.
    assert [one.best for one in decision.rankings] == pytest.approx(
        [(1 + 1 / 3) / 4, (1 + 1 / 2 + 1 / 3) / 4, (5 / 6) / 4]
    )
    assert (now.benefit, now.benefit_low, now.benefit_high) == (0.0, 0.0, 0.0)
    assert [monthly.benefit, weekly.benefit] == pytest.approx([0.5, 0.0])
    # Regret of now: 2 0 1 0; of monthly: 0 1 0 0; of weekly: 1 2 0 0.
    assert [one.regret for one in decision.rankings] == pytest.approx([0.75, 0.25, 0.75])
    assert [one.worst_regret for one in decision.rankings] == pytest.approx([1.85, 0.85, 1.85])
    assert len({round(one.regret + one.benefit, 12) for one in decision.rankings}) == 1
    half = t_quantile(3) * math.sqrt((400 + 400) / 3 / 4)
    assert (weekly.cost, weekly.cost_low, weekly.cost_high) == pytest.approx((100.0, 100 - half, 100 + half))
    assert (monthly.cost, monthly.cost_low, monthly.cost_high) == (50.0, 50.0, 50.0)
    assert math.isnan(now.meets_goal)


def test_worth_ranks_by_net_benefit() -> None:
    results = results_of(
        study_of(2, worth=10.0), rejected_share=[[10.0, 10.0], [9.0, 6.0]], cost=[[0.0, 0.0], [20.0, 20.0]]
    )
    now, monthly = decide(results).rankings
    assert monthly.benefit == pytest.approx(5.0)  # -10 and +20
    assert (now.best, monthly.best) == (0.5, 0.5)
    assert (now.regret, monthly.regret) == pytest.approx((10.0, 5.0))


def test_officers_are_not_free() -> None:
    """What is gained by more officers at the desk is set against what they cost."""
    results = results_of(
        study_of(2, worth=10.0), rejected_share=[[10.0, 10.0], [9.0, 6.0]], desk_cost=[[900.0] * 2, [950.0] * 2]
    )
    _, more = decide(results).rankings
    assert more.benefit == pytest.approx(25.0 - 50.0)
    assert more.cost == pytest.approx(50.0)


def test_a_goal_of_the_ranked_outcome_and_of_another() -> None:
    rejected = [[10.0, 12.0, 8.0, 9.0], [7.0, 9.0, 8.0, 8.5]]
    decision = decide(results_of(study_of(2, goal=Goal("rejected_share", 8.0)), rejected_share=rejected))
    assert [one.meets_goal for one in decision.rankings] == [0.25, 0.5]
    assert standing(decision, "monthly", "rejected_share").meets_goal == 0.5

    study = study_of(2, goal=Goal("satisfaction", 60.0))
    satisfaction = [[59.0, NAN, 61.0, 62.0], [60.0, 61.0, 62.0, 63.0]]
    decision = decide(results_of(study, rejected_share=rejected, satisfaction=satisfaction))
    assert [one.meets_goal for one in decision.rankings] == pytest.approx([2 / 3, 1.0])
    assert math.isnan(standing(decision, "monthly", "rejected_share").meets_goal)


def test_a_job_in_which_an_arm_failed_is_left_out_for_all() -> None:
    results = results_of(study_of(3), rejected_share=[[10.0, 10.0, 10.0], [8.0, 9.0, NAN], [9.0, 9.0, 0.0]])
    decision = decide(results)
    assert (decision.jobs, decision.dropped) == (2, 1)
    assert ranking(decision, "weekly").benefit == standing(decision, "weekly", "rejected_share").mean - 8.0 == 1.0
    assert [one.best for one in decision.rankings] == [0.0, 0.75, 0.25]


def test_an_outcome_that_a_run_lacks_does_not_make_it_a_failed_one() -> None:
    results = results_of(
        study_of(2, outcomes=("rejected_share", "attendance")),
        rejected_share=[[10.0, 10.0, 10.0], [8.0, 9.0, 7.0]],
        attendance=[[NAN, NAN, 5.0], [8.0, 9.0, 7.0]],
    )
    decision = decide(results)
    assert (decision.jobs, decision.dropped) == (3, 0)
    assert standing(decision, "monthly", "rejected_share").difference == -2.0
    rare = standing(decision, "monthly", "attendance")
    assert (rare.mean, rare.difference, rare.verdict) == (7.0, 2.0, "unclear") and math.isnan(rare.low)


def test_one_job_has_no_interval() -> None:
    decision = decide(results_of(study_of(2), rejected_share=[[10.0], [8.0]]))
    one, rank = decision.standings[0], decision.rankings[1]
    assert (one.mean, one.difference, one.median, one.worst_decile, one.verdict) == (8.0, -2.0, -2.0, -2.0, "unclear")
    assert (rank.best, rank.benefit, rank.regret, rank.worst_regret) == (1.0, 2.0, 0.0, 0.0)
    assert all(math.isnan(bound) for bound in (one.low, one.high, rank.benefit_low, rank.benefit_high, rank.cost_low))


@pytest.mark.parametrize("values", [[[], []], [[10.0, 10.0], [NAN, NAN]]])
def test_no_job_is_said_and_is_no_number(values: list[list[float]]) -> None:
    decision = decide(results_of(study_of(2), rejected_share=values))
    assert (decision.jobs, decision.dropped) == (0, len(values[0])) and "rejected share" in decision.note
    assert all(
        math.isnan(one) for rank in decision.rankings for one in (rank.best, rank.benefit, rank.regret, rank.cost)
    )
    assert math.isnan(decision.standings[0].difference) and decision.standings[0].verdict == "unclear"


def test_replicates_of_one_point_are_the_units_and_else_points_are() -> None:
    values = [[10.0] * 4, [9.0, 8.0, 7.0, 6.0]]
    grid = study_of(2, kind="grid", factors=(), replicates=4)
    one = decide(results_of(grid, point=[0, 0, 0, 0], rejected_share=values)).standings[0]
    half = t_quantile(3) * math.sqrt(5 / 3 / 4)
    assert (one.difference, one.low, one.high) == pytest.approx((-2.5, -2.5 - half, -2.5 + half))

    many = decide(results_of(study_of(2, kind="grid"), point=[0, 0, 0, 1], rejected_share=values))
    half = t_quantile(1) * 1.0  # points' means are -2 and -4: a variance of 2, over two of them
    one, rank = many.standings[0], many.rankings[1]
    assert (one.mean, one.difference, one.low, one.high) == pytest.approx((7.0, -3.0, -3.0 - half, -3.0 + half))
    assert (rank.benefit, rank.benefit_low, rank.benefit_high) == pytest.approx((3.0, 3.0 - half, 3.0 + half))
    assert one.median == -2.5 and many.jobs == 4  # over jobs

    lonely = decide(results_of(study_of(2, kind="grid"), point=[2, 2, 2, 2], rejected_share=values)).standings[0]
    assert math.isnan(lonely.low)  # replicates of the only point there is say nothing of the others


def test_a_study_without_policies_has_one_arm_that_is_always_best() -> None:
    (now,) = (decision := decide(results_of(study_of(1), rejected_share=[[10.0, 12.0]]))).rankings
    assert decision.standings == () and (now.policy, now.best, now.regret, now.benefit) == ("now", 1.0, 0.0, 0.0)


def test_of_a_sobol_study_only_the_rows_of_a_and_b_count() -> None:
    study = study_of(2, kind="sobol")  # two factors and luck: blocks of five
    policy = [9.0, 0.0, 0.0, 0.0, 8.0, 7.0, 0.0, 0.0, 0.0, 6.0]
    results = results_of(study, rejected_share=[[10.0] * 10, policy])
    assert sample(results).nonzero()[0].tolist() == [0, 4, 5, 9]
    decision = decide(results)
    assert (decision.jobs, decision.standings[0].difference) == (4, -2.5)

    stopped = results_of(study, point=[3, 4, 5, 6], rejected_share=[[10.0] * 4, [0.0, 8.0, 7.0, 0.0]])
    assert sample(stopped).tolist() == [False, True, True, False]  # by the number of the point, not by its place


def test_the_rows_of_a_and_b_are_samples_that_do_not_repeat() -> None:
    study = study_of(2, kind="sobol")
    rows = [point for at, point in enumerate(study.design) if at % 5 in (0, 4)]
    assert rows == [point for point in study.design if point.fair]
    assert len(rows) == 2 * study.points
    for name in (factor.name for factor in study.factors):
        assert len({row.values[name] for row in rows}) == len(rows)


@pytest.mark.parametrize("kind", ["morris", "tornado"])
def test_a_design_that_is_no_sample_has_no_decision_table(kind: str) -> None:
    results = results_of(study_of(2, kind=kind), rejected_share=[[10.0, 10.0], [8.0, 9.0]])
    assert not sample(results).any()
    decision = decide(results)
    assert (decision.standings, decision.rankings, decision.jobs) == ((), (), 0) and kind in decision.note
    fair = results_of(study_of(2, kind="pawn"), rejected_share=[[10.0, 10.0], [8.0, 9.0]])
    assert sample(fair).all() and decide(fair).note == ""


def test_points_that_somebody_wrote_and_arms_that_are_no_policies() -> None:
    """Of a table with points it is said what chances are shares of; a crossed study has no policy to choose."""
    values = [[10.0, 10.0], [8.0, 9.0]]
    rows = ({"trust_mean": 0.4}, {"trust_mean": 0.5})
    results = results_of(study_of(2, kind="table", factors=(), details=rows), rejected_share=values)
    note = "chances are shares of the rows of the table, each counted once"
    assert KINDS["table"].decision(results).notes == (*decide(results).notes, note)
    policies = results_of(study_of(2, kind="table", factors=()), point=[0, 0], rejected_share=values)
    assert KINDS["table"].decision(policies) == decide(policies)
    crossed = results_of(study_of(2, kind="crossed", factors=()), point=[0, 0], rejected_share=values)
    assert KINDS["crossed"].decision(crossed) == Decision((), (), "", 0, 0) != decide(crossed)
