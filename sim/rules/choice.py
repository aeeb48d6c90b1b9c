"""Acting on a need: what a channel is worth, when a person acts, and what a prompt adds.

Administrative-burden theory (Halling & Baekgaard 2024, E25): learning, compliance and psychological costs. A need
acts when its accumulated hazard crosses a hidden exponential threshold; between touches the hazard is constant.
"""

from __future__ import annotations

import math

from sim.compiled import compiled

# Channels, in the order of their codes; WAIT is the absence of an application.
WAIT, ONLINE, COUNTER, BROKER, EVENT = range(5)
QUARTER = 63  # working days


@compiled
def taste(draw):
    """A fixed taste of a person for one channel: standard Gumbel, so that shares at base have a closed form."""
    return -math.log(-math.log(min(max(draw, 1e-300), 1.0 - 1e-16)))


@compiled
def learning_cost(channel, knowledge, literacy):
    """Cost of finding out, in [0, 2]: lack of knowledge, and of digital literacy online; a broker spares it."""
    if channel == ONLINE:
        return (1.0 - knowledge) + (1.0 - literacy)
    if channel == COUNTER:
        return 1.0 - knowledge
    if channel == EVENT:
        return 0.3 * (1.0 - knowledge)
    return 0.0


@compiled
def compliance_cost(channel, at_work):
    """Cost of time, opening hours and distance, in [0, 1]: highest at the counter for those at work (P21)."""
    if channel == ONLINE:
        return 0.3
    if channel == COUNTER:
        return 0.6 + 0.4 * at_work
    if channel == EVENT:
        return 0.2
    return 0.1


@compiled
def psychological_cost(channel, trust, rejections, memory):
    """Cost of distrust and of rejections remembered (three at most), lower where no official is faced."""
    burden = (1.0 - trust) + memory * min(rejections, 3)
    if channel == COUNTER:
        return burden
    if channel == BROKER:
        return 0.3 * burden
    return 0.5 * burden


@compiled
def threat(at_works, noticed, detection_rate):
    """Threat of sanction in [0, 1]: the yearly chance of detection while works go on; certain after a notice."""
    if noticed > 0:
        return 1.0
    if at_works > 0:
        return 1.0 - math.exp(-detection_rate)
    return 0.0


@compiled
def channel_value(
    channel,
    liking,
    constant,
    benefit,
    sanction,
    knowledge,
    literacy,
    at_work,
    trust,
    rejections,
    norm,
    fee,
    broker_fee,
    credit,
    w_learning,
    w_compliance,
    w_psychological,
    memory,
    w_fee,
    w_norm,
):
    """Worth of applying through ``channel`` over waiting (utility; one unit is a taste's scale).

    ``liking`` is the fixed taste, ``constant`` the channel's solved constant, ``sanction`` the weighted threat,
    ``norm`` the share of neighbours who apply themselves, fees in Rp million, ``credit`` the worth of bank credit
    at an event. Each cost enters once.
    """
    value = liking + constant + benefit + sanction
    value -= w_learning * learning_cost(channel, knowledge, literacy)
    value -= w_compliance * compliance_cost(channel, at_work)
    value -= w_psychological * psychological_cost(channel, trust, rejections, memory)
    if channel == BROKER:
        return value - w_fee * (fee + broker_fee)
    value = value - w_fee * fee + w_norm * (norm - 0.5)
    if channel == EVENT:
        value += credit
    return value


@compiled
def keenness(best, sensitivity):
    """Relative rate of acting, exp(b x worth of the best channel), kept finite."""
    return math.exp(min(max(sensitivity * best, -30.0), 30.0))


@compiled
def prompt_hazard(effect):
    """Accumulated hazard that makes an average person act with probability ``effect`` when prompted once."""
    return -math.log1p(-effect)


@compiled
def prompted(level, before, relative, cap):
    """Hazard added by a prompt of strength ``level`` when ``before`` was already felt from the same event.

    Stronger prompts replace weaker ones of the same event, they do not add to them; keener people answer more, up
    to ``cap`` times the average.
    """
    return max(level - before, 0.0) * min(relative, cap)


@compiled
def within_quarter(hazard, prompted_by_event, plain_rate, threshold):
    """Whether a need would have been acted on within a quarter anyway, had its holder not heard of the event."""
    return hazard - prompted_by_event + QUARTER * plain_rate >= threshold
