"""Terms: everything that holds in a run from one day until the next change, as names and as records.

The agents read names (``Terms.p``, ``Terms.permits``), compiled loops the same numbers as records (``RunInputs``). What
is derived from parameters is derived here, once for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from keliling.sim import ikm
from keliling.sim.answers import satisfaction_table
from keliling.sim.compiled import compiled, with_fields
from keliling.sim.ground import TOTALS, Ground
from keliling.sim.memory import Records
from keliling.sim.parameters import PERMIT_UNITS, Permit, namespace, permits, register
from keliling.sim.reference import choosing_of
from keliling.sim.rules import choice, outreach, serving
from keliling.sim.scenario import MONTH_DAYS, YEAR_MONTHS, Scenario
from keliling.sim.state import Floats, Ints
from keliling.sim.stock import solved_record
from keliling.sim.supply import Supply, felt_level, weights_of

# Computed from the parameters of the day; every other number of ``Terms.p`` is a parameter under its own name.
DERIVED = (
    "success_prompt",
    "pay_that_erodes",
    "felt_level",
    "mean_intake_hours",
    "desk_officers",
    "desk_hours",
    "most_away",
    "net_capacity",
    "asks_a_month",
    "events_a_day",
    "targets",
)

OF_PERMITS = tuple(field for field in PERMIT_UNITS if field != "need_rate")  # what a run reads of a permit


@dataclass(frozen=True)
class Terms:
    """What holds on a day. ``p`` has every parameter and the derived numbers, ``permits`` those of each permit."""

    p: SimpleNamespace
    permits: list[SimpleNamespace]
    weights: tuple[float, ...]
    """Of willingness, in the order of ``motivation.WEIGHTS``."""
    choosing: tuple[float, ...]
    """Weights and costs of channels, in the order of ``choice.CHOOSING``."""
    target_place: Ints
    """Place of each RW in ``target_list``, -1 for those that are not in it."""


def terms_of(scenario: Scenario, ground: Ground, values: dict[str, Any]) -> Terms:
    """The terms under these values, in a district of which the scenario keeps the part ``ground``."""
    p = namespace(values)
    of_permit = [
        SimpleNamespace(enforced=int(k.enforced), credit=int(k.credit), **permit_values(p, k)) for k in ground.permits
    ]
    for permit in of_permit:
        permit.intake_hours *= ground.equilibrium.service_factor
        permit.examination_hours *= ground.equilibrium.service_factor
    numbers = ground.population.rw_number
    size = numbers.size / scenario.profile.n_rw
    target_place = np.full(numbers.size, -1, np.int64)
    for place, number in enumerate(p.target_list):
        target_place[numbers == number] = place
    p.targets = len(p.target_list)
    p.success_prompt = choice.prompt_hazard(p.tie_prompt)
    # Only pay that is tied to the task erodes.
    p.pay_that_erodes = p.pay_erosion * p.pay_tied
    p.checking_hours *= ground.equilibrium.service_factor
    taken_in = [permit.intake_hours + p.checking_hours * permit.requirements for permit in of_permit]
    p.mean_intake_hours = sum(taken_in) / len(taken_in)
    # A reduced size keeps the proportion of officer time.
    p.desk_officers = max(1, round(p.officers * size))
    p.desk_hours = p.open_hours * p.officers * size / p.desk_officers
    # It has the events of a whole RW on a fraction of the officers: what an event takes is spread over days on which
    # it takes the share that it takes of the whole office, so that crowding stays comparable.
    away = outreach.hours_away(p.officers_per_event, p.event_hours, p.travel_hours, p.open_hours)
    p.most_away = 1.0 if size >= 1.0 else min(away / (p.officers * p.open_hours), 1.0)
    p.events_a_day = p.events_per_month * size / MONTH_DAYS
    p.asks_a_month = p.neighbours_invited / YEAR_MONTHS
    outside = 0.0 if p.desk_protected or p.information_only else p.events_a_day * away
    p.net_capacity = serving.net_capacity(p.desk_officers * p.desk_hours, outside, p.least_desk)
    p.felt_level = felt_level(ground, p)
    weights = weights_of(SimpleNamespace(**vars(p) | {"pay_erosion": p.pay_that_erodes}))
    return Terms(p, of_permit, weights, choosing_of(p), target_place)


def permit_values(p: SimpleNamespace, permit: Permit) -> dict[str, float]:
    """The numbers of one permit by field."""
    return {field: getattr(p, f"{permit.name}_{field}") for field in OF_PERMITS}


class RunInputs(NamedTuple):
    """What a run is given and never changes, for compiled loops: its key, its terms by step, the ground it is on."""

    fixed: Records  # one row, see FIXED
    steps: Ints  # days on which terms begin, the first is 0
    levers: Records  # by step: the numbers of Terms.p, words by their place among the choices
    permits: Records  # by step and permit
    target_place: Ints  # by step and RW
    solved: Records  # by permit, see sim.stock.SOLVED
    routing: Floats  # by element and experience
    reference: Floats  # by experience
    unusable: Floats  # one number, the only one that is written: a willingness that is none
    sample_sizes: Ints  # rows of the regulation's table: population, sample
    traits: Records  # of residents, see sim.ground.TRAITS
    intrinsic: Floats  # of residents, at the start
    social: Floats
    normative: Floats
    motive_thirds: Floats  # by motive: where the lowest third of adults ends, and the highest begins
    tie_start: Ints
    ties: Ints
    first_need: Ints  # needs of resident i are first_need[i]:first_need[i + 1]
    openings: Floats  # how often need i arises, over the mean of its permit
    rw_start: Ints  # of rw_members
    rw_members: Ints
    rw_needs_start: Ints  # of rw_needs
    rw_needs: Ints
    rw_key: Ints
    rw_kelurahan: Ints
    rw_rts: Ints  # RTs of RW j are rw_rts[j]:rw_rts[j + 1]
    rt_start: Ints  # of rt_members
    rt_members: Ints
    rt_key: Ints


FIXED = np.dtype(
    [(name, np.int64) for name in ("seed", "replicate", "district", "year_of_day_0")]
    + [
        (name, np.float64)
        for name in (
            "online",
            "broker",
            "information_prompt",
            "informed",
            "help_prompt",
            "heeded",
            "base_score",
            "person_sd",
            "complaint_reference",
            "intercept",
            "effort",
            "pay_at_ten",
            "leaves",
            "without_thanks",
            "without_training",
            "willing_at_base",
            "intrinsic_sd",
            "social_sd",
            "normative_sd",
            "efficacy_sd",
            "low_third",
            "high_third",
            *TOTALS,
        )
    ]
)


@cache
def lever_record() -> np.dtype[np.void]:
    """One row of ``RunInputs.levers``."""
    whole = {"whole number", "switch", "choice"}
    fields: list[tuple[str, type]] = [
        (name, np.int64 if parameter.type in whole else np.float64)
        for name, parameter in register().items()
        if parameter.type != "list"
    ]
    fields += [(name, np.int64 if name in ("desk_officers", "targets") else np.float64) for name in DERIVED]
    return np.dtype(fields)


@cache
def permit_record() -> np.dtype[np.void]:
    """One cell of ``RunInputs.permits``."""
    fields: list[tuple[str, type]] = [("enforced", np.int64), ("credit", np.int64)]
    for field in OF_PERMITS:
        whole = all(register()[f"{permit.name}_{field}"].type == "whole number" for permit in permits())
        fields.append((field, np.int64 if whole else np.float64))
    return np.dtype(fields)


def inputs_of(
    scenario: Scenario, ground: Ground, steps: list[tuple[int, Terms]], seed: int, replicate: int, supply: Supply
) -> RunInputs:
    """All that compiled loops are given for a run under ``steps``, the terms by the day on which they begin."""
    solved, population, pairs = ground.equilibrium, ground.population, ground.pairs
    routing, reference = satisfaction_table()
    fixed = {
        "seed": seed,
        "replicate": replicate,
        "district": scenario.profile.code,
        "year_of_day_0": scenario.first_year - scenario.warmup_years,
        "online": solved.online,
        "broker": solved.broker,
        "information_prompt": solved.strengths.information,
        "informed": solved.strengths.informed,
        "help_prompt": solved.strengths.help,
        "heeded": solved.strengths.heeded,
        "base_score": solved.base_score,
        "person_sd": solved.person_sd,
        "complaint_reference": solved.complaint_reference,
        **{name: value for name, value in supply._asdict().items() if name != "measured"},
        **{name: value for name, value in supply.measured._asdict().items() if name != "carried"},
        **dict(zip(("intrinsic_sd", "social_sd", "normative_sd", "efficacy_sd"), ground.motives[1], strict=True)),
        "low_third": ground.literacy_thirds[0],
        "high_third": ground.literacy_thirds[1],
        **ground.totals,
    }
    return RunInputs(
        fixed=_records(FIXED, [SimpleNamespace(**fixed)]),
        steps=np.array([day for day, _ in steps], np.int64),
        levers=_records(lever_record(), [terms.p for _, terms in steps]),
        permits=with_fields(np.stack([_records(permit_record(), terms.permits) for _, terms in steps])),
        target_place=np.stack([terms.target_place for _, terms in steps]),
        solved=solved_record(solved.balances),
        routing=np.array(routing, np.float64),
        reference=np.array(reference, np.float64),
        unusable=np.zeros(1),
        sample_sizes=np.array(ikm.sizes(), np.int64),
        traits=with_fields(_shared(ground.traits)),
        intrinsic=_shared(population.intrinsic),
        social=_shared(population.social),
        normative=_shared(population.normative),
        motive_thirds=np.array(ground.motive_thirds),
        tie_start=_shared(population.tie_start),
        ties=_shared(population.ties),
        first_need=_shared(pairs.first),
        openings=_shared(pairs.openings),
        rw_start=_shared(population.rw_start),
        rw_members=_shared(population.rw_members),
        rw_needs_start=_shared(pairs.rw_start),
        rw_needs=_shared(pairs.rw_pairs),
        rw_key=_shared(population.rw_key),
        rw_kelurahan=_shared(population.rw_kelurahan),
        rw_rts=np.searchsorted(population.rt_rw, np.arange(population.rw_head.size + 1)),
        rt_start=_shared(population.rt_start),
        rt_members=_shared(population.rt_members),
        rt_key=_shared(population.rt_key),
    )


@compiled
def step_on(inputs, day):
    """Which of the steps of terms holds on ``day``."""
    step = 0
    while step + 1 < inputs.steps.size and inputs.steps[step + 1] <= day:
        step += 1
    return step


def _shared(array: Any) -> Any:
    """A view that cannot be written, of one array that many runs read."""
    view = array.view()
    view.setflags(write=False)
    return view


def _records(kind: np.dtype[np.void], rows: list[SimpleNamespace]) -> Records:
    found = np.zeros(len(rows), kind)
    for at, row in enumerate(rows):
        for name in kind.names or ():
            value = getattr(row, name)
            found[name][at] = register()[name].choices.index(value) if isinstance(value, str) else value
    return with_fields(found)
