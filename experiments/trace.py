"""Whom a policy touched, and the story of one of them day by day, in both arms.

Both arms have the same residents and the same luck: every draw is keyed by person and occasion. So it can be asked
*which* residents the policy spared a rejection, and why: the first day on which somebody's own life differs, and
what reached that person by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InvalidInput, KelilingError, Problem
from sim.parameters import permits
from sim.population import ID_BITS, Population
from sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from sim.rules.serving import GRANTED, REJECTED, WITHDRAWN
from sim.run import Progress
from sim.scenario import MONTH_DAYS, YEAR_DAYS, Scenario
from sim.start import ground

if TYPE_CHECKING:
    from experiments.witness import Entry
    from sim.model import CoproductionModel

NUMBER = (1 << ID_BITS) - 1
REACHED = {
    "visited": "visited by a co-producer", "heard": "heard of an event", "tie": "through a tie",
    "queue": "only through queue or neighbourhood",
}
"""How a policy reached a resident, the closest first: what differed between the arms before the resident's own life."""
GROUPS = {
    "spared": "Spared a rejection by the policy", "harmed": "Rejected only under the policy",
    "gained": "Got a permit only under the policy", "lost": "Got a permit only without the policy",
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
        order = [(place, list(REACHED).index(case.reached), case.day, case.resident, case)
                 for place, group in enumerate(("spared", "gained", "harmed", "lost")) for case in getattr(self, group)]
        return min(order, key=lambda entry: entry[:4])[4] if order else None

    def command(self, resident: int) -> str:
        """The command that tells one resident's story."""
        options = f" --resident {resident} --seed {self.seed} --replicate {self.replicate}"
        return f"keliling trace {self.baseline} {self.policy}{options}" + (
            f" --size {self.size:g}" if self.size != 1.0 else ""
        )

    def lines(self, limit: int = 10) -> list[str]:
        """The result as text: counts, then at most ``limit`` cases of each group."""
        text = [f"Baseline {self.baseline}, policy {self.policy}; seed {self.seed}, replicate {self.replicate}; "
                f"{self.adults:,} adults"]
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
        scenario.name, policy.name, seed, replicate, since, _date(scenario, since), scenario.size, population.key.size
    )
    if since >= scenario.days:
        return found
    arms = [_Arm(one, seed, replicate, progress) for one in (scenario, policy)]
    cases = _Cases(scenario, population, arms[0], arms[1], since)
    baseline, other = (arm.with_outcome(REJECTED, since) for arm in arms)
    granted, granted_other = (arm.with_outcome(GRANTED, since) for arm in arms)
    return Affected(
        **{name: getattr(found, name) for name in (
            "baseline", "policy", "seed", "replicate", "since", "since_label", "size", "adults")},
        spared=cases.of(baseline - other, REJECTED, 0),
        harmed=cases.of(other - baseline, REJECTED, 1),
        gained=cases.of(granted_other - granted, GRANTED, 1),
        lost=cases.of(granted - granted_other, GRANTED, 0),
        applications=cases.moved(),
    )


def story(
    scenario: Scenario,
    policy: Scenario | None = None,
    resident: int | None = None,
    *,
    seed: int = 1,
    replicate: int = 0,
    progress: Progress | None = None,
) -> list[str]:
    """One resident's story day by day, in one arm or, with a policy, in both; each line that holds in both stands once.

    ``resident`` is the number within the district; None picks one: with a policy the case that tells most, else the
    first who is rejected after the warm-up. ``progress`` as in ``affected``. Raises InvalidInput for a province or a
    resident who does not exist, and KelilingError for arms that do not have the same residents.
    """
    check_arms(scenario, policy)
    population = ground(scenario).population
    if resident is not None:
        row = _row(scenario, population, resident)
    elif policy is None:
        row = _first_rejected(scenario, seed, replicate, progress)
    else:
        chosen = affected(scenario, policy, seed=seed, replicate=replicate, progress=progress).pick()
        if chosen is None:
            row = _first_rejected(scenario, seed, replicate, progress)
        else:
            row = _row(scenario, population, chosen.resident)
    text = portrait(scenario, row)
    entries = _followed(scenario, row, seed, replicate, progress)
    if policy is None:
        return [*text, "", *(f"{_date(scenario, entry.day)}: {entry.text}" for entry in entries)]
    alike = scenario.first_difference(policy) >= scenario.days
    others = entries if alike else _followed(policy, row, seed, replicate, progress)
    text += ["", f"baseline = {scenario.name}, policy = {policy.name}", ""]
    counts: Counter[str] = Counter()
    for arm, entry in _merged(entries, others):
        counts[arm] += 1
        text.append(f"{arm:>8} | {_date(scenario, entry.day)}: {entry.text}")
    if counts["baseline"] + counts["policy"]:
        text += ["", f"{counts['in both']} lines hold in both arms, {counts['baseline']} in the baseline alone, "
                 f"{counts['policy']} under the policy alone."]
    else:
        text += ["", "The policy changed nothing for this resident: every line holds in both arms."]
    return [*text, SAME_LUCK]


def days_of(scenario: Scenario, policy: Scenario | None, resident: int | None) -> int:
    """At most how many working days a story has to live, for a progress bar."""
    arms = 1 if policy is None else 2
    return scenario.days * (arms if resident is not None else 2 * arms)


def check_arms(scenario: Scenario, policy: Scenario | None) -> None:
    """Raise unless both arms are of one district, over the same days, with the same residents."""
    for one in (scenario, policy):
        if one is not None and one.province is not None:
            raise InvalidInput([_problem(one, "profile", one.province.slug, "a trace is of one district, not a province")])
    if policy is None:
        return
    for name, ours, theirs in (
        ("days", scenario.days, policy.days),
        ("first year", scenario.first_year - scenario.warmup_years, policy.first_year - policy.warmup_years),
        ("residents", ground(scenario).population.key.tobytes(), ground(policy).population.key.tobytes()),
    ):
        if ours != theirs:
            raise KelilingError(f"{scenario.name} and {policy.name} do not have the same {name}: nobody can be matched")


def portrait(scenario: Scenario, row: int) -> list[str]:
    """Who a resident is: what never changes, or stands so at the start."""
    from experiments.witness import named

    base = ground(scenario)
    p, pairs = base.population, base.pairs
    thirds = np.quantile(p.literacy, (1 / 3, 2 / 3))
    third = ("lowest", "middle", "highest")[int(np.searchsorted(thirds, p.literacy.item(row)))]
    number, rw = p.key.item(row) & NUMBER, p.rw_number.item(p.rw.item(row))
    rt = (p.rt_key.item(p.rt.item(row)) & NUMBER) + 1
    may = [named(base.permits[k].title) for k in pairs.permit[pairs.first.item(row) : pairs.first.item(row + 1)].tolist()]
    marks = [
        "decisive" if p.decisive.item(row) else "flexible",
        "at work in opening hours" if p.at_work.item(row) else "free in opening hours",
        "on the internet" if p.internet.item(row) else "not on the internet",
    ]
    marks += ["head of a household"] * p.household_head.item(row) + ["owner of a small firm"] * p.firm.item(row)
    marks += ["head of the RW"] * (row in p.rw_head) + ["head of the RT"] * (row in p.rt_head)
    return [
        f"Resident {number} of {scenario.profile.name}, {p.age.item(row)} years old, of RW {rw} "
        f"({_kelurahan(scenario, rw)}) and RT {rt} of the district",
        f"  {', '.join(marks)}; {p.tie_start.item(row + 1) - p.tie_start.item(row)} ties",
        f"  digital literacy {p.literacy.item(row):.2f} (the {third} third), knowledge {p.knowledge.item(row):.2f}, "
        f"trust {p.trust.item(row):.2f}, expectation {p.expectation.item(row):.2f} of 4",
        f"  motivation: intrinsic {p.intrinsic.item(row):.2f}, social {p.social.item(row):.2f}, normative "
        f"{p.normative.item(row):.2f}; {p.free_hours.item(row):.1f} free hours a week",
        f"  may come to need {', '.join(may)}",
    ]


# the story


def _merged(baseline: list[Entry], policy: list[Entry]) -> Iterator[tuple[str, Entry]]:
    """Both arms' entries by day: those in both once, then the baseline's own, then the policy's."""
    days: dict[int, tuple[list[Entry], list[Entry]]] = {}
    for arm, entries in enumerate((baseline, policy)):
        for entry in entries:
            days.setdefault(entry.day, ([], []))[arm].append(entry)
    for _, (ours, theirs) in sorted(days.items()):
        both = Counter(ours) & Counter(theirs)
        for arm, entries in (("in both", ours), ("baseline", ours), ("policy", theirs)):
            left = both.copy()
            for entry in entries:
                shared = left[entry] > 0
                left[entry] -= 1
                if shared == (arm == "in both"):
                    yield arm, entry


def _followed(scenario: Scenario, row: int, seed: int, replicate: int, progress: Progress | None) -> list[Entry]:
    """Live one arm with a witness at one resident."""
    from experiments.watching import WatchedModel, live
    from experiments.witness import Witness

    model = WatchedModel(scenario, seed=seed, replicate=replicate)
    model.watcher = witness = Witness(model, row)
    try:
        live(model, progress)
    finally:
        model.close()
    return witness.entries


def _first_rejected(scenario: Scenario, seed: int, replicate: int, progress: Progress | None) -> int:
    """Row of the first resident who is rejected after the warm-up; of the first applicant if nobody is."""
    from experiments.watching import live
    from sim.model import CoproductionModel

    model = CoproductionModel(scenario, seed=seed, replicate=replicate)
    started = scenario.warmup_years * YEAR_DAYS

    def found() -> list[tuple[int, int, int]]:
        return _decided(model, lambda decided, outcome: (outcome == REJECTED) & (decided >= started))

    try:
        live(model, progress, until=lambda: model.day > started and bool(found()))
        first = found() or _decided(model, lambda decided, outcome: decided >= 0)
    finally:
        model.close()
    return min(first)[2] if first else 0


def _decided(
    model: CoproductionModel, which: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> list[tuple[int, int, int]]:
    """Day, key and row of the residents of the applications that ``which`` chooses by decision day and outcome."""
    a, used = model.world.applications, model.world.counts.applications.item(0)
    chosen = np.flatnonzero(which(a.decided[:used], a.outcome[:used])).tolist()
    key = model.population.key
    return [(a.decided.item(i), key.item(a.resident.item(i)), a.resident.item(i)) for i in chosen]


def _row(scenario: Scenario, population: Population, resident: int) -> int:
    found = np.flatnonzero(population.key & NUMBER == resident)
    if not found.size:
        rule = f"must be the number of an adult of {scenario.profile.name}, from {population.key.min() & NUMBER} to "
        rule += f"{population.key.max() & NUMBER}" + (" (of the RWs that the size keeps)" if scenario.size < 1 else "")
        raise InvalidInput([_problem(scenario, "resident", str(resident), rule)])
    return int(found[0])


def _problem(scenario: Scenario, key: str, given: str, rule: str) -> Problem:
    return Problem(scenario.name, 0, 0, key, given, rule)


def _kelurahan(scenario: Scenario, rw: int) -> str:
    last = 0
    for village in scenario.profile.kelurahan:
        last += village.rw
        if rw <= last:
            break
    return village.name


def _date(scenario: Scenario, day: int) -> str:
    return f"{scenario.label_of_month(day // MONTH_DAYS)}, day {day % MONTH_DAYS + 1}"
