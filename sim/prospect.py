"""What acting on an open need is expected to lead to within a window: the chance of a grant, by days left.

A need that is acted on is tried through the best standing channel, then elsewhere or later; what is filed is examined,
corrected and reviewed. Who fails may come again within the window: with what is known by now, but unhelped.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.compiled import inner
from keliling.sim.rules import choice, filing
from keliling.sim.rules.choice import COUNTER, EVENT, ONLINE, QUARTER
from keliling.sim.rules.start import complete_after

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WINDOW = QUARTER


class StockSample(NamedTuple):
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
def _granted(out, p, requirements, technical, review_days, channel, error_factor, skill, repaired, again):
    """Fill ``out[s]``: chance of a grant when a file is handed in with ``s`` days left, that day counted.

    ``error_factor`` is what knowledge and literacy make of a document's error, ``repaired`` the chance that a defect is
    completed on the spot, ``again[s]`` the chance of a grant after all when a file fails with ``s`` days left.
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
        reviewed, spent = comes * (complete - before), int(done * p.correction_days)
        left = 1.0  # chance that the corrections so far take longer than the days left
        for s in range(1 + review_days, out.size):
            out[s] += reviewed * passes * (1.0 if done == 0 else 1.0 - left)
            out[s] += reviewed * (1.0 - passes) * again[max(s - review_days - spent, 0)]
            if done > 0 and (s - review_days) % done == 0:
                left *= stays
        # What is not complete fails at the last examination, or at the deadline of a correction.
        fails = comes * (1.0 - complete)
        if done < p.corrections:
            fails *= 1.0 - p.comes_back
            spent += p.correction_deadline + 1
        for s in range(spent, out.size):
            out[s] += fails * again[s - spent]
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
def prospect(out, first, then, again, stock, i, people, permits, p, choosing, norm, knowledge, skill, mended):
    """Fill ``out[s]``: chance of a grant when one acts through standing channels with ``s`` days left.

    ``knowledge`` and the ``skill`` of a helper are those of then, ``mended`` is the chance that no obstacle stands,
    ``again`` what ``come_again`` gives; ``first`` and ``then`` are room. Returns the worth of the best channel, and
    whether an event is better.
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
            again,
        )
    fails = choice.attempt_failure(best, p.online_failure, p.counter_failure, literacy, p.literacy_mean, skill)
    fails_then = choice.attempt_failure(second, p.online_failure, p.counter_failure, literacy, p.literacy_mean, skill)
    _acting(out, first, then, p, fails, fails_then)
    for s in range(out.size):
        out[s] *= mended
    return worth, better_at_event


@inner
def at_event(first, again, stock, i, permits, p, knowledge, mended):
    """Chance of a grant when one files at the event, on its day; ``first`` is room."""
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
        again,
    )
    return mended * first[WINDOW - p.preparation_days]


@inner
def held(out, chances, rate, ends):
    """Fill ``out[s]``: chance of a grant of a need open with ``s`` days left, acted on at hazard ``rate`` a day.

    It is lost at rate ``ends``; ``chances[s]`` is what acting leads to.
    """
    out[0] = 0.0
    for s in range(1, out.size):
        out[s] = math.exp(-rate - ends) * out[s - 1] - math.expm1(-rate) * chances[s - 1]


@inner
def come_again(out, value, p):
    """Fill ``out[s]``: chance of a grant after a file that fails with ``s`` days left, when the need may open again.

    ``value[s]`` is the chance when it opens with ``s`` days left.
    """
    stays = 1.0 - 1.0 / max(p.reapply_days, 1.0)
    out[0] = 0.0
    for s in range(1, out.size):
        out[s] = stays * out[s - 1] + (1.0 - stays) * p.reapply * value[s - 1]
