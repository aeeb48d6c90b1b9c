"""Is it co-production, and which kind: two diagnoses of a run from its own records.

Alford's (2009) three forming factors: residents take an active part in production, they do so voluntarily, and private
or public value comes of it. Nabatchi, Sancino & Sicilia's (2017) typology: the level (individual, group, collective)
by the phase of the service cycle (commissioning, designing, delivery, assessment) that co-producers really reached.

A diagnosis reads one run. What would have happened without the programme needs a second arm (a comparison).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from keliling.sim.outcomes import Totals, ratio
from keliling.sim.parameters import Value, defaults, permits
from keliling.sim.rules.outreach import PHASES

PRESENT, PARTLY, ABSENT, NOT_MEASURABLE = "present", "partly", "absent", "not measurable"
INDIVIDUAL, GROUP, COLLECTIVE, NOBODY = "individual", "group", "collective", "none"
TYPED = tuple(phase for phase in PHASES if phase != "preparation")  # the typology's phases; preparation is ours
NO_PHASE = "none"
MAJORITY = 0.5  # of the events at which co-producers reached a phase
FEW = 30  # decisions below which chance alone could turn a comparison of shares
NOTHING = "Nothing is co-produced: no outreach was planned, nobody was invited and no co-producer checked any papers."


@dataclass(frozen=True)
class DiagnosisFactor:
    """One of Alford's factors: ``verdict`` is PRESENT, PARTLY, ABSENT or NOT_MEASURABLE."""

    number: int
    name: str
    verdict: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Phase:
    """One phase of the service cycle: ``share`` of its events, 0-1, in which co-producers took part."""

    name: str
    events: float
    of: float
    share: float
    reached: bool
    evidence: str


@dataclass(frozen=True)
class DiagnosisCell:
    """The cell of the typology: ``level`` and the furthest phase reached (NOBODY and NO_PHASE where there is none)."""

    level: str
    phase: str
    why: str
    phases: tuple[Phase, ...]

    @property
    def name(self) -> str:
        """The cell as it is written in the literature, such as "Collective x Assessment"."""
        if self.level == NOBODY:
            return "no cell: nothing is co-produced"
        if self.phase == NO_PHASE:
            return f"{self.level.capitalize()}, no phase reached"
        return f"{self.level.capitalize()} x {self.phase.capitalize()}"


@dataclass(frozen=True)
class Diagnosis:
    """Both diagnoses of one window of a run."""

    factors: tuple[DiagnosisFactor, ...]
    cell: DiagnosisCell

    @property
    def coproduced(self) -> bool:
        """Whether anything was co-produced at all: the first factor is there, at least in part."""
        return self.factors[0].verdict in (PRESENT, PARTLY)

    def lines(self) -> list[str]:
        """The diagnosis as text for people."""
        text = ["Alford's three factors of co-production"]
        for factor in self.factors:
            text.append(f"  {factor.number}. {factor.name}: {factor.verdict}")
            text += [f"     - {sentence}" for sentence in factor.evidence]
        text += [f"Nabatchi, Sancino & Sicilia's cell: {self.cell.name}", f"  - {self.cell.why}"]
        text += [f"  - {phase.evidence}" for phase in self.cell.phases]
        return text

    def as_dict(self) -> dict[str, Any]:
        """The diagnosis as plain data."""
        return asdict(self) | {"cell_name": self.cell.name, "coproduced": self.coproduced}


def diagnose(totals: Totals, values: Mapping[str, Value] | None = None) -> Diagnosis:
    """Both diagnoses from summed records (``sim.outcomes.totals_of``).

    ``values`` are the scenario's, of which the hours of a visit to the counter and to an event are read, and the worth
    of an hour; without them the register's defaults stand in.
    """
    tried = totals["planned"] + totals["events.held"] + totals["joined"] + totals["submitted.coproduced"] > 0
    if not tried:
        names = ("Active part in production", "Voluntary", "Private or public value")
        verdicts = (ABSENT, NOT_MEASURABLE, NOT_MEASURABLE)
        reasons = (NOTHING, "There is nobody whose motive could be asked.", "There is no output to value.")
        return Diagnosis(
            tuple(DiagnosisFactor(i + 1, names[i], verdicts[i], (reasons[i],)) for i in range(3)),
            DiagnosisCell(NOBODY, NO_PHASE, NOTHING, ()),
        )
    given = values if values is not None else defaults()
    factors = (_active_part(totals), _voluntary(totals, given), _value(totals, given))
    return Diagnosis(factors, _cell(totals))


# Alford's factors


def _active_part(t: Totals) -> DiagnosisFactor:
    name = "Active part in production"
    hours, visits, joined = t["coproducer_hours"], t["visits"], t["joined"]
    if joined + visits + hours == 0:
        why = (
            f"{t['planned']:,.0f} events were planned and {t['proposals']:,.0f} RW heads were asked, but no resident "
            f"joined; {t['declined']:,.0f} heads declined."
        )
        return DiagnosisFactor(1, name, ABSENT, (why,))
    evidence = [
        f"Events held: {t['events.held']:,.0f}. Residents joined {joined:,.0f} times and gave {hours:,.0f} hours.",
        f"They made {visits:,.0f} visits to households that needed a permit.",
        f"They checked the papers of {t['submitted.coproduced']:,.0f} of the {t['submitted']:,.0f} applications "
        f"({_percent(t['submitted.coproduced'], t['submitted'])}).",
    ]
    worked = visits > 0 or t["served"] > 0
    if not worked:
        evidence.append("They lent their place and spread the word; nobody visited a household or filed at an event.")
    return DiagnosisFactor(1, name, PRESENT if worked else PARTLY, tuple(evidence))


def _voluntary(t: Totals, values: Mapping[str, Value]) -> DiagnosisFactor:
    name = "Voluntary"
    joined, own, paid, hours = t["joined"], t["joined.uninvited"], t["paid"], t["coproducer_hours"]
    if joined == 0:
        return DiagnosisFactor(
            2, name, NOT_MEASURABLE, ("Nobody joined in this window, so there is no motive to ask about.",)
        )
    refused = t["invited"] - (joined - own)
    evidence = [
        f"{joined - own:,.0f} joined by invitation, of {t['invited']:,.0f} invited; {refused:,.0f} declined, so that "
        "one could refuse."
        if refused > 0
        else f"All {t['invited']:,.0f} who were invited joined; whether one could refuse does not show.",
        f"{own:,.0f} came uninvited ({_percent(own, joined)} of those who joined): "
        + ("the first step is the office's." if ratio(own, joined) < 0.1 else "not all waits for the office."),
    ]
    if paid == 0:
        evidence.append("Nobody was paid.")
        return DiagnosisFactor(2, name, PRESENT, tuple(evidence))
    worth = hours * float(values["resident_hour"])  # type: ignore[arg-type]
    share = ratio(paid, worth)
    evidence.append(
        f"Rp {paid:,.1f} million was paid for {hours:,.0f} hours, {100 * share:,.0f}% of what an hour of "
        "theirs is worth" + ("." if share < 1 else ": that is a wage.")
    )
    return DiagnosisFactor(2, name, PARTLY if share < 1 else ABSENT, tuple(evidence))


def _value(t: Totals, values: Mapping[str, Value]) -> DiagnosisFactor:
    name = "Private or public value"
    helped, lost = t["decided.helped"], t["rejected.helped"]
    if helped == 0:
        why = "No application whose papers a co-producer checked was decided in this window."
        return DiagnosisFactor(3, name, NOT_MEASURABLE, (why,))
    others, others_lost = t["decided"] - helped, t["rejected"] - lost
    reference = ratio(others_lost, others)
    evidence = [
        f"{helped - lost:,.0f} permits were granted after a co-producer's check, "
        f"{_percent(helped - lost, t['decided'] - t['rejected'])} of all permits granted.",
        f"Rejected: {_percent(lost, helped)} of the applications that were checked, {_percent(others_lost, others)} "
        "of all the others.",
    ]
    alike = _expected_rejection(t)
    if alike is not None:
        reference = alike
        evidence.append(
            f"Events draw other permits than the desk: of the same mix, {100 * alike:.1f}% is rejected overall."
        )
    if helped < FEW:
        evidence.append(f"With {helped:,.0f} decisions chance alone could turn that comparison: it does not count.")
    at_events, displaced = t["submitted.event"], t["submitted.displaced"]
    saved = displaced * (float(values["counter_hours"]) - float(values["event_visit_hours"]))  # type: ignore[arg-type]
    if at_events > 0:
        evidence.append(
            f"Of {at_events:,.0f} files handed in at events {at_events - displaced:,.0f} would not have come within a "
            f"quarter, as the model expects on the day of filing; the other {displaced:,.0f} saved their applicants "
            f"some {saved:,.0f} hours against the counter."
        )
    complaints = 1000 * ratio(t["complaints"], t["decided"])
    evidence.append(
        f"Complaints are not kept apart by helper: {complaints:.1f} per 1,000 decided over all. What the "
        "programme changed in them takes a comparison."
    )
    if helped == lost:
        verdict = ABSENT
    elif helped >= FEW and ratio(lost, helped) < reference:
        verdict = PRESENT
    else:
        verdict = PARTLY
    return DiagnosisFactor(3, name, verdict, tuple(evidence))


def _expected_rejection(t: Totals) -> float | None:
    """Rejected share of all decisions, each permit weighted as among event files; None when events took none.

    The permits of the co-produced are not recorded one by one; nearly all of them are event files.
    """
    weighed = [
        (t[f"submitted.{k.name}.event"], t[f"rejected.{k.name}"] / t[f"decided.{k.name}"])
        for k in permits()
        if t[f"decided.{k.name}"] > 0
    ]
    total = sum(weight for weight, _ in weighed)
    return sum(weight * share for weight, share in weighed) / total if total > 0 else None


# the cell


def _cell(t: Totals) -> DiagnosisCell:
    phases = tuple(_phase(t, name) for name in TYPED)
    furthest = [phase.name for phase in phases if phase.reached]
    level, why = _level(t)
    return DiagnosisCell(level, furthest[-1] if furthest else NO_PHASE, why, phases)


def _level(t: Totals) -> tuple[str, str]:
    """The level, and why. By counting: help that reaches more people than joined reaches some who did not."""
    joined = t["joined"]
    helped = max(t["visits"], t["submitted.coproduced"])
    if joined + t["visits"] + t["served"] == 0:
        before = t["submitted.coproduced"]
        left = f" Of earlier events {before:,.0f} applications still had their papers checked." if before else ""
        return INDIVIDUAL, "Nobody joined: all that residents do is to apply, each for oneself." + left
    if helped > joined:
        return COLLECTIVE, (
            f"{t['visits']:,.0f} visits and {t['submitted.coproduced']:,.0f} checked applications against "
            f"{joined:,.0f} times that somebody joined: the benefits reach residents beyond the co-producers."
        )
    if t["informed"] > joined:
        return COLLECTIVE, (
            f"{t['informed']:,.0f} needs heard of an event, against {joined:,.0f} times that somebody joined: "
            "residents beyond the co-producers were reached, but only by word."
        )
    return GROUP, (
        f"{joined:,.0f} times somebody joined, and help reached no more than that: the benefits may all be the "
        "co-producers' own."
    )


def _phase(t: Totals, name: str) -> Phase:
    """Whether co-producers took part in a phase at a majority of the events.

    The meeting falls days after its event, perhaps in the next month or after the window; meetings are therefore
    counted among the cycles that ended in the window. Whoever joined an event is at its meeting, if there is one.
    """
    if name == "assessment":
        with_them, events, unit = t["meetings"], t["meetings.due"], "cycles that ended"
    else:
        with_them, events, unit = t[f"phase_events.{name}"], t["events.held"], "events held"
    share = with_them / events if events else 0.0
    reached = share > MAJORITY
    people = f", {t[f'phase.{name}'] / with_them:.1f} at a time" if with_them and name != "assessment" else ""
    if not events:
        verdict = "not reached: no event was held"
    elif reached and share < 1.0:
        verdict = (
            f"reached, but at only {100 * share:.0f}% of events ({with_them:,.0f} of {events:,.0f} {unit}{people})"
        )
    elif reached:
        verdict = f"reached: co-producers took part at {with_them:,.0f} of {events:,.0f} {unit}{people}"
    else:
        verdict = f"not reached: co-producers took part at {with_them:,.0f} of {events:,.0f} {unit}"
    return Phase(name, with_them, events, share, reached, f"{name.capitalize()} {verdict}.")


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "n/a"
