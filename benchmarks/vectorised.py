"""Needs and decisions alone, as whole-array NumPy: every working day is evaluated for all open needs at once.

This is how one writes it without a compiler and without a schedule of who is due. Each day it looks up the open
needs of which their holders know, values the three channels for each of them, adds a day's hazard, and lets those act
whose threshold is crossed: an attempt may fail, else an application is counted and the need closes with a new day on
which it opens.

It starts from the reference's day 0. Left out is everything after filing: documents, the desk, returns, reviews,
satisfaction and complaints. An application is decided after its permit's mean number of days and granted with the
chance of a mean resident at the counter, never with an obstacle; it reopens the need after a failure, and a grant may
expire. Knowledge, trust and the norm stay as they were on day 0, no work waits, ties tell nothing, and no works are
demolished. Learning of needs, obstacles, ends of needs, failed attempts, patrols and their notices, and rejections
remembered (withdrawals among them), are kept. No events are held.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from keliling.sim import start
from keliling.sim.channels import column
from keliling.sim.ground import ground
from keliling.sim.parameters import namespace
from keliling.sim.records import CHANNELS
from keliling.sim.reference import choosing_of, reference_of
from keliling.sim.rng import Draw, uniform
from keliling.sim.rules import choice
from keliling.sim.rules.choice import (
    BROKER,
    COUNTER,
    MEMORY,
    ONLINE,
    W_COMPLIANCE,
    W_FEE,
    W_LEARNING,
    W_NORM,
    W_PSYCHOLOGICAL,
)
from keliling.sim.rules.start import success_chance
from keliling.sim.scenario import Scenario
from keliling.sim.state import OPEN
from keliling.sim.stock import solved_record

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CODES = (ONLINE, COUNTER, BROKER)  # rows of every array over channels
SUBMITTED = {code: f"submitted.{channel}" for channel, code in CHANNELS.items()}
YEAR = 252.0  # working days


class District:
    """Columns over all pairs of a resident and a permit (one need each), and the numbers that people and permits have.

    Days are working days from the start; rates are per working day.
    """

    def __init__(self, scenario: Scenario, *, seed: int = 1, replicate: int = 0) -> None:
        self.p = p = namespace(scenario.timeline()[0][1])
        base = ground(scenario)
        needs = start.initial(scenario, base, p, seed, replicate).needs
        self.people = people = base.population
        self.rng = np.random.default_rng((seed, replicate))
        needs = type(needs)._make(column.copy() for column in needs)  # rows of records lie far apart
        self.resident, self.permit = needs.resident, needs.permit
        n, permits = self.permit.size, base.permits

        self.open = needs.status == OPEN
        self.opens = np.where(self.open, -1, needs.due)
        self.hazard, self.rate, self.threshold = np.zeros(n), np.zeros(n), needs.threshold
        self.works_until, self.patrol_day = needs.works_until, needs.patrol_day
        self.learns, self.ends = needs.learns, needs.ends
        self.aware, self.obstacle = needs.aware > 0, needs.obstacle > 0
        self.noticed, self.online_failed, self.again = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
        self.rejections, self.rejections_day = np.zeros(people.key.size), np.zeros(people.key.size, np.int64)
        # The state of day 0 follows from the tastes of the first need, so they are the reference's.
        who, occasion = people.key[self.resident].tolist(), (self.permit << 24).tolist()
        self.tastes = np.empty((len(CODES), n))
        for row, code in enumerate(CODES):
            marks = [uniform(seed, replicate, Draw.TASTE, w, o, code) for w, o in zip(who, occasion, strict=True)]
            self.tastes[row] = gumbel(np.array(marks))

        self.fee, self.broker_fee = column(p, permits, "fee"), column(p, permits, "broker_fee")
        self.benefit = column(p, permits, "benefit")
        self.validity, self.works_days = column(p, permits, "validity_days"), column(p, permits, "works_days")
        self.enforced = np.array([permit.enforced for permit in permits])
        solved = solved_record(base.equilibrium.balances)
        self.base_rate, self.mean_keenness = solved["base_rate"], solved["mean_keenness"]
        self.birth_rate, self.learn_rate, self.end_rate = solved["birth_rate"], solved["learn_rate"], solved["ends"]
        self.unaware, self.obstacle_birth = solved["unaware"], solved["obstacle_birth"]
        self.constants = np.array([[base.equilibrium.online], [0.0], [base.equilibrium.broker]])
        requirements, error = column(p, permits, "requirements"), p.document_error * p.officer_error
        corrected = (reference_of(p).comes_back, p.document_correction, p.corrections)
        self.granted_chance = np.array(
            [
                success_chance(int(documents), error, *corrected, technical)
                for documents, technical in zip(requirements, solved["technical"], strict=True)
            ]
        )
        complete = (1.0 - error) ** requirements
        correcting = p.correction_chance * p.correction_days + (1.0 - p.correction_chance) * (p.correction_deadline + 1)
        decided = column(p, permits, "review_days") + (1.0 - complete) * correcting
        self.days_to_decision = np.rint(decided).astype(np.int64)

        # The costs are linear in what a person is, so the scalar rules give their slopes, one row a channel.
        self.weights = weights = choosing_of(p)
        self.unknowing = rows(choice.learning_cost(code, 0.0, 1.0, weights) for code in CODES)
        self.illiterate = rows(choice.learning_cost(code, 1.0, 0.0, weights) for code in CODES)
        self.busy = np.array([[choice.compliance_cost(code, at_work, weights) for at_work in (0, 1)] for code in CODES])
        self.burdened = rows(choice.psychological_cost(code, 0.0, 0.0, weights) for code in CODES)
        self.by_broker = rows(float(code == BROKER) for code in CODES)
        self.norm_drawn = weights[W_NORM] * (1.0 - p.broker_share - 0.5) * (1.0 - self.by_broker)
        self.at_hand = np.array([bool(p.online), True, bool(p.brokers)])
        self.at_works_threat = choice.threat(1, 0, p.detection_rate)
        self.notice_prompt = choice.prompt_hazard(p.answer_summons)
        self.count: Counter[str] = Counter()

    def end(self, today: int) -> None:
        """End the needs whose time is up, with nothing filed."""
        i = np.flatnonzero(self.open)
        i = i[self.ends[i] <= today]
        self.count["ended"] += i.size
        self.close_unfiled(i, today)

    def arise(self, today: int) -> None:
        """Open the needs whose day it is, and let holders learn of theirs; from tomorrow on they are decided."""
        i = np.flatnonzero(self.open)
        self.aware[i[self.learns[i] <= today]] = True
        i = np.flatnonzero(self.opens == today)
        self.open[i], self.hazard[i] = True, 0.0
        self.threshold[i] = self.rng.exponential(size=i.size)
        self.ends[i] = today + waits(self.rng, self.end_rate[self.permit[i]])
        self.online_failed[i] = False
        new = i[~self.again[i]]
        of_new = self.permit[new]
        self.aware[new] = self.rng.random(new.size) >= self.unaware[of_new]
        self.obstacle[new] = self.rng.random(new.size) < self.obstacle_birth[of_new]
        self.learns[new] = today + np.where(self.aware[new], 0, waits(self.rng, self.learn_rate[of_new]))
        works = new[self.enforced[of_new]]
        self.works_until[works] = until = today + self.works_days[self.permit[works]].astype(np.int64)
        found = today + waits(self.rng, np.full(works.size, self.p.detection_rate / YEAR))
        self.patrol_day[works] = np.where(found < until, found, -1)

    def worth(self, i: Ints, today: int) -> Floats:
        """Worth of each channel (rows) over waiting for each of the needs ``i``, in utility; see ``channel_value``."""
        p, people, who, permit, weights = self.p, self.people, self.resident[i], self.permit[i], self.weights
        at_works = (self.works_until[i] > today) & bool(p.patrols)
        threat = np.where(self.noticed[i], 1.0, np.where(at_works, self.at_works_threat, 0.0))
        unknowing, illiterate = 1.0 - people.knowledge[who], 1.0 - people.literacy[who]
        remembered = np.minimum(self.remembered(who, today), 3.0)
        burden = 1.0 - people.trust[who] + weights[MEMORY] * remembered
        worth = self.tastes.take(i, axis=1) + self.constants + self.norm_drawn
        worth += self.benefit[permit] + p.weight_sanction * threat - weights[W_FEE] * self.fee[permit]
        worth -= weights[W_LEARNING] * (self.unknowing * unknowing + self.illiterate * illiterate)
        worth -= weights[W_COMPLIANCE] * self.busy.take(people.at_work[who], axis=1)
        worth -= weights[W_PSYCHOLOGICAL] * self.burdened * burden
        worth -= weights[W_FEE] * self.by_broker * self.broker_fee[permit]
        return worth

    def remembered(self, who: Ints, today: int) -> Floats:
        """Rejections that residents ``who`` remember, fading."""
        fading: Floats = self.rejections[who] * np.exp2((self.rejections_day[who] - today) / self.p.rejection_half_life)
        return fading

    def decide(self, today: int) -> None:
        """Add a day's hazard at every open need that is known; those past their threshold try to file."""
        i = np.flatnonzero(self.open)
        found = (self.patrol_day[i] == today) & bool(self.p.patrols)
        known = self.aware[i] | found
        i, found = i[known], found[known]
        permit = self.permit[i]
        worth = self.worth(i, today)
        worth[~self.at_hand] = -np.inf
        worth[0, (self.people.internet[self.resident[i]] == 0) | self.online_failed[i]] = -np.inf
        channel = worth.argmax(axis=0)
        keen = np.exp(np.clip(self.p.hazard_sensitivity * worth.max(axis=0), -30.0, 30.0))
        hesitates = np.where(self.obstacle[i], self.p.obstacle_hesitation, 1.0)
        self.rate[i] = rate = self.base_rate[permit] * keen * hesitates
        hazard = self.hazard[i] + rate * self.aware[i]
        relative = np.minimum(keen / self.mean_keenness[permit], self.p.attention_cap)
        hazard += np.where(found, self.notice_prompt * relative, 0.0)
        self.noticed[i[found]] = self.aware[i[found]] = True
        self.count["notices"] += int(np.count_nonzero(found))
        self.hazard[i] = hazard
        acts = hazard >= self.threshold[i]
        self.act(i[acts], channel[acts], today)

    def act(self, i: Ints, channel: Ints, today: int) -> None:
        """Count the applications for the needs ``i``, but for attempts that fail before anything is filed."""
        p, online = self.p, CODES.index(ONLINE)
        illiteracy = (p.literacy_mean - self.people.literacy[self.resident[i]]) / p.literacy_mean
        at_counter = np.where(channel == CODES.index(COUNTER), p.counter_failure, 0.0)
        chance = np.where(channel == online, np.minimum(p.online_failure * (1.0 + illiteracy), 0.95), at_counter)
        failed = self.rng.random(i.size) < chance
        self.count["attempts"] += i.size
        self.count["failed_attempts"] += int(np.count_nonzero(failed))
        self.after_failed_attempt(i[failed], channel[failed] == online, today)
        i, channel = i[~failed], channel[~failed]
        self.count["submitted"] += i.size
        for row, code in enumerate(CODES):
            self.count[SUBMITTED[code]] += int(np.count_nonzero(channel == row))
        self.decided(i, today)

    def after_failed_attempt(self, i: Ints, online: Flags, today: int) -> None:
        """End the needs ``i``, or let them be tried again later, or elsewhere tomorrow."""
        p = self.p
        mark = self.rng.random(i.size)
        ends = mark < p.gives_up
        later = ~ends & (mark < p.gives_up + (1.0 - p.gives_up) * p.tries_later)
        self.online_failed[i] = online & ~later
        put_off = i[later]
        # As much of the hazard is taken back as gathers again until then.
        waiting = geometric(self.rng, p.retry_days, put_off.size)
        self.hazard[put_off] = self.threshold[put_off] - self.rate[put_off] * waiting
        self.count["given_up"] += int(np.count_nonzero(ends))
        self.close_unfiled(i[ends], today)

    def decided(self, i: Ints, today: int) -> None:
        """Decide the applications for the needs ``i``; with an obstacle none is granted and no need comes again."""
        p, permit = self.p, self.permit[i]
        granted = (self.rng.random(i.size) < self.granted_chance[permit]) & ~self.obstacle[i]
        again = ~granted & ~self.obstacle[i] & (self.rng.random(i.size) < p.reapply)
        who, counts = np.unique(self.resident[i[~granted]], return_counts=True)
        self.rejections[who], self.rejections_day[who] = self.remembered(who, today) + counts, today
        self.count["granted"] += int(np.count_nonzero(granted))
        self.close(i, today + self.days_to_decision[permit], granted, again)

    def close_unfiled(self, i: Ints, today: int) -> None:
        """Close the needs ``i`` with nothing filed."""
        neither = np.zeros(i.size, bool)
        self.close(i, np.full(i.size, today), neither, neither)

    def close(self, i: Ints, when: Ints, granted: Flags, again: Flags) -> None:
        """Close the needs ``i`` and draw how long after ``when`` each opens again."""
        p, permit = self.p, self.permit[i]
        birth = waits(self.rng, self.birth_rate[permit])
        renewed = granted & (self.validity[permit] > 0.0) & (self.rng.random(i.size) < p.renewal)
        birth = np.where(renewed, np.minimum(birth, self.validity[permit].astype(np.int64)), birth)
        self.open[i], self.again[i] = False, again
        self.opens[i] = when + np.where(again, geometric(self.rng, p.reapply_days, i.size), birth)
        # A need that comes again keeps its tastes and its works, a new one draws them.
        new = i[~again]
        self.tastes[:, new] = gumbel(self.rng.random((len(CODES), new.size)))
        self.noticed[new] = False
        self.works_until[new] = self.patrol_day[new] = -1


def rows(numbers: Iterable[float]) -> Floats:
    """Numbers as a column, one row a channel."""
    return np.array(list(numbers))[:, None]


def gumbel(marks: Floats) -> Floats:
    """Standard Gumbel tastes from draws in [0, 1)."""
    return -np.log(-np.log(np.clip(marks, 1e-300, 1.0 - 1e-16)))


def waits(rng: np.random.Generator, rates: Floats) -> Ints:
    """Whole working days, at least one, until an event of these daily rates."""
    return np.maximum(np.ceil(rng.exponential(size=rates.size) / rates), 1.0).astype(np.int64)


def geometric(rng: np.random.Generator, mean: float, size: int) -> Ints:
    """As many waits of whole working days, at least one, with this mean."""
    return rng.geometric(min(1.0 / mean, 1.0), size)


def live(scenario: Scenario, replicate: int) -> tuple[dict[str, float], float]:
    """Live a scenario's needs and decisions: sums over all days by name, and the seconds of the days without set-up."""
    district = District(scenario, replicate=replicate)
    began = time.perf_counter()
    district.arise(0)
    for today in range(1, scenario.days):
        district.end(today)
        district.decide(today)
        district.arise(today)
    seconds = time.perf_counter() - began
    return {name: float(number) for name, number in district.count.items()}, seconds
