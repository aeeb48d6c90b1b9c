"""The office alone against queueing theory: order, conservation of work, and mean waits in closed form.

The desk is the model's own, fed with files instead of residents. Time that an officer works is counted in hours of
office time; a day holds ``hours`` of it, and files are handed in at the start of a day. Every statistical test has a
false-positive rate of 1e-6 and asserts a power of 0.99 at the deviation that it names.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from keliling.sim.ground import ground
from keliling.sim.model import CoproductionModel
from keliling.sim.records import count_month, record_of
from keliling.sim.rules.choice import EVENT
from keliling.sim.rules.serving import GRANTED, RETURNED
from keliling.sim.scenario import load
from keliling.sim.state import rows_of
from keliling.sim.terms import terms_of
from tests.statistics import assert_mean, batch_means

Floats = NDArray[np.float64]
IUMK = 1  # place in the permit catalogue


class Desk:
    """The office of a small district with nobody about: files come from the test."""

    def __init__(self) -> None:
        self.model = CoproductionModel(load("kebon-jeruk-no-outreach", size=0.02), seed=21)
        self.reset()

    def reset(self, officers: int = 1, hours: float = 8.0, mean: float = 1.0, spread: float = 0.0) -> Desk:
        """An empty desk on day 0; files need ``mean`` hours, of which the share ``spread`` is exponential."""
        model = self.model
        model.day, model.handed_in = 0, []
        self.order: list[int] = []  # files in the order of the queue
        model.decided_of.clear()
        model.world.counts.applications[0] = 0
        for column in ("first", "last", "owed"):
            getattr(model.world.office, column)[0] = 0
        p = model.p
        p.desk_officers, p.desk_hours, p.most_away, p.service_spread = officers, hours, 1.0, spread
        permit = model.permits[IUMK]
        permit.examination_hours, permit.technical_rejection, permit.review_days = mean, 0.0, 0
        return self

    def new_file(self) -> int:
        """A complete file without defects, its officer time not yet known; every one has draws of its own."""
        row = self.model.new_application()
        a = self.model.world.applications
        a.ordinal[row], a.resident[row] = divmod(row, self.model.population.key.size)
        a.permit[row], a.channel[row], a.attempt[row] = IUMK, EVENT, 0
        a.defects[row] = a.returns[row] = a.outcome[row] = 0
        a.submitted[row] = a.complete[row] = self.model.day
        a.looked[row] = a.decided[row] = a.due[row] = -1
        return row

    def hand_in(self, hours: float | None = None) -> int:
        """Hand a file in: at the tail when its ``hours`` are given, else as the model does, by keyed draws."""
        row = self.new_file()
        if hours is None:
            self.model.office.receive(row)
        else:
            self.model.world.applications.remaining[row] = hours
            self.model.enqueue(row)
            self.order.append(row)
        return row

    def serve(self) -> None:
        """One working day at the desk."""
        self.order += [row for _, _, row in sorted(self.model.handed_in)]
        self.model.office.serve()
        self.model.decided_of.clear()
        self.model.day += 1

    def column(self, name: str) -> NDArray[np.float64]:
        """A column of the files, in the order of the queue."""
        return np.asarray(getattr(self.model.world.applications, name)[self.order])

    @property
    def empty(self) -> bool:
        """Whether no file waits."""
        return bool(self.model.world.office.first.item(0) == self.model.world.office.last.item(0))

    def unfinished(self) -> int:
        """Files that still need officer time."""
        return int(np.count_nonzero(self.column("remaining") > 0.0))

    def run(self, days: Sequence[int], hours: Sequence[float] | None = None) -> Floats:
        """Hand files in on ``days`` (ascending) and serve until all are decided; their hours, in queue order.

        Days on which nobody waits are skipped: the test of idle days says that nothing happens on them.
        """
        fresh = list(zip(days, hours if hours is not None else [None] * len(days), strict=True))[::-1]
        needed: dict[int, float] = {}
        while fresh or not self.empty:
            if self.empty:
                self.model.day = fresh[-1][0]
            while fresh and fresh[-1][0] == self.model.day:
                self.hand_in(fresh.pop()[1])
            for _, _, row in self.model.handed_in:
                needed[row] = self.model.world.applications.remaining.item(row)
            self.serve()
        return np.array([needed[row] for row in self.order] if hours is None else hours)


@pytest.fixture(scope="module")
def office() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.model.close()


# -- exact: small cases by hand


def test_two_officers_by_hand(office: Desk) -> None:
    """Files of 10, 3, 3, 6 hours, 8 hours a day: A works 8 of the first; B the two threes and 2 of the six."""
    desk = office.reset(officers=2, hours=8.0)
    rows = [desk.hand_in(hours) for hours in (10.0, 3.0, 3.0, 6.0)]
    a = desk.model.world.applications
    desk.serve()
    assert [a.remaining.item(row) for row in rows] == [2.0, 0.0, 0.0, 4.0]
    assert [a.decided.item(row) for row in rows] == [-1, 0, 0, -1]
    assert [a.looked.item(row) for row in rows] == [0, 0, 0, 0]
    assert (desk.model.office.hours_worked, desk.model.office.hours_available) == (16.0, 16.0)
    assert desk.model.office.backlog_hours == 6.0
    assert desk.model.office.crowd == pytest.approx(1.0 - math.exp(-6.0 / 16.0), rel=1e-15)
    desk.serve()
    assert [a.decided.item(row) for row in rows] == [1, 0, 0, 1]
    assert [a.outcome.item(row) for row in rows] == [GRANTED] * 4
    assert (desk.model.office.hours_worked, desk.model.office.backlog_hours) == (6.0, 0.0)
    assert desk.empty


def test_a_file_is_with_one_officer_at_a_time(office: Desk) -> None:
    """One file of 20 hours takes three days of 8 however many officers stand by."""
    desk = office.reset(officers=3, hours=8.0)
    row = desk.hand_in(20.0)
    worked = []
    for _ in range(3):
        desk.serve()
        worked.append(desk.model.office.hours_worked)
    assert worked == [8.0, 8.0, 4.0]
    assert desk.model.world.applications.decided.item(row) == 2


def test_a_file_that_ends_with_the_day_is_decided_that_day(office: Desk) -> None:
    desk = office.reset(officers=1, hours=8.0)
    rows = [desk.hand_in(8.0), desk.hand_in(8.0)]
    desk.serve()
    desk.serve()
    a = desk.model.world.applications
    assert [(a.looked.item(row), a.decided.item(row)) for row in rows] == [(0, 0), (1, 1)]


def test_officers_owed_to_outreach_leave_the_desk(office: Desk) -> None:
    """20 owed hours of two officers of 8: all 16 on the first day, 4 on the second, none on the third."""
    desk = office.reset(officers=2, hours=8.0)
    desk.model.world.office.owed[0] = 20.0
    for _ in range(10):
        desk.hand_in(4.0)
    found = []
    for _ in range(3):
        desk.serve()
        found.append((desk.model.office.hours_available, desk.model.office.hours_worked, desk.unfinished()))
    assert found == [(0.0, 0.0, 10), (12.0, 12.0, 7), (16.0, 16.0, 3)]


def test_idle_days_change_nothing(office: Desk) -> None:
    desk = office.reset(officers=2, hours=8.0)
    desk.hand_in(3.0)
    desk.serve()
    before = {name: column.copy() for name, column in desk.model.world.applications._asdict().items()}
    desk.serve()
    assert desk.model.office.hours_worked == 0.0
    assert (desk.model.office.backlog_hours, desk.model.office.crowd) == (0.0, 0.0)
    after = desk.model.world.applications._asdict()
    assert [name for name in before if (before[name] != after[name]).any()] == []


@pytest.mark.parametrize(("officers", "size"), [(8, 0.2), (8, 0.02), (3, 0.1), (5, 0.15), (60, 0.01)])
def test_a_reduced_size_keeps_the_proportion_of_officer_time(officers: int, size: float) -> None:
    scenario = load("kebon-jeruk-no-outreach", size=size).with_(officers=officers)
    base = ground(scenario)
    share = base.population.rw_head.size / scenario.profile.n_rw
    p = terms_of(scenario, base, dict(scenario.values)).p
    assert p.desk_officers == max(1, round(officers * share))
    assert p.desk_officers * p.desk_hours == pytest.approx(8.5 * officers * share, rel=1e-14)


def test_a_corrected_file_rejoins_at_the_tail(office: Desk) -> None:
    """Two officers: A is three days on a long file; B returns the second file, then works on. The corrected file comes
    back the next day behind two files that waited: 2 + 6 of B's 8 hours go to those, so it is decided on day 2."""
    desk = office.reset(officers=2, hours=8.0)
    _long, corrected, _third, fourth = (desk.hand_in(hours) for hours in (30.0, 2.0, 8.0, 8.0))
    a = desk.model.world.applications
    a.defects[corrected] = 1
    desk.serve()
    assert a.outcome.item(corrected) == RETURNED
    a.defects[corrected] = a.outcome[corrected] = 0
    a.remaining[corrected] = 2.0
    desk.model.enqueue(corrected)
    desk.serve()
    desk.serve()
    assert (a.decided.item(fourth), a.decided.item(corrected)) == (2, 2)
    assert a.remaining.item(fourth) == 0.0


def test_the_recorded_backlog_counts_the_files_that_wait(office: Desk) -> None:
    desk = office.reset(officers=2, hours=8.0)
    for hours in (30.0, 2.0, 8.0, 8.0):
        desk.hand_in(hours)
    desk.serve()
    m = desk.model
    months, rows = m.months, rows_of(m.world)
    count_month(months, 0, rows, m.inputs, m.inputs.levers[0], m.inputs.permits[0], 20)
    record = record_of(months, 0, m.ground.permits)
    assert desk.unfinished() == 3
    assert record["backlog"] == 3.0


def test_a_file_that_needs_no_time_is_decided_too(office: Desk) -> None:
    """With exponential service the draw 0.0 gives a file of no hours."""
    desk = office.reset()
    row = desk.hand_in(0.0)
    desk.serve()
    assert desk.model.world.applications.decided.item(row) == 0


# -- exact: laws on drawn cases

QUARTERS = st.integers(1, 80).map(lambda quarters: quarters / 4.0)
CASES = st.tuples(
    st.integers(1, 4), st.sampled_from([1.0, 4.0, 8.5]), st.lists(st.lists(QUARTERS, max_size=5), max_size=6)
)
DRAWN = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(case=CASES)
@DRAWN
def test_first_come_first_served_and_no_officer_idle_while_a_file_waits(
    office: Desk, case: tuple[int, float, list[list[float]]]
) -> None:
    """Every day: time served is no more than the officers have and equals what the files lost; files are first looked
    at in the order of the queue; where time is left over, every unfinished file had an officer of its own all day."""
    officers, hours, arrivals = case
    desk = office.reset(officers=officers, hours=hours)
    total = 0.0
    for day in range(500):
        for needs in arrivals[day] if day < len(arrivals) else []:
            desk.hand_in(needs)
            total += needs
        before = desk.column("remaining").copy()
        desk.serve()
        left = desk.column("remaining")
        worked, available = desk.model.office.hours_worked, desk.model.office.hours_available
        assert available == officers * hours
        assert 0.0 <= worked <= available
        assert worked == (before - left).sum()
        assert (before - left <= hours).all()
        looked = desk.column("looked")
        seen = looked >= 0
        assert (np.diff(seen.astype(int)) <= 0).all()
        assert (np.diff(looked[seen]) >= 0).all()
        if worked < available:
            assert np.count_nonzero(left) <= officers
            assert (before[left > 0.0] > left[left > 0.0]).all()
        assert desk.model.office.backlog_hours == left.sum()
        if day >= len(arrivals) and not left.any():
            break
    assert (desk.column("decided") >= desk.column("looked")).all()
    assert total == 0.0 or desk.column("outcome").tolist() == [GRANTED] * len(desk.column("outcome"))


def starts(ready: Floats, service: Floats, servers: int) -> Floats:
    """When service begins with c servers, first come first served (Kiefer & Wolfowitz 1955): the next file waits for
    the server that is free first."""
    free = [0.0] * servers
    begun = []
    for arrived, needs in zip(ready.tolist(), service.tolist(), strict=True):
        begin = max(arrived, free[0])
        heapq.heapreplace(free, begin + needs)
        begun.append(begin)
    return np.array(begun)


@pytest.mark.parametrize("officers", [1, 2, 3, 5])
@pytest.mark.parametrize("hours", [1.0, 8.0])
def test_the_desk_is_the_queue_with_c_servers_in_office_time(office: Desk, officers: int, hours: float) -> None:
    """Day looked at and day decided of every file are those of the recursion; times are in 64ths, so sums are exact."""
    source = np.random.default_rng([officers, int(hours)])
    service = source.integers(1, 64 * 9, 600) / 64.0
    days = np.sort(source.integers(0, int(600 * 4.5 / (officers * hours * 0.9)) + 1, 600))
    desk = office.reset(officers=officers, hours=hours)
    desk.run(days.tolist(), service.tolist())
    begun = starts(days * hours, service, officers)
    assert desk.column("looked").tolist() == np.floor(begun / hours).tolist()
    assert desk.column("decided").tolist() == (np.ceil((begun + service) / hours) - 1).tolist()
    assert np.count_nonzero(begun > days * hours) > 200, "hardly anybody waited: the case says nothing"


def test_littles_law_on_one_path(office: Desk) -> None:
    """From empty to empty the sum of files waiting at the ends of days is the sum of days that files waited: exact."""
    source = np.random.default_rng(8)
    desk = office.reset(officers=3, hours=8.0, mean=5.0, spread=1.0)
    waiting = 0
    for batch in source.poisson(4.0, 400):
        for _ in range(batch):
            desk.hand_in()
        desk.serve()
        waiting += desk.unfinished()
    while not desk.empty:
        desk.serve()
        waiting += desk.unfinished()
    days = desk.column("decided") - desk.column("submitted")
    assert days.size > 1400
    assert days.sum() > 300
    assert waiting == days.sum()


# -- discrete time: exact means, no approximation


def test_geo_geo_1_mean_backlog(office: Desk) -> None:
    """One officer, a day is one unit of work, a file comes with probability a and is finished with probability s a day.
    Files present during a day: a(1 - a)/(s - a); at its end: a(1 - s)/(s - a); days in the office, the first
    included: (1 - a)/(s - a), which is Little's law. Found: deviations of 15%."""
    a, s, days = 0.3, 0.5, 200_000
    source = np.random.default_rng(31)
    comes = source.random(days) < a
    units = source.geometric(s, days).astype(float).tolist()
    desk = office.reset(officers=1, hours=1.0)
    queue = desk.model.world.office
    present, left = np.zeros(days), np.zeros(days)
    for day in np.flatnonzero(comes).tolist():
        # Days since the last arrival, until the desk is empty; later ones hold zeros already.
        while desk.model.day < day and not desk.empty:
            present[desk.model.day] = queue.last.item(0) - queue.first.item(0)
            desk.serve()
            left[desk.model.day - 1] = queue.last.item(0) - queue.first.item(0)
        desk.model.day = day
        desk.hand_in(units[day])
        queue = desk.model.world.office
        present[day] = queue.last.item(0) - queue.first.item(0)
        desk.serve()
        left[day] = queue.last.item(0) - queue.first.item(0)
    during, ending, stay = a * (1 - a) / (s - a), a * (1 - s) / (s - a), (1 - a) / (s - a)
    assert_mean(batch_means(present, 100), during, detect=0.15 * during)
    assert_mean(batch_means(left, 100), ending, detect=0.15 * ending)
    decided, submitted = desk.column("decided"), desk.column("submitted")
    done = decided >= 0
    assert_mean(batch_means((decided - submitted + 1)[done], 100), stay, detect=0.15 * stay)


def test_poisson_arrivals_of_one_days_work_each(office: Desk) -> None:
    """The M/D/1 queue in whole days: files left at the end of a day are load^2 / 2(1 - load) (Pollaczek-Khinchine).
    Found: deviations of 20%."""
    load_, days = 0.7, 60_000
    source = np.random.default_rng(17)
    desk = office.reset(officers=1, hours=8.0, mean=8.0, spread=0.0)
    left = np.zeros(days)
    for day, batch in enumerate(source.poisson(load_, days).tolist()):
        for _ in range(batch):
            desk.hand_in()
        if batch or not desk.empty:
            desk.serve()
        else:
            desk.model.day += 1
        left[day] = desk.model.office.backlog_hours / 8.0
    expected = load_**2 / (2.0 * (1.0 - load_))
    assert_mean(batch_means(left, 60), expected, detect=0.2 * expected)


# -- continuous time: Erlang and Pollaczek-Khinchine


def erlang_c(servers: int, load_: float) -> float:
    """Probability of waiting in M/M/c at ``load_`` a server (Erlang 1917)."""
    offered = servers * load_
    waits = offered**servers / math.factorial(servers) / (1.0 - load_)
    return waits / (sum(offered**k / math.factorial(k) for k in range(servers)) + waits)


@pytest.mark.parametrize(
    ("servers", "load_", "waits", "length"),
    [(1, 0.5, 0.5, 0.5), (1, 0.8, 0.8, 3.2), (2, 0.5, 0.3333, 0.3333), (2, 0.8, 0.7111, 2.8444),
     (3, 0.5, 0.2368, 0.2368), (3, 0.8, 0.6472, 2.5888)],
)  # fmt: skip
def test_erlang_c_is_the_printed_table(servers: int, load_: float, waits: float, length: float) -> None:
    """Probability of waiting and mean number waiting, C x load / (1 - load)."""
    assert erlang_c(servers, load_) == pytest.approx(waits, abs=5e-5)
    assert erlang_c(servers, load_) * load_ / (1.0 - load_) == pytest.approx(length, abs=5e-4)


def test_pollaczek_khinchine_is_the_printed_table() -> None:
    """Mean wait in services at load 0.5 and 0.8: half of M/M/1's for M/D/1."""
    found = [pollaczek_khinchine(load_, spread) for load_ in (0.5, 0.8) for spread in (0.0, 0.5, 1.0)]
    assert found == pytest.approx([0.5, 0.625, 1.0, 2.0, 2.5, 4.0], rel=1e-14)


def pollaczek_khinchine(load_: float, spread: float) -> float:
    """Mean wait in M/G/1, in mean services: load (1 + v) / 2(1 - load), v the squared coefficient of variation."""
    return load_ * (1.0 + spread**2) / (2.0 * (1.0 - load_))


def recursion(
    servers: int, load_: float, draw: Callable[[np.random.Generator, int], Floats], seed: int
) -> tuple[Floats, Floats]:
    """Mean wait and share waiting of many independent paths of the queue with c servers, unit mean service: the
    recursion of ``starts`` on arrays. Paths begin empty; the first 1,000 files of 2,000 are not counted."""
    source, paths = np.random.default_rng(seed), 8000
    free = np.zeros((paths, servers))
    wait, waiting = np.zeros(paths), np.zeros(paths)
    now = np.zeros(paths)
    for file in range(2000):
        now = now + source.exponential(1.0 / (servers * load_), paths)
        begin = np.maximum(now, free[:, 0])
        free[:, 0] = begin + draw(source, paths)
        free.sort(axis=1)
        if file >= 1000:
            wait += begin - now
            waiting += begin > now
    return wait / 1000.0, waiting / 1000.0


def agrees_within_a_day(desk: Desk, officers: int, load_: float, spread: float, services: float) -> Floats:
    """Feed the desk with Poisson arrivals, files of ``services`` days on average; return its service times in means.

    A file that arrives within a day is handed in at the start of the next, so the desk runs on arrivals that are less
    than a day late; delaying every arrival by a whole day would delay every start by a day. So each file's start
    lies within a day of its start in continuous time, and a day looked at within a day of that: asserted file by file.
    """
    hours, files = 8.0, 600
    source = np.random.default_rng([officers, int(100 * load_), int(10 * spread)])
    arrived = np.cumsum(source.exponential(services * hours / (officers * load_), files))
    desk.reset(officers=officers, hours=hours, mean=services * hours, spread=spread)
    days = np.ceil(arrived / hours).astype(int)
    service = desk.run(days.tolist())
    # Files of one day take their places by lot: the first of the queue is taken for the first that arrived.
    looked = desk.column("looked")
    assert (looked == np.floor(starts(days * hours, service, officers) / hours)).all()
    apart = looked * hours - starts(arrived, service, officers)
    assert (np.abs(apart) < hours).all()
    assert np.count_nonzero(looked > days) > 60, "hardly anybody waited: the case says nothing"
    return service / (services * hours)


@pytest.mark.parametrize(
    ("officers", "load_"), [(1, 0.5), (1, 0.8), (2, 0.5), (2, 0.8), (3, 0.5), (3, 0.8)]
)  # fmt: skip
def test_m_m_c_waits_as_erlang_says(office: Desk, officers: int, load_: float) -> None:
    """Two steps. The desk equals the recursion in continuous time to within a day, file by file, with services of 40
    days. The recursion's mean wait is C / (c (1 - load)) services and its share waiting C: deviations of 4% found."""
    agrees_within_a_day(office, officers, load_, 1.0, 40.0)
    wait, waiting = recursion(officers, load_, lambda source, n: source.exponential(1.0, n), 100 + officers)
    chance = erlang_c(officers, load_)
    expected = chance / (officers * (1.0 - load_))
    assert_mean(wait, expected, detect=0.04 * expected)
    assert_mean(waiting, chance, detect=0.04 * chance)


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0])
def test_m_g_1_waits_as_pollaczek_and_khinchine_say(office: Desk, spread: float) -> None:
    """As above for one officer and the desk's own service times: all alike, half exponential, exponential; 4% found.
    The mean of the desk's service times is checked too: 30% found."""
    service = agrees_within_a_day(office, 1, 0.7, spread, 40.0)
    assert_mean(service, 1.0, detect=0.3)
    wait, _ = recursion(1, 0.7, lambda source, n: 1.0 - spread + spread * source.exponential(1.0, n), 200)
    expected = pollaczek_khinchine(0.7, spread)
    assert_mean(wait, expected, detect=0.04 * expected)
