"""What channels are worth to every pair of a resident and a permit on day 0, and what that makes them do."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from keliling.sim.compiled import compiled, loop
from keliling.sim.eligible import Eligible
from keliling.sim.errors import KelilingError
from keliling.sim.parameters import Permit
from keliling.sim.population import Population
from keliling.sim.reference import choosing_of
from keliling.sim.rng import Draw, two_uniforms, uniform
from keliling.sim.rules import filing
from keliling.sim.rules.choice import (
    BROKER,
    COUNTER,
    ONLINE,
    attempt_failure,
    channel_value,
    filed_chance,
    filing_delay,
    keenness,
    taste,
)
from keliling.sim.rules.start import complete_after, success_chance

Floats = NDArray[np.float64]

TASTE = Draw.TASTE
NOT_AT_HAND = -1e9  # the worth of a channel that one cannot use


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
        choosing_of(p),
    )
    return values


@compiled
def plain_values(
    resident, permit, knowledge, literacy, at_work, trust, internet, norm, benefit, fee, broker_fee, choosing
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
                0.0,
                norm,
                fee[k],
                broker_fee[k],
                0.0,
                choosing,
            )
        if internet[r] == 0:
            values[i, 0] = NOT_AT_HAND
    return values


@loop
def odds(values):
    """Odds of online and broker against the counter for every pair when tastes are Gumbel (multinomial logit)."""
    found = np.empty((values.shape[0], 2))
    for i in range(values.shape[0]):
        found[i, 0] = math.exp(values[i, 0] - values[i, 1])
        found[i, 1] = math.exp(values[i, 2] - values[i, 1])
    return found


@loop
def shares(against_counter, weight, online, broker):
    """Weighted shares of online and broker: ``odds`` when multiplied by ``online`` and ``broker``."""
    total = 0.0
    by_online = 0.0
    by_broker = 0.0
    for i in range(weight.size):
        a, c = against_counter[i, 0] * online, against_counter[i, 1] * broker
        each = weight[i] / (a + 1.0 + c)
        by_online += each * a
        by_broker += each * c
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
def habits(
    seed,
    resident,
    resident_key,
    permit,
    openings,
    values,
    online,
    broker,
    knowledge,
    literacy,
    requirements,
    technical,
    intake,
    examination,
    p,
    stride,
):
    """What acting comes to by permit (see ``sim.balance.Habits``), over every ``stride``-th pair at its best channel.

    ``technical`` is the share of complete files without an obstacle that fail; ``intake`` and ``examination`` are
    hours; ``p`` is a ``sim.reference.Reference``.
    """
    total, found = np.zeros(technical.size), np.zeros((technical.size, 4))
    for i in range(0, permit.size, stride):
        k, r, often, occasion = permit[i], resident[i], openings[i], permit[i] << 24
        at_counter, at_broker = two_uniforms(seed, 0, TASTE, resident_key[i], occasion, COUNTER >> 1)
        worth = (
            values[i, 0] + online + taste(uniform(seed, 0, TASTE, resident_key[i], occasion, ONLINE)),
            values[i, 1] + taste(at_counter),
            values[i, 2] + broker + taste(at_broker),
        )
        best, elsewhere = COUNTER, COUNTER
        if worth[2] > worth[1]:
            best, elsewhere = BROKER, BROKER
        if worth[0] > max(worth[1], worth[2]):
            best = ONLINE
        failing = attempt_failure(best, p.online_failure, p.counter_failure, literacy[r], p.literacy_mean, 0.0)
        then = attempt_failure(elsewhere, p.online_failure, p.counter_failure, literacy[r], p.literacy_mean, 0.0)
        found[k, 0] += often * filed_chance(failing, then, p.gives_up, p.tries_later)
        found[k, 1] += often * filing_delay(failing, p.tries_later, p.gives_up, p.retry_days)
        error = filing.defect_chance(
            p.document_error,
            best,
            knowledge[r],
            p.knowledge_mean,
            literacy[r],
            p.literacy_mean,
            filing.helper_ratio(best, 0.0, p.officer_error, p.broker_error, 1.0),
            p.error_knowledge,
            p.error_literacy,
        )
        found[k, 2] += often * success_chance(
            requirements[k], error, p.comes_back, p.document_correction, p.corrections, technical[k]
        )
        looked_at, comes = 1.0, 1.0
        for done in range(p.corrections):
            comes *= p.comes_back
            looked_at += comes * (1.0 - complete_after(requirements[k], error, p.document_correction, done))
        hours = intake[k] * (p.online_intake if best == ONLINE else 1.0) + examination[k] * looked_at
        found[k, 3] += often * hours
        total[k] += often
    for k in range(total.size):
        found[k] /= total[k]
    return found


def channel_constants(values: Floats, weight: Floats, p: SimpleNamespace) -> tuple[float, float]:
    """Constants of online and broker at which first choices are shared as ``online_share`` and ``broker_share`` say.

    ``values`` are the worths of the pairs, ``weight`` their needs. Raises KelilingError where nobody could use one.
    """
    online = broker = 0.0
    against_counter = odds(values)
    wanted_online = p.online_share * (1.0 - p.broker_share)
    wanted_counter = (1.0 - p.online_share) * (1.0 - p.broker_share)
    for _ in range(60):
        # Each pass moves both constants by the log of wanted over reached odds against the counter.
        by_online, by_broker = shares(against_counter, weight, math.exp(online), math.exp(broker))
        by_counter = 1.0 - by_online - by_broker
        if min(by_online, by_broker, by_counter) <= 0.0:
            raise KelilingError("the district is too small: nobody in it could use one of the channels")
        step_online = math.log(wanted_online / by_online * by_counter / wanted_counter)
        step_broker = math.log(p.broker_share / by_broker * by_counter / wanted_counter)
        online += step_online
        broker += step_broker
        if abs(step_online) + abs(step_broker) < 1e-10:
            break
    return online, broker
