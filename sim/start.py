"""The state on day 0: needs in their stationary distribution, heads in office, an idle outreach programme."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from sim import calendar
from sim.compiled import loop, with_fields
from sim.equilibrium import column, keen, lapsed_share, opening_rate, works_boost
from sim.ground import Ground, openings_a_day
from sim.rng import Draw, two_uniforms, uniform
from sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE, taste
from sim.rules.influence import days_until, waited
from sim.rules.start import mean_wait, need_age, open_share
from sim.scenario import MONTH_DAYS, Scenario
from sim.state import (
    NEVER,
    OPEN,
    RT_HEAD,
    RW_HEAD,
    Applications,
    CoProducers,
    Counts,
    Events,
    Motives,
    Needs,
    Neighbourhoods,
    Office,
    Parts,
    Residents,
    Stock,
    Tally,
    World,
    blank,
    records,
)

STOCK, STOCK_AGE, BIRTH, THRESHOLD, PATROL = Draw.STOCK, Draw.STOCK_AGE, Draw.BIRTH, Draw.THRESHOLD, Draw.PATROL
RENEWAL, TASTE = Draw.RENEWAL, Draw.TASTE


# What sets the start of a permit's needs; rates are a working day's.
AT_START = np.dtype(
    [
        (name, np.float64)
        for name in (
            "base_rate",  # of acting, at keenness 1
            "openings",  # of all needs, by holder
            "new_births",  # of new needs alone
            "lapsed",  # share of needs that end in giving up
            "boost",  # of the rate while works last
            "works_days",
            "validity_days",
        )
    ]
)


@loop
def start_needs(seed, replicate, pairs, keenness_of, permits, detection, renewal, last_day, needs, residents, stock):
    """Fill the needs of day 0 (see ``sim.rules.start``), one keyed draw for each question, and count them.

    ``permits`` has AT_START by permit; ``needs``, ``residents`` and ``stock`` are records of the state, to be filled.
    """
    for i in range(needs.size):
        need, k, who = needs[i], pairs.permit[i], pairs.key[i] >> 3
        permit, occasion = permits[k], k << 24
        need.resident, need.permit, need.key = pairs.resident[i], k, pairs.key[i]
        need.event, need.works_until, need.patrol_day, need.expiry = -1, -1, -1, -1
        later = permit.base_rate * keenness_of[i]
        at_works = later * permit.boost
        share = open_share(permit.openings, mean_wait(at_works, later, permit.works_days))
        mark = uniform(seed, replicate, STOCK, who, occasion, 0)
        age_mark, month_mark = two_uniforms(seed, replicate, STOCK_AGE, who, occasion, 0)
        need.monthly = int(month_mark * MONTH_DAYS)
        stock[k].eligible += 1
        if mark < share:
            need.status = OPEN
            need.threshold = waited(uniform(seed, replicate, THRESHOLD, who, occasion, 0))
            need.taste_online = taste(uniform(seed, replicate, TASTE, who, occasion, ONLINE))
            need.taste_counter = taste(uniform(seed, replicate, TASTE, who, occasion, COUNTER))
            need.taste_broker = taste(uniform(seed, replicate, TASTE, who, occasion, BROKER))
            need.taste_event = taste(uniform(seed, replicate, TASTE, who, occasion, EVENT))
            age = int(need_age(age_mark, at_works, later, permit.works_days))
            need.rate = later
            if age < permit.works_days:
                need.works_until = int(permit.works_days) - age
                need.rate = at_works
                found = days_until(waited(uniform(seed, replicate, PATROL, who, occasion, 0)), detection / 252.0)
                if found < need.works_until:
                    need.patrol_day = found
            need.due = min(need.monthly, days_until(need.threshold, need.rate))
            if need.works_until > 0:
                need.due = min(need.due, need.works_until)
            if need.patrol_day >= 0:
                need.due = min(need.due, need.patrol_day)
            stock[k].open += 1
            residents[need.resident].open_needs += 1
        else:
            # The same draw, stretched over the rest, says whether the last need ended in giving up.
            need.held = int((mark - share) / (1.0 - share) >= permit.lapsed)
            born = days_until(waited(uniform(seed, replicate, BIRTH, who, occasion, 0)), permit.new_births) - 1
            valid = permit.validity_days
            if valid > 0.0:
                dated = min(permit.openings * valid * renewal, 0.95)
                if uniform(seed, replicate, RENEWAL, who, occasion, 0) < dated:
                    need.expiry = int(uniform(seed, replicate, RENEWAL, who, occasion, 1) * valid)
                    born = min(born, need.expiry)
            need.due = min(born, last_day)
        stock[k].unmet += int(need.held == 0)


@loop
def open_by_rw(residents, rw, count):
    """Open needs in each of ``count`` RWs; ``rw`` is that of each resident."""
    found = np.zeros(count, np.int64)
    for i in range(residents.size):
        found[rw[i]] += residents[i].open_needs
    return found


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
        coproducer=-1,
    )
    stock = blank(Stock, len(base.permits))
    needs = _needs(base, residents, stock, seed, replicate, days)
    needs_due = calendar.empty(days)
    calendar.fill(needs_due, needs.after, needs.before, needs.due)
    coproducers, neighbourhoods = _heads(base, residents, motives, p)
    expected = int(sum(openings_a_day(base)) * days * 1.1) + 1024
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
        tally=blank(Tally, 1),
        counts=blank(Counts, 1, coproducers=heads),
        queue=np.zeros(expected, np.int64),
        needs_due=needs_due,
        applications_due=calendar.empty(days),
    )


def _needs(base: Ground, residents: Residents, stock: Stock, seed: int, replicate: int, days: int) -> Needs:
    pairs, p, solved = base.pairs, base.reference, base.equilibrium
    keenness_of = keen(
        seed,
        replicate,
        pairs.key >> 3,
        pairs.permit,
        base.values_at_start,
        solved.online,
        solved.broker,
        p.hazard_sensitivity,
    )
    permits = np.zeros(len(base.permits), AT_START)
    permits["base_rate"] = solved.base_rate
    permits["openings"] = [opening_rate(p, k) for k in base.permits]
    permits["new_births"] = column(p, base.permits, "need_rate") / 252.0
    permits["lapsed"] = [lapsed_share(p, k) for k in base.permits]
    permits["boost"] = [works_boost(p, k) for k in base.permits]
    permits["works_days"] = [getattr(p, f"{k.name}_works_days") if k.enforced else 0.0 for k in base.permits]
    permits["validity_days"] = column(p, base.permits, "validity_days")
    needs = blank(Needs, pairs.key.size)
    filled = (records(needs), records(residents), records(stock))
    start_needs(seed, replicate, pairs, keenness_of, with_fields(permits), p.detection_rate, p.renewal, days, *filled)
    return needs


def _heads(
    base: Ground, residents: Residents, motives: Motives, p: SimpleNamespace
) -> tuple[CoProducers, Neighbourhoods]:
    population = base.population
    n_rw, n_rt = population.rw_head.size, population.rt_head.size
    heads = n_rw + n_rt
    rows = np.concatenate([population.rw_head, population.rt_head])
    coproducers = blank(CoProducers, heads)
    coproducers.resident[:heads] = rows
    coproducers.rw[:heads] = population.rw[rows]
    coproducers.rt[:heads] = population.rt[rows]
    coproducers.role[:n_rw] = RW_HEAD
    coproducers.role[n_rw:heads] = RT_HEAD
    coproducers.stopped[:heads] = NEVER
    coproducers.skill[:heads] = p.skill_start
    coproducers.thanked[:heads] = 1
    # Where a small RW left nobody else to elect, one resident holds both offices and the higher one counts.
    motives.coproducer[rows[::-1]] = np.arange(heads)[::-1]
    open_in_rw = open_by_rw(records(residents), population.rw, n_rw)
    neighbourhoods = blank(
        Neighbourhoods,
        n_rw,
        head=np.arange(n_rw),
        declined_day=NEVER,
        last_event=NEVER,
        running=-1,
        company=0.5,
        known=p.known_share * open_in_rw,
        norm=1.0 - p.broker_share,
    )
    return coproducers, neighbourhoods
