"""The satisfaction at which a complaint has its base rate, such that complaints average that rate over base's files.

The chance of a complaint is exponential in satisfaction, which is the mean of nine latent scores cut to the scale.
Given what was lived through and what an applicant brings to all nine, the nine are independent, and the mean of the
exponential is a product of nine closed forms. That is averaged over what applicants bring (their own noise and their
expectation), and over the files decided at base (``sim.decided``). Nothing is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.answers import Answers, satisfaction_table
from keliling.sim.compiled import loop
from keliling.sim.decided import CHANNELS, FAILED_REVIEW, IS_GRANTED, waits
from keliling.sim.parameters import Permit
from keliling.sim.rules import satisfaction
from keliling.sim.rules.influence import toward

Floats = NDArray[np.float64]

TIMES = 32  # steps in which the experience of days is taken apart; what lies between is shared by its neighbours
NODES, REACH = 61, 6.0  # of what an applicant brings: points, and how far from the mean in standard deviations
HALVINGS = 60  # until the interval is narrower than a number's digits


class Kinds(NamedTuple):
    """Kinds of files by what their applicants lived through; one entry for every kind."""

    felt: Floats  # the seven weighted experiences, see ``satisfaction.weighted``
    before: NDArray[np.int64]  # rejections before
    granted: NDArray[np.bool_]
    share: Floats  # of all files


def complaint_reference(
    p: SimpleNamespace, answers: Answers, files: Floats, expectation: tuple[float, float], permits: tuple[Permit, ...]
) -> float:
    """Satisfaction (1-4) at which a complaint has the chance ``complaint_rate``.

    ``files`` are those decided at base (see ``decided_at_base``), ``expectation`` the mean and spread of what people
    expect at the start.
    """
    if p.complaint_steepness <= 0.0:
        return float(p.ikm_base / 25.0)  # the chance is the same at every score
    kinds = kinds_of(p, files, permits)
    brought, spread = what_is_brought(p, answers, kinds, expectation)
    nodes = np.linspace(-REACH, REACH, NODES)
    density = np.exp(-0.5 * nodes * nodes)
    weight = np.outer(kinds.share, density / density.sum())
    routing = np.array(satisfaction_table()[0])

    def means(power: float) -> Floats:
        steepness = power * p.complaint_steepness
        found: Floats = exponentials(kinds.felt, routing, brought, spread, nodes, p.element_sd, steepness)
        return found

    return math.log(level_of(weight, means, p)) / p.complaint_steepness


def kinds_of(p: SimpleNamespace, files: Floats, permits: tuple[Permit, ...]) -> Kinds:
    """The kinds of files, nobody waiting but for corrections and reviews, and nobody having complained yet."""
    reference = satisfaction_table()[1]
    found: dict[tuple[int, int, int, int, bool], float] = {}
    for (k, channel, before, end, returns), number in np.ndenumerate(files):
        if number > 0.0:
            reviewed = end in (IS_GRANTED, FAILED_REVIEW)
            for time, share in enumerate(_times(p, permits[k], returns, reviewed).tolist()):
                if share > 0.0:
                    kind = (channel, before, returns, time, end == IS_GRANTED)
                    found[kind] = found.get(kind, 0.0) + number * share
    felt = []
    for channel, _, returns, time, granted in found:
        met = satisfaction.experiences(
            returns, time / TIMES, CHANNELS[channel], int(granted), 0.0, 0, p.contact_officer, p.contact_alone,
            reference[satisfaction.HANDLING],
        )  # fmt: skip
        felt.append(satisfaction.weighted(met, reference, p.weight_decision, p.weight_time, p.weight_other))
    share = np.array(list(found.values()))
    before = np.array([before for _, before, _, _, _ in found], np.int64)
    granted_ = np.array([granted for _, _, _, _, granted in found], np.bool_)
    return Kinds(np.array(felt), before, granted_, share / share.sum())


def _times(p: SimpleNamespace, permit: Permit, returns: int, reviewed: bool) -> Floats:
    """Shares of the experience of days at 0, 1/TIMES, ..., 1, for a file that came back ``returns`` times."""
    days = np.ones(1)
    for _ in range(returns):
        days = np.convolve(days, waits(p) / waits(p).sum())
    standard, review = (getattr(p, f"{permit.name}_{field}") for field in ("statutory_days", "review_days"))
    found = np.zeros(TIMES + 1)
    for elapsed, share in enumerate(days.tolist()):
        place = TIMES * satisfaction.experienced_time(elapsed + (review if reviewed else 0), standard, p.time_grace)
        below = min(int(place), TIMES - 1)
        found[below] += share * (below + 1 - place)
        found[below + 1] += share * (place - below)
    return found


def what_is_brought(
    p: SimpleNamespace, answers: Answers, kinds: Kinds, expectation: tuple[float, float]
) -> tuple[Floats, Floats]:
    """What applicants bring to all nine elements, by kind: the mean, base score included, and its spread.

    Expectation moves toward what a rejection was like; the spread is that of people's own noise and expectations.
    """
    performance = answers.base_score + kinds.felt.sum(axis=1)
    mean, spread = expectation
    brought, spreads = np.empty(kinds.share.size), np.empty(kinds.share.size)
    for before in range(int(kinds.before.max()) + 1):
        now = kinds.before == before
        brought[now] = answers.base_score + p.weight_disconfirmation * (performance[now] - mean)
        felt = p.weight_disconfirmation * spread
        spreads[now] = math.sqrt(answers.person_sd * answers.person_sd + felt * felt)
        lost = now & ~kinds.granted
        if lost.any():
            met = float(np.average(performance[lost], weights=kinds.share[lost]))
            mean, spread = (
                min(max(toward(mean, met, p.expectation_speed), 1.0), 4.0),
                (1.0 - p.expectation_speed) * spread,
            )
    return brought, spreads


@loop
def exponentials(felt, routing, brought, spread, nodes, element_sd, steepness):
    """Mean of exp(-steepness x satisfaction) for every kind of file and node of what applicants bring."""
    found = np.empty((felt.shape[0], nodes.size))
    elements = routing.shape[0]
    for kind in range(felt.shape[0]):
        for node in range(nodes.size):
            value = 1.0
            for element in range(elements):
                score = brought[kind] + spread[kind] * nodes[node]
                for j in range(routing.shape[1]):
                    score += routing[element, j] * felt[kind, j]
                value *= satisfaction.cut_exponential(score, element_sd, steepness / elements)
            found[kind, node] = value
    return found


def level_of(weight: Floats, means: Callable[[float], Floats], p: SimpleNamespace) -> float:
    """exp(steepness x reference) at which chances, cut to ``complaint_most``, average ``complaint_rate``.

    ``means(power)`` are those of exp(-power x steepness x satisfaction). Where the cut can be reached at all the
    exponential is taken to be lognormal given all but the noise of elements, whose part in it is small.
    """
    mean = means(1.0)
    level = 1.0 / float((weight * mean).sum())
    lowest_score = math.exp(-p.complaint_steepness)
    if p.complaint_rate * level * lowest_score <= p.complaint_most:
        return level
    square, most = means(2.0), p.complaint_most / p.complaint_rate
    low, high = level, level
    while cut_mean(weight, mean, square, most / high) * high < 1.0:
        high *= 2.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if cut_mean(weight, mean, square, most / middle) * middle < 1.0 else (low, middle)
    return high


@loop
def cut_mean(weight, mean, square, most):
    """Mean of lognormals of these means and mean squares, cut to ``most``."""
    total = 0.0
    for kind in range(weight.shape[0]):
        for node in range(weight.shape[1]):
            m = mean[kind, node]
            spread = math.sqrt(max(math.log(square[kind, node] / (m * m)), 1e-12))
            edge = math.log(most / m) / spread
            below = 0.5 * (1.0 + math.erf((edge - 0.5 * spread) / math.sqrt(2.0)))
            above = 0.5 * (1.0 - math.erf((edge + 0.5 * spread) / math.sqrt(2.0)))
            total += weight[kind, node] * (m * below + most * above)
    return total
