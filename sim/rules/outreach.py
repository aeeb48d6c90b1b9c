"""Outreach: how many an event can take, what hosts and visits can do, where an office goes next."""

from __future__ import annotations

import math

from keliling.sim.compiled import compiled
from keliling.sim.rules.influence import LN2

PHASES = ("commissioning", "designing", "preparation", "delivery", "assessment")  # of a service cycle
COMMISSIONING, DESIGNING, PREPARATION, DELIVERY, ASSESSMENT, CLOSED = range(6)
# How a planned event ended.
RUNNING, HELD, CANCELLED, DECLINED = range(4)
# How the office chooses where to go: the choices of the lever `targeting`, in their order.
ROTATION, RANDOM, NEEDED, REJECTED_MOST, LEAST_REACHED, LISTED = range(6)
# What the office does about events while its desk is crowded: the choices of the lever `when_crowded`, in their order.
AS_PLANNED, POSTPONE, FEWER_OFFICERS = range(3)
WEEK = 5  # working days from one turn of help between events to the next
ROUNDING = 1e-9  # hours by which a visit may be over what is due: parts of a plan do not add up exactly
ENOUGH = 1.0 - 1e-9  # of an event, earned in daily parts that do not add up exactly


@compiled
def places_of(places):
    """Of so many ``places`` for residents those for volunteers, cadres and neighbours: half, a quarter and the rest."""
    volunteers = (places + 1) // 2
    cadres = (places - volunteers + 1) // 2
    return volunteers, cadres, places - volunteers - cadres


@compiled
def turn(place, last, places):
    """How many RWs come before one at this place, going round from the ``last`` that was asked."""
    return (place - last - 1) % places


@compiled
def rank(targeting, turns, draw, need, rejections, last_event):
    """Rank of an RW by the targeting rule: those with the lowest are asked first."""
    if targeting == RANDOM:
        return draw
    if targeting == NEEDED:
        return -need
    if targeting == REJECTED_MOST:
        return -rejections
    if targeting == LEAST_REACHED:
        return float(last_event)
    return float(turns)


@compiled
def to_begin(earned, owed, postpones):
    """Cycles to begin this morning, and events owed after it; ``earned`` fell due today, ``owed`` were put off.

    An office that ``postpones`` begins none, and what it puts off does not pile up: one event at most is owed.
    """
    if postpones > 0:
        return 0, min(earned + owed, 1)
    return earned + owed, 0


@compiled
def staff(officers, fewer, crowded):
    """Officers who staff an event: ``fewer`` at most when it is designed while the desk is ``crowded``."""
    if crowded > 0:
        return min(officers, fewer)
    return officers


@compiled
def hours_away(officers, event_hours, travel_hours, open_hours):
    """Officer hours that an event takes from the desk: its own and those of the way, no more than a working day."""
    return officers * min(event_hours + travel_hours, open_hours)


@compiled
def event_places(officers, hours, intake_hours, tables, joined, full):
    """Applications that an event can take: the lesser of intake time and the host's tables.

    Fewer than ``full`` co-producers set up fewer tables.
    """
    by_officers = int(officers * hours / intake_hours)
    by_tables = int(tables * min(1.0, joined / full))
    return max(min(by_officers, by_tables), 0)


BETWEEN = 8  # index of a draw for help between events; before an event it is the permit's number


@compiled
def help_hours(each, requirements):
    """Hours that helping a need takes: checking papers goes by the number of ``requirements``."""
    return each * requirements


@compiled
def hours_by(day, preparation_days, hours_a_week):
    """Hours that a co-producer can have given by the ``day``-th day of preparation (five days a week)."""
    return min(day, preparation_days) * hours_a_week / 5.0


@compiled
def standing_asked(asked, free, preparing):
    """Hours a week asked between events: no more than are ``free`` beside those given in ``preparing`` an event."""
    return max(min(asked, free - preparing), 0.0)


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
