"""Co-producers: asked, joining, serving, leaving. Twin of ``sim.agents.coproducer``."""

from __future__ import annotations

from sim.compiled import inner
from sim.kernels.applicant import draw
from sim.kernels.growing import next_row
from sim.rng import Draw
from sim.rules import influence, motivation, outreach
from sim.rules.outreach import PREPARATION
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
    fixed = given.fixed[0]
    eta = willingness(
        me.intrinsic / fixed.intrinsic_sd,
        me.social / fixed.social_sd,
        me.normative / fixed.normative_sd,
        who.efficacy / fixed.efficacy_sd,
        who.decisive,
        motivation.perceived_need(estimated_need_of(p, hood, day), p.need_half),
        hood.company,
        motivation.means(p.training_hours),
        int(rows.residents[c.resident].open_needs > 0),
        rows.office[0].crowd,
        fatigue_of(p, c, day),
        p.coproducer_hours / who.free_hours,
        motivation.pay_felt(p.pay, fixed.pay_at_ten),
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
            p.felt_level,
        ),
    )
    if not abs(eta) <= LARGEST:
        given.unusable[0] = eta
        raise FloatingPointError("willingness")
    return eta


@inner
def invited(given, p, rows, day, c, rw, willingness):
    """Answer an invitation to the next event of an RW: join or not."""
    c.asked += 1
    mark = draw(given, JOIN, given.traits[c.resident].key, rows.neighbourhoods[rw].proposals, given.rw_key[rw])
    return motivation.joins(given.fixed[0].intercept + willingness_of(given, p, rows, day, c, willingness), mark)


@inner
def join(given, p, rows, day, c):
    """Become active, with a hidden threshold of stopping, and be trained if the office trains."""
    if c.active == 0:
        c.active = 1
        c.role = min(c.role, VOLUNTEER)
        c.spell += 1
        c.began = day
        rows.tally[0].began += 1.0
        mark = draw(given, LEAVE, given.traits[c.resident].key, c.spell, 0)
        c.threshold, c.hazard = influence.waited(mark), 0.0
    c.last_day = day
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
    c.role, c.event = VOLUNTEER, -1
    c.stopped, c.began, c.last_day = NEVER, NEVER, NEVER
    c.skill, c.thanked = p.skill_start, 1
    rows.motives[resident].coproducer = row
    return row


@inner
def weekly_hours(given, p, rows, day, c, willingness):
    """Hours a week that a co-producer gives of those asked."""
    effort = given.fixed[0].effort + willingness_of(given, p, rows, day, c, willingness)
    return motivation.hours_a_week(p.coproducer_hours, given.traits[c.resident].free_hours, effort)


@inner
def standing_week(given, p, rows, day, c, willingness):
    """Hours that an active co-producer offers this week between events."""
    free, preparing = given.traits[c.resident].free_hours, 0.0
    effort = given.fixed[0].effort + willingness_of(given, p, rows, day, c, willingness)
    if c.event >= 0 and rows.events[c.event].phase == PREPARATION:
        preparing = motivation.hours_a_week(p.coproducer_hours, free, effort)
    return motivation.hours_a_week(outreach.standing_asked(p.standing_hours, free, preparing), free, effort)


@inner
def stood_by(p, rows, day, c, took, idle):
    """Count a week of standing help; only hours with work tire."""
    c.fatigue = fatigue_of(p, c, day) + p.fatigue_per_hour * took
    c.fatigue_day = day
    c.hours += took
    tally = rows.tally[0]
    tally.coproducer_hours += took
    tally.standing_hours += took
    tally.idle_hours += idle
    tally.paid += p.pay * took / 1000.0


@inner
def served(given, p, rows, day, c, event, hours, paid):
    """After an event: tired by every hour, moved by mastery, company, visible help, thanks and pay."""
    c.fatigue = fatigue_of(p, c, day) + p.fatigue_per_hour * hours
    c.fatigue_day = day
    c.hours += hours
    c.events += 1
    c.last_day = day
    c.thanked = p.thanks
    felt = 1.0 if c.role == VOLUNTEER else p.embedded_gain
    _moved(given, p, rows, c, int(event.served + event.visits > 0), felt, p.thanks, paid)
    c.skill = motivation.skill_gained(c.skill, p.skill_event)


@inner
def _moved(given, p, rows, c, helped, company, thanks, paid):
    """What an event, or a month of helping, does to the motives of a co-producer."""
    i, me = c.resident, rows.motives[c.resident]
    moves = motivation.shifts(c.ever_thanked, c.ever_paid, thanks, paid, p.thanks_effect, p.pay_effect_intrinsic)
    c.ever_thanked, c.ever_paid = max(c.ever_thanked, thanks), max(c.ever_paid, paid)
    me.intrinsic, me.social, me.normative = motivation.after_event(
        (me.intrinsic, me.social, me.normative),
        (given.intrinsic[i], given.social[i], given.normative[i]),
        (helped * p.mastery_gain, company * p.company_gain, helped * p.helped_gain),
        moves,
        p.motive_room,
        p.motive_sd,
    )


@inner
def months_pass(given, p, rows, day, willingness):
    """Every active co-producer's hazard of stopping grows by a month's; those who cross their threshold stop."""
    fixed = given.fixed[0]
    for row in range(rows.counts[0].coproducers):
        c = rows.coproducers[row]
        if c.helped > 0:
            _moved(given, p, rows, c, 1, 0.0, 0, int(p.pay > 0.0 and p.pay_tied > 0))
            c.helped = 0
        if c.active == 0:
            continue
        willing = fixed.intercept + willingness_of(given, p, rows, day, c, willingness)
        odds = motivation.leaving_odds(
            fixed.leaves,
            int(c.thanked == 0),
            fixed.without_thanks,
            int(c.trained == 0),
            fixed.without_training,
            p.leaving_kappa,
            willing - fixed.willing_at_base,
        )
        c.hazard += motivation.monthly_hazard(odds)
        if c.hazard >= c.threshold:
            c.active = 0
            c.stopped = day
            rows.tally[0].stopped += 1.0
