"""Filing: how likely a document is defective, and what help, repair and correction do to it."""

from __future__ import annotations

import math

from keliling.sim.compiled import compiled
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE


@compiled
def helper_ratio(channel, skill, officer, broker, assistance):
    """Document error with the best help at hand over without.

    ``skill`` in [0, 1] is that of the co-producer who checked the papers (0: nobody did); a co-producer of full
    skill reaches ``assistance`` (E17, direction). Officers help at the counter and at events.
    """
    ratio = 1.0
    if channel in (COUNTER, EVENT):
        ratio = officer
    elif channel == BROKER:
        ratio = broker
    return min(ratio, 1.0 - (1.0 - assistance) * skill)


@compiled
def defect_chance(base, channel, knowledge, mean_knowledge, literacy, mean_literacy, ratio, w_knowledge, w_literacy):
    """Probability that one document is defective: falls with knowledge, with literacy online, and with help."""
    slope = -w_knowledge * (knowledge - mean_knowledge)
    if channel == ONLINE:
        slope += w_literacy * (mean_literacy - literacy)
    return min(base * ratio * math.exp(slope), 0.95)


@compiled
def technical_failure(base, obstacle, skill, assistance):
    """Probability that a complete file fails its technical review.

    A file with an ``obstacle`` (a requirement that cannot be met as things stand) fails. Of the others a fully skilled
    co-producer's help leaves ``assistance`` times as many (the paper has help lower errors in the technical process
    too).
    """
    if obstacle > 0:
        return 1.0
    return base * (1.0 - (1.0 - assistance) * skill)


@compiled
def repair_probability(chance, gain, quality, start, skill):
    """Probability that a defect is found and completed on the spot at an event (P7).

    ``chance`` holds at the ``start`` of event quality and without a skilled co-producer. Lessons learnt since, and the
    co-producers' skill, each close up to the share ``gain`` of the rest.
    """
    lessons = max(quality - start, 0.0) / (1.0 - start)
    return chance + (1.0 - chance) * gain * (lessons + skill)


@compiled
def correction_wait(draw, mean):
    """Working days until a corrected file comes back: geometric on 1, 2, ... with the given mean."""
    if mean <= 1.0:
        return 1
    return 1 + int(math.log1p(-draw) / math.log1p(-1.0 / mean))


@compiled
def correction(time_draw, comes_draw, mean, chance, deadline):
    """Working days until a returned file comes back; more than the ``deadline`` where it does not, or not in time."""
    if comes_draw >= chance:
        return deadline + 1
    return min(correction_wait(time_draw, mean), deadline + 1)


@compiled
def correction_channel(channel):
    """How a returned file comes back: as it was filed, or to the counter when it was filed at an event."""
    return COUNTER if channel == EVENT else channel


@compiled
def applicant_hours(channel, online, counter, broker):
    """An applicant's hours for going once ``online``, to the ``counter`` or to a ``broker``, by the channel's code."""
    if channel == ONLINE:
        return online
    return broker if channel == BROKER else counter


@compiled
def late(days, statutory):
    """Whether a decision took more working days from complete submission than the statute allows."""
    return days > statutory
