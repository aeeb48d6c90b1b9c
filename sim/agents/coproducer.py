"""A co-producer: a resident who volunteers in the service, first the elected heads, later others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.view import Column, Fading, RowAgent
from sim.rng import Draw
from sim.rules import influence, motivation
from sim.state import VOLUNTEER

if TYPE_CHECKING:
    from sim.agents.resident import Resident
    from sim.model import CoproductionModel


class CoProducer(RowAgent):
    """A head or volunteer. ``willingness`` is the place to change why somebody joins."""

    role = Column("coproducers", "0 RW head, 1 RT head, 2 volunteer, 3 former head.")
    rw = Column("coproducers", "Row of the RW served.")
    rt = Column("coproducers", "Row of the RT served.")
    active = Column("coproducers", "1 once joined and until stopped.")
    stopped = Column("coproducers", "Day of stopping.")
    skill = Column("coproducers", "Skill in checking papers, 0-1.")
    hours = Column("coproducers", "Hours given so far.")
    events = Column("coproducers", "Events served.")
    trained = Column("coproducers", "1 when trained.")
    thanked = Column("coproducers", "1 when thanked after the last event served, or before the first.")
    fatigue = Fading("coproducers", 0.0, "fatigue_half_life", "Fatigue today, 0 when rested.")

    def __init__(self, model: CoproductionModel, row: int) -> None:
        super().__init__(model, row)
        self.resident: Resident = model.resident(model.world.coproducers.resident.item(row))

    # -- joining

    def willingness(self) -> float:
        """Willingness to join the RW's next event, on the logit scale, without the intercept."""
        model, p, me = self.model, self.model.p, self.resident
        rw = model.world.neighbourhoods
        return model.willingness(
            me.intrinsic,
            me.social,
            me.normative,
            me.efficacy,
            me.decisive,
            motivation.perceived_need(model.neighbourhood(self.rw).estimated_need, p.need_half),
            rw.company.item(self.rw),
            motivation.means(p.training_hours),
            int(me.open_count > 0),
            model.world.office.crowd.item(0),
            self.fatigue,
            p.coproducer_hours / me.free_hours,
            motivation.pay_on_logit(p.pay, p.invite_acceptance, p.pay_effect),
            model.weights,
        )

    def invited(self, occasion: int) -> bool:
        """Answer an invitation to the RW's event number ``occasion``: join or not."""
        draw = self.model.draw(Draw.JOIN, self.resident.key, occasion)
        return motivation.joins(self.model.intercept + self.willingness(), draw)

    def may_be_asked(self) -> bool:
        """Heads in office and active volunteers may; heads who stopped are left alone for a while."""
        if self.role >= VOLUNTEER:
            return bool(self.active)
        return self.model.day - self.stopped >= self.model.p.return_rest or bool(self.active)

    def hours_a_week(self) -> float:
        """Hours given a week: those asked, or the free ones if fewer; the tired give less."""
        return motivation.hours_a_week(self.model.p.coproducer_hours, self.resident.free_hours, self.fatigue)

    def join(self) -> None:
        """Become active, drawing a hidden threshold of stopping, and be trained if the office trains."""
        model, c, p = self.model, self.model.world.coproducers, self.model.p
        if not self.active:
            self.active = 1
            self.role = min(self.role, VOLUNTEER)
            c.spell[self.row] += 1
            mark = model.draw(Draw.LEAVE, self.resident.key, c.spell.item(self.row))
            c.threshold[self.row], c.hazard[self.row] = influence.waited(mark), 0.0
        if p.training_hours > 0 and not self.trained:
            self.trained = 1
            self.skill = motivation.skill_gained(self.skill, p.skill_training * p.training_hours)
            model.world.tally.training_hours[0] += p.training_hours

    # -- the work

    def visit(self, need: int, event: int) -> None:
        """Visit the resident of an open need: inform, map, check the papers."""
        model = self.model
        model.resident(model.world.needs.resident.item(need)).helped(need, event, self.skill)

    def served(self, event: int, hours: float, *, thanked: bool, paid: bool) -> None:
        """After an event: tired by every hour, moved by mastery, company, visible help, thanks and pay."""
        model, p, c, me = self.model, self.model.p, self.model.world.coproducers, self.resident
        self.fatigue = self.fatigue + p.fatigue_per_hour * hours
        self.hours += hours
        self.events += 1
        self.thanked = int(thanked)
        served = model.world.events.served.item(event) + model.world.events.visits.item(event) > 0
        intrinsic = p.mastery_gain if served else 0.0
        if thanked and not c.ever_thanked.item(self.row):
            c.ever_thanked[self.row] = 1
            intrinsic += p.thanks_effect
        if paid and not c.ever_paid.item(self.row):
            c.ever_paid[self.row] = 1
            intrinsic += p.pay_effect_intrinsic
        felt = 1.0 if self.role == VOLUNTEER else p.embedded_gain
        me.intrinsic = motivation.moved(me.intrinsic, intrinsic * p.motive_sd)
        me.social = motivation.moved(me.social, p.company_gain * felt * p.motive_sd)
        me.normative = motivation.moved(me.normative, (p.helped_gain if served else 0.0) * p.motive_sd)
        self.skill = motivation.skill_gained(self.skill, p.skill_event)

    # -- leaving

    def month_passes(self) -> None:
        """Add this month's hazard of stopping; stop when it crosses the hidden threshold."""
        model, p, c = self.model, self.model.p, self.model.world.coproducers
        c.hazard[self.row] += motivation.leaving_hazard(
            p.attrition, int(not self.thanked), p.unthanked_odds, int(not self.trained), p.untrained_odds
        )
        if c.hazard.item(self.row) >= c.threshold.item(self.row):
            self.active = 0
            self.stopped = model.day
            model.world.tally.stopped[0] += 1
