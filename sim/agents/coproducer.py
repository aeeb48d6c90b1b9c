"""A co-producer: a resident who volunteers in the service, first the elected heads, later others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keliling.sim import volunteering
from keliling.sim.agents.view import Column, Fading, RowAgent
from keliling.sim.rng import Draw
from keliling.sim.rules import motivation, outreach
from keliling.sim.rules.outreach import PREPARATION
from keliling.sim.state import AS_ASKED, VOLUNTEER

if TYPE_CHECKING:
    from keliling.sim.agents.resident import Resident
    from keliling.sim.model import CoproductionModel


class CoProducer(RowAgent):
    """A head or volunteer. ``willingness`` is the place to change why somebody joins."""

    role = Column("coproducers", "0 RW head, 1 RT head, 2 volunteer, 3 former head.")
    rw = Column("coproducers", "Row of the RW served.")
    rt = Column("coproducers", "Row of the RT served.")
    active = Column("coproducers", "1 once joined and until stopped.")
    stopped = Column("coproducers", "Day of stopping.")
    skill = Column("coproducers", "Skill in checking papers, 0-1.")
    hours = Column("coproducers", "Hours given so far.")
    helps = Column("coproducers", "Needs helped between events since the month began.", "helped")
    last_day = Column("coproducers", "Day on which one last joined, served or helped.")
    event = Column("coproducers", "Event that one takes part in now, -1 for none.")
    asked = Column("coproducers", "Invitations so far.")
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
        rw, fixed = model.world.neighbourhoods, model.inputs.fixed
        return model.willingness(
            me.intrinsic / fixed["intrinsic_sd"].item(0),
            me.social / fixed["social_sd"].item(0),
            me.normative / fixed["normative_sd"].item(0),
            me.efficacy / fixed["efficacy_sd"].item(0),
            me.decisive,
            motivation.perceived_need(model.neighbourhood(self.rw).estimated_need, p.need_half),
            rw.company.item(self.rw),
            motivation.means(p.training_hours),
            int(me.open_count > 0),
            model.world.office.crowd.item(0),
            self.fatigue,
            p.coproducer_hours / me.free_hours,
            motivation.pay_felt(p.pay, model.supply.measured.pay_at_ten),
            model.weights,
        )

    def invited(self, rw: int) -> bool:
        """Answer an invitation to the next event of an RW, given by its row: join or not."""
        model = self.model
        self.asked += 1
        occasion, host = model.world.neighbourhoods.proposals.item(rw), model.population.rw_key.item(rw)
        draw = model.draw(Draw.JOIN, self.resident.key, occasion, host)
        return motivation.joins(model.supply.intercept + self.willingness(), draw)

    def asked_between(self, month: int) -> None:
        """Answer a co-producer of the own RT who asks between events to become one too."""
        model = self.model
        self.asked += 1
        draw = model.draw(Draw.JOIN_BETWEEN, self.resident.key, month)
        agrees = motivation.joins(model.supply.intercept + self.willingness(), draw)
        if agrees:
            model.world.tally.recruited[0] += 1
            self.join()
        model.new_part(-1, self, AS_ASKED, agrees)

    def may_be_asked(self) -> bool:
        """Who takes part in no event now: heads in office and active volunteers; heads who stopped have to rest."""
        in_office, days = int(self.role < VOLUNTEER), self.model.day - self.stopped
        rest = self.model.p.return_rest
        return bool(motivation.may_be_asked(self.active, in_office, self.event, days, rest))

    def hours_a_week(self) -> float:
        """Hours given a week: of those asked, or the free ones if fewer, a share that rises with willingness."""
        effort = self.model.supply.effort + self.willingness()
        return motivation.hours_a_week(self.model.p.coproducer_hours, self.resident.free_hours, effort)

    def join(self) -> None:
        """Become active, drawing a hidden threshold of stopping, and be trained if the office trains."""
        model = self.model
        volunteering.joins(model.inputs, model.levers, model.rows, model.day, self.row)

    # -- the work

    def visit(self, need: int, event: int) -> None:
        """Visit the resident of an open need: inform, map, check the papers."""
        model = self.model
        model.resident(model.world.needs.resident.item(need)).helped(need, event, self.skill)

    def standing_hours(self) -> float:
        """Hours offered this week between events."""
        model, p, free, preparing = self.model, self.model.p, self.resident.free_hours, 0.0
        effort = model.supply.effort + self.willingness()
        if self.event >= 0 and model.world.events.phase.item(self.event) == PREPARATION:
            preparing = motivation.hours_a_week(p.coproducer_hours, free, effort)
        return motivation.hours_a_week(outreach.standing_asked(p.standing_hours, free, preparing), free, effort)

    def help_neighbour(self, need: int) -> None:
        """Help the resident of an open need between events."""
        self.visit(need, -1)
        self.helps += 1
        self.last_day = self.model.day
        self.model.world.tally.standing_helps[0] += 1

    def stood_by(self, took: float, idle: float) -> None:
        """Count a week of standing help; only hours with work tire."""
        volunteering.stands_by(self.model.levers, self.model.rows, self.model.day, self.row, took, idle)

    def served(self, event: int, hours: float) -> None:
        """After an event: tired by every hour, moved by mastery, company, visible help, thanks and pay."""
        model = self.model
        volunteering.serves(model.inputs, model.levers, model.rows, model.day, self.row, event, hours)

    # -- leaving

    def month_passes(self) -> None:
        """Feel a month of helping; add this month's hazard of stopping, and stop when it crosses the threshold."""
        model = self.model
        inputs, levers, rows = model.inputs, model.levers, model.rows
        volunteering.helped_this_month(inputs, levers, rows, self.row)
        if self.active:
            willing = model.supply.intercept + self.willingness()
            volunteering.month_ends(inputs, levers, rows, model.day, self.row, willing)
