"""Constants that are solved, not set, so that the model starts in balance and at the evidence's base figures.

- Channel constants of online and broker give the base shares ``online_share`` and ``broker_share`` (closed form:
  tastes are Gumbel).
- The base rate of acting on each permit gives its ``stock`` of open needs when inflow equals outflow.
- The base score of satisfaction and the spread of respondents give ``ikm_base`` and ``answer_sd`` at reference
  experiences (``sim.answers``).
- The reference of complaints makes them average ``complaint_rate`` over the files decided at base
  (``sim.complaints``).

They hold at *reference levers* (the register's defaults), so that a lever moved by a scenario has its effect.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.answers import solve_answers
from sim.compiled import compiled, loop
from sim.complaints import complaint_reference
from sim.decided import decided_at_base
from sim.errors import KelilingError
from sim.parameters import Permit
from sim.population import Population
from sim.rng import Draw, two_uniforms, uniform
from sim.rules.choice import COUNTER, ONLINE, channel_value, keenness, taste, threat
from sim.rules.start import mean_wait, open_share, success_chance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TASTE = Draw.TASTE
YEAR = 252
NOT_AT_HAND = -1e9  # the worth of a channel that one cannot use


class Eligible(NamedTuple):
    """Every pair of a resident and a permit that the resident may need, by resident then permit."""

    resident: Ints
    permit: Ints
    key: Ints  # resident's key x 8 + permit
    rw_start: Ints  # pairs of RW j are rw_pairs[rw_start[j]:rw_start[j + 1]], ascending keys
    rw_pairs: Ints
    first: Ints  # first pair of each resident, one entry more than residents


class Equilibrium(NamedTuple):
    """The solved constants; arrays over permits are in catalogue order."""

    online: float  # channel constants
    broker: float
    base_rate: Floats  # of acting a day, at keenness 1
    mean_keenness: Floats  # over the open needs at the start
    base_score: float  # latent satisfaction at reference experiences, 1-4
    person_sd: float  # spread of respondents around it
    complaint_reference: float  # satisfaction at which complaints come at their base rate, 1-4


def eligible(population: Population, permits: tuple[Permit, ...]) -> Eligible:
    """Who may need what."""
    everyone = np.arange(population.key.size)
    holders = {"household": population.household_head == 1, "firm": population.firm == 1}
    resident = [everyone[holders[k.who]] if k.who in holders else everyone for k in permits]
    permit = np.concatenate([np.full(r.size, k) for k, r in enumerate(resident)]).astype(np.int64)
    resident_all = np.concatenate(resident).astype(np.int64)
    order = np.lexsort((permit, resident_all))
    resident_all, permit = resident_all[order], permit[order]
    key = population.key[resident_all] * 8 + permit
    rw = population.rw[resident_all]
    by_rw = np.lexsort((key, rw)).astype(np.int64)
    rw_start = np.searchsorted(rw[by_rw], np.arange(population.rw_head.size + 1)).astype(np.int64)
    first = np.searchsorted(resident_all, np.arange(population.key.size + 1)).astype(np.int64)
    return Eligible(resident_all, permit, key, rw_start, by_rw, first)


@compiled
def plain_values(
    resident,
    permit,
    knowledge,
    literacy,
    at_work,
    trust,
    internet,
    norm,
    benefit,
    fee,
    broker_fee,
    w_learning,
    w_compliance,
    w_psychological,
    memory,
    w_fee,
    w_norm,
):
    """Worth of online, counter and broker for every pair, without tastes and constants (or NOT_AT_HAND)."""
    values = np.empty((resident.size, 3), np.float64)
    for i in range(resident.size):
        r, k = resident[i], permit[i]
        for c in range(3):
            values[i, c] = channel_value(
                c + 1,
                0.0,
                0.0,
                benefit[k],
                0.0,
                knowledge[r],
                literacy[r],
                at_work[r],
                trust[r],
                0,
                norm,
                fee[k],
                broker_fee[k],
                0.0,
                w_learning,
                w_compliance,
                w_psychological,
                memory,
                w_fee,
                w_norm,
            )
        if internet[r] == 0:
            values[i, 0] = NOT_AT_HAND
    return values


@loop
def shares(values, weight, online, broker):
    """Weighted shares of online and broker when tastes are Gumbel (multinomial logit)."""
    total = 0.0
    by_online = 0.0
    by_broker = 0.0
    for i in range(weight.size):
        top = max(values[i, 0] + online, values[i, 1], values[i, 2] + broker)
        a = math.exp(values[i, 0] + online - top)
        b = math.exp(values[i, 1] - top)
        c = math.exp(values[i, 2] + broker - top)
        by_online += weight[i] * a / (a + b + c)
        by_broker += weight[i] * c / (a + b + c)
        total += weight[i]
    return by_online / total, by_broker / total


@loop
def keen(seed, replicate, resident_key, permit, values, online, broker, sensitivity):
    """Keenness of every pair with the tastes of its first need."""
    found = np.empty(permit.size, np.float64)
    for i in range(permit.size):
        occasion = permit[i] << 24
        at_counter, at_broker = two_uniforms(seed, replicate, TASTE, resident_key[i], occasion, COUNTER >> 1)
        best = max(values[i, 1] + taste(at_counter), values[i, 2] + taste(at_broker) + broker)
        if values[i, 0] > NOT_AT_HAND:
            liking = taste(uniform(seed, replicate, TASTE, resident_key[i], occasion, ONLINE))
            best = max(best, values[i, 0] + liking + online)
        found[i] = keenness(best, sensitivity)
    return found


@loop
def stock_at(rate, keenness_of, works_boost, works_days, birth_rate):
    """Mean open share over eligible pairs at base rate ``rate``, and the mean keenness over the open stock."""
    total = 0.0
    keen_total = 0.0
    for i in range(keenness_of.size):
        later = rate * keenness_of[i]
        share = open_share(birth_rate, mean_wait(later * works_boost, later, works_days))
        total += share
        keen_total += share * keenness_of[i]
    return total / keenness_of.size, keen_total / total


@loop
def first_files(rate, keenness_of, works_boost, works_days, opens, new):
    """First files a day of every holder at base rate ``rate``: needs open at rate ``opens``, ``new`` ones among them.

    A need that is open leaves no room for another; in balance as many are filed as open.
    """
    found = np.empty(keenness_of.size)
    for i in range(keenness_of.size):
        later = rate * keenness_of[i]
        found[i] = new * (1.0 - open_share(opens, mean_wait(later * works_boost, later, works_days)))
    return found


def success(p: SimpleNamespace, permit: Permit) -> float:
    """Chance that an application of a mean resident at the counter is granted; it sets how many come again."""
    chance: float = success_chance(
        getattr(p, f"{permit.name}_requirements"),
        p.document_error * p.officer_error,
        p.correction_chance,
        p.document_correction,
        getattr(p, f"{permit.name}_technical_rejection"),
    )
    return chance


def lapsed_share(p: SimpleNamespace, permit: Permit) -> float:
    """Share of needs that end in giving up; in balance also the share of idle holders with an unmet need."""
    again = (1.0 - success(p, permit)) * p.reapply
    return (1.0 - success(p, permit)) * (1.0 - p.reapply) / (1.0 - again)


def new_rate(p: SimpleNamespace, permit: Permit) -> float:
    """Needs that are new a working day and eligible holder, or come of an expiry."""
    rate: float = getattr(p, f"{permit.name}_need_rate") / YEAR
    return rate / (1.0 - p.renewal) if getattr(p, f"{permit.name}_validity_days") > 0 else rate


def opening_rate(p: SimpleNamespace, permit: Permit) -> float:
    """Needs that open a working day and eligible holder: new ones, expiries, and reopenings after a failure."""
    return new_rate(p, permit) / (1.0 - (1.0 - success(p, permit)) * p.reapply)


def works_boost(p: SimpleNamespace, permit: Permit) -> float:
    """How much keener a holder is while works last: the threat of sanction enters worth once."""
    if not permit.enforced:
        return 1.0
    boost: float = keenness(p.weight_sanction * threat(1, 0, p.detection_rate), p.hazard_sensitivity)
    return boost


def column(p: SimpleNamespace, permits: tuple[Permit, ...], field: str) -> Floats:
    """A permit's number for every permit of the catalogue."""
    return np.array([getattr(p, f"{permit.name}_{field}") for permit in permits], np.float64)


def start_values(population: Population, pairs: Eligible, p: SimpleNamespace, permits: tuple[Permit, ...]) -> Floats:
    """Worth of each channel for each pair at the start (see ``plain_values``)."""
    values: Floats = plain_values(
        pairs.resident,
        pairs.permit,
        population.knowledge,
        population.literacy,
        population.at_work,
        population.trust,
        population.internet,
        1.0 - p.broker_share,
        column(p, permits, "benefit"),
        column(p, permits, "fee"),
        column(p, permits, "broker_fee"),
        p.weight_learning,
        p.weight_compliance,
        p.weight_psychological,
        p.rejection_memory,
        p.weight_fee,
        p.weight_norm,
    )
    return values


def solve(
    population: Population, pairs: Eligible, reference: SimpleNamespace, permits: tuple[Permit, ...], seed: int
) -> Equilibrium:
    """Solve the constants for a population at reference levers; tastes stand in by draws of the population seed."""
    p = reference
    values = start_values(population, pairs, p, permits)
    rates = np.array([opening_rate(p, permit) for permit in permits])
    weight = rates[pairs.permit]
    online = broker = 0.0
    wanted_online = p.online_share * (1.0 - p.broker_share)
    wanted_counter = (1.0 - p.online_share) * (1.0 - p.broker_share)
    for _ in range(60):
        # Each pass moves both constants by the log of wanted over reached odds against the counter.
        by_online, by_broker = shares(values, weight, online, broker)
        by_counter = 1.0 - by_online - by_broker
        if min(by_online, by_broker, by_counter) <= 0.0:
            raise KelilingError("the district is too small: nobody in it could use one of the channels")
        step_online = math.log(wanted_online / by_online * by_counter / wanted_counter)
        step_broker = math.log(p.broker_share / by_broker * by_counter / wanted_counter)
        online += step_online
        broker += step_broker
        if abs(step_online) + abs(step_broker) < 1e-10:
            break
    keenness_of = keen(
        seed, 0, population.key[pairs.resident], pairs.permit, values, online, broker, p.hazard_sensitivity
    )
    base_rate, mean_keenness, first = [], [], np.empty(pairs.permit.size)
    for k, permit in enumerate(permits):
        mine = keenness_of[pairs.permit == k]
        if mine.size == 0:
            raise KelilingError(f"the district is too small: nobody in it may need the permit {permit.name}")
        stock = getattr(p, f"{permit.name}_stock")
        works = getattr(p, f"{permit.name}_works_days")
        low, high = math.log(1e-12), math.log(1e6)
        for _ in range(50):
            middle = (low + high) / 2.0
            share, _mean = stock_at(math.exp(middle), mine, works_boost(p, permit), works, rates[k])
            low, high = (middle, high) if share > stock else (low, middle)
        rate = math.exp((low + high) / 2.0)
        base_rate.append(rate)
        mean_keenness.append(stock_at(rate, mine, works_boost(p, permit), works, rates[k])[1])
        boost, new = works_boost(p, permit), new_rate(p, permit)
        first[pairs.permit == k] = first_files(rate, mine, boost, works, rates[k], new)
    answers = solve_answers(p)
    files = decided_at_base(population, (pairs.resident, pairs.permit, first), (values, online, broker), p, permits)
    expectation = (float(population.expectation.mean()), float(population.expectation.std()))
    reference_score = complaint_reference(p, answers, files, expectation, permits)
    return Equilibrium(online, broker, np.array(base_rate), np.array(mean_keenness), *answers, reference_score)
