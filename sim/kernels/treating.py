"""Treatments given from outside to needs that are open: information, a visit, a place to file nearby.

Each is what the service cycle does (``sim.kernels.hosting``), to the needs that are named and on the day that is
named; so a trial measures the mechanism of the model and not a likeness of it.
"""

from __future__ import annotations

from keliling.sim.compiled import loop
from keliling.sim.kernels.growing import next_row
from keliling.sim.kernels.hosting import inform, visit
from keliling.sim.rules.outreach import PREPARATION
from keliling.sim.sums import day_begins
from keliling.sim.terms import step_on


@loop
def announce(inputs, rows, day, rw, delivery_day, places, skill):
    """An event announced in RW ``rw`` on ``day``, as its host and those who serve at it would; returns its row.

    Nobody knows of it yet. ``places`` is how many can file at it, ``skill`` that of those who serve.
    """
    step = step_on(inputs, day)
    p = inputs.levers[step]
    event = next_row(rows.counts[0].events, rows.events)
    rows.counts[0].events += 1
    e = rows.events[event]
    e.rw, e.ordinal, e.began, e.design_day = rw, rows.neighbourhoods[rw].proposals, day, day
    e.phase, e.delivery_day, e.meeting_day = PREPARATION, delivery_day, delivery_day + p.meeting_days
    e.partners, e.credit = p.bank_dki + p.tax_agency + p.civil_registry, p.bank_dki
    e.invited, e.joined, e.places, e.skill = 1, 1, places, skill
    e.helped_commissioning, e.helped_designing = 1, 1
    rows.neighbourhoods[rw].running = event
    return event


@loop
def inform_all(inputs, rows, day, needs, events):
    """Tell the holders of ``needs``, each of the event in the same place of ``events``."""
    p = inputs.levers[step_on(inputs, day)]
    day_begins(rows.sums[0], p, day)
    for k in range(needs.size):
        inform(inputs, p, rows, day, needs[k], events[k])


@loop
def visit_all(inputs, rows, day, needs, events, skill):
    """Visit the holders of ``needs``, each for the event in the same place of ``events``."""
    p = inputs.levers[step_on(inputs, day)]
    day_begins(rows.sums[0], p, day)
    for k in range(needs.size):
        visit(inputs, p, rows, day, needs[k], events[k], skill)
