"""A neighbourhood (RW): it consents to host, gathers its co-producers, visits households and receives the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keliling.sim import asking
from keliling.sim.agents.view import Column, RowAgent
from keliling.sim.rng import Draw, holder_of
from keliling.sim.rules import influence, outreach
from keliling.sim.rules.choice import EVENT
from keliling.sim.state import AS_CADRE, AS_RW_HEAD, OPEN, UNASKED

if TYPE_CHECKING:
    from keliling.sim.agents.coproducer import CoProducer


class Neighbourhood(RowAgent):
    """An RW and its head. No head, no consent, no event (P8)."""

    head = Column("neighbourhoods", "Row of the head among co-producers.")
    proposals = Column("neighbourhoods", "Events proposed so far.")
    declined = Column("neighbourhoods", "Proposals declined so far.")
    declined_day = Column("neighbourhoods", "Day of the last refusal.")
    last_event = Column("neighbourhoods", "Day of the last event.")
    running = Column("neighbourhoods", "Event in its cycle now, -1 for none.")
    company = Column("neighbourhoods", "Share of the invited who joined the last event.")
    known = Column("neighbourhoods", "Open needs that the heads know of and nobody has visited.")
    helped = Column("neighbourhoods", "Open needs that somebody has visited.")
    norm = Column("neighbourhoods", "Share of neighbours who apply themselves.")

    @property
    def key(self) -> int:
        """Key of the RW in draws."""
        return self.model.population.rw_key.item(self.row)

    @property
    def estimated_need(self) -> float:
        """What heads and office take for the open needs that nobody has helped."""
        p, days = self.model.p, self.model.day - self.last_event
        return outreach.estimated_need(self.known, p.known_share, self.helped, days, p.need_half_life)

    def open_needs(self) -> list[int]:
        """Open needs of the RW's residents, ascending by resident and permit."""
        pairs = self.model.ground.pairs
        mine = pairs.rw_pairs[pairs.rw_start[self.row] : pairs.rw_start[self.row + 1]]
        return mine[self.model.world.needs.status[mine] == OPEN].tolist()

    # -- commissioning

    def consents(self) -> bool:
        """Whether the head agrees to host: the head's own joining draw, on the RW's n-th proposal."""
        model = self.model
        self.proposals += 1
        head = model.coproducer(self.head)
        if not model.p.heads_decline and head.may_be_asked() and head.invited(self.row):
            head.join()
            return True
        self.declined += 1
        self.declined_day = model.day
        return False

    # -- designing

    def gather(self, event: int) -> None:
        """Invite heads and residents in the order of ``sim.asking``, up to the number sought; some come unasked."""
        model, e = self.model, self.model.world.events
        # A head elected since the consent was not asked yet and answers now; without the head no event (P8).
        head = model.coproducer(self.head)
        e.invited[event] = 1
        if head.event >= 0 or (not head.active and not head.invited(self.row)):
            return
        self._take_part(event, head, AS_RW_HEAD)
        residents, reasons = asking.plan(model.inputs, model.levers, model.rows, model.day, self.row)
        for resident, reason in zip(residents.tolist(), reasons.tolist(), strict=True):
            one = model.recruit(resident)
            if reason == UNASKED:
                self._take_part(event, one, UNASKED)
            else:
                self._ask(event, one, reason)
        total = 0.0
        for part in model.parts_of(event):
            total += model.coproducer(model.world.parts.coproducer.item(part)).skill
        e.skill[event] = total / e.joined.item(event)

    def _ask(self, event: int, one: CoProducer, reason: int) -> None:
        """Ask a co-producer to take part in an event."""
        self.model.world.events.invited[event] += 1
        if one.invited(self.row):
            self._take_part(event, one, reason)
        else:
            self.model.new_part(event, one, reason, False)

    def _take_part(self, event: int, one: CoProducer, reason: int) -> None:
        self.model.world.tally.recruited[0] += reason >= AS_CADRE
        one.join()
        one.event = event
        self.model.world.events.joined[event] += 1
        self.model.new_part(event, one, reason, True)

    # -- preparation

    def publicise(self, event: int) -> None:
        """Let residents with an open need hear of the event, and raise expectations by it."""
        model, p, rw = self.model, self.model.p, self.model.world.neighbourhoods
        reach = outreach.reach(p.publicity, model.world.events.partners.item(event), p.partner_draw)
        for need in self.open_needs():
            resident = model.resident(model.world.needs.resident.item(need))
            if model.draw(Draw.HEARS, resident.key, self.proposals) < reach:
                model.world.events.informed[event] += 1
                resident.informed(need, event)
        lift = influence.faded(
            rw.lift.item(self.row), 0.0, model.day - rw.lift_day.item(self.row), p.publicity_half_life
        )
        rw.lift[self.row] = influence.raised(lift, 1.0, p.publicity_lift * reach)
        rw.lift_day[self.row] = model.day

    def prepare(self, event: int) -> None:
        """Today's visits: each co-producer in the own RT first, then in RTs without a co-producer."""
        model, p, e = self.model, self.model.p, self.model.world.events
        parts = model.world.parts
        elapsed = model.day - e.design_day.item(event) + 1
        waiting: dict[int, list[int]] = {}
        needs = model.world.needs
        for need in self.open_needs():
            if needs.visit_day.item(need) < e.design_day.item(event):
                row = needs.resident.item(need)
                waiting.setdefault(model.population.rt.item(row), []).append(need)
        for rt, list_of_rt in waiting.items():
            waiting[rt] = sorted(list_of_rt, key=self._visit_order)
        mine = model.parts_of(event)
        staffed = {model.coproducer(parts.coproducer.item(part)).rt for part in mine}
        unstaffed = sorted(
            (need for rt, list_of_rt in waiting.items() if rt not in staffed for need in list_of_rt),
            key=self._visit_order,
        )
        for part in mine:
            one = model.coproducer(parts.coproducer.item(part))
            due = outreach.hours_by(elapsed, p.preparation_days, one.hours_a_week())
            while True:
                first = waiting.get(one.rt) or unstaffed
                if not first:
                    break
                takes = outreach.help_hours(p.help_hours, model.permits[needs.permit.item(first[0])].requirements)
                if parts.hours.item(part) + takes > due + outreach.ROUNDING:
                    break
                one.visit(first.pop(0), event)
                parts.hours[part] += takes
                parts.visits[part] += 1
                e.visits[event] += 1

    def _visit_order(self, need: int) -> tuple[float, int]:
        needs = self.model.world.needs
        key = needs.key.item(need)
        return self.model.draw(Draw.VISIT_ORDER, holder_of(key), self.proposals), key

    # -- delivery

    def receive(self, event: int, arrivals: list[int]) -> None:
        """Give the event's places by a keyed draw; those served file here, the others go elsewhere tomorrow."""
        model, e, needs = self.model, self.model.world.events, self.model.world.needs
        order = sorted(
            (model.draw(Draw.EVENT_PLACE, holder_of(needs.key.item(n)), self.proposals), needs.key.item(n), n)
            for n in arrivals
        )
        e.attendance[event] = len(arrivals)
        for place, (_, _, need) in enumerate(order):
            resident = model.resident(needs.resident.item(need))
            if place < e.places.item(event):
                row = resident.file(need, EVENT, e.skill.item(event))
                e.served[event] += 1
                e.repaired[event] += model.world.applications.repaired.item(row)
            else:
                e.turned_away[event] += 1
                model.world.tally.lost_hours[0] += model.p.event_visit_hours
                needs.event[need] = -1
                model.schedule_need(need, model.day + 1)
