"""The model as a Mesa user expects it: ``CoproductionModel(scenario).step()`` is one working day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import mesa
import numpy as np
from mesa.agent import AgentSet

from keliling.sim import asking, calendar, laws, memory, standing, state
from keliling.sim.agents import CoProducer, Neighbourhood, PTSPOffice, Resident, elect_heads
from keliling.sim.answers import satisfaction_table
from keliling.sim.beginning import begin, day_zero, held_to_laws
from keliling.sim.election import election_of
from keliling.sim.history import History, history, records_of
from keliling.sim.records import HALF_YEAR, MONTH, Record, count_month, record_of, survey
from keliling.sim.rng import Draw, uniform
from keliling.sim.rules import choice, outreach, satisfaction
from keliling.sim.rules.normal import normal
from keliling.sim.rules.outreach import CLOSED, PREPARATION
from keliling.sim.rules.serving import RETURNED, UNDER_REVIEW
from keliling.sim.scenario import Scenario
from keliling.sim.state import VOLUNTEER
from keliling.sim.sums import day_begins
from keliling.sim.terms import Terms, step_on
from keliling.sim.volunteering import take_up


class CoproductionModel(mesa.Model):
    """One district under one scenario, day by day.

    A day has six routines, in this order:

    1. needs arise: births, expiries, reopenings, notices; corrected files come back (``needs_arise``)
    2. service cycles advance: commissioning, designing, preparation, delivery, assessment (``cycles_advance``)
    3. residents whose moment it is decide, then act (``residents_decide``)
    4. the office serves its backlog (``office_serves``)
    5. decided residents live through the decision, and ties listen (``residents_experience``)
    6. the calendar turns: dropouts, election, survey, record (``calendar_turns``)

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
        begun = begin(scenario, seed, replicate)
        super().__init__(rng=seed)
        self.plan, self.key = scenario, (seed, replicate)
        self.checked = held_to_laws(checked)
        self.day = 0
        self.ground, self.terms_by_day = begun.ground, begun.terms
        self.willingness, self.inputs, self.supply = begun.willingness, begun.inputs, begun.supply
        self.world, self.months = day_zero(begun)
        self.population = self.ground.population
        self._live_by(self.terms_by_day[0][1])
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
        self.balances, self.strengths = solved.balances, solved.strengths
        self.base_score, self.person_sd = solved.base_score, solved.person_sd
        self.complaint_reference = solved.complaint_reference
        self.routing, self.reference_experience = satisfaction_table()

    def _live_by(self, terms: Terms) -> None:
        """Take over the values that hold from today."""
        self.terms, self.p, self.permits, self.weights = terms, terms.p, terms.permits, terms.weights

    # -- the day

    def step(self) -> None:
        """Live one working day: the six routines in order."""
        self.begin_day()
        self.needs_arise()
        self.cycles_advance()
        self.residents_decide()
        self.office_serves()
        self.residents_experience()
        self.calendar_turns()
        if self.checked:
            laws.check(self.world, self.population, self.levers, self.day)
        self.day += 1

    def begin_day(self) -> None:
        """Before the first routine: levers that are dated today move, and sums fade by a day."""
        for day, terms in self.terms_by_day:
            if day == self.day:
                self._live_by(terms)
        day_begins(self.rows.sums[0], self.levers, self.day)

    def needs_arise(self) -> None:
        """Routine 1."""
        self._due_today().do("arise")
        a = self.world.applications
        for application in self._applications_due():
            if a.outcome.item(application) == RETURNED:
                self.resident(a.resident.item(application)).correct(application)

    def cycles_advance(self) -> None:
        """Routine 2; once a week there is help between events too."""
        self.office.advance_cycles()
        if self.p.standing_hours > 0 and self.day % outreach.WEEK == 0:
            self._stand_by()

    def _stand_by(self) -> None:
        offered = np.array([one.standing_hours() if one.active else 0.0 for one in self._coproducers])
        permits = self.inputs.permits[step_on(self.inputs, self.day)]
        helpers, needs, took, idle = standing.week(self.inputs, self.levers, permits, self.rows, self.day, offered)
        for row, need in zip(helpers.tolist(), needs.tolist(), strict=True):
            self.coproducer(row).help_neighbour(need)
        for row in np.flatnonzero(offered > 0).tolist():
            self.coproducer(row).stood_by(took.item(row), idle.item(row))

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
        a, tally = self.world.applications, self.world.tally
        for application in self._applications_due():
            if a.outcome.item(application) == UNDER_REVIEW:
                self.office.review(application)
        self.office.serve()
        tally.desk_hours_worked[0] += self.office.hours_worked
        tally.desk_hours_available[0] += self.office.hours_available

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
        self.coproducers.select(lambda one: one.active == 1 or one.helps > 0).do("month_passes")
        for resident in asking.between_events(self.inputs, self.levers, self.rows, self.day, month).tolist():
            self.recruit(resident).asked_between(month)
        election = election_of(month, self.p.election_month, self.p.election_term)
        if self.p.elections and election >= 0:
            elect_heads(self, election)
        rows, levers, permits = self.rows, self.levers, self.inputs.permits[step_on(self.inputs, self.day)]
        if (month + 1) % HALF_YEAR == 0:
            frame, counts = levers["survey_frame"].item(), rows.counts[0]
            survey(rows.applications, counts, self.day, frame, self.p.survey_n, self.inputs.sample_sizes)
        count_month(self.months, month, rows, self.inputs, levers, permits, self.day)
        if self.checked:
            laws.check_record(record_of(self.months, month, self.ground.permits), self.day)

    def run(self) -> list[Record]:
        """Live all days of the scenario that are left; returns the monthly records."""
        while self.day < self.plan.days:
            self.step()
        return self.records

    @property
    def records(self) -> list[Record]:
        """The records of the months lived through; what became of a month's applications is as it stands today."""
        return records_of(self.months, self.ground, self.day)

    @property
    def history(self) -> History:
        """What the run leaves behind so far: records, counts by RW and month, filings."""
        return history(self.plan, self.ground, self.months, self.world, self.day)

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

    @property
    def rows(self) -> state.Rows:
        """The state by row, as compiled pieces read it; no copy."""
        return state.rows_of(self.world)

    @property
    def levers(self) -> Any:
        """Today's numbers, as compiled pieces read them; ``p`` has them for agents."""
        return self.inputs.levers[step_on(self.inputs, self.day)]

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
        mark = self.normal(Draw.SITE_SHOCK, self.plan.profile.code, year)
        return satisfaction.site_shock(mark, self.p.site_shock_sd)

    # -- the schedule

    def _due_today(self) -> AgentSet:
        needs = self.world.needs
        due = calendar.due_on(self.world.needs_due, needs.after, self.day).tolist()
        self.due_needs = {}
        for need in sorted(due, key=needs.key.item):
            self.due_needs.setdefault(needs.resident.item(need), []).append(need)
        return self._set_of(self.due_needs)

    def _applications_due(self) -> list[int]:
        a, key = self.world.applications, self.world.needs.key
        due: list[int] = calendar.due_on(self.world.applications_due, a.after, self.day).tolist()
        return sorted(due, key=lambda row: key.item(a.need.item(row)))

    def _set_of(self, rows: Iterable[int]) -> AgentSet:
        key = self.population.key
        return AgentSet([self._residents[row] for row in sorted(rows, key=key.item)], random=self.random)

    def schedule_need(self, need: int, day: int) -> None:
        """Note when something next happens at a need; an earlier note lapses."""
        needs = self.world.needs
        calendar.move(self.world.needs_due, needs.after, needs.before, need, needs.due.item(need), day)
        needs.due[need] = day

    def schedule_application(self, application: int, day: int) -> None:
        """Note when an application comes back, lapses, or leaves review."""
        a = self.world.applications
        calendar.move(self.world.applications_due, a.after, a.before, application, a.due.item(application), day)
        a.due[application] = day

    # -- tables that grow

    def _new_row(self, table: str) -> int:
        count = getattr(self.world.counts, table)
        row: int = count.item(0)
        if row == len(getattr(self.world, table)[0]):
            self.world = self.world._replace(**{table: memory.grown(getattr(self.world, table), 2 * row)})
        count[0] += 1
        return row

    def new_application(self) -> int:
        """A fresh row for an application."""
        return self._new_row("applications")

    def enqueue(self, application: int) -> None:
        """Put a file at the tail of the backlog."""
        last, queue = self.world.office.last, self.world.queue
        if last.item(0) == queue.size:
            self.world = self.world._replace(queue=np.concatenate([queue, np.zeros_like(queue)]))
        self.world.queue[last.item(0)] = application
        last[0] += 1

    def new_event(self, rw: Neighbourhood) -> int:
        """A fresh service cycle for an RW whose head consented."""
        event = self._new_row("events")
        e = self.world.events
        e.rw[event], e.ordinal[event], e.began[event] = rw.row, rw.proposals, self.day
        rw.running = event
        listed = self.p.targeting == "list"
        self.world.office.pointer[0] = self.terms.target_place.item(rw.row) if listed else rw.row
        return event

    def new_part(self, event: int, one: CoProducer, reason: int, joined: bool) -> None:
        """Note that somebody was asked to an event, or (-1) between events, and the answer."""
        part = self._new_row("parts")
        parts = self.world.parts
        parts.event[part], parts.day[part], parts.coproducer[part] = event, self.day, one.row
        parts.reason[part], parts.invitation[part], parts.joined[part] = reason, one.asked, int(joined)
        parts.visits[part], parts.hours[part] = 0, 0.0

    def parts_of(self, event: int) -> list[int]:
        """Rows of those who take part in an event, in the order in which they joined."""
        used, parts = self.world.counts.parts.item(0), self.world.parts
        return np.flatnonzero((parts.event[:used] == event) & (parts.joined[:used] == 1)).tolist()

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
        if self.world.motives.coproducer.item(resident_row) >= 0:
            return self.coproducer(self.world.motives.coproducer.item(resident_row))
        row = self._new_row("coproducers")
        home = self.population.rw.item(resident_row), self.population.rt.item(resident_row)
        take_up(memory.records(self.world.coproducers), row, resident_row, *home, VOLUNTEER, self.p.skill_start)
        self.world.motives.coproducer[resident_row] = row
        one = self.coproducer_class(self, row)
        self._coproducers.append(one)
        return one

    # -- the rest of the day

    def tell(self, teller: Resident, score: float, granted: int) -> None:
        """Word of mouth: every tie hears of the decision today and, with an open need, thinks again tomorrow."""
        needs = self.world.needs
        for row in teller.ties:
            total, count = self.told.get(row, (0.0, 0))
            self.told[row] = (total + score, count + 1)
            friend = self.resident(row)
            for need in friend.open_needs if friend.open_count else ():
                if not needs.aware.item(need):
                    continue
                if granted:
                    needs.news[need] = max(needs.news.item(need), self.p.success_prompt)
                self.schedule_need(need, self.day + 1)
