"""What continues from day to day: the World, columns by entity, and its fingerprint.

The World is a NamedTuple of NamedTuples of arrays (float64 and int64). Tables that grow (applications, events,
parts, co-producers) carry spare rows; how many rows are in use stands in ``counts``. What happened and will not
matter again is not here but in the records.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from sim.calendar import Calendar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Table = TypeVar("Table", bound=tuple[Any, ...])

NEVER = -100000  # a day long before the first
IDLE, OPEN, APPLIED = range(3)  # status of a need
RW_HEAD, RT_HEAD, VOLUNTEER, FORMER = range(4)  # role of a co-producer


class Residents(NamedTuple):
    """What changes about a resident. Values that fade carry the day at which they were anchored."""

    intrinsic: Floats
    social: Floats
    normative: Floats
    knowledge: Floats
    knowledge_day: Ints
    trust: Floats
    trust_day: Ints
    expectation: Floats
    satisfaction: Floats  # with the last decision, 1-4; 0 before the first
    rejections: Ints
    helped_day: Ints
    coproducer: Ints  # row among co-producers, -1 for none


class Needs(NamedTuple):
    """One row for every pair of an eligible resident and a permit, whether or not a need is open."""

    resident: Ints
    permit: Ints
    key: Ints  # resident's key x 8 + permit: the order in which effects are applied
    status: Ints
    held: Ints  # 1 when no unmet need stands against the permit
    ordinal: Ints  # needs of this pair so far
    attempt: Ints  # applications for the current need so far
    threshold: Floats  # hidden exponential threshold of the current spell
    hazard: Floats  # accumulated so far
    prompted: Floats  # the part of it that events added
    rate: Floats  # of accumulation a day, since the anchor
    plain_rate: Floats  # the rate just before the resident first heard of the event known
    anchor: Ints
    due: Ints  # next day on which something happens
    monthly: Ints  # day of the month (0-20) of the personal date
    works_until: Ints  # works are visible to patrols until then
    patrol_day: Ints  # hidden day of detection while works last
    noticed: Ints  # 1 after a notice
    expiry: Ints  # day on which a held permit expires
    event: Ints  # event that the resident knows of, -1 for none
    felt: Floats  # strongest prompt felt from that event
    pending: Floats  # strongest prompt from that event to be felt at the next touch
    news: Floats  # strongest other prompt (a tie's success, a notice) to be felt at the next touch
    skill: Floats  # of the co-producer who checked the papers, 0 for nobody
    online_failed: Ints  # 1 after a failed online attempt for this application
    failures: Ints  # failed online attempts for this application


class Applications(NamedTuple):
    """One row for every application, kept to the end of the run."""

    need: Ints
    resident: Ints
    permit: Ints
    ordinal: Ints
    attempt: Ints
    channel: Ints
    skill: Floats  # of the co-producer who helped, 0 for nobody
    event: Ints  # event at which it was filed, -1 for none
    defects: Ints  # one bit a defective document
    returns: Ints
    failures: Ints  # failed online attempts before it
    repaired: Ints  # documents completed on the spot
    displaced: Ints  # 1 if it would have been filed elsewhere within a quarter anyway
    remaining: Floats  # officer hours still needed at this examination
    submitted: Ints
    complete: Ints  # day of the last submission, from which the statutory clock runs
    looked: Ints  # day on which an officer first looked at it
    decided: Ints
    due: Ints  # day of the correction, of giving up, or of the end of the review
    outcome: Ints  # 0 open, else GRANTED, REJECTED, WITHDRAWN, RETURNED or UNDER_REVIEW
    crowd: Floats  # crowding of the desk when submitted
    expectation: Floats  # frozen at submission
    satisfaction: Floats
    answers: Ints  # the nine boxes ticked, as one number in base 8
    survey_key: Floats
    surveyed: Ints
    complaint: Ints  # class, 0 for none
    complaint_chance: Floats
    complaint_closed: Ints


class CoProducers(NamedTuple):
    """One row for every resident who is or was a head or volunteer."""

    resident: Ints
    rw: Ints
    rt: Ints
    role: Ints
    active: Ints  # 1 once joined and until stopped
    stopped: Ints  # day of stopping, NEVER before
    spell: Ints  # spells of activity so far
    threshold: Floats  # hidden threshold of stopping in this spell
    hazard: Floats
    skill: Floats
    fatigue: Floats
    fatigue_day: Ints
    hours: Floats
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
    known: Floats  # open needs that the heads know of
    norm: Floats  # share of neighbours who apply themselves
    lift: Floats  # of expectation by publicity, share of the room above
    lift_day: Ints
    rejections: Floats  # recent rejections, fading
    rejections_day: Ints


class Events(NamedTuple):
    """One row for every planned event and its service cycle."""

    rw: Ints
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
    """One row for every co-producer who joined an event."""

    event: Ints
    coproducer: Ints
    visits: Ints
    uninvited: Ints


class Office(NamedTuple):
    """One row: the PTSP office."""

    queue: Ints  # applications in the order in which they wait
    first: Ints  # place of the first that is not finished
    last: Ints  # place after the last
    owed: Floats  # officer hours still to be given to outreach
    accrued: Floats  # events earned by the frequency and not yet begun
    cycles: Ints  # cycles begun
    pointer: Ints  # RW after which rotation goes on
    quality: Floats  # of events, lessons learnt
    backlog_hours: Floats  # of work waiting at the end of the last day
    crowd: Floats  # crowding at the start of the day
    hours_worked: Floats  # today
    hours_available: Floats  # today, at the desk


class Counts(NamedTuple):
    """Rows in use of the tables that grow."""

    applications: Ints
    coproducers: Ints
    events: Ints
    parts: Ints


class World(NamedTuple):
    """The whole state of one district on one day."""

    residents: Residents
    needs: Needs
    applications: Applications
    coproducers: CoProducers
    neighbourhoods: Neighbourhoods
    events: Events
    parts: Parts
    office: Office
    needs_due: Calendar
    applications_due: Calendar
    counts: Counts


def blank(kind: type[Table], rows: int) -> Table:
    """A table of ``rows`` rows, each column zero and of the type that the class declares."""
    return kind(
        *(
            np.zeros(rows, np.float64 if annotation == Floats else np.int64)
            for annotation in get_type_hints(kind).values()
        )
    )


def grown(table: Table) -> Table:
    """The same table with twice the rows."""
    return type(table)(*(np.concatenate([column, np.zeros_like(column)]) for column in table))


def used_rows(table: Table, rows: int) -> Table:
    """The first ``rows`` rows of a table, as views."""
    return type(table)(*(column[:rows] for column in table))


GROWING = {"applications": "applications", "coproducers": "coproducers", "events": "events", "parts": "parts"}


def fingerprint(world: World) -> dict[str, str]:
    """A short digest of every column by its dotted name; spare rows do not count."""
    digests = {}
    parts: list[Any] = list(world)
    for part_name, part in zip(world._fields, parts, strict=True):
        used = int(getattr(world.counts, GROWING[part_name])[0]) if part_name in GROWING else None
        if isinstance(part, Calendar):
            used = None
        for name, column in zip(part._fields, part, strict=True):
            if isinstance(part, Calendar) and name in ("link", "item"):
                column = column[: part.size[0]]
            if part_name == "office" and name == "queue":
                column = column[: part.last[0]]
            digests[f"{part_name}.{name}"] = hashlib.blake2b(column[:used].tobytes(), digest_size=8).hexdigest()
    return digests
