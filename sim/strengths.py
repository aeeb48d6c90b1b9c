"""How strong a prompt is: solved, so that what was measured of it is what the model gives.

Field experiments measured the whole effect on *receiving* a permit (Bendtsen's meta-analysis, E17): of information,
and of help in person, which is information, a visit, checked papers and a place to file nearby. Two strengths are
solved, in this order: that of information, which acts on those who first learn of their need; then that of a visit, on
top of it. Where what is learnt alone would do more than was measured, there is no prompt, and the share of those
reached who take it in is solved instead.

The trial for which they are solved (``experiments.trial`` lives it) is that of all needs open at the start, pooled:
everybody reached, one service cycle, a desk without queue, visitors of mean trained skill, a window of 63 working days
from the announcement. What becomes of a need in it is computed here day by day, as an expectation. To a holder who
knows, acts at hazard h and loses the need at rate e, the chance of a grant is

    V(d) = exp(-h - e) V(d + 1) + (1 - exp(-h)) G(d + 1)

from day d on, G(d) being the chance that acting on day d leads to one in the window; a prompt adds a jump of
probability 1 - exp(-strength x keenness).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.compiled import inner, loop
from sim.errors import Infeasible
from sim.reference import Reference
from sim.rules import choice, filing, influence
from sim.rules.choice import COUNTER, EVENT, ONLINE, QUARTER
from sim.rules.start import complete_after

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WINDOW = QUARTER
STRONGEST = 0.9
"""A prompt on which more of the average holders would act at once is none that could be."""
HALVINGS = 60


class Strengths(NamedTuple):
    """What is solved: two prompts, as hazard at average keenness, and the chances that what is said is taken in.

    A prompt is above 0 only where it is certain that what is said is taken in.
    """

    information: float
    informed: float
    help: float
    heeded: float


class Stock(NamedTuple):
    """A sample of the needs open at the start, one row each, with what the outcome of acting depends on."""

    resident: Ints
    permit: Ints
    obstacle: Ints
    aware: Ints
    sanction: Floats
    tastes: Floats  # by channel's code, constants included


class People(NamedTuple):
    """The traits of residents, by row, that matter to it."""

    knowledge: Floats
    literacy: Floats
    trust: Floats
    at_work: Ints
    internet: Ints


class OfPermits(NamedTuple):
    """The numbers of permits, in catalogue order, that matter to it; rates are a working day's."""

    benefit: Floats
    fee: Floats
    broker_fee: Floats
    credit: Floats  # worth of credit at an event
    technical: Floats  # see ``sim.balance.Balance``
    hesitation: Floats
    base_rate: Floats
    mean_keenness: Floats
    ends: Floats
    learns: Floats
    requirements: Ints
    review_days: Ints


@inner
def _channels(stock, i, people, permits, norm, choosing, knowledge):
    """At this knowledge: the best standing channel, the next, whether an event is better, and the best's worth."""
    r, k = stock.resident[i], stock.permit[i]
    best, second, worth, next_worth, at_event = COUNTER, COUNTER, -1e300, -1e300, -1e300
    for c in range(ONLINE, EVENT + 1):
        if c == ONLINE and people.internet[r] == 0:
            continue
        value = choice.channel_value(
            c,
            stock.tastes[i, c],
            0.0,
            permits.benefit[k],
            stock.sanction[i],
            knowledge,
            people.literacy[r],
            people.at_work[r],
            people.trust[r],
            0.0,
            norm,
            permits.fee[k],
            permits.broker_fee[k],
            permits.credit[k],
            choosing,
        )
        if c == EVENT:
            at_event = value
        elif value > worth:
            best, second, worth, next_worth = c, best, value, worth
        elif value > next_worth:
            second, next_worth = c, value
    return best, second, at_event > worth, worth


@inner
def _granted(out, p, requirements, technical, review_days, channel, error_factor, skill, repaired):
    """Fill ``out[s]``: chance of a grant when a file is handed in with ``s`` days left, that day counted.

    ``error_factor`` is what knowledge and literacy make of a document's error, ``repaired`` the chance that a defect is
    completed on the spot.
    """
    ratio = filing.helper_ratio(channel, skill, p.officer_error, p.broker_error, p.assistance_error)
    error = min(p.document_error * ratio * error_factor, 0.95) * (1.0 - repaired)
    passes = 1.0 - filing.technical_failure(technical, 0, skill, p.assistance_technical)
    stays = 1.0 - 1.0 / max(p.correction_days, 1.0)
    for s in range(out.size):
        out[s] = 0.0
    before, comes = 0.0, 1.0
    for done in range(p.corrections + 1):
        complete = complete_after(requirements, error, p.document_correction, done)
        left = 1.0  # chance that the corrections so far take longer than the days left
        for s in range(1 + review_days, out.size):
            out[s] += passes * comes * (complete - before) * (1.0 if done == 0 else 1.0 - left)
            if done > 0 and (s - review_days) % done == 0:
                left *= stays
        before = complete
        comes *= p.comes_back


@inner
def _acting(out, first, then, p, fails, fails_then):
    """Fill ``out[s]``: chance of a grant when one acts with ``s`` days left.

    ``first`` and ``then`` are those of a file through the best channel and the next; they fail before that with
    ``fails`` and ``fails_then``. Who fails at the next tries the best again.
    """
    later, best_before, next_before, stays = 0.0, 0.0, 0.0, 1.0 - 1.0 / p.retry_days
    for s in range(out.size):
        later = stays * later + (1.0 - stays) * best_before
        goes_on, elsewhere = (1.0 - p.gives_up) * p.tries_later * later, (1.0 - p.gives_up) * (1.0 - p.tries_later)
        out[s] = (1.0 - fails) * first[s] + fails * (goes_on + elsewhere * next_before)
        next_before = (1.0 - fails_then) * then[s] + fails_then * (goes_on + elsewhere * best_before)
        best_before = out[s]


@inner
def _prospect(out, first, then, stock, i, people, permits, p, choosing, norm, knowledge, skill, mended):
    """Fill ``out`` with the chances of acting through standing channels, at this knowledge and ``skill`` of a helper.

    Returns the worth of the best and whether an event is better. ``mended`` is the chance that no obstacle stands.
    """
    r, k = stock.resident[i], stock.permit[i]
    best, second, better_at_event, worth = _channels(stock, i, people, permits, norm, choosing, knowledge)
    if best != ONLINE:
        second = best  # who is turned away at the counter comes back with what was missing
    literacy = people.literacy[r]
    for channel, chances in ((best, first), (second, then)):
        factor = filing.defect_chance(
            1e-3,
            channel,
            knowledge,
            p.knowledge_mean,
            literacy,
            p.literacy_mean,
            1.0,
            p.error_knowledge,
            p.error_literacy,
        )
        of_channel = 0.0 if channel == choice.BROKER else skill
        _granted(
            chances,
            p,
            permits.requirements[k],
            permits.technical[k],
            permits.review_days[k],
            channel,
            factor * 1e3,
            of_channel,
            0.0,
        )
    fails = choice.attempt_failure(best, p.online_failure, p.counter_failure, literacy, p.literacy_mean, skill)
    fails_then = choice.attempt_failure(second, p.online_failure, p.counter_failure, literacy, p.literacy_mean, skill)
    _acting(out, first, then, p, fails, fails_then)
    for s in range(out.size):
        out[s] *= mended
    return worth, better_at_event


@inner
def _at_event(first, stock, i, permits, p, knowledge, mended):
    """Chance of a grant when one files at the event, on its day."""
    k = stock.permit[i]
    factor = math.exp(-p.error_knowledge * (knowledge - p.knowledge_mean))
    _granted(
        first,
        p,
        permits.requirements[k],
        permits.technical[k],
        permits.review_days[k],
        EVENT,
        factor,
        p.skill,
        p.repair,
    )
    return mended * first[WINDOW - p.preparation_days]


@loop
def expectations(stock, people, permits, p, choosing, norm, information, taken_in):
    """What is expected of each need of the sample: its chance of a grant in each arm, by coefficients.

    Columns: the chance when nothing is done (0); when informed, the part that no prompt moves (1), that which falls by
    exp(-information x keenness) (2), and that keenness (3); when a visit is heeded, the part that its prompt does not
    move (4), those of the aware (5) and of the newly aware (6) that fall by exp(-help x keenness), and that keenness
    (7); when it is not heeded (8). ``taken_in`` is the chance that information is, ``information`` its prompt.
    """
    days = p.preparation_days
    found = np.zeros((stock.permit.size, 9))
    room = WINDOW + 1
    first, then, plain, told, seen = np.empty(room), np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    own, own_unaware, told_value, seen_value = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    near_value = np.empty(room)  # of those told who may file at the event
    for i in range(stock.permit.size):
        r, k = stock.resident[i], stock.permit[i]
        clear = 1.0 - stock.obstacle[i]
        mended = 1.0 if stock.obstacle[i] == 0 else p.obstacle_mended * p.skill
        hesitates = 1.0 if stock.obstacle[i] == 0 else permits.hesitation[k]
        rate, mean, cap = permits.base_rate[k], permits.mean_keenness[k], p.attention_cap
        ends, learns = permits.ends[k], permits.learns[k]
        knows = people.knowledge[r]
        worth, _event = _prospect(plain, first, then, stock, i, people, permits, p, choosing, norm, knows, 0.0, clear)
        own_rate = rate * hesitates * choice.keenness(worth, p.hazard_sensitivity)
        knows = influence.raised(knows, 1.0, p.knowledge_information)
        worth, event_told = _prospect(
            told, first, then, stock, i, people, permits, p, choosing, norm, knows, 0.0, clear
        )
        keen_told = choice.keenness(worth, p.hazard_sensitivity)
        told_rate = rate * hesitates * keen_told
        told_event = _at_event(first, stock, i, permits, p, knows, clear)
        knows = influence.raised(knows, 1.0, p.knowledge_help)
        worth, event_seen = _prospect(
            seen, first, then, stock, i, people, permits, p, choosing, norm, knows, p.skill, mended
        )
        keen_seen = choice.keenness(worth, p.hazard_sensitivity)
        seen_rate = rate * keen_seen
        seen_event = _at_event(first, stock, i, permits, p, knows, mended)
        # From the last day back: V(d), of those who know and of those who do not.
        own[WINDOW], own_unaware[WINDOW] = 0.0, 0.0
        told_value[WINDOW], near_value[WINDOW], seen_value[WINDOW] = 0.0, 0.0, 0.0
        for d in range(WINDOW - 1, -1, -1):
            left = WINDOW - d - 1
            own[d] = math.exp(-own_rate - ends) * own[d + 1] - math.expm1(-own_rate) * plain[left]
            own_unaware[d] = math.exp(-learns - ends) * own_unaware[d + 1] - math.expm1(-learns) * own[d + 1]
            told_value[d] = math.exp(-told_rate - ends) * told_value[d + 1] - math.expm1(-told_rate) * told[left]
            grant = told_event if event_told and d + 1 <= days else told[left]
            near_value[d] = math.exp(-told_rate - ends) * near_value[d + 1] - math.expm1(-told_rate) * grant
            grant = seen_event if event_seen and d + 1 <= days else seen[left]
            seen_value[d] = math.exp(-seen_rate - ends) * seen_value[d + 1] - math.expm1(-seen_rate) * grant
        relative_told, relative_seen = min(keen_told / mean, cap), min(keen_seen / mean, cap)
        aware = float(stock.aware[i])
        newly = (1.0 - aware) * taken_in
        found[i, 0] = aware * own[0] + (1.0 - aware) * own_unaware[0]
        found[i, 1] = aware * told_value[0] + newly * told[WINDOW] + (1.0 - aware - newly) * own_unaware[0]
        found[i, 2] = newly * (told_value[0] - told[WINDOW])
        found[i, 3] = relative_told
        # Helped: what happens before the visit, then at it and after, for each of the days on which it may be.
        acts = newly * -math.expm1(-information * relative_told)
        granted = acts * (told_event if event_told else told[WINDOW])
        found[i, 8] = granted + (aware + newly - acts) * near_value[0] + (1.0 - aware - newly) * own_unaware[0]
        knowing, unknowing = aware + newly - acts, 1.0 - aware - newly
        for d in range(days):
            left = WINDOW - d
            grant = seen_event if event_seen else seen[left]
            through = math.exp(-seen_rate) if d > 0 else 1.0  # own initiative of the last day acts with the visit
            found[i, 4] += (granted + (knowing + unknowing) * grant) / days
            found[i, 5] += knowing * through * (seen_value[d] - grant) / days
            found[i, 6] += unknowing * (seen_value[d] - grant) / days
            # Who is visited on a later day lives this one without.
            if d > 0:
                granted -= knowing * math.expm1(-told_rate) * (told_event if event_told else told[left])
                knowing *= math.exp(-told_rate - ends)
                knowing -= unknowing * math.expm1(-learns)
                unknowing *= math.exp(-learns - ends)
        found[i, 7] = relative_seen
    return found


def solve(
    stock: Stock,
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
