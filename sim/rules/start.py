"""The stationary start: what a need is expected to come to, so that inflows equal outflows on day 0.

A new need is known to its holder or not, and either is left in three ways: it is acted on, it ends unfiled, or, while
works last, a patrol finds them and the holder answers. All rates are constant while works last and constant after.
"""

from __future__ import annotations

import math

from keliling.sim.compiled import compiled

NEAR = 1e-9  # rates closer than this are held apart by it, where their difference stands below


@compiled
def grown(rate, days):
    """Integral of exp(-rate t) from 0 to ``days``."""
    return -math.expm1(-rate * days) / rate


@compiled
def early_days(days, unaware, learns, unaware_leaves, aware_leaves):
    """Of a need's first ``days``, those expected unaware and aware; and the chances of being either at their end.

    ``unaware`` is the chance of beginning so, ``learns`` the daily rate of learning of the need by oneself; the other
    two are the whole rates of leaving either state.
    """
    gap = aware_leaves - unaware_leaves
    if abs(gap) < NEAR:
        gap = NEAR
        aware_leaves = unaware_leaves + gap
    of_unaware, of_aware = grown(unaware_leaves, days), grown(aware_leaves, days)
    left_unaware, left_aware = math.exp(-unaware_leaves * days), math.exp(-aware_leaves * days)
    learnt = unaware * learns / gap
    return (
        unaware * of_unaware,
        (1.0 - unaware) * of_aware + learnt * (of_unaware - of_aware),
        unaware * left_unaware,
        (1.0 - unaware) * left_aware + learnt * (left_unaware - left_aware),
    )


@compiled
def spell(works_rate, later_rate, noticed_rate, works_days, answered, ignored, ends, unaware, learns):
    """What is expected of a new need until it is acted on or ends, rates and days being those of working days.

    Returns the days unaware while works last and after, the days aware while they last and after, and how often it is
    acted on. Rates of acting are those by own initiative while works last, after them, and after a notice that was
    not answered; ``answered`` and ``ignored`` are the rates of notices while works last, ``ends`` that of ending
    unfiled. A notice ends the days that works last for a need.
    """
    later_unaware, later_aware = learns + ends, later_rate + ends
    unaware_works, aware_works, left_unaware, left_aware = 0.0, 0.0, unaware, 1.0 - unaware
    found = answered + ignored
    if works_days > 0.0:
        unaware_works, aware_works, left_unaware, left_aware = early_days(
            works_days, unaware, learns, later_unaware + found, works_rate + found + ends
        )
    unaware_after = left_unaware / later_unaware
    aware_after = (left_aware + learns * unaware_after) / later_aware
    noticed = ignored * (aware_works + unaware_works) / (noticed_rate + ends)
    acts = works_rate * aware_works + answered * (aware_works + unaware_works)
    acts += later_rate * aware_after + noticed_rate * noticed
    return unaware_works, unaware_after, aware_works, aware_after + noticed, acts


@compiled
def acts_again(later_rate, ends, reopens):
    """How often a need is acted on for each first time; ``reopens`` is the chance that acting leads to reopening."""
    return 1.0 / (1.0 - reopens * later_rate / (later_rate + ends))


@compiled
def open_share(birth_rate, days):
    """Long-run share of time with an open need, when needs arise at ``birth_rate`` a day and stay open ``days``."""
    return birth_rate * days / (1.0 + birth_rate * days)


@compiled
def licence_age(draw, births, days):
    """Age in days of a licence met at a random moment before it expires after ``days``.

    ``births`` is the rate of new needs, each of which takes the place of a licence.
    """
    return -math.log1p(-draw * births * grown(births, days)) / births


@compiled
def complete_after(documents, error, mended, corrections):
    """Probability that all ``documents`` are right after so many corrections.

    ``error`` is a document's chance of a defect when filed, ``mended`` of a defect being put right in a correction.
    """
    for _ in range(corrections):
        error *= 1.0 - mended
    complete = 1.0
    for _ in range(documents):
        complete *= 1.0 - error
    return complete


@compiled
def success_chance(documents, error, correction, mended, corrections, technical):
    """Probability that an application is granted: complete at once, or after one of the ``corrections`` allowed.

    ``correction`` is the chance of coming back with one in time, ``technical`` that of failing the technical review.
    """
    chance, before, comes = 0.0, 0.0, 1.0
    for done in range(corrections + 1):
        complete = complete_after(documents, error, mended, done)
        chance += comes * (complete - before)
        before = complete
        comes *= correction
    return chance * (1.0 - technical)


# What a need open at the start is: a place among the cells of its stock.
UNAWARE_WORKS, UNAWARE_AFTER, AWARE_WORKS, AWARE_AFTER = range(4)
STUCK = 4  # is added where an obstacle stands
NOT_OPEN = -1  # no cell of the stock


@compiled
def stock_cell(mark, birth_rate, clear, stuck, obstacle):
    """Where in the stock a draw falls: a cell, STUCK more with an obstacle, or NOT_OPEN; and the open share.

    ``clear`` and ``stuck`` are the days in each cell of a need without and with an obstacle, ``obstacle`` the share of
    new needs with one.
    """
    days = 0.0
    for cell in range(4):
        days += (1.0 - obstacle) * clear[cell] + obstacle * stuck[cell]
    share = open_share(birth_rate, days)
    if mark >= share:
        return NOT_OPEN, share
    place = mark / share * days
    for cell in range(4):
        place -= (1.0 - obstacle) * clear[cell]
        if place < 0.0:
            return cell, share
    for cell in range(4):
        place -= obstacle * stuck[cell]
        if place < 0.0 and stuck[cell] > 0.0:
            return STUCK + cell, share
    return AWARE_AFTER, share


@compiled
def works_age(draw, cell, works_days, unaware, learns, unaware_leaves, aware_leaves):
    """Age in days of a need met at a random moment while its works last (by halving the interval)."""
    low, high = 0.0, works_days
    whole = early_days(works_days, unaware, learns, unaware_leaves, aware_leaves)
    aware = cell == AWARE_WORKS
    wanted = draw * (whole[1] if aware else whole[0])
    for _ in range(40):
        middle = (low + high) / 2.0
        until = early_days(middle, unaware, learns, unaware_leaves, aware_leaves)
        if (until[1] if aware else until[0]) < wanted:
            low = middle
        else:
            high = middle
    return low
