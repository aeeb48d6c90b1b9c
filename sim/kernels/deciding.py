"""Routine 3: all decide on the morning's state, then all act, then events give their places. Twin of ``Resident``."""

from __future__ import annotations

import math

import numpy as np

from keliling.sim.compiled import inlined, inner, inner_with_arrays, prefetch
from keliling.sim.kernels.applicant import (
    choosing_of,
    close,
    draw,
    file,
    knowledge_of,
    occasion_of,
    remembered_by,
    schedule_need,
    trust_of,
)
from keliling.sim.kernels.cycles import after_delivery
from keliling.sim.kernels.growing import room_for_applications
from keliling.sim.kernels.needs import needs_due
from keliling.sim.rng import Draw, holder_of, ordered
from keliling.sim.rules import choice, filing, influence
from keliling.sim.rules.choice import BROKER, EVENT, GIVES_UP, ONLINE, TRIES_LATER, WAIT
from keliling.sim.rules.outreach import DELIVERY, PREPARATION
from keliling.sim.scenario import MONTH_DAYS
from keliling.sim.state import OPEN

AHEAD = 6  # how many needs early the rows to be looked at are asked for
ATTEMPT_FAILURE, AFTER_FAILURE, RETRY_TIME, EVENT_PLACE = (
    Draw.ATTEMPT_FAILURE,
    Draw.AFTER_FAILURE,
    Draw.RETRY_TIME,
    Draw.EVENT_PLACE,
)


@inner_with_arrays
def residents_decide(inputs, p, permits, rows, day):
    """Live routine 3; returns the state, whose tables may have grown."""
    due = needs_due(rows, day)
    rows = room_for_applications(rows, due.size)
    chosen = np.zeros(due.size, np.int64)
    # All decide on the state of the morning before anybody acts: no file of today changes what a neighbour decides.
    for k in range(due.size):
        if k + AHEAD < due.size:
            soon = rows.needs[due[k + AHEAD]].resident
            prefetch(rows.residents, soon)
            prefetch(inputs.traits, soon)
        if rows.needs[due[k]].status == OPEN:
            chosen[k] = touch(inputs, p, permits, rows, day, due[k])
    arrivals, size = np.empty(due.size, np.int64), 0
    for k in range(due.size):
        if chosen[k] == EVENT:
            arrivals[size] = due[k]
            size += 1
        elif chosen[k] != WAIT:
            act(inputs, p, permits, rows, day, due[k], chosen[k])
    # Places are given when all have come, so that nobody has one for standing early in the table.
    for event in range(rows.counts[0].events):
        if rows.events[event].phase == DELIVERY:
            receive_at_event(inputs, p, permits, rows, day, event, arrivals[:size])
            after_delivery(rows, event, day)
    return rows


@inner
def at_hand(inputs, p, rows, day, need, channel):
    """Whether a channel is at hand today: online for internet users, the event when one is known and not over."""
    if channel == ONLINE:
        return p.online > 0 and inputs.traits[need.resident].internet > 0 and need.online_failed == 0
    if channel == BROKER:
        return p.brokers > 0
    if channel == EVENT:
        if need.event < 0:
            return False
        e = rows.events[need.event]
        return e.phase >= PREPARATION and e.places > 0 and e.delivery_day >= day
    return True


@inlined
def touch(inputs, p, permits, rows, day, i):
    """Add up the hazard of open need ``i``, feel prompts; the channel to act through today, WAIT for none."""
    need = rows.needs[i]
    who, r, k = inputs.traits[need.resident], rows.residents[need.resident], need.permit
    permit, fixed, solved = permits[k], inputs.fixed[0], inputs.solved[need.permit]
    gathered, by_event = choice.gathered(need.rate, need.anchor, day, need.learns)
    hazard = need.hazard + gathered
    need.prompted += by_event
    works = int(p.patrols > 0 and need.works_until > day)
    sanction = p.weight_sanction * choice.threat(works, need.noticed, p.detection_rate)
    attends = rows.events[need.event].credit if need.event >= 0 else 0
    credit = choice.credit(p.credit_value, permit.credit, attends)
    knowledge, trust = knowledge_of(inputs, p, rows, need.resident, day), trust_of(inputs, p, rows, need.resident, day)
    choosing, remembered = choosing_of(p), remembered_by(p, r, day)
    benefit = choice.expected_benefit(permit.benefit, p.weight_wait, rows.office[0].wait)
    best, standing, channel = -math.inf, -math.inf, WAIT
    for c in range(ONLINE, EVENT + 1):
        if not at_hand(inputs, p, rows, day, need, c):
            continue
        taste, constant = need.taste_counter, 0.0
        if c == ONLINE:
            taste, constant = need.taste_online, fixed.online
        elif c == BROKER:
            taste, constant = need.taste_broker, fixed.broker
        elif c == EVENT:
            taste, constant = need.taste_event, p.event_constant
        worth = choice.channel_value(
            c,
            taste,
            constant,
            benefit,
            sanction,
            knowledge,
            who.literacy,
            who.at_work,
            trust,
            remembered,
            rows.neighbourhoods[who.rw].norm,
            permit.fee,
            permit.broker_fee,
            credit,
            choosing,
        )
        if worth > best:
            best, channel = worth, c
        if c != EVENT and worth > standing:
            standing = worth
    # An event competes for those who act; it makes nobody keener.
    keen = choice.keenness(standing, p.hazard_sensitivity)
    relative = keen / solved.mean_keenness
    if need.news > 0.0:
        hazard += choice.prompted(need.news, relative, p.attention_cap)
        need.news = 0.0
    if need.pending > 0.0:
        added = choice.prompted(need.pending, relative, p.attention_cap)
        hazard += added
        need.prompted += added
        need.pending = 0.0
    rate = choice.own_rate(solved.base_rate, keen, need.aware, need.obstacle, p.obstacle_hesitation)
    # From here the hazard gathers at a constant rate, so the need is looked at again only when something may happen.
    need.hazard, need.anchor, need.rate = hazard, day, rate
    due = day + influence.days_until(need.threshold - hazard, rate)
    if hazard >= need.threshold:
        arrives = rows.events[need.event].delivery_day if channel == EVENT else day
        if arrives == day:
            return channel
        due = arrives
    # Once a month at least: knowledge, trust and the norm move meanwhile, and with them the rate.
    monthly = day + 1 + (need.monthly - day - 1) % MONTH_DAYS
    due = choice.next_look(day, due, need.aware, monthly, need.learns, need.ends, need.works_until, need.patrol_day)
    schedule_need(rows, i, due)
    return WAIT


@inner
def act(inputs, p, permits, rows, day, i, channel):
    """File need ``i`` through the channel chosen; the attempt may fail before that."""
    need = rows.needs[i]
    who = inputs.traits[need.resident]
    rows.tally[0].attempts += 1.0
    chance = choice.attempt_failure(
        channel, p.online_failure, p.counter_failure, who.literacy, p.literacy_mean, need.skill
    )
    occasion = occasion_of(need)
    if draw(inputs, ATTEMPT_FAILURE, who.key, occasion, need.failures) >= chance:
        file(inputs, p, permits, rows, day, i, channel, 0.0)
        return
    mark = draw(inputs, AFTER_FAILURE, who.key, occasion, need.failures)
    wait_mark = draw(inputs, RETRY_TIME, who.key, occasion, need.failures)
    need.failures += 1
    rows.tally[0].failed_attempts += 1.0
    rows.tally[0].lost_hours += filing.applicant_hours(channel, p.online_hours, p.counter_hours, p.broker_hours)
    what = choice.after_failure(mark, p.gives_up, p.tries_later)
    if what == GIVES_UP:
        rows.tally[0].given_up += 1.0
        close(inputs, p, permits, rows, day, i, 0)
        return
    wait, need.online_failed = 1, int(channel == ONLINE)
    if what == TRIES_LATER:
        # As much of the hazard is taken back as gathers again until then; a prompt may bring the day forward.
        wait, need.online_failed = filing.correction_wait(wait_mark, p.retry_days), 0
        need.hazard = need.threshold - need.rate * wait
    schedule_need(rows, i, day + wait)


@inner_with_arrays
def receive_at_event(inputs, p, permits, rows, day, event, arrivals):
    """Give the event's places by a keyed draw; those served file here, the others go elsewhere tomorrow."""
    e = rows.events[event]
    proposals = rows.neighbourhoods[e.rw].proposals
    mine, marks, keys = np.empty(arrivals.size, np.int64), np.empty(arrivals.size), np.empty(arrivals.size, np.int64)
    size = 0
    for i in arrivals:
        need = rows.needs[i]
        if need.event == event:
            mine[size], keys[size] = i, need.key
            marks[size] = draw(inputs, EVENT_PLACE, holder_of(need.key), proposals, 0)
            size += 1
    e.attendance = size
    order = ordered(marks[:size], keys[:size])
    for place in range(size):
        i = mine[order[place]]
        if place < e.places:
            row = file(inputs, p, permits, rows, day, i, EVENT, e.skill)
            e.served += 1
            e.repaired += rows.applications[row].repaired
        else:
            # Without the event in mind tomorrow's choice is among the channels that stand.
            e.turned_away += 1
            rows.tally[0].lost_hours += p.event_visit_hours
            rows.needs[i].event = -1
            schedule_need(rows, i, day + 1)
