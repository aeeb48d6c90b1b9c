"""Keyed randomness: every draw is a pure function of what it is for, so it never depends on order.

The generator is Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). The key is
(seed, replicate); the counter is (purpose, who, occasion, index). Two scenarios that share seed and replicate give
the same resident the same luck on the same occasion: common random numbers, which is what makes a difference
between two policies precise.
"""

from __future__ import annotations

import numpy as np

from keliling.sim.compiled import compiled


class Draw:
    """What a draw is for. Append only: a number, once given, keeps its meaning for ever."""

    # the population (key: population seed)
    AGE = 1
    LITERACY = 2
    INTRINSIC = 3
    SOCIAL = 4
    NORMATIVE = 5
    EFFICACY = 6
    TYPE = 7
    WORK = 8
    FREE_TIME = 9
    KNOWLEDGE = 10
    TRUST = 11
    EXPECTATION = 12
    HOUSEHOLD = 13
    FIRM = 14
    TIE = 15
    HEAD = 16
    SIZE = 17
    CADRE = 18
    NEIGHBOURHOOD = 19
    # needs
    STOCK = 30
    STOCK_AGE = 31
    BIRTH = 32
    THRESHOLD = 33
    TASTE = 34
    PATROL = 35
    REPORT = 36
    DEMOLITION = 37
    RENEWAL = 38
    AWARE = 39
    LEARNS = 40
    ENDS = 41
    OBSTACLE = 42
    MENDED = 43
    # applications
    ATTEMPT_FAILURE = 50
    DEFECT = 51
    REPAIR = 52
    SERVICE = 53
    CORRECTION = 54
    CORRECTION_TIME = 55
    CORRECTED_DOCUMENT = 56
    TECHNICAL = 57
    REAPPLY = 58
    REAPPLY_TIME = 59
    QUEUE_PLACE = 60
    PERSON_NOISE = 61
    ELEMENT_NOISE = 62
    SURVEY_KEY = 63
    COMPLAINT = 64
    COMPLAINT_CLASS = 65
    COMPLAINT_CLOSED = 66
    AFTER_FAILURE = 67
    RETRY_TIME = 68
    # outreach
    JOIN = 80
    UNINVITED = 81
    HEARS = 82
    VISIT_ORDER = 83
    EVENT_PLACE = 84
    TARGET = 85
    MEETING = 86
    LEAVE = 87
    ELECTION = 88
    SITE_SHOCK = 89
    INVITED_ORDER = 90
    ASSIGNED = 91
    TAKES_IN = 92
    HEEDED = 93
    HEADS_KNOW = 94
    ASKS = 95
    ASKED_ORDER = 96
    JOIN_BETWEEN = 97


PERMIT_BITS = 3  # of a need's key; the rest is its resident's
DOCUMENT_BITS = 5  # of the index of a draw for a document; the rest says for which correction


@compiled
def holder_of(key):
    """Key of the resident who holds the need with this ``key``."""
    return key >> PERMIT_BITS


@compiled
def need_key(resident, permit):
    """Key of a resident's need for a permit, from the resident's own."""
    return resident << PERMIT_BITS | permit


@compiled
def of_correction(returns, document):
    """Index of the draw that says whether a document is put right, in the correction after so many ``returns``."""
    return returns << DOCUMENT_BITS | document


def packed(permit: int, ordinal: int, attempt: int) -> int:
    """An occasion of a person's own, as one number of 32 bits: permit, n-th need of it, n-th application for that."""
    return permit << 24 | (ordinal & 0xFFFF) << 8 | attempt & 0xFF


MASK = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)
FIVE = np.uint64(5)
SIX = np.uint64(6)
UNIT = 1.0 / 9007199254740992.0  # 2**-53, the step between two draws


@compiled
def philox(key0, key1, c0, c1, c2, c3):
    """The ten rounds of Philox4x32: four 32-bit words from a 64-bit key and a 128-bit counter (all ``uint64``)."""
    for _ in range(10):
        product0 = MULTIPLIER_0 * c0
        product1 = MULTIPLIER_1 * c2
        c0 = (product1 >> SHIFT) ^ c1 ^ key0
        c2 = (product0 >> SHIFT) ^ c3 ^ key1
        c1 = product1 & MASK
        c3 = product0 & MASK
        key0 = (key0 + WEYL_0) & MASK
        key1 = (key1 + WEYL_1) & MASK
    return c0, c1, c2, c3


@compiled
def two_uniforms(seed, replicate, purpose, who, occasion, block):
    """The doubles in [0, 1) of indices ``2 * block`` and ``2 * block + 1``, which one block of Philox gives at once."""
    a, b, c, d = philox(
        np.uint64(seed), np.uint64(replicate), np.uint64(purpose), np.uint64(who), np.uint64(occasion), np.uint64(block)
    )
    first = float(((a >> FIVE) << np.uint64(26)) | (b >> SIX)) * UNIT
    return first, float(((c >> FIVE) << np.uint64(26)) | (d >> SIX)) * UNIT


@compiled
def uniform(seed, replicate, purpose, who, occasion, index):
    """One double in [0, 1) with 53 random bits; a block of Philox serves two neighbouring values of ``index``.

    All arguments are integers of at most 32 bits.
    """
    even, odd = two_uniforms(seed, replicate, purpose, who, occasion, index >> 1)
    if index & 1:
        return odd
    return even


@compiled
def ordered(marks, keys):
    """The order of ascending ``marks``, equal ones by ascending ``keys``: who comes first is a keyed draw."""
    by_key = np.argsort(keys, kind="mergesort")
    return by_key[np.argsort(marks[by_key], kind="mergesort")]
