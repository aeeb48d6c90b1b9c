"""The state on day 0: needs in their stationary distribution, heads in office, an idle outreach programme."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from keliling.sim import calendar
from keliling.sim.balance import YEAR
from keliling.sim.channels import column, keen
from keliling.sim.compiled import loop
from keliling.sim.ground import Ground, files_a_day
from keliling.sim.memory import blank, records
from keliling.sim.opening import hide
from keliling.sim.rng import PERMIT_BITS, Draw, holder_of, two_uniforms, uniform
from keliling.sim.rules.choice import next_look, own_rate
from keliling.sim.rules.influence import days_until, waited
from keliling.sim.rules.motivation import COMPANY_AT_BASE
from keliling.sim.rules.start import AWARE_WORKS, NOT_OPEN, STUCK, UNAWARE_WORKS, grown, licence_age, works_age
from keliling.sim.scenario import MONTH_DAYS, Scenario
from keliling.sim.state import (
    NEVER,
    OPEN,
    RT_HEAD,
    RW_HEAD,
    Applications,
    CoProducers,
    Counts,
    Events,
    Ints,
    Motives,
    Needs,
    Neighbourhoods,
    Office,
    Parts,
    Residents,
    Rts,
    Stock,
    Sums,
    Tally,
    World,
)
from keliling.sim.stock import drawn, solved_record
from keliling.sim.volunteering import take_up

STOCK_AGE, BIRTH, PATROL, RENEWAL = Draw.STOCK_AGE, Draw.BIRTH, Draw.PATROL, Draw.RENEWAL
LEARNS, HEADS_KNOW = Draw.LEARNS, Draw.HEADS_KNOW


@loop
def start_needs(
    seed,
    replicate,
    pairs,
    keen_of,
    solved,
    validity,
    detection,
    renewal,
    known_share,
    last_day,
    homes,
    needs,
    residents,
    stock,
    rts,
    known,
):
    """Fill the needs of day 0 (see ``sim.stock``), one keyed draw for each question, and count them.

    ``solved`` and ``validity`` have numbers of each permit, ``homes`` the RT and RW of each resident; ``needs``,
    ``residents``, ``stock`` and ``rts`` are records of the state, to be filled, and ``known`` open needs that the heads
    of each RW know of.
    """
    for i in range(needs.size):
        need, k, who, often = needs[i], pairs.permit[i], holder_of(pairs.key[i]), pairs.openings[i]
        one, occasion = solved[k], k << 24
        need.resident, need.permit, need.key = pairs.resident[i], k, pairs.key[i]
        need.event, need.works_until, need.patrol_day, need.expiry = -1, -1, -1, -1
        need.visit_day, need.felt_day = NEVER, NEVER
        cell, share, mark = drawn(seed, replicate, who, k, keen_of[i], often, solved)
        age_mark, month_mark = two_uniforms(seed, replicate, STOCK_AGE, who, occasion, 0)
        need.monthly = int(month_mark * MONTH_DAYS)
        stock[k].eligible += 1
        if cell != NOT_OPEN:
            stock[k].open += 1
            rts[homes[0][need.resident]].open += 1
            residents[need.resident].open_needs += 1
            need.status, need.obstacle, need.aware = OPEN, int(cell >= STUCK), int(cell % STUCK >= AWARE_WORKS)
            stock[k].obstructed += need.obstacle
            stock[k].unaware += 1 - need.aware
            need.known = int(uniform(seed, replicate, HEADS_KNOW, who, occasion, 0) < known_share)
            known[homes[1][need.resident]] += need.known
            hide(seed, replicate, who, occasion, occasion, needs, i, 0, one.ends)
            boost = 1.0
            if cell % STUCK == UNAWARE_WORKS or cell % STUCK == AWARE_WORKS:
                boost = one.boost
                hesitates = one.hesitation if need.obstacle > 0 else 1.0
                found = one.answered + one.ignored
                leaves = one.base_rate * keen_of[i] * boost * hesitates + found + one.ends
                age = works_age(
                    age_mark, cell % STUCK, one.works_days, one.unaware, one.learn_rate,
                    one.learn_rate + found + one.ends, leaves,
                )  # fmt: skip
                need.works_until = max(int(one.works_days) - int(age), 1)
                patrol = days_until(waited(uniform(seed, replicate, PATROL, who, occasion, 0)), detection / YEAR)
                if patrol < need.works_until:
                    need.patrol_day = patrol
            if need.aware == 0:
                need.learns = days_until(waited(uniform(seed, replicate, LEARNS, who, occasion, 0)), one.learn_rate)
            need.rate = own_rate(one.base_rate, keen_of[i] * boost, need.aware, need.obstacle, one.hesitation)
            need.due = next_look(
                -1, days_until(need.threshold, need.rate), need.aware, need.monthly, need.learns, need.ends,
                need.works_until, need.patrol_day,
            )  # fmt: skip
        else:
            # The same draw, stretched over the rest, says whether the last need ended in giving up.
            need.held = int((mark - share) / (1.0 - share) >= one.lapsed)
            births, valid = one.birth_rate * often, validity[k]
            born = days_until(waited(uniform(seed, replicate, BIRTH, who, occasion, 0)), births) - 1
            if valid > 0:
                renewed = (1.0 - one.lapsed) * one.opening_rate * often * renewal
                if uniform(seed, replicate, RENEWAL, who, occasion, 0) < renewed * grown(births, valid):
                    age_of = licence_age(uniform(seed, replicate, RENEWAL, who, occasion, 1), births, valid)
                    need.expiry = max(int(valid - age_of), 0)
                    born = min(born, need.expiry)
            need.due = min(born, last_day)
        stock[k].unmet += int(need.held == 0)


def initial(scenario: Scenario, base: Ground, p: SimpleNamespace, seed: int, replicate: int) -> World:
    """The World on day 0 of one run. ``p`` holds the values of day 0."""
    population, days = base.population, scenario.days
    residents = blank(
        Residents,
        population.key.size,
        knowledge=population.knowledge,
        trust=population.trust,
        expectation=population.expectation,
    )
    motives = blank(
        Motives,
        population.key.size,
        intrinsic=population.intrinsic,
        social=population.social,
        normative=population.normative,
        helped_day=NEVER,
        called_day=NEVER,
        coproducer=-1,
    )
    stock = blank(Stock, len(base.permits))
    rts, known = blank(Rts, population.rt_head.size), np.zeros(population.rw_head.size, np.int64)
    needs = _needs(scenario, base, seed, replicate, (residents, stock, rts), known)
    needs_due = calendar.empty(days)
    calendar.fill(needs_due, needs.after, needs.before, needs.due)
    coproducers, neighbourhoods = _heads(base, known, motives, p)
    expected = int(files_a_day(base) * days * 1.1) + 1024
    heads = population.rw_head.size + population.rt_head.size
    return World(
        residents=residents,
        motives=motives,
        needs=needs,
        applications=blank(Applications, expected),
        coproducers=coproducers,
        neighbourhoods=neighbourhoods,
        events=blank(Events, 1),
        parts=blank(Parts, 1),
        office=blank(Office, 1, pointer=-1, quality=p.lessons_start),
        stock=stock,
        rts=rts,
        sums=blank(Sums, 1),
        tally=blank(Tally, 1),
        counts=blank(Counts, 1, coproducers=heads),
        queue=np.zeros(expected, np.int64),
        needs_due=needs_due,
        applications_due=calendar.empty(days),
    )


def _needs(
    scenario: Scenario, base: Ground, seed: int, replicate: int, counts: tuple[Residents, Stock, Rts], known: Ints
) -> Needs:
    pairs, p, solved = base.pairs, base.reference, base.equilibrium
    who = pairs.key >> PERMIT_BITS
    keen_of = keen(
        seed, replicate, who, pairs.permit, base.values_at_start, solved.online, solved.broker, p.hazard_sensitivity
    )
    needs = blank(Needs, pairs.key.size)
    filled = (records(needs), *(records(table) for table in counts), known)
    of_permits = solved_record(solved.balances), column(p, base.permits, "validity_days").astype(np.int64)
    homes = base.population.rt, base.population.rw
    start_needs(
        seed,
        replicate,
        pairs,
        keen_of,
        *of_permits,
        p.detection_rate,
        p.renewal,
        p.known_share,
        scenario.days,
        homes,
        *filled,
    )
    return needs


@loop
def _take_office(coproducers, heads, rw, rt, rw_heads, skill):
    """Heads of RWs, the first so many of ``heads``, and of RTs, the others."""
    for row in range(heads.size):
        one = heads[row]
        take_up(coproducers, row, one, rw[one], rt[one], RW_HEAD if row < rw_heads else RT_HEAD, skill)


def _heads(base: Ground, known: Ints, motives: Motives, p: SimpleNamespace) -> tuple[CoProducers, Neighbourhoods]:
    population = base.population
    n_rw, n_rt = population.rw_head.size, population.rt_head.size
    heads = n_rw + n_rt
    rows = np.concatenate([population.rw_head, population.rt_head])
    coproducers = blank(CoProducers, heads)
    _take_office(records(coproducers), rows, population.rw, population.rt, n_rw, p.skill_start)
    # Where a small RW left nobody else to elect, one resident holds both offices and the higher one counts.
    motives.coproducer[rows[::-1]] = np.arange(heads)[::-1]
    neighbourhoods = blank(
        Neighbourhoods,
        n_rw,
        head=np.arange(n_rw),
        declined_day=NEVER,
        last_event=NEVER,
        running=-1,
        company=COMPANY_AT_BASE,
        known=known,
        norm=1.0 - p.broker_share,
    )
    return coproducers, neighbourhoods
