"""A neighbourhood around its events: co-producers, publicity, visits. Twin of ``sim.agents.neighbourhood``."""

from __future__ import annotations

import numpy as np

from sim.compiled import inner, inner_with_arrays
from sim.kernels.applicant import draw, learn, learns_of, lift_of, packed, schedule_need
from sim.kernels.coproducing import fatigue_of, invited, join, may_be_asked, recruit, rested
from sim.kernels.growing import next_row
from sim.rng import Draw
from sim.rules import choice, influence, motivation, outreach
from sim.state import NEVER, OPEN, VOLUNTEER

INVITED_ORDER, UNINVITED, HEARS, VISIT_ORDER = Draw.INVITED_ORDER, Draw.UNINVITED, Draw.HEARS, Draw.VISIT_ORDER
TAKES_IN, HEEDED, MENDED = Draw.TAKES_IN, Draw.HEEDED, Draw.MENDED


@inner_with_arrays
def ordered(marks, keys):
    """The order of ascending ``marks``, equal ones by ascending ``keys``."""
    by_key = np.argsort(keys, kind="mergesort")
    return by_key[np.argsort(marks[by_key], kind="mergesort")]


@inner_with_arrays
def open_needs(given, rows, rw):
    """Open needs of an RW's residents, ascending by resident and permit."""
    found, size = np.empty(given.rw_needs_start[rw + 1] - given.rw_needs_start[rw], np.int64), 0
    for k in range(given.rw_needs_start[rw], given.rw_needs_start[rw + 1]):
        if rows.needs[given.rw_needs[k]].status == OPEN:
            found[size] = given.rw_needs[k]
            size += 1
    return found[:size]


@inner_with_arrays
def parts_of(rows, event):
    """Rows of those who joined an event, in the order in which they joined."""
    used, size = rows.counts[0].parts, 0
    found = np.empty(used, np.int64)
    for row in range(used):
        if rows.parts[row].event == event:
            found[size] = row
            size += 1
    return found[:size]


# -- designing


@inner_with_arrays
def gather(given, p, rows, day, event, willingness):
    """Invite heads, then volunteers, then helped or connected residents, up to the number sought."""
    e = rows.events[event]
    hood = rows.neighbourhoods[e.rw]
    # A head elected since the consent was not asked yet and answers now; without the head no event (P8).
    head, asked = rows.coproducers[hood.head], 1
    if head.active == 0 and not invited(given, p, rows, day, head, hood.proposals, willingness):
        e.invited = asked
        return
    join(given, p, rows, head)
    joined, size = np.empty(1 + p.coproducers_sought + p.candidates_asked, np.int64), 1
    joined[0] = hood.head
    for row in _known_people(given, p, rows, day, e.rw):
        if asked >= p.coproducers_sought:
            break
        asked += 1
        if invited(given, p, rows, day, rows.coproducers[row], hood.proposals, willingness):
            join(given, p, rows, rows.coproducers[row])
            joined[size] = row
            size += 1
    uninvited, alone = np.empty(p.candidates_asked, np.int64), 0
    for resident in _candidates(given, p, rows, day, e.rw, joined[:size]):
        if asked < p.coproducers_sought:
            asked += 1
            row = recruit(given, p, rows, resident)
            if invited(given, p, rows, day, rows.coproducers[row], hood.proposals, willingness):
                join(given, p, rows, rows.coproducers[row])
                joined[size] = row
                size += 1
                rows.tally[0].recruited += 1.0
        elif draw(given, UNINVITED, given.traits[resident].key, hood.proposals, 0) < p.uninvited_joining:
            row = recruit(given, p, rows, resident)
            join(given, p, rows, rows.coproducers[row])
            uninvited[alone] = row
            alone += 1
            rows.tally[0].recruited += 1.0
    first_uninvited = size
    for k in range(alone):
        joined[size] = uninvited[k]
        size += 1
    e.invited, e.joined = asked, size
    total = 0.0
    for k in range(size):
        part = rows.parts[next_row(rows.counts[0].parts, rows.parts)]
        rows.counts[0].parts += 1
        part.event, part.coproducer, part.visits = event, joined[k], 0
        part.uninvited = int(k >= first_uninvited)
        total += rows.coproducers[joined[k]].skill
    e.skill = total / size


@inner_with_arrays
def _known_people(given, p, rows, day, rw):
    """Co-producers of an RW but its head who may be asked: other heads before volunteers, each by a keyed draw."""
    used, hood = rows.counts[0].coproducers, rows.neighbourhoods[rw]
    marks, mine, size = np.empty(used), np.empty(used, np.int64), 0
    keys = np.empty(used, np.int64)
    for row in range(used):
        c = rows.coproducers[row]
        if c.rw != rw or row == hood.head or c.resident == rows.coproducers[hood.head].resident:
            continue
        # In a tiny RW one resident may hold two offices, but takes part once, in the later of its rows.
        at = size
        for k in range(size):
            if rows.coproducers[mine[k]].resident == c.resident:
                at = k
        mine[at], keys[at] = row, given.traits[c.resident].key
        marks[at] = draw(given, INVITED_ORDER, keys[at], hood.proposals, 0)
        size = max(size, at + 1)
    by_mark = mine[:size][ordered(marks[:size], keys[:size])]
    found, kept = np.empty(size, np.int64), 0
    for volunteers in (False, True):
        for row in by_mark:
            c = rows.coproducers[row]
            if (c.role == VOLUNTEER) == volunteers and may_be_asked(p, c, day):
                found[kept] = row
                kept += 1
    return found[:kept]


@inner_with_arrays
def _candidates(given, p, rows, day, rw, joined):
    """Residents who were helped or whose ties co-produce, in RTs with a joined co-producer, by a keyed draw."""
    first, last = given.rw_start[rw], given.rw_start[rw + 1]
    found, size = np.empty(last - first, np.int64), 0
    marks, keys = np.empty(last - first), np.empty(last - first, np.int64)
    for k in range(first, last):
        i = given.rw_members[k]
        row = rows.motives[i].coproducer
        if row >= 0:
            c = rows.coproducers[row]
            if c.role < VOLUNTEER or c.active > 0 or not rested(p, c, day):
                continue
        staffed = False
        for one in joined:
            staffed = staffed or rows.coproducers[one].rt == given.traits[i].rt
        if not staffed:
            continue
        near = rows.motives[i].helped_day > day - p.help_lasts
        for one in joined:
            if near:
                break
            friend = rows.coproducers[one].resident
            for tie in range(given.tie_start[friend], given.tie_start[friend + 1]):
                near = near or given.ties[tie] == i
        if near:
            found[size], keys[size] = i, given.traits[i].key
            marks[size] = draw(given, INVITED_ORDER, keys[size], rows.neighbourhoods[rw].proposals, 0)
            size += 1
    order = ordered(marks[:size], keys[:size])
    return found[order[: p.candidates_asked]]


# -- preparation


@inner
def _meet(rows, day, i, event):
    need = rows.needs[i]
    if need.event != event:
        need.event = event
        need.plain_rate = need.rate if need.aware > 0 else 0.0
    schedule_need(rows, i, day)


@inner
def inform(given, p, rows, day, i, event):
    """Tell the resident of open need ``i`` of an event: who did not know of the need takes it in, or does not."""
    need = rows.needs[i]
    who, proposals = given.traits[need.resident].key, rows.neighbourhoods[rows.events[event].rw].proposals
    if need.aware == 0 and draw(given, TAKES_IN, who, proposals, need.permit) >= given.fixed[0].informed:
        return
    _meet(rows, day, i, event)
    _first_told(given, rows, need)
    learn(given, p, rows, need.resident, day, p.knowledge_information)


@inner
def _first_told(given, rows, need):
    if need.aware == 0:
        learns_of(rows, need)
        need.pending += given.fixed[0].information_prompt


@inner_with_arrays
def publicise(given, p, rows, day, event):
    """Let residents with an open need hear of the event, and raise expectations by it."""
    e = rows.events[event]
    hood = rows.neighbourhoods[e.rw]
    reach = outreach.reach(p.publicity, e.partners, p.partner_draw)
    for i in open_needs(given, rows, e.rw):
        need = rows.needs[i]
        if draw(given, HEARS, given.traits[need.resident].key, hood.proposals, 0) < reach:
            e.informed += 1
            inform(given, p, rows, day, i, event)
    hood.lift = influence.raised(lift_of(p, hood, day), 1.0, p.publicity_lift * reach)
    hood.lift_day = day


@inner_with_arrays
def prepare(given, p, rows, day, event):
    """Today's visits: each co-producer in the own RT first, then in RTs without a co-producer."""
    e = rows.events[event]
    proposals = rows.neighbourhoods[e.rw].proposals
    elapsed = day - e.design_day + 1
    waiting, size = open_needs(given, rows, e.rw), 0
    marks, keys = np.empty(waiting.size), np.empty(waiting.size, np.int64)
    for i in waiting:
        need = rows.needs[i]
        if need.visit_day < e.design_day:
            waiting[size], keys[size] = i, need.key
            marks[size] = draw(given, VISIT_ORDER, need.key >> 3, proposals, 0)
            size += 1
    waiting = waiting[:size][ordered(marks[:size], keys[:size])]
    mine = parts_of(rows, event)
    staffed = np.zeros(size, np.int64)
    for k in range(size):
        rt = given.traits[rows.needs[waiting[k]].resident].rt
        for row in mine:
            staffed[k] |= rows.coproducers[rows.parts[row].coproducer].rt == rt
    visited = np.zeros(size, np.int64)
    for row in mine:
        part = rows.parts[row]
        c = rows.coproducers[part.coproducer]
        hours = motivation.hours_a_week(p.coproducer_hours, given.traits[c.resident].free_hours, fatigue_of(p, c, day))
        due = outreach.visits_by(elapsed, p.preparation_days, hours, p.visit_hours)
        while part.visits < due:
            at = _next_visit(given, rows, waiting, staffed, visited, c.rt)
            if at < 0:
                break
            visited[at] = 1
            visit(given, p, rows, day, waiting[at], event, c.skill)
            part.visits += 1
            e.visits += 1


@inner_with_arrays
def _next_visit(given, rows, waiting, staffed, visited, rt):
    """Place of the first need not visited today in the co-producer's own RT, else in one without a co-producer."""
    elsewhere = -1
    for k in range(waiting.size):
        if visited[k] == 0:
            if given.traits[rows.needs[waiting[k]].resident].rt == rt:
                return k
            if elsewhere < 0 and staffed[k] == 0:
                elsewhere = k
    return elsewhere


@inner
def visit(given, p, rows, day, i, event, skill):
    """Visit the resident of open need ``i``: inform, map, check the papers, mend an obstacle perhaps."""
    need = rows.needs[i]
    who, proposals = given.traits[need.resident].key, rows.neighbourhoods[rows.events[event].rw].proposals
    if need.visit_day == NEVER:
        hood = rows.neighbourhoods[given.traits[need.resident].rw]
        hood.known -= int(need.known)
        hood.helped += 1
    need.visit_day = day
    if draw(given, HEEDED, who, proposals, need.permit) >= given.fixed[0].heeded:
        return
    _meet(rows, day, i, event)
    _first_told(given, rows, need)
    prompt = choice.help_prompt(given.fixed[0].help_prompt, day - need.felt_day, p.prompt_memory)
    if prompt > 0.0:
        need.pending += prompt
        need.felt_day = day
    need.skill = max(need.skill, skill)
    occasion = packed(need.permit, need.ordinal, 0)
    if need.obstacle > 0 and draw(given, MENDED, who, occasion, 0) < p.obstacle_mended * skill:
        need.obstacle = 0
        rows.stock[need.permit].obstructed -= 1
    rows.motives[need.resident].helped_day = day
    learn(given, p, rows, need.resident, day, p.knowledge_help)
