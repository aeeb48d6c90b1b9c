"""Sums over all residents, kept as residents change: a month's record reads three numbers and not everybody.

A sum is a whole number of grains, so that it is the same in whatever order residents come; grains are so fine that no
record shows them, and so coarse that the sum of thirty million residents fits.
"""

from __future__ import annotations

import math

from keliling.sim.compiled import compiled
from keliling.sim.rules.influence import share_left

GRAIN = 2.0**-36  # fine enough for nine digits of a mean, coarse enough for thirty million residents


@compiled
def grains(difference):
    """A difference in whole grains."""
    return math.floor(difference / GRAIN + 0.5)


@compiled
def day_begins(sums, p, day):
    """Sums as they are before anything moves on ``day``: what fades has faded since they last stood."""
    sums.trust = grains(sums.trust * GRAIN * share_left(day - sums.day, p.trust_half_life))
    sums.knowledge = grains(sums.knowledge * GRAIN * share_left(day - sums.day, p.knowledge_half_life))
    sums.day = day
