"""The calendar of who is due: one linked list a day, pooled entries, lazy deletion.

An entry is valid only while its owner's own due day still says so; rescheduling therefore never searches. A day is
read once, sorted by the caller's keys, without doubles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled


class Calendar(NamedTuple):
    """``head[d]`` is the newest entry of day d (-1: none); ``link`` leads to the next, ``item`` names who is due."""

    head: NDArray[np.int64]
    link: NDArray[np.int64]
    item: NDArray[np.int64]
    size: NDArray[np.int64]  # one number: entries used


def empty(days: int, capacity: int) -> Calendar:
    """A calendar of ``days`` days with room for ``capacity`` entries."""
    return Calendar(
        np.full(days, -1, np.int64), np.empty(capacity, np.int64), np.empty(capacity, np.int64), np.zeros(1, np.int64)
    )


@compiled
def push(head, link, item, size, day, what):
    """Note that ``what`` is due on ``day``; days beyond the end are dropped. The caller keeps room for one entry."""
    if day < head.size:
        link[size[0]] = head[day]
        item[size[0]] = what
        head[day] = size[0]
        size[0] += 1


@compiled
def due_on(head, link, item, due, day):
    """Those noted for ``day`` whose ``due`` still says so, ascending by row, without doubles."""
    count = 0
    entry = head[day]
    while entry >= 0:
        count += 1
        entry = link[entry]
    found = np.empty(count, np.int64)
    count = 0
    entry = head[day]
    while entry >= 0:
        if due[item[entry]] == day:
            found[count] = item[entry]
            count += 1
        entry = link[entry]
    found = np.sort(found[:count])
    kept = 0
    for k in range(count):
        if k == 0 or found[k] != found[k - 1]:
            found[kept] = found[k]
            kept += 1
    return found[:kept]


def grown(calendar: Calendar) -> Calendar:
    """The same calendar with twice the room."""
    room = calendar.link.size
    return calendar._replace(
        link=np.concatenate([calendar.link, np.empty(room, np.int64)]),
        item=np.concatenate([calendar.item, np.empty(room, np.int64)]),
    )
