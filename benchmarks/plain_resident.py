"""A resident of the plain Mesa model: attributes that are Python numbers, needs and applications that are objects.

See ``benchmarks.plain_mesa``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import mesa

from benchmarks.plain_rules import plain
from keliling.sim.records import CHANNELS, COMPLAINTS, MONTH
from keliling.sim.rules.choice import BROKER, COUNTER, GIVES_UP, ONLINE, TRIES_LATER, WAIT
from keliling.sim.rules.serving import GRANTED
from keliling.sim.state import APPLIED, IDLE, OPEN

if TYPE_CHECKING:
    from benchmarks.plain_mesa import PlainModel

SENT_BACK = 3  # status of a need whose file was returned, besides IDLE, OPEN and APPLIED
FAR = 1 << 40  # a day that never comes
SUBMITTED = {code: f"submitted.{channel}" for channel, code in CHANNELS.items()}
COMPLAINED = {code: f"complaints.{kind}" for kind, code in COMPLAINTS.items()}

choice, filing, influence, satisfaction = (plain(name) for name in ("choice", "filing", "influence", "satisfaction"))


@dataclass(slots=True, eq=False)
class Neighbourhood:
    """An RW; ``norm`` is the share of neighbours who apply themselves."""

    norm: float


@dataclass(slots=True, eq=False)
class Need:
    """What a resident may need one permit for, open or not; days are working days from the start."""

    permit: SimpleNamespace
    tastes: tuple[float, ...]  # for each channel by its code; WAIT has none
    status: int
    due: int
    threshold: float
    rate: float
    monthly: int
    learns: int
    ends: int
    aware: int
    obstacle: int
    works_until: int
    patrol_day: int
    hazard: float = 0.0
    anchor: int = 0
    noticed: int = 0
    news: float = 0.0
    attempt: int = 0
    online_failed: bool = False
    application: Application | None = None


@dataclass(slots=True, eq=False)
class Application:
    """A file on its way; ``remaining`` is officer hours, ``defects`` documents not in order."""

    resident: Resident
    need: Need
    channel: int
    submitted: int
    defects: int
    crowd: float
    expectation: float
    remaining: float = 0.0
    returns: int = 0
    comes_back: bool = False
    outcome: int = 0


class Resident(mesa.Agent):
    """An adult with the needs for the permits that the adult may need."""

    def __init__(self, model: PlainModel, rw: Neighbourhood, needs: list[Need], **traits: float) -> None:
        super().__init__(model)
        self.rw, self.needs = rw, needs
        self.literacy, self.at_work, self.internet = traits["literacy"], traits["at_work"], traits["internet"]
        self.knowledge = self.usual_knowledge = traits["knowledge"]
        self.trust = self.usual_trust = traits["trust"]
        self.expectation = traits["expectation"]
        self.knowledge_day = self.trust_day = self.rejections_day = 0
        self.satisfaction = self.rejections = 0.0
        self.ties: list[Resident] = []
        self.next_day = FAR
        self.wake(min([need.due for need in needs]))

    def wake(self, day: int) -> None:
        """See to it that this resident's step finds something to do on a day."""
        if day < self.next_day:
            self.next_day = day
            if self.model.agenda is not None:
                self.model.agenda[day].append(self)

    def step(self) -> None:
        """Do what is due today at any need: it arises, is decided and acted on, or a returned file comes back."""
        today = self.model.day
        if self.next_day > today:
            return
        soonest = FAR
        for need in self.needs:
            if need.due == today:
                if need.status == SENT_BACK:
                    self.correct(need)
                else:
                    self.attend(need)
            if need.due < soonest:
                soonest = need.due
        self.next_day = FAR
        self.wake(soonest)

    def knowledge_today(self) -> float:
        """Procedural knowledge, 0-1, on its way back to the resident's own constant."""
        days = self.model.day - self.knowledge_day
        return influence.faded(self.knowledge, self.usual_knowledge, days, self.model.p.knowledge_half_life)

    def trust_today(self) -> float:
        """Trust in the office, 0-1, on its way back to the resident's own constant."""
        days = self.model.day - self.trust_day
        return influence.faded(self.trust, self.usual_trust, days, self.model.p.trust_half_life)

    def rejections_today(self) -> float:
        """Rejections remembered, fading."""
        return influence.faded(
            self.rejections, 0.0, self.model.day - self.rejections_day, self.model.p.rejection_half_life
        )

    # -- needs

    def attend(self, need: Need) -> None:
        """Let a need arise, end, be learnt of, meet the patrol or the end of works; decide, and act on it."""
        model, today = self.model, self.model.day
        if need.status == IDLE:
            self.open(need)
        if need.ends <= today:
            model.count["ended"] += 1
            self.close(need, granted=False)
            return
        if need.learns <= today:
            need.aware = 1
        if need.patrol_day == today and model.p.patrols:
            need.noticed = need.aware = 1
            need.news = max(need.news, model.notice_prompt)
            model.count["notices"] += 1
        if need.works_until == today and need.noticed and model.random.random() < model.p.demolished:
            model.count["demolished"] += 1
            self.close(need, granted=False)
            return
        channel = self.decide(need)
        if channel != WAIT:
            self.act(need, channel)

    def open(self, need: Need) -> None:
        """Begin a spell of an open need; what is known of it, an obstacle and works are the need's, not the spell's."""
        model, permit, draw = self.model, need.permit, self.model.random.random
        need.status, need.anchor, need.online_failed = OPEN, model.day, False
        need.threshold = influence.waited(draw())
        need.ends = model.day + influence.days_until(influence.waited(draw()), permit.ends)
        need.hazard = need.rate = need.news = 0.0
        if need.attempt == 0:
            need.aware, need.obstacle = int(draw() >= permit.unaware), int(draw() < permit.obstacle_birth)
            need.learns = model.day
            if not need.aware:
                need.learns += influence.days_until(influence.waited(draw()), permit.learn_rate)
            need.noticed, need.works_until, need.patrol_day = 0, -1, -1
            if permit.enforced:
                need.works_until = model.day + permit.works_days
                found = model.day + influence.days_until(influence.waited(draw()), model.p.detection_rate / 252.0)
                if found < need.works_until:
                    need.patrol_day = found

    def decide(self, need: Need) -> int:
        """Add up the hazard since the last touch; the best channel once it crosses the threshold, else WAIT."""
        model, permit, today = self.model, need.permit, self.model.day
        channel, best = self.best_channel(need)
        keen = choice.keenness(best, model.p.hazard_sensitivity)
        hazard = need.hazard + need.rate * (today - need.anchor)
        if need.news > 0.0:
            hazard += choice.prompted(need.news, keen / permit.mean_keenness, model.p.attention_cap)
            need.news = 0.0
        rate = choice.own_rate(permit.base_rate, keen, need.aware, need.obstacle, model.p.obstacle_hesitation)
        need.hazard, need.anchor, need.rate = hazard, today, rate
        if hazard >= need.threshold:
            return channel
        crosses = today + influence.days_until(need.threshold - hazard, need.rate)
        again = today + 1 + (need.monthly - today - 1) % MONTH if need.aware else need.learns
        due = min(crosses, again, need.ends)
        if today < need.works_until < due:
            due = need.works_until
        if today < need.patrol_day < due:
            due = need.patrol_day
        need.due = due
        return WAIT

    def best_channel(self, need: Need) -> tuple[int, float]:
        """The channel at hand that is worth most, and its worth over waiting in utility."""
        model, permit, p = self.model, need.permit, self.model.p
        channels = [COUNTER]
        if p.online and self.internet and not need.online_failed:
            channels.append(ONLINE)
        if p.brokers:
            channels.append(BROKER)
        works = p.patrols and need.works_until > model.day
        sanction = 0.0
        if works or need.noticed:
            sanction = p.weight_sanction * choice.threat(works, need.noticed, p.detection_rate)
        benefit = choice.expected_benefit(permit.benefit, p.weight_wait, model.office.wait)
        value, tastes, constants = choice.channel_value, need.tastes, model.constants
        person = (self.knowledge_today(), self.literacy, self.at_work, self.trust_today(), self.rejections_today())
        rest = (self.rw.norm, permit.fee, permit.broker_fee, 0.0, model.choosing)
        best, chosen = -1e300, WAIT
        for channel in channels:
            worth = value(channel, tastes[channel], constants[channel], benefit, sanction, *person, *rest)
            if worth > best:
                best, chosen = worth, channel
        return chosen, best

    def act(self, need: Need, channel: int) -> None:
        """Try to file through a channel; after a failure the need ends, is tried again later, or elsewhere tomorrow."""
        model, p, draw = self.model, self.model.p, self.model.random.random
        model.count["attempts"] += 1
        chance = choice.attempt_failure(
            channel, p.online_failure, p.counter_failure, self.literacy, p.literacy_mean, 0.0
        )
        if draw() >= chance:
            self.file(need, channel)
            return
        model.count["failed_attempts"] += 1
        what = choice.after_failure(draw(), p.gives_up, p.tries_later)
        if what == GIVES_UP:
            model.count["given_up"] += 1
            self.close(need, granted=False)
            return
        wait, need.online_failed = 1, channel == ONLINE
        if what == TRIES_LATER:
            wait, need.online_failed = filing.correction_wait(draw(), p.retry_days), False
            need.hazard = need.threshold - need.rate * wait
        need.due = model.day + wait

    def file(self, need: Need, channel: int) -> None:
        """Fill in and hand in the application."""
        model, p, draw = self.model, self.model.p, self.model.random.random
        ratio = filing.helper_ratio(channel, 0.0, p.officer_error, p.broker_error, p.assistance_error)
        knowledge, literacy = (self.knowledge_today(), p.knowledge_mean), (self.literacy, p.literacy_mean)
        slopes = (p.error_knowledge, p.error_literacy)
        chance = filing.defect_chance(p.document_error, channel, *knowledge, *literacy, ratio, *slopes)
        defects = sum([draw() < chance for _ in range(need.permit.requirements)])
        need.status, need.due = APPLIED, FAR
        need.application = Application(self, need, channel, model.day, defects, model.office.crowd, self.expectation)
        self.rw.norm = influence.toward(self.rw.norm, float(channel != BROKER), p.norm_speed)
        model.count["submitted"] += 1
        model.count[SUBMITTED[channel]] += 1
        model.office.receive(need.application)

    # -- a returned file

    def returned(self, application: Application) -> None:
        """Learn of defects: come back with a correction before the deadline, or let the file lapse at it."""
        model, p, need = self.model, self.model.p, application.need
        wait = filing.correction_wait(model.random.random(), p.correction_days)
        comes = model.random.random() < p.correction_chance and wait <= p.correction_deadline
        application.returns += 1
        application.comes_back = comes
        need.status, need.due = SENT_BACK, model.day + (wait if comes else p.correction_deadline + 1)
        self.wake(need.due)

    def correct(self, need: Need) -> None:
        """Hand the file in again with some defects mended, or withdraw it."""
        model, application, draw = self.model, need.application, self.model.random.random
        assert application is not None  # a need is sent back with its file
        if not application.comes_back:
            model.count["withdrawn"] += 1
            self.after_failure(need)
            return
        mended = model.p.document_correction
        application.defects -= sum([draw() < mended for _ in range(application.defects)])
        need.status, need.due = APPLIED, FAR
        model.office.receive(application)

    # -- the decision

    def experience(self, application: Application) -> None:
        """Live through a decision: satisfaction, a complaint perhaps, what they change, and telling ties."""
        model, p, need, draw = self.model, self.model.p, application.need, self.model.random.random
        granted, days = int(application.outcome == GRANTED), model.day - application.submitted
        count = model.count
        met = [
            1.0 / (1.0 + application.returns),
            satisfaction.experienced_time(days, need.permit.statutory_days, p.time_grace),
            satisfaction.experienced_fee(application.channel),
            float(granted),
            satisfaction.experienced_crowding(application.channel, application.crowd),
            satisfaction.experienced_contact(application.channel, 0, p.contact_officer, p.contact_alone),
            model.reference[6],
        ]
        normal = model.random.gauss
        person = normal(0.0, model.person_sd)
        noise = [person + normal(0.0, p.element_sd) for _ in model.routing]
        score, performance = model.score(met, application.expectation, noise)
        given = (p.complaint_rate, p.complaint_steepness, model.complaint_reference, score, p.complaint_most)
        if draw() < satisfaction.complaint_chance(*given):
            kind = satisfaction.complaint_class(draw(), met[1], application.returns, granted, p.complaint_other)
            count[COMPLAINED[kind]] += 1
            count["complaints"] += 1
            met[6] = float(draw() < p.complaint_closed)
            score, performance = model.score(met, application.expectation, noise)
        count["decided"] += 1
        count["rejected"] += 1 - granted
        count["returned"] += int(application.returns > 0)
        count["days_to_decision"] += days
        count["satisfaction"] += score
        told = influence.as_unit(score)
        self.satisfaction = score
        self.knowledge = influence.raised(self.knowledge_today(), 1.0, p.knowledge_experience)
        self.trust = influence.toward(self.trust_today(), told, p.trust_speed)
        self.knowledge_day = self.trust_day = model.day
        self.expectation = min(max(influence.toward(self.expectation, performance, p.expectation_speed), 1.0), 4.0)
        if granted:
            self.close(need, granted=True)
        else:
            self.rejections, self.rejections_day = self.rejections_today() + 1.0, model.day
            self.after_failure(need)
        for tie in self.ties:
            tie.hear(told, granted)

    def close(self, need: Need, *, granted: bool) -> None:
        """End a need, granted or given up, and draw when the next one arises and with which tastes."""
        model, permit, draw = self.model, need.permit, self.model.random.random
        need.status, need.attempt, need.application = IDLE, 0, None
        need.tastes = (0.0, choice.taste(draw()), choice.taste(draw()), choice.taste(draw()))
        wait = influence.days_until(influence.waited(draw()), permit.birth_rate)
        if granted and permit.validity_days and draw() < model.p.renewal:
            wait = min(wait, permit.validity_days)
        need.due = model.day + wait
        self.wake(need.due)

    def after_failure(self, need: Need) -> None:
        """After a rejection or withdrawal the need reopens after a while, or is given up; no obstacle may stand."""
        model, draw = self.model, self.model.random.random
        if need.obstacle or draw() >= model.p.reapply:
            self.close(need, granted=False)
            return
        need.status, need.application = IDLE, None
        need.attempt += 1
        need.due = model.day + filing.correction_wait(draw(), model.p.reapply_days)
        self.wake(need.due)

    def hear(self, told: float, granted: int) -> None:
        """Hear of a tie's decision; who knows of an open need thinks again tomorrow."""
        model = self.model
        model.heard[self].append(told)
        for need in self.needs:
            if need.status == OPEN and need.aware:
                if granted:
                    need.news = max(need.news, model.tie_prompt)
                need.due = model.day + 1
                self.wake(need.due)

    def listen(self, told: list[float]) -> None:
        """Move trust toward the mean of what ties told today."""
        self.trust = influence.toward(self.trust_today(), sum(told) / len(told), self.model.p.word_of_mouth)
        self.trust_day = self.model.day
