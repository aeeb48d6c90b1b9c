"""The election of RT and RW heads: who is replaced, who follows, and what becomes of those who leave office."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keliling.sim.election import elect, merit
from keliling.sim.rng import Draw
from keliling.sim.state import FORMER, RT_HEAD, RW_HEAD, VOLUNTEER

if TYPE_CHECKING:
    from keliling.sim.model import CoproductionModel
    from keliling.sim.state import Ints


def elect_heads(model: CoproductionModel, election: int) -> None:
    """Replace heads by election; those replaced keep their motives and, when active, stay on as volunteers."""
    role = model.world.coproducers.role[: model.world.counts.coproducers.item(0)]
    # Who holds an office is settled before the first vote: nobody who is elected today stands again today.
    for row in np.flatnonzero((role == RW_HEAD) | (role == RT_HEAD)).tolist():
        _stand(model, row, model.coproducer(row).role, election)


def _stand(model: CoproductionModel, holder: int, role: int, election: int) -> None:
    """Hold the election for the office of one head: the best of some drawn residents without an office may follow."""
    population, r = model.population, model.world.motives
    members, key = _electorate(model, holder, role)
    if model.draw(Draw.ELECTION, key, role, election) >= model.p.election_turnover:
        return
    known = r.coproducer[members]
    taken = ((known >= 0) & (model.world.coproducers.role[known] <= RT_HEAD)).astype(np.int64)
    merits = merit(r.intrinsic[members], r.social[members], r.normative[members], population.age[members])
    of_heads = 2 * (election + 1) + role  # those of the start are 0 and 1
    best = elect(*model.key, key, of_heads, model.p.head_candidates, merits, population.key[members], taken)
    if taken[best]:
        return
    old = model.coproducer(holder)
    old.role = VOLUNTEER if old.active else FORMER
    follower = model.recruit(members.item(best))
    follower.role = role
    if role == RW_HEAD:
        model.neighbourhood(follower.rw).head = follower.row
    model.world.tally.replaced[0] += 1


def _electorate(model: CoproductionModel, holder: int, role: int) -> tuple[Ints, int]:
    """Rows of those who may be elected, ascending by key, and the key of the RT or RW."""
    population, c = model.population, model.world.coproducers
    if role == RW_HEAD:
        rw = c.rw.item(holder)
        members = population.rw_members[population.rw_start[rw] : population.rw_start[rw + 1]]
        return members, population.rw_key.item(rw)
    rt = c.rt.item(holder)
    return population.rt_members[population.rt_start[rt] : population.rt_start[rt + 1]], population.rt_key.item(rt)
