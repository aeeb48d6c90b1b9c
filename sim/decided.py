"""The files decided at base, by what their applicants lived through: computed from the rules, nothing drawn.

A pair of a resident and a permit files through the channels by their worth: tastes are Gumbel, so first choices are
the shares of a logit, and so is the next best channel after an online attempt that failed. What comes of a file is
binomial in its defects. After a rejection or withdrawal the file may come again, by the same tastes and with the
knowledge that a rejection leaves. The desk is that of base: files are examined on the day on which they come in.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.balance import obstacle_share, technical_of_clear
from keliling.sim.compiled import inner, loop
from keliling.sim.parameters import Permit
from keliling.sim.population import Population
from keliling.sim.rules.choice import BROKER, COUNTER, ONLINE, attempt_failure
from keliling.sim.rules.filing import defect_chance, helper_ratio
from keliling.sim.rules.influence import raised

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHANNELS = (ONLINE, COUNTER, BROKER)  # there are no events at base
MOST_BEFORE = 2  # rejections before a file that are told apart; more count as so many
IS_GRANTED, FAILED_REVIEW, DEFECTIVE = range(3)  # how a file ends that is decided


class Filing(NamedTuple):
    """What decides how a file ends: parameters under their own names, and the chance that a returned one comes back."""

    document_error: float
    error_knowledge: float
    error_literacy: float
    knowledge_mean: float
    literacy_mean: float
    officer_error: float
    broker_error: float
    online_failure: float
    gives_up: float
    tries_later: float
    document_correction: float
    reapply: float
    knowledge_experience: float
    comes_back: float


def decided_at_base(
    population: Population,
    pairs: tuple[Ints, Ints, Floats],
    worth: tuple[Floats, float, float],
    p: SimpleNamespace,
    permits: tuple[Permit, ...],
    flow: Floats,
) -> Floats:
    """Files decided a day at base: by permit, channel (in the order of CHANNELS), rejections before, end, and returns.

    ``pairs`` are the resident and the permit of some pairs and how often their needs arise, ``worth`` the worth of the
    channels for each (see ``plain_values``) and the constants of online and broker; ``flow`` are the files of own
    initiative by permit.
    """
    known = {name: float(getattr(p, name)) for name in Filing._fields if name != "comes_back"}
    filing = Filing(**known, comes_back=float(p.correction_chance * waits(p).sum()))
    documents = np.array([getattr(p, f"{k.name}_requirements") for k in permits], np.int64)
    obstacle = np.array([obstacle_share(p, k) for k in permits])
    # A file with an obstacle fails its review, and its need does not come up again.
    kinds = (
        (flow * (1.0 - obstacle), np.array([technical_of_clear(p, k) for k in permits]), filing),
        (flow * obstacle, np.ones(len(permits)), filing._replace(reapply=0.0)),
    )
    found = np.zeros((len(permits), len(CHANNELS), 1 + MOST_BEFORE, 3, 1 + p.corrections))
    for files_of, technical, of_kind in kinds:
        counted = np.zeros_like(found)
        _count(*pairs, *worth, population.knowledge, population.literacy, documents, technical, of_kind, counted)
        total = counted.sum(axis=(1, 2, 3, 4), keepdims=True)
        found += counted * (files_of[:, None, None, None, None] / np.where(total > 0.0, total, np.inf))
    return found


def waits(p: SimpleNamespace) -> Floats:
    """Chance that a correction takes 0, 1, 2, ... working days, up to the deadline; the rest comes too late."""
    days = np.arange(p.correction_deadline + 1)
    chance = 1.0 / max(p.correction_days, 1.0)
    found: Floats = np.where(days > 0, chance * (1.0 - chance) ** np.maximum(days - 1.0, 0.0), 0.0)
    return found


@loop
def _count(
    resident, permit, openings, values, online, broker, knowledge, literacy, documents, technical, filing, files
):
    """Add up the files of all pairs; a pair is followed from one rejection to the next."""
    rounds = files.shape[4]
    ends = np.empty((3, 3, rounds))
    choosing, filed = np.empty(3), np.zeros((3, 3))  # by first choice; by it and the channel filed through
    rejected, withdrawn, number = np.empty(3), np.empty(3), np.empty(3)  # by channel
    filed[1, 1], filed[2, 2] = 1.0, 1.0
    for i in range(resident.size):
        r, k = resident[i], permit[i]
        _first_choices(values[i, 0] + online, values[i, 1], values[i, 2] + broker, choosing)
        failing = attempt_failure(ONLINE, filing.online_failure, 0.0, literacy[r], filing.literacy_mean, 0.0)
        tries = failing * (1.0 - filing.gives_up)
        again = 1.0 - tries * filing.tries_later
        filed[0, 0] = (1.0 - failing) / again
        moves = tries * (1.0 - filing.tries_later) / again
        filed[0, 1] = moves * choosing[1] / (choosing[1] + choosing[2])
        filed[0, 2] = moves - filed[0, 1]
        know = knowledge[r]
        for before in range(1 + MOST_BEFORE):
            for c in range(3):
                channel = CHANNELS[c]
                chance = defect_chance(
                    filing.document_error,
                    channel,
                    know,
                    filing.knowledge_mean,
                    literacy[r],
                    filing.literacy_mean,
                    helper_ratio(channel, 0.0, filing.officer_error, filing.broker_error, 1.0),
                    filing.error_knowledge,
                    filing.error_literacy,
                )
                rejected[c], withdrawn[c] = _end(chance, documents[k], technical[k], filing, rounds, ends[c])
                number[c] = 0.0
            for choice in range(3):
                stays, leaves = 0.0, 0.0
                for c in range(3):
                    stays += filed[choice, c] * withdrawn[c]
                    leaves += filed[choice, c] * rejected[c]
                if before == MOST_BEFORE:
                    stays, leaves = stays + leaves, 0.0
                files_of = choosing[choice] / (1.0 - filing.reapply * stays)
                choosing[choice] = files_of * filing.reapply * leaves
                for c in range(3):
                    number[c] += files_of * filed[choice, c]
            for c in range(3):
                for end in range(3):
                    for returns in range(rounds):
                        files[k, c, before, end, returns] += openings[i] * number[c] * ends[c, end, returns]
            know = raised(know, 1.0, filing.knowledge_experience)


@inner
def _first_choices(online, counter, broker, chosen):
    """Shares of the channels as a first choice, by their worth."""
    top = max(online, counter, broker)
    chosen[0], chosen[1], chosen[2] = math.exp(online - top), math.exp(counter - top), math.exp(broker - top)
    total = chosen[0] + chosen[1] + chosen[2]
    for c in range(3):
        chosen[c] /= total


@inner
def _end(chance, documents, technical, filing, rounds, ends):
    """How a file ends, by its returns, when each document is defective with this chance.

    Returns its chances of being rejected and of being withdrawn.
    """
    there, clean_before = 1.0, 0.0  # not withdrawn so far; without a defect in the last round
    rejected = 0.0
    left = 1.0
    for returns in range(rounds):
        clean = 1.0
        for _ in range(documents):
            clean *= 1.0 - chance
        complete = there * (clean - clean_before)
        ends[IS_GRANTED, returns] = complete * (1.0 - technical)
        ends[FAILED_REVIEW, returns] = complete * technical
        ends[DEFECTIVE, returns] = there * (1.0 - clean) if returns == rounds - 1 else 0.0
        rejected += ends[FAILED_REVIEW, returns] + ends[DEFECTIVE, returns]
        left -= complete + ends[DEFECTIVE, returns]
        there *= filing.comes_back
        clean_before = clean
        chance *= 1.0 - filing.document_correction
    return rejected, left
