"""What happened, month by month: extensive quantities only, so that districts and months pool by adding.

A record is one month's row of named numbers. Counts come from the tables of the World; what leaves no trace there is
tallied (``state.Tally``). Outcomes are computed from sums of records (``sim.outcomes``). One compiled reading of the
state serves every engine, so that sums add up in the same order.

Most of a row is settled at the end of its month. What became of the applications *filed* in a month (``cohort.*``) is
not: it is counted, in the row of the month of filing, when each of them ends.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim import ikm
from keliling.sim.compiled import compiled, inner, inner_with_arrays, with_fields
from keliling.sim.memory import Records, record
from keliling.sim.parameters import Permit
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from keliling.sim.rules.filing import applicant_hours, late
from keliling.sim.rules.outreach import (
    ASSESSMENT,
    CANCELLED,
    COMMISSIONING,
    DELIVERY,
    DESIGNING,
    HELD,
    PHASES,
    PREPARATION,
)
from keliling.sim.rules.satisfaction import COMPLAINTS
from keliling.sim.rules.serving import GRANTED, REJECTED, WITHDRAWN
from keliling.sim.scenario import MONTH_DAYS, YEAR_MONTHS
from keliling.sim.state import AS_HEAD, DONE, UNASKED, Floats, Tally
from keliling.sim.sums import GRAIN

MONTH = MONTH_DAYS
HALF_YEAR = 6  # months, after which the survey is held
CHANNELS = {"online": ONLINE, "counter": COUNTER, "broker": BROKER, "event": EVENT}
Record = dict[str, float]
CountsByRw = NDArray[np.int32]

# The columns of a month's row; those of its cells by permit; the tables that hold one number for each of something.
COUNTED = (
    "months", "days", "adults", "submitted.coproduced", "submitted.displaced", "decided.first", "rejected.first",
    "decided.helped", "rejected.helped", "delayed", "returned", "late", "days_to_decision", "withdrawn",
    "open.start", "open.end", "cohort.decided", "cohort.rejected", "cohort.withdrawn",
    "decided.low", "rejected.low", "decided.high", "rejected.high", "satisfaction", "complaints.closed",
    "complaints.expected", "resident_hours", "fees", "broker_fees", "respondents",
    "events.held", "events.cancelled", "attendance", "served", "turned_away", "repaired", "visits", "informed",
    "invited", "joined", "joined.uninvited", "meetings", "meetings.due", "places", "active_coproducers",
    "retention.began", "retention.stayed", "rts", "rts.covered", "needs.covered",
    "rws_reached", "rws", "trust", "knowledge", "expectation", "backlog", "crowding", "norm",
    "applied", "cost", "cost.officers", "cost.events", "cost.training", "cost.desk", "private_cost",
    "coproducer_worth",
)  # fmt: skip
BY_PERMIT = ("submitted", "decided", "rejected", "eligible", "unmet", "open_needs", "unaware", "obstructed")
MOTIVES, THIRDS = ("intrinsic", "social", "normative"), ("low", "middle", "high")
"""Residents asked to co-produce, heads left out, and who of them joined, by third of each motive among adults."""
BY_RW = ("filed", "decided", "rejected", "returned", "by_broker", "helped")
"""Counts by the applicant's RW: files of the month, of them through brokers and with papers checked by a co-producer;
decisions of the month, of them rejected and returned at least once."""
FILED, DECIDED, WAS_REJECTED, RETURNED, BY_BROKER, HELPED = range(len(BY_RW))
MONTH_ROW = np.dtype([(name, np.float64) for name in COUNTED])
PERMIT_CELL = np.dtype([(name, np.float64) for name in BY_PERMIT])
TALLIED = Tally._fields


class Months(NamedTuple):
    """The counts of all months of a run; the first axis of every array is the month from day 0."""

    rows: Records  # of MONTH_ROW
    tallies: Records  # of the state's Tally
    permits: Records  # by permit, of PERMIT_CELL
    channels: Floats  # submitted, by permit and channel's code
    complaints: Floats  # by class's code
    answers: Floats  # sums of answers, by element
    phases: Floats  # by phase: co-producers taking part, events with any
    by_rw: CountsByRw  # by RW, of BY_RW
    by_third: Floats  # by motive and third: residents asked, and joined


def blank_months(months: int, permits: int, rws: int) -> Months:
    """Room for the counts of as many months."""
    return Months(
        rows=with_fields(np.zeros(months, MONTH_ROW)),
        tallies=with_fields(np.zeros(months, record(Tally))),
        permits=with_fields(np.zeros((months, permits), PERMIT_CELL)),
        channels=np.zeros((months, permits, 1 + len(CHANNELS))),
        complaints=np.zeros((months, 1 + len(COMPLAINTS))),
        answers=np.zeros((months, ikm.ELEMENTS)),
        phases=np.zeros((months, len(PHASES), 2)),
        by_rw=np.zeros((months, rws, len(BY_RW)), np.int32),
        by_third=np.zeros((months, len(MOTIVES), len(THIRDS), 2)),
    )


def copied(months: Months) -> Months:
    """The same counts, in memory of their own."""
    parts: list[Any] = [part.copy() for part in months]
    return Months(*parts)


def record_of(months: Months, month: int, permits: tuple[Permit, ...]) -> Record:
    """One month's counts by name."""
    row: Record = dict(zip(COUNTED, months.rows[month].item(), strict=True))
    r = {name: row[name] for name in ("months", "days", "adults")}
    r |= zip(TALLIED, months.tallies[month].item(), strict=True)
    for k, permit in enumerate(permits):
        cell = dict(zip(BY_PERMIT, months.permits[month, k].item(), strict=True))
        r |= {f"{name}.{permit.name}": value for name, value in cell.items()}
        for channel, code in CHANNELS.items():
            r[f"submitted.{permit.name}.{channel}"] = months.channels[month, k].item(code)
    for name in BY_PERMIT:
        r[name] = sum(r[f"{name}.{permit.name}"] for permit in permits)
    for channel in CHANNELS:
        r[f"submitted.{channel}"] = sum(r[f"submitted.{permit.name}.{channel}"] for permit in permits)
    for code, kind in enumerate(COMPLAINTS, start=1):
        r[f"complaints.{kind}"] = months.complaints[month].item(code)
    r["complaints"] = sum(r[f"complaints.{kind}"] for kind in COMPLAINTS)
    for element, total in enumerate(months.answers[month].tolist(), start=1):
        r[f"answers.U{element}"] = total
    r["answers"] = sum(months.answers[month].tolist())
    for at, phase in enumerate(PHASES):
        r[f"phase.{phase}"], r[f"phase_events.{phase}"] = months.phases[month, at].tolist()
    for motive, of_thirds in zip(MOTIVES, months.by_third[month].tolist(), strict=True):
        for third, (asked, joined) in zip(THIRDS, of_thirds, strict=True):
            r[f"asked.{motive}.{third}"], r[f"joined.{motive}.{third}"] = asked, joined
    return r | row


@compiled
def survey(applications, counts, day, frame, asked, table):
    """At the end of a half-year: those of the frame with the smallest survey keys answer the IKM form.

    ``frame`` 0 has all decided, 1 those who came in person (counter, event), 2 those who came to an event; ``asked`` 0
    has the regulation's number; ``counts`` is the row of the state's Counts.
    """
    began = day + 1 - HALF_YEAR * MONTH
    rows = np.empty(counts.applications - counts.settled, np.int64)
    keys = np.empty(rows.size, np.float64)
    size = 0
    for i in range(counts.settled, counts.applications):
        a = applications[i]
        in_frame = frame == 0 or a.channel == EVENT or (frame == 1 and a.channel == COUNTER)
        if in_frame and a.decided >= began and (a.outcome == GRANTED or a.outcome == REJECTED):
            rows[size] = i
            keys[size] = a.survey_key
            size += 1
    wanted = ikm.sample_of(2 * size, table) if asked == 0 else asked
    # The year's number is split over its halves; an odd one falls to the second.
    first_half = (day + 1) // (HALF_YEAR * MONTH) % 2 == 1
    n = wanted // 2 if first_half else wanted - wanted // 2
    order = np.argsort(keys[:size], kind="mergesort")
    for k in range(min(n, size)):
        applications[rows[order[k]]].surveyed = 1


@compiled
def count_month(months, month, rows, inputs, p, permits, day):
    """Count the month that ends on ``day`` into row ``month`` of ``months``, and begin a new tally.

    ``rows`` is the state, ``inputs`` are what the run never changes, ``p`` and ``permits`` the numbers that hold.
    """
    row = months.rows[month]
    row["months"] = 1.0
    row["days"] = MONTH
    row["adults"] = inputs.traits.size
    row["rws"] = rows.neighbourhoods.size
    months.tallies[month] = rows.tally[0]
    _count_applications(months, month, rows, inputs, p, permits, day)
    for k in range(rows.stock.size):
        cell, stock = months.permits[month, k], rows.stock[k]
        cell["eligible"] = stock.eligible
        cell["unmet"] = stock.unmet
        cell["open_needs"] = stock.open
        cell["unaware"] = stock.unaware
        cell["obstructed"] = stock.obstructed
        row["applied"] += stock.applied
    _count_outreach(months, month, rows, inputs, day)
    _count_coproducers(months, month, rows, p, day)
    fixed, sums = inputs.fixed[0], rows.sums[0]
    row["trust"] = fixed.all_trust + sums.trust * GRAIN
    row["knowledge"] = fixed.all_knowledge + sums.knowledge * GRAIN
    row["expectation"] = fixed.all_expectation + sums.expectation * GRAIN
    office = rows.office[0]
    for place in range(office.first, office.last):
        row["backlog"] += rows.queue[place] != DONE
    row["crowding"] = office.crowd
    for j in range(rows.neighbourhoods.size):
        row["norm"] += rows.neighbourhoods[j].norm
        row["rws_reached"] += rows.neighbourhoods[j].last_event >= 0
    tally = rows.tally[0]
    row["cost.officers"] = tally.event_officer_hours * p.officer_cost
    row["cost.events"] = row["events.held"] * p.event_cost
    row["cost.training"] = tally.training_hours * p.training_cost
    row["cost"] = row["cost.officers"] + row["cost.events"] + row["cost.training"] + tally.paid
    row["cost.desk"] = MONTH * p.desk_officers * p.desk_hours * p.officer_cost
    row["resident_hours"] += tally.lost_hours + tally.return_hours
    row["private_cost"] = row["resident_hours"] * p.resident_hour + row["fees"] + row["broker_fees"]
    row["coproducer_worth"] = tally.coproducer_hours * p.resident_hour
    rows.tally[:] = np.zeros(1, rows.tally.dtype)


@inner
def _count_applications(months, month, rows, inputs, p, permits, day):
    row = months.rows[month]
    by_permit = months.permits[month]
    by_channel = months.channels[month]
    by_rw = months.by_rw[month]
    began = day + 1 - MONTH
    low, high = inputs.fixed[0].low_third, inputs.fixed[0].high_third
    surveys, counts = (day + 1) % (HALF_YEAR * MONTH) == 0, rows.counts[0]
    settling = True
    for i in range(counts.settled, counts.applications):
        a = rows.applications[i]
        settling = settling and 0 <= a.decided < day + 1 - HALF_YEAR * MONTH
        counts.settled += settling
        k = a.permit
        row["open.start"] += a.submitted < began and (a.decided < 0 or a.decided >= began)
        row["open.end"] += a.decided < 0
        if a.submitted >= began:
            rw = by_rw[inputs.traits[a.resident].rw]
            rw[FILED] += 1
            rw[BY_BROKER] += a.channel == BROKER
            rw[HELPED] += a.skill > 0.0
            by_permit[k]["submitted"] += 1.0
            by_channel[k, a.channel] += 1.0
            row["submitted.coproduced"] += a.skill > 0.0
            row["submitted.displaced"] += a.channel == EVENT and a.displaced == 1
            if a.channel == BROKER:
                row["broker_fees"] += permits[k].broker_fee
            if a.channel == EVENT:
                row["resident_hours"] += p.event_visit_hours
            else:
                row["resident_hours"] += applicant_hours(a.channel, p.online_hours, p.counter_hours, p.broker_hours)
        if surveys and a.surveyed == 1 and a.decided >= day + 1 - HALF_YEAR * MONTH:
            row["respondents"] += 1.0
            for element in range(ikm.ELEMENTS):
                months.answers[month, element] += ikm.box(a.answers, element)
        if a.decided < began:
            continue
        rejected = a.outcome == REJECTED
        if a.submitted >= 0:
            filed = months.rows[a.submitted // MONTH]
            filed["cohort.withdrawn"] += a.outcome == WITHDRAWN
            filed["cohort.decided"] += a.outcome != WITHDRAWN
            filed["cohort.rejected"] += rejected
        if a.outcome == WITHDRAWN:
            row["withdrawn"] += 1.0
            continue
        rw = by_rw[inputs.traits[a.resident].rw]
        rw[DECIDED] += 1
        rw[WAS_REJECTED] += rejected
        rw[RETURNED] += a.returns > 0
        by_permit[k]["decided"] += 1.0
        by_permit[k]["rejected"] += rejected
        if not rejected:
            row["fees"] += permits[k].fee
        if a.attempt == 0:
            row["decided.first"] += 1.0
            row["rejected.first"] += rejected
        if a.skill > 0.0:
            row["decided.helped"] += 1.0
            row["rejected.helped"] += rejected
        row["delayed"] += a.returns > 0 or a.failures > 0
        row["returned"] += a.returns > 0
        row["late"] += late(a.decided - a.complete, permits[k].statutory_days)
        row["days_to_decision"] += a.decided - a.submitted
        literacy = inputs.traits[a.resident].literacy
        if literacy <= low:
            row["decided.low"] += 1.0
            row["rejected.low"] += rejected
        elif literacy > high:
            row["decided.high"] += 1.0
            row["rejected.high"] += rejected
        row["satisfaction"] += a.satisfaction
        months.complaints[month, a.complaint] += 1.0
        row["complaints.closed"] += a.complaint_closed
        row["complaints.expected"] += a.complaint_chance


@inner
def _count_outreach(months, month, rows, inputs, day):
    row = months.rows[month]
    began = day + 1 - MONTH
    for i in range(rows.counts[0].events):
        e = rows.events[i]
        cancelled = e.ending == CANCELLED
        if began <= e.design_day <= day:
            row["events.cancelled"] += cancelled
            row["informed"] += e.informed
            row["invited"] += e.invited
            row["joined"] += e.joined
        if began <= e.delivery_day <= day and not cancelled and e.joined > 0:
            row["events.held"] += 1.0
            row["attendance"] += e.attendance
            row["served"] += e.served
            row["turned_away"] += e.turned_away
            row["repaired"] += e.repaired
            row["visits"] += e.visits
            row["places"] += e.places
            _count_phase(months.phases[month], COMMISSIONING, e.helped_commissioning)
            _count_phase(months.phases[month], DESIGNING, e.helped_designing)
            _count_phase(months.phases[month], PREPARATION, e.helped_preparation)
            _count_phase(months.phases[month], DELIVERY, e.helped_delivery)
        # The meeting follows the event, perhaps in the next month: each phase counts when it is over.
        if began <= e.meeting_day <= day and e.ending == HELD:
            row["meetings.due"] += 1.0
            row["meetings"] += e.met
            _count_phase(months.phases[month], ASSESSMENT, e.helped_assessment)
    for i in range(rows.counts[0].parts):
        part = rows.parts[i]
        if not began <= part.day <= day:
            continue
        if part.event < 0:
            row["invited"] += 1.0
            row["joined"] += part.joined
        if part.reason == UNASKED:
            row["joined.uninvited"] += 1.0
        elif part.reason > AS_HEAD:
            who, of = rows.coproducers[part.coproducer].resident, months.by_third[month]
            _count_third(of[0], inputs.intrinsic[who], inputs.motive_thirds[0], part.joined)
            _count_third(of[1], inputs.social[who], inputs.motive_thirds[1], part.joined)
            _count_third(of[2], inputs.normative[who], inputs.motive_thirds[2], part.joined)


@inner
def _count_third(of_thirds, motive, ends, joined):
    """One who was asked, in the third that the motive lies in."""
    third = int(motive > ends[0]) + int(motive > ends[1])
    of_thirds[third, 0] += 1.0
    of_thirds[third, 1] += joined


@inner_with_arrays
def _count_coproducers(months, month, rows, p, day):
    """Who is active, where they live, and who of those who began a year ago stayed without a break."""
    row = months.rows[month]
    covered = np.zeros(rows.rts.size, np.bool_)
    if month >= YEAR_MONTHS:
        row["retention.began"] = months.tallies[month - YEAR_MONTHS].began
    for i in range(rows.counts[0].coproducers):
        c = rows.coproducers[i]
        if c.active == 0:
            continue
        row["retention.stayed"] += month >= YEAR_MONTHS and c.began // MONTH == month - YEAR_MONTHS
        if day - c.last_day < p.active_within:
            row["active_coproducers"] += 1.0
            covered[c.rt] = True
    row["rts"] = rows.rts.size
    for rt in range(rows.rts.size):
        if covered[rt]:
            row["rts.covered"] += 1.0
            row["needs.covered"] += rows.rts[rt].open


@inner
def _count_phase(phases, phase, taking_part):
    phases[phase, 0] += taking_part
    phases[phase, 1] += taking_part > 0
