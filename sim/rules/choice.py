"""Acting on a need: what a channel is worth, when a person acts, and what a prompt adds.

Administrative-burden theory (Halling & Baekgaard 2024, E25): learning, compliance and psychological costs. A need
acts when its accumulated hazard crosses a hidden exponential threshold; between touches the hazard is constant. Own
initiative comes from those who know of their need, and is as strong as the best *standing* channel is worth; an event
only competes for those who act. An attempt may fail before anything is filed.
"""

from __future__ import annotations

import math

from keliling.sim.compiled import compiled

# Channels, in the order of their codes; WAIT is the absence of an application.
WAIT, ONLINE, COUNTER, BROKER, EVENT = range(5)
# What follows a failed attempt.
GIVES_UP, TRIES_LATER, ELSEWHERE = range(3)
QUARTER = 63  # working days


@compiled
def taste(draw):
    """A fixed taste of a person for one channel: standard Gumbel, so that shares at base have a closed form."""
    return -math.log(-math.log(min(max(draw, 1e-300), 1.0 - 1e-16)))


# Places of the weights and costs of a channel in the tuple that rules receive.
CHOOSING = (
    "weight_learning",
    "weight_compliance",
    "weight_psychological",
    "weight_fee",
    "weight_norm",
    "rejection_memory",
    "learning_event",
    "compliance_online",
    "compliance_counter",
    "compliance_at_work",
    "compliance_broker",
    "compliance_event",
    "burden_online",
    "burden_broker",
    "burden_event",
)
(
    W_LEARNING,
    W_COMPLIANCE,
    W_PSYCHOLOGICAL,
    W_FEE,
    W_NORM,
    MEMORY,
    LEARNING_EVENT,
    COMPLIANCE_ONLINE,
    COMPLIANCE_COUNTER,
    COMPLIANCE_AT_WORK,
    COMPLIANCE_BROKER,
    COMPLIANCE_EVENT,
    BURDEN_ONLINE,
    BURDEN_BROKER,
    BURDEN_EVENT,
) = range(15)


@compiled
def learning_cost(channel, knowledge, literacy, choosing):
    """Cost of finding out, in [0, 2]: lack of knowledge, and of digital literacy online; a broker spares it."""
    if channel == ONLINE:
        return (1.0 - knowledge) + (1.0 - literacy)
    if channel == COUNTER:
        return 1.0 - knowledge
    if channel == EVENT:
        return choosing[LEARNING_EVENT] * (1.0 - knowledge)
    return 0.0


@compiled
def compliance_cost(channel, at_work, choosing):
    """Cost of time, opening hours and distance, in [0, 1]: highest at the counter for those at work (P21)."""
    if channel == ONLINE:
        return choosing[COMPLIANCE_ONLINE]
    if channel == COUNTER:
        return choosing[COMPLIANCE_COUNTER] + choosing[COMPLIANCE_AT_WORK] * at_work
    if channel == EVENT:
        return choosing[COMPLIANCE_EVENT]
    return choosing[COMPLIANCE_BROKER]


@compiled
def psychological_cost(channel, trust, remembered, choosing):
    """Cost of distrust and of rejections ``remembered`` (three at most), lower where no official is faced."""
    burden = (1.0 - trust) + choosing[MEMORY] * min(remembered, 3.0)
    if channel == COUNTER:
        return burden
    if channel == BROKER:
        return choosing[BURDEN_BROKER] * burden
    if channel == ONLINE:
        return choosing[BURDEN_ONLINE] * burden
    return choosing[BURDEN_EVENT] * burden


@compiled
def threat(at_works, noticed, detection_rate):
    """Threat of sanction in [0, 1]: the yearly chance of detection while works go on; certain after a notice."""
    if noticed > 0:
        return 1.0
    if at_works > 0:
        return 1.0 - math.exp(-detection_rate)
    return 0.0


@compiled
def expected_benefit(benefit, weight, wait):
    """Benefit of a permit less the days of work that wait at the desk, beyond the reference, at ``weight`` a day."""
    return benefit - weight * wait


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
    remembered,
    norm,
    fee,
    broker_fee,
    credit,
    choosing,
):
    """Worth of applying through ``channel`` over waiting (utility; one unit is a taste's scale).

    ``liking`` is the fixed taste, ``constant`` the channel's constant, ``benefit`` that of the permit less the wait
    that everybody must expect, ``sanction`` the weighted threat, ``norm`` the
    share of neighbours who apply themselves, fees in Rp million, ``credit`` the worth of bank credit at an event,
    ``choosing`` the weights and costs in the order of CHOOSING. Each cost enters once.
    """
    value = liking + constant + benefit + sanction
    value -= choosing[W_LEARNING] * learning_cost(channel, knowledge, literacy, choosing)
    value -= choosing[W_COMPLIANCE] * compliance_cost(channel, at_work, choosing)
    value -= choosing[W_PSYCHOLOGICAL] * psychological_cost(channel, trust, remembered, choosing)
    if channel == BROKER:
        return value - choosing[W_FEE] * (fee + broker_fee)
    value = value - choosing[W_FEE] * fee + choosing[W_NORM] * (norm - 0.5)
    if channel == EVENT:
        value += credit
    return value


@compiled
def keenness(best, sensitivity):
    """Relative rate of acting, exp(b x worth of the best channel), kept finite."""
    return math.exp(min(max(sensitivity * best, -30.0), 30.0))


@compiled
def own_rate(base, keen, aware, obstacle, hesitation):
    """Daily rate of acting by own initiative: nothing from who does not know of the need, less with an obstacle."""
    if aware == 0:
        return 0.0
    if obstacle > 0:
        return base * keen * hesitation
    return base * keen


@compiled
def prompt_hazard(effect):
    """Accumulated hazard that makes an average person act with probability ``effect`` when prompted once."""
    return -math.log1p(-effect)


@compiled
def prompted(level, relative, cap):
    """Hazard added by a prompt of strength ``level``: keener people answer more, up to ``cap`` times the average."""
    return level * min(relative, cap)


@compiled
def help_prompt(level, days_since, memory):
    """Strength of the prompt of a visit, ``days_since`` the last one felt: within ``memory`` days there is no excess.

    The strength is the same for every visit, so the excess over the strongest that was felt is all of it or nothing.
    """
    if days_since < memory:
        return 0.0
    return level


@compiled
def attempt_failure(channel, online, counter, literacy, mean_literacy, skill):
    """Probability that an attempt ends before anything is filed.

    Online the form fails, twice as often at no literacy (P5, S44); at the counter the list of requirements turns one
    away, less so when a co-producer of this ``skill`` checked the papers. A broker files, and at an event missing
    papers are completed on the spot.
    """
    if channel == ONLINE:
        return min(online * (1.0 + (mean_literacy - literacy) / mean_literacy), 0.95)
    if channel == COUNTER:
        return counter * (1.0 - skill)
    return 0.0


@compiled
def after_failure(draw, gives_up, tries_later):
    """What follows a failed attempt: the need ends, or is tried again later, or elsewhere the next day."""
    if draw < gives_up:
        return GIVES_UP
    if draw < gives_up + (1.0 - gives_up) * tries_later:
        return TRIES_LATER
    return ELSEWHERE


@compiled
def filed_chance(failure, failure_elsewhere, gives_up, tries_later):
    """Probability that somebody who acts comes to file, however many attempts it takes.

    ``failure`` is that of the best channel, ``failure_elsewhere`` that of the next, at which one tries to the end.
    """
    stays = failure_elsewhere * (1.0 - gives_up)
    elsewhere = (1.0 - failure_elsewhere) / (1.0 - stays)
    again = failure * (1.0 - gives_up) * tries_later
    moves = failure * (1.0 - gives_up) * (1.0 - tries_later)
    return (1.0 - failure + moves * elsewhere) / (1.0 - again)


@compiled
def filing_delay(failure, tries_later, gives_up, retry_days):
    """Mean working days from the moment of acting, which falls within a day, to filing, the first failure counted."""
    return 0.5 + failure * (1.0 - gives_up) * (tries_later * retry_days + (1.0 - tries_later))


@compiled
def next_look(day, due, aware, monthly, learns, ends, works_until, patrol_day):
    """Day on which a need is next looked at: the first after ``day`` of what may happen to it, ``due`` at the latest.

    Who knows of it looks every month, on the day ``monthly`` next; who does not, on the day of learning of it.
    """
    first = due
    for other in (monthly if aware > 0 else learns, ends, works_until, patrol_day):
        if day < other < first:
            first = other
    return first


@compiled
def credit(value, opens, attends):
    """Worth of credit at an event: of a permit that ``opens`` it, where the bank ``attends``."""
    return value * min(opens, attends)


@compiled
def gathered(rate, anchor, day, learns):
    """Hazard gathered since ``anchor`` at ``rate`` a day, and the part of it that came by an event.

    Until the day on which a holder would have learnt of the need without one (``learns``), all of it did.
    """
    return rate * (day - anchor), rate * max(min(day, learns) - anchor, 0)


@compiled
def own_days(learns, day, plain_rate):
    """Days of a quarter from ``day`` through which the holder would have acted by own initiative, had no event been."""
    if plain_rate > 0.0:
        return float(QUARTER)
    return min(max(day + QUARTER - learns, 0.0), float(QUARTER))


@compiled
def within_quarter(own_hazard, own_rate, days, threshold):
    """Whether a need would have been acted on within a quarter anyway, by the hazard that no event added."""
    return own_hazard + days * own_rate >= threshold
