"""The story of one resident, day by day, in one arm or side by side in two.

Both arms have the same residents and the same luck, so a line that differs is the policy's work. Whom a policy
touched is found by ``affected``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from keliling.experiments.trace.affected import NUMBER, SAME_LUCK, Affected, Case, affected, check_arms, date, problem
from keliling.sim.errors import InvalidInput
from keliling.sim.ground import ground
from keliling.sim.kernels.simulation import Progress
from keliling.sim.population import Population
from keliling.sim.rules.serving import REJECTED
from keliling.sim.scenario import YEAR_DAYS, Scenario

if TYPE_CHECKING:
    from keliling.experiments.trace.narrator import Entry
    from keliling.sim.model import CoproductionModel


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
        return [*text, "", *(f"{date(scenario, entry.day)}: {entry.text}" for entry in entries)]
    alike = scenario.first_difference(policy) >= scenario.days
    others = entries if alike else _followed(policy, row, seed, replicate, progress)
    text += ["", f"baseline = {scenario.name}, policy = {policy.name}", ""]
    counts: Counter[str] = Counter()
    for arm, entry in merged(entries, others):
        counts[arm] += 1
        text.append(f"{arm:>8} | {date(scenario, entry.day)}: {entry.text}")
    if counts["baseline"] + counts["policy"]:
        text += [
            "",
            f"Lines that hold in both arms: {counts['in both']}; in the baseline alone: {counts['baseline']}; "
            f"under the policy alone: {counts['policy']}.",
        ]
    else:
        text += ["", "The policy changed nothing for this resident: every line holds in both arms."]
    return [*text, SAME_LUCK]


def days_of(scenario: Scenario, policy: Scenario | None, resident: int | None) -> int:
    """At most how many working days a story has to live, for a progress bar."""
    arms = 1 if policy is None else 2
    return scenario.days * (arms if resident is not None else 2 * arms)


def portrait(scenario: Scenario, row: int) -> list[str]:
    """Who a resident is: what never changes, or stands so at the start."""
    from keliling.experiments.trace.narrator import named

    base = ground(scenario)
    p, pairs = base.population, base.pairs
    thirds = np.quantile(p.literacy, (1 / 3, 2 / 3))
    third = ("lowest", "middle", "highest")[int(np.searchsorted(thirds, p.literacy.item(row)))]
    number, rw = p.key.item(row) & NUMBER, p.rw_number.item(p.rw.item(row))
    rt = (p.rt_key.item(p.rt.item(row)) & NUMBER) + 1
    mine = slice(pairs.first.item(row), pairs.first.item(row + 1))
    may = [named(base.permits[k].title) for k in pairs.permit[mine].tolist()]
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


def merged(baseline: list[Entry], policy: list[Entry]) -> Iterator[tuple[str, Entry]]:
    """Both arms' entries by day: those in both once, then the baseline's own, then the policy's."""
    days: dict[int, tuple[list[Entry], list[Entry]]] = {}
    for arm, entries in enumerate((baseline, policy)):
        for entry in entries:
            days.setdefault(entry.day, ([], []))[arm].append(entry)
    for _, (ours, theirs) in sorted(days.items()):
        both = Counter(ours) & Counter(theirs)
        for mark, said in (("in both", ours), ("baseline", ours), ("policy", theirs)):
            left = both.copy()
            for entry in said:
                shared = left[entry] > 0
                left[entry] -= 1
                if shared == (mark == "in both"):
                    yield mark, entry


def _followed(scenario: Scenario, row: int, seed: int, replicate: int, progress: Progress | None) -> list[Entry]:
    """Live one arm with a witness at one resident."""
    from keliling.experiments.trace.narrator import Witness
    from keliling.experiments.trace.observer import WatchedModel, live

    model = WatchedModel(scenario, seed=seed, replicate=replicate)
    model.watcher = witness = Witness(model, row)
    try:
        live(model, progress)
    finally:
        model.close()
    return witness.entries


def _first_rejected(scenario: Scenario, seed: int, replicate: int, progress: Progress | None) -> int:
    """Row of the first resident who is rejected after the warm-up; of the first applicant if nobody is."""
    from keliling.experiments.trace.observer import live
    from keliling.sim.model import CoproductionModel

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
        raise InvalidInput([problem(scenario, "resident", str(resident), rule)])
    return int(found[0])


def _kelurahan(scenario: Scenario, rw: int) -> str:
    last = 0
    for village in scenario.profile.kelurahan:
        last += village.rw
        if rw <= last:
            break
    return village.name


__all__ = ["Affected", "Case", "affected", "days_of", "portrait", "story"]
