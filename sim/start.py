"""The state on day 0: needs in their stationary distribution, heads in office, an idle outreach programme."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from sim import calendar
from sim.compiled import compiled
from sim.equilibrium import (
    Eligible,
    Equilibrium,
    Floats,
    column,
    eligible,
    keen,
    lapsed_share,
    opening_rate,
    solve,
    start_values,
    works_boost,
)
from sim.parameters import PERMIT_UNITS, Permit, defaults, namespace, permits, register
from sim.population import Population, build
from sim.rng import Draw, uniform
from sim.rules.influence import days_until, waited
from sim.rules.motivation import means, perceived_need
from sim.rules.start import mean_wait, need_age, open_share
from sim.scenario import Scenario
from sim.state import (
    NEVER,
    OPEN,
    RT_HEAD,
    RW_HEAD,
    Applications,
    CoProducers,
    Counts,
    Events,
    Needs,
    Neighbourhoods,
    Office,
    Parts,
    Residents,
    World,
    blank,
)

STOCK, STOCK_AGE, BIRTH, THRESHOLD, PATROL = Draw.STOCK, Draw.STOCK_AGE, Draw.BIRTH, Draw.THRESHOLD, Draw.PATROL
RENEWAL, REAPPLY = Draw.RENEWAL, Draw.REAPPLY


class Ground(NamedTuple):
    """What every run of a scenario shares, whatever its seed: built once, read only."""

    population: Population
    pairs: Eligible
    permits: tuple[Permit, ...]
    equilibrium: Equilibrium
    reference: SimpleNamespace  # values at reference levers


_grounds: dict[str, Ground] = {}


def ground(scenario: Scenario) -> Ground:
    """Population, eligible pairs and solved constants of a scenario; the last two are kept for the next run."""
    settled = {n: v for n, v in scenario.values.items() if register()[n].kind != "lever"}
    known_by = json.dumps(
        [scenario.profile.content(), scenario.population_seed, scenario.size, settled], sort_keys=True
    )
    if known_by not in _grounds:
        while len(_grounds) > 1:
            _grounds.pop(next(iter(_grounds)))
        values = defaults() | settled
        population = build(scenario.profile, scenario.population_seed, values, scenario.size)
        pairs = eligible(population, permits())
        for part in pairs:
            part.setflags(write=False)
        solved = solve(population, pairs, namespace(values), permits(), scenario.population_seed)
        _grounds[known_by] = Ground(population, pairs, permits(), solved, namespace(values))
    return _grounds[known_by]


@compiled
def start_needs(
    seed,
    replicate,
    key,
    permit,
    keenness_of,
    base_rate,
    openings,
    new_births,
    lapsed,
    boost,
    works_days,
    validity,
    detection,
    renewal,
    last_day,
    status,
    held,
    threshold,
    rate,
    due,
    monthly,
    works_until,
    patrol_day,
    expiry,
):
    """Fill the columns of needs for day 0 (see ``sim.rules.start``), one keyed draw for each question.

    ``openings`` counts all needs that open, ``new_births`` the new ones alone; rates are a working day's.
    """
    for i in range(key.size):
        k = permit[i]
        occasion = k << 24
        later = base_rate[k] * keenness_of[i]
        at_works = later * boost[k]
        share = open_share(openings[k], mean_wait(at_works, later, works_days[k]))
        mark = uniform(seed, replicate, STOCK, key[i], occasion, 0)
        monthly[i] = int(uniform(seed, replicate, STOCK_AGE, key[i], occasion, 1) * 21.0)
        works_until[i] = -1
        patrol_day[i] = -1
        expiry[i] = -1
        threshold[i] = waited(uniform(seed, replicate, THRESHOLD, key[i], occasion, 0))
        if mark < share:
            status[i] = 1
            held[i] = 0
            age = int(
                need_age(uniform(seed, replicate, STOCK_AGE, key[i], occasion, 0), at_works, later, works_days[k])
            )
            rate[i] = later
            if age < works_days[k]:
                works_until[i] = int(works_days[k]) - age
                rate[i] = at_works
                found = days_until(waited(uniform(seed, replicate, PATROL, key[i], occasion, 0)), detection / 252.0)
                if found < works_until[i]:
                    patrol_day[i] = found
            due[i] = min(monthly[i], days_until(threshold[i], rate[i]))
            if patrol_day[i] >= 0:
                due[i] = min(due[i], patrol_day[i])
        else:
            # The same draw, stretched over the rest, says whether the last need ended in giving up.
            held[i] = int((mark - share) / (1.0 - share) >= lapsed[k])
            born = days_until(waited(uniform(seed, replicate, BIRTH, key[i], occasion, 0)), new_births[k]) - 1
            if validity[k] > 0.0 and uniform(seed, replicate, RENEWAL, key[i], occasion, 0) < min(
                openings[k] * validity[k] * renewal, 0.95
            ):
                expiry[i] = int(uniform(seed, replicate, RENEWAL, key[i], occasion, 1) * validity[k])
                born = min(born, expiry[i])
            due[i] = min(born, last_day)


def initial(scenario: Scenario, base: Ground, p: SimpleNamespace, seed: int, replicate: int) -> World:
    """The World on day 0 of one run. ``p`` holds the values of day 0."""
    population, pairs = base.population, base.pairs
    n, days = population.key.size, scenario.days
    residents = blank(Residents, n)._replace(
        intrinsic=population.intrinsic.copy(),
        social=population.social.copy(),
        normative=population.normative.copy(),
        knowledge=population.knowledge.copy(),
        trust=population.trust.copy(),
        expectation=population.expectation.copy(),
        helped_day=np.full(n, NEVER),
        coproducer=np.full(n, -1),
    )
    needs = _needs(base, seed, replicate, days)
    needs_due = calendar.empty(days, 4 * pairs.key.size + 1024)
    for i in np.flatnonzero(needs.due < days):
        calendar.push(needs_due.head, needs_due.link, needs_due.item, needs_due.size, needs.due[i], i)
    coproducers, neighbourhoods = _heads(base, residents, needs, seed, replicate, p)
    expected = int(sum(openings_a_day(base)) * days * 1.3) + 1024
    return World(
        residents=residents,
        needs=needs,
        applications=blank(Applications, expected),
        coproducers=coproducers,
        neighbourhoods=neighbourhoods,
        events=blank(Events, 64),
        parts=blank(Parts, 512),
        office=blank(Office, 1)._replace(
            queue=np.zeros(2 * expected, np.int64), pointer=np.array([-1]), quality=np.array([p.lessons_start])
        ),
        needs_due=needs_due,
        applications_due=calendar.empty(days, 2 * expected),
        counts=Counts(
            np.zeros(1, np.int64),
            np.array([base.population.rw_head.size + base.population.rt_head.size]),
            np.zeros(1, np.int64),
            np.zeros(1, np.int64),
        ),
    )


def permit_values(p: SimpleNamespace, permit: Permit) -> dict[str, float]:
    """The numbers of one permit by field."""
    return {field: getattr(p, f"{permit.name}_{field}") for field in PERMIT_UNITS}


def intercept(base: Ground, willingness: Callable[..., float], weights: tuple[float, ...]) -> float:
    """Intercept of willingness at which heads accept an invitation at base with ``invite_acceptance``.

    Base is the register's levers, rested heads, an idle desk, and the expected stock of open needs.
    """
    population, p = base.population, base.reference
    holders = np.bincount(base.pairs.permit, minlength=len(base.permits))
    stock = float(column(p, base.permits, "stock") @ holders)
    need = perceived_need(p.known_share * stock / population.rw_head.size, p.need_half)
    etas = np.array(
        [
            willingness(
                population.intrinsic.item(row),
                population.social.item(row),
                population.normative.item(row),
                population.efficacy.item(row),
                population.decisive.item(row),
                need,
                0.5,
                means(p.training_hours),
                0,
                0.0,
                0.0,
                p.coproducer_hours / population.free_hours.item(row),
                0.0,
                weights,
            )
            for row in np.concatenate([population.rw_head, population.rt_head])
        ]
    )
    low, high = -50.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2.0
        share = float(np.mean(1.0 / (1.0 + np.exp(-(middle + etas)))))
        low, high = (middle, high) if share < p.invite_acceptance else (low, middle)
    return (low + high) / 2.0


def openings_a_day(base: Ground) -> Floats:
    """Expected needs a working day that arise in the district, by permit."""
    holders = np.bincount(base.pairs.permit, minlength=len(base.permits))
    return np.array([opening_rate(base.reference, k) * holders[i] for i, k in enumerate(base.permits)])


def _needs(base: Ground, seed: int, replicate: int, days: int) -> Needs:
    population, pairs, p = base.population, base.pairs, base.reference
    solved = base.equilibrium
    resident_key = population.key[pairs.resident]
    keenness_of = keen(
        seed,
        replicate,
        resident_key,
        pairs.permit,
        start_values(population, pairs, p, base.permits),
        solved.online,
        solved.broker,
        p.hazard_sensitivity,
    )
    size = pairs.key.size
    needs = blank(Needs, size)._replace(
        resident=pairs.resident, permit=pairs.permit, key=pairs.key, event=np.full(size, -1), due=np.full(size, days)
    )
    start_needs(
        seed,
        replicate,
        resident_key,
        pairs.permit,
        keenness_of,
        solved.base_rate,
        np.array([opening_rate(p, k) for k in base.permits]),
        column(p, base.permits, "need_rate") / 252.0,
        np.array([lapsed_share(p, k) for k in base.permits]),
        np.array([works_boost(p, k) for k in base.permits]),
        np.array([getattr(p, f"{k.name}_works_days") if k.enforced else 0.0 for k in base.permits], np.float64),
        column(p, base.permits, "validity_days"),
        p.detection_rate,
        p.renewal,
        days,
        needs.status,
        needs.held,
        needs.threshold,
        needs.rate,
        needs.due,
        needs.monthly,
        needs.works_until,
        needs.patrol_day,
        needs.expiry,
    )
    return needs


def _heads(
    base: Ground, residents: Residents, needs: Needs, seed: int, replicate: int, p: SimpleNamespace
) -> tuple[CoProducers, Neighbourhoods]:
    population = base.population
    n_rw, n_rt = population.rw_head.size, population.rt_head.size
    heads = n_rw + n_rt
    rows = np.concatenate([population.rw_head, population.rt_head])
    coproducers = blank(CoProducers, 2 * heads + 64)
    coproducers.resident[:heads] = rows
    coproducers.rw[:heads] = population.rw[rows]
    coproducers.rt[:heads] = population.rt[rows]
    coproducers.role[:n_rw] = RW_HEAD
    coproducers.role[n_rw:heads] = RT_HEAD
    coproducers.stopped[:heads] = NEVER
    coproducers.skill[:heads] = p.skill_start
    coproducers.thanked[:heads] = 1
    # Where a small RW left nobody else to elect, one resident holds both offices and the higher one counts.
    residents.coproducer[rows[::-1]] = np.arange(heads)[::-1]
    open_in_rw = np.bincount(population.rw[needs.resident[needs.status == OPEN]], minlength=n_rw)
    neighbourhoods = blank(Neighbourhoods, n_rw)._replace(
        head=np.arange(n_rw),
        declined_day=np.full(n_rw, NEVER),
        last_event=np.full(n_rw, NEVER),
        running=np.full(n_rw, -1),
        company=np.full(n_rw, 0.5),
        known=p.known_share * open_in_rw,
        norm=np.full(n_rw, 1.0 - p.broker_share),
    )
    return coproducers, neighbourhoods
