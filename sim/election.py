"""Who becomes head: at the start, and at the end of every term. Both engines call it."""

from __future__ import annotations

from keliling.sim.compiled import compiled
from keliling.sim.rng import Draw, uniform

HEAD = Draw.HEAD
CANDIDATE_AGE = 25  # years, from which one is elected where anybody else stands


@compiled
def merit(intrinsic, social, normative, age):
    """How well a resident stands as head: most normative, most intrinsic and least social (P11).

    Residents under 25 win only where no other candidate stands.
    """
    return intrinsic + normative - social - 10.0 * (age < CANDIDATE_AGE)


@compiled
def election_of(month, first, term):
    """Number of the election at the end of ``month``, from 0; -1 when there is none. The ``first`` is a month too."""
    if month < first or (month - first) % term:
        return -1
    return (month - first) // term


@compiled
def elect(seed, replicate, group, election, candidates, merits, keys, taken):
    """Place of the elected head among the members of a group: of ``candidates`` drawn among them the best by merit.

    ``merits``, ``keys`` and ``taken`` are the members', ascending by key; those ``taken`` (1) hold an office already
    and win only where nobody else stands.
    """
    best, most = 0, -1e9
    for c in range(candidates):
        one = int(uniform(seed, replicate, HEAD, group, election, c) * keys.size)
        worth = merits[one] - 100.0 * taken[one]
        if worth > most or (worth == most and keys[one] < keys[best]):
            best, most = one, worth
    return best
