"""What becomes of a co-producer: taking up the work, joining, serving, helping between events, stopping.

Both engines call it, and the start. A co-producer and what changes about the resident are rows of the state.
"""

from __future__ import annotations

from keliling.sim.compiled import compiled
from keliling.sim.rng import Draw, uniform
from keliling.sim.rules import influence, motivation
from keliling.sim.state import NEVER, VOLUNTEER

LEAVE = Draw.LEAVE


@compiled
def take_up(coproducers, row, resident, rw, rt, role, skill):
    """A fresh row: somebody who heads a neighbourhood or was asked for the first time, with the skill of the start."""
    c = coproducers[row]
    c.resident, c.rw, c.rt, c.role = resident, rw, rt, role
    c.event, c.skill, c.thanked = -1, skill, 1
    c.stopped, c.began, c.last_day = NEVER, NEVER, NEVER


@compiled
def tired(p, c, day, hours):
    """Hours of work: they tire, and are kept."""
    fatigue = influence.faded(c.fatigue, 0.0, day - c.fatigue_day, p.fatigue_half_life)
    c.fatigue = fatigue + p.fatigue_per_hour * hours
    c.fatigue_day = day
    c.hours += hours


@compiled
def joins(inputs, p, rows, day, row):
    """Become active, with a hidden threshold of stopping, and be trained if the office trains."""
    c, tally = rows.coproducers[row], rows.tally[0]
    if c.active == 0:
        c.active = 1
        c.role = min(c.role, VOLUNTEER)
        c.spell += 1
        c.began = day
        tally.began += 1.0
        fixed = inputs.fixed[0]
        mark = uniform(fixed.seed, fixed.replicate, LEAVE, inputs.traits[c.resident].key, c.spell, 0)
        c.threshold, c.hazard = influence.waited(mark), 0.0
    c.last_day = day
    if p.training_hours > 0.0 and c.trained == 0:
        c.trained = 1
        c.skill = motivation.skill_gained(c.skill, p.skill_training * p.training_hours)
        tally.training_hours += p.training_hours


@compiled
def serves(inputs, p, rows, day, row, event, hours):
    """After an event: tired by every hour, moved by mastery, company, visible help, thanks and pay."""
    c, e, tally = rows.coproducers[row], rows.events[event], rows.tally[0]
    tally.coproducer_hours += hours
    tally.paid += p.pay * hours / 1000.0
    tired(p, c, day, hours)
    c.events += 1
    c.last_day = day
    c.thanked = p.thanks
    company = 1.0 if c.role == VOLUNTEER else p.embedded_gain
    moved(inputs, p, rows, row, int(e.served + e.visits > 0), company, p.thanks)
    c.skill = motivation.skill_gained(c.skill, p.skill_event)


@compiled
def stands_by(p, rows, day, row, took, idle):
    """A week of help between events; only hours with work tire."""
    tally = rows.tally[0]
    tired(p, rows.coproducers[row], day, took)
    tally.coproducer_hours += took
    tally.standing_hours += took
    tally.idle_hours += idle
    tally.paid += p.pay * took / 1000.0


@compiled
def moved(inputs, p, rows, row, helped, company, thanks):
    """What an event, or a month of helping, does to the motives of a co-producer."""
    c = rows.coproducers[row]
    i, me = c.resident, rows.motives[c.resident]
    paid = int(p.pay > 0.0 and p.pay_tied > 0)
    moves = motivation.shifts(c.ever_thanked, c.ever_paid, thanks, paid, p.thanks_effect, p.pay_effect_intrinsic)
    c.ever_thanked, c.ever_paid = max(c.ever_thanked, thanks), max(c.ever_paid, paid)
    me.intrinsic, me.social, me.normative = motivation.after_event(
        (me.intrinsic, me.social, me.normative),
        (inputs.intrinsic[i], inputs.social[i], inputs.normative[i]),
        (helped * p.mastery_gain, company * p.company_gain, helped * p.helped_gain),
        moves,
        p.motive_room,
        p.motive_sd,
    )


@compiled
def helped_this_month(inputs, p, rows, row):
    """What a month in which somebody was helped between events does to motives."""
    c = rows.coproducers[row]
    if c.helped > 0:
        moved(inputs, p, rows, row, 1, 0.0, 0)
        c.helped = 0


@compiled
def month_ends(inputs, p, rows, day, row, willing):
    """A month's hazard of stopping, by thanks, training and willingness (``willing``, with the intercept)."""
    fixed, c = inputs.fixed[0], rows.coproducers[row]
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
        c.active, c.stopped = 0, day
        rows.tally[0].stopped += 1.0
