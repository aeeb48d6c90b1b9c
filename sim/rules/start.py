"""The stationary start: solved constants and the age of open needs, so that inflows equal outflows on day 0."""

from __future__ import annotations

import math

from sim.compiled import compiled


@compiled
def mean_wait(works_rate, later_rate, works_days):
    """Mean days from the birth of a need to acting: one hazard while works last, another afterwards."""
    if works_days <= 0.0:
        return 1.0 / later_rate
    left = math.exp(-works_rate * works_days)
    return (1.0 - left) / works_rate + left / later_rate


@compiled
def open_share(birth_rate, wait):
    """Long-run share of time with an open need, when needs arise at ``birth_rate`` a day and wait ``wait`` days."""
    return birth_rate * wait / (1.0 + birth_rate * wait)


@compiled
def need_age(draw, works_rate, later_rate, works_days):
    """Age in days of an open need met at a random moment (inverse of its stationary distribution)."""
    in_works = 0.0
    left = 1.0
    if works_days > 0.0:
        left = math.exp(-works_rate * works_days)
        in_works = (1.0 - left) / works_rate
    mass = draw * (in_works + left / later_rate)
    if mass < in_works:
        return -math.log1p(-mass * works_rate) / works_rate
    return works_days - math.log1p(-min((mass - in_works) * later_rate / left, 1.0 - 1e-12)) / later_rate


@compiled
def success_chance(documents, error, correction, mended, technical):
    """Probability that an application is granted: complete at once, or put right in its one usual correction.

    ``error`` is a document's chance of a defect, ``correction`` of coming back, ``mended`` of a document put right.
    """
    complete = 1.0
    complete_later = 1.0
    for _ in range(documents):
        complete *= 1.0 - error
        complete_later *= 1.0 - error * (1.0 - mended)
    return (complete + correction * (complete_later - complete)) * (1.0 - technical)
