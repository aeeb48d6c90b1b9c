"""Constants that are solved, not set, so that the model starts in balance and at the evidence's base figures.

- Channel constants of online and broker give the base shares ``online_share`` and ``broker_share`` (closed form:
  tastes are Gumbel).
- The rates of needs, permit by permit, give its stock, files and shares when inflow equals outflow (``sim.balance``).
- The strengths of prompts give the measured effects of information and of help in person (``sim.strengths``).
- The base score of satisfaction and the spread of respondents give ``ikm_base`` and ``answer_sd`` at reference
  experiences (``sim.answers``).
- The reference of complaints makes them average ``complaint_rate`` over the files decided at base
  (``sim.complaints``).

They hold at *reference levers* (the register's defaults), so that a lever moved by a scenario has its effect.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.answers import solve_answers
from keliling.sim.balance import YEAR, Balance, Habits, balance, technical_of_clear
from keliling.sim.channels import channel_constants, column, habits, keen, start_values
from keliling.sim.complaints import complaint_reference
from keliling.sim.decided import decided_at_base
from keliling.sim.eligible import Eligible
from keliling.sim.errors import Infeasible, KelilingError
from keliling.sim.parameters import Permit
from keliling.sim.population import Population
from keliling.sim.prospect import OfPermits, People
from keliling.sim.reference import choosing_of, reference_of
from keliling.sim.stock import sample, solved_record
from keliling.sim.strengths import Strengths
from keliling.sim.strengths import solve as solve_strengths

Floats = NDArray[np.float64]

LEAST_LEFT = 0.05  # of the load, for all licences but the named
SAMPLED = 20_000  # pairs over which habits are averaged, where there are more


class Equilibrium(NamedTuple):
    """The solved constants."""

    online: float  # channel constants
    broker: float
    balances: tuple[Balance, ...]  # by permit, in catalogue order
    strengths: Strengths
    service_factor: float  # of all officers' hours, such that own files take ``desk_load`` of their time
    base_score: float  # latent satisfaction at reference experiences, 1-4
    person_sd: float  # spread of respondents around it
    complaint_reference: float  # satisfaction at which complaints come at their base rate, 1-4


def _files(p: SimpleNamespace, permits: tuple[Permit, ...], holders: NDArray[np.int64]) -> Floats:
    """Files of own initiative a working day and holder, by permit; one permit takes what the load leaves."""
    load = p.own_files / 1000.0 * holders[[permit.who for permit in permits].index("adult")]
    rates = [0.0 if permit.fills_load else getattr(p, f"{permit.name}_need_rate") for permit in permits]
    left = float(load - holders @ np.array(rates))
    if left < LEAST_LEFT * load:
        raise Infeasible(
            f"own_files: {p.own_files:g} files a year and 1,000 adults leave no room beside those of the named permits"
        )
    whole = [
        left / count if permit.fills_load else rate
        for permit, count, rate in zip(permits, holders.tolist(), rates, strict=True)
    ]
    return np.array(whole) / YEAR


def solve(
    population: Population,
    pairs: Eligible,
    reference: SimpleNamespace,
    permits: tuple[Permit, ...],
    seed: int,
    size: float = 1.0,
) -> Equilibrium:
    """Solve the constants for a population at reference levers; tastes stand in by draws of the population seed.

    ``size`` is the share of the district's RWs that the population is. Raises Infeasible where a world cannot be.
    """
    p = reference
    values = start_values(population, pairs, p, permits)
    holders = np.bincount(pairs.permit, minlength=len(permits))
    for k, permit in enumerate(permits):
        if holders[k] == 0:
            raise KelilingError(f"the district is too small: nobody in it may need the permit {permit.name}")
    files = _files(p, permits, holders)
    online, broker = channel_constants(values, files[pairs.permit] * pairs.openings, p)
    key = population.key[pairs.resident]

    def keen_of(replicate: int) -> Floats:
        found: Floats = keen(seed, replicate, key, pairs.permit, values, online, broker, p.hazard_sensitivity)
        return found

    keenness_of = keen_of(0)
    numbers, choosing = reference_of(p), choosing_of(p)
    requirements = column(p, permits, "requirements").astype(np.int64)
    technical = np.array([technical_of_clear(p, permit) for permit in permits])
    traits = (population.knowledge, population.literacy)
    stride = max(pairs.permit.size // SAMPLED, 1)
    acting = habits(
        seed,
        pairs.resident,
        key,
        pairs.permit,
        pairs.openings,
        values,
        online,
        broker,
        *traits,
        requirements,
        technical,
        column(p, permits, "intake_hours"),
        column(p, permits, "examination_hours"),
        numbers,
        stride,
    )
    balances = tuple(
        balance(p, permit, keenness_of[mine], pairs.openings[mine], Habits(*acting[k].tolist()), files.item(k))
        for k, permit in enumerate(permits)
        for mine in (pairs.permit == k,)
    )
    hours = float(files * holders @ acting[:, 3])
    service_factor = p.desk_load * p.officers * p.open_hours * size / hours
    stock = sample(
        seed, pairs, lambda n: keen_of(n) if n else keenness_of, solved_record(balances), p, online, broker,
        p.event_constant,
    )  # fmt: skip
    credit = np.array([p.credit_value if permit.credit and p.bank_dki else 0.0 for permit in permits])
    of_permits = OfPermits(
        benefit=column(p, permits, "benefit"),
        fee=column(p, permits, "fee"),
        broker_fee=column(p, permits, "broker_fee"),
        credit=credit,
        technical=technical,
        hesitation=np.full(len(permits), float(p.obstacle_hesitation)),
        base_rate=np.array([one.base_rate for one in balances]),
        mean_keenness=np.array([one.mean_keenness for one in balances]),
        ends=np.array([one.known.ends for one in balances]),
        learns=np.array([one.learn_rate for one in balances]),
        requirements=requirements,
        review_days=column(p, permits, "review_days").astype(np.int64),
    )
    people = People(*traits, population.trust, population.at_work, population.internet)
    strengths = solve_strengths(
        stock, people, of_permits, numbers, choosing, 1.0 - p.broker_share, p.information_effect, p.assistance_effect
    )
    answers = solve_answers(p)
    worth = (values[::stride], online, broker)
    some = (pairs.resident[::stride], pairs.permit[::stride], pairs.openings[::stride])
    decided = decided_at_base(population, some, worth, p, permits, files * holders)
    expectation = (float(population.expectation.mean()), float(population.expectation.std()))
    score = complaint_reference(p, answers, decided, expectation, permits)
    return Equilibrium(online, broker, balances, strengths, service_factor, *answers, score)
