"""The synthetic adults of a district, built one for one from its profile, with their households, heads and ties.

One population per (profile, population parameters, population seed): both arms of a comparison, all replicates and
every engine share it. Its draws are keyed by the population seed, never by the seed of the dynamics.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keliling.sim import between
from keliling.sim.compiled import loop
from keliling.sim.election import CANDIDATE_AGE, elect, merit
from keliling.sim.parameters import Value, namespace
from keliling.sim.profile import Profile
from keliling.sim.rng import Draw, uniform
from keliling.sim.rules.motivation import logistic
from keliling.sim.rules.normal import normal
from keliling.sim.ties import ties_between

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Compiled code cannot look inside a class, so the purposes it uses are named here.
(AGE, LITERACY, INTRINSIC, EFFICACY, TYPE, WORK, FREE_TIME, KNOWLEDGE, TRUST, EXPECTATION, HOUSEHOLD, FIRM, CADRE) = (
    Draw.AGE,
    Draw.LITERACY,
    Draw.INTRINSIC,
    Draw.EFFICACY,
    Draw.TYPE,
    Draw.WORK,
    Draw.FREE_TIME,
    Draw.KNOWLEDGE,
    Draw.TRUST,
    Draw.EXPECTATION,
    Draw.HOUSEHOLD,
    Draw.FIRM,
    Draw.CADRE,
)
ID_BITS = 20  # a resident's key is (district code << 20) + number within the district


class Population(NamedTuple):
    """Columns that never change during a run; one row a resident, then one a RT, then one a RW."""

    key: Ints  # the district's code and the resident's number: who, in every draw
    rw: Ints  # row of the RW
    rt: Ints  # row of the RT
    age: Ints  # years
    household_head: Ints  # 1 for one adult of each household
    firm: Ints  # 1 for owners of a micro or small firm
    at_work: Ints  # 1 when at work during opening hours
    internet: Ints  # 1 for internet users
    decisive: Ints  # 1 decisive, 0 flexible responder type
    cadre: Ints  # 1 for cadres of the family-welfare movement (Dasawisma)
    literacy: Floats  # digital literacy, 0-1
    efficacy: Floats  # self-efficacy, 0-1
    free_hours: Floats  # a week
    knowledge: Floats  # personal constant of procedural knowledge, 0-1
    trust: Floats  # personal constant of trust in the office, 0-1
    expectation: Floats  # expectation of service at the start, 1-4
    intrinsic: Floats  # motives at the start, 0-1
    social: Floats
    normative: Floats
    tie_start: Ints  # ties of row i are ties[tie_start[i]:tie_start[i + 1]], ascending keys
    ties: Ints  # rows
    rw_start: Ints  # members of RW j are rw_members[rw_start[j]:rw_start[j + 1]], ascending keys
    rw_members: Ints
    rt_rw: Ints  # RW of each RT
    rt_start: Ints  # members of RT j are rt_members[rt_start[j]:rt_start[j + 1]], ascending keys
    rt_members: Ints
    rt_head: Ints  # row of the elected head at the start
    rw_head: Ints
    rt_key: Ints  # keys of RTs and RWs, for draws
    rw_key: Ints
    rw_kelurahan: Ints  # number of the kelurahan of each RW in the district, from 0
    rw_number: Ints  # number of the RW in the district, from 1, as `target_list` names it


def apportion(total: int, weights: Floats) -> Ints:
    """Whole numbers that sum to ``total`` in proportion to ``weights`` (largest remainder, ties to the first)."""
    exact = total * weights / weights.sum()
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def adult_bands(profile: Profile) -> tuple[Floats, Floats, Floats]:
    """Lower ages, upper ages (exclusive) and cumulative shares of the adults' age bands."""
    bands = profile.adults
    share = np.array([band.share for band in bands])
    low, high = ([getattr(band, end) for band in bands] for end in ("low", "high"))
    return np.array(low, float), np.array(high, float) + 1.0, np.cumsum(share) / share.sum()


@loop
def fill(
    seed,
    key,
    first_of_rt,
    age_low,
    age_high,
    age_cumulative,
    household_chance,
    firm_chance,
    literacy_mean,
    literacy_sd,
    literacy_age,
    knowledge_mean,
    knowledge_literacy,
    trust_mean,
    efficacy_knowledge,
    trait_sd,
    motive_sd,
    share_decisive,
    at_work_share,
    free_hours_mean,
    expectation_mean,
    nobody_online,
    cadre_chance,
    between_rws,
    rw,
    of_rw,
):
    """Draw every trait of every resident, in row order; returns the columns in the order of Population.

    ``of_rw`` is what each RW has in common (see ``sim.between``): literacy, knowledge and trust in its columns.
    """
    n = key.size
    whole = np.zeros((7, n), np.int64)
    real = np.zeros((9, n), np.float64)
    together, apart = math.sqrt(between_rws), math.sqrt(1.0 - between_rws)
    literacy_left = math.sqrt(1.0 - literacy_age * literacy_age - between_rws)
    knowledge_left = math.sqrt(1.0 - knowledge_literacy * knowledge_literacy)
    efficacy_left = math.sqrt(1.0 - efficacy_knowledge * efficacy_knowledge)
    grown = 0.0  # share of adults under the age at which one heads a household
    for b in range(age_low.size):
        below = age_cumulative[b - 1] if b > 0 else 0.0
        if age_low[b] < CANDIDATE_AGE:
            grown += (age_cumulative[b] - below) * min(1.0, (CANDIDATE_AGE - age_low[b]) / (age_high[b] - age_low[b]))
    young = min(grown / (1.0 - household_chance), 1.0)
    for i in range(n):
        who = key[i]
        head = first_of_rt[i] > 0 or uniform(seed, 0, HOUSEHOLD, who, 0, 0) < household_chance
        rank = uniform(seed, 0, AGE, who, 0, 0)
        # Heads of households are 25 or older; the others are younger by as much, so that ages stay the profile's.
        if head:
            rank = grown + (1.0 - grown) * rank
        elif rank < young:
            rank = rank * grown / young
        else:
            rank = grown + (1.0 - grown) * (rank - young) / (1.0 - young)
        b = 0
        while b < age_low.size - 1 and rank >= age_cumulative[b]:
            b += 1
        below = age_cumulative[b - 1] if b > 0 else 0.0
        inside = (rank - below) / (age_cumulative[b] - below)
        age = int(age_low[b] + inside * (age_high[b] - age_low[b]))
        z_age = normal(rank)
        literacy, knowledge, trust = (
            normal(uniform(seed, 0, LITERACY, who, 0, 0)),
            normal(uniform(seed, 0, KNOWLEDGE, who, 0, 0)),
            normal(uniform(seed, 0, TRUST, who, 0, 0)),
        )
        shared = of_rw[rw[i]]
        z_literacy = literacy_age * z_age + together * shared[0] + literacy_left * literacy
        z_knowledge = knowledge_literacy * z_literacy + knowledge_left * (together * shared[1] + apart * knowledge)
        z_trust = together * shared[2] + apart * trust
        z_efficacy = efficacy_knowledge * z_knowledge + efficacy_left * normal(uniform(seed, 0, EFFICACY, who, 0, 0))
        at_work = age < 60 and uniform(seed, 0, WORK, who, 0, 0) < at_work_share
        free = free_hours_mean * (0.5 + uniform(seed, 0, FREE_TIME, who, 0, 0))
        if age >= 60:
            free = free * 1.5
        elif at_work:
            free = free * 2.0 / 3.0
        whole[0, i] = age
        whole[1, i] = int(head)
        whole[2, i] = int(uniform(seed, 0, FIRM, who, 0, 0) < firm_chance)
        whole[3, i] = int(at_work)
        whole[4, i] = int(z_literacy >= nobody_online)
        whole[5, i] = int(uniform(seed, 0, TYPE, who, 0, 0) < share_decisive)
        whole[6, i] = int(uniform(seed, 0, CADRE, who, 0, 0) < cadre_chance)
        real[0, i] = min(max(literacy_mean + literacy_sd * z_literacy, 0.0), 1.0)
        real[1, i] = min(max(0.5 + trait_sd * z_efficacy, 0.0), 1.0)
        real[2, i] = free
        real[3, i] = min(max(knowledge_mean + trait_sd * z_knowledge, 0.0), 1.0)
        real[4, i] = min(max(trust_mean + trait_sd * z_trust, 0.0), 1.0)
        real[5, i] = min(max(expectation_mean + 0.2 * normal(uniform(seed, 0, EXPECTATION, who, 0, 0)), 1.0), 4.0)
        for motive in range(3):
            real[6 + motive, i] = logistic(motive_sd * normal(uniform(seed, 0, INTRINSIC + motive, who, 0, 0)))
    return whole, real


def members_by(group: Ints, count: int, key: Ints) -> tuple[Ints, Ints]:
    """Rows of each group, ascending by key, as starts and members (CSR)."""
    order = np.lexsort((key, group))
    start = np.searchsorted(group[order], np.arange(count + 1))
    return start.astype(np.int64), order.astype(np.int64)


PARAMETERS = (
    "household_size", "firms_per_resident", "internet_share", "literacy_mean", "literacy_sd", "literacy_age",
    "knowledge_mean", "knowledge_literacy", "trust_mean", "efficacy_knowledge", "trait_sd", "motive_sd",
    "share_decisive", "at_work_share", "free_hours_mean", "ikm_base", "ties_rt", "ties_rw", "ties_district",
    "head_candidates", "cadres", "between_rws",
)  # fmt: skip
"""The parameters that a population depends on; ``build`` is given no others."""


def build(profile: Profile, population_seed: int, values: Mapping[str, Value], size: float = 1.0) -> Population:
    """The population of ``profile`` (or of the whole RWs that ``size`` keeps), from its own seed.

    ``values`` holds at least PARAMETERS. Building again gives the same columns, bit for bit.
    """
    seed, p = population_seed, namespace({name: values[name] for name in PARAMETERS})
    low, high, cumulative = adult_bands(profile)
    adult_share = profile.adult_share
    base = profile.code << ID_BITS
    weights = np.array([k.weight for k in profile.kelurahan], float)
    adults_of_kelurahan = apportion(round(profile.population * adult_share), weights)
    rt_rw_list: list[int] = []
    rt_adults: list[int] = []
    n_rw = 0
    for kelurahan, adults in zip(profile.kelurahan, adults_of_kelurahan, strict=True):
        rts = apportion(kelurahan.rt, np.ones(kelurahan.rw))
        rw_of = np.repeat(np.arange(n_rw, n_rw + kelurahan.rw), rts)
        first = len(rt_rw_list)
        wide = np.array([0.8 + 0.4 * uniform(seed, 0, Draw.SIZE, base + first + j, 0, 0) for j in range(kelurahan.rt)])
        rt_rw_list.extend(rw_of.tolist())
        rt_adults.extend(apportion(int(adults), wide).tolist())
        n_rw += kelurahan.rw
    rt_rw_all, adults_all = np.array(rt_rw_list), np.array(rt_adults)
    number_all = np.concatenate([[0], np.cumsum(adults_all)])
    keep_rw = np.array(profile.kept_rws(size)) - 1
    keep_rt = np.flatnonzero(np.isin(rt_rw_all, keep_rw))
    rt_rw = np.searchsorted(keep_rw, rt_rw_all[keep_rt]).astype(np.int64)
    counts = adults_all[keep_rt]
    rt = np.repeat(np.arange(keep_rt.size), counts).astype(np.int64)
    # A resident keeps its number at every size, so that a reduced district is a part of the whole one.
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    key = base + np.repeat(number_all[keep_rt], counts) + (np.arange(rt.size) - start[rt])
    key = key.astype(np.int64)
    first_of_rt = np.zeros(rt.size, np.int64)
    first_of_rt[start[:-1][counts > 0]] = 1

    rw = rt_rw[rt]
    rt_key, rw_key = base + keep_rt.astype(np.int64), base + keep_rw.astype(np.int64)
    household_adults = p.household_size * adult_share
    whole, real = fill(
        seed,
        key,
        first_of_rt,
        low,
        high,
        cumulative,
        1.0 / household_adults,
        p.firms_per_resident / adult_share,
        p.literacy_mean,
        p.literacy_sd,
        p.literacy_age,
        p.knowledge_mean,
        p.knowledge_literacy,
        p.trust_mean,
        p.efficacy_knowledge,
        p.trait_sd,
        p.motive_sd,
        p.share_decisive,
        p.at_work_share,
        p.free_hours_mean,
        p.ikm_base / 25.0,
        normal(1.0 - p.internet_share),
        min(p.cadres * n_rw / number_all[-1], 1.0),
        p.between_rws,
        rw,
        between.traits(seed, base + np.arange(n_rw))[keep_rw],
    )
    rw_start, rw_members = members_by(rw, keep_rw.size, key)
    tie_start, ties = ties_between(seed, key, (start[rt], start[rt + 1]), (rw_start[rw], rw_start[rw + 1]), p)

    age, household_head, firm, at_work, internet, decisive, cadre = whole
    literacy, efficacy, free_hours, knowledge, trust, expectation, intrinsic, social, normative = real
    rt_start, rt_members = members_by(rt, keep_rt.size, key)
    candidates = int(p.head_candidates)
    merits, taken = merit(intrinsic, social, normative, age), np.zeros(rt.size, np.int64)
    rt_head = np.zeros(keep_rt.size, np.int64)
    for j in range(keep_rt.size):
        members = rt_members[rt_start[j] : rt_start[j + 1]]
        rt_head[j] = members[elect(seed, 0, rt_key[j], 0, candidates, merits[members], key[members], taken[members])]
    taken[rt_head] = 1
    rw_head = np.zeros(keep_rw.size, np.int64)
    for j in range(keep_rw.size):
        members = rw_members[rw_start[j] : rw_start[j + 1]]
        rw_head[j] = members[elect(seed, 0, rw_key[j], 1, candidates, merits[members], key[members], taken[members])]
    columns = Population(
        key=key,
        rw=rw,
        rt=rt,
        age=age,
        household_head=household_head,
        firm=firm,
        at_work=at_work,
        internet=internet,
        decisive=decisive,
        cadre=cadre,
        literacy=literacy,
        efficacy=efficacy,
        free_hours=free_hours,
        knowledge=knowledge,
        trust=trust,
        expectation=expectation,
        intrinsic=intrinsic,
        social=social,
        normative=normative,
        tie_start=tie_start,
        ties=ties,
        rw_start=rw_start,
        rw_members=rw_members,
        rt_rw=rt_rw,
        rt_start=rt_start,
        rt_members=rt_members,
        rt_head=rt_head,
        rw_head=rw_head,
        rt_key=rt_key,
        rw_key=rw_key,
        rw_kelurahan=np.repeat(np.arange(len(profile.kelurahan)), [k.rw for k in profile.kelurahan])[keep_rw],
        rw_number=keep_rw + 1,
    )
    for column in columns:
        column.setflags(write=False)
    return columns
