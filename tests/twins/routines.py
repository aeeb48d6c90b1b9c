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
def arise(given, rows, day):
    """What the morning brings, and routine 1."""
    step = step_on(given, day)
    day_begins(rows.sums[0], given.levers[step], day)
    return needs_arise(given, given.levers[step], given.permits[step], rows, day)


@loop
def advance(given, rows, day, willingness):
    """Routine 2."""
    step = step_on(given, day)
    cycles_advance(given, given.levers[step], given.permits[step], given.target_place[step], rows, day, willingness)


@loop
def decide(given, rows, day):
    """Routine 3."""
    step = step_on(given, day)
    return residents_decide(given, given.levers[step], given.permits[step], rows, day)


@loop
def serve(given, rows, day, corrected, before):
    """Routine 4."""
    step = step_on(given, day)
    files = handed_in_today(rows, corrected, before)
    return office_serves(given, given.levers[step], given.permits[step], rows, day, files)


@loop
def experience(given, rows, day, decided):
    """Routine 5."""
    step = step_on(given, day)
    residents_experience(given, given.levers[step], given.permits[step], rows, day, decided)


@loop
def turn(given, rows, months, day, willingness):
    """Routine 6."""
    step = step_on(given, day)
    calendar_turns(given, given.levers[step], given.permits[step], rows, months, day, willingness)
