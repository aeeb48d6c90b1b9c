"""Routine 2: service cycles. Twin of ``PTSPOffice``'s cycles; the RW's part is in ``sim.kernels.hosting``."""

from __future__ import annotations

import numpy as np

from keliling.sim.compiled import inner, inner_with_arrays
from keliling.sim.kernels.applicant import draw
from keliling.sim.kernels.coproducing import estimated_need_of, invited
from keliling.sim.kernels.growing import next_row
from keliling.sim.kernels.hosting import gather, parts_of, prepare, publicise, stand_by
from keliling.sim.rng import Draw, ordered
from keliling.sim.rules import influence, motivation, outreach, serving
from keliling.sim.rules.outreach import (
    ASSESSMENT,
    CANCELLED,
    CLOSED,
    DELIVERY,
    DESIGNING,
    ENOUGH,
    FEWER_OFFICERS,
    HELD,
    LISTED,
    POSTPONE,
    PREPARATION,
)
from keliling.sim.volunteering import joins, serves

TARGET, MEETING = Draw.TARGET, Draw.MEETING


@inner_with_arrays
def cycles_advance(inputs, p, permits, target_place, rows, day, willingness):
    """Live routine 2; once a week there is help between events too.

    ``target_place`` has the place of each RW in the lever ``target_list``, -1 outside it.
    """
    for _ in range(due_cycles(p, rows)):
        rows.office[0].cycles += 1
        commission(inputs, p, target_place, rows, day, willingness)
    for event in range(rows.counts[0].events):
        e = rows.events[event]
        if e.phase == DESIGNING and day == e.design_day:
            design(inputs, p, permits, rows, day, event, willingness)
        elif e.phase == PREPARATION and day < e.delivery_day:
            if e.information_only == 0:
                prepare(inputs, p, permits, rows, day, event, willingness)
        elif e.phase == PREPARATION and day == e.delivery_day:
            deliver(p, rows, event)
        elif e.phase == ASSESSMENT and day == e.meeting_day:
            assess(inputs, p, rows, day, event)
    stand_by(inputs, p, permits, rows, day, willingness)


@inner
def due_cycles(p, rows):
    """Cycles that begin today: the frequency's, unless a crowded desk puts them off; a stop ends what is owed."""
    office, earned = rows.office[0], 0
    office.accrued += p.events_a_day
    while office.accrued >= ENOUGH:
        office.accrued -= 1.0
        earned += 1
    postpones = int(p.when_crowded == POSTPONE and crowded(p, office))
    owed = office.put_off if p.events_a_day > 0.0 else 0
    begun, office.put_off = outreach.to_begin(earned, owed, postpones)
    if postpones:
        rows.tally[0].postponed += earned
    return begun


@inner
def crowded(p, office):
    """Whether more work waits this morning than the office puts up with."""
    return serving.crowded(office.backlog_hours, p.net_capacity, p.crowded_above)


@inner_with_arrays
def commission(inputs, p, target_place, rows, day, willingness):
    """Propose RWs by the targeting rule until a head consents; without consent there is no event (P8)."""
    rows.tally[0].planned += 1.0
    for rw in ranking(inputs, p, target_place, rows, day):
        rows.tally[0].proposals += 1.0
        if not consents(inputs, p, rows, day, rw, willingness):
            rows.tally[0].declined += 1.0
            continue
        event = next_row(rows.counts[0].events, rows.events)
        rows.counts[0].events += 1
        e, hood = rows.events[event], rows.neighbourhoods[rw]
        # The RW's n-th proposal keys all luck of the event, so that what happens elsewhere shifts none of it.
        e.rw, e.ordinal, e.began = rw, hood.proposals, day
        hood.running = event
        rows.office[0].pointer = target_place[rw] if p.targeting == LISTED else rw
        e.helped_commissioning = 1
        e.phase = DESIGNING
        e.design_day = day + p.design_days
        e.delivery_day = e.design_day + p.preparation_days
        e.meeting_day = e.delivery_day + p.meeting_days
        e.information_only = p.information_only
        e.partners = p.bank_dki + p.tax_agency + p.civil_registry
        e.credit = p.bank_dki
        return
    rows.tally[0].unhosted += 1.0


@inner
def consents(inputs, p, rows, day, rw, willingness):
    """Whether the head agrees to host: the head's own joining draw, on the RW's n-th proposal."""
    hood = rows.neighbourhoods[rw]
    hood.proposals += 1
    head = rows.coproducers[hood.head]
    asked = (
        p.heads_decline == 0
        and motivation.may_be_asked(head.active, 1, head.event, day - head.stopped, p.return_rest) > 0
    )
    if asked and invited(inputs, p, rows, day, head, rw, willingness):
        joins(inputs, p, rows, day, hood.head)
        return True
    hood.declined += 1
    hood.declined_day = day
    return False


@inner_with_arrays
def ranking(inputs, p, target_place, rows, day):
    """RWs in the order in which the office asks them; those busy or resting after a refusal are left out."""
    office, n = rows.office[0], rows.neighbourhoods.size
    free, rank, size = np.empty(n, np.int64), np.empty(n), 0
    for rw in range(n):
        hood = rows.neighbourhoods[rw]
        if hood.running >= 0 or day - hood.declined_day < p.decline_rest:
            continue
        place, places = rw, n
        if p.targeting == LISTED:
            place, places = target_place[rw], p.targets
        if place < 0:
            continue
        rank[size] = outreach.rank(
            p.targeting,
            outreach.turn(place, office.pointer, places),
            draw(inputs, TARGET, inputs.rw_key[rw], office.cycles, 0),
            estimated_need_of(p, hood, day),
            recent_rejections(p, hood, day),
            hood.last_event,
        )
        free[size] = rw
        size += 1
    return free[ordered(rank[:size], free[:size])]


@inner
def recent_rejections(p, hood, day):
    """Rejections of an RW's residents, as far as the office still has them in mind."""
    return influence.faded(hood.rejections, 0.0, day - hood.rejections_day, p.rejections_half_life)


@inner
def design(inputs, p, permits, rows, day, event, willingness):
    """Invite co-producers and fix the staff; too few and the event is cancelled, few and it is smaller."""
    gather(inputs, p, rows, day, event, willingness)
    e = rows.events[event]
    e.helped_designing = e.joined
    # A head alone is no co-production: with too few the cycle ends here, and the head is free again.
    if e.joined < p.least_joined:
        end(rows, event, CANCELLED)
        return
    fewer = int(p.when_crowded == FEWER_OFFICERS and crowded(p, rows.office[0]))
    officers = outreach.staff(p.officers_per_event, p.officers_when_crowded, fewer)
    places = outreach.event_places(
        officers, p.event_hours, p.mean_intake_hours, p.event_capacity, e.joined, p.full_joined
    )
    e.officers = 0 if e.information_only > 0 else officers
    e.places = 0 if e.information_only > 0 else places
    e.phase = PREPARATION
    publicise(inputs, p, rows, day, event)
    if e.information_only == 0:
        prepare(inputs, p, permits, rows, day, event, willingness)


@inner_with_arrays
def deliver(p, rows, event):
    """Open the event: its officers leave the desk for its hours and the way, unless the desk is protected."""
    e = rows.events[event]
    e.phase = DELIVERY
    visiting = 0
    for row in parts_of(rows, event):
        visiting += int(rows.parts[row].visits > 0)
    e.helped_preparation = visiting
    e.helped_delivery = e.joined
    if e.information_only == 0:
        hours = outreach.hours_away(e.officers, p.event_hours, p.travel_hours, p.open_hours)
        rows.tally[0].event_officer_hours += hours
        # Owed: a day gives up only a part of its hours, and the days that follow give the rest.
        if p.desk_protected == 0:
            rows.office[0].owed += hours


@inner
def after_delivery(rows, event, day):
    """Close the day of an event: what the neighbourhood learnt and the cycle's move to assessment."""
    e = rows.events[event]
    hood = rows.neighbourhoods[e.rw]
    e.phase = ASSESSMENT
    hood.last_event = day
    hood.company = motivation.company(e.joined, e.invited)


@inner_with_arrays
def assess(inputs, p, rows, day, event):
    """Hold the meeting or skip it, learn, thank and pay; each co-producer lives through the event."""
    e = rows.events[event]
    met = int(draw(inputs, MEETING, inputs.rw_key[e.rw], e.ordinal, 0) < p.meeting_share)
    if met:
        e.met = 1
        e.helped_assessment = e.joined
        share = motivation.company(e.joined, e.invited)
        rows.office[0].quality = influence.raised(rows.office[0].quality, 1.0, p.lesson_gain * share)
    # Preparation is what each gave; the event, and the meeting if there was one, take the same hours of all.
    for row in parts_of(rows, event):
        part = rows.parts[row]
        hours = part.hours + p.event_hours + met * p.meeting_hours
        serves(inputs, p, rows, day, part.coproducer, event, hours)
    end(rows, event, HELD)


@inner_with_arrays
def end(rows, event, ending):
    """Close a cycle; those who took part are free again."""
    e = rows.events[event]
    e.phase, e.ending = CLOSED, ending
    rows.neighbourhoods[e.rw].running = -1
    for row in parts_of(rows, event):
        rows.coproducers[rows.parts[row].coproducer].event = -1
