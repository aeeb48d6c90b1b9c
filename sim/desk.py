"""The desk's day: today's officer time goes to the backlog, first in first out. Both engines call it."""

from __future__ import annotations

import numpy as np

from keliling.sim.compiled import compiled
from keliling.sim.rules import serving
from keliling.sim.state import DONE


@compiled
def serve(office, applications, queue, day, officers, hours, most_away):
    """Give today's officer time to the backlog in order, each file with one officer; returns the files finished.

    ``office`` (one row) and ``applications`` are records of the state, ``queue`` holds the rows of the backlog, DONE
    where one is finished behind another that is not. ``officers`` work ``hours`` each, less what is owed to events, of
    which a day takes the share ``most_away`` of all their hours at most.
    """
    o = office[0]
    away = min(o.owed, officers * hours * most_away)
    o.owed -= away
    used = np.empty(officers)
    for j in range(officers):
        used[j] = min(max(away - j * hours, 0.0), hours)
    o.hours_available = officers * hours - away
    worked, place = 0.0, o.first
    finished, size = np.empty(o.last - o.first, np.int64), 0
    while place < o.last:
        i = queue[place]
        if i != DONE:
            officer = np.argmin(used)
            if used[officer] >= hours:
                break
            a = applications[i]
            given = serving.worked(used[officer], hours, a.remaining)
            if a.looked < 0:
                a.looked = day
            used[officer] += given
            worked += given
            a.remaining -= given
            if a.remaining <= 0.0:
                finished[size] = i
                size += 1
                queue[place] = DONE
        place += 1
    while o.first < o.last and queue[o.first] == DONE:
        o.first += 1
    o.hours_worked = worked
    return finished[:size]


@compiled
def close(office, applications, queue, gross, net, reference):
    """Count what waits at the close of day, of a desk with ``gross`` and ``net`` officer hours a day."""
    o, backlog = office[0], 0.0
    for place in range(o.first, o.last):
        if queue[place] != DONE:
            backlog += applications[queue[place]].remaining
    o.backlog_hours = backlog
    o.crowd = serving.crowding(backlog, gross)
    o.wait = serving.desk_wait(backlog, net, reference)
