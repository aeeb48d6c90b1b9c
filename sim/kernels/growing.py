"""Room in tables: those without a bound grow while a run goes on, the others have it from the start (``beginning``)."""

from __future__ import annotations

import numpy as np

from keliling.sim.compiled import inner, inner_with_arrays
from keliling.sim.state import Rows


@inner_with_arrays
def room_for_applications(rows, more):
    """The state with room for as many ``more`` applications."""
    used, capacity = rows.counts[0].applications, rows.applications.size
    if used + more <= capacity:
        return rows
    larger = np.zeros(2 * capacity + more, rows.applications.dtype)
    larger[:capacity] = rows.applications
    return _with(rows, larger, rows.queue)


@inner_with_arrays
def room_in_queue(rows, more):
    """The state with room for as many ``more`` files in the queue."""
    capacity = rows.queue.size
    if rows.office[0].last + more <= capacity:
        return rows
    longer = np.zeros(2 * capacity + more, np.int64)
    longer[:capacity] = rows.queue
    return _with(rows, rows.applications, longer)


@inner_with_arrays
def _with(rows, applications, queue):
    return Rows(
        rows.residents,
        rows.motives,
        rows.needs,
        applications,
        rows.coproducers,
        rows.neighbourhoods,
        rows.events,
        rows.parts,
        rows.office,
        rows.stock,
        rows.rts,
        rows.sums,
        rows.tally,
        rows.counts,
        queue,
        rows.needs_due,
        rows.applications_due,
    )


@inner
def next_row(used, table):
    """The row to be used next, after ``used`` of them, in a table that has its room from the start."""
    if used >= table.size:
        raise SystemError("a table with room for all that a run can come to is full")
    return used
