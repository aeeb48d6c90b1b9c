"""Whom the office asks to co-produce at an event, and in which order. Both engines call it.

Heads of the RW come first; then active volunteers, of the RW and then of its kelurahan, so that people serve again;
then cadres who are not active; then residents who were helped or whose ties co-produce. Within a group a keyed draw
decides, on the RW's n-th event. Who takes part in another event now is not asked. Between events co-producers may ask
neighbours who were helped.
"""

from __future__ import annotations

import numpy as np

from keliling.sim.compiled import compiled
from keliling.sim.rng import Draw, ordered, uniform
from keliling.sim.rules import motivation, outreach
from keliling.sim.state import (
    AS_CADRE,
    AS_HEAD,
    AS_NEIGHBOUR,
    AS_VOLUNTEER,
    AS_VOLUNTEER_NEARBY,
    RT_HEAD,
    UNASKED,
    VOLUNTEER,
)

INVITED_ORDER, UNINVITED = Draw.INVITED_ORDER, Draw.UNINVITED
ASKS, ASKED_ORDER = Draw.ASKS, Draw.ASKED_ORDER


@compiled
def plan(inputs, p, rows, day, rw):
    """The residents to be asked beside the RW's head, in order, and the reason of each; last who come unasked.

    Heads get the places that are not sought for residents; what a group does not fill passes on to the next.
    """
    heads = office_holders(inputs, rows, day, rw, p.return_rest)
    people = volunteers(inputs, rows, rw)
    movement = cadres(inputs, rows, day, rw, p.return_rest)
    near = neighbours(inputs, rows, day, rw, p.return_rest, p.help_lasts, p.candidates_asked)
    n_heads = min(heads.size, max(p.coproducers_sought - p.residents_sought, 1) - 1)
    of_people, of_movement, of_near = outreach.places_of(p.coproducers_sought - 1 - n_heads)
    n_people = min(people.size, of_people)
    n_movement = min(movement.size, of_movement + of_people - n_people)
    n_near = min(near.size, of_near + of_movement + of_people - n_people - n_movement)
    residents = np.concatenate((heads[:n_heads], people[:n_people], movement[:n_movement], near))
    reasons, size = np.empty(residents.size, np.int64), residents.size - near.size + n_near
    for k in range(size):
        if k < n_heads:
            reasons[k] = AS_HEAD
        elif k < n_heads + n_people:
            reasons[k] = AS_VOLUNTEER if inputs.traits[residents[k]].rw == rw else AS_VOLUNTEER_NEARBY
        else:
            reasons[k] = AS_CADRE if k < size - n_near else AS_NEIGHBOUR
    fixed, ordinal = inputs.fixed[0], rows.neighbourhoods[rw].proposals
    for i in near[n_near:]:
        mark = uniform(fixed.seed, fixed.replicate, UNINVITED, inputs.traits[i].key, ordinal, 0)
        if mark < p.uninvited_joining:
            residents[size], reasons[size] = i, UNASKED
            size += 1
    return residents[:size], reasons[:size]


@compiled
def office_holders(inputs, rows, day, rw, rest):
    """The RW's other heads who may be asked, by the draw."""
    head, used = rows.coproducers[rows.neighbourhoods[rw].head].resident, rows.counts[0].coproducers
    found, size = np.empty(used, np.int64), 0
    for row in range(used):
        office = rows.coproducers[row]
        if office.rw != rw or office.role > RT_HEAD or office.resident == head:
            continue
        # In a tiny RW one resident may hold two offices, but is one co-producer.
        c = rows.coproducers[rows.motives[office.resident].coproducer]
        if motivation.may_be_asked(c.active, 1, c.event, day - c.stopped, rest) > 0:
            found[size] = c.resident
            size += 1
    return _in_order(inputs, rows, rw, found[:size])


@compiled
def volunteers(inputs, rows, rw):
    """The active volunteers of the RW, then of the other RWs of its kelurahan, by the draw."""
    used = rows.counts[0].coproducers
    here, near, n_here, n_near = np.empty(used, np.int64), np.empty(used, np.int64), 0, 0
    for row in range(used):
        c = rows.coproducers[row]
        if c.role != VOLUNTEER or motivation.may_be_asked(c.active, 0, c.event, 0, 0) == 0:
            continue
        if c.rw == rw:
            if not _holds_office(rows, c.resident):
                here[n_here] = c.resident
                n_here += 1
        elif inputs.rw_kelurahan[c.rw] == inputs.rw_kelurahan[rw]:
            near[n_near] = c.resident
            n_near += 1
    return np.concatenate((_in_order(inputs, rows, rw, here[:n_here]), _in_order(inputs, rows, rw, near[:n_near])))


@compiled
def cadres(inputs, rows, day, rw, rest):
    """Cadres of the RW who do not co-produce, by the draw; those who stopped are left alone for a while."""
    mine = inputs.rw_members[inputs.rw_start[rw] : inputs.rw_start[rw + 1]]
    found, size = np.empty(mine.size, np.int64), 0
    for i in mine:
        if inputs.traits[i].cadre > 0 and _is_free(rows, day, i, rest):
            found[size] = i
            size += 1
    return _in_order(inputs, rows, rw, found[:size])


@compiled
def neighbours(inputs, rows, day, rw, rest, help_lasts, most):
    """Residents of the RW who were helped within ``help_lasts`` days or are tied to an active co-producer of it.

    At most ``most`` of them, by the draw; those who declined before may be asked again.
    """
    near = np.zeros(inputs.traits.size, np.bool_)
    for row in range(rows.counts[0].coproducers):
        c = rows.coproducers[row]
        if c.rw == rw and c.active > 0:
            near[inputs.ties[inputs.tie_start[c.resident] : inputs.tie_start[c.resident + 1]]] = True
    mine = inputs.rw_members[inputs.rw_start[rw] : inputs.rw_start[rw + 1]]
    found, size = np.empty(mine.size, np.int64), 0
    for i in mine:
        close = near[i] or rows.motives[i].helped_day > day - help_lasts
        if close and inputs.traits[i].cadre == 0 and _is_free(rows, day, i, rest):
            found[size] = i
            size += 1
    return _in_order(inputs, rows, rw, found[:size])[:most]


@compiled
def between_events(inputs, p, rows, day, month):
    """Residents asked at the end of a month: in an RT with an active co-producer, one who was helped lately."""
    asked, size = np.empty(rows.rts.size, np.int64), 0
    if p.asks_a_month <= 0.0:
        return asked[:size]
    fixed, staffed = inputs.fixed[0], np.zeros(rows.rts.size, np.bool_)
    for row in range(rows.counts[0].coproducers):
        staffed[rows.coproducers[row].rt] |= rows.coproducers[row].active > 0
    for rt in range(rows.rts.size):
        if staffed[rt] and uniform(fixed.seed, fixed.replicate, ASKS, inputs.rt_key[rt], month, 0) < p.asks_a_month:
            first = 1.0
            for i in inputs.rt_members[inputs.rt_start[rt] : inputs.rt_start[rt + 1]]:
                if rows.motives[i].helped_day > day - p.help_lasts and _is_free(rows, day, i, p.return_rest):
                    mark = uniform(fixed.seed, fixed.replicate, ASKED_ORDER, inputs.traits[i].key, month, 0)
                    if mark < first:
                        first, asked[size] = mark, i
            size += first < 1.0
    return asked[:size]


@compiled
def _is_free(rows, day, resident, rest):
    """Whether a resident holds no office, does not co-produce, and did not stop lately."""
    row = rows.motives[resident].coproducer
    if row < 0:
        return True
    c = rows.coproducers[row]
    return c.role >= VOLUNTEER and c.active == 0 and motivation.rested(day - c.stopped, rest) > 0


@compiled
def _holds_office(rows, resident):
    """Whether a resident holds an office; in a tiny RW a former head of the RW may still be that of an RT."""
    for row in range(rows.counts[0].coproducers):
        if rows.coproducers[row].resident == resident and rows.coproducers[row].role <= RT_HEAD:
            return True
    return False


@compiled
def _in_order(inputs, rows, rw, residents):
    """The same ``residents`` by the draw of the RW's n-th event."""
    fixed, ordinal = inputs.fixed[0], rows.neighbourhoods[rw].proposals
    marks, keys = np.empty(residents.size), np.empty(residents.size, np.int64)
    for k in range(residents.size):
        keys[k] = inputs.traits[residents[k]].key
        marks[k] = uniform(fixed.seed, fixed.replicate, INVITED_ORDER, keys[k], ordinal, inputs.rw_key[rw])
    return residents[ordered(marks, keys)]
