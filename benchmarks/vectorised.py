"""Needs and decisions alone, as whole-array NumPy: every working day is evaluated for all open needs at once.

This is how one writes it without a compiler and without a schedule of who is due. Each day it looks up the open
needs, values the three channels for each of them, adds a day's hazard, and lets those act whose threshold is crossed:
an online attempt may fail, else an application is counted and the need closes with a new day on which it opens.

It starts from the reference's day 0. Left out is everything after filing: documents, the desk, returns, reviews,
satisfaction and complaints. An application is decided after its permit's mean number of days and granted with the
chance of a mean resident at the counter; it reopens the need after a failure, and a grant may expire. Knowledge,
trust and the norm stay as they were on day 0, ties tell nothing, and no works are demolished. Patrols and their
notices, and rejections remembered (withdrawals among them), are kept. No events are held.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sim import start
from sim.equilibrium import column, success
from sim.ground import ground
from sim.parameters import namespace
from sim.records import CHANNELS
from sim.rng import Draw, uniform
from sim.rules import choice
from sim.rules.choice import BROKER, COUNTER, ONLINE
from sim.scenario import Scenario
from sim.state import OPEN

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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
        self.resident, self.permit = needs.resident, needs.permit
        n, permits = self.permit.size, base.permits

        self.open = needs.status == OPEN
        self.opens = np.where(self.open, -1, needs.due)
        self.hazard, self.threshold = np.zeros(n), needs.threshold
        self.works_until, self.patrol_day = needs.works_until, needs.patrol_day
        self.noticed, self.online_failed, self.again = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
        self.rejections = np.zeros(people.key.size, np.int64)
        # The state of day 0 follows from the tastes of the first need, so they are the reference's.
        who, occasion = people.key[self.resident].tolist(), (self.permit << 24).tolist()
        self.tastes = np.empty((len(CODES), n))
        for row, code in enumerate(CODES):
            marks = [uniform(seed, replicate, Draw.TASTE, w, o, code) for w, o in zip(who, occasion, strict=True)]
            self.tastes[row] = gumbel(np.array(marks))

        self.fee, self.broker_fee = column(p, permits, "fee"), column(p, permits, "broker_fee")
        self.benefit, self.need_rate = column(p, permits, "benefit"), column(p, permits, "need_rate") / YEAR
        self.validity, self.works_days = column(p, permits, "validity_days"), column(p, permits, "works_days")
        self.enforced = np.array([permit.enforced for permit in permits])
        self.base_rate, self.mean_keenness = base.equilibrium.base_rate, base.equilibrium.mean_keenness
        self.constants = np.array([[base.equilibrium.online], [0.0], [base.equilibrium.broker]])
        self.granted_chance = np.array([success(p, permit) for permit in permits])
        complete = (1.0 - p.document_error * p.officer_error) ** column(p, permits, "requirements")
        correcting = p.correction_chance * p.correction_days + (1.0 - p.correction_chance) * (p.correction_deadline + 1)
        decided = column(p, permits, "review_days") + (1.0 - complete) * correcting
        self.days_to_decision = np.rint(decided).astype(np.int64)

        # The costs are linear in what a person is, so the scalar rules give their slopes, one row a channel.
        self.unknowing = rows(choice.learning_cost(code, 0.0, 1.0) for code in CODES)
        self.illiterate = rows(choice.learning_cost(code, 1.0, 0.0) for code in CODES)
        self.busy = np.array([[choice.compliance_cost(code, at_work) for at_work in (0, 1)] for code in CODES])
        self.burdened = rows(choice.psychological_cost(code, 0.0, 0, 0.0) for code in CODES)
        self.by_broker = rows(float(code == BROKER) for code in CODES)
        self.norm_drawn = p.weight_norm * (1.0 - p.broker_share - 0.5) * (1.0 - self.by_broker)
        self.at_hand = np.array([bool(p.online), True, bool(p.brokers)])
        self.at_works_threat = choice.threat(1, 0, p.detection_rate)
        self.notice_prompt = choice.prompt_hazard(p.answer_summons)
        self.count: Counter[str] = Counter()

    def arise(self, today: int) -> None:
        """Open the needs whose day it is; from tomorrow on they are decided."""
        i = np.flatnonzero(self.opens == today)
        self.open[i], self.hazard[i] = True, 0.0
        self.threshold[i] = self.rng.exponential(size=i.size)
        self.online_failed[i] = False
        works = i[self.enforced[self.permit[i]] & ~self.again[i]]
        self.works_until[works] = until = today + self.works_days[self.permit[works]].astype(np.int64)
        found = today + waits(self.rng, np.full(works.size, self.p.detection_rate / YEAR))
        self.patrol_day[works] = np.where(found < until, found, -1)

    def worth(self, i: Ints, today: int) -> Floats:
        """Worth of each channel (rows) over waiting for each of the needs ``i``, in utility; see ``channel_value``."""
        p, people, who, permit = self.p, self.people, self.resident[i], self.permit[i]
        at_works = (self.works_until[i] > today) & bool(p.patrols)
        threat = np.where(self.noticed[i], 1.0, np.where(at_works, self.at_works_threat, 0.0))
        unknowing, illiterate = 1.0 - people.knowledge[who], 1.0 - people.literacy[who]
        burden = 1.0 - people.trust[who] + p.rejection_memory * np.minimum(self.rejections[who], 3)
        worth = self.tastes.take(i, axis=1) + self.constants + self.norm_drawn
        worth += self.benefit[permit] + p.weight_sanction * threat - p.weight_fee * self.fee[permit]
        worth -= p.weight_learning * (self.unknowing * unknowing + self.illiterate * illiterate)
        worth -= p.weight_compliance * self.busy.take(people.at_work[who], axis=1)
        worth -= p.weight_psychological * self.burdened * burden
        worth -= p.weight_fee * self.by_broker * self.broker_fee[permit]
        return worth

    def decide(self, today: int) -> None:
        """Add a day's hazard at every open need; those past their threshold try to file through the best channel."""
        i = np.flatnonzero(self.open)
        permit = self.permit[i]
        worth = self.worth(i, today)
        worth[~self.at_hand] = -np.inf
        worth[0, (self.people.internet[self.resident[i]] == 0) | self.online_failed[i]] = -np.inf
        channel = worth.argmax(axis=0)
        keen = np.exp(np.clip(self.p.hazard_sensitivity * worth.max(axis=0), -30.0, 30.0))
        hazard = self.hazard[i] + self.base_rate[permit] * keen
        if self.p.patrols:
            found = self.patrol_day[i] == today
            self.noticed[i[found]] = True
            relative = np.minimum(keen / self.mean_keenness[permit], self.p.attention_cap)
            hazard += np.where(found, self.notice_prompt * relative, 0.0)
            self.count["notices"] += int(np.count_nonzero(found))
        self.hazard[i] = hazard
        acts = hazard >= self.threshold[i]
        self.act(i[acts], channel[acts], today)

    def act(self, i: Ints, channel: Ints, today: int) -> None:
        """Count the applications for the needs ``i`` but for failed online attempts, which try elsewhere tomorrow."""
        p = self.p
        illiteracy = (p.literacy_mean - self.people.literacy[self.resident[i]]) / p.literacy_mean
        chance = np.minimum(p.online_failure * (1.0 + illiteracy), 0.95)
        failed = (channel == CODES.index(ONLINE)) & (self.rng.random(i.size) < chance)
        self.online_failed[i[failed]] = True
        self.count["online_failures"] += int(np.count_nonzero(failed))
        i, channel = i[~failed], channel[~failed]
        self.count["submitted"] += i.size
        for row, code in enumerate(CODES):
            self.count[SUBMITTED[code]] += int(np.count_nonzero(channel == row))
        self.close(i, today)

    def close(self, i: Ints, today: int) -> None:
        """Decide the applications for the needs ``i`` and draw when each need opens again."""
        p, permit = self.p, self.permit[i]
        granted = self.rng.random(i.size) < self.granted_chance[permit]
        again = ~granted & (self.rng.random(i.size) < p.reapply)
        reopening = self.rng.geometric(min(1.0 / p.reapply_days, 1.0), i.size)
        birth = waits(self.rng, self.need_rate[permit])
        renewed = granted & (self.validity[permit] > 0.0) & (self.rng.random(i.size) < p.renewal)
        birth = np.where(renewed, np.minimum(birth, self.validity[permit].astype(np.int64)), birth)
        self.open[i], self.again[i] = False, again
        self.opens[i] = today + self.days_to_decision[permit] + np.where(again, reopening, birth)
        np.add.at(self.rejections, self.resident[i[~granted]], 1)
        self.count["granted"] += int(np.count_nonzero(granted))
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


def live(scenario: Scenario, replicate: int) -> tuple[dict[str, float], float]:
    """Live a scenario's needs and decisions: sums over all days by name, and the seconds of the days without set-up."""
    district = District(scenario, replicate=replicate)
    began = time.perf_counter()
    district.arise(0)
    for today in range(1, scenario.days):
        district.decide(today)
        district.arise(today)
    seconds = time.perf_counter() - began
    return {name: float(number) for name, number in district.count.items()}, seconds
