"""The loop over days: the six routines in the order of ``CoproductionModel``."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from keliling.sim.compiled import COMPILED, compiling, inner_with_arrays, loop
from keliling.sim.kernels.cycles import cycles_advance
from keliling.sim.kernels.deciding import residents_decide
from keliling.sim.kernels.experiencing import residents_experience
from keliling.sim.kernels.needs import needs_arise
from keliling.sim.kernels.serving import office_serves
from keliling.sim.kernels.turning import calendar_turns
from keliling.sim.kernels.willingness import signature
from keliling.sim.records import Months
from keliling.sim.state import Rows
from keliling.sim.sums import day_begins
from keliling.sim.terms import RunInputs, step_on

_compiling = threading.Lock()


@inner_with_arrays
def handed_in_today(rows, corrected, before):
    """Files that came in today: those ``corrected``, and those filed since there were ``before`` of them."""
    filed = rows.counts[0].applications - before
    files = np.empty(corrected.size + filed, np.int64)
    files[: corrected.size] = corrected
    for k in range(filed):
        files[corrected.size + k] = before + k
    return files


@loop
def live(inputs, rows, months, day, until, willingness):
    """Live the working days from ``day`` to ``until`` (exclusive); returns the state, whose tables may have grown."""
    while day < until:
        step = step_on(inputs, day)
        p, permits = inputs.levers[step], inputs.permits[step]
        day_begins(rows.sums[0], p, day)
        corrected = needs_arise(inputs, p, permits, rows, day)
        cycles_advance(inputs, p, permits, inputs.target_place[step], rows, day, willingness)
        before = rows.counts[0].applications
        rows = residents_decide(inputs, p, permits, rows, day)
        rows, decided = office_serves(inputs, p, permits, rows, day, handed_in_today(rows, corrected, before))
        residents_experience(inputs, p, permits, rows, day, decided)
        calendar_turns(inputs, p, permits, rows, months, day, willingness)
        day += 1
    return rows


def ready(inputs: RunInputs, rows: Rows, months: Months) -> None:
    """Make sure that ``live`` is compiled, for the types that every run has."""
    if not COMPILED or live.signatures:
        return
    from numba import typeof, types

    whole, function = types.int64, types.FunctionType(signature())
    with _compiling, compiling():
        if not live.signatures:
            live.compile((typeof(inputs), typeof(rows), typeof(months), whole, whole, function))
            live.disable_compile()  # other types would be a fault of ours, not a reason to compile for a minute


def is_ready() -> bool:
    """Whether ``live`` is compiled, in this process or in the folder of compiled code."""
    return not COMPILED or bool(live.signatures) or any(Path(live.stats.cache_path).glob("living.live-*.nbc"))
