"""Why residents co-produce: willingness to join, motives that move, fatigue, and leaving.

Two responder types (Hattke & Kalucza 2019, E1; the paper's P12): the *decisive* type weighs its motives, the
*flexible* type only its situation. Weights are common to all; heads differ by their motives (P11). The intercept is
solved so that heads accept an invitation at base with the probability ``invite_acceptance``.
"""

from __future__ import annotations

import math

from sim.compiled import compiled

LARGEST = 1000.0  # willingness on the logit scale; beyond it a probability has no digits left
# Places of the weights in the tuple that a willingness function receives.
INTRINSIC, SOCIAL, NORMATIVE, EFFICACY, MEANS, STAKE, DELAYS, FATIGUE, HOURS, FLEXIBLE, EROSION = range(11)
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
)


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
def willingness(
    intrinsic, social, normative, efficacy, decisive, need, company, means, stake, delays, fatigue, hours, pay, weights
):
    """Willingness to join an event, on the logit scale, before the intercept (MODEL base: two types).

    ``intrinsic``, ``social``, ``normative`` and ``efficacy`` are in [0, 1]; ``decisive`` is 1 or 0; ``need`` is the
    perceived need of the neighbourhood, ``company`` the share who joined at the RW's last event, ``means`` access to
    forms and training, ``stake`` 1 with an open need of one's own, ``delays`` those seen at the office, all in
    [0, 1]; ``hours`` is hours asked over free time; ``pay`` its effect on the logit scale; ``weights`` follows WEIGHTS.
    """
    felt = (
        weights[0] * intrinsic + weights[2] * normative * need + weights[1] * social * company + weights[3] * efficacy
    )
    tired = weights[7] * fatigue + weights[8] * hours
    if decisive > 0:
        return felt - tired - weights[10] * pay
    return weights[9] * felt + weights[4] * means + weights[5] * stake - weights[6] * delays - tired + pay


@compiled
def means(training_hours):
    """Access to means in [0, 1]: forms alone give a quarter, training adds up to one at 12 hours (assumption)."""
    return min(0.25 + training_hours / 16.0, 1.0)


@compiled
def joins(eta, draw):
    """Whether an invited person joins: the draw falls below logistic(eta)."""
    return draw < logistic(eta)


@compiled
def pay_on_logit(pay, acceptance, effect):
    """Effect of ``pay`` (thousand Rp an hour) on the logit of joining (Voorberg et al. 2018, E2).

    Nothing up to EUR 2 an hour, ``effect`` (a probability, at the base acceptance) at EUR 10, linear between and
    flat above; EUR 1 is taken as Rp 16 thousand, its rate in 2018-19.
    """
    euros = pay / 16.0
    share = min(max((euros - 2.0) / 8.0, 0.0), 1.0)
    return logit(acceptance + share * effect) - logit(acceptance)


@compiled
def moved(motive, shift):
    """A motive in [0, 1] after a shift on its logit scale; a shift of nothing changes no bit."""
    if shift == 0.0:
        return motive
    return logistic(logit(motive) + shift)


@compiled
def perceived_need(needs, half):
    """Perceived need of an RW in [0, 1) from its estimated open needs; ``half`` of them give one half."""
    return needs / (needs + half)


@compiled
def leaving_hazard(attrition, unthanked, unthanked_odds, untrained, untrained_odds):
    """Monthly hazard of stopping (E21, E22): yearly probability at base, odds raised when unthanked or untrained.

    The odds ratios are totals as measured, so motives do not enter here again.
    """
    odds = attrition / (1.0 - attrition)
    if unthanked > 0:
        odds = odds * unthanked_odds
    if untrained > 0:
        odds = odds * untrained_odds
    return math.log1p(odds) / 12.0


@compiled
def skill_gained(skill, share):
    """Skill in [0, 1] after gaining ``share`` of what is missing (cut to the whole of it)."""
    return skill + min(share, 1.0) * (1.0 - skill)


@compiled
def hours_a_week(asked, free, fatigue):
    """Hours that a co-producer gives a week: those asked, or the free ones if fewer; the tired give less."""
    return min(asked, free) / (1.0 + fatigue)


@compiled
def company(joined, invited):
    """Share of the invited who joined; those who join uninvited count, but not beyond the whole."""
    return min(joined / invited, 1.0)
