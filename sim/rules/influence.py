"""What fades, what is learnt and what neighbours say. Everything that fades is a function of its last event.

A decay is never applied in two pieces: reading computes from the anchor and writes nothing.
"""

from __future__ import annotations

import math

from keliling.sim.compiled import compiled

LN2 = math.log(2.0)


@compiled
def share_left(days, half_life):
    """Share of a difference that is left after ``days``, with the given half-life (days)."""
    return math.exp(-LN2 * days / half_life)


@compiled
def left_of(anchored, rest, share):
    """Value on its way back to ``rest``, of which ``share`` of the difference is left."""
    return rest + (anchored - rest) * share


@compiled
def faded(anchored, rest, days, half_life):
    """Value ``days`` after it was ``anchored``, on its way back to ``rest`` with the given half-life (days)."""
    if days <= 0 or anchored == rest:
        return anchored
    return left_of(anchored, rest, share_left(days, half_life))


@compiled
def toward(value, target, share):
    """Convex step from ``value`` to ``target``: additive sharing would saturate."""
    return value + share * (target - value)


@compiled
def raised(value, ceiling, share):
    """Value after filling ``share`` of the room below its ceiling."""
    return value + share * (ceiling - value)


@compiled
def as_unit(score):
    """A satisfaction score of 1 to 4 as a number in [0, 1]."""
    return min(max((score - 1.0) / 3.0, 0.0), 1.0)


@compiled
def waited(draw):
    """Exponential of rate one from a draw: a hidden threshold for what may happen on any of many days."""
    return -math.log1p(-draw)


@compiled
def days_until(amount, rate):
    """Whole days, at least one, until ``rate`` a day has added up to ``amount``; far away for a rate of zero."""
    if rate <= 0.0:
        return 1000000
    days = amount / rate
    if days >= 1000000.0:
        return 1000000
    whole = int(days)
    if whole < days:
        whole += 1
    return max(whole, 1)
