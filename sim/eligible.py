"""Who may need which permit: every pair of a resident and a permit of the catalogue."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.between import openings
from keliling.sim.parameters import Permit
from keliling.sim.population import Population
from keliling.sim.rng import PERMIT_BITS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Eligible(NamedTuple):
    """Every pair of a resident and a permit that the resident may need, by resident then permit."""

    resident: Ints
    permit: Ints
    key: Ints  # resident's key x 8 + permit
    rw_start: Ints  # pairs of RW j are rw_pairs[rw_start[j]:rw_start[j + 1]], ascending keys
    rw_pairs: Ints
    first: Ints  # first pair of each resident, one entry more than residents
    openings: Floats  # how often the need arises, over the district's mean for the permit


def eligible(population: Population, permits: tuple[Permit, ...], seed: int, between_rws: float) -> Eligible:
    """Who may need what, and how often, by the population's seed and the share of variance that lies between RWs."""
    everyone = np.arange(population.key.size)
    holders = {"household": population.household_head == 1, "firm": population.firm == 1}
    resident = [everyone[holders[k.who]] if k.who in holders else everyone for k in permits]
    permit = np.concatenate([np.full(r.size, k) for k, r in enumerate(resident)]).astype(np.int64)
    resident_all = np.concatenate(resident).astype(np.int64)
    order = np.lexsort((permit, resident_all))
    resident_all, permit = resident_all[order], permit[order]
    key = population.key[resident_all] << PERMIT_BITS | permit
    rw = population.rw[resident_all]
    by_rw = np.lexsort((key, rw)).astype(np.int64)
    rw_start = np.searchsorted(rw[by_rw], np.arange(population.rw_head.size + 1)).astype(np.int64)
    first = np.searchsorted(resident_all, np.arange(population.key.size + 1)).astype(np.int64)
    often = openings(seed, population.rw_key, rw, permit, between_rws, len(permits))
    return Eligible(resident_all, permit, key, rw_start, by_rw, first, often)
