"""A neighbourhood around its events: co-producers, publicity, visits. Twin of ``sim.agents.neighbourhood``."""

from __future__ import annotations

import numpy as np

from keliling.sim import asking, standing
from keliling.sim.compiled import inner, inner_with_arrays
from keliling.sim.kernels.applicant import draw, learn, learns_of, lift_of, packed, schedule_need
from keliling.sim.kernels.coproducing import invited, note, recruit, standing_week, weekly_hours
from keliling.sim.rng import Draw, holder_of, ordered
from keliling.sim.rules import choice, influence, outreach
from keliling.sim.state import AS_CADRE, AS_RW_HEAD, NEVER, OPEN, UNASKED
from keliling.sim.volunteering import joins, stands_by

HEARS, VISIT_ORDER = Draw.HEARS, Draw.VISIT_ORDER
TAKES_IN, HEEDED, MENDED = Draw.TAKES_IN, Draw.HEEDED, Draw.MENDED


@inner_with_arrays
def open_needs(inputs, rows, rw):
    """Open needs of an RW's residents, ascending by resident and permit."""
    found, size = np.empty(inputs.rw_needs_start[rw + 1] - inputs.rw_needs_start[rw], np.int64), 0
    for k in range(inputs.rw_needs_start[rw], inputs.rw_needs_start[rw + 1]):
        if rows.needs[inputs.rw_needs[k]].status == OPEN:
            found[size] = inputs.rw_needs[k]
            size += 1
    return found[:size]


@inner_with_arrays
def parts_of(rows, event):
    """Rows of those who take part in an event, in the order in which they joined."""
    used, size = rows.counts[0].parts, 0
    found = np.empty(used, np.int64)
    for row in range(used):
        if rows.parts[row].event == event and rows.parts[row].joined > 0:
            found[size] = row
            size += 1
    return found[:size]


# -- designing


@inner_with_arrays
def gather(inputs, p, rows, day, event, willingness):
    """Invite heads and residents in the order of ``sim.asking``, up to the number sought; some come unasked."""
    e = rows.events[event]
    hood = rows.neighbourhoods[e.rw]
    # A head elected since the consent was not asked yet and answers now; without the head no event (P8).
    head = rows.coproducers[hood.head]
    e.invited = 1
    if head.event >= 0 or (head.active == 0 and not invited(inputs, p, rows, day, head, e.rw, willingness)):
        return
    _take_part(inputs, p, rows, day, event, hood.head, AS_RW_HEAD)
    residents, reasons = asking.plan(inputs, p, rows, day, e.rw)
    for k in range(residents.size):
        row = recruit(inputs, p, rows, residents[k])
        if reasons[k] == UNASKED:
            _take_part(inputs, p, rows, day, event, row, UNASKED)
        else:
            _ask(inputs, p, rows, day, event, row, reasons[k], willingness)
    total = 0.0
    for part in parts_of(rows, event):
        total += rows.coproducers[rows.parts[part].coproducer].skill
    e.skill = total / e.joined


@inner
def _ask(inputs, p, rows, day, event, row, reason, willingness):
    """Ask a co-producer to take part in an event."""
    e, c = rows.events[event], rows.coproducers[row]
    e.invited += 1
    if invited(inputs, p, rows, day, c, e.rw, willingness):
        _take_part(inputs, p, rows, day, event, row, reason)
    else:
        note(rows, event, day, row, reason, 0)


@inner
def _take_part(inputs, p, rows, day, event, row, reason):
    c = rows.coproducers[row]
    rows.tally[0].recruited += reason >= AS_CADRE
    joins(inputs, p, rows, day, row)
    c.event = event
    rows.events[event].joined += 1
    note(rows, event, day, row, reason, 1)


# -- preparation


@inner
def _meet(rows, day, i, event):
    need = rows.needs[i]
    if need.event != event:
        need.event = event
        # How fast this would have gone without the event, kept for the question whether it displaced a file.
        need.plain_rate = need.rate if need.aware > 0 else 0.0


@inner
def inform(inputs, p, rows, day, i, event):
    """Tell the resident of open need ``i`` of an event: who did not know of the need takes it in, or does not."""
    need = rows.needs[i]
    who, proposals = inputs.traits[need.resident].key, rows.neighbourhoods[rows.events[event].rw].proposals
    if need.aware == 0 and draw(inputs, TAKES_IN, who, proposals, need.permit) >= inputs.fixed[0].informed:
        return
    _meet(rows, day, i, event)
    schedule_need(rows, i, day)
    _first_told(inputs, rows, need)
    learn(inputs, p, rows, need.resident, day, p.knowledge_information)


@inner
def _first_told(inputs, rows, need):
    if need.aware == 0:
        learns_of(rows, need)
        need.pending += inputs.fixed[0].information_prompt


@inner_with_arrays
def publicise(inputs, p, rows, day, event):
    """Let residents with an open need hear of the event, and raise expectations by it."""
    e = rows.events[event]
    hood = rows.neighbourhoods[e.rw]
    reach = outreach.reach(p.publicity, e.partners, p.partner_draw)
    for i in open_needs(inputs, rows, e.rw):
        need = rows.needs[i]
        if draw(inputs, HEARS, inputs.traits[need.resident].key, hood.proposals, 0) < reach:
            e.informed += 1
            inform(inputs, p, rows, day, i, event)
    hood.lift = influence.raised(lift_of(p, hood, day), 1.0, p.publicity_lift * reach)
    hood.lift_day = day


@inner_with_arrays
def prepare(inputs, p, permits, rows, day, event, willingness):
    """Today's visits: each co-producer in the own RT first, then in RTs without a co-producer."""
    e = rows.events[event]
    proposals = rows.neighbourhoods[e.rw].proposals
    elapsed = day - e.design_day + 1
    waiting, size = open_needs(inputs, rows, e.rw), 0
    marks, keys = np.empty(waiting.size), np.empty(waiting.size, np.int64)
    for i in waiting:
        need = rows.needs[i]
        if need.visit_day < e.design_day:
            waiting[size], keys[size] = i, need.key
            marks[size] = draw(inputs, VISIT_ORDER, holder_of(need.key), proposals, 0)
            size += 1
    # By a keyed draw: rows lie by district and household, and nobody is visited first for living in the first.
    waiting = waiting[:size][ordered(marks[:size], keys[:size])]
    mine = parts_of(rows, event)
    # An RT with a co-producer of its own is left to that one, so that two do not come to one door.
    staffed = np.zeros(size, np.int64)
    for k in range(size):
        rt = inputs.traits[rows.needs[waiting[k]].resident].rt
        for row in mine:
            staffed[k] |= rows.coproducers[rows.parts[row].coproducer].rt == rt
    visited = np.zeros(size, np.int64)
    for row in mine:
        part = rows.parts[row]
        c = rows.coproducers[part.coproducer]
        hours = weekly_hours(inputs, p, rows, day, c, willingness)
        due = outreach.hours_by(elapsed, p.preparation_days, hours)
        while True:
            at = _next_visit(inputs, rows, waiting, staffed, visited, c.rt)
            if at < 0:
                break
            takes = outreach.help_hours(p.help_hours, permits[rows.needs[waiting[at]].permit].requirements)
            if part.hours + takes > due + outreach.ROUNDING:
                break
            visited[at] = 1
            part.hours += takes
            visit(inputs, p, rows, day, waiting[at], event, c.skill)
            part.visits += 1
            e.visits += 1


@inner_with_arrays
def _next_visit(inputs, rows, waiting, staffed, visited, rt):
    """Place of the first need not visited today in the co-producer's own RT, else in one without a co-producer."""
    elsewhere = -1
    for k in range(waiting.size):
        if visited[k] == 0:
            if inputs.traits[rows.needs[waiting[k]].resident].rt == rt:
                return k
            if elsewhere < 0 and staffed[k] == 0:
                elsewhere = k
    return elsewhere


@inner_with_arrays
def stand_by(inputs, p, permits, rows, day, willingness):
    """Once a week: co-producers help neighbours between events."""
    if p.standing_hours <= 0.0 or day % outreach.WEEK:
        return
    used = rows.counts[0].coproducers
    hours = np.zeros(used)
    for row in range(used):
        if rows.coproducers[row].active > 0:
            hours[row] = standing_week(inputs, p, rows, day, rows.coproducers[row], willingness)
    helpers, needs, took, idle = standing.week(inputs, p, permits, rows, day, hours)
    for k in range(needs.size):
        c = rows.coproducers[helpers[k]]
        visit(inputs, p, rows, day, needs[k], -1, c.skill)
        c.helped += 1
        c.last_day = day
        rows.tally[0].standing_helps += 1.0
    for row in range(used):
        if hours[row] > 0.0:
            stands_by(p, rows, day, row, took[row], idle[row])


@inner
def visit(inputs, p, rows, day, i, event, skill):
    """Help the resident of open need ``i``, before an ``event`` or (-1) between events: inform, map, check the papers,
    mend an obstacle perhaps.
    """
    need = rows.needs[i]
    who, occasion = inputs.traits[need.resident].key, packed(need.permit, need.ordinal, 0)
    drawn_for, index = occasion, outreach.BETWEEN  # between events a need is helped once at most
    if event >= 0:
        drawn_for, index = rows.neighbourhoods[rows.events[event].rw].proposals, need.permit
    if need.visit_day == NEVER:
        hood = rows.neighbourhoods[inputs.traits[need.resident].rw]
        # Whoever was helped once is no longer counted by heads and office among those to be reached.
        hood.known -= int(need.known)
        hood.helped += 1
    need.visit_day = day
    if draw(inputs, HEEDED, who, drawn_for, index) >= inputs.fixed[0].heeded:
        return
    if event >= 0:
        _meet(rows, day, i, event)
    schedule_need(rows, i, day)
    _first_told(inputs, rows, need)
    prompt = choice.help_prompt(inputs.fixed[0].help_prompt, day - need.felt_day, p.prompt_memory)
    # While one visit is remembered a second adds nothing: its strength is the same.
    if prompt > 0.0:
        need.pending += prompt
        need.felt_day = day
    need.skill = max(need.skill, skill)
    if need.obstacle > 0 and draw(inputs, MENDED, who, occasion, 0) < p.obstacle_mended * skill:
        need.obstacle = 0
        rows.stock[need.permit].obstructed -= 1
    rows.motives[need.resident].helped_day = day
    learn(inputs, p, rows, need.resident, day, p.knowledge_help)
