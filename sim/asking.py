"""Whom the office asks to co-produce at an event, and in which order. Both engines call it.

Heads of the RW come first; then active volunteers, of the RW and then of its kelurahan, so that people serve again;
then cadres who are not active; then residents who were helped or whose ties co-produce. Within a group a keyed draw
decides, on the RW's n-th event. Who takes part in another event now is not asked.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import compiled
from sim.rng import Draw, ordered, uniform
from sim.rules import motivation
from sim.state import RT_HEAD, VOLUNTEER

INVITED_ORDER = Draw.INVITED_ORDER


@compiled
def office_holders(given, rows, day, rw, rest):
    """Co-producers' rows of the RW's other heads who may be asked, by the draw."""
    hood, used = rows.neighbourhoods[rw], rows.counts[0].coproducers
    found, size = np.empty(used, np.int64), 0
    for row in range(used):
        c = rows.coproducers[row]
        # In a tiny RW one resident may hold two offices, but takes part once.
        if c.rw != rw or c.role > RT_HEAD or c.resident == rows.coproducers[hood.head].resident:
            continue
        if motivation.may_be_asked(c.active, 1, c.event, day - c.stopped, rest) > 0:
            found[size] = row
            size += 1
    return _in_order(given, rows, rw, found[:size], rows.coproducers.resident[found[:size]])


@compiled
def volunteers(given, rows, rw):
    """Co-producers' rows of the active volunteers of the RW, then of the other RWs of its kelurahan, by the draw."""
    used = rows.counts[0].coproducers
    here, near, n_here, n_near = np.empty(used, np.int64), np.empty(used, np.int64), 0, 0
    for row in range(used):
        c = rows.coproducers[row]
        if c.role != VOLUNTEER or motivation.may_be_asked(c.active, 0, c.event, 0, 0) == 0:
            continue
        if c.rw == rw:
            if not _holds_office(rows, c.resident):
                here[n_here] = row
                n_here += 1
        elif given.rw_kelurahan[c.rw] == given.rw_kelurahan[rw]:
            near[n_near] = row
            n_near += 1
    resident = rows.coproducers.resident
    return np.concatenate((
        _in_order(given, rows, rw, here[:n_here], resident[here[:n_here]]),
        _in_order(given, rows, rw, near[:n_near], resident[near[:n_near]]),
    ))  # fmt: skip


@compiled
def cadres(given, rows, day, rw, rest):
    """Cadres of the RW who do not co-produce, by the draw; those who stopped are left alone for a while."""
    mine = given.rw_members[given.rw_start[rw] : given.rw_start[rw + 1]]
    found, size = np.empty(mine.size, np.int64), 0
    for i in mine:
        if given.traits[i].cadre > 0 and _is_free(rows, day, i, rest):
            found[size] = i
            size += 1
    return _in_order(given, rows, rw, found[:size], found[:size])


@compiled
def neighbours(given, rows, day, rw, rest, help_lasts, most):
    """Residents of the RW who were helped within ``help_lasts`` days or are tied to an active co-producer of it.

    At most ``most`` of them, by the draw; those who declined before may be asked again.
    """
    near = np.zeros(given.traits.size, np.bool_)
    for row in range(rows.counts[0].coproducers):
        c = rows.coproducers[row]
        if c.rw == rw and c.active > 0:
            near[given.ties[given.tie_start[c.resident] : given.tie_start[c.resident + 1]]] = True
    mine = given.rw_members[given.rw_start[rw] : given.rw_start[rw + 1]]
    found, size = np.empty(mine.size, np.int64), 0
    for i in mine:
        close = near[i] or rows.motives[i].helped_day > day - help_lasts
        if close and given.traits[i].cadre == 0 and _is_free(rows, day, i, rest):
            found[size] = i
            size += 1
    return _in_order(given, rows, rw, found[:size], found[:size])[:most]


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
def _in_order(given, rows, rw, people, residents):
    """The same ``people`` by the draw of the RW's n-th event; ``residents`` are their rows."""
    fixed, ordinal = given.fixed[0], rows.neighbourhoods[rw].proposals
    marks, keys = np.empty(people.size), np.empty(people.size, np.int64)
    for k in range(people.size):
        keys[k] = given.traits[residents[k]].key
        marks[k] = uniform(fixed.seed, fixed.replicate, INVITED_ORDER, keys[k], ordinal, 0)
    return people[ordered(marks, keys)]
