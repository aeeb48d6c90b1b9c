"""A co-producer: a resident who volunteers in the service, first the elected heads, later others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.view import Column, Fading, RowAgent
from sim.rng import Draw
from sim.rules import influence, motivation, outreach
from sim.rules.outreach import PREPARATION
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
        rw, fixed = model.world.neighbourhoods, model.given.fixed
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
        model, c, p = self.model, self.model.world.coproducers, self.model.p
        if not self.active:
            self.active = 1
            self.role = min(self.role, VOLUNTEER)
            c.spell[self.row] += 1
            c.began[self.row] = model.day
            model.world.tally.began[0] += 1
            mark = model.draw(Draw.LEAVE, self.resident.key, c.spell.item(self.row))
            c.threshold[self.row], c.hazard[self.row] = influence.waited(mark), 0.0
        c.last_day[self.row] = model.day
        if p.training_hours > 0 and not self.trained:
            self.trained = 1
            self.skill = motivation.skill_gained(self.skill, p.skill_training * p.training_hours)
            model.world.tally.training_hours[0] += p.training_hours

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
        p, tally = self.model.p, self.model.world.tally
        self.fatigue = self.fatigue + p.fatigue_per_hour * took
        self.hours += took
        tally.coproducer_hours[0] += took
        tally.standing_hours[0] += took
        tally.idle_hours[0] += idle
        tally.paid[0] += p.pay * took / 1000.0

    def served(self, event: int, hours: float, *, thanked: bool, paid: bool) -> None:
        """After an event: tired by every hour, moved by mastery, company, visible help, thanks and pay."""
        model, p = self.model, self.model.p
        self.fatigue = self.fatigue + p.fatigue_per_hour * hours
        self.hours += hours
        self.events += 1
        self.last_day = model.day
        self.thanked = int(thanked)
        helped = model.world.events.served.item(event) + model.world.events.visits.item(event) > 0
        self._moved(int(helped), 1.0 if self.role == VOLUNTEER else p.embedded_gain, thanked=thanked, paid=paid)
        self.skill = motivation.skill_gained(self.skill, p.skill_event)

    def _moved(self, helped: int, company: float, *, thanked: bool, paid: bool) -> None:
        """What an event, or a month of helping, does to motives."""
        model, p, c, me = self.model, self.model.p, self.model.world.coproducers, self.resident
        once = c.ever_thanked.item(self.row), c.ever_paid.item(self.row)
        moves = motivation.shifts(*once, int(thanked), int(paid), p.thanks_effect, p.pay_effect_intrinsic)
        c.ever_thanked[self.row], c.ever_paid[self.row] = max(once[0], int(thanked)), max(once[1], int(paid))
        starts = tuple(getattr(model.population, name).item(me.row) for name in ("intrinsic", "social", "normative"))
        me.intrinsic, me.social, me.normative = motivation.after_event(
            (me.intrinsic, me.social, me.normative),
            starts,
            (helped * p.mastery_gain, company * p.company_gain, helped * p.helped_gain),
            moves,
            p.motive_room,
            p.motive_sd,
        )

    # -- leaving

    def month_passes(self) -> None:
        """Feel a month of helping; add this month's hazard of stopping, and stop when it crosses the threshold."""
        model, p, c = self.model, self.model.p, self.model.world.coproducers
        if self.helps > 0:
            self._moved(1, 0.0, thanked=False, paid=bool(p.pay > 0 and p.pay_tied))
            self.helps = 0
        if not self.active:
            return
        solved = model.supply
        odds = motivation.leaving_odds(
            solved.measured.leaves,
            int(not self.thanked),
            solved.measured.without_thanks,
            int(not self.trained),
            solved.measured.without_training,
            p.leaving_kappa,
            solved.intercept + self.willingness() - solved.willing_at_base,
        )
        c.hazard[self.row] += motivation.monthly_hazard(odds)
        if c.hazard.item(self.row) >= c.threshold.item(self.row):
            self.active = 0
            self.stopped = model.day
            model.world.tally.stopped[0] += 1
