"""A resident: needs that arise, the decision to act, the application, and what the decision leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.view import Column, Fading, RowAgent, Trait
from sim.rng import Draw
from sim.rules import choice, filing, influence, motivation, satisfaction
from sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE, WAIT
from sim.rules.serving import GRANTED, WITHDRAWN
from sim.state import APPLIED, IDLE, OPEN

if TYPE_CHECKING:
    from sim.model import CoproductionModel

MONTH = 21


class Resident(RowAgent):
    """An adult who may need permits and may co-produce. Subclass it and hand the class to the model.

    The model calls ``arise``, ``decide``, ``act``, ``experience`` and ``listen`` on those who are due; ``worth`` is
    the place to change how a resident values a channel.
    """

    age = Trait("Age in years.")
    literacy = Trait("Digital literacy, 0-1.")
    efficacy = Trait("Self-efficacy, 0-1.")
    decisive = Trait("1 for the decisive responder type, 0 for the flexible one.")
    free_hours = Trait("Free time, hours a week.")
    at_work = Trait("1 when at work during opening hours.")
    internet = Trait("1 for internet users.")
    household_head = Trait("1 for one adult of each household.")
    firm = Trait("1 for owners of a micro or small firm.")
    rw = Trait("Row of the home RW.")
    rt = Trait("Row of the home RT.")
    intrinsic = Column("residents", "Intrinsic motivation, 0-1.")
    social = Column("residents", "Social motivation, 0-1.")
    normative = Column("residents", "Normative motivation, 0-1.")
    expectation = Column("residents", "Expectation of service, 1-4.")
    satisfaction = Column("residents", "Satisfaction with the last decision, 1-4; 0 before the first.")
    rejections = Column("residents", "Times rejected.")
    helped_day = Column("residents", "Day of the last help by a co-producer.")
    knowledge = Fading("residents", "knowledge", "knowledge_half_life", "Procedural knowledge today, 0-1.")
    trust = Fading("residents", "trust", "trust_half_life", "Trust in the office today, 0-1.")

    def __init__(self, model: CoproductionModel, row: int) -> None:
        super().__init__(model, row)
        self.key: int = model.population.key.item(row)

    # -- what a resident has

    @property
    def ties(self) -> list[int]:
        """Rows of the residents to whom this one is tied."""
        start = self.model.population.tie_start
        return self.model.population.ties[start.item(self.row) : start.item(self.row + 1)].tolist()  # type: ignore[no-any-return]

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

    def occasion(self, need: int) -> int:
        """The occasion of a need's current application: permit, ordinal and attempt, whatever the day."""
        needs = self.model.world.needs
        return needs.permit.item(need) << 24 | (needs.ordinal.item(need) & 0xFFFF) << 8 | needs.attempt.item(need) & 0xFF

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
            if needs.works_until.item(need) == model.day and needs.noticed.item(need):
                if model.draw(Draw.DEMOLITION, self.key, self.occasion(need)) < model.p.demolished:
                    model.tally.demolished += 1
                    self.close(need, granted=False)

    def _open(self, need: int) -> None:
        model, needs = self.model, self.model.world.needs
        permit = needs.permit.item(need)
        first = needs.attempt.item(need) == 0
        needs.status[need] = OPEN
        needs.held[need] = 0
        needs.expiry[need] = -1
        occasion = self.occasion(need)
        needs.threshold[need] = influence.waited(model.draw(Draw.THRESHOLD, self.key, occasion))
        for column in (needs.hazard, needs.prompted, needs.rate, needs.felt, needs.skill):
            column[need] = 0.0
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
        needs.pending[need] = max(needs.pending.item(need), choice.prompt_hazard(model.p.answer_summons))
        model.tally.notices += 1
        if model.draw(Draw.REPORT, self.key, self.occasion(need)) < model.p.report_share:
            model.tally.reports += 1
            self.social = motivation.moved(self.social, -model.p.friction * model.p.motive_sd)

    # -- routine 3: decide and act

    def worth(self, need: int, channel: int) -> float:
        """Worth of applying through ``channel`` over waiting, in utility; see ``sim.rules.choice``."""
        model, needs, p = self.model, self.model.world.needs, self.model.p
        permit = model.permits[needs.permit.item(need)]
        noticed = needs.noticed.item(need)
        works = int(p.patrols and needs.works_until.item(need) > model.day)
        occasion = needs.permit.item(need) << 24 | (needs.ordinal.item(need) & 0xFFFF) << 8
        return choice.channel_value(  # type: ignore[no-any-return]
            channel,
            choice.taste(model.draw(Draw.TASTE, self.key, occasion, channel)),
            model.constants[channel],
            permit.benefit,
            p.weight_sanction * choice.threat(works, noticed, p.detection_rate) if works or noticed else 0.0,
            self.knowledge, self.literacy, self.at_work, self.trust, self.rejections,
            model.world.neighbourhoods.norm.item(self.rw), permit.fee, permit.broker_fee,
            p.credit_value if permit.credit and self._credit_at(need) else 0.0,
            p.weight_learning, p.weight_compliance, p.weight_psychological, p.rejection_memory, p.weight_fee,
            p.weight_norm,
        )

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
        pending = needs.pending.item(need)
        if pending > 0.0:
            felt = needs.felt.item(need)
            added = choice.prompted(pending, felt, keen / model.mean_keenness[permit], p.attention_cap)
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
        monthly = day + 1 + (needs.monthly.item(need) - day - 1) % MONTH
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
                    model.tally.online_failures += 1
                    model.schedule_need(need, model.day + 1)
                    continue
            if channel == EVENT:
                model.arrivals.setdefault(needs.event.item(need), []).append(need)
            else:
                self.file(need, channel)
        self.choices = []

    def file(self, need: int, channel: int, event_skill: float = 0.0) -> int:
        """Fill in and hand in the application; returns its row. Help at hand is the better of visit and event."""
        model, world, p = self.model, self.model.world, self.model.p
        needs, permit = world.needs, world.needs.permit.item(need)
        skill = max(needs.skill.item(need), event_skill)
        if channel == BROKER:
            skill = 0.0
        occasion = self.occasion(need)
        ratio = filing.helper_ratio(channel, skill, p.officer_error, p.broker_error, p.assistance_error)
        chance = filing.defect_chance(
            p.document_error, channel, self.knowledge, p.knowledge_mean, self.literacy, p.literacy_mean, ratio,
            p.error_knowledge, p.error_literacy,
        )
        defects = repaired = 0
        for document in range(model.permits[permit].requirements):
            if model.draw(Draw.DEFECT, self.key, occasion, document) < chance:
                defects |= 1 << document
        if channel == EVENT:
            mend = filing.repair_probability(p.repair_chance, world.office.quality.item(0), skill)
            for document in range(model.permits[permit].requirements):
                if defects >> document & 1 and model.draw(Draw.REPAIR, self.key, occasion, document) < mend:
                    defects ^= 1 << document
                    repaired += 1
        hazard, threshold = needs.hazard.item(need), needs.threshold.item(need)
        quarter_earlier = hazard - needs.prompted.item(need) + 63 * needs.rate.item(need)
        needs.status[need] = APPLIED
        lift = influence.faded(
            world.neighbourhoods.lift.item(self.rw), 0.0, model.day - world.neighbourhoods.lift_day.item(self.rw),
            p.publicity_half_life,
        )
        row = model.new_application()
        a = model.world.applications
        a.need[row], a.resident[row], a.permit[row] = need, self.row, permit
        a.ordinal[row], a.attempt[row], a.channel[row] = needs.ordinal.item(need), needs.attempt.item(need), channel
        a.skill[row], a.event[row] = skill, needs.event.item(need) if channel == EVENT else -1
        a.defects[row], a.repaired[row], a.failures[row] = defects, repaired, needs.failures.item(need)
        a.displaced[row] = int(quarter_earlier >= threshold)
        a.submitted[row] = a.complete[row] = model.day
        a.looked[row] = a.decided[row] = a.due[row] = -1
        a.crowd[row] = world.office.crowd.item(0)
        a.expectation[row] = influence.raised(self.expectation, 4.0, lift)
        norm = world.neighbourhoods.norm
        norm[self.rw] = influence.toward(norm.item(self.rw), float(channel != BROKER), p.norm_speed)
        model.office.receive(row)
        return row

    # -- a returned file

    def returned(self, application: int) -> None:
        """Learn of defects: come back with a correction before the deadline, or give up at it."""
        model, a, p = self.model, self.model.world.applications, self.model.p
        a.returns[application] += 1
        occasion, index = self.application_occasion(application), a.returns.item(application)
        wait = filing.correction_wait(model.draw(Draw.CORRECTION_TIME, self.key, occasion, index), p.correction_days)
        if model.draw(Draw.CORRECTION, self.key, occasion, index) >= p.correction_chance:
            wait = p.correction_deadline + 1
        model.schedule_application(application, model.day + min(wait, p.correction_deadline + 1))

    def correct(self, application: int) -> None:
        """Come back today with the file put right as far as may be, or, past the deadline, let it lapse."""
        model, a, p = self.model, self.model.world.applications, self.model.p
        occasion, index = self.application_occasion(application), a.returns.item(application)
        wait = filing.correction_wait(model.draw(Draw.CORRECTION_TIME, self.key, occasion, index), p.correction_days)
        comes = model.draw(Draw.CORRECTION, self.key, occasion, index) < p.correction_chance
        if not comes or wait > p.correction_deadline:
            a.outcome[application], a.decided[application] = WITHDRAWN, model.day
            self.after_failure(a.need.item(application))
            return
        defects = a.defects.item(application)
        for document in range(model.permits[a.permit.item(application)].requirements):
            draw_index = index * 32 + document
            if defects >> document & 1 and (
                model.draw(Draw.CORRECTED_DOCUMENT, self.key, occasion, draw_index) < p.document_correction
            ):
                defects ^= 1 << document
        a.defects[application] = defects
        a.complete[application] = model.day
        a.outcome[application] = 0
        model.office.receive(application)

    def application_occasion(self, application: int) -> int:
        """The occasion of an application already filed."""
        a = self.model.world.applications
        return a.permit.item(application) << 24 | (a.ordinal.item(application) & 0xFFFF) << 8 | (
            a.attempt.item(application) & 0xFF
        )

    # -- routine 5: experience

    def experience(self) -> None:
        """Live through today's decisions: satisfaction, a complaint perhaps, and what they change in the resident."""
        for application in self.model.decided_of[self.row]:
            self._experience(application)

    def _experience(self, application: int) -> None:
        model, a, p = self.model, self.model.world.applications, self.model.p
        granted = int(a.outcome.item(application) == GRANTED)
        channel, occasion = a.channel.item(application), self.application_occasion(application)
        statutory = model.permits[a.permit.item(application)].statutory_days
        time = satisfaction.experienced_time(a.decided.item(application) - a.submitted.item(application), statutory)
        returns = a.returns.item(application)
        met = [
            1.0 / (1.0 + returns), time, satisfaction.experienced_fee(channel), float(granted),
            satisfaction.experienced_crowding(channel, a.crowd.item(application)),
            satisfaction.experienced_contact(channel, int(a.skill.item(application) > 0.0)),
            model.reference_experience[6],
        ]
        score, _ = self._score(application, occasion, met)
        chance = satisfaction.complaint_chance(p.complaint_rate, p.complaint_steepness, p.ikm_base / 25.0, score)
        a.complaint_chance[application] = chance
        if model.draw(Draw.COMPLAINT, self.key, occasion) < chance:
            mark = model.draw(Draw.COMPLAINT_CLASS, self.key, occasion)
            a.complaint[application] = satisfaction.complaint_class(mark, time, returns, granted)
            closed = model.draw(Draw.COMPLAINT_CLOSED, self.key, occasion) < p.complaint_closed
            a.complaint_closed[application] = int(closed)
            met[6] = float(closed)
        score, performance = self._score(application, occasion, met)
        a.survey_key[application] = model.draw(Draw.SURVEY_KEY, self.key, occasion)
        a.satisfaction[application] = self.satisfaction = score
        self.knowledge = influence.raised(self.knowledge, 1.0, p.knowledge_experience)
        self.trust = influence.toward(self.trust, influence.as_unit(score), p.trust_speed)
        self.expectation = min(max(influence.toward(self.expectation, performance, p.expectation_speed), 1.0), 4.0)
        need = a.need.item(application)
        if granted:
            self.close(need, granted=True)
        else:
            self.rejections += 1
            self.after_failure(need)
        model.tell(self, influence.as_unit(score), granted)

    def _score(self, application: int, occasion: int, met: list[float]) -> tuple[float, float]:
        """Mean latent satisfaction over the nine elements (1-4) and performance; ticks the nine boxes."""
        model, a, p = self.model, self.model.world.applications, self.model.p
        felt = satisfaction.weighted(
            *(x - ref for x, ref in zip(met, model.reference_experience, strict=True)),
            p.weight_decision, p.weight_time, p.weight_other,
        )
        base = model.base_score + model.site_shock()
        performance = satisfaction.performance(base, felt)
        gap = p.weight_disconfirmation * (performance - a.expectation.item(application))
        person = p.answer_sd * model.normal(Draw.PERSON_NOISE, self.key, occasion)
        total, boxes = 0.0, 0
        for element, routing in enumerate(model.routing):
            noise = person + p.element_sd * model.normal(Draw.ELEMENT_NOISE, self.key, occasion, element)
            latent = satisfaction.latent(base, felt, routing, gap, noise)
            total += min(max(latent, 1.0), 4.0)
            boxes |= satisfaction.answer(latent) << (3 * element)
        a.answers[application] = boxes
        return total / 9.0, performance

    def close(self, need: int, *, granted: bool) -> None:
        """End the current need, granted or given up, and draw when the next one arises."""
        model, needs = self.model, self.model.world.needs
        permit = needs.permit.item(need)
        needs.status[need] = IDLE
        needs.held[need] = int(granted)
        needs.ordinal[need] += 1
        needs.attempt[need] = 0
        occasion = self.occasion(need)
        wait = influence.waited(model.draw(Draw.BIRTH, self.key, occasion))
        due = model.day + influence.days_until(wait, model.permits[permit].need_rate / 252.0)
        validity = model.permits[permit].validity_days
        if granted and validity and model.draw(Draw.RENEWAL, self.key, occasion) < model.p.renewal:
            needs.expiry[need] = model.day + validity
            due = min(due, needs.expiry.item(need))
        model.schedule_need(need, due)

    def after_failure(self, need: int) -> None:
        """After a rejection or withdrawal one draw decides whether the need reopens, and when."""
        model, needs = self.model, self.model.world.needs
        occasion = self.occasion(need)
        if model.draw(Draw.REAPPLY, self.key, occasion) >= model.p.reapply:
            self.close(need, granted=False)
            return
        needs.status[need] = IDLE
        needs.attempt[need] += 1
        wait = filing.correction_wait(model.draw(Draw.REAPPLY_TIME, self.key, occasion), model.p.reapply_days)
        model.schedule_need(need, model.day + wait)

    def listen(self) -> None:
        """Take in what ties told today: trust moves toward the mean of it (a convex average)."""
        total, count = self.model.told[self.row]
        self.trust = influence.toward(self.trust, total / count, self.model.p.word_of_mouth)

    # -- as a person whom co-producers help

    def informed(self, need: int, event: int) -> None:
        """Hear of an event nearby: a little knowledge and the weak prompt of information alone."""
        model, needs = self.model, self.model.world.needs
        self._meet(need, event)
        needs.pending[need] = max(needs.pending.item(need), model.information_prompt)
        self.knowledge = influence.raised(self.knowledge, 1.0, model.p.knowledge_information)

    def helped(self, need: int, event: int, skill: float) -> None:
        """Be visited by a co-producer, who checks the papers: knowledge, and the strong prompt of help in person."""
        model, needs = self.model, self.model.world.needs
        self._meet(need, event)
        needs.pending[need] = max(needs.pending.item(need), model.assistance_prompt)
        needs.skill[need] = max(needs.skill.item(need), skill)
        self.helped_day = model.day
        self.knowledge = influence.raised(self.knowledge, 1.0, model.p.knowledge_help)

    def _meet(self, need: int, event: int) -> None:
        needs = self.model.world.needs
        if needs.event.item(need) != event:
            needs.event[need] = event
            needs.felt[need] = 0.0
        self.model.schedule_need(need, self.model.day)

