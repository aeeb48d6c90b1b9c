"""A week of standing help: which needs co-producers help between events, and whom they call on to find them.

Both engines call it. A co-producer helps in the own RT first, then in RTs of the RW where no co-producer lives. Needs
that the heads know of and nobody has helped come first; others are found by calling on households, each at most once
in ``call_rest`` days. A call takes ``call_hours``, help takes time by the number of requirements. Work that is begun
is finished, and what it takes beyond the week's hours comes off the next ones.
"""

from __future__ import annotations

import numpy as np

from keliling.sim.compiled import compiled
from keliling.sim.rules import outreach
from keliling.sim.state import NEVER, OPEN


@compiled
def week(inputs, p, permits, rows, day, hours):
    """What each co-producer does with the week's ``hours`` (by row): helpers, needs, hours given and hours idle.

    ``p`` and ``permits`` are the levers' and the permits' records of the day. Notes whom calls were made on; the help
    itself is left to the caller.
    """
    used = rows.counts[0].coproducers
    took, idle = np.zeros(used), np.zeros(used)
    helpers, needs, size = np.empty(64, np.int64), np.empty(64, np.int64), 0
    taken = np.zeros(rows.needs.size, np.bool_)
    staffed = np.zeros(rows.rts.size, np.bool_)
    keys = np.empty(used, np.int64)
    for row in range(used):
        c = rows.coproducers[row]
        keys[row] = inputs.traits[c.resident].key
        staffed[c.rt] = staffed[c.rt] or c.active > 0
    for row in np.argsort(keys, kind="mergesort"):
        c = rows.coproducers[row]
        if hours[row] <= 0.0:
            continue
        left = hours[row] - c.ahead
        for place in range(-1, inputs.rw_rts[c.rw + 1] - inputs.rw_rts[c.rw]):
            rt = c.rt if place < 0 else inputs.rw_rts[c.rw] + place
            if left <= 0.0 or (place >= 0 and staffed[rt]) or rows.rts[rt].open == 0:
                continue
            # Room for all that this RT can come to.
            if size + rows.rts[rt].open > needs.size:
                more = max(2 * needs.size, size + rows.rts[rt].open)
                helpers, needs = _grown(helpers, more), _grown(needs, more)
            before = size
            size, left = _known(inputs, p, permits, rows, taken, rt, left, needs, size)
            size, left = _calls(inputs, p, permits, rows, day, taken, rt, left, needs, size)
            helpers[before:size] = row
        took[row], idle[row] = hours[row] - c.ahead - left, max(left, 0.0)
        c.ahead = max(-left, 0.0)
    return helpers[:size], needs[:size], took, idle


@compiled
def _grown(column, size):
    larger = np.empty(size, np.int64)
    larger[: column.size] = column
    return larger


@compiled
def _waits(rows, taken, i):
    """Whether need ``i`` is open and nobody has helped it."""
    need = rows.needs[i]
    return need.status == OPEN and need.visit_day == NEVER and not taken[i]


@compiled
def _known(inputs, p, permits, rows, taken, rt, left, needs, size):
    """Help needs of an RT that the heads know of, while there is time ``left``."""
    for k in range(inputs.rt_start[rt], inputs.rt_start[rt + 1]):
        i = inputs.rt_members[k]
        if left <= 0.0:
            break
        if rows.residents[i].open_needs == 0:
            continue
        for need in range(inputs.first_need[i], inputs.first_need[i + 1]):
            if left > 0.0 and rows.needs[need].known > 0 and _waits(rows, taken, need):
                taken[need] = True
                needs[size] = need
                size += 1
                left -= outreach.help_hours(p.help_hours, permits[rows.needs[need].permit].requirements)
    return size, left


@compiled
def _calls(inputs, p, permits, rows, day, taken, rt, left, needs, size):
    """Call on the households of an RT in turn, while there is time ``left``, and help whoever has a need."""
    members = inputs.rt_members[inputs.rt_start[rt] : inputs.rt_start[rt + 1]]
    r = rows.rts[rt]
    for _ in range(members.size):
        head = rows.motives[members[r.turn]]
        if left <= 0.0 or day - head.called_day < p.call_rest:
            break
        head.called_day = day
        left -= p.call_hours
        while True:  # the household goes on to the next one's head
            i = members[r.turn]
            for need in range(inputs.first_need[i], inputs.first_need[i + 1]):
                if rows.residents[i].open_needs > 0 and _waits(rows, taken, need):
                    taken[need] = True
                    needs[size] = need
                    size += 1
                    left -= outreach.help_hours(p.help_hours, permits[rows.needs[need].permit].requirements)
            r.turn = (r.turn + 1) % members.size
            if inputs.traits[members[r.turn]].household_head > 0 or r.turn == 0:
                break
    return size, left
