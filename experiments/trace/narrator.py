"""One resident watched through a run: what changed after each routine of each day, as dated sentences."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from keliling.experiments.trace.affected import date
from keliling.sim.ikm import answers_of
from keliling.sim.model import CoproductionModel
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from keliling.sim.rules.outreach import CANCELLED
from keliling.sim.rules.satisfaction import COMPLAINTS
from keliling.sim.rules.serving import GRANTED, REJECTED, RETURNED, UNDER_REVIEW, WITHDRAWN
from keliling.sim.state import FORMER, IDLE, OPEN, RT_HEAD, RW_HEAD, UNASKED, VOLUNTEER

Seen = SimpleNamespace
ROLES = {RW_HEAD: "head of the RW", RT_HEAD: "head of the RT", VOLUNTEER: "volunteer", FORMER: "former head"}
SEEN = 0.005  # a change of a value between 0 and 1 that shows in two decimals
STANDS = "a requirement cannot be met as things stand"
UNTIL_THEN = "; had not known until then that it was needed"


def named(title: str) -> str:
    """A permit's title within a sentence."""
    title = title[0].lower() + title[1:]
    if title.startswith("other "):
        return f"one of the {title}"
    return f"{'an' if title[0] in 'aeiou' else 'a'} {title}"


@dataclass(frozen=True)
class Entry:
    """One sentence of a story and its day, counted from the first of the run."""

    day: int
    text: str


class Look(NamedTuple):
    """What can be seen of one resident at a moment."""

    resident: Seen
    needs: dict[int, Seen]
    applications: dict[int, Seen]
    coproducer: Seen | None
    neighbourhood: Seen
    parts: int


class Witness:
    """Watches one resident and writes the story, sentence by sentence, into ``entries``."""

    def __init__(self, model: CoproductionModel, row: int) -> None:
        self.model, self.row, self.me = model, row, model.resident(row)
        self.entries: list[Entry] = []
        self._mine: list[int] = []
        self._scanned = 0
        self._planned: set[tuple[int, int, int, int]] = set()
        self._chosen: dict[int, int] = {}
        self._was = self._look()
        self._ties = set(self.me.ties)
        self._begin()

    def before(self, routine: str) -> None:
        """Look in the morning, foresee which channel will be chosen, and overhear what the ties will tell."""
        if routine == "needs_arise":
            self._was = self._look()
        if routine == "residents_decide":
            due = [row for row, need in self._was.needs.items() if need.status == OPEN and need.due == self.model.day]
            self._chosen = {row: -max((self.me.worth(row, c), -c) for c in self.me.channels(row))[1] for row in due}
        if routine == "residents_experience":
            self._told = [a for row in self._ties & self.model.decided_of.keys() for a in self.model.decided_of[row]]

    def after(self, routine: str) -> None:
        """Say what changed; between two routines nothing does."""
        now = self._look()
        getattr(self, f"_{routine}")(self._was, now)
        self._was = now

    # -- seeing

    def _look(self) -> Look:
        world = self.model.world
        a, used = world.applications, world.counts.applications.item(0)
        self._mine += (np.flatnonzero(a.resident[self._scanned : used] == self.row) + self._scanned).tolist()
        self._scanned = used
        resident = Seen(**vars(_row_of(world.residents, self.row)), **vars(_row_of(world.motives, self.row)))
        resident.knowledge, resident.trust = self.me.knowledge, self.me.trust
        helper = resident.coproducer
        return Look(
            resident,
            {need: _row_of(world.needs, need) for need in self.me.needs},
            {application: _row_of(a, application) for application in self._mine},
            _row_of(world.coproducers, helper) if helper >= 0 else None,
            _row_of(world.neighbourhoods, self.me.rw),
            world.counts.parts.item(0),
        )

    def _say(self, text: str) -> None:
        self.entries.append(Entry(self.model.day, text))

    def _date(self, day: int) -> str:
        return date(self.model.plan, day)

    def _permit(self, permit: int) -> str:
        return named(self.model.ground.permits[permit].title)

    def _documents(self, application: Seen) -> str:
        wrong = application.defects.bit_count()
        return f"{wrong} of {self.model.permits[application.permit].requirements} documents faulty"

    def _event(self, event: int) -> str:
        e = self.model.world.events
        rw = self.model.population.rw_number.item(e.rw.item(event))
        return f"the event in RW {rw} on {self._date(e.delivery_day.item(event))}"

    # -- the start

    def _begin(self) -> None:
        for need in self._was.needs.values():
            if need.status == OPEN:
                works = ", with the works still in sight of patrols" if need.works_until > self.model.day else ""
                works += "" if need.aware else ", without knowing it"
                works += f"; {STANDS}" if need.obstacle else ""
                self._say(f"has been in need of {self._permit(need.permit)} since before the first day{works}")

    # -- routine 1

    def _needs_arise(self, was: Look, now: Look) -> None:
        for row, application in now.applications.items():
            before = was.applications[row]
            if before.outcome == RETURNED and application.outcome == 0:
                left = f"still {self._documents(application)}" if application.defects else "all documents in order now"
                self._say(
                    f"brought back the file for {self._permit(application.permit)} after "
                    f"{application.returns} return{'s' * (application.returns > 1)}: {left}"
                )
            elif before.outcome == RETURNED and application.outcome == WITHDRAWN:
                self._say(
                    f"did not bring back the file for {self._permit(application.permit)} in time: withdrawn; "
                    f"{self._after_failure(was.needs[application.need], now.needs[application.need])}"
                )
        for row, need in now.needs.items():
            before, permit = was.needs[row], self._permit(need.permit)
            if before.status == IDLE and need.status == OPEN:
                self._say(self._arisen(before, need, permit))
            learnt = before.status == OPEN and need.aware > before.aware
            if need.noticed and not before.noticed:
                who = "a neighbour reported" if now.resident.social < was.resident.social else "a patrol found"
                self._say(f"{who} the works without {permit}: notice given{UNTIL_THEN if learnt else ''}")
            elif learnt:
                self._say(f"found out, with nobody's help, that {permit} is needed")
            if before.status in (IDLE, OPEN) and need.ordinal > before.ordinal:
                self._say(self._gone(before, permit))

    def _arisen(self, before: Seen, need: Seen, permit: str) -> str:
        """A need that is open today and was not yesterday."""
        if need.attempt > 0:
            return f"is ready to try again for {permit} (attempt {need.attempt + 1})"
        text = f"comes to need {permit}"
        if before.expiry == self.model.day:
            text = f"needs {permit} anew: the old one has expired"
        text += "" if need.aware else ", without knowing it"
        text += f"; {STANDS}" if need.obstacle else ""
        if need.works_until > self.model.day:
            text += f"; the works can be seen by patrols until {self._date(need.works_until)}"
        return text

    def _gone(self, before: Seen, permit: str) -> str:
        """A need that is over with nothing filed for it since it was last open."""
        if before.status == IDLE or before.ends > self.model.day:
            return f"the works without {permit} were pulled down, and the need went with them"
        if not before.aware:
            return f"no longer needs {permit}, and never knew of it"
        return f"no longer needs {permit}: the need ended before anything was filed{' again' * (before.attempt > 0)}"

    def _after_failure(self, was: Seen, now: Seen) -> str:
        if now.attempt == was.attempt + 1:
            return f"will try again from {self._date(now.due)}"
        return "gave the need up"

    # -- routine 2

    def _cycles_advance(self, was: Look, now: Look) -> None:
        self._hosting(was, now)
        self._helping(was, now)
        day = self.model.day
        for row, need in now.needs.items():
            before, permit = was.needs[row], self._permit(need.permit)
            if need.status != OPEN:
                continue
            learnt = UNTIL_THEN if need.aware > before.aware else ""
            changes = _moved("knowledge", was.resident.knowledge, now.resident.knowledge)
            visited = need.visit_day == day
            # Whoever heeds a visit thinks the need over on the same day.
            heeded = visited and now.resident.helped_day == day and need.due == day
            if heeded:
                mended = "; what stood in the way was put right" if need.obstacle < before.obstacle else ""
                self._say(
                    f"was visited by a co-producer about {permit}: papers checked, and told "
                    f"of {self._event(need.event)}{learnt}{mended}{changes}"
                )
            elif need.event != before.event:
                self._say(f"heard of {self._event(need.event)}, where {permit} can be had{learnt}{changes}")
            if visited and not heeded:
                self._say(f"did not heed a co-producer who came about {permit}")

    def _hosting(self, was: Look, now: Look) -> None:
        """As head of the RW: the answer to the office's proposal."""
        if now.neighbourhood.proposals == was.neighbourhood.proposals or (
            now.neighbourhood.head != now.resident.coproducer
        ):
            return
        declined = now.neighbourhood.declined > was.neighbourhood.declined
        rw = self.model.population.rw_number.item(self.me.rw)
        answer = "declined to host an event" if declined else f"agreed to host {self._event(now.neighbourhood.running)}"
        self._say(f"as head of RW {rw}, {answer}")

    def _helping(self, was: Look, now: Look) -> None:
        """As a co-producer: invited or not, joined, trained, and back from an event."""
        c, before = now.coproducer, was.coproducer
        if c is None:
            return
        parts, e = self.model.world.parts, self.model.world.events
        mine = np.flatnonzero(parts.coproducer[: now.parts] == now.resident.coproducer).tolist()
        trained = ", and was trained" if c.trained and not (before and before.trained) else ""
        for part in (part for part in mine if part >= was.parts):
            event = parts.event.item(part)
            if event < 0:
                agreed = f"agreed{trained}" if parts.joined.item(part) else "declined"
                self._say(f"was asked by a co-producer of the RT to become one too, and {agreed}")
                continue
            if not parts.joined.item(part):
                self._say(f"was asked to help at {self._event(event)}, and declined")
                continue
            how = "without being asked" if parts.reason.item(part) == UNASKED else f"as {ROLES[c.role]}"
            off = "; too few joined, and it was cancelled" if e.ending.item(event) == CANCELLED else ""
            self._say(f"joined the co-producers of {self._event(event)}, {how}{trained}{off}")
        if before is not None and c.events > before.events:
            events = (p for p in mine if parts.event.item(p) >= 0)
            part = next(p for p in events if e.meeting_day.item(parts.event.item(p)) == self.model.day)
            event = parts.event.item(part)
            motives = "".join(
                _moved(f"{name} motivation", getattr(was.resident, name), getattr(now.resident, name))
                for name in ("intrinsic", "social", "normative")
            )
            meeting = f"{'a' if e.met.item(event) else 'no'} meeting looked back at it"
            self._say(
                f"had given {c.hours - before.hours:.1f} hours to {self._event(event)}, with "
                f"{parts.visits.item(part)} visits; {meeting}; {'' if c.thanked else 'not '}thanked{motives}"
            )

    # -- routine 3

    def _residents_decide(self, was: Look, now: Look) -> None:
        for row, need in now.needs.items():
            before, permit = was.needs[row], self._permit(need.permit)
            if need.failures > before.failures:
                self._say(self._failed_attempt(row, before, need, permit))
            if before.event >= 0 and need.event < 0 and need.status == OPEN:
                self._say(f"came for {permit} to {self._event(before.event)}, found no place left and was turned away")
            decided = need.status == OPEN and need.anchor == self.model.day and need.hazard >= need.threshold
            plan = (row, need.ordinal, need.attempt, need.event)
            if decided and need.event >= 0 and need.failures == before.failures and plan not in self._planned:
                self._planned.add(plan)
                self._say(f"decided to go for {permit} to {self._event(need.event)}")
        for row, application in now.applications.items():
            if row not in was.applications:
                self._filed(application, now)

    def _failed_attempt(self, row: int, before: Seen, need: Seen, permit: str) -> str:
        """An attempt that ended before anything was filed, and what followed."""
        online = self._chosen[row] == ONLINE
        text = f"tried online for {permit}, and the form failed"
        if not online:
            text = f"went to the counter for {permit}, and was turned away by the list of requirements"
        if need.ordinal > before.ordinal:
            return f"{text}; gave the need up"
        if need.hazard < need.threshold:
            return f"{text}; will try again later, from {self._date(need.due)}"
        return f"{text}; will {'go elsewhere' if online else 'come back'} the next day"

    def _filed(self, application: Seen, now: Look) -> None:
        where = {ONLINE: "online", COUNTER: "at the counter", BROKER: "through a broker"}.get(application.channel)
        if application.channel == EVENT:
            rw = self.model.population.rw_number.item(self.model.world.events.rw.item(application.event))
            where = f"at the event in RW {rw}"
        text = f"filed for {self._permit(application.permit)} {where}"
        if application.skill > 0.0:
            text += ", papers checked by a co-producer"
        if application.repaired:
            were = "documents were" if application.repaired > 1 else "document was"
            text += f"; {application.repaired} {were} missing and completed on the spot"
        text += f"; {self._documents(application)}" if application.defects else "; every document in order"
        if application.expectation - now.resident.expectation > SEEN:
            text += f"; publicity had raised expectation to {application.expectation:.2f} of 4"
        self._say(text)

    # -- routine 4

    def _office_serves(self, was: Look, now: Look) -> None:
        for row, application in now.applications.items():
            before = was.applications[row]
            if application.outcome == before.outcome and application.returns == before.returns:
                continue
            permit = self._permit(application.permit)
            if application.outcome == RETURNED:
                self._say(f"the office returned the file for {permit}: {self._documents(application)}")
            elif application.outcome == UNDER_REVIEW:
                self._say(
                    f"the file for {permit} was complete and went to technical review until "
                    f"{self._date(application.due)}"
                )
            elif application.outcome in (GRANTED, REJECTED):
                self._say(self._decision(application, permit, now.needs[application.need]))

    def _decision(self, application: Seen, permit: str, need: Seen) -> str:
        days = application.decided - application.submitted
        after = f"after {days} working day{'s' * (days != 1)}" if days else "on the same day"
        statutory = self.model.permits[application.permit].statutory_days
        late = application.decided - application.complete > statutory
        text = f"the office granted {permit} {after}"
        if application.outcome == REJECTED:
            reason = self._documents(application) if application.defects else "failed in technical review"
            if need.obstacle and not application.defects:
                reason += f", since {STANDS}"
            text = f"the office rejected {permit} {after}: {reason}"
        return text + (f"; late, the standard is {statutory}" if late else "")

    # -- routine 5

    def _residents_experience(self, was: Look, now: Look) -> None:
        mine = [a for a in now.applications.values() if a.decided == self.model.day and a.outcome != WITHDRAWN]
        for application in mine:
            text = f"was satisfied {application.satisfaction:.2f} of 4, having expected {application.expectation:.2f}"
            if application.complaint:
                kind = list(COMPLAINTS)[application.complaint - 1].replace("_", " ")
                settled = "settled" if application.complaint_closed else "left open"
                text += f"; complained ({kind}), which was {settled}"
            if application.outcome == REJECTED:
                text += f"; {self._after_failure(was.needs[application.need], now.needs[application.need])}"
            self._say(text + self._changes(was, now))
        if self._told:
            outcome = self.model.world.applications.outcome
            granted = sum(outcome.item(a) == GRANTED for a in self._told)
            counts = {"granted": granted, "rejected": len(self._told) - granted}
            heard = [f"{count} {what}" for what, count in counts.items() if count]
            changes = "" if mine else self._changes(was, now)
            self._say(f"heard from ties how their applications ended: {', '.join(heard)}{changes}")

    def _changes(self, was: Look, now: Look) -> str:
        return "".join(
            _moved(name, getattr(was.resident, name), getattr(now.resident, name))
            for name in ("knowledge", "trust", "expectation")
        )

    # -- routine 6

    def _calendar_turns(self, was: Look, now: Look) -> None:
        for row, application in now.applications.items():
            if application.surveyed and not was.applications[row].surveyed:
                boxes = answers_of(np.array([application.answers]))[0]
                self._say(f"answered the IKM form on {self._permit(application.permit)}: {boxes.mean():.2f} of 4")
        c, before = now.coproducer, was.coproducer
        if c is None:
            return
        if before is not None and before.active and not c.active:
            self._say(f"stopped co-producing, after {c.events} event{'s' * (c.events != 1)} and {c.hours:.0f} hours")
        if before is None or c.role != before.role:
            if c.role in (RW_HEAD, RT_HEAD):
                self._say(f"was elected {ROLES[c.role]}")
            else:
                self._say("is no longer head" + (", and stays on as volunteer" if c.role == VOLUNTEER else ""))


def _row_of(table: Any, row: int) -> Seen:
    """One row of a table, by column."""
    return SimpleNamespace(**{name: column.item(row) for name, column in zip(table._fields, table, strict=True)})


def _moved(name: str, was: float, now: float) -> str:
    """A change that shows in two decimals, as the end of a sentence."""
    return f"; {name} {was:.2f} to {now:.2f}" if abs(now - was) > SEEN else ""
