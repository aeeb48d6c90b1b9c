"""The PTSP office: it runs service cycles, serves its backlog first in first out, and alone decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keliling.sim import desk
from keliling.sim.agents.view import Column, RowAgent
from keliling.sim.parameters import register
from keliling.sim.rng import Draw, need_key
from keliling.sim.rules import filing, influence, motivation, outreach, serving
from keliling.sim.rules.outreach import ASSESSMENT, CANCELLED, CLOSED, DELIVERY, DESIGNING, ENOUGH, HELD, PREPARATION
from keliling.sim.rules.serving import GRANTED, REJECTED, RETURNED, UNDER_REVIEW
from keliling.sim.state import rows_of

if TYPE_CHECKING:
    from keliling.sim.agents.neighbourhood import Neighbourhood


class PTSPOffice(RowAgent):
    """The one-stop permit office of the district."""

    quality = Column("office", "Event quality: lessons learnt, 0-1.")
    backlog_hours = Column("office", "Officer hours of work waiting.")
    crowd = Column("office", "Crowding of the desk this morning, 0-1.")
    wait = Column("office", "Days of net capacity that waited at the last close of day, beyond the reference.")
    hours_worked = Column("office", "Officer hours worked at the desk today.")
    hours_available = Column("office", "Officer hours at the desk today.")

    # -- routine 2: service cycles

    def advance_cycles(self) -> None:
        """Begin the cycles that are due and not put off, then carry each running cycle through today's phase."""
        model, office = self.model, self.model.world.office
        for _ in range(self._due_cycles()):
            office.cycles[0] += 1
            self.commission()
        e = model.world.events
        for event in model.running_events():
            phase, day = e.phase.item(event), model.day
            rw = model.neighbourhood(e.rw.item(event))
            if phase == DESIGNING and day == e.design_day.item(event):
                self.design(event, rw)
            elif phase == PREPARATION and day < e.delivery_day.item(event):
                if not e.information_only.item(event):
                    rw.prepare(event)
            elif phase == PREPARATION and day == e.delivery_day.item(event):
                self.deliver(event)
            elif phase == ASSESSMENT and day == e.meeting_day.item(event):
                self.assess(event, rw)

    @property
    def crowded(self) -> bool:
        """Whether more work waits this morning than the office puts up with."""
        p = self.model.p
        return bool(serving.crowded(self.backlog_hours, p.net_capacity, p.crowded_above))

    def _due_cycles(self) -> int:
        """Cycles that begin today: the frequency's, unless a crowded desk puts them off; a stop ends what is owed."""
        office, p = self.model.world.office, self.model.p
        office.accrued[0] += p.events_a_day
        earned = 0
        while office.accrued.item(0) >= ENOUGH:
            office.accrued[0] -= 1.0
            earned += 1
        postpones = p.when_crowded == "postpone" and self.crowded
        owed = office.put_off.item(0) if p.events_a_day > 0.0 else 0
        begun, office.put_off[0] = outreach.to_begin(earned, owed, int(postpones))
        if postpones:
            self.model.world.tally.postponed[0] += earned
        return int(begun)

    def commission(self) -> None:
        """Propose RWs by the targeting rule until a head consents; without consent there is no event (P8)."""
        model, p = self.model, self.model.p
        model.world.tally.planned[0] += 1
        for rw in self.ranking():
            model.world.tally.proposals[0] += 1
            if not rw.consents():
                model.world.tally.declined[0] += 1
                continue
            event = model.new_event(rw)
            e = model.world.events
            e.helped_commissioning[event] = 1
            e.phase[event] = DESIGNING
            e.design_day[event] = model.day + p.design_days
            e.delivery_day[event] = e.design_day.item(event) + p.preparation_days
            e.meeting_day[event] = e.delivery_day.item(event) + p.meeting_days
            e.information_only[event] = p.information_only
            e.partners[event] = p.bank_dki + p.tax_agency + p.civil_registry
            e.credit[event] = p.bank_dki
            return
        model.world.tally.unhosted[0] += 1

    def ranking(self) -> list[Neighbourhood]:
        """RWs in the order in which the office asks them; those busy or resting after a refusal are left out."""
        model, p, office = self.model, self.model.p, self.model.world.office
        listed, last = p.targeting == "list", office.pointer.item(0)
        rule, places = register()["targeting"].choices.index(p.targeting), model.terms.target_place
        ranks = {}
        for rw in model.neighbourhoods_list:
            if rw.running >= 0 or model.day - rw.declined_day < p.decline_rest or (listed and places[rw.row] < 0):
                continue
            turns = (
                outreach.turn(places.item(rw.row), last, p.targets)
                if listed
                else outreach.turn(rw.row, last, len(model.neighbourhoods_list))
            )
            draw = model.draw(Draw.TARGET, rw.key, office.cycles.item(0))
            rejections = self.recent_rejections(rw.row)
            ranks[rw] = outreach.rank(rule, turns, draw, rw.estimated_need, rejections, rw.last_event)
        return sorted(ranks, key=lambda rw: (ranks[rw], rw.row))

    def recent_rejections(self, rw: int) -> float:
        """Rejections of an RW's residents, as far as the office still has them in mind."""
        table = self.model.world.neighbourhoods
        days = self.model.day - table.rejections_day.item(rw)
        return influence.faded(table.rejections.item(rw), 0.0, days, self.model.p.rejections_half_life)

    def design(self, event: int, rw: Neighbourhood) -> None:
        """Invite co-producers and fix the staff; too few and the event is cancelled, few and it is smaller."""
        model, p = self.model, self.model.p
        rw.gather(event)
        e = model.world.events
        joined = e.joined.item(event)
        e.helped_designing[event] = joined
        if joined < p.least_joined:
            self.end(event, rw, CANCELLED)
            return
        fewer = p.when_crowded == "fewer_officers" and self.crowded
        officers = outreach.staff(p.officers_per_event, p.officers_when_crowded, int(fewer))
        places = outreach.event_places(
            officers, p.event_hours, p.mean_intake_hours, p.event_capacity, joined, p.full_joined
        )
        e.officers[event] = 0 if e.information_only.item(event) else officers
        e.places[event] = 0 if e.information_only.item(event) else places
        e.phase[event] = PREPARATION
        rw.publicise(event)
        if not e.information_only.item(event):
            rw.prepare(event)

    def deliver(self, event: int) -> None:
        """Open the event: its officers leave the desk for its hours and the way, unless the desk is protected."""
        model, p, e = self.model, self.model.p, self.model.world.events
        e.phase[event] = DELIVERY
        parts = model.world.parts
        visiting = 0
        for part in model.parts_of(event):
            visiting += int(parts.visits.item(part) > 0)
        e.helped_preparation[event] = visiting
        e.helped_delivery[event] = e.joined.item(event)
        model.delivering.append(event)
        if not e.information_only.item(event):
            hours = outreach.hours_away(e.officers.item(event), p.event_hours, p.travel_hours, p.open_hours)
            model.world.tally.event_officer_hours[0] += hours
            if not p.desk_protected:
                model.world.office.owed[0] += hours

    def after_delivery(self, event: int) -> None:
        """Close the day of an event: what the neighbourhood learnt and the cycle's move to assessment."""
        model, e = self.model, self.model.world.events
        rw = model.neighbourhood(e.rw.item(event))
        e.phase[event] = ASSESSMENT
        rw.last_event = model.day
        rw.company = motivation.company(e.joined.item(event), e.invited.item(event))

    def assess(self, event: int, rw: Neighbourhood) -> None:
        """Hold the meeting or skip it, learn, thank and pay; each co-producer lives through the event."""
        model, p, e, parts = self.model, self.model.p, self.model.world.events, self.model.world.parts
        met = model.draw(Draw.MEETING, rw.key, e.ordinal.item(event)) < p.meeting_share
        if met:
            e.met[event] = 1
            e.helped_assessment[event] = e.joined.item(event)
            share = motivation.company(e.joined.item(event), e.invited.item(event))
            self.quality = influence.raised(self.quality, 1.0, p.lesson_gain * share)
        for part in model.parts_of(event):
            one = model.coproducer(parts.coproducer.item(part))
            one.served(event, parts.hours.item(part) + p.event_hours + met * p.meeting_hours)
        self.end(event, rw, HELD)

    def end(self, event: int, rw: Neighbourhood, ending: int) -> None:
        """Close a cycle; those who took part are free again."""
        model, e = self.model, self.model.world.events
        e.phase[event], e.ending[event] = CLOSED, ending
        rw.running = -1
        for part in model.parts_of(event):
            model.coproducer(model.world.parts.coproducer.item(part)).event = -1

    # -- routine 4: serving

    def receive(self, application: int) -> None:
        """Take a file in today; its place among today's goes by a keyed draw, not by who came first in the code."""
        model, a = self.model, self.model.world.applications
        resident = model.resident(a.resident.item(application))
        permit = model.permits[a.permit.item(application)]
        occasion, returns = resident.application_occasion(application), a.returns.item(application)
        p, channel = model.p, a.channel.item(application)
        advice = p.counter_advice * p.checking_hours * permit.requirements
        hours = serving.hours_asked(
            permit.intake_hours, permit.examination_hours, returns, channel, p.online_intake, advice
        )
        mark = model.draw(Draw.SERVICE, resident.key, occasion, returns)
        a.remaining[application] = serving.service_hours(hours, p.service_spread, mark)
        place = model.draw(Draw.QUEUE_PLACE, resident.key, occasion, returns)
        model.handed_in.append((place, need_key(resident.key, a.permit.item(application)), application))

    def serve(self) -> None:
        """Give today's officer time to the backlog in order; each file is with one officer at a time."""
        model = self.model
        for _, _, application in sorted(model.handed_in):
            model.enqueue(application)
        model.handed_in = []
        rows, p = rows_of(model.world), model.p
        state = rows.office, rows.applications, rows.queue
        for application in desk.serve(*state, model.day, p.desk_officers, p.desk_hours, p.most_away).tolist():
            self.examine(application)
        desk.close(*state, p.desk_officers * p.desk_hours, p.net_capacity, p.wait_reference)

    def examine(self, application: int) -> None:
        """Examine a file that had its officer time: return, reject, send to technical review, or grant."""
        model, a = self.model, self.model.world.applications
        permit = model.permits[a.permit.item(application)]
        outcome = serving.examined(
            a.defects.item(application),
            permit.requirements,
            a.returns.item(application),
            model.p.corrections,
            int(permit.review_days > 0 or permit.technical_rejection > 0.0),
        )
        a.outcome[application] = outcome
        if outcome == RETURNED:
            model.resident(a.resident.item(application)).returned(application)
        elif outcome == UNDER_REVIEW and permit.review_days > 0:
            model.schedule_application(application, model.day + permit.review_days)
        elif outcome == UNDER_REVIEW:
            self.review(application)
        else:
            self.decide(application, outcome)

    def review(self, application: int) -> None:
        """Finish the technical review of a complete file."""
        model, a = self.model, self.model.world.applications
        resident = model.resident(a.resident.item(application))
        mark = model.draw(Draw.TECHNICAL, resident.key, resident.application_occasion(application))
        chance = filing.technical_failure(
            model.balances[a.permit.item(application)].technical,
            model.world.needs.obstacle.item(a.need.item(application)),
            a.skill.item(application),
            model.p.assistance_technical,
        )
        self.decide(application, REJECTED if mark < chance else GRANTED)

    def decide(self, application: int, outcome: int) -> None:
        """Decide a permit. Nobody else does (P19)."""
        model, a = self.model, self.model.world.applications
        a.outcome[application], a.decided[application] = outcome, model.day
        row = a.resident.item(application)
        model.decided_of.setdefault(row, []).append(application)
        if outcome == REJECTED:
            table, rw = model.world.neighbourhoods, model.population.rw.item(row)
            table.rejections[rw] = self.recent_rejections(rw) + 1.0
            table.rejections_day[rw] = model.day
