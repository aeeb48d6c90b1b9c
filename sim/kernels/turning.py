"""Routine 6: at the end of a month dropouts, elections, the survey and the record. Twin of ``calendar_turns``."""

from __future__ import annotations

import numpy as np

from keliling.sim.compiled import inner_with_arrays
from keliling.sim.election import elect, election_of, merit
from keliling.sim.kernels.applicant import draw
from keliling.sim.kernels.coproducing import months_pass, recruit
from keliling.sim.records import HALF_YEAR, MONTH, count_month, survey
from keliling.sim.rng import Draw
from keliling.sim.state import FORMER, RT_HEAD, RW_HEAD, VOLUNTEER

ELECTION = Draw.ELECTION


@inner_with_arrays
def calendar_turns(inputs, p, permits, rows, months, day, willingness):
    """Live routine 6; fills the month's row of ``months``."""
    if (day + 1) % MONTH:
        return
    month = day // MONTH
    months_pass(inputs, p, rows, day, month, willingness)
    election = election_of(month, p.election_month, p.election_term)
    if p.elections and election >= 0:
        elect_heads(inputs, p, rows, election)
    if (month + 1) % HALF_YEAR == 0:
        survey(rows.applications, rows.counts[0], day, p.survey_frame, p.survey_n, inputs.sample_sizes)
    count_month(months, month, rows, inputs, p, permits, day)


@inner_with_arrays
def elect_heads(inputs, p, rows, election):
    """Replace heads by election; those replaced keep their motives and, when active, stay on as volunteers."""
    # Who holds an office is settled before the first vote: nobody who is elected today stands again today.
    used = rows.counts[0].coproducers
    role = np.empty(used, np.int64)
    for row in range(used):
        role[row] = rows.coproducers[row].role
    for row in range(used):
        if role[row] == RW_HEAD:
            rw = rows.coproducers[row].rw
            members = inputs.rw_members[inputs.rw_start[rw] : inputs.rw_start[rw + 1]]
            _stand(inputs, p, rows, row, RW_HEAD, inputs.rw_key[rw], members, election)
        elif role[row] == RT_HEAD:
            rt = rows.coproducers[row].rt
            members = inputs.rt_members[inputs.rt_start[rt] : inputs.rt_start[rt + 1]]
            _stand(inputs, p, rows, row, RT_HEAD, inputs.rt_key[rt], members, election)


@inner_with_arrays
def _stand(inputs, p, rows, holder, role, key, members, election):
    """Hold the election for the office of one head: the best of some drawn residents without an office may follow."""
    if draw(inputs, ELECTION, key, role, election) >= p.election_turnover:
        return
    merits, keys = np.empty(members.size), np.empty(members.size, np.int64)
    taken = np.zeros(members.size, np.int64)
    for k in range(members.size):
        r, who = rows.motives[members[k]], inputs.traits[members[k]]
        merits[k], keys[k] = merit(r.intrinsic, r.social, r.normative, who.age), who.key
        taken[k] = r.coproducer >= 0 and rows.coproducers[r.coproducer].role <= RT_HEAD
    fixed = inputs.fixed[0]
    of_heads = 2 * (election + 1) + role  # those of the start are 0 and 1
    best = elect(fixed.seed, fixed.replicate, key, of_heads, p.head_candidates, merits, keys, taken)
    if taken[best]:
        return
    old = rows.coproducers[holder]
    old.role = VOLUNTEER if old.active else FORMER
    row = recruit(inputs, p, rows, members[best])
    rows.coproducers[row].role = role
    if role == RW_HEAD:
        rows.neighbourhoods[rows.coproducers[row].rw].head = row
    rows.tally[0].replaced += 1.0
