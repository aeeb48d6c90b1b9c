"""A resident as an applicant: filing, corrections, the decision lived through, and what it leaves behind."""

from __future__ import annotations

from keliling.sim import ikm
from keliling.sim.agents.view import Column, Fading, RowAgent, SummedColumn, SummedFading, Trait
from keliling.sim.rng import Draw, of_correction, packed
from keliling.sim.rules import choice, filing, influence, satisfaction
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT
from keliling.sim.rules.satisfaction import HANDLING
from keliling.sim.rules.serving import GRANTED, WITHDRAWN
from keliling.sim.state import APPLIED, IDLE, NEVER, OPEN


class Applicant(RowAgent):
    """What every resident can do once a need is acted on."""

    literacy = Trait("Digital literacy, 0-1.")
    rw = Trait("Row of the home RW.")
    rt = Trait("Row of the home RT.")
    expectation = SummedColumn("residents", "Expectation of service, 1-4.")
    satisfaction = Column("motives", "Satisfaction with the last decision, 1-4; 0 before the first.")
    remembered = Fading("residents", 0.0, "rejection_half_life", "Rejections remembered today.", "rejections")
    open_count = Column("residents", "Needs that are open and not applied for.", "open_needs")
    knowledge = SummedFading("residents", "knowledge", "knowledge_half_life", "Procedural knowledge today, 0-1.")
    trust = SummedFading("residents", "trust", "trust_half_life", "Trust in the office today, 0-1.")
    key: int

    def occasion(self, need: int) -> int:
        """The occasion of a need's current application: permit, ordinal and attempt, whatever the day."""
        needs = self.model.world.needs
        return packed(needs.permit.item(need), needs.ordinal.item(need), needs.attempt.item(need))

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
            p.document_error,
            channel,
            self.knowledge,
            p.knowledge_mean,
            self.literacy,
            p.literacy_mean,
            ratio,
            p.error_knowledge,
            p.error_literacy,
        )
        defects = repaired = 0
        for document in range(model.permits[permit].requirements):
            if model.draw(Draw.DEFECT, self.key, occasion, document) < chance:
                defects |= 1 << document
        if channel == EVENT or (channel == COUNTER and p.counter_advice):
            quality = world.office.quality.item(0) if channel == EVENT else p.lessons_start
            mend = filing.repair_probability(p.repair_chance, p.repair_gain, quality, p.lessons_start, skill)
            for document in range(model.permits[permit].requirements):
                if defects >> document & 1 and model.draw(Draw.REPAIR, self.key, occasion, document) < mend:
                    defects ^= 1 << document
                    repaired += 1
        plain_rate = needs.plain_rate.item(need)
        displaced = choice.within_quarter(
            needs.hazard.item(need) - needs.prompted.item(need),
            plain_rate if plain_rate > 0.0 else needs.rate.item(need),
            choice.own_days(needs.learns.item(need), model.day, plain_rate),
            needs.threshold.item(need),
        )
        self.settle(need, APPLIED, 0)
        lift = influence.faded(
            world.neighbourhoods.lift.item(self.rw),
            0.0,
            model.day - world.neighbourhoods.lift_day.item(self.rw),
            p.publicity_half_life,
        )
        row = model.new_application()
        a = model.world.applications
        a.need[row], a.resident[row], a.permit[row] = need, self.row, permit
        a.ordinal[row], a.attempt[row], a.channel[row] = needs.ordinal.item(need), needs.attempt.item(need), channel
        a.skill[row], a.event[row] = skill, needs.event.item(need) if channel == EVENT else -1
        a.defects[row], a.repaired[row], a.failures[row] = defects, repaired, needs.failures.item(need)
        a.displaced[row] = int(displaced)
        a.submitted[row] = a.complete[row] = model.day
        a.looked[row] = a.decided[row] = a.due[row] = -1
        a.crowd[row] = world.office.crowd.item(0)
        a.expectation[row] = influence.raised(self.expectation, satisfaction.BEST, lift)
        norm = world.neighbourhoods.norm
        norm[self.rw] = influence.toward(norm.item(self.rw), float(channel != BROKER), p.norm_speed)
        model.office.receive(row)
        return row

    # -- a returned file

    def returned(self, application: int) -> None:
        """Learn of defects: come back with a correction before the deadline, or give up at it."""
        model, a = self.model, self.model.world.applications
        a.returns[application] += 1
        model.schedule_application(application, model.day + self._correction(application))

    def _correction(self, application: int) -> int:
        """Working days until a returned file comes back, or lapses."""
        model, a, p = self.model, self.model.world.applications, self.model.p
        which = (self.key, self.application_occasion(application), a.returns.item(application))
        time, comes = model.draw(Draw.CORRECTION_TIME, *which), model.draw(Draw.CORRECTION, *which)
        return filing.correction(time, comes, p.correction_days, p.correction_chance, p.correction_deadline)

    def correct(self, application: int) -> None:
        """Come back today with the file put right as far as may be, or, past the deadline, let it lapse."""
        model, a, p = self.model, self.model.world.applications, self.model.p
        if self._correction(application) > p.correction_deadline:
            a.outcome[application], a.decided[application] = WITHDRAWN, model.day
            self.after_failure(a.need.item(application))
            return
        occasion, index = self.application_occasion(application), a.returns.item(application)
        defects = a.defects.item(application)
        for document in range(model.permits[a.permit.item(application)].requirements):
            draw_index = of_correction(index, document)
            if defects >> document & 1 and (
                model.draw(Draw.CORRECTED_DOCUMENT, self.key, occasion, draw_index) < p.document_correction
            ):
                defects ^= 1 << document
        a.defects[application] = defects
        a.complete[application] = model.day
        a.outcome[application] = 0
        way_back = filing.correction_channel(a.channel.item(application))
        spent = filing.applicant_hours(way_back, p.online_hours, p.counter_hours, p.broker_hours)
        model.world.tally.return_hours[0] += spent
        model.office.receive(application)

    def application_occasion(self, application: int) -> int:
        """The occasion of an application already filed."""
        a = self.model.world.applications
        return packed(a.permit.item(application), a.ordinal.item(application), a.attempt.item(application))

    # -- routine 5: experience

    def experience(self) -> None:
        """Live through today's decisions: satisfaction, a complaint perhaps, and what they change in the resident."""
        for application in self.model.decided_of[self.row]:
            self._experience(application)

    def _experience(self, application: int) -> None:
        model, a, p = self.model, self.model.world.applications, self.model.p
        granted, returns = int(a.outcome.item(application) == GRANTED), a.returns.item(application)
        occasion = self.application_occasion(application)
        statutory = model.permits[a.permit.item(application)].statutory_days
        days = a.decided.item(application) - a.submitted.item(application)
        time = satisfaction.experienced_time(days, statutory, p.time_grace)
        score, performance = self._score(application, occasion, time)
        chance = satisfaction.complaint_chance(
            p.complaint_rate, p.complaint_steepness, model.complaint_reference, score, p.complaint_most
        )
        a.complaint_chance[application] = chance
        if model.draw(Draw.COMPLAINT, self.key, occasion) < chance:
            mark = model.draw(Draw.COMPLAINT_CLASS, self.key, occasion)
            a.complaint[application] = satisfaction.complaint_class(mark, time, returns, granted, p.complaint_other)
            closed = model.draw(Draw.COMPLAINT_CLOSED, self.key, occasion) < p.complaint_closed
            a.complaint_closed[application] = int(closed)
            score, performance = self._score(application, occasion, time)
        a.survey_key[application] = model.draw(Draw.SURVEY_KEY, self.key, occasion)
        a.satisfaction[application] = self.satisfaction = score
        self.knowledge = influence.raised(self.knowledge, 1.0, p.knowledge_experience)
        self.trust = influence.toward(self.trust, influence.as_unit(score), p.trust_speed)
        self.expectation = satisfaction.on_scale(influence.toward(self.expectation, performance, p.expectation_speed))
        need = a.need.item(application)
        if granted:
            self.close(need, granted=True)
        else:
            self.remembered += 1.0
            self.after_failure(need)
        model.tell(self, influence.as_unit(score), granted)

    def _score(self, application: int, occasion: int, time: float) -> tuple[float, float]:
        """Mean latent satisfaction over the nine elements (1-4) and performance; ticks the nine boxes."""
        model, a, p = self.model, self.model.world.applications, self.model.p
        reference = model.reference_experience
        met = satisfaction.experiences(
            a.returns.item(application),
            time,
            a.channel.item(application),
            int(a.outcome.item(application) == GRANTED),
            a.crowd.item(application),
            int(a.skill.item(application) > 0.0),
            p.contact_officer,
            p.contact_alone,
            satisfaction.experienced_complaint(
                a.complaint.item(application), a.complaint_closed.item(application), reference[HANDLING]
            ),
        )
        felt = satisfaction.weighted(met, reference, p.weight_decision, p.weight_time, p.weight_other)
        base = model.base_score + model.site_shock()
        performance = satisfaction.performance(base, felt)
        gap = p.weight_disconfirmation * (performance - a.expectation.item(application))
        person = model.person_sd * model.normal(Draw.PERSON_NOISE, self.key, occasion)
        total, boxes = 0.0, 0
        for element, routing in enumerate(model.routing):
            noise = person + p.element_sd * model.normal(Draw.ELEMENT_NOISE, self.key, occasion, element)
            latent = satisfaction.latent(base, felt, routing, gap, noise)
            total += satisfaction.on_scale(latent)
            boxes |= satisfaction.answer(latent) << ikm.BOX_BITS * element
        a.answers[application] = boxes
        return total / ikm.ELEMENTS, performance

    def settle(self, need: int, status: int, held: int) -> None:
        """Give a need its status, and say whether the permit is held; the stock of its permit counts along."""
        needs, stock = self.model.world.needs, self.model.world.stock
        permit, before = needs.permit.item(need), needs.status.item(need)
        opens = (status == OPEN) - (before == OPEN)
        self.open_count += opens
        self.model.world.rts.open[self.rt] += opens
        stock.open[permit] += opens
        stock.unaware[permit] += opens * (needs.aware.item(need) == 0)
        stock.obstructed[permit] += opens * needs.obstacle.item(need)
        hoods = self.model.world.neighbourhoods
        if needs.visit_day.item(need) > NEVER:
            hoods.helped[self.rw] += opens
        else:
            hoods.known[self.rw] += opens * needs.known.item(need)
        stock.applied[permit] += (status == APPLIED) - (before == APPLIED)
        stock.unmet[permit] += (held == 0) - (needs.held.item(need) == 0)
        needs.status[need], needs.held[need] = status, held

    def close(self, need: int, *, granted: bool) -> None:
        """End the current need, granted or given up, and draw when the next one arises."""
        model, needs = self.model, self.model.world.needs
        permit = needs.permit.item(need)
        self.settle(need, IDLE, int(granted))
        needs.ordinal[need] += 1
        needs.attempt[need] = 0
        occasion = self.occasion(need)
        wait = influence.waited(model.draw(Draw.BIRTH, self.key, occasion))
        due = model.day + influence.days_until(
            wait, model.balances[permit].birth_rate * model.ground.pairs.openings.item(need)
        )
        validity = model.permits[permit].validity_days
        if granted and validity and model.draw(Draw.RENEWAL, self.key, occasion) < model.p.renewal:
            needs.expiry[need] = model.day + validity
            due = min(due, needs.expiry.item(need))
        model.schedule_need(need, due)

    def after_failure(self, need: int) -> None:
        """After a rejection or withdrawal one draw says whether the need reopens, and when; no obstacle may stand."""
        model, needs = self.model, self.model.world.needs
        occasion = self.occasion(need)
        if needs.obstacle.item(need) or model.draw(Draw.REAPPLY, self.key, occasion) >= model.p.reapply:
            self.close(need, granted=False)
            return
        self.settle(need, IDLE, 0)
        needs.attempt[need] += 1
        wait = filing.correction_wait(model.draw(Draw.REAPPLY_TIME, self.key, occasion), model.p.reapply_days)
        model.schedule_need(need, model.day + wait)

    def listen(self) -> None:
        """Take in what ties told today: trust moves toward the mean of it (a convex average)."""
        total, count = self.model.told[self.row]
        self.trust = influence.toward(self.trust, total / count, self.model.p.word_of_mouth)
