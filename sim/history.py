"""What the run of one district leaves behind: its months, its neighbourhoods, and who filed what on which day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim.ground import Ground
from keliling.sim.records import BY_RW, MONTH, CountsByRw, Months, Record, record_of
from keliling.sim.rules.choice import EVENT
from keliling.sim.scenario import Scenario
from keliling.sim.state import Ints, World

ATTEMPT_BITS, ORDINAL_BITS = 8, 16  # as in an occasion, see sim.rng.packed


class Filings(NamedTuple):
    """Every application of a run, in the order of ``key``: what one run filed can be looked up in another.

    Both arms of a pair have the same residents, so a key means the same application in both.
    """

    key: Ints  # resident and permit, n-th need of it, n-th application for that, as one number
    day: NDArray[np.int32]  # on which it was filed
    at_event: NDArray[np.bool_]


class Invitations(NamedTuple):
    """Everybody who was asked to co-produce, or came unasked, in that order: who joins can be told from it.

    Thirds are those among adults at the start of the run, 0 the lowest.
    """

    day: Ints  # on which one was asked
    rw: Ints  # number of the RW that hosts; of the own one between events
    reason: Ints  # place in ``sim.state.REASONS``
    invitation: Ints  # the person's n-th
    decisive: Ints  # 1 for the decisive type
    intrinsic: Ints  # third
    social: Ints
    normative: Ints
    joined: Ints  # 1 for those who took part


@dataclass(frozen=True, eq=False)
class History:
    """One district's run as it is kept. The state of its last day is let go."""

    district: str
    """Slug of its profile."""
    records: list[Record]
    """One of each month."""
    rws: Ints
    """Numbers of the RWs within the district."""
    by_rw: CountsByRw
    """Month by RW by what ``sim.records.BY_RW`` counts."""
    filings: Filings
    invitations: Invitations

    def of_rws(self, first: int, months: int) -> dict[str, list[int]]:
        """What is counted by RW, summed over so many months from the ``first``."""
        sums = self.by_rw[first : first + months].sum(axis=0)
        return {name: sums[:, at].tolist() for at, name in enumerate(BY_RW)}


def history(scenario: Scenario, ground: Ground, months: Months, world: World, day: int) -> History:
    """What a run has left behind by the morning of ``day``."""
    lived = day // MONTH
    return History(
        scenario.profile.slug,
        records_of(months, ground, day),
        ground.population.rw_number,
        months.by_rw[:lived].copy(),
        filings_of(world),
        invitations_of(world, ground),
    )


def records_of(months: Months, ground: Ground, day: int) -> list[Record]:
    """The records of the months that are over by the morning of ``day``."""
    return [record_of(months, month, ground.permits) for month in range(day // MONTH)]


def filings_of(world: World) -> Filings:
    """Every application filed so far."""
    a, used = world.applications, world.counts.applications.item(0)
    need = world.needs.key[a.need[:used]]
    key = (need << ORDINAL_BITS | a.ordinal[:used]) << ATTEMPT_BITS | a.attempt[:used]
    order = np.argsort(key, kind="stable")
    return Filings(key[order], a.submitted[:used][order].astype(np.int32), a.channel[:used][order] == EVENT)


def invitations_of(world: World, ground: Ground) -> Invitations:
    """Everybody who was asked so far."""
    used, parts, people = world.counts.parts.item(0), world.parts, ground.population
    event, who = parts.event[:used], world.coproducers.resident[parts.coproducer[:used]]
    intrinsic, social, normative = (
        np.searchsorted(ends, getattr(people, name)[who], side="right").astype(np.int64)
        for name, ends in zip(("intrinsic", "social", "normative"), ground.motive_thirds, strict=True)
    )
    return Invitations(
        parts.day[:used].copy(),
        people.rw_number[np.where(event < 0, people.rw[who], world.events.rw[event])],
        parts.reason[:used].copy(),
        parts.invitation[:used].copy(),
        people.decisive[who],
        intrinsic,
        social,
        normative,
        parts.joined[:used].copy(),
    )
