"""A neighbourhood (RW): it consents to host, gathers its co-producers, visits households and receives the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.view import Column, RowAgent
from sim.rng import Draw
from sim.rules import influence, outreach
from sim.rules.choice import EVENT
from sim.state import OPEN, VOLUNTEER

if TYPE_CHECKING:
    from sim.agents.coproducer import CoProducer


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
        if not model.p.heads_decline and head.may_be_asked() and head.invited(int(self.proposals)):
            head.join()
            return True
        self.declined += 1
        self.declined_day = model.day
        return False

    # -- designing

    def gather(self, event: int) -> None:
        """Invite heads, then volunteers, then helped or connected residents, up to the number sought."""
        model, e = self.model, self.model.world.events
        ordinal, sought = self.proposals, model.p.coproducers_sought
        # A head elected since the consent was not asked yet and answers now; without the head no event (P8).
        head, invited = model.coproducer(self.head), 1
        if not head.active and not head.invited(ordinal):
            e.invited[event] = invited
            return
        head.join()
        joined = [head]
        c = model.world.coproducers
        used = model.world.counts.coproducers.item(0)
        mine = np.flatnonzero((c.rw[:used] == self.row) & (np.arange(used) != self.head)).tolist()
        # In a tiny RW one resident may hold two offices, but takes part once.
        others = {one.resident.row: one for one in map(model.coproducer, mine) if one.resident is not head.resident}
        for one in sorted(
            (one for one in others.values() if one.may_be_asked()),
            key=lambda one: (
                one.role == VOLUNTEER,
                model.draw(Draw.INVITED_ORDER, one.resident.key, ordinal),
                one.resident.key,
            ),
        ):
            if invited >= sought:
                break
            invited += 1
            if one.invited(ordinal):
                one.join()
                joined.append(one)
        uninvited: list[CoProducer] = []
        for resident_row in self._candidates(joined):
            key = model.population.key.item(resident_row)
            if invited < sought:
                invited += 1
                one = model.recruit(resident_row)
                if one.invited(ordinal):
                    one.join()
                    joined.append(one)
                    model.world.tally.recruited[0] += 1
            elif model.draw(Draw.UNINVITED, key, ordinal) < model.p.uninvited_joining:
                one = model.recruit(resident_row)
                one.join()
                uninvited.append(one)
                model.world.tally.recruited[0] += 1
        e.invited[event], e.joined[event] = invited, len(joined) + len(uninvited)
        for one in joined + uninvited:
            model.new_part(event, one.row, uninvited=one in uninvited)
        total = 0.0
        for one in joined + uninvited:
            total += one.skill
        e.skill[event] = total / e.joined.item(event)

    def _candidates(self, joined: list[CoProducer]) -> list[int]:
        """Residents who were helped or whose ties co-produce, in RTs with a joined co-producer, by a keyed draw.

        Those who declined before may be asked again, and those who stopped and have rested.
        """
        model = self.model
        motives, population, c = model.world.motives, model.population, model.world.coproducers
        mine = population.rw_members[population.rw_start.item(self.row) : population.rw_start.item(self.row + 1)]
        known = motives.coproducer[mine]
        rest = model.day - c.stopped[known] >= model.p.return_rest
        rested = (c.role[known] >= VOLUNTEER) & (c.active[known] == 0) & rest
        staffed = np.isin(population.rt[mine], [one.rt for one in joined])
        tied = np.isin(mine, [row for one in joined for row in one.resident.ties])
        helped = motives.helped_day[mine] > model.day - model.p.help_lasts
        found = mine[staffed & ((known < 0) | rested) & (tied | helped)].tolist()
        order = [
            (model.draw(Draw.INVITED_ORDER, population.key.item(row), self.proposals), population.key.item(row), row)
            for row in found
        ]
        return [row for _, _, row in sorted(order)[: model.p.candidates_asked]]

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
            due = outreach.visits_by(elapsed, p.preparation_days, one.hours_a_week(), p.visit_hours)
            while parts.visits.item(part) < due:
                own = waiting.get(one.rt)
                if not own and not unstaffed:
                    break
                need = own.pop(0) if own else unstaffed.pop(0)
                one.visit(need, event)
                parts.visits[part] += 1
                e.visits[event] += 1

    def _visit_order(self, need: int) -> tuple[float, int]:
        needs = self.model.world.needs
        key = needs.key.item(need)
        return self.model.draw(Draw.VISIT_ORDER, key >> 3, self.proposals), key

    # -- delivery

    def receive(self, event: int, arrivals: list[int]) -> None:
        """Give the event's places by a keyed draw; those served file here, the others go elsewhere tomorrow."""
        model, e, needs = self.model, self.model.world.events, self.model.world.needs
        order = sorted(
            (model.draw(Draw.EVENT_PLACE, needs.key.item(n) >> 3, self.proposals), needs.key.item(n), n)
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
                needs.event[need] = -1
                model.schedule_need(need, model.day + 1)
