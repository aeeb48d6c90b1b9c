"""An applicant: filing, a returned file, and the end of a need. Twin of ``sim.agents.applicant``."""

from __future__ import annotations

from keliling.sim import calendar, rng
from keliling.sim.compiled import inner, picked
from keliling.sim.rng import Draw, of_correction, uniform
from keliling.sim.rules import choice, filing, influence
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT
from keliling.sim.rules.satisfaction import BEST
from keliling.sim.rules.serving import WITHDRAWN, hours_asked, service_hours
from keliling.sim.state import APPLIED, IDLE, NEVER, OPEN
from keliling.sim.sums import grains

# Compiled code cannot look inside a class, so the purposes that it draws for are named here.
DEFECT, REPAIR, SERVICE, QUEUE_PLACE = Draw.DEFECT, Draw.REPAIR, Draw.SERVICE, Draw.QUEUE_PLACE
CORRECTION, CORRECTION_TIME, CORRECTED_DOCUMENT = Draw.CORRECTION, Draw.CORRECTION_TIME, Draw.CORRECTED_DOCUMENT
BIRTH, RENEWAL, REAPPLY, REAPPLY_TIME = Draw.BIRTH, Draw.RENEWAL, Draw.REAPPLY, Draw.REAPPLY_TIME

packed = inner(rng.packed)
choosing_of = picked(choice.CHOOSING)


@inner
def draw(inputs, purpose, who, occasion, index):
    """The keyed draw in [0, 1) of this run."""
    return uniform(inputs.fixed[0].seed, inputs.fixed[0].replicate, purpose, who, occasion, index)


@inner
def occasion_of(row):
    """The occasion of a need's current application, or of an application filed: permit, ordinal, attempt."""
    return packed(row.permit, row.ordinal, row.attempt)


@inner
def schedule_need(rows, i, day):
    """Note when something next happens at need ``i``."""
    calendar.move(rows.needs_due, rows.needs.after, rows.needs.before, i, rows.needs[i].due, day)
    rows.needs[i].due = day


@inner
def schedule_application(rows, i, day):
    """Note when application ``i`` comes back, lapses, or leaves review."""
    a = rows.applications
    calendar.move(rows.applications_due, a.after, a.before, i, a[i].due, day)
    a[i].due = day


@inner
def settle(inputs, rows, need, status, held):
    """Give a need its status, and say whether the permit is held; the stock of its permit counts along."""
    stock = rows.stock[need.permit]
    opens = int(status == OPEN) - int(need.status == OPEN)
    rows.residents[need.resident].open_needs += opens
    rows.rts[inputs.traits[need.resident].rt].open += opens
    stock.open += opens
    stock.unaware += opens * int(need.aware == 0)
    stock.obstructed += opens * int(need.obstacle)
    hood = rows.neighbourhoods[inputs.traits[need.resident].rw]
    if need.visit_day > NEVER:
        hood.helped += opens
    else:
        hood.known += opens * int(need.known)
    stock.applied += int(status == APPLIED) - int(need.status == APPLIED)
    stock.unmet += int(held == 0) - int(need.held == 0)
    need.status, need.held = status, held


@inner
def learns_of(rows, need):
    """The holder of an open need comes to know of it."""
    need.aware = 1
    rows.stock[need.permit].unaware -= 1


@inner
def remembered_by(p, r, day):
    """Rejections that a resident remembers today."""
    return influence.faded(r.rejections, 0.0, day - r.rejections_day, p.rejection_half_life)


@inner
def knowledge_of(inputs, p, rows, i, day):
    """Procedural knowledge of resident ``i`` today."""
    r = rows.residents[i]
    return influence.faded(r.knowledge, inputs.traits[i].knowledge, day - r.knowledge_day, p.knowledge_half_life)


@inner
def trust_of(inputs, p, rows, i, day):
    """Trust of resident ``i`` in the office today."""
    r = rows.residents[i]
    return influence.faded(r.trust, inputs.traits[i].trust, day - r.trust_day, p.trust_half_life)


@inner
def learn(inputs, p, rows, i, day, share):
    """Raise the knowledge of resident ``i`` by a share of what is missing."""
    r, before = rows.residents[i], knowledge_of(inputs, p, rows, i, day)
    r.knowledge = influence.raised(before, 1.0, share)
    r.knowledge_day = day
    rows.sums[0].knowledge += grains(r.knowledge - before)


@inner
def trust_moves(inputs, p, rows, i, day, target, share):
    """Move the trust of resident ``i`` toward a target by a share of the way."""
    r, before = rows.residents[i], trust_of(inputs, p, rows, i, day)
    r.trust = influence.toward(before, target, share)
    r.trust_day = day
    rows.sums[0].trust += grains(r.trust - before)


@inner
def lift_of(p, hood, day):
    """How far publicity lifts expectations in a neighbourhood today."""
    return influence.faded(hood.lift, 0.0, day - hood.lift_day, p.publicity_half_life)


@inner
def file(inputs, p, permits, rows, day, i, channel, event_skill):
    """Fill in and hand in the application for need ``i``; returns its row. The caller has made room for it."""
    need = rows.needs[i]
    who = inputs.traits[need.resident]
    skill = max(need.skill, event_skill)
    if channel == BROKER:
        skill = 0.0  # the broker fills it in, whoever explained it before
    occasion = occasion_of(need)
    ratio = filing.helper_ratio(channel, skill, p.officer_error, p.broker_error, p.assistance_error)
    chance = filing.defect_chance(
        p.document_error,
        channel,
        knowledge_of(inputs, p, rows, need.resident, day),
        p.knowledge_mean,
        who.literacy,
        p.literacy_mean,
        ratio,
        p.error_knowledge,
        p.error_literacy,
    )
    defects, repaired = 0, 0
    # A draw a document, the same under every policy: help moves the threshold and nobody's luck.
    for document in range(permits[need.permit].requirements):
        if draw(inputs, DEFECT, who.key, occasion, document) < chance:
            defects |= 1 << document
    if channel == EVENT or (channel == COUNTER and p.counter_advice > 0):
        quality = rows.office[0].quality if channel == EVENT else p.lessons_start
        mend = filing.repair_probability(p.repair_chance, p.repair_gain, quality, p.lessons_start, skill)
        for document in range(permits[need.permit].requirements):
            if defects >> document & 1 and draw(inputs, REPAIR, who.key, occasion, document) < mend:
                defects ^= 1 << document
                repaired += 1
    settle(inputs, rows, need, APPLIED, 0)
    row = rows.counts[0].applications
    rows.counts[0].applications += 1
    a = rows.applications[row]
    a.need, a.resident, a.permit = i, need.resident, need.permit
    a.ordinal, a.attempt, a.channel = need.ordinal, need.attempt, channel
    a.skill = skill
    a.event = need.event if channel == EVENT else -1
    a.defects, a.repaired, a.failures = defects, repaired, need.failures
    # Would it have been filed within a quarter without what prompts added? (The flag; pairs of runs tell it truly.)
    days = choice.own_days(need.learns, day, need.plain_rate)
    rate = need.plain_rate if need.plain_rate > 0.0 else need.rate
    a.displaced = int(choice.within_quarter(need.hazard - need.prompted, rate, days, need.threshold))
    a.submitted, a.complete = day, day
    a.looked, a.decided, a.due = -1, -1, -1
    a.crowd = rows.office[0].crowd
    hood = rows.neighbourhoods[who.rw]
    a.expectation = influence.raised(rows.residents[need.resident].expectation, BEST, lift_of(p, hood, day))
    by_oneself = 0.0 if channel == BROKER else 1.0
    hood.norm = influence.toward(hood.norm, by_oneself, p.norm_speed)
    receive(inputs, p, permits, a)
    return row


@inner
def receive(inputs, p, permits, a):
    """Take a file in today: how much officer time it will need. Its place is drawn when the office opens its post."""
    permit = permits[a.permit]
    advice = p.counter_advice * p.checking_hours * permit.requirements
    hours = hours_asked(permit.intake_hours, permit.examination_hours, a.returns, a.channel, p.online_intake, advice)
    mark = draw(inputs, SERVICE, inputs.traits[a.resident].key, occasion_of(a), a.returns)
    a.remaining = service_hours(hours, p.service_spread, mark)


@inner
def returned(inputs, p, rows, day, i):
    """Learn of defects in application ``i``: come back before the deadline, or give up at it."""
    a = rows.applications[i]
    a.returns += 1
    schedule_application(rows, i, day + _correction(inputs, p, a))


@inner
def correct(inputs, p, permits, rows, day, i):
    """Come back with the file put right as far as may be; False when it lapses, past the deadline."""
    a = rows.applications[i]
    if _correction(inputs, p, a) > p.correction_deadline:
        a.outcome, a.decided = WITHDRAWN, day
        after_failure(inputs, p, permits, rows, day, a.need)
        return False
    who, occasion = inputs.traits[a.resident].key, occasion_of(a)
    for document in range(permits[a.permit].requirements):
        if a.defects >> document & 1:
            mark = draw(inputs, CORRECTED_DOCUMENT, who, occasion, of_correction(a.returns, document))
            if mark < p.document_correction:
                a.defects ^= 1 << document
    a.complete = day
    a.outcome = 0
    way_back = filing.correction_channel(a.channel)
    rows.tally[0].return_hours += filing.applicant_hours(way_back, p.online_hours, p.counter_hours, p.broker_hours)
    receive(inputs, p, permits, a)
    return True


@inner
def _correction(inputs, p, a):
    """Working days until a returned file comes back, or lapses."""
    who, occasion = inputs.traits[a.resident].key, occasion_of(a)
    time, comes = (
        draw(inputs, CORRECTION_TIME, who, occasion, a.returns),
        draw(inputs, CORRECTION, who, occasion, a.returns),
    )
    return filing.correction(time, comes, p.correction_days, p.correction_chance, p.correction_deadline)


@inner
def close(inputs, p, permits, rows, day, i, granted):
    """End need ``i``, granted or given up, and draw when the next one arises."""
    need = rows.needs[i]
    settle(inputs, rows, need, IDLE, granted)
    need.ordinal += 1
    need.attempt = 0
    who, occasion = inputs.traits[need.resident].key, occasion_of(need)
    permit = permits[need.permit]
    born = influence.waited(draw(inputs, BIRTH, who, occasion, 0))
    due = day + influence.days_until(born, inputs.solved[need.permit].birth_rate * inputs.openings[i])
    if granted and permit.validity_days and draw(inputs, RENEWAL, who, occasion, 0) < p.renewal:
        need.expiry = day + permit.validity_days
        due = min(due, need.expiry)
    schedule_need(rows, i, due)


@inner
def after_failure(inputs, p, permits, rows, day, i):
    """After a rejection or withdrawal one draw decides whether need ``i`` reopens, and when; no obstacle may stand."""
    need = rows.needs[i]
    who, occasion = inputs.traits[need.resident].key, occasion_of(need)
    if need.obstacle > 0 or draw(inputs, REAPPLY, who, occasion, 0) >= p.reapply:
        close(inputs, p, permits, rows, day, i, 0)
        return
    settle(inputs, rows, need, IDLE, 0)
    need.attempt += 1
    wait = filing.correction_wait(draw(inputs, REAPPLY_TIME, who, occasion, 0), p.reapply_days)
    schedule_need(rows, i, day + wait)
