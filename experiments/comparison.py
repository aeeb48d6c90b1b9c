"""A comparison: a baseline and policies, paired replicate by replicate under common random numbers.

Replicate r of the baseline and replicate r of a policy share all luck, so the difference within a pair is the work of
the policy and its spread is far below that of either (the variance ratio says how far).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from experiments.differences import Difference, alone, measure_of, paired, ratio_of_means
from experiments.ensemble import Ensemble, open_notes, reported_years, window_year
from experiments.measures import AVOIDED, COST_PER_EXTRA, EXTRA, PRIVATE, REPLACED, STANDARDISED, TRUST
from sim.errors import InvalidInput, KelilingError, Problem
from sim.outcomes import outcomes, standardised_rejection
from sim.scenario import MONTH_DAYS, YEAR_DAYS, Scenario

PUBLISHED = ("rejected_share", "delayed_share", "ikm", "satisfaction", "complaints_expected")
"""Outcomes of which the paper reports what became of them from 2018 to 2019, or their like in the model."""


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
        return {policy.name: {one.measure.name: one for one in self._of(policy)} for policy in self.policies}

    def rows(self) -> list[Difference]:
        """Every difference, policy by policy."""
        return [one for rows in self.table.values() for one in rows.values()]

    @cached_property
    def before_after(self) -> Mapping[str, Mapping[str, Difference]]:
        """The year against the one before it, in each scenario by itself; empty when that one is not reported.

        This is what an onlooker at one place sees: it mixes the policy with all else that changes from year to year.
        """
        if any(self.year - 1 not in reported_years(one.scenario) for one in self.ensembles):
            return {}
        then, now = self.year - 1, self.year
        return {
            one.name: {
                name: paired(measure_of(outcome), one.name, one.values(name, then), one.values(name, now))
                for name, outcome in outcomes().items()
            }
            for one in self.ensembles
        }

    def notes(self) -> list[str]:
        """What a reader must know of the window and of the pairing."""
        notes = [note for policy in self.policies for note in notes_of(self.baseline.scenario, policy, self.year)]
        return notes + open_notes(self.ensembles, self.year)

    def _of(self, policy: Ensemble) -> list[Difference]:
        base, year = self.baseline, self.year
        found = []
        for name, outcome in outcomes().items():
            measure = measure_of(outcome)
            found.append(paired(measure, policy.name, base.values(name, year), policy.values(name, year)))
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
        at_events = [(y["submitted.event"] - x["submitted.event"]) * 12 / y["months"] for x, y in totals]
        replaced = [e - a for e, a in zip(at_events, applications, strict=True)]
        each = zip(gained("private_cost"), policy.values("applications", year), strict=True)
        return [
            alone(EXTRA, name, extra),
            ratio_of_means(COST_PER_EXTRA, name, gained("cost"), extra),
            ratio_of_means(REPLACED, name, replaced, at_events, times=100.0),
            alone(PRIVATE, name, [-dearer * number / 1000.0 for dearer, number in each]),
            alone(
                AVOIDED,
                name,
                [(x["complaints.expected"] - y["complaints.expected"]) * 12 / y["months"] for x, y in totals],
            ),
            alone(TRUST, name, gained("trust")),
        ]


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
    elif (scenario.population_seed, scenario.size) != (baseline.population_seed, baseline.size):
        notes.append(f"{name}: another population than the baseline's, so pairing gains little")
    first = scenario.first_difference(baseline)
    start = (year - scenario.first_year + scenario.warmup_years) * YEAR_DAYS
    if first >= scenario.days and scenario.days == baseline.days:
        notes.append(f"{name}: the same as the baseline in all that counts, so every difference is zero")
    elif first >= start + YEAR_DAYS:
        begins = scenario.label_of_month(first // MONTH_DAYS)
        notes.append(f"{name}: differs from the baseline from {begins} on, after {year}: every difference is zero")
    elif first > start:
        begins = scenario.label_of_month(first // MONTH_DAYS)
        notes.append(f"{name}: differs from the baseline from {begins} on, so {year} is in part from before the change")
    return notes
