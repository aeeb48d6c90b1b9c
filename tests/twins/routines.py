"""The six routines of the compiled engine, each callable by itself, so that a day can be lived piece by piece."""

from __future__ import annotations

from keliling.sim.compiled import loop
from keliling.sim.kernels.cycles import cycles_advance
from keliling.sim.kernels.deciding import residents_decide
from keliling.sim.kernels.experiencing import residents_experience
from keliling.sim.kernels.living import handed_in_today
from keliling.sim.kernels.needs import needs_arise
from keliling.sim.kernels.serving import office_serves
from keliling.sim.kernels.turning import calendar_turns
from keliling.sim.sums import day_begins
from keliling.sim.terms import step_on


@loop
def arise(inputs, rows, day):
    """What the morning brings, and routine 1."""
    step = step_on(inputs, day)
    day_begins(rows.sums[0], inputs.levers[step], day)
    return needs_arise(inputs, inputs.levers[step], inputs.permits[step], rows, day)


@loop
def advance(inputs, rows, day, willingness):
    """Routine 2."""
    step = step_on(inputs, day)
    cycles_advance(inputs, inputs.levers[step], inputs.permits[step], inputs.target_place[step], rows, day, willingness)


@loop
def decide(inputs, rows, day):
    """Routine 3."""
    step = step_on(inputs, day)
    return residents_decide(inputs, inputs.levers[step], inputs.permits[step], rows, day)


@loop
def serve(inputs, rows, day, corrected, before):
    """Routine 4."""
    step = step_on(inputs, day)
    files = handed_in_today(rows, corrected, before)
    return office_serves(inputs, inputs.levers[step], inputs.permits[step], rows, day, files)


@loop
def experience(inputs, rows, day, decided):
    """Routine 5."""
    step = step_on(inputs, day)
    residents_experience(inputs, inputs.levers[step], inputs.permits[step], rows, day, decided)


@loop
def turn(inputs, rows, months, day, willingness):
    """Routine 6."""
    step = step_on(inputs, day)
    calendar_turns(inputs, inputs.levers[step], inputs.permits[step], rows, months, day, willingness)
