"""Why residents co-produce: willingness to join, motives that move, fatigue, and leaving.

Two responder types (Hattke & Kalucza 2019, E1; the paper's P12): the *decisive* type weighs its motives, the
*flexible* type only its situation. Weights are common to all and those of motives and efficacy are by standard
deviation among adults; heads differ by their motives (P11). Willingness decides who joins, how much of the hours asked
is given, and in part who leaves; its constants are solved (``sim.supply``).
"""

from __future__ import annotations

import math

from keliling.sim.compiled import compiled

LARGEST = 1000.0  # willingness on the logit scale; beyond it a probability has no digits left
# Places of the weights in the tuple that a willingness function receives.
INTRINSIC, SOCIAL, NORMATIVE, EFFICACY, MEANS, STAKE, DELAYS, FATIGUE, HOURS, FLEXIBLE, EROSION, LEVEL = range(12)
WEIGHTS = (
    "weight_intrinsic",
    "weight_social",
    "weight_normative",
    "weight_efficacy",
    "weight_means",
    "weight_stake",
    "weight_delays",
    "weight_fatigue",
    "weight_hours",
    "weight_flexible",
    "pay_erosion",
    "felt_level",
)
COMPANY_AT_BASE = 0.5
"""Share of those invited who joined an RW's last event, where there has been none; constants are solved at it."""


@compiled
def logistic(x):
    """Probability on the logit scale ``x``, without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    grown = math.exp(x)
    return grown / (1.0 + grown)


@compiled
def logit(p):
    """Log odds of ``p``, kept finite by cutting p to [1e-9, 1 - 1e-9]."""
    p = min(max(p, 1e-9), 1.0 - 1e-9)
    return math.log(p / (1.0 - p))


@compiled
def felt_by(intrinsic, social, normative, efficacy, need, company, weights):
    """What the decisive type feels, on the logit scale: motives and efficacy, in standard deviations, by weight."""
    return (
        weights[0] * intrinsic + weights[2] * normative * need + weights[1] * social * company + weights[3] * efficacy
    )


@compiled
def willingness(
    intrinsic, social, normative, efficacy, decisive, need, company, means, stake, delays, fatigue, hours, pay, weights
):
    """Willingness to join an event, on the logit scale, before the intercept (MODEL base: two types).

    ``intrinsic``, ``social``, ``normative`` and ``efficacy`` are in standard deviations among adults (0 to about 6);
    ``decisive`` is 1 or 0; ``need`` is the perceived need of the neighbourhood, ``company`` the share who joined at the
    RW's last event, ``means`` access to forms and training, ``stake`` 1 with an open need of one's own, ``delays``
    those seen at the office, all in [0, 1]; ``hours`` is hours asked over free time; ``pay`` its effect on the logit
    scale; ``weights`` follows WEIGHTS. The last is what an average adult feels at base (``felt_by``): it is taken off,
    so that both types share one level.
    """
    felt = felt_by(intrinsic, social, normative, efficacy, need, company, weights) - weights[11]
    tired = weights[7] * fatigue + weights[8] * hours
    if decisive > 0:
        return felt - tired - weights[10] * pay
    return weights[9] * felt + weights[4] * means + weights[5] * stake - weights[6] * delays - tired + pay


@compiled
def rested(days, rest):
    """Whether one who stopped ``days`` ago may be asked again."""
    return int(days >= rest)


@compiled
def may_be_asked(active, in_office, event, days, rest):
    """Whether a co-producer may be asked: who takes part in an ``event`` now may not (-1: none).

    Heads in office are left alone for a while after they stopped, ``days`` ago; volunteers who did are others' to ask.
    """
    return int(event < 0 and (active > 0 or (in_office > 0 and rested(days, rest) > 0)))


@compiled
def means(training_hours):
    """Access to means in [0, 1]: forms alone give a quarter, training adds up to one at 12 hours (assumption)."""
    return min(0.25 + training_hours / 16.0, 1.0)


@compiled
def joins(eta, draw):
    """Whether an invited person joins: the draw falls below logistic(eta)."""
    return draw < logistic(eta)


@compiled
def pay_felt(pay, at_ten_euros):
    """Effect of ``pay`` (thousand Rp an hour) on the logit of joining (Voorberg et al. 2018, E2).

    Nothing up to EUR 2 an hour, ``at_ten_euros`` at EUR 10, linear between and flat above; EUR 1 is taken as Rp 16
    thousand, its rate in 2018-19.
    """
    return at_ten_euros * min(max((pay / 16.0 - 2.0) / 8.0, 0.0), 1.0)


@compiled
def moved(motive, shift):
    """A motive in [0, 1] after a shift on its logit scale; a shift of nothing changes no bit."""
    if shift == 0.0:
        return motive
    return logistic(logit(motive) + shift)


@compiled
def filled(motive, start, above, share):
    """A motive in [0, 1] after filling a ``share`` of what is left up to ``above`` its ``start``, by logits."""
    left = logit(start) + above - logit(motive)
    if left <= 0.0:
        return motive
    return moved(motive, share * left)


@compiled
def shifts(thanked_before, paid_before, thanks, pays, by_thanks, by_pay):
    """How far thanks and tied pay have moved intrinsic motivation (sd) before an event, and move it after this one.

    Each moves it once (E12): the first three and ``pays`` are 1 or 0; later thanks keep what the first gave.
    """
    before = thanked_before * by_thanks + paid_before * by_pay
    now = max(thanks - thanked_before, 0) * by_thanks + max(pays - paid_before, 0) * by_pay
    return before, now


@compiled
def after_event(motives, starts, gains, moves, room, sd):
    """Intrinsic, social and normative motivation after something that a co-producer lived through.

    ``motives`` and ``starts`` are the three now and at the beginning of the run, in [0, 1]; ``gains`` the share that
    each fills of what is left up to ``room`` standard deviations above the start; ``moves`` the two numbers of
    ``shifts``, of which what was moved before lifts or lowers the room of intrinsic motivation. ``sd`` is the standard
    deviation on the logit scale.
    """
    before, now = moves
    intrinsic = filled(motives[0], starts[0], (room + before) * sd, gains[0])
    return (
        moved(intrinsic, now * sd),
        filled(motives[1], starts[1], room * sd, gains[1]),
        filled(motives[2], starts[2], room * sd, gains[2]),
    )


@compiled
def perceived_need(needs, half):
    """Perceived need of an RW in [0, 1) from its estimated open needs; ``half`` of them give one half."""
    return needs / (needs + half)


@compiled
def leaving_odds(base, unthanked, without_thanks, untrained, without_training, kappa, beyond):
    """Log odds of leaving within a year: partly by lack of thanks and training, partly by willingness.

    ``base`` is that of accepting heads at base, ``without_thanks`` and ``without_training`` the direct terms of those
    ``unthanked`` and ``untrained`` (1 or 0), and ``beyond`` the willingness beyond the mean of those heads, of which
    each unit takes ``kappa`` off. The odds ratios measured (E21) hold the direct terms and what motives carry.
    """
    return base + unthanked * without_thanks + untrained * without_training - kappa * beyond


@compiled
def monthly_hazard(log_odds):
    """Hazard of leaving in a month at these ``log_odds`` of leaving within a year."""
    return math.log1p(math.exp(min(log_odds, 30.0))) / 12.0


@compiled
def skill_gained(skill, share):
    """Skill in [0, 1] after gaining ``share`` of what is missing (cut to the whole of it)."""
    return skill + min(share, 1.0) * (1.0 - skill)


@compiled
def hours_a_week(asked, free, effort):
    """Hours that a co-producer gives a week: of those asked, or the free ones if fewer, the share logistic(effort)."""
    return min(asked, free) * logistic(effort)


@compiled
def company(joined, invited):
    """Share of the invited who joined; those who join uninvited count, but not beyond the whole."""
    return min(joined / invited, 1.0)
