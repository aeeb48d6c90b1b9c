"""How strong a prompt is: solved, so that what was measured of it is what the model gives.

Field experiments measured the whole effect on *receiving* a permit (Bendtsen's meta-analysis, E17): of information,
and of help in person, which is information, a visit, checked papers and a place to file nearby. Two strengths are
solved, in this order: that of information, which acts on those who first learn of their need; then that of a visit, on
top of it. Where what is learnt alone would do more than was measured, there is no prompt, and the share of those
reached who take it in is solved instead.

The trial for which they are solved (``trials.trial`` lives it) is that of all needs open at the start, pooled:
everybody reached, one service cycle, a desk without queue, visitors of mean trained skill, a window of 63 working days
from the announcement. What becomes of a need in it is computed here as an expectation, day by day: ``sim.prospect``
tells what acting leads to, a prompt adds a jump of probability 1 - exp(-strength x keenness).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.compiled import loop
from keliling.sim.errors import Infeasible
from keliling.sim.prospect import WINDOW, OfPermits, People, StockSample, at_event, come_again, held, prospect
from keliling.sim.reference import Reference
from keliling.sim.rules import choice, influence

Floats = NDArray[np.float64]

STRONGEST = 0.9
"""A prompt on which more of the average holders would act at once is none that could be."""
HALVINGS = 60  # until the interval is narrower than a number's digits


class Strengths(NamedTuple):
    """What is solved: two prompts, as hazard at average keenness, and the chances that what is said is taken in.

    A prompt is above 0 only where it is certain that what is said is taken in.
    """

    information: float
    informed: float
    help: float
    heeded: float


@loop
def expectations(stock, people, permits, p, choosing, norm, information, taken_in):
    """What is expected of each need of the sample: its chance of a grant in each arm, by coefficients.

    Columns: the chance when nothing is done (0); when informed, the part that no prompt moves (1), that which falls by
    exp(-information x keenness) (2), and that keenness (3); when a visit is heeded, the part that its prompt does not
    move (4), those of the aware (5) and of the newly aware (6) that fall by exp(-help x keenness), and that keenness
    (7); when it is not heeded (8). ``taken_in`` is the chance that information is, ``information`` its prompt.
    """
    days, cap = p.preparation_days, p.attention_cap
    found = np.zeros((stock.permit.size, 9))
    # By days left: what acting leads to, and what a need is worth that is held; ``near`` to those who may file at the
    # event when it comes, which is ``days`` after the announcement.
    room, soon = WINDOW + 1, WINDOW - days
    first, then, again = np.empty(room), np.empty(room), np.empty(room)
    plain, told, near, seen = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    own, own_unaware, told_value, near_value = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    seen_value = np.empty(room)
    for i in range(stock.permit.size):
        r, k = stock.resident[i], stock.permit[i]
        clear = 1.0 - stock.obstacle[i]
        mended = 1.0 if stock.obstacle[i] == 0 else p.obstacle_mended * p.skill
        hesitates = 1.0 if stock.obstacle[i] == 0 else permits.hesitation[k]
        rate, mean, ends, learns = permits.base_rate[k], permits.mean_keenness[k], permits.ends[k], permits.learns[k]
        knows = people.knowledge[r]
        again[:] = 0.0
        for _once_more in range(2):
            worth, _event = prospect(
                plain, first, then, again, stock, i, people, permits, p, choosing, norm, knows, 0.0, clear
            )
            held(own, plain, rate * hesitates * choice.keenness(worth, p.hazard_sensitivity), ends)
            come_again(again, own, p)
        held(own_unaware, own, learns, ends)
        knows = influence.raised(knows, 1.0, p.knowledge_information)
        keen_told, told_rate, event_told = 0.0, 0.0, False
        again[:] = 0.0
        for _once_more in range(2):
            worth, event_told = prospect(
                told, first, then, again, stock, i, people, permits, p, choosing, norm, knows, 0.0, clear
            )
            keen_told = choice.keenness(worth, p.hazard_sensitivity)
            told_rate = rate * hesitates * keen_told
            held(told_value, told, told_rate, ends)
            come_again(again, told_value, p)
        near[:] = told
        if event_told:
            near[soon:] = at_event(first, again, stock, i, permits, p, knows, clear)
        held(near_value, near, told_rate, ends)
        knows = influence.raised(knows, 1.0, p.knowledge_help)
        worth, event_seen = prospect(
            seen, first, then, again, stock, i, people, permits, p, choosing, norm, knows, p.skill, mended
        )
        keen_seen = choice.keenness(worth, p.hazard_sensitivity)
        seen_rate = rate * keen_seen
        if event_seen:
            seen[soon:] = at_event(first, again, stock, i, permits, p, knows, mended)
        held(seen_value, seen, seen_rate, ends)
        relative_told, relative_seen = min(keen_told / mean, cap), min(keen_seen / mean, cap)
        aware = float(stock.aware[i])
        newly = (1.0 - aware) * taken_in
        untold = (1.0 - aware - newly) * own_unaware[WINDOW]
        found[i, 0] = aware * own[WINDOW] + (1.0 - aware) * own_unaware[WINDOW]
        found[i, 1] = aware * told_value[WINDOW] + newly * told[WINDOW] + untold
        found[i, 2] = newly * (told_value[WINDOW] - told[WINDOW])
        found[i, 3] = relative_told
        # Helped: what happens before the visit, then at it and after, for each of the days on which it may be.
        acts = newly * -math.expm1(-information * relative_told)
        granted, knowing, unknowing = acts * near[WINDOW], aware + newly - acts, 1.0 - aware - newly
        found[i, 8] = granted + knowing * near_value[WINDOW] + untold
        for d in range(days):
            left = WINDOW - d
            through = math.exp(-seen_rate) if d > 0 else 1.0  # own initiative of the last day acts with the visit
            found[i, 4] += (granted + (knowing + unknowing) * seen[left]) / days
            found[i, 5] += knowing * through * (seen_value[left] - seen[left]) / days
            found[i, 6] += unknowing * (seen_value[left] - seen[left]) / days
            # Who is visited on a later day lives this one without.
            if d > 0:
                granted -= knowing * math.expm1(-told_rate) * near[left]
                knowing *= math.exp(-told_rate - ends)
                knowing -= unknowing * math.expm1(-learns)
                unknowing *= math.exp(-learns - ends)
        found[i, 7] = relative_seen
    return found


def solve(
    stock: StockSample,
    people: People,
    permits: OfPermits,
    p: Reference,
    choosing: tuple[float, ...],
    norm: float,
    information_effect: float,
    assistance_effect: float,
) -> Strengths:
    """The strengths at which information and help move receiving by as much as they are said to.

    Raises Infeasible, by the name of the effect, where there are none.
    """

    def expected(level: float, taken_in: float) -> Floats:
        found: Floats = expectations(stock, people, permits, p, choosing, norm, level, taken_in)
        return found

    def by_information(found: Floats, level: float) -> float:
        return float(np.mean(found[:, 1] + np.exp(-level * found[:, 3]) * found[:, 2] - found[:, 0]))

    informed, information = 1.0, 0.0
    of_all = expected(0.0, 1.0)
    if by_information(of_all, 0.0) > information_effect:
        of_nobody = by_information(expected(0.0, 0.0), 0.0)
        informed = _share("information_effect", information_effect, of_nobody, by_information(of_all, 0.0))
    else:
        information = _strength("information_effect", information_effect, lambda x: by_information(of_all, x))
    found = expected(information, informed)
    newly = np.exp(-information * found[:, 7])

    def by_help(x: float) -> float:
        prompted = found[:, 5] + newly * found[:, 6]
        return float(np.mean(found[:, 4] + np.exp(-x * found[:, 7]) * prompted - found[:, 0]))

    heeded, help_ = 1.0, 0.0
    if by_help(0.0) > assistance_effect:
        unheeded = float(np.mean(found[:, 8] - found[:, 0]))
        heeded = _share("assistance_effect", assistance_effect, unheeded, by_help(0.0))
    else:
        help_ = _strength("assistance_effect", assistance_effect, by_help)
    return Strengths(information, informed, help_, heeded)


def _share(name: str, wanted: float, none: float, whole: float) -> float:
    """The share of those reached at which an effect is the one wanted, between that of none and that of all."""
    if wanted < none:
        raise Infeasible(refused(name, wanted, f"it is {100 * none:.1f} points already where nobody takes it in"))
    return (wanted - none) / (whole - none)


def _strength(name: str, wanted: float, effect: Callable[[float], float]) -> float:
    """The strength of prompt at which an effect that rises with it is the one wanted, by halving."""
    low, high = 0.0, choice.prompt_hazard(STRONGEST)
    if effect(high) < wanted:
        most = f"a prompt that {STRONGEST:.0%} of average holders follow gives {100 * effect(high):.1f} points only"
        raise Infeasible(refused(name, wanted, most))
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if effect(middle) < wanted else (low, middle)
    return (low + high) / 2.0


def refused(name: str, wanted: float, why: str) -> str:
    """What is said of a world in which an effect cannot be."""
    return f"{name}: this world cannot give the effect of {100 * wanted:.1f} points: {why}"
