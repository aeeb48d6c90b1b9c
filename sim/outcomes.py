"""Every outcome once: name, unit, definition, which way is better, and how to compute it from summed records.

A definition is a function of *totals*, the sum of monthly records over a window (and over districts when pooled), so
every share is a numerator over a denominator and pools exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from sim import ikm
from sim.parameters import permits

Totals = Mapping[str, float]
CHANNELS = ("online", "counter", "broker", "event")
COMPLAINTS = ("delay", "procedure", "no_service")
HIGHER, LOWER, NEITHER = 1, -1, 0


@dataclass(frozen=True)
class Outcome:
    """One outcome. ``better`` is HIGHER, LOWER or NEITHER; ``headline`` outcomes stand in the short table."""

    name: str
    title: str
    unit: str
    definition: str
    better: int
    of: Callable[[Totals], float]
    group: str
    decimals: int = 2
    headline: bool = False
    needs_survey: bool = False

    def format(self, value: float, *, signed: bool = False) -> str:
        """The value as text, with its decimals; 'n/a' where it is not defined."""
        if math.isnan(value):
            return "n/a"
        return f"{value:{'+' if signed else ''},.{self.decimals}f}"


def totals_of(records: Iterable[Totals]) -> dict[str, float]:
    """Sum of records, quantity by quantity."""
    total: dict[str, float] = {}
    for record in records:
        for name, value in record.items():
            total[name] = total.get(name, 0.0) + value
    return total


def ratio(numerator: float, denominator: float) -> float:
    """A share or rate; NaN when there is nothing to divide by."""
    return numerator / denominator if denominator else math.nan


def _sum(t: Totals, prefix: str, names: Iterable[str]) -> float:
    return sum(t[f"{prefix}.{name}"] for name in names)


def _permits() -> list[str]:
    return [permit.name for permit in permits()]


def decided(t: Totals) -> float:
    """Applications granted or rejected."""
    return _sum(t, "decided", _permits())


def rejected(t: Totals) -> float:
    """Applications rejected."""
    return _sum(t, "rejected", _permits())


def submitted(t: Totals, channel: str | None = None) -> float:
    """Applications handed in, through one channel or all."""
    chosen = CHANNELS if channel is None else (channel,)
    return sum(t[f"submitted.{permit}.{c}"] for permit in _permits() for c in chosen)


def standardised_rejection(t: Totals, baseline: Totals) -> float:
    """Rejected share, in per cent, with each permit weighted as among the baseline's decisions."""
    shares = [
        (baseline[f"decided.{k}"], ratio(t[f"rejected.{k}"], t[f"decided.{k}"]))
        for k in _permits() if baseline[f"decided.{k}"] > 0
    ]
    return 100.0 * ratio(sum(weight * share for weight, share in shares), sum(weight for weight, _ in shares))


def _ikm(t: Totals) -> float:
    return ikm.index(sum(t[f"answers.U{e}"] for e in range(1, 10)), t["respondents"])


def _public_value(t: Totals) -> float:
    return decided(t) - rejected(t)


def _private_cost(t: Totals) -> float:
    hour = t["resident_hour"] / t["months"]
    return ratio(t["resident_hours"] * hour + t["fees"] + t["broker_fees"], submitted(t)) * 1000.0


@cache
def outcomes() -> Mapping[str, Outcome]:
    """Every outcome by name, in the order in which they are shown."""
    pc = "%"
    all_of: list[Outcome] = [
        Outcome("rejected_share", "Rejected share", pc, "rejected / decided", LOWER,
                lambda t: 100 * ratio(rejected(t), decided(t)), "decisions", headline=True),
        Outcome("rejected_share_first", "Rejected share, first attempts", pc, "rejected / decided, first attempts only",
                LOWER, lambda t: 100 * ratio(t["rejected.first"], t["decided.first"]), "decisions"),
        Outcome("rejected_share_again", "Rejected share, later attempts", pc, "rejected / decided, later attempts only",
                LOWER, lambda t: 100 * ratio(rejected(t) - t["rejected.first"], decided(t) - t["decided.first"]),
                "decisions"),
        Outcome("rejected_number", "Applications rejected", "a year", "rejected, a year", LOWER,
                lambda t: rejected(t) * 12 / t["months"], "decisions", 0),
        Outcome("delayed_share", "Delayed share", pc, "returned at least once or failed in filing / decided", LOWER,
                lambda t: 100 * ratio(t["delayed"], decided(t)), "decisions", headline=True),
        Outcome("late_share", "Late share", pc, "decided past the statutory days from complete submission / decided",
                LOWER, lambda t: 100 * ratio(t["late"], decided(t)), "decisions", headline=True),
        Outcome("days_to_decision", "Days to decision", "working days", "days from submission to decision / decided",
                LOWER, lambda t: ratio(t["days_to_decision"], decided(t)), "decisions", headline=True),
        Outcome("withdrawn_number", "Applications withdrawn", "a year", "withdrawn, a year", LOWER,
                lambda t: t["withdrawn"] * 12 / t["months"], "decisions", 0),
        Outcome("ikm", "IKM", "25-100", "25 x mean of nine elements over the surveyed respondents", HIGHER, _ikm,
                "satisfaction", headline=True, needs_survey=True),
        Outcome("satisfaction", "True mean satisfaction", "25-100", "25 x mean latent satisfaction of all decided",
                HIGHER, lambda t: 25 * ratio(t["satisfaction"], decided(t)), "satisfaction", headline=True),
        Outcome("respondents", "IKM respondents", "a year", "respondents of the survey, a year", NEITHER,
                lambda t: t["respondents"] * 12 / t["months"], "satisfaction", 0),
        Outcome("complaints", "Complaints", "per 1,000 decided", "complaints / decided", LOWER,
                lambda t: 1000 * ratio(_sum(t, "complaints", COMPLAINTS), decided(t)), "complaints"),
        Outcome("complaints_expected", "Expected complaints", "per 1,000 decided",
                "sum of complaint probabilities / decided", LOWER,
                lambda t: 1000 * ratio(t["complaints.expected"], decided(t)), "complaints", 3, headline=True),
        Outcome("applications", "Applications", "a year", "handed in, a year", NEITHER,
                lambda t: submitted(t) * 12 / t["months"], "applications", 0, headline=True),
        Outcome("granted", "Permits granted", "a year", "granted, a year", HIGHER,
                lambda t: _public_value(t) * 12 / t["months"], "applications", 0, headline=True),
        Outcome("broker_share", "Broker share", pc, "through a broker / handed in", LOWER,
                lambda t: 100 * ratio(submitted(t, "broker"), submitted(t)), "applications", headline=True),
        Outcome("online_share", "Online share", pc, "online / handed in", NEITHER,
                lambda t: 100 * ratio(submitted(t, "online"), submitted(t)), "applications"),
        Outcome("event_share", "Event share", pc, "at an event / handed in", NEITHER,
                lambda t: 100 * ratio(submitted(t, "event"), submitted(t)), "applications"),
        Outcome("coproduced_share", "Co-produced share", pc, "papers checked by a co-producer / handed in", NEITHER,
                lambda t: 100 * ratio(t["submitted.coproduced"], submitted(t)), "applications"),
        Outcome("displaced_share", "Event files that replace others", pc,
                "event files whose applicant would have filed within a quarter anyway / event files", NEITHER,
                lambda t: 100 * ratio(t["submitted.displaced"], submitted(t, "event")), "applications"),
        Outcome("coverage", "Permit coverage", pc, "eligible holders without an unmet need / eligible holders", HIGHER,
                lambda t: 100 * (1 - ratio(_sum(t, "unmet", _permits()), _sum(t, "eligible", _permits()))), "needs"),
        Outcome("open_needs", "Open needs", "needs", "open needs at month ends, mean", LOWER,
                lambda t: _sum(t, "open_needs", _permits()) / t["months"], "needs", 0),
        Outcome("backlog", "Backlog", "files", "files waiting at month ends, mean", LOWER,
                lambda t: t["backlog"] / t["months"], "desk", 1),
        Outcome("utilisation", "Utilisation of the desk", pc, "officer hours worked / officer hours at the desk",
                NEITHER, lambda t: 100 * ratio(t["desk_hours_worked"], t["desk_hours_available"]), "desk", 1,
                headline=True),
        Outcome("trust", "Trust in the office", "0-1", "mean over adults at month ends", HIGHER,
                lambda t: ratio(t["trust"], t["adults"]), "residents", 4),
        Outcome("knowledge", "Procedural knowledge", "0-1", "mean over adults at month ends", HIGHER,
                lambda t: ratio(t["knowledge"], t["adults"]), "residents", 4),
        Outcome("expectation", "Expectation", "1-4", "mean over adults at month ends", NEITHER,
                lambda t: ratio(t["expectation"], t["adults"]), "residents", 4),
        Outcome("norm", "Norm of applying oneself", pc, "mean over RWs at month ends", HIGHER,
                lambda t: 100 * t["norm"] / t["months"], "residents"),
        Outcome("equity_gap", "Equity gap", "points",
                "rejected share of the lowest literacy third minus that of the highest", LOWER,
                lambda t: 100 * (ratio(t["rejected.low"], t["decided.low"]) - ratio(t["rejected.high"], t["decided.high"])),
                "residents"),
        Outcome("events_planned", "Events planned", "a year", "cycles begun, a year", NEITHER,
                lambda t: t["planned"] * 12 / t["months"], "outreach", 1),
        Outcome("events_held", "Events held", "a year", "events delivered, a year", NEITHER,
                lambda t: t["events.held"] * 12 / t["months"], "outreach", 1, headline=True),
        Outcome("declined_share", "Proposals declined", pc, "declined by RW heads / proposals", LOWER,
                lambda t: 100 * ratio(t["declined"], t["proposals"]), "outreach", 1),
        Outcome("attendance", "Attendance", "an event", "residents who came to file / events held", HIGHER,
                lambda t: ratio(t["attendance"], t["events.held"]), "outreach", 1),
        Outcome("join_share", "Invitations accepted", pc, "joined / invited", HIGHER,
                lambda t: 100 * ratio(t["joined"] - t["joined.uninvited"], t["invited"]), "uptake", 1),
        Outcome("uninvited_share", "Joined uninvited", pc, "joined without an invitation / joined", NEITHER,
                lambda t: 100 * ratio(t["joined.uninvited"], t["joined"]), "uptake", 1),
        Outcome("active_coproducers", "Active co-producers", "people", "active at month ends, mean", HIGHER,
                lambda t: t["active_coproducers"] / t["months"], "uptake", 1, headline=True),
        Outcome("coproducer_share", "Adults who co-produce", "per 1,000", "active co-producers / adults", HIGHER,
                lambda t: 1000 * ratio(t["active_coproducers"], t["adults"]), "uptake", 3),
        Outcome("retention", "Retention", pc, "active / ever active, at month ends", HIGHER,
                lambda t: 100 * ratio(t["retained"], t["ever_coproducers"]), "uptake", 1),
        Outcome("coproducer_hours", "Co-producers' hours", "hours a year", "hours given, a year", NEITHER,
                lambda t: t["coproducer_hours"] * 12 / t["months"], "uptake", 0),
        Outcome("cost", "Programme cost", "Rp million a year",
                "officers' event hours, events, training and pay, a year", LOWER,
                lambda t: t["cost"] * 12 / t["months"], "value", 1, headline=True),
        Outcome("private_cost", "Applicants' own cost", "Rp thousand an application",
                "applicants' hours, fees and brokers' fees / applications", LOWER, _private_cost, "value", 1),
        Outcome("resident_hours", "Applicants' hours", "hours an application", "applicants' hours / applications", LOWER,
                lambda t: ratio(t["resident_hours"], submitted(t)), "value"),
        Outcome("notices", "Notices to works", "a year", "works found without a permit, a year", LOWER,
                lambda t: t["notices"] * 12 / t["months"], "needs", 0),
        Outcome("reports", "Neighbours' reports", "a year", "notices that began with a neighbour, a year", LOWER,
                lambda t: t["reports"] * 12 / t["months"], "needs", 0),
    ]
    for k in permits():
        all_of.append(Outcome(f"rejected_share_{k.name}", f"Rejected share, {k.title}", pc, "rejected / decided", LOWER,
                              _share_of_permit(k.name), "by permit"))
        all_of.append(Outcome(f"applications_{k.name}", f"Applications, {k.title}", "a year", "handed in, a year",
                              NEITHER, _number_of_permit(k.name), "by permit", 0))
        all_of.append(Outcome(f"coverage_{k.name}", f"Coverage, {k.title}", pc,
                              "eligible holders without an unmet need / eligible holders", HIGHER,
                              _coverage_of_permit(k.name), "by permit"))
    for name in COMPLAINTS:
        all_of.append(Outcome(f"complaints_{name}", f"Complaints: {name.replace('_', ' ')}", "per 1,000 decided",
                              "complaints of the class / decided", LOWER, _complaints_of(name), "complaints", 3))
    for e in range(1, 10):
        all_of.append(Outcome(f"ikm_U{e}", f"IKM element U{e}", "1-4", "mean answer of respondents", HIGHER,
                              _element(e), "satisfaction", needs_survey=True))
    return {outcome.name: outcome for outcome in all_of}


def _share_of_permit(name: str) -> Callable[[Totals], float]:
    return lambda t: 100 * ratio(t[f"rejected.{name}"], t[f"decided.{name}"])


def _number_of_permit(name: str) -> Callable[[Totals], float]:
    return lambda t: _sum(t, f"submitted.{name}", CHANNELS) * 12 / t["months"]


def _coverage_of_permit(name: str) -> Callable[[Totals], float]:
    return lambda t: 100 * (1 - ratio(t[f"unmet.{name}"], t[f"eligible.{name}"]))


def _complaints_of(name: str) -> Callable[[Totals], float]:
    return lambda t: 1000 * ratio(t[f"complaints.{name}"], decided(t))


def _element(e: int) -> Callable[[Totals], float]:
    return lambda t: ratio(t[f"answers.U{e}"], t["respondents"])
