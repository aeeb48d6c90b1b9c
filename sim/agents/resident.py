"""A resident: needs that arise, the decision to wait or act, and help by co-producers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keliling.sim.agents.applicant import Applicant
from keliling.sim.agents.view import Column, Trait
from keliling.sim.memory import records
from keliling.sim.opening import begin
from keliling.sim.rng import Draw, packed
from keliling.sim.rules import choice, filing, influence, motivation, outreach
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, GIVES_UP, ONLINE, TRIES_LATER, WAIT
from keliling.sim.scenario import MONTH_DAYS
from keliling.sim.state import IDLE, NEVER, OPEN
from keliling.sim.terms import step_on

if TYPE_CHECKING:
    from keliling.sim.model import CoproductionModel
    from keliling.sim.state import Floats


class Resident(Applicant):
    """An adult who may need permits and may co-produce. Subclass it and hand the class to the model.

    The model calls ``arise``, ``decide``, ``act``, ``experience`` and ``listen`` on those who are due; ``worth`` is
    the place to change how a resident values a channel.
    """

    age = Trait("Age in years.")
    efficacy = Trait("Self-efficacy, 0-1.")
    decisive = Trait("1 for the decisive responder type, 0 for the flexible one.")
    free_hours = Trait("Free time, hours a week.")
    at_work = Trait("1 when at work during opening hours.")
    internet = Trait("1 for internet users.")
    household_head = Trait("1 for one adult of each household.")
    firm = Trait("1 for owners of a micro or small firm.")
    intrinsic = Column("motives", "Intrinsic motivation, 0-1.")
    social = Column("motives", "Social motivation, 0-1.")
    normative = Column("motives", "Normative motivation, 0-1.")
    helped_day = Column("motives", "Day of the last help by a co-producer.")

    def __init__(self, model: CoproductionModel, row: int) -> None:
        super().__init__(model, row)
        self.key: int = model.population.key.item(self.row)

    # -- what a resident has

    @property
    def ties(self) -> list[int]:
        """Rows of the residents to whom this one is tied."""
        start = self.model.population.tie_start
        return self.model.population.ties[start.item(self.row) : start.item(self.row + 1)].tolist()

    @property
    def needs(self) -> range:
        """Rows of this resident's needs, one for each permit the resident may need."""
        first = self.model.ground.pairs.first
        return range(first.item(self.row), first.item(self.row + 1))

    @property
    def open_needs(self) -> list[int]:
        """Rows of the needs that are open and not applied for."""
        status = self.model.world.needs.status
        return [need for need in self.needs if status.item(need) == OPEN]

    # -- routine 1: needs arise

    def arise(self) -> None:
        """Take up today's births, expiries and reopenings, notices to works, and the end of works."""
        model, needs = self.model, self.model.world.needs
        for need in model.due_needs[self.row]:
            status = needs.status.item(need)
            if status == IDLE:
                self._open(need)
            if needs.status.item(need) != OPEN:
                continue
            if needs.ends.item(need) <= model.day:
                model.world.tally.ended[0] += 1
                self.close(need, granted=False)
                continue
            if needs.learns.item(need) <= model.day:
                self.learns_of(need)
            if needs.patrol_day.item(need) == model.day:
                self._noticed(need)
            ended = needs.works_until.item(need) == model.day and needs.noticed.item(need)
            if ended and model.draw(Draw.DEMOLITION, self.key, self.occasion(need)) < model.p.demolished:
                model.world.tally.demolished[0] += 1
                self.close(need, granted=False)

    def _open(self, need: int) -> None:
        """Begin a spell of an open need."""
        model, inputs = self.model, self.model.inputs
        permit, p = model.world.needs.permit.item(need), model.p
        begin(
            *model.key,
            self.key,
            records(model.world.needs),
            need,
            model.day,
            inputs.solved[permit],
            inputs.permits[step_on(inputs, model.day)][permit],
            p.known_share,
            p.detection_rate,
        )
        self.settle(need, OPEN, 0)

    def learns_of(self, need: int) -> None:
        """Come to know of an open need."""
        needs, stock = self.model.world.needs, self.model.world.stock
        if not needs.aware.item(need):
            needs.aware[need] = 1
            stock.unaware[needs.permit.item(need)] -= 1

    def _noticed(self, need: int) -> None:
        """A patrol or a neighbour's report found the works: a prompt as strong as the share who answer summonses."""
        model, needs = self.model, self.model.world.needs
        if not model.p.patrols:
            return
        needs.noticed[need] = 1
        self.learns_of(need)
        needs.learns[need] = min(needs.learns.item(need), model.day)
        needs.news[need] = max(needs.news.item(need), choice.prompt_hazard(model.p.answer_summons))
        model.world.tally.notices[0] += 1
        if model.draw(Draw.REPORT, self.key, self.occasion(need)) < model.p.report_share:
            model.world.tally.reports[0] += 1
            self.social = motivation.moved(self.social, -model.p.friction * model.p.motive_sd)

    # -- routine 3: decide and act

    def worth(self, need: int, channel: int) -> float:
        """Worth of applying through ``channel`` over waiting, in utility; see ``sim.rules.choice``."""
        model, needs, p = self.model, self.model.world.needs, self.model.p
        permit = model.permits[needs.permit.item(need)]
        noticed = needs.noticed.item(need)
        works = int(p.patrols and needs.works_until.item(need) > model.day)
        return choice.channel_value(
            channel,
            self._tastes()[channel].item(need),
            model.constants[channel] if channel != EVENT else p.event_constant,
            choice.expected_benefit(permit.benefit, p.weight_wait, model.world.office.wait.item(0)),
            p.weight_sanction * choice.threat(works, noticed, p.detection_rate),
            self.knowledge,
            self.literacy,
            self.at_work,
            self.trust,
            self.remembered,
            model.world.neighbourhoods.norm.item(self.rw),
            permit.fee,
            permit.broker_fee,
            choice.credit(p.credit_value, permit.credit, self._credit_at(need)),
            model.terms.choosing,
        )

    def _tastes(self) -> dict[int, Floats]:
        n = self.model.world.needs
        return {ONLINE: n.taste_online, COUNTER: n.taste_counter, BROKER: n.taste_broker, EVENT: n.taste_event}

    def _credit_at(self, need: int) -> int:
        event = self.model.world.needs.event.item(need)
        return self.model.world.events.credit.item(event) if event >= 0 else 0

    def channels(self, need: int) -> list[int]:
        """Channels at hand today: online for internet users, the event when one is known and not over."""
        model, needs = self.model, self.model.world.needs
        open_channels = [COUNTER]
        if model.p.online and self.internet and not needs.online_failed.item(need):
            open_channels.append(ONLINE)
        if model.p.brokers:
            open_channels.append(BROKER)
        event = needs.event.item(need)
        if event >= 0 and model.takes_applications(event):
            open_channels.append(EVENT)
        return sorted(open_channels)

    def decide(self) -> None:
        """At each touched need: add up the hazard, feel prompts, and wait, plan for an event, or choose to act."""
        model = self.model
        self.choices: list[tuple[int, int]] = []
        for need in model.due_needs[self.row]:
            if model.world.needs.status.item(need) == OPEN:
                channel = self._touch(need)
                if channel != WAIT:
                    self.choices.append((need, channel))

    def _touch(self, need: int) -> int:
        model, needs, p, day = self.model, self.model.world.needs, self.model.p, self.model.day
        solved = model.balances[needs.permit.item(need)]
        gathered, by_event = choice.gathered(
            needs.rate.item(need), needs.anchor.item(need), day, needs.learns.item(need)
        )
        hazard = needs.hazard.item(need) + gathered
        needs.prompted[need] += by_event
        worths = [(self.worth(need, c), -c) for c in self.channels(need)]
        channel = -max(worths)[1]
        # An event competes for those who act; it makes nobody keener.
        standing = max(worth for worth, c in worths if -c != EVENT)
        keen = choice.keenness(standing, p.hazard_sensitivity)
        pending, news, relative = needs.pending.item(need), needs.news.item(need), keen / solved.mean_keenness
        if news > 0.0:
            hazard += choice.prompted(news, relative, p.attention_cap)
            needs.news[need] = 0.0
        if pending > 0.0:
            added = choice.prompted(pending, relative, p.attention_cap)
            hazard += added
            needs.prompted[need] += added
            needs.pending[need] = 0.0
        aware = needs.aware.item(need)
        rate = choice.own_rate(solved.base_rate, keen, aware, needs.obstacle.item(need), p.obstacle_hesitation)
        needs.hazard[need], needs.anchor[need], needs.rate[need] = hazard, day, rate
        due = day + influence.days_until(needs.threshold.item(need) - hazard, rate)
        if hazard >= needs.threshold.item(need):
            arrives = model.world.events.delivery_day.item(needs.event.item(need)) if channel == EVENT else day
            if arrives == day:
                return channel
            due = arrives
        monthly = day + 1 + (needs.monthly.item(need) - day - 1) % MONTH_DAYS
        happens = (column.item(need) for column in (needs.learns, needs.ends, needs.works_until, needs.patrol_day))
        model.schedule_need(need, choice.next_look(day, due, aware, monthly, *happens))
        return WAIT

    def act(self) -> None:
        """File through the channel chosen; an attempt may fail before that, an event may be full."""
        model, needs = self.model, self.model.world.needs
        for need, channel in self.choices:
            if channel == EVENT:
                model.arrivals.setdefault(needs.event.item(need), []).append(need)
            else:
                self._attempt(need, channel)
        self.choices = []

    def _attempt(self, need: int, channel: int) -> None:
        model, needs, p, tally = self.model, self.model.world.needs, self.model.p, self.model.world.tally
        tally.attempts[0] += 1
        chance = choice.attempt_failure(
            channel, p.online_failure, p.counter_failure, self.literacy, p.literacy_mean, needs.skill.item(need)
        )
        occasion, failures = self.occasion(need), needs.failures.item(need)
        if model.draw(Draw.ATTEMPT_FAILURE, self.key, occasion, failures) >= chance:
            self.file(need, channel)
            return
        needs.failures[need] += 1
        tally.failed_attempts[0] += 1
        tally.lost_hours[0] += filing.applicant_hours(channel, p.online_hours, p.counter_hours, p.broker_hours)
        mark = model.draw(Draw.AFTER_FAILURE, self.key, occasion, failures)
        what = choice.after_failure(mark, p.gives_up, p.tries_later)
        if what == GIVES_UP:
            tally.given_up[0] += 1
            self.close(need, granted=False)
            return
        wait, needs.online_failed[need] = 1, channel == ONLINE
        if what == TRIES_LATER:
            # As much of the hazard is taken back as gathers again until then; a prompt may bring the day forward.
            wait_mark = model.draw(Draw.RETRY_TIME, self.key, occasion, failures)
            wait, needs.online_failed[need] = filing.correction_wait(wait_mark, p.retry_days), 0
            needs.hazard[need] = needs.threshold.item(need) - needs.rate.item(need) * wait
        model.schedule_need(need, model.day + wait)

    # -- as a person whom co-producers help

    def informed(self, need: int, event: int) -> None:
        """Hear of an event nearby: who did not know of the need takes it in, or does not."""
        model, needs = self.model, self.model.world.needs
        permit, proposals = needs.permit.item(need), self._proposals(event)
        unaware = not needs.aware.item(need)
        if unaware and model.draw(Draw.TAKES_IN, self.key, proposals, permit) >= model.strengths.informed:
            return
        self._meet(need, event)
        model.schedule_need(need, model.day)
        self._first_told(need)
        self.knowledge = influence.raised(self.knowledge, 1.0, model.p.knowledge_information)

    def helped(self, need: int, event: int, skill: float) -> None:
        """Be helped before an ``event``, or between events (-1), by a co-producer who checks the papers.

        An obstacle may be mended.
        """
        model, needs, p = self.model, self.model.world.needs, self.model.p
        if needs.visit_day.item(need) == NEVER:
            model.world.neighbourhoods.known[self.rw] -= needs.known.item(need)
            model.world.neighbourhoods.helped[self.rw] += 1
        needs.visit_day[need] = model.day
        permit = needs.permit.item(need)
        occasion = packed(permit, needs.ordinal.item(need), 0)
        # Between events a need is helped once at most.
        drawn_for = (self._proposals(event), permit) if event >= 0 else (occasion, outreach.BETWEEN)
        if model.draw(Draw.HEEDED, self.key, *drawn_for) >= model.strengths.heeded:
            return
        if event >= 0:
            self._meet(need, event)
        model.schedule_need(need, model.day)
        self._first_told(need)
        prompt = choice.help_prompt(model.strengths.help, model.day - needs.felt_day.item(need), p.prompt_memory)
        if prompt > 0.0:
            needs.pending[need] += prompt
            needs.felt_day[need] = model.day
        needs.skill[need] = max(needs.skill.item(need), skill)
        if needs.obstacle.item(need) and model.draw(Draw.MENDED, self.key, occasion) < p.obstacle_mended * skill:
            needs.obstacle[need] = 0
            model.world.stock.obstructed[permit] -= 1
        self.helped_day = model.day
        self.knowledge = influence.raised(self.knowledge, 1.0, p.knowledge_help)

    def _proposals(self, event: int) -> int:
        world = self.model.world
        return world.neighbourhoods.proposals.item(world.events.rw.item(event))

    def _first_told(self, need: int) -> None:
        if not self.model.world.needs.aware.item(need):
            self.learns_of(need)
            self.model.world.needs.pending[need] += self.model.strengths.information

    def _meet(self, need: int, event: int) -> None:
        needs = self.model.world.needs
        if needs.event.item(need) != event:
            needs.event[need] = event
            needs.plain_rate[need] = needs.rate.item(need) if needs.aware.item(need) else 0.0
