"""A comparison: a baseline and policies, paired replicate by replicate under common random numbers.

Replicate r of the baseline and replicate r of a policy share all luck, so the difference within a pair is the work of
the policy and its spread is far below that of either (the variance ratio says how far).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

from keliling.experiments.analysis.differences import Difference, alone, paired, ratio_of_means
from keliling.experiments.analysis.displacement import displaced_in
from keliling.experiments.analysis.ensemble import Ensemble, open_notes, window_year
from keliling.experiments.analysis.paired_outcomes import (
    AVOIDED,
    COST_PER_EXTRA,
    COST_PER_EXTRA_NET,
    COSTS,
    DISPLACED,
    EXTRA,
    EXTRA_NET,
    PRIVATE,
    REPLACED,
    STANDARDISED,
    TRUST,
)
from keliling.sim.errors import InvalidInput, KelilingError, Problem
from keliling.sim.outcomes import outcomes, standardised_rejection
from keliling.sim.scenario import MONTH_DAYS, YEAR_DAYS, Scenario

PUBLISHED = ("rejected_share", "delayed_share", "ikm", "satisfaction", "complaints_expected")
"""Outcomes of which the paper reports what became of them from 2018 to 2019, or their like in the model."""

LATER_YEARS = 3  # that are proposed, to see what of a policy's permits was only earlier


class Comparison:
    """Policies against a baseline over one reported year, the last that all report unless ``year`` says another.

    All ensembles must have the same seed and replicates. Raises InvalidInput when one does not report the year.
    """

    def __init__(self, baseline: Ensemble, policies: Sequence[Ensemble], year: int | None = None) -> None:
        for one in policies:
            if (one.seed, one.replicates) != (baseline.seed, baseline.replicates):
                raise KelilingError(f"{one.name} and {baseline.name} do not share seed and replicates: no pairs")
        self.baseline, self.policies = baseline, tuple(policies)
        self.year = comparable([one.scenario for one in self.ensembles], year)

    @property
    def ensembles(self) -> tuple[Ensemble, ...]:
        """The baseline, then the policies."""
        return (self.baseline, *self.policies)

    @property
    def n(self) -> int:
        """Replicates of each scenario."""
        return len(self.baseline.runs)

    @cached_property
    def table(self) -> Mapping[str, Mapping[str, Difference]]:
        """Every difference by policy and outcome, in the order in which they are shown."""
        return {policy.name: {one.outcome.name: one for one in self._of(policy)} for policy in self.policies}

    def differences(self, outcome: str) -> dict[str, list[float]]:
        """Paired differences of every policy, replicate by replicate."""
        base = self.baseline.values(outcome, self.year)
        return {
            policy.name: [y - x for x, y in zip(base, policy.values(outcome, self.year), strict=True)]
            for policy in self.policies
        }

    def rows(self) -> list[Difference]:
        """Every difference, policy by policy."""
        return [one for rows in self.table.values() for one in rows.values()]

    @cached_property
    def before_after(self) -> Mapping[str, Mapping[str, Difference]]:
        """The year against the one before it, in each scenario by itself; empty when that one is not reported.

        This is what an onlooker at one place sees: it mixes the policy with all else that changes from year to year.
        """
        if any(self.year - 1 not in one.scenario.reported_years for one in self.ensembles):
            return {}
        then, now = self.year - 1, self.year
        return {
            one.name: {
                name: paired(outcome, one.name, one.values(name, then), one.values(name, now))
                for name, outcome in outcomes().items()
            }
            for one in self.ensembles
        }

    def notes(self) -> list[str]:
        """What a reader must know of the window and of the pairing."""
        base, year = self.baseline.scenario, self.year
        notes = [note for policy in self.policies for note in notes_of(base, policy, year)]
        for policy in self.policies:
            differs = policy.scenario.first_difference(base) < policy.scenario.first_day_of(year) + YEAR_DAYS
            found = [self.table[policy.name][name] for name in outcomes()]
            if differs and all(d.verdict == "same" or math.isnan(d.difference) for d in found):
                notes.append(
                    f"{policy.name}: written otherwise than the baseline, and the same in every outcome of every "
                    "replicate: what sets the two apart never acts here (crowding out, for one, needs pay)"
                )
        summed = {policy.name: net_years(base, policy.scenario, year) for policy in self.policies}
        for name, years in summed.items():
            if years:
                notes.append(f"{name}: net of later years is over {years[0]} to {years[-1]}")
        if not all(summed.values()):
            asked = base.years + LATER_YEARS
            notes.append(
                f"no year after {year} was lived, so how many of the extra permits are only earlier ones is not told, "
                f"and event applications of the last quarter are not followed; --horizon {asked} tells"
            )
        return notes + open_notes(self.ensembles, year)

    def _of(self, policy: Ensemble) -> list[Difference]:
        base, year = self.baseline, self.year
        found = []
        for name, outcome in outcomes().items():
            found.append(paired(outcome, policy.name, base.values(name, year), policy.values(name, year)))
            if name == "rejected_share":
                pairs = list(zip(base.totals(year), policy.totals(year), strict=True))
                before = [standardised_rejection(x, x) for x, _ in pairs]
                after = [standardised_rejection(y, x) for x, y in pairs]
                found.append(paired(STANDARDISED, policy.name, before, after))
        return found + self._value(policy)

    def _value(self, policy: Ensemble) -> list[Difference]:
        """What the policy gives and what that costs."""
        base, year, name = self.baseline, self.year, policy.name

        def gained(outcome: str) -> list[float]:
            pairs = zip(base.values(outcome, year), policy.values(outcome, year), strict=True)
            return [y - x for x, y in pairs]

        totals = list(zip(base.totals(year), policy.totals(year), strict=True))
        extra, applications = gained("granted"), gained("applications")
        dearer = [a + b for a, b in zip(*(gained(cost) for cost in COSTS), strict=True)]
        dearer_net = [a + b for a, b in zip(*(self._summed(cost, policy) for cost in COSTS), strict=True)]
        at_events = [(y["submitted.event"] - x["submitted.event"]) * 12 / y["months"] for x, y in totals]
        replaced = [e - a for e, a in zip(at_events, applications, strict=True)]
        each = zip(gained("private_cost"), policy.values("applications", year), strict=True)
        events, anyway = self._displaced(policy)
        return [
            alone(EXTRA, name, extra),
            alone(EXTRA_NET, name, self._summed("granted", policy)),
            ratio_of_means(COST_PER_EXTRA, name, dearer, extra),
            ratio_of_means(COST_PER_EXTRA_NET, name, dearer_net, self._summed("granted", policy)),
            ratio_of_means(DISPLACED, name, anyway, events, times=100.0),
            ratio_of_means(REPLACED, name, replaced, at_events, times=100.0),
            alone(PRIVATE, name, [-more * number / 1000.0 for more, number in each]),
            alone(
                AVOIDED,
                name,
                [(x["complaints.expected"] - y["complaints.expected"]) * 12 / y["months"] for x, y in totals],
            ),
            alone(TRUST, name, gained("trust")),
        ]

    def _summed(self, outcome: str, policy: Ensemble) -> list[float]:
        """What a policy adds to an outcome over all of ``net_years``, replicate by replicate."""
        years = net_years(self.baseline.scenario, policy.scenario, self.year)
        if not years:
            return [math.nan] * self.n
        base = [self.baseline.values(outcome, year) for year in years]
        other = [policy.values(outcome, year) for year in years]
        return [sum(y) - sum(x) for x, y in zip(zip(*base, strict=True), zip(*other, strict=True), strict=True)]

    def _displaced(self, policy: Ensemble) -> tuple[list[float], list[float]]:
        """Applications at events under a policy, and of them those filed anyway, replicate by replicate."""
        pairs = list(zip(self.baseline.runs, policy.runs, strict=True))
        if not alike(self.baseline.scenario, policy.scenario) or not all(x.districts and y.districts for x, y in pairs):
            return [math.nan] * self.n, [math.nan] * self.n
        found = [displaced_in(y, x, self.year) for x, y in pairs]
        return [float(events) for events, _ in found], [float(anyway) for _, anyway in found]


def alike(one: Scenario, other: Scenario) -> bool:
    """Whether two scenarios have the same residents, so that one and the same can be looked up in both."""
    if one.profile.content() != other.profile.content():
        return False
    return (one.population_seed, one.size) == (other.population_seed, other.size)


def net_years(baseline: Scenario, policy: Scenario, year: int) -> list[int]:
    """Reported years over which what a policy gives is summed, net of later ones: from the first on which the two can
    differ to the last that both report. Empty when that is no later than ``year``: nothing can be taken off again.
    """
    differs = policy.first_year - policy.warmup_years + policy.first_difference(baseline) // YEAR_DAYS
    both = [one for one in policy.reported_years if one in baseline.reported_years]
    return [one for one in both if one >= differs] if both[-1] > year else []


def same_horizon(scenarios: Sequence[Scenario], years: int | None = None) -> list[Scenario]:
    """The scenarios, all with as many reported years as asked, or as the one that reports most.

    Raises InvalidInput when one reports more than are asked.
    """
    most = max(scenarios, key=lambda one: one.years)
    if years is not None and years < most.years:
        rule = f"must be at least {most.years}: so many years does {most.name} report"
        raise InvalidInput([Problem("options", 0, 0, "--horizon", str(years), rule)])
    asked = years or most.years
    return [one if one.years == asked else one.with_(years=asked) for one in scenarios]


def comparable(scenarios: Sequence[Scenario], year: int | None = None) -> int:
    """The year to compare (see ``window_year``), when the first scenario and the others begin in one and the same.

    Raises InvalidInput otherwise: months would not face each other, nor would the luck that is keyed by them.
    """
    begins = [one.first_year - one.warmup_years for one in scenarios]
    rule = f"must begin in {begins[0]} as the baseline does (first_year - warmup_years)"
    problems = [
        Problem(one.name, 0, 0, "first_year", str(began), rule)
        for one, began in zip(scenarios, begins, strict=True)
        if began != begins[0]
    ]
    if problems:
        raise InvalidInput(problems)
    return window_year(scenarios, year)


def notes_of(baseline: Scenario, policy: Ensemble, year: int) -> list[str]:
    """What limits the reading of one policy's differences in a year."""
    scenario, name = policy.scenario, policy.name
    notes = []
    if scenario.profile.content() != baseline.profile.content():
        notes.append(f"{name}: another district than the baseline's, so the two share no luck and pairing gains little")
    elif not alike(scenario, baseline):
        notes.append(f"{name}: another population than the baseline's, so pairing gains little")
    first = scenario.first_difference(baseline)
    start = scenario.first_day_of(year)
    if first >= scenario.days and scenario.days == baseline.days:
        notes.append(f"{name}: the same as the baseline in all that counts, so every difference is zero")
    elif first >= start + YEAR_DAYS:
        begins = scenario.label_of_month(first // MONTH_DAYS)
        notes.append(f"{name}: differs from the baseline from {begins} on, after {year}: every difference is zero")
    elif first > start:
        begins = scenario.label_of_month(first // MONTH_DAYS)
        notes.append(f"{name}: differs from the baseline from {begins} on, so {year} is in part from before the change")
    return notes
