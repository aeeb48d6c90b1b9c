"""Whom a policy touched: residents whose decisions differ between two arms, and what reached them.

Both arms have the same residents and the same luck: every draw is keyed by person and occasion. So it can be asked
*which* residents the policy spared a rejection, and why: the first day on which somebody's own life differs, and
what reached that person by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from keliling.sim.errors import InvalidInput, KelilingError, Problem
from keliling.sim.ground import ground
from keliling.sim.kernels.simulation import Progress
from keliling.sim.parameters import permits
from keliling.sim.population import ID_BITS, Population
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from keliling.sim.rules.serving import GRANTED, REJECTED, WITHDRAWN
from keliling.sim.scenario import MONTH_DAYS, Scenario

NUMBER = (1 << ID_BITS) - 1
REACHED = {
    "visited": "visited by a co-producer",
    "heard": "heard of an event",
    "tie": "through a tie",
    "queue": "only through queue or neighbourhood",
}
"""How a policy reached a resident, the closest first: what differed between the arms before the resident's own life."""
GROUPS = {
    "spared": "Spared a rejection by the policy",
    "harmed": "Rejected only under the policy",
    "gained": "Got a permit only under the policy",
    "lost": "Got a permit only without the policy",
}
ENDS = {GRANTED: "granted", REJECTED: "rejected", WITHDRAWN: "withdrawn"}
CHANNELS = {ONLINE: "online", COUNTER: "counter", BROKER: "broker", EVENT: "event"}
COLUMNS = ("resident", "permit", "ordinal", "attempt", "channel", "submitted", "decided", "outcome")
SAME_LUCK = "Same luck in both arms: every draw is keyed by person and occasion, so only the policy makes a difference."


@dataclass(frozen=True)
class Case:
    """One resident whose life the policy changed; ``day`` is the first on which it differs, from the run's first."""

    resident: int
    rw: int
    permit: str
    baseline: str
    policy: str
    reached: str
    day: int


@dataclass(frozen=True)
class Affected:
    """Residents whose decisions differ between two arms of one seed and replicate, since the first day that can differ.

    ``spared`` were rejected at least once under the baseline and never under the policy, ``harmed`` the reverse;
    ``gained`` and ``lost`` got a permit under one arm only. ``applications`` counts, by how they ended under the
    baseline and under the policy, those that did not end alike.
    """

    baseline: str
    policy: str
    seed: int
    replicate: int
    since: int
    since_label: str
    size: float
    adults: int
    spared: tuple[Case, ...] = ()
    harmed: tuple[Case, ...] = ()
    gained: tuple[Case, ...] = ()
    lost: tuple[Case, ...] = ()
    applications: Mapping[tuple[str, str], int] | None = None

    def reached(self, group: str) -> dict[str, int]:
        """Residents of a group (``spared``, ``harmed``, ``gained``, ``lost``) by how the policy reached them."""
        counts = Counter(case.reached for case in getattr(self, group))
        return {way: counts[way] for way in REACHED}

    def pick(self) -> Case | None:
        """The case that tells most: spared before gained, harmed and lost; the closest reached, then the earliest."""
        order = [
            (place, list(REACHED).index(case.reached), case.day, case.resident, case)
            for place, group in enumerate(("spared", "gained", "harmed", "lost"))
            for case in getattr(self, group)
        ]
        return min(order, key=lambda entry: entry[:4])[4] if order else None

    def command(self, resident: int) -> str:
        """The command that tells one resident's story."""
        options = f" --resident {resident} --seed {self.seed} --replicate {self.replicate}"
        return f"keliling trace {self.baseline} {self.policy}{options}" + (
            f" --size {self.size:g}" if self.size != 1.0 else ""
        )

    def lines(self, limit: int = 10) -> list[str]:
        """The result as text: counts, then at most ``limit`` cases of each group."""
        text = [
            f"Baseline {self.baseline}, policy {self.policy}; seed {self.seed}, replicate {self.replicate}; "
            f"{self.adults:,} adults"
        ]
        if not any(getattr(self, group) for group in GROUPS) and not self.applications:
            return [*text, "Nobody is affected: no application ends otherwise under the policy."]
        text.append(f"Decisions since {self.since_label}, the first day on which the two can differ")
        for group, title in GROUPS.items():
            cases = getattr(self, group)
            text += ["", f"{title}: {len(cases)}"]
            ways = [f"{count} {REACHED[way]}" for way, count in self.reached(group).items() if count]
            text += [f"  {', '.join(ways)}"] if ways else []
            text += list(_table(cases[:limit]))
            if len(cases) > limit:
                text.append(f"  and {len(cases) - limit} more")
        moved = sorted((self.applications or {}).items(), key=lambda entry: (-entry[1], entry[0]))
        text += ["", "Applications that ended otherwise (baseline, then policy)"]
        text += [f"  {count:6,}  {before}, then {after}" for (before, after), count in moved]
        chosen = self.pick()
        if chosen is not None:
            text += ["", "To read the story of one of them:", f"  {self.command(chosen.resident)}"]
        return [*text, SAME_LUCK]

    def as_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        moved = [{"baseline": b, "policy": p, "count": n} for (b, p), n in (self.applications or {}).items()]
        return asdict(self) | {"applications": moved, "reached": {group: self.reached(group) for group in GROUPS}}


def affected(
    scenario: Scenario, policy: Scenario, *, seed: int = 1, replicate: int = 0, progress: Progress | None = None
) -> Affected:
    """Live both arms and find the residents whose decisions differ; arms that cannot differ are not lived.

    ``progress`` is called with the working days lived since the last call. Raises InvalidInput for a province, and
    KelilingError for arms that do not have the same residents.
    """
    check_arms(scenario, policy)
    population, since = ground(scenario).population, scenario.first_difference(policy)
    found = Affected(
        scenario.name, policy.name, seed, replicate, since, date(scenario, since), scenario.size, population.key.size
    )
    if since >= scenario.days:
        return found
    arms = [_Arm(one, seed, replicate, progress) for one in (scenario, policy)]
    cases = _Cases(scenario, population, arms, since)
    baseline, other = (arm.with_outcome(REJECTED, since) for arm in arms)
    granted, granted_other = (arm.with_outcome(GRANTED, since) for arm in arms)
    return replace(
        found,
        spared=cases.of(baseline - other, REJECTED, 0),
        harmed=cases.of(other - baseline, REJECTED, 1),
        gained=cases.of(granted_other - granted, GRANTED, 1),
        lost=cases.of(granted - granted_other, GRANTED, 0),
        applications=cases.moved(),
    )


def check_arms(scenario: Scenario, policy: Scenario | None) -> None:
    """Raise unless both arms are of one district, over the same days, with the same residents."""
    for one in (scenario, policy):
        if one is not None and one.province is not None:
            rule = "a trace is of one district, not a province"
            raise InvalidInput([problem(one, "profile", one.province.slug, rule)])
    if policy is None:
        return
    for name, ours, theirs in (
        ("days", scenario.days, policy.days),
        ("first year", scenario.first_year - scenario.warmup_years, policy.first_year - policy.warmup_years),
        ("residents", ground(scenario).population.key.tobytes(), ground(policy).population.key.tobytes()),
    ):
        if ours != theirs:
            raise KelilingError(f"{scenario.name} and {policy.name} do not have the same {name}: nobody can be matched")


def problem(scenario: Scenario, key: str, given: str, rule: str) -> Problem:
    """A fault of an option, at the scenario's name."""
    return Problem(scenario.name, 0, 0, key, given, rule)


def date(scenario: Scenario, day: int) -> str:
    """A working day as people say it: "2019-03, day 5"."""
    return f"{scenario.label_of_month(day // MONTH_DAYS)}, day {day % MONTH_DAYS + 1}"


# matching the arms


class _Arm:
    """What one arm leaves behind: its applications, and whom outreach met on which days. The model is let go."""

    def __init__(self, scenario: Scenario, seed: int, replicate: int, progress: Progress | None) -> None:
        from keliling.experiments.trace.observer import Encounters, WatchedModel, live

        model = WatchedModel(scenario, seed=seed, replicate=replicate)
        model.watcher = met = Encounters(model)
        try:
            live(model, progress)
            used = model.world.counts.applications.item(0)
            self.table = {name: getattr(model.world.applications, name)[:used].copy() for name in COLUMNS}
        finally:
            model.close()
        self.met = {"visited": met.visited, "heard": met.heard}
        resident = self.table["resident"]
        self._order = np.argsort(resident, kind="stable")
        self._sorted = resident[self._order]

    def of(self, row: int) -> list[dict[str, int]]:
        """A resident's applications in the order of filing."""
        low, high = np.searchsorted(self._sorted, (row, row + 1))
        return [{name: column.item(i) for name, column in self.table.items()} for i in self._order[low:high].tolist()]

    def facts(self, row: int) -> set[tuple[int, ...]]:
        """What others can see of a resident's applications: each filing and each end, its day first."""
        seen: set[tuple[int, ...]] = set()
        for one in self.of(row):
            which = (one["permit"], one["ordinal"], one["attempt"])
            seen.add((one["submitted"], *which, 0, one["channel"]))
            if one["decided"] >= 0:
                seen.add((one["decided"], *which, 1, one["outcome"]))
        return seen

    def with_outcome(self, outcome: int, since: int) -> set[int]:
        """Rows of the residents with such a decision since a day."""
        t = self.table
        return set(t["resident"][(t["outcome"] == outcome) & (t["decided"] >= since)].tolist())

    def ends(self, since: int) -> dict[tuple[int, ...], str]:
        """How each application filed, or still open, since a day ended, by resident, permit, ordinal and attempt."""
        t = self.table
        chosen = np.flatnonzero((t["submitted"] >= since) | (t["decided"] >= since) | (t["decided"] < 0))
        keys = zip(*(t[name][chosen].tolist() for name in ("resident", "permit", "ordinal", "attempt")), strict=True)
        return {key: ENDS.get(end, "open") for key, end in zip(keys, t["outcome"][chosen].tolist(), strict=True)}


class _Cases:
    """Sets the two arms side by side, resident by resident."""

    def __init__(self, scenario: Scenario, population: Population, arms: Sequence[_Arm], since: int) -> None:
        self.scenario, self.population, self.arms, self.since = scenario, population, arms, since

    def of(self, rows: set[int], outcome: int, arm: int) -> tuple[Case, ...]:
        """The cases of residents with an ``outcome`` in one arm (0 baseline, 1 policy), the earliest first."""
        return tuple(sorted((self._case(row, outcome, arm) for row in rows), key=lambda one: (one.day, one.resident)))

    def moved(self) -> dict[tuple[str, str], int]:
        """Applications that did not end alike, by their two ends."""
        ours, theirs = (arm.ends(self.since) for arm in self.arms)
        pairs = Counter((ours.get(key, "not filed"), theirs.get(key, "not filed")) for key in {**ours, **theirs})
        return {pair: count for pair, count in sorted(pairs.items()) if pair[0] != pair[1]}

    def _case(self, row: int, outcome: int, arm: int) -> Case:
        p = self.population
        mine = self.arms[arm].of(row)
        here = next(one for one in mine if one["outcome"] == outcome and one["decided"] >= self.since)
        day = self._first_difference(row, self.scenario.days)
        baseline, policy = (self._fate(here if place == arm else None, place, row, here) for place in (0, 1))
        number, rw = p.key.item(row) & NUMBER, p.rw_number.item(p.rw.item(row))
        return Case(number, rw, permits()[here["permit"]].title, baseline, policy, self._reached(row, day), day)

    def _fate(self, known: dict[str, int] | None, arm: int, row: int, like: dict[str, int]) -> str:
        """How the need ended in an arm: by the application given, else by the last one for the same need."""
        if known is None:
            same = [
                one
                for one in self.arms[arm].of(row)
                if (one["permit"], one["ordinal"]) == (like["permit"], like["ordinal"])
            ]
            if not same:
                return "not filed"
            known = same[-1]
        day = known["decided"] if known["decided"] >= 0 else known["submitted"]
        end = ENDS.get(known["outcome"], "open since")
        return f"{CHANNELS[known['channel']]}, {end} {date(self.scenario, day)}"

    def _first_difference(self, row: int, before: int) -> int:
        """First day on which a resident's own applications differ, if that is before a day; else that day."""
        ours, theirs = (arm.facts(row) for arm in self.arms)
        return min((fact[0] for fact in ours ^ theirs if fact[0] < before), default=before)

    def _reached(self, row: int, day: int) -> str:
        """The closest way by which the arms had differed for a resident by the day on which the own life differs."""
        for way in ("visited", "heard"):
            ours, theirs = ({d for d in arm.met[way].get(row, []) if d <= day} for arm in self.arms)
            if ours != theirs:
                return way
        p = self.population
        ties = p.ties[p.tie_start.item(row) : p.tie_start.item(row + 1)].tolist()
        # What a tie tells is told on the day of a decision, and acted on the day after.
        told = [
            {(tie, *fact) for tie in ties for fact in arm.facts(tie) if fact[4] == 1 and fact[0] < day}
            for arm in self.arms
        ]
        return "tie" if told[0] != told[1] else "queue"


def _table(cases: Sequence[Case]) -> Iterator[str]:
    """Cases as a table for people."""
    if not cases:
        return
    rows = [("resident", "RW", "permit", "baseline", "policy", "reached")]
    rows += [(str(c.resident), str(c.rw), c.permit, c.baseline, c.policy, c.reached) for c in cases]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
