"""The calendar of who is due: lists for each day, linked through the rows that are due on it.

A day has LANES lists: ``head[LANES * d + lane]`` is the row that heads one (-1: nobody); the columns ``after`` and
``before`` of the rows' own table link them. A row stands in one list of its due day and in no other; moving it takes it
out of the one and puts it into the other, so that nothing has to be searched, grown or cleaned. Days outside the
calendar have no list. Why several lists: to walk one is to wait for memory at each step, and LANES walks wait together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keliling.sim.compiled import compiled, loop

LANES = 8  # lists that are read side by side, while memory is waited for


def empty(days: int) -> NDArray[np.int64]:
    """The heads of a calendar of ``days`` days on which nobody is due."""
    return np.full(LANES * days, -1, np.int64)


@compiled
def move(head, after, before, row, old, day):
    """Take ``row`` from its list of day ``old`` to that of ``day``; either may lie outside the calendar."""
    lane = row % LANES
    place = LANES * old + lane
    if 0 <= place < head.size:
        if before[row] < 0:
            head[place] = after[row]
        else:
            after[before[row]] = after[row]
        if after[row] >= 0:
            before[after[row]] = before[row]
    place = LANES * day + lane
    if 0 <= place < head.size:
        after[row] = head[place]
        before[row] = -1
        if head[place] >= 0:
            before[head[place]] = row
        head[place] = row


@loop
def fill(head, after, before, due):
    """Put every row into the list of its due day; nobody may be in one yet."""
    for row in range(due.size):
        move(head, after, before, row, -1, due[row])


@compiled
def due_on(head, after, day):
    """The rows that are due on ``day``, in no particular order."""
    found, size = np.empty(64, np.int64), 0
    at = head[LANES * day : LANES * (day + 1)].copy()
    walking = True
    while walking:
        walking = False
        if size + LANES > found.size:
            more = np.empty(2 * found.size, np.int64)
            more[:size] = found[:size]
            found = more
        for lane in range(LANES):
            if at[lane] >= 0:
                found[size] = at[lane]
                size += 1
                at[lane] = after[at[lane]]
                walking = True
    return found[:size]
