"""The balance of needs: how often they arise, how fast they are acted on, and who is in the stock of open ones.

For every permit four rates are solved together so that inflows equal outflows from day 0: births, acting at keenness 1,
learning of one's need by oneself, and the share of births with an obstacle. Given are the files of own initiative
(``need_rate``, or what the office's load leaves), the stock of open needs, the share of it whose holders do not know
(``unaware``, of births alike), the rate at which needs end unfiled, and the share of own files behind which an obstacle
stands. Pairs of a holder and a permit differ by how keen they are, and by how often needs arise in their RW; they are
gathered into narrow classes of both, so that it takes milliseconds.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.compiled import compiled, loop
from keliling.sim.errors import Infeasible
from keliling.sim.parameters import Permit
from keliling.sim.rules.choice import keenness, prompt_hazard, threat
from keliling.sim.rules.start import UNAWARE_AFTER, acts_again, open_share, spell

Floats = NDArray[np.float64]

YEAR = 252  # working days
NARROW = 0.05  # width of a class of keenness, on the log scale
ROUNDS, CLOSE = 400, 1e-11  # of the iteration at most; what is left over at its end
HALVINGS, NEWTON = 60, 100  # steps, at most, until a number has all its digits
LEAST_LEARNING = 1e-9  # a working day; where it is reached nobody learns of a need alone


class Known(NamedTuple):
    """What a permit's balance is solved for."""

    files: float  # a working day and holder
    stock: float
    unaware: float
    ends: float  # a working day
    obstacle: float  # share of own files
    works_days: float
    boost: float  # of the rate of acting while works last
    noticed: float  # the same after a notice
    answered: float  # notices a working day while works last, those that the holder answers at once
    ignored: float  # and those not
    hesitation: float
    filed: float  # chance that acting leads to filing
    delay: float  # working days between acting and filing
    reopens: float  # chance that a filed need without an obstacle comes up again


class Balance(NamedTuple):
    """The solved numbers of one permit; rates are a working day's."""

    base_rate: float  # of acting, at keenness 1
    mean_keenness: float  # over the open needs at the start, see ``capped_mean``
    opening_rate: float  # of new needs and expiries together, by idle holder in an RW with the mean of openings
    birth_rate: float  # of new needs alone
    learn_rate: float  # of learning by oneself that there is a need
    obstacle_birth: float  # share of births with an obstacle
    lapsed: float  # share of needs that end without a permit
    technical: float  # complete files without an obstacle that fail the technical review
    known: Known


@compiled
def cells_of(rate, known, learns, obstacle):
    """What is expected of a new need, acted on at ``rate`` once no works go on, with an obstacle (1) or without (0).

    Returns its days in each cell of the stock (``sim.rules.start``), all spells together, and how often it is acted on.
    """
    later = rate * known.hesitation if obstacle > 0 else rate
    unaware_works, unaware_after, aware_works, aware_after, acts = spell(
        later * known.boost,
        later,
        later * known.noticed,
        known.works_days,
        known.answered,
        known.ignored,
        known.ends,
        known.unaware,
        learns,
    )
    if obstacle == 0:
        whole = acts * acts_again(later, known.ends, known.filed * known.reopens)
        # Who comes again knows the need; works are over by then, or as good as over.
        aware_after += (whole - acts) / later
        acts = whole
    aware_after += acts * known.delay
    return (unaware_works, unaware_after, aware_works, aware_after), acts


@compiled
def _mean(values, weight):
    """Sum of values by weight, added up in one order, compiled or not."""
    total = 0.0
    for i in range(values.size):
        total += weight[i] * values[i]
    return total


@loop
def _births_for(days, often, weight, stock):
    """Openings a day and idle holder at which the mean open share is ``stock``.

    ``days`` a need stays open by class of keenness; ``weight`` is by it and by class of ``often``. By Newton's method
    from below: the share is concave in the openings, so no step goes too far.
    """
    births, share, slope = 0.0, 0.0, 0.0
    for i in range(days.size):
        for j in range(often.size):
            slope += weight[i, j] * often[j] * days[i]
    for _ in range(NEWTON):
        step = (stock - share) / slope
        births += step
        if step < births * 1e-14:
            break
        share, slope = 0.0, 0.0
        for i in range(days.size):
            for j in range(often.size):
                open_days = often[j] * days[i]
                of_openings = open_share(births, open_days)
                share += weight[i, j] * of_openings
                idle = 1.0 - of_openings
                slope += weight[i, j] * open_days * idle * idle
    return births


@loop
def _solved(keen, often, weight, mean, known):
    """Base rate, openings, rate of learning, share of births with an obstacle, what is left over, idle and open pairs.

    The last two are shares of all pairs by class of keenness and of how often needs arise, as ``weight`` is; ``mean``
    is that of keenness. Each round takes what the last one gives; the files come out in proportion to the base rate, or
    nearly so.
    """
    days, unaware_days, clear_files, stuck_files = (
        np.empty(keen.size),
        np.empty(keen.size),
        np.empty(keen.size),
        np.empty(keen.size),
    )
    stuck = known.obstacle
    learns = known.files / known.stock
    rate = known.files / known.stock / (1.0 - known.unaware) / mean
    births, apart, idle = 0.0, 1.0, np.empty(weight.shape)
    for _ in range(ROUNDS):
        for i in range(keen.size):
            clear, clear_acts = cells_of(rate * keen[i], known, learns, 0)
            held, stuck_acts = cells_of(rate * keen[i], known, learns, 1)
            days[i], unaware_days[i] = 0.0, 0.0
            for cell in range(4):
                in_cell = (1.0 - stuck) * clear[cell] + stuck * held[cell]
                days[i] += in_cell
                unaware_days[i] += in_cell if cell <= UNAWARE_AFTER else 0.0
            clear_files[i], stuck_files[i] = clear_acts * known.filed, stuck_acts * known.filed
        births = _births_for(days, often, weight, known.stock)
        of_clear, of_stuck, unaware = 0.0, 0.0, 0.0
        for i in range(keen.size):
            opened = 0.0
            for j in range(often.size):
                idle[i, j] = weight[i, j] * (1.0 - open_share(births * often[j], days[i]))
                opened += idle[i, j] * births * often[j]
            unaware += opened * unaware_days[i]
            of_clear += opened * clear_files[i]
            of_stuck += opened * stuck_files[i]
        files = (1.0 - stuck) * of_clear + stuck * of_stuck
        new_stuck = known.obstacle * of_clear / (known.obstacle * of_clear + (1.0 - known.obstacle) * of_stuck)
        too_many = unaware / (known.unaware * known.stock) if known.unaware > 0.0 else 1.0
        new_learns = max((learns + known.ends) * too_many - known.ends, LEAST_LEARNING)
        apart = abs(files / known.files - 1.0) + abs(new_stuck - stuck) + abs(new_learns / learns - 1.0)
        if apart < CLOSE:
            break
        rate *= known.files / files
        stuck, learns = (stuck + new_stuck) / 2.0, math.sqrt(learns * new_learns)
    return rate, births, learns, stuck, apart, idle, weight - idle


@loop
def capped_mean(keen, weight, cap):
    """The mean that keenness is measured by: that of keenness cut to ``cap`` times it.

    Keenness is so skewed that its plain mean is that of a few; so cut, what it is multiplied by averages one.
    """
    total = 0.0
    for i in range(weight.size):
        total += weight[i]
    low, high = 0.0, _mean(keen, weight) / total
    for _ in range(HALVINGS):
        middle, share = (low + high) / 2.0, 0.0
        for i in range(keen.size):
            share += weight[i] * min(keen[i] / middle, cap)
        if share > total:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


@loop
def _births_beside(openings, renewals, days, often, idle):
    """Rate of new needs of an idle holder such that with renewals all openings come to ``openings`` a day.

    A licence that would be renewed after so many ``days`` is not where a new need came before. All three rates rise
    with how ``often`` needs arise; ``idle`` are the holders by class of it.
    """
    low, high, of_all = 0.0, openings, _mean(often, idle)
    for _ in range(HALVINGS):
        middle, found = (low + high) / 2.0, 0.0
        for j in range(often.size):
            found += idle[j] * often[j] * (middle + renewals * math.exp(-middle * often[j] * days))
        if found > openings * of_all:
            high = middle
        else:
            low = middle
    return max((low + high) / 2.0, 1e-12)


def threatened(p: SimpleNamespace, permit: Permit, noticed: int) -> float:
    """How much keener a holder is while works last, or after a notice: the threat of sanction enters worth once."""
    if not permit.enforced or not p.patrols:
        return 1.0
    boost: float = keenness(p.weight_sanction * threat(1, noticed, p.detection_rate), p.hazard_sensitivity)
    return boost


def classes(keen: Floats, openings: Floats) -> tuple[Floats, Floats, Floats]:
    """Pairs gathered by keenness and by how often their needs arise, which is one number in each RW.

    Returns the mean keenness of each class, over needs that arise; the numbers of openings; and the share of pairs in
    each class by each number.
    """
    narrow = np.floor(np.log(keen) / NARROW).astype(np.int64)
    narrow -= narrow.min()
    often, place = np.unique(openings, return_inverse=True)
    counts = np.bincount(narrow * often.size + place, minlength=(narrow.max() + 1) * often.size)
    counts = counts.reshape(-1, often.size)
    used = counts.sum(axis=1) > 0
    means = np.bincount(narrow, keen * openings)[used] / np.bincount(narrow, openings)[used]
    return means, often, counts[used] / keen.size


def answering(keen: Floats, weight: Floats, p: SimpleNamespace) -> float:
    """Share of those found who act on the notice at once."""
    mean, level = capped_mean(keen, weight, float(p.attention_cap)), prompt_hazard(p.answer_summons)
    return float(weight @ (1.0 - np.exp(-level * np.minimum(keen / mean, p.attention_cap))))


class Habits(NamedTuple):
    """What acting on a permit comes to, on average over its pairs."""

    filed: float  # chance that who acts comes to file
    delay: float  # working days that this takes
    success: float  # chance that a file without an obstacle is granted
    hours: float  # of officers for a file, before they are scaled


def balance(
    p: SimpleNamespace, permit: Permit, keen: Floats, openings: Floats, habits: Habits, files: float
) -> Balance:
    """Solve the rates of one permit.

    ``keen`` is the keenness of every pair, ``openings`` how often its needs arise over the mean; ``files`` of own
    initiative come a working day and holder. Raises Infeasible where there is no balance.
    """
    means, often, weight = classes(keen, openings)
    own = {field: float(getattr(p, f"{permit.name}_{field}")) for field in FIELDS}
    obstacle = obstacle_share(p, permit)
    renewal = p.renewal if own["validity_days"] > 0 else 0.0
    answer = answering(means, weight.sum(axis=1), p)
    found = p.detection_rate / YEAR if permit.enforced and p.patrols else 0.0
    known = Known(
        files=files,
        stock=own["stock"],
        unaware=own["unaware"],
        ends=own["end_rate"] / YEAR,
        obstacle=obstacle,
        works_days=own["works_days"] if permit.enforced else 0.0,
        boost=threatened(p, permit, 0),
        noticed=threatened(p, permit, 1),
        answered=found * answer,
        ignored=found * (1.0 - answer),
        hesitation=float(p.obstacle_hesitation),
        filed=habits.filed,
        delay=habits.delay,
        reopens=(1.0 - habits.success) * p.reapply,
    )
    rate, opening, learns, stuck, apart, idle, in_stock = _solved(means, often, weight, float(keen.mean()), known)
    if apart > 1e-6:
        raise Infeasible(f"no balance of needs is found for {permit.title}: stock, need rate and shares do not fit")
    if own["unaware"] > 0.0 and learns < 2.0 * LEAST_LEARNING:
        raise Infeasible(
            f"{permit.title}: not so many of the open needs ({own['unaware']:.0%}) can be unknown to their holders, "
            "even where nobody learns of one"
        )
    granted = files * (1.0 - obstacle) * habits.success
    opened = opening * float((idle * often).sum())
    return Balance(
        base_rate=rate,
        mean_keenness=capped_mean(means, in_stock.sum(axis=1), float(p.attention_cap)),
        opening_rate=opening,
        birth_rate=_births_beside(
            opening, renewal * granted / opened * opening, own["validity_days"], often, idle.sum(axis=0)
        ),
        learn_rate=learns,
        obstacle_birth=stuck,
        lapsed=1.0 - granted / opened,
        technical=technical_of_clear(p, permit),
        known=known,
    )


def obstacle_share(p: SimpleNamespace, permit: Permit) -> float:
    """Share of own files behind which an obstacle stands: a part of those that fail the technical review."""
    share: float = getattr(p, f"{permit.name}_obstacle_part") * getattr(p, f"{permit.name}_technical_rejection")
    return share


def technical_of_clear(p: SimpleNamespace, permit: Permit) -> float:
    """Chance that a complete file without an obstacle fails, so that of all own files as many do as are said to."""
    obstacle = obstacle_share(p, permit)
    failing: float = (getattr(p, f"{permit.name}_technical_rejection") - obstacle) / (1.0 - obstacle)
    return failing


FIELDS = ("stock", "unaware", "end_rate", "works_days", "validity_days")
