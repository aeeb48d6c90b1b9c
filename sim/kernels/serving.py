"""Routine 4: technical reviews that end today, then the desk, first in first out. Twin of ``PTSPOffice``'s serving."""

from __future__ import annotations

import numpy as np

from keliling.sim import desk
from keliling.sim.compiled import inner, inner_with_arrays
from keliling.sim.kernels.applicant import QUEUE_PLACE, draw, occasion_of, returned, schedule_application
from keliling.sim.kernels.cycles import recent_rejections
from keliling.sim.kernels.growing import room_in_queue
from keliling.sim.kernels.needs import applications_due
from keliling.sim.rng import Draw, need_key, ordered
from keliling.sim.rules import filing, serving
from keliling.sim.rules.serving import GRANTED, REJECTED, RETURNED, UNDER_REVIEW

TECHNICAL = Draw.TECHNICAL


@inner_with_arrays
def office_serves(inputs, p, permits, rows, day, handed_in):
    """Live routine 4: ``handed_in`` are the files that came in today.

    Returns the state, whose queue may have grown, and the files decided, in that order.
    """
    rows = room_in_queue(rows, handed_in.size)
    enqueue(inputs, rows, handed_in)
    # Reviews end whether the desk is busy or not, so they come first and take no hours of it.
    due = applications_due(rows, day)
    decided, size = np.empty(due.size + rows.office[0].last - rows.office[0].first, np.int64), 0
    for i in due:
        if rows.applications[i].outcome == UNDER_REVIEW:
            review(inputs, p, rows, day, i)
            decided[size] = i
            size += 1
    hours = p.desk_hours
    for i in desk.serve(rows.office, rows.applications, rows.queue, day, p.desk_officers, hours, p.most_away):
        if examine(inputs, p, permits, rows, day, i):
            decided[size] = i
            size += 1
    gross, office = p.desk_officers * hours, rows.office[0]
    desk.close(rows.office, rows.applications, rows.queue, gross, p.net_capacity, p.wait_reference)
    rows.tally[0].desk_hours_worked += office.hours_worked
    rows.tally[0].desk_hours_available += office.hours_available
    return rows, decided[:size]


@inner_with_arrays
def enqueue(inputs, rows, handed_in):
    """Put today's files at the tail of the queue, by a keyed draw and not by who came first in the code."""
    marks, keys = np.empty(handed_in.size), np.empty(handed_in.size, np.int64)
    for k in range(handed_in.size):
        a = rows.applications[handed_in[k]]
        who = inputs.traits[a.resident].key
        marks[k] = draw(inputs, QUEUE_PLACE, who, occasion_of(a), a.returns)
        keys[k] = need_key(who, a.permit)
    for k in ordered(marks, keys):
        rows.queue[rows.office[0].last] = handed_in[k]
        rows.office[0].last += 1


@inner
def examine(inputs, p, permits, rows, day, i):
    """Examine a file that had its officer time: return it, send it to technical review, or decide it (True)."""
    a = rows.applications[i]
    permit = permits[a.permit]
    reviewed = int(permit.review_days > 0 or permit.technical_rejection > 0.0)
    outcome = serving.examined(a.defects, permit.requirements, a.returns, p.corrections, reviewed)
    a.outcome = outcome
    if outcome == RETURNED:
        returned(inputs, p, rows, day, i)
        return False
    if outcome == UNDER_REVIEW and permit.review_days > 0:
        schedule_application(rows, i, day + permit.review_days)
        return False
    if outcome == UNDER_REVIEW:
        review(inputs, p, rows, day, i)
    else:
        decide(inputs, p, rows, day, i, outcome)
    return True


@inner
def review(inputs, p, rows, day, i):
    """Finish the technical review of a complete file."""
    a = rows.applications[i]
    mark = draw(inputs, TECHNICAL, inputs.traits[a.resident].key, occasion_of(a), 0)
    base, obstacle = inputs.solved[a.permit].technical, rows.needs[a.need].obstacle
    chance = filing.technical_failure(base, obstacle, a.skill, p.assistance_technical)
    decide(inputs, p, rows, day, i, REJECTED if mark < chance else GRANTED)


@inner
def decide(inputs, p, rows, day, i, outcome):
    """Decide a permit. Nobody else does (P19)."""
    a = rows.applications[i]
    a.outcome, a.decided = outcome, day
    if outcome == REJECTED:
        hood = rows.neighbourhoods[inputs.traits[a.resident].rw]
        hood.rejections = recent_rejections(p, hood, day) + 1.0
        hood.rejections_day = day
