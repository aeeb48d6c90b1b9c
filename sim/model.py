"""The model as a Mesa user expects it: ``CoproductionModel(scenario).step()`` is one working day."""

from __future__ import annotations

import os
from collections.abc import Iterable
from types import SimpleNamespace

import mesa
import numpy as np
from mesa.agent import AgentSet

from sim import calendar, laws, start, state
from sim.agents import CoProducer, Neighbourhood, PTSPOffice, Resident, elect_heads
from sim.equilibrium import satisfaction_table
from sim.errors import InvalidInput, Problem
from sim.parameters import namespace
from sim.records import HALF_YEAR, MONTH, Record, Tally, month_record, survey
from sim.rng import Draw, uniform
from sim.rules import choice, motivation
from sim.rules.normal import normal
from sim.rules.outreach import CLOSED, PREPARATION
from sim.rules.serving import RETURNED, UNDER_REVIEW
from sim.scenario import Scenario
from sim.state import OPEN, VOLUNTEER


class CoproductionModel(mesa.Model):
    """One district under one scenario, day by day.

    A day has six routines, in this order:

    1. needs arise: births, expiries, reopenings, notices; corrected files come back (``needs_arise``)
    2. service cycles advance: commissioning, designing, preparation, delivery, assessment (``cycles_advance``)
    3. residents whose moment it is decide, then act (``residents_decide``)
    4. the office serves its backlog (``office_serves``)
    5. decided residents live through the decision, and ties listen (``residents_experience``)
    6. the calendar turns: records, dropouts, survey, election (``calendar_turns``)

    Parameters: ``scenario`` (one district); ``seed`` and ``replicate`` key every draw; ``checked``, or
    KELILING_CHECKED=1 in the environment, verifies the laws of the model every day; ``resident_class`` and the like
    take subclasses of the agents.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int = 1,
        replicate: int = 0,
        checked: bool = False,
        resident_class: type[Resident] = Resident,
        coproducer_class: type[CoProducer] = CoProducer,
        neighbourhood_class: type[Neighbourhood] = Neighbourhood,
        office_class: type[PTSPOffice] = PTSPOffice,
    ) -> None:
        for name, number in (("seed", seed), ("replicate", replicate)):
            if not 0 <= number < 2**32:
                rule = "must be a whole number from 0 to 4294967295"
                raise InvalidInput([Problem("options", 0, 0, name, str(number), rule)])
        super().__init__(rng=seed)
        self.plan, self.key = scenario, (seed, replicate)
        self.checked = checked or os.environ.get("KELILING_CHECKED") == "1"
        self.day = 0
        self.records: list[Record] = []
        self.tally = Tally()
        self.timeline = dict(scenario.timeline())
        self.ground = start.ground(scenario)
        self.population = self.ground.population
        self.size = self.population.rw_head.size / scenario.profile.n_rw
        self._live_by(namespace(self.timeline[0]))
        self.world = start.initial(scenario, self.ground, self.p, seed, replicate)
        self._fix_constants()

        self.due_needs: dict[int, list[int]] = {}
        self.decided_of: dict[int, list[int]] = {}
        self.told: dict[int, tuple[float, int]] = {}
        self.arrivals: dict[int, list[int]] = {}
        self.delivering: list[int] = []
        self.handed_in: list[tuple[float, int, int]] = []

        self.coproducer_class = coproducer_class
        rows = np.arange(self.population.key.size)
        self._residents = list(resident_class.create_agents(self, rows.size, rows))
        self._coproducers = [coproducer_class(self, row) for row in range(self.world.counts.coproducers.item(0))]
        self.neighbourhoods_list = [neighbourhood_class(self, row) for row in range(self.population.rw_head.size)]
        self.office = office_class(self, 0)

    def _fix_constants(self) -> None:
        solved = self.ground.equilibrium
        self.constants = [0.0] * 5
        self.constants[choice.ONLINE], self.constants[choice.BROKER] = solved.online, solved.broker
        self.base_rate, self.mean_keenness = solved.base_rate.tolist(), solved.mean_keenness.tolist()
        self.base_score = solved.base_score
        self.complaint_reference = solved.complaint_reference
        self.routing, self.reference_experience = satisfaction_table()
        self.willingness = self.plan.hypothesis.load() or motivation.willingness
        self.intercept = start.intercept(self.ground, self.willingness, self.weights)

    def _live_by(self, p: SimpleNamespace) -> None:
        """Take over the values that hold from today."""
        self.p = p
        self.permits = [
            SimpleNamespace(enforced=k.enforced, credit=k.credit, **start.permit_values(p, k))
            for k in self.ground.permits
        ]
        # Only pay that is tied to the task erodes.
        weights = vars(p) | {"pay_erosion": p.pay_erosion * p.pay_tied}
        self.weights = tuple(float(weights[name]) for name in motivation.WEIGHTS)
        receive = p.apply_over_receive
        self.information_prompt = choice.prompt_hazard(p.information_effect * receive)
        self.assistance_prompt = choice.prompt_hazard(p.assistance_effect * receive)
        self.tie_prompt = choice.prompt_hazard(p.tie_prompt)
        intake = [permit.intake_hours for permit in self.permits]
        self.mean_intake_hours = sum(intake) / len(intake)

    # -- the day

    def step(self) -> None:
        """Live one working day: the six routines in order."""
        if self.day in self.timeline and self.day > 0:
            self._live_by(namespace(self.timeline[self.day]))
        self.needs_arise()
        self.cycles_advance()
        self.residents_decide()
        self.office_serves()
        self.residents_experience()
        self.calendar_turns()
        if self.checked:
            laws.check(self.world, self.population, self.day)
        self.day += 1

    def needs_arise(self) -> None:
        """Routine 1."""
        self._due_today().do("arise")
        a, w = self.world.applications, self.world.applications_due
        due = calendar.due_on(w.head, w.link, w.item, a.due, self.day).tolist()
        for application in sorted(due, key=lambda row: self.world.needs.key.item(a.need.item(row))):
            if a.outcome.item(application) == RETURNED:
                self.resident(a.resident.item(application)).correct(application)

    def cycles_advance(self) -> None:
        """Routine 2."""
        self.office.advance_cycles()

    def residents_decide(self) -> None:
        """Routine 3: all decide on the morning's state, then all act, then events give their places."""
        deciding = self._due_today()
        deciding.do("decide")
        deciding.do("act")
        for event in self.delivering:
            rw = self.neighbourhood(self.world.events.rw.item(event))
            rw.receive(event, self.arrivals.get(event, []))
            self.office.after_delivery(event)
        self.delivering, self.arrivals = [], {}

    def office_serves(self) -> None:
        """Routine 4: technical reviews that end today, then the desk."""
        a, w = self.world.applications, self.world.applications_due
        due = calendar.due_on(w.head, w.link, w.item, a.due, self.day).tolist()
        for application in sorted(due, key=lambda row: self.world.needs.key.item(a.need.item(row))):
            if a.outcome.item(application) == UNDER_REVIEW:
                self.office.review(application)
        self.office.serve()
        self.tally.desk_hours_worked += self.office.hours_worked
        self.tally.desk_hours_available += self.office.hours_available

    def residents_experience(self) -> None:
        """Routine 5: the decided experience, then those told listen."""
        self._set_of(self.decided_of).do("experience")
        self.decided_of = {}
        self._set_of(self.told).do("listen")
        self.told = {}

    def calendar_turns(self) -> None:
        """Routine 6, at the end of a month."""
        if (self.day + 1) % MONTH:
            return
        month = self.day // MONTH
        self.coproducers.select(lambda one: one.active == 1).do("month_passes")
        if self.p.elections and month == self.p.election_month:
            elect_heads(self)
        if (month + 1) % HALF_YEAR == 0:
            survey(self.world, self.day, self.p)
        record = month_record(
            self.world, self.population, self.ground.permits, self.day, self.p, self.tally, self.faded()
        )
        self.records.append(record)
        if self.checked:
            laws.check_record(record, self.day)
        self.tally = Tally()

    def run(self) -> list[Record]:
        """Live all days of the scenario that are left; returns the monthly records."""
        while self.day < self.plan.days:
            self.step()
        return self.records

    # -- who is there

    @property
    def residents(self) -> AgentSet:
        """All residents."""
        return self.agents_by_type[type(self._residents[0])]

    @property
    def coproducers(self) -> AgentSet:
        """All heads and volunteers, present and former."""
        return self.agents_by_type[self.coproducer_class]

    @property
    def neighbourhoods(self) -> AgentSet:
        """All RWs."""
        return self.agents_by_type[type(self.neighbourhoods_list[0])]

    def resident(self, row: int) -> Resident:
        """The resident at a row."""
        return self._residents[row]

    def coproducer(self, row: int) -> CoProducer:
        """The co-producer at a row."""
        return self._coproducers[row]

    def neighbourhood(self, row: int) -> Neighbourhood:
        """The RW at a row."""
        return self.neighbourhoods_list[row]

    def close(self) -> None:
        """Release the agents and the state; the records stay."""
        self.remove_all_agents()
        # Mesa 3.3 counts agents in a class-level table keyed by model, which would keep every model alive.
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
        self._residents, self._coproducers, self.neighbourhoods_list = [], [], []

    # -- randomness

    def draw(self, purpose: int, who: int, occasion: int = 0, index: int = 0) -> float:
        """The keyed draw in [0, 1) for this purpose, person, occasion and index; asking twice gives it twice."""
        return uniform(self.key[0], self.key[1], purpose, who, occasion, index)

    def normal(self, purpose: int, who: int, occasion: int = 0, index: int = 0) -> float:
        """A keyed standard normal draw."""
        return normal(self.draw(purpose, who, occasion, index))

    def site_shock(self) -> float:
        """This year's site shock on the 1-4 scale; the same in every scenario of a seed and replicate."""
        if not self.p.site_shock:
            return 0.0
        year = self.plan.first_year - self.plan.warmup_years + self.day // (12 * MONTH)
        return self.normal(Draw.SITE_SHOCK, self.plan.profile.code, year) * self.p.site_shock_sd / 25.0

    # -- the schedule

    def _due_today(self) -> AgentSet:
        w = self.world.needs_due
        due = calendar.due_on(w.head, w.link, w.item, self.world.needs.due, self.day).tolist()
        needs = self.world.needs
        self.due_needs = {}
        for need in sorted(due, key=needs.key.item):
            self.due_needs.setdefault(needs.resident.item(need), []).append(need)
        return self._set_of(self.due_needs)

    def _set_of(self, rows: Iterable[int]) -> AgentSet:
        key = self.population.key
        return AgentSet([self._residents[row] for row in sorted(rows, key=key.item)], random=self.random)

    def schedule_need(self, need: int, day: int) -> None:
        """Note when something next happens at a need; an earlier note lapses."""
        self.world.needs.due[need] = day
        w = self.world.needs_due
        if w.size.item(0) == w.link.size:
            self.world = self.world._replace(needs_due=calendar.grown(w))
            w = self.world.needs_due
        calendar.push(w.head, w.link, w.item, w.size, day, need)

    def schedule_application(self, application: int, day: int) -> None:
        """Note when an application comes back, lapses, or leaves review."""
        self.world.applications.due[application] = day
        w = self.world.applications_due
        if w.size.item(0) == w.link.size:
            self.world = self.world._replace(applications_due=calendar.grown(w))
            w = self.world.applications_due
        calendar.push(w.head, w.link, w.item, w.size, day, application)

    # -- tables that grow

    def _new_row(self, table: str) -> int:
        count = getattr(self.world.counts, table)
        row: int = count.item(0)
        if row == len(getattr(self.world, table)[0]):
            self.world = self.world._replace(**{table: state.grown(getattr(self.world, table))})
        count[0] += 1
        return row

    def new_application(self) -> int:
        """A fresh row for an application."""
        return self._new_row("applications")

    def enqueue(self, application: int) -> None:
        """Put a file at the tail of the backlog."""
        office = self.world.office
        if office.last.item(0) == office.queue.size:
            office = office._replace(queue=np.concatenate([office.queue, np.zeros_like(office.queue)]))
            self.world = self.world._replace(office=office)
        office.queue[office.last.item(0)] = application
        office.last[0] += 1

    def new_event(self, rw: Neighbourhood) -> int:
        """A fresh service cycle for an RW whose head consented."""
        event = self._new_row("events")
        e = self.world.events
        e.rw[event], e.ordinal[event], e.began[event] = rw.row, rw.proposals, self.day
        rw.running = event
        self.world.office.pointer[0] = self._place_in_targeting(rw.row)
        return event

    def _place_in_targeting(self, row: int) -> int:
        if self.p.targeting != "list":
            return row
        return list(self.p.target_list).index(self.population.rw_number.item(row))

    def new_part(self, event: int, coproducer: int, *, uninvited: bool) -> None:
        """Note that a co-producer takes part in an event."""
        part = self._new_row("parts")
        parts = self.world.parts
        parts.event[part], parts.coproducer[part], parts.uninvited[part] = event, coproducer, int(uninvited)
        parts.visits[part] = 0

    def parts_of(self, event: int) -> list[int]:
        """Rows of those who joined an event, in the order in which they joined."""
        used = self.world.counts.parts.item(0)
        return np.flatnonzero(self.world.parts.event[:used] == event).tolist()

    def running_events(self) -> list[int]:
        """Events whose cycle is not closed."""
        used = self.world.counts.events.item(0)
        return np.flatnonzero(self.world.events.phase[:used] != CLOSED).tolist()

    def takes_applications(self, event: int) -> bool:
        """Whether one can still plan to file at an event, or file there today."""
        e = self.world.events
        return (
            e.phase.item(event) >= PREPARATION and e.places.item(event) > 0 and e.delivery_day.item(event) >= self.day
        )

    def recruit(self, resident_row: int) -> CoProducer:
        """The co-producer of a resident who is asked to volunteer; a fresh row and agent at the first time."""
        if self.world.residents.coproducer.item(resident_row) >= 0:
            return self.coproducer(self.world.residents.coproducer.item(resident_row))
        row = self._new_row("coproducers")
        c = self.world.coproducers
        c.resident[row] = resident_row
        c.rw[row], c.rt[row] = self.population.rw.item(resident_row), self.population.rt.item(resident_row)
        c.role[row], c.stopped[row] = VOLUNTEER, state.NEVER
        c.skill[row], c.thanked[row] = self.p.skill_start, 1
        self.world.residents.coproducer[resident_row] = row
        one = self.coproducer_class(self, row)
        self._coproducers.append(one)
        return one

    # -- the rest of the day

    def desk(self) -> tuple[int, float]:
        """Officers of the office and hours of each; a reduced size keeps the proportion of officer time."""
        officers = max(1, round(self.p.officers * self.size))
        return officers, self.p.open_hours * self.p.officers * self.size / officers

    def most_away(self) -> float:
        """Largest share of the desk's time that events may take in a day.

        A reduced size has the events of a whole RW on a fraction of the officers: what an event takes is spread over
        days on which it takes the share that it takes of the whole office, so that crowding stays comparable.
        """
        return 1.0 if self.size >= 1.0 else min(self.p.officers_per_event / self.p.officers, 1.0)

    def tell(self, teller: Resident, score: float, granted: int) -> None:
        """Word of mouth: every tie hears of the decision today and, with an open need, thinks again tomorrow."""
        needs = self.world.needs
        for row in teller.ties:
            total, count = self.told.get(row, (0.0, 0))
            self.told[row] = (total + score, count + 1)
            for need in self.resident(row).needs:
                if needs.status.item(need) == OPEN:
                    if granted:
                        needs.news[need] = max(needs.news.item(need), self.tie_prompt)
                    self.schedule_need(need, self.day + 1)

    def faded(self) -> SimpleNamespace:
        """Trust and knowledge of every resident today; reads only."""
        r, day = self.world.residents, self.day
        held = {}
        for name in ("trust", "knowledge"):
            rest, anchored = getattr(self.population, name), getattr(r, name)
            days, half_life = day - getattr(r, f"{name}_day"), getattr(self.p, f"{name}_half_life")
            held[name] = rest + (anchored - rest) * np.exp2(-days / half_life)
        return SimpleNamespace(**held)
