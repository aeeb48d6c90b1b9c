"""What happened, month by month: extensive quantities only, so that districts and months pool by adding.

A record is one month's row of named numbers. Counts come from the tables of the World, everything that leaves no
trace there from a ``Tally``. Outcomes are computed from sums of records (``sim.outcomes``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import SimpleNamespace

import numpy as np

from sim import ikm, state
from sim.parameters import Permit
from sim.population import Population
from sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from sim.rules.outreach import CANCELLED, HELD
from sim.rules.serving import GRANTED, REJECTED, WITHDRAWN
from sim.state import APPLIED, OPEN, Ints, World

MONTH = 21
HALF_YEAR = 6
CHANNELS = {"online": ONLINE, "counter": COUNTER, "broker": BROKER, "event": EVENT}
COMPLAINTS = ("delay", "procedure", "no_service")
Record = dict[str, float]


@dataclass
class Tally:
    """Counts of this month that the state does not keep."""

    planned: float = 0
    proposals: float = 0
    declined: float = 0
    unhosted: float = 0
    recruited: float = 0
    stopped: float = 0
    replaced: float = 0
    online_failures: float = 0
    notices: float = 0
    reports: float = 0
    demolished: float = 0
    training_hours: float = 0
    coproducer_hours: float = 0
    event_officer_hours: float = 0
    paid: float = 0
    desk_hours_worked: float = 0
    desk_hours_available: float = 0


def survey(world: World, day: int, p: SimpleNamespace) -> None:
    """At the end of a half-year: those of the frame with the smallest survey keys answer the IKM form."""
    a, used = world.applications, world.counts.applications.item(0)
    began = day + 1 - HALF_YEAR * MONTH
    decided = (a.decided[:used] >= began) & np.isin(a.outcome[:used], (GRANTED, REJECTED))
    if p.survey_frame == "counter":
        decided &= np.isin(a.channel[:used], (COUNTER, EVENT))
    frame = np.flatnonzero(decided)
    wanted = ikm.sample_size(2 * frame.size) if p.survey_n == 0 else p.survey_n
    # The year's number is split over its halves; an odd one falls to the second.
    first_half = (day + 1) // (HALF_YEAR * MONTH) % 2 == 1
    n = wanted // 2 if first_half else wanted - wanted // 2
    a.surveyed[frame[np.argsort(a.survey_key[frame], kind="stable")[:n]]] = 1


def answers_of(boxes: Ints) -> Ints:
    """Answers 1-4 of each application (rows) to each element (columns), from the packed column."""
    return np.stack([boxes >> (3 * element) & 7 for element in range(ikm.ELEMENTS)], axis=1)


def month_record(
    world: World,
    population: Population,
    permits: tuple[Permit, ...],
    day: int,
    p: SimpleNamespace,
    tally: Tally,
    faded: SimpleNamespace,
) -> Record:
    """The record of the month that ends on ``day``. ``faded`` holds today's trust and knowledge of every resident."""
    used = world.counts.applications.item(0)
    a = state.used_rows(world.applications, used)
    began = day + 1 - MONTH
    submitted = a.submitted >= began
    done = np.isin(a.outcome, (GRANTED, REJECTED)) & (a.decided >= began)
    r: Record = {"months": 1.0, "days": float(MONTH), "adults": float(population.key.size)}
    r |= {field.name: float(getattr(tally, field.name)) for field in fields(Tally)}

    for k, permit in enumerate(permits):
        mine, eligible = a.permit == k, world.needs.permit == k
        r[f"submitted.{permit.name}"] = _count(submitted & mine)
        for channel, code in CHANNELS.items():
            r[f"submitted.{permit.name}.{channel}"] = _count(submitted & mine & (a.channel == code))
        r[f"decided.{permit.name}"] = _count(done & mine)
        r[f"rejected.{permit.name}"] = _count(done & mine & (a.outcome == REJECTED))
        r[f"eligible.{permit.name}"] = _count(eligible)
        r[f"unmet.{permit.name}"] = _count(eligible & (world.needs.held == 0))
        r[f"open_needs.{permit.name}"] = _count(eligible & (world.needs.status == OPEN))
    for total in ("submitted", "decided", "rejected", "eligible", "unmet", "open_needs"):
        r[total] = sum(r[f"{total}.{permit.name}"] for permit in permits)
    for channel in CHANNELS:
        r[f"submitted.{channel}"] = sum(r[f"submitted.{permit.name}.{channel}"] for permit in permits)
    r["submitted.coproduced"] = _count(submitted & (a.skill > 0.0))
    r["submitted.displaced"] = _count(submitted & (a.channel == EVENT) & (a.displaced == 1))
    rejected, first = done & (a.outcome == REJECTED), a.attempt == 0
    r["decided.first"], r["rejected.first"] = _count(done & first), _count(rejected & first)
    r["decided.helped"], r["rejected.helped"] = _count(done & (a.skill > 0)), _count(rejected & (a.skill > 0))
    r["delayed"] = _count(done & ((a.returns > 0) | (a.failures > 0)))
    r["returned"] = _count(done & (a.returns > 0))
    statutory = np.array([getattr(p, f"{permit.name}_statutory_days") for permit in permits])
    r["late"] = _count(done & (a.decided - a.complete > statutory[a.permit]))
    r["days_to_decision"] = float((a.decided - a.submitted)[done].sum())
    r["withdrawn"] = _count((a.outcome == WITHDRAWN) & (a.decided >= began))
    thirds = np.quantile(population.literacy, (1 / 3, 2 / 3))
    literacy = population.literacy[a.resident]
    for name, part in (("low", literacy <= thirds[0]), ("high", literacy > thirds[1])):
        r[f"decided.{name}"], r[f"rejected.{name}"] = _count(done & part), _count(rejected & part)
    r["satisfaction"] = float(a.satisfaction[done].sum())
    for code, name in enumerate(COMPLAINTS, start=1):
        r[f"complaints.{name}"] = _count(done & (a.complaint == code))
    r["complaints"] = sum(r[f"complaints.{name}"] for name in COMPLAINTS)
    r["complaints.closed"] = _count(done & (a.complaint_closed == 1))
    r["complaints.expected"] = float(a.complaint_chance[done].sum())

    hours = {"online": p.online_hours, "counter": p.counter_hours, "broker": 0.5, "event": p.event_visit_hours}
    fee = np.array([getattr(p, f"{permit.name}_fee") for permit in permits])
    broker_fee = np.array([getattr(p, f"{permit.name}_broker_fee") for permit in permits])
    r["resident_hours"] = sum(hours[c] * _count(submitted & (a.channel == code)) for c, code in CHANNELS.items())
    r["fees"] = float(fee[a.permit[done & (a.outcome == GRANTED)]].sum())
    r["broker_fees"] = float(broker_fee[a.permit[submitted & (a.channel == BROKER)]].sum())

    surveyed = (a.surveyed == 1) & (a.decided >= day + 1 - HALF_YEAR * MONTH) & ((day + 1) % (HALF_YEAR * MONTH) == 0)
    r["respondents"] = _count(surveyed)
    answers = answers_of(a.answers[surveyed])
    for element in range(ikm.ELEMENTS):
        r[f"answers.U{element + 1}"] = float(answers[:, element].sum())
    r["answers"] = float(answers.sum())
    r |= _outreach(world, population, began, day)
    r["trust"], r["knowledge"] = float(faded.trust.mean()) * r["adults"], float(faded.knowledge.mean()) * r["adults"]
    r["expectation"] = float(world.residents.expectation.sum())
    office = world.office
    r["backlog"] = _count(office.queue[office.first.item(0) : office.last.item(0)] >= 0)
    r["crowding"] = office.crowd.item(0)
    r["norm"] = float(world.neighbourhoods.norm.sum())
    r["applied"] = _count(world.needs.status == APPLIED)
    r["cost"] = (
        r["event_officer_hours"] * p.officer_cost
        + r["events.held"] * p.event_cost
        + r["training_hours"] * p.training_cost
        + r["paid"]
    )
    r["private_cost"] = r["resident_hours"] * p.resident_hour + r["fees"] + r["broker_fees"]
    return r


def _outreach(world: World, population: Population, began: int, day: int) -> Record:
    used, people = world.counts.events.item(0), world.counts.coproducers.item(0)
    e = state.used_rows(world.events, used)
    c = state.used_rows(world.coproducers, people)
    held = (e.delivery_day >= began) & (e.delivery_day <= day) & (e.ending != CANCELLED) & (e.joined > 0)
    designed = (e.design_day >= began) & (e.design_day <= day)
    met = (e.meeting_day >= began) & (e.meeting_day <= day) & (e.ending == HELD)
    parts = world.counts.parts.item(0)
    own = world.parts.uninvited[:parts] == 1
    r: Record = {
        "events.held": _count(held),
        "events.cancelled": _count(designed & (e.ending == CANCELLED)),
        "attendance": float(e.attendance[held].sum()),
        "served": float(e.served[held].sum()),
        "turned_away": float(e.turned_away[held].sum()),
        "repaired": float(e.repaired[held].sum()),
        "visits": float(e.visits[held].sum()),
        "informed": float(e.informed[designed].sum()),
        "invited": float(e.invited[designed].sum()),
        "joined": float(e.joined[designed].sum()),
        "joined.uninvited": _count(own & np.isin(world.parts.event[:parts], np.flatnonzero(designed))),
        "meetings": float(e.met[met].sum()),
        "meetings.due": _count(met),
        "places": float(e.places[held].sum()),
        "active_coproducers": _count(c.active == 1),
        "ever_coproducers": _count(c.spell > 0),
        "rws_reached": _count(world.neighbourhoods.last_event >= 0),
        "rws": float(population.rw_head.size),
    }
    for phase in ("commissioning", "designing", "preparation", "delivery", "assessment"):
        # The meeting follows the event, perhaps in the next month: each phase counts when it is over.
        over = met if phase == "assessment" else held
        taking_part = getattr(e, f"helped_{phase}")
        r[f"phase.{phase}"] = float(taking_part[over].sum())
        r[f"phase_events.{phase}"] = _count(over & (taking_part > 0))
    return r


def _count(mask: np.ndarray) -> float:
    return float(np.count_nonzero(mask))
