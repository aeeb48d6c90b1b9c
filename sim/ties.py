"""Ties of residents: most in the RT, some in the RW, a few in the district; mutual, without doubles."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from keliling.sim.compiled import loop
from keliling.sim.rng import Draw, uniform

Ints = NDArray[np.int64]
RowRanges = tuple[Ints, Ints]  # for each resident, the first of some rows and the one after the last

TIE = Draw.TIE


def ties_between(seed: int, key: Ints, in_rt: RowRanges, in_rw: RowRanges, p: SimpleNamespace) -> RowRanges:
    """Ties by row as starts and rows (CSR); ``p`` has how many a resident has on average at each level."""
    n = key.size
    most = int(n * (p.ties_rt + p.ties_rw + p.ties_district + 6.0))
    one, other = np.empty(most, np.int64), np.empty(most, np.int64)
    everybody = (np.zeros(n, np.int64), np.full(n, n, np.int64))
    count = 0
    for level, (rows, mean) in enumerate(((in_rt, p.ties_rt), (in_rw, p.ties_rw), (everybody, p.ties_district))):
        count += tie_ends(seed, key, *rows, mean, level, one[count:], other[count:])
    found: RowRanges = join_ties(n, one, other, count)
    return found


@loop
def tie_ends(seed, key, low, high, mean, level, start, other):
    """Draw the ties that each resident starts among rows ``low`` to ``high`` (exclusive); returns how many.

    Half the wanted mean is started by each side. ``start`` and ``other`` receive the two rows of each tie.
    """
    count = 0
    half = mean / 2.0
    for i in range(key.size):
        wanted = int(half + uniform(seed, 0, TIE, key[i], level, 0))
        for k in range(wanted):
            span = high[i] - low[i]
            partner = low[i] + int(uniform(seed, 0, TIE, key[i], level, 1 + k) * span)
            if partner != i:
                start[count] = i
                other[count] = partner
                count += 1
    return count


@loop
def join_ties(n, start, other, count):
    """Both directions of the ties as lists by row, each ascending and without doubles (CSR)."""
    degree = np.zeros(n + 1, np.int64)
    for k in range(count):
        degree[start[k] + 1] += 1
        degree[other[k] + 1] += 1
    for i in range(n):
        degree[i + 1] += degree[i]
    ends = degree.copy()
    both = np.empty(2 * count, np.int64)
    for k in range(count):
        both[ends[start[k]]] = other[k]
        ends[start[k]] += 1
        both[ends[other[k]]] = start[k]
        ends[other[k]] += 1
    kept = np.zeros(n + 1, np.int64)
    size = 0
    for i in range(n):
        mine = np.sort(both[degree[i] : degree[i + 1]])
        for k in range(mine.size):
            if k == 0 or mine[k] != mine[k - 1]:
                both[size] = mine[k]
                size += 1
        kept[i + 1] = size
    return kept, both[:size].copy()
