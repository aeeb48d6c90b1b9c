"""The same model as plain Mesa agents: what one would write without columns, keyed draws and compiled rules.

Residents are ``mesa.Agent`` objects whose attributes are Python numbers; their needs and applications are small
objects; luck comes from ``model.random``. The science is that of ``sim.rules``, uncompiled, and day 0 is that of
``sim.start``, so the work is the reference's and only the way of writing it differs.

It covers a district in which no events are held and no lever moves after day 0. Left out are therefore co-producers,
service cycles, elections, site shocks and social motives, and of the records all but a few totals: the half-yearly
survey with its ticked boxes, what is unmet, and trust and knowledge averaged over everybody.

A resident decides and acts in one step. In the reference all decide on the morning's state and then all act; the
only thing that this changes is that a resident sees the norm of the RW already moved by neighbours who filed earlier
on the same day, by at most ``norm_speed`` each.
"""

from __future__ import annotations

import gc
import heapq
import time
from collections import Counter, defaultdict, deque
from operator import attrgetter
from types import SimpleNamespace

import mesa

from benchmarks.plain_resident import Application, Need, Neighbourhood, Resident
from benchmarks.plain_rules import plain
from keliling.sim import start
from keliling.sim.answers import satisfaction_table
from keliling.sim.balance import Balance
from keliling.sim.ground import Ground, ground
from keliling.sim.records import MONTH
from keliling.sim.rng import Draw, uniform
from keliling.sim.rules.choice import ONLINE
from keliling.sim.rules.serving import GRANTED, REJECTED, RETURNED, UNDER_REVIEW
from keliling.sim.scenario import Scenario
from keliling.sim.terms import terms_of

choice, filing, satisfaction, serving = (plain(name) for name in ("choice", "filing", "satisfaction", "serving"))


class Office(mesa.Agent):
    """The desk: officers, the backlog first in first out, and technical reviews off the desk."""

    def __init__(self, model: PlainModel, officers: int, hours: float) -> None:
        super().__init__(model)
        self.officers, self.hours = officers, hours
        self.backlog: deque[Application] = deque()
        self.handed_in: list[Application] = []
        self.reviews: defaultdict[int, list[Application]] = defaultdict(list)
        self.crowd = self.wait = 0.0

    def receive(self, application: Application) -> None:
        """Take a file in today."""
        model, permit = self.model, application.need.permit
        hours = permit.examination_hours
        if application.returns == 0:
            hours += permit.intake_hours * (model.p.online_intake if application.channel == ONLINE else 1.0)
        application.remaining = serving.service_hours(hours, model.p.service_spread, model.random.random())
        self.handed_in.append(application)

    def serve(self) -> None:
        """Finish today's reviews, then give officer time in order; each file is with one officer at a time."""
        for application in self.reviews.pop(self.model.day, ()):
            self.review(application)
        # Who comes first in the code is no reason to be served first.
        self.model.random.shuffle(self.handed_in)
        self.backlog.extend(self.handed_in)
        self.handed_in.clear()
        used = [0.0] * self.officers  # a heap: the officer with most time left is in front
        finished: list[Application] = []
        unfinished: list[Application] = []
        while self.backlog and used[0] < self.hours:
            application = self.backlog.popleft()
            given = serving.worked(used[0], self.hours, application.remaining)
            heapq.heapreplace(used, used[0] + given)
            application.remaining -= given
            (finished if application.remaining <= 0.0 else unfinished).append(application)
        self.backlog.extendleft(reversed(unfinished))
        for application in finished:
            self.examine(application)
        waiting = sum([application.remaining for application in self.backlog])
        self.crowd = serving.crowding(waiting, self.officers * self.hours)
        self.wait = serving.desk_wait(waiting, self.model.p.net_capacity, self.model.p.wait_reference)

    def examine(self, application: Application) -> None:
        """Return a file that had its officer time, reject it, send it to technical review, or grant it."""
        model, permit = self.model, application.need.permit
        reviewed = permit.review_days > 0 or permit.technical_rejection > 0.0
        outcome = serving.examined(application.defects, application.returns, model.p.corrections, int(reviewed))
        if outcome == RETURNED:
            application.resident.returned(application)
        elif outcome == UNDER_REVIEW and permit.review_days > 0:
            self.reviews[model.day + permit.review_days].append(application)
        elif outcome == UNDER_REVIEW:
            self.review(application)
        else:
            self.decide(application, outcome)

    def review(self, application: Application) -> None:
        """Finish the technical review of a complete file."""
        need, p = application.need, self.model.p
        chance = filing.technical_failure(need.permit.technical, need.obstacle, 0.0, p.assistance_technical)
        self.decide(application, REJECTED if self.model.random.random() < chance else GRANTED)

    def decide(self, application: Application, outcome: int) -> None:
        """Decide; the resident lives through it at the end of the day."""
        application.outcome = outcome
        self.model.decided.append(application)


class PlainModel(mesa.Model):
    """One district. ``every`` steps every resident every day; without it only those are stepped who are due.

    Both ways live the same days, draw for draw: residents who are due are stepped in the order of their ids.
    """

    def __init__(self, scenario: Scenario, *, seed: int = 1, replicate: int = 0, every: bool = True) -> None:
        super().__init__(seed=seed << 32 | replicate)
        self.day = 0
        self.agenda: defaultdict[int, list[Resident]] | None = None if every else defaultdict(list)
        self.decided: list[Application] = []
        self.heard: defaultdict[Resident, list[float]] = defaultdict(list)
        self.count: Counter[str] = Counter()
        self.records: list[Counter[str]] = []
        base = ground(scenario)
        terms = terms_of(scenario, base, scenario.timeline()[0][1])
        self.p, self.choosing = terms.p, terms.choosing
        solved = base.equilibrium
        self.constants = (0.0, solved.online, 0.0, solved.broker)
        self.base_score, self.person_sd = solved.base_score, solved.person_sd
        self.complaint_reference = solved.complaint_reference
        self.routing, self.reference = satisfaction_table()
        self.notice_prompt = choice.prompt_hazard(self.p.answer_summons)
        self.tie_prompt = self.p.success_prompt
        self.office = Office(self, self.p.desk_officers, self.p.desk_hours)
        self._settle(scenario, base, terms.permits, seed, replicate)
        self.residents = self.agents_by_type[Resident]

    def _settle(
        self, scenario: Scenario, base: Ground, given: list[SimpleNamespace], seed: int, replicate: int
    ) -> None:
        """Turn the columns of day 0 into objects."""
        world, people = start.initial(scenario, base, self.p, seed, replicate), base.population
        balances = base.equilibrium.balances
        permits = [numbers_of(permit, balance) for permit, balance in zip(given, balances, strict=True)]
        needs_of: list[list[Need]] = [[] for _ in range(people.key.size)]
        n, keys = world.needs, people.key.tolist()
        of_spell = (n.status, n.due, n.threshold, n.rate, n.monthly, n.learns, n.ends)
        columns = (n.resident, n.permit, *of_spell, n.aware, n.obstacle, n.works_until, n.patrol_day)
        for resident, permit, *values in zip(*(column.tolist() for column in columns), strict=True):
            # The state of day 0 follows from these tastes, so the first need keeps them.
            marks = [uniform(seed, replicate, Draw.TASTE, keys[resident], permit << 24, c) for c in (1, 2, 3)]
            tastes = (0.0, *map(choice.taste, marks))
            needs_of[resident].append(Need(permits[permit], tastes, *values))
        rws = [Neighbourhood(norm) for norm in world.neighbourhoods.norm.tolist()]
        names = ("literacy", "at_work", "internet", "knowledge", "trust", "expectation")
        traits = zip(*(getattr(people, name).tolist() for name in names), strict=True)
        residents = [
            Resident(self, rws[rw], needs, **dict(zip(names, values, strict=True)))
            for rw, needs, values in zip(people.rw.tolist(), needs_of, traits, strict=True)
        ]
        first, ties = people.tie_start.tolist(), people.ties.tolist()
        for row, resident in enumerate(residents):
            resident.ties = [residents[other] for other in ties[first[row] : first[row + 1]]]

    def step(self) -> None:
        """Live one working day; at the end of a month its counts are put by."""
        if self.agenda is None:
            self.residents.do("step")
        else:
            for resident in sorted(self.agenda.pop(self.day, ()), key=attrgetter("unique_id")):
                resident.step()
        self.office.serve()
        for application in self.decided:
            application.resident.experience(application)
        for resident, told in self.heard.items():
            resident.listen(told)
        self.decided.clear()
        self.heard.clear()
        self.day += 1
        if self.day % MONTH == 0:
            self.records.append(self.count)
            self.count = Counter()

    def score(self, met: list[float], expectation: float, noise: list[float]) -> tuple[float, float]:
        """Mean latent satisfaction over the nine elements and performance, both 1-4, from seven experiences."""
        p, base = self.p, self.base_score
        felt = satisfaction.weighted(met, self.reference, p.weight_decision, p.weight_time, p.weight_other)
        performance = satisfaction.performance(base, felt)
        gap, latent = p.weight_disconfirmation * (performance - expectation), satisfaction.latent
        latents = [latent(base, felt, routing, gap, one) for routing, one in zip(self.routing, noise, strict=True)]
        return sum([min(max(one, 1.0), 4.0) for one in latents]) / len(latents), performance

    def close(self) -> None:
        """Release the agents; the records stay."""
        self.remove_all_agents()
        # Mesa 3.3 counts agents in a class-level table keyed by model, which would keep every model alive.
        getattr(mesa.Agent, "_ids", {}).pop(self, None)


def numbers_of(permit: SimpleNamespace, balance: Balance) -> SimpleNamespace:
    """What is given of a permit and what is solved for it, by name; rates are a working day's."""
    return SimpleNamespace(**vars(permit), **balance._asdict(), ends=balance.known.ends)


def live(scenario: Scenario, replicate: int, every: bool) -> tuple[dict[str, float], float]:
    """Live a scenario through once: sums over all months by name, and the seconds of the days without set-up."""
    model = PlainModel(scenario, replicate=replicate, every=every)
    gc.collect()  # what set-up left behind is not charged to the days
    began = time.perf_counter()
    for _ in range(scenario.days):
        model.step()
    seconds = time.perf_counter() - began
    totals = {name: float(number) for name, number in sum(model.records, Counter()).items()}
    model.close()
    return totals, seconds
