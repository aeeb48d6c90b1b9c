"""Satisfaction: what an applicant lived through, how it scores, whether it becomes a complaint.

Seven experiences, each in [0, 1] with 1 the better, feed the nine elements of the IKM through the table
``data/satisfaction.csv``; each experience enters a given element once. Performance, then disconfirmation (performance
minus expectation; E11), then keyed noise, cut to 1-4.
"""

from __future__ import annotations

import math

from keliling.sim.compiled import compiled
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT

SCALE, WORST, BEST = 3.0, 1.0, 4.0  # width and ends of the 1-4 scale
HANDLING = 6  # place of complaint handling among the experiences
COMPLAINTS = {"delay": "protracted delay", "procedure": "procedure deviation", "no_service": "service not provided"}
"""Classes of complaints as the Ombudsman names them, in the order of their codes, which begin at one."""
NO_COMPLAINT, DELAY, PROCEDURE, NO_SERVICE = range(4)


@compiled
def on_scale(score):
    """A score cut to the scale from 1 to 4."""
    return min(max(score, WORST), BEST)


@compiled
def site_shock(normal, sd):
    """A year's site shock on the 1-4 scale, from a standard normal draw; ``sd`` is in points of the IKM."""
    return normal * sd / 25.0


@compiled
def experienced_time(days, statutory, grace):
    """1 within the statutory days, falling toward 0 as the days beyond grow against the standard plus the grace."""
    return 1.0 / (1.0 + max(days - statutory, 0.0) / (statutory + grace))


@compiled
def experienced_fee(channel):
    """1 when only the official fee was paid, 0 when a broker was paid too."""
    if channel == BROKER:
        return 0.0
    return 1.0


@compiled
def experienced_crowding(channel, crowd):
    """1 where nobody queued; at the counter it falls with the office's crowding."""
    if channel == COUNTER:
        return 1.0 - crowd
    return 1.0


@compiled
def experienced_contact(channel, helped, officer, alone):
    """Contact with helpers: 1 with a co-producer, ``officer`` with an officer, ``alone`` with neither."""
    if helped > 0:
        return 1.0
    if channel in (COUNTER, EVENT):
        return officer
    return alone


@compiled
def experienced_complaint(complained, closed, reference):
    """Complaint handling: 1 closed, 0 left open, the reference for those who did not complain."""
    if complained > 0:
        return float(closed)
    return reference


@compiled
def experiences(returns, time, channel, granted, crowd, helped, officer, alone, complaint):
    """The seven experiences of a decision: returns, days, fee, decision, crowding, contact, complaint handling.

    ``time`` is ``experienced_time``, ``complaint`` is ``experienced_complaint``.
    """
    return (
        1.0 / (1.0 + returns),
        time,
        experienced_fee(channel),
        float(granted),
        experienced_crowding(channel, crowd),
        experienced_contact(channel, helped, officer, alone),
        complaint,
    )


@compiled
def weighted(met, reference, w_decision, w_time, w_other):
    """The seven experiences ``met``, as differences from their ``reference``, times their weights on the 1-4 scale.

    What decision and time leave, ``w_other``, is shared equally by the other five.
    """
    returns, days, fee, decision, crowding, contact, complaint = met
    each = SCALE * w_other / 5.0
    return (
        each * (returns - reference[0]),
        SCALE * w_time * (days - reference[1]),
        each * (fee - reference[2]),
        SCALE * w_decision * (decision - reference[3]),
        each * (crowding - reference[4]),
        each * (contact - reference[5]),
        each * (complaint - reference[HANDLING]),
    )


@compiled
def performance(base, felt):
    """Performance on the 1-4 scale: the base score and all seven weighted experiences (routing averages to one)."""
    score = base
    for j in range(7):
        score += felt[j]
    return score


@compiled
def latent(base, felt, routing, disconfirmation, noise):
    """Latent score of one element: ``felt`` are the weighted experiences, ``routing`` this element's row."""
    score = base + disconfirmation + noise
    for j in range(7):
        score += routing[j] * felt[j]
    return score


@compiled
def answer(score):
    """The box ticked on the form: the latent score cut to the whole numbers 1 to 4."""
    if score < 1.5:
        return 1
    if score < 2.5:
        return 2
    if score < 3.5:
        return 3
    return 4


@compiled
def complaint_chance(rate, steepness, reference, satisfaction, most):
    """Probability of a complaint: ``rate`` at the reference score, rising as satisfaction falls to ``most`` at most."""
    return min(rate * math.exp(steepness * (reference - satisfaction)), most)


@compiled
def complaint_class(draw, time, returns, granted, other):
    """Class of a complaint as the Ombudsman names them: protracted delay, procedure deviation, no service.

    Each weighs what went wrong of its kind, and ``other`` for anything else.
    """
    delay = other + 1.0 - time
    procedure = other + min(returns, 1)
    service = other + 1.0 - granted
    mark = draw * (delay + procedure + service)
    if mark < delay:
        return DELAY
    if mark < delay + procedure:
        return PROCEDURE
    return NO_SERVICE


@compiled
def expected_answer(base, sd):
    """Mean of the box ticked when the latent score is normal with this mean and spread."""
    total = 1.0
    for cut in (1.5, 2.5, 3.5):
        total += 0.5 * (1.0 - math.erf((cut - base) / (sd * math.sqrt(2.0))))
    return total


@compiled
def box_variance(base, sd):
    """Variance of the box ticked when the latent score is normal with this mean and spread."""
    mean, square = 1.0, 1.0
    for box in range(1, 4):
        above = 0.5 * (1.0 - math.erf((box + 0.5 - base) / (sd * math.sqrt(2.0))))
        mean += above
        square += (2.0 * box + 1.0) * above
    return square - mean * mean


@compiled
def cut_exponential(mean, sd, rate):
    """Mean of exp(-rate x score) when the score is normal with this mean and spread, cut to the scale 1 to 4."""
    width = sd * math.sqrt(2.0)
    moved = mean - rate * sd * sd
    low, high = 0.5 * (1.0 + math.erf((1.0 - mean) / width)), 0.5 * (1.0 - math.erf((4.0 - mean) / width))
    within = 0.5 * (math.erf((4.0 - moved) / width) - math.erf((1.0 - moved) / width))
    return low * math.exp(-rate) + high * math.exp(-4.0 * rate) + math.exp(-rate * (mean + moved) / 2.0) * within
