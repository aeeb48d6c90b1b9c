"""Outreach: how many an event can take, what hosts and visits can do, what an office learns."""

from __future__ import annotations

import math

from sim.compiled import compiled
from sim.rules.influence import LN2

# Phases of a service cycle.
COMMISSIONING, DESIGNING, PREPARATION, DELIVERY, ASSESSMENT, CLOSED = range(6)
# How a planned event ended.
RUNNING, HELD, CANCELLED, DECLINED = range(4)
# How the office chooses where to go: the choices of the lever `targeting`, in their order.
ROTATION, RANDOM, NEEDED, REJECTED_MOST, LEAST_REACHED, LISTED = range(6)
ENOUGH = 1.0 - 1e-9  # of an event, earned in daily parts that do not add up exactly


@compiled
def event_places(officers, hours, intake_hours, tables, joined, least):
    """Applications that an event can take: the lesser of intake time and the host's tables.

    Fewer than twice the ``least`` co-producers set up fewer tables.
    """
    by_officers = int(officers * hours / intake_hours)
    by_tables = int(tables * min(1.0, joined / (2.0 * least)))
    return max(min(by_officers, by_tables), 0)


@compiled
def visits_by(day, preparation_days, hours_a_week, visit_hours):
    """Visits that a co-producer can have made by the ``day``-th day of preparation (five days a week)."""
    return int(min(day, preparation_days) * hours_a_week / 5.0 / visit_hours + 1e-9)  # 2 x 3 / 5 / 0.4 is three


@compiled
def estimated_need(known, known_share, helped, days, half_life):
    """Open needs of an RW that nobody has helped, as heads and office estimate them by one rule everywhere.

    Heads know of ``known`` of them, a share ``known_share`` of all. Those ``helped`` in visits, ``days`` ago, are taken
    for needing help again as that help fades.
    """
    return known / known_share + helped * (1.0 - math.exp(-LN2 * days / half_life))


@compiled
def reach(publicity, partners, draw_a_partner):
    """Share of those concerned who hear of an event; every partner widens it."""
    return min(publicity * (1.0 + draw_a_partner * partners), 1.0)
