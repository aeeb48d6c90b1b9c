"""Routine 1: needs arise, notices and the end of works; corrected files come back. Twin of ``Resident.arise``."""

from __future__ import annotations

import numpy as np

from sim import calendar
from sim.compiled import inner, inner_with_arrays
from sim.kernels.applicant import close, correct, draw, learns_of, occasion_of, packed, settle
from sim.rng import Draw
from sim.rules import choice, influence, motivation
from sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from sim.rules.serving import RETURNED
from sim.state import IDLE, NEVER, OPEN

THRESHOLD, TASTE, PATROL, REPORT, DEMOLITION = (Draw.THRESHOLD, Draw.TASTE, Draw.PATROL, Draw.REPORT, Draw.DEMOLITION)
AWARE, LEARNS, ENDS, OBSTACLE, HEADS_KNOW = Draw.AWARE, Draw.LEARNS, Draw.ENDS, Draw.OBSTACLE, Draw.HEADS_KNOW


@inner_with_arrays
def needs_due(rows, day):
    """Needs that are due today, in the order in which effects are applied."""
    due = calendar.due_on(rows.needs_due, rows.needs.after, day)
    due.sort()
    keys, ascending = np.empty(due.size, np.int64), True
    for k in range(due.size):
        keys[k] = rows.needs[due[k]].key
        ascending = ascending and (k == 0 or keys[k] > keys[k - 1])
    # Rows are in the order of keys unless somebody put residents into other rows.
    return due if ascending else due[np.argsort(keys)]


@inner_with_arrays
def applications_due(rows, day):
    """Applications that are due today, in the order in which effects are applied."""
    due = calendar.due_on(rows.applications_due, rows.applications.after, day)
    keys = np.empty(due.size, np.int64)
    for k in range(due.size):
        keys[k] = rows.needs[rows.applications[due[k]].need].key
    return due[np.argsort(keys)]


@inner_with_arrays
def needs_arise(given, p, permits, rows, day):
    """Live routine 1; returns the applications that came back corrected."""
    for i in needs_due(rows, day):
        need = rows.needs[i]
        if need.status == IDLE:
            open_need(given, p, permits, rows, need, day)
        if need.status != OPEN:
            continue
        if need.ends <= day:
            rows.tally[0].ended += 1.0
            close(given, p, permits, rows, day, i, 0)
            continue
        if need.learns <= day and need.aware == 0:
            learns_of(rows, need)
        if need.patrol_day == day:
            _noticed(given, p, rows, day, need)
        ended = need.works_until == day and need.noticed > 0
        if ended and draw(given, DEMOLITION, given.traits[need.resident].key, occasion_of(need), 0) < p.demolished:
            rows.tally[0].demolished += 1.0
            close(given, p, permits, rows, day, i, 0)
    due = applications_due(rows, day)
    size = 0
    for i in due:
        if rows.applications[i].outcome == RETURNED and correct(given, p, permits, rows, day, i):
            due[size] = i
            size += 1
    return due[:size]


@inner
def open_need(given, p, permits, rows, need, day):
    """Begin a spell of an open need: hidden thresholds of acting and ending, and for a new one what it is.

    A need that comes up again is known, and has the obstacle that it had.
    """
    who, occasion = given.traits[need.resident].key, occasion_of(need)
    solved = given.solved[need.permit]
    if need.attempt == 0:
        mark = draw(given, AWARE, who, occasion, 0)
        need.aware = int(mark >= solved.unaware)
        need.obstacle = int(draw(given, OBSTACLE, who, occasion, 0) < solved.obstacle_birth)
        need.learns = day
        if need.aware == 0:
            need.learns += influence.days_until(
                influence.waited(draw(given, LEARNS, who, occasion, 0)), solved.learn_rate
            )
        need.known = int(draw(given, HEADS_KNOW, who, occasion, 0) < p.known_share)
        need.failures = 0
        need.visit_day, need.felt_day = NEVER, NEVER
    settle(given, rows, need, OPEN, 0)
    need.expiry = -1
    need.threshold = influence.waited(draw(given, THRESHOLD, who, occasion, 0))
    need.ends = day + influence.days_until(influence.waited(draw(given, ENDS, who, occasion, 0)), solved.ends)
    need.hazard, need.prompted, need.rate, need.skill = 0.0, 0.0, 0.0, 0.0
    need.pending, need.news = 0.0, 0.0
    tastes = packed(need.permit, need.ordinal, 0)
    need.taste_online = choice.taste(draw(given, TASTE, who, tastes, ONLINE))
    need.taste_counter = choice.taste(draw(given, TASTE, who, tastes, COUNTER))
    need.taste_broker = choice.taste(draw(given, TASTE, who, tastes, BROKER))
    need.taste_event = choice.taste(draw(given, TASTE, who, tastes, EVENT))
    need.anchor = day
    need.event = -1
    need.online_failed = 0
    if need.attempt > 0:
        return
    need.noticed = 0
    need.works_until, need.patrol_day = -1, -1
    if permits[need.permit].enforced > 0:
        need.works_until = day + permits[need.permit].works_days
        wait = influence.waited(draw(given, PATROL, who, occasion, 0))
        found = day + influence.days_until(wait, p.detection_rate / 252.0)
        need.patrol_day = found if found < need.works_until else -1


@inner
def _noticed(given, p, rows, day, need):
    if not p.patrols:
        return
    need.noticed = 1
    if need.aware == 0:
        learns_of(rows, need)
    need.learns = min(need.learns, day)
    need.news = max(need.news, choice.prompt_hazard(p.answer_summons))
    rows.tally[0].notices += 1.0
    if draw(given, REPORT, given.traits[need.resident].key, occasion_of(need), 0) < p.report_share:
        rows.tally[0].reports += 1.0
        r = rows.motives[need.resident]
        r.social = motivation.moved(r.social, -p.friction * p.motive_sd)
