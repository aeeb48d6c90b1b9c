"""The decision table of a study: what each policy does to every outcome, how surely, and how often it is the best one.

Means are over independent units: points, each the mean of its replicates, or replicates where there is one point. Their
intervals are Student's (``analysis.intervals``). Shares, quantiles and regret are over jobs: chances over what is
uncertain and over luck. Regret is Savage's (1951, *J. Am. Stat. Assoc.* 46:55): what is lost against the policy that
would have been best in that very job. Only a fair sample of the factors has chances; see ``sample``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keliling.experiments.analysis.differences import Difference, paired
from keliling.experiments.analysis.intervals import interval
from keliling.experiments.analysis.paired_outcomes import COSTS
from keliling.experiments.analysis.results import Floats, Results
from keliling.experiments.plan.study import Study
from keliling.sim.outcomes import HIGHER, NEITHER, outcomes

Bools = NDArray[np.bool_]

DECILE, WORST = 0.1, 0.95  # the share of jobs in the worst decile; the quantile of regret that is told

NO_SAMPLE = (
    "There is no decision table: the points of a {kind} study stand at chosen places, not where the truth may lie, so "
    "means and chances over them mean nothing. A latin, sobol or pawn study has one."
)
NO_JOBS = "There is nothing to rank by: no job has {outcome} of every policy."


@dataclass(frozen=True)
class Standing:
    """What one policy does to one outcome, in the outcome's unit."""

    arm: int
    policy: str
    title: str
    outcome: str
    """Its name; the outcome by which policies are ranked comes first."""
    mean: float
    """Of the policy's own level."""
    difference: float
    """Mean paired difference to the baseline; ``low`` and ``high`` bound its 95% interval, NaN of one unit."""
    low: float
    high: float
    median: float
    """Of the paired difference, over jobs."""
    worst_decile: float
    """The paired difference that is this bad or worse in one job of ten; NaN where neither direction is better."""
    worse_than_now: float
    """Share of jobs in which the policy is worse than the baseline; NaN where neither direction is better."""
    meets_goal: float
    """Share of jobs that meet the study's goal; NaN where it has none, or one about another outcome."""
    verdict: str
    """As ``experiments.analysis.differences.Difference.verdict``."""


@dataclass(frozen=True)
class Ranking:
    """How one arm, the baseline included, fares against all others, by ``Results.benefit`` and in its unit."""

    arm: int
    policy: str
    title: str
    best: float
    """Share of jobs in which it ranks first; those who tie share the job equally."""
    benefit: float
    """Mean benefit less the baseline's; ``benefit_low`` and ``benefit_high`` bound its 95% interval."""
    benefit_low: float
    benefit_high: float
    regret: float
    """Mean of the best arm's benefit less its own: least where the mean benefit is greatest."""
    worst_regret: float
    """The same at its 95th percentile over jobs."""
    cost: float
    """Mean paired difference of the programme's cost, Rp million a year, with its 95% interval."""
    cost_low: float
    cost_high: float
    meets_goal: float
    """Share of jobs that meet the study's goal; NaN where it has none."""


@dataclass(frozen=True)
class Decision:
    """The decision table; ``note`` says why there is nothing, else it is empty; ``notes`` what a reader must know."""

    standings: tuple[Standing, ...]
    """Policy by policy, every outcome of the study."""
    rankings: tuple[Ranking, ...]
    """In the order of the arms."""
    note: str
    jobs: int
    """Jobs that are ranked over."""
    dropped: int
    """Jobs of the sample left out, since an arm failed in them or has no value of what policies are ranked by."""
    notes: tuple[str, ...] = ()


def sample(results: Results) -> Bools:
    """Which jobs are a fair sample of the factors, each with equal weight: True or False a job."""
    fair = np.array([point.fair for point in results.study.design], dtype=bool)
    return np.asarray(fair[results.point])


def no_sample(study: Study) -> bool:
    """Whether the design points of a study stand where they tell most, and not where the truth may lie."""
    return not any(point.fair for point in study.design)


def ranked_jobs(results: Results) -> Bools:
    """Jobs of the fair sample in which every arm has a benefit, so that they can be ranked: True or False a job."""
    return np.asarray(sample(results) & (results.best >= 0))


def decide(results: Results, *notes: str) -> Decision:
    """The decision table of the study. Jobs in which an arm failed are left out for all arms, and counted.

    ``notes`` are what a reader must know besides what is found here.
    """
    study, fair = results.study, sample(results)
    if no_sample(study):
        return Decision((), (), NO_SAMPLE.format(kind=study.kind), 0, 0)
    whole, ranked = lived_jobs(results), ranked_jobs(results)
    jobs = int(ranked.sum())
    standings = tuple(_standing(results, whole, arm, name) for arm in _arms(results)[1:] for name in study.outcomes)
    rankings = tuple(_ranking(results, ranked, arm) for arm in _arms(results))
    return Decision(
        standings=standings,
        rankings=rankings,
        note="" if jobs else NO_JOBS.format(outcome=study.ranked_by.title.lower()),
        jobs=jobs,
        dropped=int(fair.sum()) - jobs,
        notes=(*_same(results), *_harm(standings, rankings), *notes) if jobs else (),
    )


def _same(results: Results) -> list[str]:
    """Policies that changed nothing in any run, against the baseline or a policy before them."""
    every = [np.stack([values[at] for values in results.values.values()]) for at in _arms(results)]
    found: dict[str, list[str]] = {}
    for at in _arms(results)[1:]:
        before = next((one for one in range(at) if np.array_equal(every[one], every[at], equal_nan=True)), None)
        if before is not None:
            found.setdefault(results.arms[before].name, []).append(results.arms[at].name)
    small = ": at a reduced size a year may pass without an event" if results.arms[0].scenario.size < 1.0 else ""
    return [f"in every run {', '.join(names)} came to the same as {first}{small}" for first, names in found.items()]


def _harm(standings: Sequence[Standing], rankings: Sequence[Ranking]) -> list[str]:
    """What the policy of the greatest benefit makes clearly worse, its cost left aside."""
    best = max(rankings, key=lambda one: one.benefit)
    worse = [
        outcomes()[one.outcome].title
        for one in standings
        if one.arm == best.arm and one.verdict == "worse" and one.outcome not in COSTS
    ]
    return [f"{best.policy}, of the greatest benefit, is clearly worse in: {', '.join(worse)}"] if worse else []


def _arms(results: Results) -> range:
    return range(len(results.arms))


def lived_jobs(results: Results) -> Bools:
    """Jobs of the fair sample in which no arm failed. A run that failed has no outcome; another may still lack some."""
    lived = (~np.isnan(np.stack(list(results.values.values())))).any(axis=0).all(axis=0)
    return np.asarray(sample(results) & lived)


def _standing(results: Results, whole: Bools, arm: int, name: str) -> Standing:
    study, outcome = results.study, outcomes()[name]
    difference = _paired(results, whole, arm, name)
    by_job = results.difference(name, arm)[whole]
    by_job = by_job[~np.isnan(by_job)]
    judged = outcome.better != NEITHER
    worse_side = DECILE if outcome.better == HIGHER else 1.0 - DECILE
    return Standing(
        arm=arm,
        policy=results.arms[arm].name,
        title=results.arms[arm].title,
        outcome=name,
        mean=difference.policy_mean,
        difference=difference.difference,
        low=difference.low,
        high=difference.high,
        median=_quantile(by_job, 0.5),
        worst_decile=_quantile(by_job, worse_side) if judged else math.nan,
        worse_than_now=_mean(by_job * outcome.better < 0) if judged else math.nan,
        meets_goal=_meets_goal(results, whole, arm) if study.goal and study.goal.outcome == name else math.nan,
        verdict=difference.verdict,
    )


def _ranking(results: Results, ranked: Bools, arm: int) -> Ranking:
    benefit = results.benefit[:, ranked]
    best = benefit.max(axis=0)
    first = benefit == best
    gains = units(results, results.benefit[arm] - results.benefit[0], ranked).tolist()
    regret = np.full(results.jobs, np.nan)
    regret[ranked] = best - benefit[arm]
    dearer = units(results, results.cost[arm] - results.cost[0], ranked).tolist()
    (cost_low, cost_high), (benefit_low, benefit_high) = interval(dearer), interval(gains)
    return Ranking(
        arm=arm,
        policy=results.arms[arm].name,
        title=results.arms[arm].title,
        best=_mean(first[arm] / first.sum(axis=0)),
        benefit=_mean(np.array(gains)),
        benefit_low=benefit_low,
        benefit_high=benefit_high,
        regret=_mean(units(results, regret, ranked)),
        worst_regret=_quantile(regret[ranked], WORST),
        cost=_mean(np.array(dearer)),
        cost_low=cost_low,
        cost_high=cost_high,
        meets_goal=_meets_goal(results, ranked, arm),
    )


def units(results: Results, values: Floats, used: Bools) -> Floats:
    """Values of the jobs used as independent units: means of points, or of one point its replicates themselves."""
    if len(results.study.design) < 2:
        return values[used]
    means = results.by_point(np.where(used, values, np.nan))
    return means[~np.isnan(means)]


def _paired(results: Results, used: Bools, arm: int, name: str) -> Difference:
    """The paired difference of an outcome over the units."""
    now, policy = results.values[name][0], results.values[name][arm]
    used = used & ~np.isnan(policy - now)
    before, after = (units(results, values, used).tolist() for values in (now, policy))
    return paired(outcomes()[name], results.arms[arm].name, before, after)


def _meets_goal(results: Results, used: Bools, arm: int) -> float:
    goal = results.study.goal
    if goal is None:
        return math.nan
    values = results.values[goal.outcome][arm][used]
    return _mean(np.array([goal.met(value) for value in values[~np.isnan(values)].tolist()]))


def _mean(values: NDArray[np.generic]) -> float:
    return float(values.mean(dtype=float)) if values.size else math.nan


def _quantile(values: Floats, share: float) -> float:
    return float(np.quantile(values, share)) if values.size else math.nan
