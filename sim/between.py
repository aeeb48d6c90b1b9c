"""How neighbourhoods differ: what the residents of an RW have in common, drawn from the population's own seed.

The share ``between_rws`` of the variance of digital literacy, knowledge and trust lies between RWs, and the same share
of that of an open need: on the logit, where what is left within has the variance of a logistic, pi squared over 3.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from keliling.sim.rng import Draw, uniform
from keliling.sim.rules.normal import normal

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LITERACY, KNOWLEDGE, TRUST, NEEDS = range(4)  # needs of the k-th permit are NEEDS + k


def _drawn(seed: int, rw_key: Ints, what: int) -> Floats:
    return np.array([normal(uniform(seed, 0, Draw.NEIGHBOURHOOD, key, what, 0)) for key in rw_key.tolist()])


def traits(seed: int, rw_key: Ints) -> Floats:
    """What the residents of each RW have in common: literacy, knowledge and trust in the columns of the result.

    Given the keys of all RWs of a district, their mean is 0 and their standard deviation 1, so that what is said of
    the district's residents stays so; of a lone RW it is 0.
    """
    drawn = np.column_stack([_drawn(seed, rw_key, what) for what in (LITERACY, KNOWLEDGE, TRUST)])
    centred, sd = drawn - drawn.mean(axis=0), drawn.std(axis=0)
    return np.asarray(centred / np.where(sd > 0.0, sd, 1.0))


def openings(seed: int, rw_key: Ints, rw: Ints, permit: Ints, share: float, permits: int) -> Floats:
    """How often needs arise for pairs in these RWs and permits, of so many, over the mean of all pairs of the permit.

    The logit of a need's chance of being open is the log of how often needs arise, but for a constant.
    """
    spread = math.sqrt(share / (1.0 - share) * math.pi * math.pi / 3.0)
    often = np.exp(spread * np.array([_drawn(seed, rw_key, NEEDS + k) for k in range(permits)]))
    # Gathered by RW, or the mean would hang on the order of rows.
    pairs = np.bincount(permit * rw_key.size + rw, minlength=often.size).reshape(often.shape)
    mean = (pairs * often).sum(axis=1) / np.maximum(pairs.sum(axis=1), 1)
    return (often / np.where(mean > 0.0, mean, 1.0)[:, None])[permit, rw]
