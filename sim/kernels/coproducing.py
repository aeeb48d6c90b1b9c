"""Co-producers: asked, joining, serving, leaving. Twin of ``sim.agents.coproducer``."""

from __future__ import annotations

from sim.compiled import inner
from sim.kernels.applicant import draw
from sim.kernels.growing import next_row
from sim.rng import Draw
from sim.rules import influence, motivation, outreach
from sim.state import NEVER, VOLUNTEER

JOIN, LEAVE = Draw.JOIN, Draw.LEAVE
LARGEST = motivation.LARGEST


@inner
def fatigue_of(p, c, day):
    """Fatigue of a co-producer today."""
    return influence.faded(c.fatigue, 0.0, day - c.fatigue_day, p.fatigue_half_life)


@inner
def estimated_need_of(p, hood, day):
    """What heads and office take for an RW's open needs that nobody has helped."""
    return outreach.estimated_need(hood.known, p.known_share, hood.helped, day - hood.last_event, p.need_half_life)


@inner
def willingness_of(given, p, rows, day, c, willingness):
    """Willingness of a co-producer to join the RW's next event, on the logit scale, without the intercept."""
    me, who, hood = rows.motives[c.resident], given.traits[c.resident], rows.neighbourhoods[c.rw]
    eta = willingness(
        me.intrinsic,
        me.social,
        me.normative,
        who.efficacy,
        who.decisive,
        motivation.perceived_need(estimated_need_of(p, hood, day), p.need_half),
        hood.company,
        motivation.means(p.training_hours),
        int(rows.residents[c.resident].open_needs > 0),
        rows.office[0].crowd,
        fatigue_of(p, c, day),
        p.coproducer_hours / who.free_hours,
        motivation.pay_on_logit(p.pay, p.invite_acceptance, p.pay_effect),
        (
            p.weight_intrinsic,
            p.weight_social,
            p.weight_normative,
            p.weight_efficacy,
            p.weight_means,
            p.weight_stake,
            p.weight_delays,
            p.weight_fatigue,
            p.weight_hours,
            p.weight_flexible,
            p.pay_that_erodes,
        ),
    )
    if not abs(eta) <= LARGEST:
        given.unusable[0] = eta
        raise FloatingPointError("willingness")
    return eta


@inner
def invited(given, p, rows, day, c, ordinal, willingness):
    """Answer an invitation to the RW's event number ``ordinal``: join or not."""
    mark = draw(given, JOIN, given.traits[c.resident].key, ordinal, 0)
    return motivation.joins(given.fixed[0].intercept + willingness_of(given, p, rows, day, c, willingness), mark)


@inner
def rested(p, c, day):
    """Whether one who stopped may be asked again."""
    return day - c.stopped >= p.return_rest


@inner
def may_be_asked(p, c, day):
    """Heads in office and active volunteers may; heads who stopped are left alone for a while."""
    return c.active > 0 or (c.role < VOLUNTEER and rested(p, c, day))


@inner
def join(given, p, rows, c):
    """Become active, with a hidden threshold of stopping, and be trained if the office trains."""
    if c.active == 0:
        c.active = 1
        c.role = min(c.role, VOLUNTEER)
        c.spell += 1
        mark = draw(given, LEAVE, given.traits[c.resident].key, c.spell, 0)
        c.threshold, c.hazard = influence.waited(mark), 0.0
    if p.training_hours > 0.0 and c.trained == 0:
        c.trained = 1
        c.skill = motivation.skill_gained(c.skill, p.skill_training * p.training_hours)
        rows.tally[0].training_hours += p.training_hours


@inner
def recruit(given, p, rows, resident):
    """The row of the co-producer that a resident is or, asked for the first time, becomes."""
    if rows.motives[resident].coproducer >= 0:
        return rows.motives[resident].coproducer
    row = next_row(rows.counts[0].coproducers, rows.coproducers)
    rows.counts[0].coproducers += 1
    c, who = rows.coproducers[row], given.traits[resident]
    c.resident, c.rw, c.rt = resident, who.rw, who.rt
    c.role, c.stopped = VOLUNTEER, NEVER
    c.skill, c.thanked = p.skill_start, 1
    rows.motives[resident].coproducer = row
    return row


@inner
def served(p, rows, day, c, event, hours, paid):
    """After an event: tired by every hour, moved by mastery, company, visible help, thanks and pay."""
    me = rows.motives[c.resident]
    c.fatigue = fatigue_of(p, c, day) + p.fatigue_per_hour * hours
    c.fatigue_day = day
    c.hours += hours
    c.events += 1
    c.thanked = p.thanks
    helped = event.served + event.visits > 0
    intrinsic = p.mastery_gain if helped else 0.0
    if p.thanks > 0 and c.ever_thanked == 0:
        c.ever_thanked = 1
        intrinsic += p.thanks_effect
    if paid and c.ever_paid == 0:
        c.ever_paid = 1
        intrinsic += p.pay_effect_intrinsic
    me.intrinsic = motivation.moved(me.intrinsic, intrinsic * p.motive_sd)
    felt = 1.0 if c.role == VOLUNTEER else p.embedded_gain
    me.social = motivation.moved(me.social, p.company_gain * felt * p.motive_sd)
    me.normative = motivation.moved(me.normative, (p.helped_gain if helped else 0.0) * p.motive_sd)
    c.skill = motivation.skill_gained(c.skill, p.skill_event)


@inner
def months_pass(p, rows, day):
    """Every active co-producer's hazard of stopping grows by a month's; those who cross their threshold stop."""
    for row in range(rows.counts[0].coproducers):
        c = rows.coproducers[row]
        if c.active == 0:
            continue
        untrained, unthanked = int(c.trained == 0), int(c.thanked == 0)
        c.hazard += motivation.leaving_hazard(p.attrition, unthanked, p.unthanked_odds, untrained, p.untrained_odds)
        if c.hazard >= c.threshold:
            c.active = 0
            c.stopped = day
            rows.tally[0].stopped += 1.0
