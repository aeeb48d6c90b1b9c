"""Co-producers: asked, joining, serving, leaving. Twin of ``sim.agents.coproducer``."""

from __future__ import annotations

from keliling.sim import asking
from keliling.sim.compiled import inner, inner_with_arrays, picked
from keliling.sim.kernels.applicant import draw
from keliling.sim.kernels.growing import next_row
from keliling.sim.rng import Draw
from keliling.sim.rules import influence, motivation, outreach
from keliling.sim.rules.outreach import PREPARATION
from keliling.sim.state import AS_ASKED, VOLUNTEER
from keliling.sim.volunteering import helped_this_month, joins, month_ends, take_up

JOIN, JOIN_BETWEEN = Draw.JOIN, Draw.JOIN_BETWEEN
LARGEST = motivation.LARGEST
# Only pay that is tied to the task erodes.
weights_of = picked(["pay_that_erodes" if name == "pay_erosion" else name for name in motivation.WEIGHTS])


@inner
def fatigue_of(p, c, day):
    """Fatigue of a co-producer today."""
    return influence.faded(c.fatigue, 0.0, day - c.fatigue_day, p.fatigue_half_life)


@inner
def estimated_need_of(p, hood, day):
    """What heads and office take for an RW's open needs that nobody has helped."""
    return outreach.estimated_need(hood.known, p.known_share, hood.helped, day - hood.last_event, p.need_half_life)


@inner
def willingness_of(inputs, p, rows, day, c, willingness):
    """Willingness of a co-producer to join the RW's next event, on the logit scale, without the intercept."""
    me, who, hood = rows.motives[c.resident], inputs.traits[c.resident], rows.neighbourhoods[c.rw]
    fixed = inputs.fixed[0]
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
        weights_of(p),
    )
    # A hypothesis of the user's own may divide by zero; compiled code raises no more than that it did.
    if not abs(eta) <= LARGEST:
        inputs.unusable[0] = eta
        raise FloatingPointError("willingness")
    return eta


@inner
def invited(inputs, p, rows, day, c, rw, willingness):
    """Answer an invitation to the next event of an RW: join or not."""
    c.asked += 1
    mark = draw(inputs, JOIN, inputs.traits[c.resident].key, rows.neighbourhoods[rw].proposals, inputs.rw_key[rw])
    return motivation.joins(inputs.fixed[0].intercept + willingness_of(inputs, p, rows, day, c, willingness), mark)


@inner
def asked_between(inputs, p, rows, day, month, resident, willingness):
    """Answer a co-producer of the own RT who asks between events to become one too."""
    row = recruit(inputs, p, rows, resident)
    c = rows.coproducers[row]
    c.asked += 1
    eta = inputs.fixed[0].intercept + willingness_of(inputs, p, rows, day, c, willingness)
    agrees = motivation.joins(eta, draw(inputs, JOIN_BETWEEN, inputs.traits[resident].key, month, 0))
    if agrees:
        rows.tally[0].recruited += 1.0
        joins(inputs, p, rows, day, row)
    note(rows, -1, day, row, AS_ASKED, int(agrees))


@inner
def note(rows, event, day, row, reason, joined):
    """Note that somebody was asked to an event, or (-1) between events, and the answer."""
    part = rows.parts[next_row(rows.counts[0].parts, rows.parts)]
    rows.counts[0].parts += 1
    part.event, part.day, part.coproducer, part.reason = event, day, row, reason
    part.invitation, part.joined, part.visits, part.hours = rows.coproducers[row].asked, joined, 0, 0.0


@inner
def recruit(inputs, p, rows, resident):
    """The row of the co-producer that a resident is or, asked for the first time, becomes."""
    if rows.motives[resident].coproducer >= 0:
        return rows.motives[resident].coproducer
    row = next_row(rows.counts[0].coproducers, rows.coproducers)
    rows.counts[0].coproducers += 1
    # From the first question on, also for those who refuse: how often somebody was asked is counted.
    who = inputs.traits[resident]
    take_up(rows.coproducers, row, resident, who.rw, who.rt, VOLUNTEER, p.skill_start)
    rows.motives[resident].coproducer = row
    return row


@inner
def weekly_hours(inputs, p, rows, day, c, willingness):
    """Hours a week that a co-producer gives of those asked."""
    effort = inputs.fixed[0].effort + willingness_of(inputs, p, rows, day, c, willingness)
    return motivation.hours_a_week(p.coproducer_hours, inputs.traits[c.resident].free_hours, effort)


@inner
def standing_week(inputs, p, rows, day, c, willingness):
    """Hours that an active co-producer offers this week between events."""
    free, preparing = inputs.traits[c.resident].free_hours, 0.0
    effort = inputs.fixed[0].effort + willingness_of(inputs, p, rows, day, c, willingness)
    if c.event >= 0 and rows.events[c.event].phase == PREPARATION:
        preparing = motivation.hours_a_week(p.coproducer_hours, free, effort)
    return motivation.hours_a_week(outreach.standing_asked(p.standing_hours, free, preparing), free, effort)


@inner_with_arrays
def months_pass(inputs, p, rows, day, month, willingness):
    """Every active co-producer's hazard of stopping grows by a month's; those who cross their threshold stop.

    Those who go on may then ask neighbours whom they helped.
    """
    for row in range(rows.counts[0].coproducers):
        helped_this_month(inputs, p, rows, row)
        c = rows.coproducers[row]
        if c.active > 0:
            willing = inputs.fixed[0].intercept + willingness_of(inputs, p, rows, day, c, willingness)
            month_ends(inputs, p, rows, day, row, willing)
    for resident in asking.between_events(inputs, p, rows, day, month):
        asked_between(inputs, p, rows, day, month, resident, willingness)
