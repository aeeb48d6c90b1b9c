"""A resident: needs that arise, the decision to wait or act, and help by co-producers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.applicant import Applicant
from sim.agents.view import Column, Trait
from sim.rng import Draw, packed
from sim.rules import choice, filing, influence, motivation
from sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE, WAIT
from sim.scenario import MONTH_DAYS
from sim.state import IDLE, OPEN

if TYPE_CHECKING:
    from sim.model import CoproductionModel
    from sim.state import Floats


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
    rt = Trait("Row of the home RT.")
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
            if needs.patrol_day.item(need) == model.day:
                self._noticed(need)
            ended = needs.works_until.item(need) == model.day and needs.noticed.item(need)
            if ended and model.draw(Draw.DEMOLITION, self.key, self.occasion(need)) < model.p.demolished:
                model.world.tally.demolished[0] += 1
                self.close(need, granted=False)

    def _open(self, need: int) -> None:
        model, needs = self.model, self.model.world.needs
        permit = needs.permit.item(need)
        first = needs.attempt.item(need) == 0
        self.settle(need, OPEN, 0)
        needs.expiry[need] = -1
        occasion = self.occasion(need)
        needs.threshold[need] = influence.waited(model.draw(Draw.THRESHOLD, self.key, occasion))
        for column in (needs.hazard, needs.prompted, needs.rate, needs.felt, needs.pending, needs.news, needs.skill):
            column[need] = 0.0
        taste_occasion = packed(permit, needs.ordinal.item(need), 0)
        for channel, column in self._tastes().items():
            column[need] = choice.taste(model.draw(Draw.TASTE, self.key, taste_occasion, channel))
        needs.anchor[need] = model.day
        needs.event[need] = -1
        needs.online_failed[need] = needs.failures[need] = 0
        if first:
            needs.noticed[need] = 0
            needs.works_until[need] = needs.patrol_day[need] = -1
            if model.permits[permit].enforced:
                needs.works_until[need] = until = model.day + model.permits[permit].works_days
                wait = influence.waited(model.draw(Draw.PATROL, self.key, occasion))
                found = model.day + influence.days_until(wait, model.p.detection_rate / 252.0)
                needs.patrol_day[need] = found if found < until else -1

    def _noticed(self, need: int) -> None:
        """A patrol or a neighbour's report found the works: a prompt as strong as the share who answer summonses."""
        model, needs = self.model, self.model.world.needs
        if not model.p.patrols:
            return
        needs.noticed[need] = 1
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
            model.constants[channel],
            permit.benefit,
            p.weight_sanction * choice.threat(works, noticed, p.detection_rate) if works or noticed else 0.0,
            self.knowledge,
            self.literacy,
            self.at_work,
            self.trust,
            self.rejections,
            model.world.neighbourhoods.norm.item(self.rw),
            permit.fee,
            permit.broker_fee,
            p.credit_value if permit.credit and self._credit_at(need) else 0.0,
            p.weight_learning,
            p.weight_compliance,
            p.weight_psychological,
            p.rejection_memory,
            p.weight_fee,
            p.weight_norm,
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
        permit = needs.permit.item(need)
        hazard = needs.hazard.item(need) + needs.rate.item(need) * (day - needs.anchor.item(need))
        best, channel = max((self.worth(need, c), -c) for c in self.channels(need))
        channel = -channel
        keen = choice.keenness(best, p.hazard_sensitivity)
        pending, news, relative = needs.pending.item(need), needs.news.item(need), keen / model.mean_keenness[permit]
        if news > 0.0:
            hazard += choice.prompted(news, 0.0, relative, p.attention_cap)
            needs.news[need] = 0.0
        if pending > 0.0:
            felt = needs.felt.item(need)
            added = choice.prompted(pending, felt, relative, p.attention_cap)
            hazard += added
            needs.prompted[need] += added
            needs.felt[need] = max(felt, pending)
            needs.pending[need] = 0.0
        rate = model.base_rate[permit] * keen
        needs.hazard[need], needs.anchor[need], needs.rate[need] = hazard, day, rate
        due = day + influence.days_until(needs.threshold.item(need) - hazard, rate)
        if hazard >= needs.threshold.item(need):
            arrives = model.world.events.delivery_day.item(needs.event.item(need)) if channel == EVENT else day
            if arrives == day:
                return channel
            due = arrives
        monthly = day + 1 + (needs.monthly.item(need) - day - 1) % MONTH_DAYS
        for other in (monthly, needs.works_until.item(need), needs.patrol_day.item(need)):
            if day < other < due:
                due = other
        model.schedule_need(need, due)
        return WAIT

    def act(self) -> None:
        """File through the channel chosen; an online attempt may fail, an event may be full."""
        model, needs = self.model, self.model.world.needs
        for need, channel in self.choices:
            if channel == ONLINE:
                chance = filing.online_failure_chance(model.p.online_failure, self.literacy, model.p.literacy_mean)
                if model.draw(Draw.ONLINE_FAILURE, self.key, self.occasion(need)) < chance:
                    needs.online_failed[need] = 1
                    needs.failures[need] += 1
                    model.world.tally.online_failures[0] += 1
                    model.schedule_need(need, model.day + 1)
                    continue
            if channel == EVENT:
                model.arrivals.setdefault(needs.event.item(need), []).append(need)
            else:
                self.file(need, channel)
        self.choices = []

    # -- as a person whom co-producers help

    def informed(self, need: int, event: int) -> None:
        """Hear of an event nearby: a little knowledge and the weak prompt of information alone."""
        model, needs = self.model, self.model.world.needs
        self._meet(need, event)
        needs.pending[need] = max(needs.pending.item(need), model.p.information_prompt)
        self.knowledge = influence.raised(self.knowledge, 1.0, model.p.knowledge_information)

    def helped(self, need: int, event: int, skill: float) -> None:
        """Be visited by a co-producer, who checks the papers: knowledge, and the strong prompt of help in person."""
        model, needs = self.model, self.model.world.needs
        self._meet(need, event)
        needs.pending[need] = max(needs.pending.item(need), model.p.assistance_prompt)
        needs.skill[need] = max(needs.skill.item(need), skill)
        self.helped_day = model.day
        self.knowledge = influence.raised(self.knowledge, 1.0, model.p.knowledge_help)

    def _meet(self, need: int, event: int) -> None:
        needs = self.model.world.needs
        if needs.event.item(need) != event:
            needs.event[need] = event
            needs.felt[need] = 0.0
            needs.plain_rate[need] = needs.rate.item(need)
        self.model.schedule_need(need, self.model.day)
