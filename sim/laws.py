"""The laws that must hold on every day of every run; ``--checked`` verifies them, the test suite always does."""

from __future__ import annotations

import numpy as np

from keliling.sim.errors import CheckFailed
from keliling.sim.outcomes import outcomes
from keliling.sim.population import Population
from keliling.sim.records import HALF_YEAR, MONTH, Record
from keliling.sim.rules.outreach import CANCELLED, CLOSED, COMMISSIONING
from keliling.sim.rules.serving import GRANTED, REJECTED, WITHDRAWN
from keliling.sim.state import APPLIED, NEVER, OPEN, RW_HEAD, World
from keliling.sim.sums import GRAIN


def check(world: World, population: Population, p: np.void, day: int) -> None:
    """Verify every law on the state at the end of ``day``, on which the levers ``p`` hold.

    Raises CheckFailed naming the law, the day and the first row that breaks it.
    """
    a, used = world.applications, world.counts.applications.item(0)
    outcome, decided = a.outcome[:used], a.decided[:used]
    final = np.isin(outcome, (GRANTED, REJECTED, WITHDRAWN))
    needs = world.needs
    status, permits = needs.status.copy(), needs.permit.copy()  # columns of records are read faster in a row
    under_way = np.bincount(permits[status == APPLIED], minlength=world.stock.applied.size)
    for permit, still_open in enumerate(under_way.tolist()):
        mine = a.permit[:used] == permit
        balance = np.count_nonzero(mine) - np.count_nonzero(mine & final) - still_open
        _law("submitted = granted + rejected + withdrawn + open", day, np.array([balance]), balance == 0)
    _rows("an application has a decision day exactly when it has ended", day, (decided >= 0) == final)
    _rows(
        "nothing is decided before an officer looked at it",
        day,
        ~np.isin(outcome, (GRANTED, REJECTED)) | ((a.looked[:used] >= 0) & (a.looked[:used] <= decided)),
    )
    _rows(
        "a file is looked at no sooner than it was handed in",
        day,
        (a.looked[:used] < 0) | (a.looked[:used] >= a.submitted[:used]),
    )
    office = world.office
    worked, available = office.hours_worked.item(0), office.hours_available.item(0)
    _law("served time never exceeds officer time", day, np.array([worked]), worked <= available + 1e-9)
    _law("officer time is not negative", day, np.array([available]), available >= -1e-9)

    _law("one event at most is owed", day, office.put_off, office.put_off.item(0) in (0, 1))
    _law("nobody waits less than no time", day, office.wait, office.wait.item(0) >= 0.0)

    residents = world.residents
    for name in ("intrinsic", "social", "normative", "trust", "knowledge"):
        column = getattr(residents if name in residents._fields else world.motives, name)
        _rows(f"{name} stays within 0 and 1", day, (column >= 0.0) & (column <= 1.0))
    _rows("expectation stays within 1 and 4", day, (residents.expectation >= 1.0) & (residents.expectation <= 4.0))
    for name in ("trust", "knowledge"):
        days, rest = day - getattr(residents, f"{name}_day"), getattr(population, name)
        left = np.exp2(-days / p[f"{name}_half_life"])
        _adds_up(name, day, getattr(world.sums, name), (getattr(residents, name) - rest) * left)
    _adds_up("expectation", day, world.sums.expectation, residents.expectation - population.expectation)
    settled = world.counts.settled.item(0)
    _rows("what no count will need again ended before the last half-year", day, _long_over(decided[:settled], day))
    score = a.satisfaction[:used]
    _rows("satisfaction stays within 1 and 4", day, (score == 0.0) | ((score >= 1.0) & (score <= 4.0)))
    norm, company = world.neighbourhoods.norm, world.neighbourhoods.company
    _rows("a norm is a share", day, (norm >= 0.0) & (norm <= 1.0))
    _rows("company is a share", day, (company >= 0.0) & (company <= 1.0))

    people = world.counts.coproducers.item(0)
    c = world.coproducers
    head_role = c.role[world.neighbourhoods.head]
    _rows("every RW has a head in office", day, head_role == RW_HEAD)
    _rows("a head lives in the RW", day, c.rw[world.neighbourhoods.head] == np.arange(world.neighbourhoods.head.size))
    known = c.resident[:people]
    _rows("nobody is in two places: a co-producer serves the home RW", day, population.rw[known] == c.rw[:people])

    parts = world.counts.parts.item(0)
    pairs = np.stack([world.parts.event[:parts], c.resident[world.parts.coproducer[:parts]]], axis=1)
    pairs = pairs[pairs[:, 0] >= 0]
    once = len(np.unique(pairs, axis=0)) == len(pairs)
    _law("nobody is asked to an event twice", day, np.array([parts]), once)
    takes_part = (world.parts.joined[:parts] == 1) & (world.parts.event[:parts] >= 0)
    running = takes_part & (world.events.phase[world.parts.event[:parts]] != CLOSED)
    mine = c.event[world.parts.coproducer[:parts]] == world.parts.event[:parts]
    _rows("nobody is in two places: who takes part in a running event is at no other", day, ~running | mine)
    offices = np.bincount(c.role[:people], minlength=2)[:2]
    held = np.array([population.rw_head.size, population.rt_head.size])
    _rows("every RW and every RT has one head", day, offices == held)

    e, planned = world.events, world.counts.events.item(0)
    hosted = (e.phase[:planned] > COMMISSIONING) & (e.ending[:planned] != CANCELLED)
    _rows("no event without its RW head", day, ~hosted | (e.helped_commissioning[:planned] == 1))
    _rows("no more are served at an event than there are places", day, e.served[:planned] <= e.places[:planned])
    _rows(
        "attendance = served + turned away", day, e.attendance[:planned] == e.served[:planned] + e.turned_away[:planned]
    )
    _rows("one RW runs one cycle at a time", day, _unique_running(world))
    _rows("an open need has no permit", day, (needs.status != OPEN) | (needs.held == 0))
    unaware = needs.aware == 0
    those = {"open": status == OPEN, "applied": status == APPLIED, "unmet": needs.held == 0}
    those |= {"unaware": those["open"] & unaware, "obstructed": those["open"] & (needs.obstacle == 1)}
    _rows("who does not know of a need does not act on it", day, ~those["unaware"] | (needs.rate == 0.0))
    _rows("who files knows of the need", day, ~(those["applied"] & unaware))
    for name in ("open", "applied", "unmet", "unaware", "obstructed"):
        counted = np.bincount(permits[those[name]], minlength=world.stock.open.size)
        _rows(f"the stock of {name} needs is what the needs add up to", day, getattr(world.stock, name) == counted)
    by_rt = np.bincount(population.rt[needs.resident[status == OPEN]], minlength=world.rts.open.size)
    _rows("open needs of an RT are what they add up to", day, world.rts.open == by_rt)
    rw, visited = population.rw[needs.resident], needs.visit_day > NEVER
    of_rw = {"known": ~visited & (needs.known == 1), "helped": visited}
    for name in ("known", "helped"):
        counted = np.bincount(rw[those["open"] & of_rw[name]], minlength=norm.size)
        _rows(f"an RW's {name} open needs are counted", day, getattr(world.neighbourhoods, name) == counted)
    counted = np.bincount(needs.resident[those["open"]], minlength=residents.open_needs.size)
    _rows("a resident's open needs are counted", day, residents.open_needs == counted)


def check_record(record: Record, day: int) -> None:
    """Verify the record of a month: totals that close, the IKM within 25 and 100, shares within 0 and 1.

    Raises CheckFailed naming the law and the outcome.
    """
    ended = record["decided"] + record["withdrawn"]
    more = record["open.end"] - record["open.start"]
    if record["submitted"] != ended + more:
        raise CheckFailed(
            f"day {day}: the law 'applications filed = granted + rejected + withdrawn + more open than before' is "
            f"broken: {record['submitted']:g} filed, {ended:g} ended, {more:g} more open"
        )
    followed = record["cohort.decided"] + record["cohort.withdrawn"]
    if followed > record["submitted"] or record["cohort.rejected"] > record["cohort.decided"]:
        raise CheckFailed(
            f"day {day}: the law 'of the applications filed no more end than there are' is broken: "
            f"{record['submitted']:g} filed, {followed:g} ended"
        )
    for outcome in outcomes().values():
        value = outcome.of(record)
        if value != value:  # not defined this month
            continue
        if outcome.name == "ikm" and not 25.0 <= value <= 100.0:
            raise CheckFailed(f"day {day}: the law 'the IKM stays within 25 and 100' is broken: {value}")
        if outcome.unit == "%" and not -1e-9 <= value <= 100.0 + 1e-9:
            raise CheckFailed(f"day {day}: the law 'a share stays within 0 and 1' is broken: {outcome.name} {value}")


def _long_over(decided: np.ndarray, day: int) -> np.ndarray:
    return (decided >= 0) & (decided < day + 1 - HALF_YEAR * MONTH)


def _adds_up(name: str, day: int, kept: np.ndarray, by_resident: np.ndarray) -> None:
    close = abs(kept.item(0) * GRAIN - by_resident.sum()) < 1e-6
    _law(f"the sum of {name} is what residents add up to", day, kept, close)


def _unique_running(world: World) -> np.ndarray:
    running = world.neighbourhoods.running[world.neighbourhoods.running >= 0]
    return np.bincount(running, minlength=1) <= 1


def _rows(law: str, day: int, holds: np.ndarray) -> None:
    if not holds.all():
        _law(law, day, np.flatnonzero(~holds), False)


def _law(law: str, day: int, where: np.ndarray, holds: bool) -> None:
    if not holds:
        raise CheckFailed(f"day {day}: the law '{law}' is broken, first at {where[0]}")
