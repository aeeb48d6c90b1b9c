"""What continues from day to day: the World, columns by entity.

The World is a NamedTuple of NamedTuples of arrays (float64, int64, flags int8). The columns of a table are views of one
array of records: agents read columns, compiled loops read ``Rows``, the same memory seen row by row. Tables that grow
carry spare rows; how many are in use stands in ``counts``. What will not matter again is in the records of months.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.memory import Records, columns, copied_rows, records

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.int8]  # small whole numbers, so that a need's row fills no more cache lines

NEVER = -100000  # a day long before the first
IDLE, OPEN, APPLIED = range(3)  # status of a need
RW_HEAD, RT_HEAD, VOLUNTEER, FORMER = range(4)  # role of a co-producer
AS_RW_HEAD, AS_HEAD, AS_VOLUNTEER, AS_VOLUNTEER_NEARBY, AS_CADRE, AS_NEIGHBOUR, UNASKED, AS_ASKED = range(8)
REASONS = (
    "rw_head",
    "rt_head",
    "volunteer",
    "volunteer_of_kelurahan",
    "cadre",
    "neighbour",
    "unasked",
    "between_events",
)
DONE = -1  # place in the queue of a file that is finished behind one that is not


class Residents(NamedTuple):
    """What permits change about a resident. Values that fade carry the day at which they were anchored."""

    knowledge: Floats
    knowledge_day: Ints
    trust: Floats
    trust_day: Ints
    expectation: Floats
    rejections: Floats  # remembered, fading
    rejections_day: Ints
    open_needs: Ints  # how many of the resident's needs are open, counted as they change


class Motives(NamedTuple):
    """What else changes about a resident, co-production above all; one row a resident, looked at far more seldom."""

    intrinsic: Floats
    social: Floats
    normative: Floats
    helped_day: Ints
    called_day: Ints  # day of the last call on the household, of which one is the first
    satisfaction: Floats  # with the last decision, 1-4; 0 before the first
    coproducer: Ints  # row among co-producers, -1 for none


class Needs(NamedTuple):
    """One row for every pair of an eligible resident and a permit, whether or not a need is open."""

    resident: Ints
    key: Ints  # resident's key x 8 + permit: the order in which effects are applied
    due: Ints  # next day on which something happens
    after: Ints  # neighbours in the list of that day, see sim.calendar
    before: Ints
    works_until: Ints  # works are visible to patrols until then
    patrol_day: Ints  # hidden day of detection while works last
    permit: Ints
    learns: Ints  # day on which the holder learns of the need, if by nobody before
    ends: Ints  # day on which the need ends, if it is open then
    ordinal: Ints  # needs of this pair so far
    attempt: Ints  # applications for the current need so far
    threshold: Floats  # hidden exponential threshold of the current spell
    hazard: Floats  # accumulated so far
    prompted: Floats  # the part of it that there would not be without events
    rate: Floats  # of accumulation a day, since the anchor
    plain_rate: Floats  # the rate just before the resident first heard of the event known; 0 for the unaware
    anchor: Ints
    monthly: Ints  # day of the month (0-20) of the personal date
    expiry: Ints  # day on which a held permit expires
    event: Ints  # event that the resident knows of, -1 for none
    visit_day: Ints  # day of the last visit, NEVER before
    felt_day: Ints  # day on which a visit last prompted, NEVER before
    pending: Floats  # prompts of information and visits to be felt at the next touch
    news: Floats  # strongest other prompt (a tie's success, a notice) to be felt at the next touch
    skill: Floats  # of the co-producer who checked the papers, 0 for nobody
    failures: Ints  # failed attempts at this need
    taste_online: Floats  # the holder's fixed tastes for the channels, drawn when the need opens
    taste_counter: Floats
    taste_broker: Floats
    taste_event: Floats
    status: Flags
    held: Flags  # 1 when no unmet need stands against the permit
    aware: Flags  # 1 when the holder knows of the need
    obstacle: Flags  # 1 when a requirement cannot be met as things stand
    known: Flags  # 1 when the RW's heads know of the need
    noticed: Flags  # 1 after a notice
    online_failed: Flags  # 1 after a failed online attempt, until one files, tries later or fails elsewhere


class Applications(NamedTuple):
    """One row for every application, kept to the end of the run."""

    need: Ints
    resident: Ints
    submitted: Ints
    decided: Ints
    outcome: Ints  # 0 open, else GRANTED, REJECTED, WITHDRAWN, RETURNED or UNDER_REVIEW
    due: Ints  # day of the correction, of giving up, or of the end of the review
    after: Ints  # neighbours in the list of that day, see sim.calendar
    before: Ints
    permit: Ints
    ordinal: Ints
    attempt: Ints
    channel: Ints
    skill: Floats  # of the co-producer who helped, 0 for nobody
    event: Ints  # event at which it was filed, -1 for none
    defects: Ints  # one bit a defective document
    returns: Ints
    failures: Ints  # failed attempts before it
    repaired: Ints  # documents completed on the spot
    displaced: Ints  # 1 if it would have been filed elsewhere within a quarter anyway
    remaining: Floats  # officer hours still needed at this examination
    complete: Ints  # day of the last submission, from which the statutory clock runs
    looked: Ints  # day on which an officer first looked at it
    crowd: Floats  # crowding of the desk when submitted
    expectation: Floats  # frozen at submission
    satisfaction: Floats
    answers: Ints  # the nine boxes ticked, as one number in base 8
    survey_key: Floats
    surveyed: Ints
    complaint: Ints  # class, 0 for none
    complaint_chance: Floats
    complaint_closed: Ints


class Stock(NamedTuple):
    """One row for every permit: its needs by what they are, counted as they change."""

    eligible: Ints
    unmet: Ints
    open: Ints
    applied: Ints
    unaware: Ints  # open, and the holder does not know
    obstructed: Ints  # open, with an obstacle


class Rts(NamedTuple):
    """One row for every RT."""

    open: Ints  # open needs of its residents
    turn: Ints  # place among its members of the household to be called on next


class CoProducers(NamedTuple):
    """One row for every resident who is or was a head or volunteer."""

    resident: Ints
    rw: Ints
    rt: Ints
    role: Ints
    active: Ints  # 1 once joined and until stopped
    stopped: Ints  # day of stopping, NEVER before
    spell: Ints  # spells of activity so far
    began: Ints  # day on which the last one began
    last_day: Ints  # on which one last joined, served or helped
    threshold: Floats  # hidden threshold of stopping in this spell
    hazard: Floats
    skill: Floats
    fatigue: Floats
    fatigue_day: Ints
    hours: Floats
    ahead: Floats  # hours of standing help that were worked beyond those of the weeks so far
    helped: Ints  # needs helped between events since the month began
    event: Ints  # event that one takes part in now, -1 for none
    asked: Ints  # invitations so far
    events: Ints  # events served
    trained: Ints
    thanked: Ints  # after the last event served; 1 before the first
    ever_thanked: Ints
    ever_paid: Ints


class Neighbourhoods(NamedTuple):
    """One row for every RW."""

    head: Ints  # row of its head among co-producers
    proposals: Ints  # the RW's n-th event, counted by proposals
    declined: Ints
    declined_day: Ints
    last_event: Ints
    running: Ints  # event now in its cycle, -1 for none
    company: Floats  # share of the invited who joined the last event
    known: Ints  # open needs that the heads know of and nobody has visited
    helped: Ints  # open needs that somebody has visited
    norm: Floats  # share of neighbours who apply themselves
    lift: Floats  # of expectation by publicity, share of the room above
    lift_day: Ints
    rejections: Floats  # recent rejections, fading
    rejections_day: Ints


class Events(NamedTuple):
    """One row for every planned event and its service cycle."""

    rw: Ints  # row of the RW that hosts
    ordinal: Ints  # the RW's n-th
    phase: Ints
    ending: Ints
    began: Ints
    design_day: Ints
    delivery_day: Ints
    meeting_day: Ints
    information_only: Ints
    partners: Ints
    credit: Ints
    invited: Ints
    joined: Ints
    places: Ints
    officers: Ints  # who staff it, fixed when it is designed
    skill: Floats  # mean skill of those who joined
    informed: Ints
    visits: Ints
    attendance: Ints
    served: Ints
    turned_away: Ints
    repaired: Ints
    met: Ints  # 1 when the assessment meeting was held
    helped_commissioning: Ints  # co-producers taking part in each phase
    helped_designing: Ints
    helped_preparation: Ints
    helped_delivery: Ints
    helped_assessment: Ints


class Parts(NamedTuple):
    """One row for everybody who was asked to an event or between events, or came unasked, in that order."""

    event: Ints  # -1 for none
    day: Ints  # on which one was asked
    coproducer: Ints
    reason: Ints  # see AS_RW_HEAD and what follows it
    invitation: Ints  # the person's n-th
    joined: Ints  # 1 for those who take part
    visits: Ints
    hours: Floats  # that the visits took


class Office(NamedTuple):
    """One row: the PTSP office."""

    first: Ints  # place in the queue of the first file that is not finished
    last: Ints  # place after the last
    owed: Floats  # officer hours still to be given to outreach
    accrued: Floats  # events earned by the frequency and not yet begun
    put_off: Ints  # events owed since a morning on which the desk was crowded, one at most
    cycles: Ints  # cycles begun
    pointer: Ints  # RW after which rotation goes on
    quality: Floats  # of events, lessons learnt
    backlog_hours: Floats  # of work waiting at the end of the last day
    crowd: Floats  # crowding at the start of the day
    wait: Floats  # days of net capacity that the backlog came to at the end of the last day, beyond the reference
    hours_worked: Floats  # today
    hours_available: Floats  # today, at the desk


class Sums(NamedTuple):
    """One row: sums over all residents, kept as they change (``sim.sums``), in grains."""

    knowledge: Ints  # today, beyond that at rest
    trust: Ints  # today, beyond that at rest
    expectation: Ints  # beyond that of day 0
    day: Ints  # on which they stand so


class Tally(NamedTuple):
    """One row: counts of the current month that nothing else in the state keeps."""

    planned: Floats  # events whose cycle began
    postponed: Floats  # events that fell due on a morning on which the desk was crowded, and were put off
    proposals: Floats  # of an event to an RW's head
    declined: Floats  # of those
    unhosted: Floats  # events for which no RW was found
    began: Floats  # spells of activity as a co-producer
    recruited: Floats  # residents who volunteered for the first time, or again
    stopped: Floats  # co-producers who stopped
    replaced: Floats  # heads
    attempts: Floats  # to file
    failed_attempts: Floats
    given_up: Floats  # needs that ended after a failed attempt
    ended: Floats  # needs that ended unfiled, with time
    lost_hours: Floats  # of applicants, in attempts that failed and at events that had no place left
    return_hours: Floats  # of applicants, in coming back with a returned file
    notices: Floats
    reports: Floats
    demolished: Floats
    training_hours: Floats
    coproducer_hours: Floats
    standing_hours: Floats  # the part of them that was given between events
    idle_hours: Floats  # offered between events, and without work
    standing_helps: Floats  # needs helped between events
    event_officer_hours: Floats
    paid: Floats
    desk_hours_worked: Floats
    desk_hours_available: Floats


class Counts(NamedTuple):
    """One row: rows in use of the tables that grow, and how much of them is over."""

    applications: Ints
    coproducers: Ints
    events: Ints
    parts: Ints
    settled: Ints  # applications, from the first, that ended before the last half-year: no count needs them again


class World(NamedTuple):
    """The whole state of one district on one day, by column."""

    residents: Residents
    motives: Motives
    needs: Needs
    applications: Applications
    coproducers: CoProducers
    neighbourhoods: Neighbourhoods
    events: Events
    parts: Parts
    office: Office
    stock: Stock
    rts: Rts
    sums: Sums
    tally: Tally
    counts: Counts
    queue: Ints  # applications in the order in which they wait; DONE for one that is finished
    needs_due: Ints  # heads of the lists of each day, see sim.calendar
    applications_due: Ints


class Rows(NamedTuple):
    """The same state by row: each table as one array of records. The fields are those of ``World``."""

    residents: Records
    motives: Records
    needs: Records
    applications: Records
    coproducers: Records
    neighbourhoods: Records
    events: Records
    parts: Records
    office: Records
    stock: Records
    rts: Records
    sums: Records
    tally: Records
    counts: Records
    queue: Ints
    needs_due: Ints
    applications_due: Ints


TABLES = (
    Residents, Motives, Needs, Applications, CoProducers, Neighbourhoods, Events, Parts, Office, Stock, Rts,
    Sums, Tally, Counts,
)  # fmt: skip


def rows_of(world: World) -> Rows:
    """The state by row; no copy."""
    parts: list[Any] = list(world)
    tables: list[Any] = [records(part) for part in parts[: len(TABLES)]]
    return Rows(*tables, *parts[len(TABLES) :])


def world_of(rows: Rows) -> World:
    """The state by column; no copy."""
    parts: list[Any] = list(rows)
    tables: list[Any] = [columns(kind, part) for kind, part in zip(TABLES, parts, strict=False)]
    return World(*tables, *parts[len(TABLES) :])


def copied(rows: Rows) -> Rows:
    """The state by row, in memory of its own."""
    return Rows(*(copied_rows(part) for part in rows))
