"""Routine 1: needs arise, notices and the end of works; corrected files come back. Twin of ``Resident.arise``."""

from __future__ import annotations

import numpy as np

from keliling.sim import calendar
from keliling.sim.compiled import inner, inner_with_arrays, prefetch
from keliling.sim.kernels.applicant import close, correct, draw, learns_of, occasion_of, settle
from keliling.sim.opening import begin
from keliling.sim.rng import Draw
from keliling.sim.rules import choice, motivation
from keliling.sim.rules.serving import RETURNED
from keliling.sim.state import IDLE, OPEN

AHEAD = 12  # how many needs early the rows to be looked at are asked for
REPORT, DEMOLITION = Draw.REPORT, Draw.DEMOLITION


@inner_with_arrays
def needs_due(rows, day):
    """Needs that are due today, in the order in which effects are applied."""
    due = calendar.due_on(rows.needs_due, rows.needs.after, day)
    due.sort()
    keys, ascending = np.empty(due.size, np.int64), True
    for k in range(due.size):
        if k + AHEAD < due.size:
            prefetch(rows.needs, due[k + AHEAD])
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
def needs_arise(inputs, p, permits, rows, day):
    """Live routine 1; returns the applications that came back corrected."""
    for i in needs_due(rows, day):
        need = rows.needs[i]
        if need.status == IDLE:
            open_need(inputs, p, permits, rows, i, day)
        if need.status != OPEN:
            continue
        # In this order: a need that ends today is learnt of and noticed by nobody any more.
        if need.ends <= day:
            rows.tally[0].ended += 1.0
            close(inputs, p, permits, rows, day, i, 0)
            continue
        if need.learns <= day and need.aware == 0:
            learns_of(rows, need)
        if need.patrol_day == day:
            _noticed(inputs, p, rows, day, need)
        ended = need.works_until == day and need.noticed > 0
        if ended and draw(inputs, DEMOLITION, inputs.traits[need.resident].key, occasion_of(need), 0) < p.demolished:
            rows.tally[0].demolished += 1.0
            close(inputs, p, permits, rows, day, i, 0)
    due = applications_due(rows, day)
    size = 0
    for i in due:
        if rows.applications[i].outcome == RETURNED and correct(inputs, p, permits, rows, day, i):
            due[size] = i
            size += 1
    return due[:size]


@inner_with_arrays
def open_need(inputs, p, permits, rows, i, day):
    """Begin a spell of need ``i``."""
    need, fixed = rows.needs[i], inputs.fixed[0]
    who, permit, solved = inputs.traits[need.resident].key, permits[need.permit], inputs.solved[need.permit]
    begin(fixed.seed, fixed.replicate, who, rows.needs, i, day, solved, permit, p.known_share, p.detection_rate)
    settle(inputs, rows, need, OPEN, 0)


@inner
def _noticed(inputs, p, rows, day, need):
    if not p.patrols:
        return
    need.noticed = 1
    if need.aware == 0:
        learns_of(rows, need)
    need.learns = min(need.learns, day)
    need.news = max(need.news, choice.prompt_hazard(p.answer_summons))
    rows.tally[0].notices += 1.0
    if draw(inputs, REPORT, inputs.traits[need.resident].key, occasion_of(need), 0) < p.report_share:
        rows.tally[0].reports += 1.0
        r = rows.motives[need.resident]
        r.social = motivation.moved(r.social, -p.friction * p.motive_sd)
