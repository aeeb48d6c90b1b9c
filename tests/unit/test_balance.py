"""The balance of needs, against a Markov chain of a pair of a holder and a permit that is solved with other means."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.optimize import brentq

from keliling.sim.balance import (
    NARROW,
    Balance,
    Habits,
    answering,
    balance,
    capped_mean,
    cells_of,
    classes,
    technical_of_clear,
    threatened,
)
from keliling.sim.errors import Infeasible
from keliling.sim.parameters import Parameter, Permit, defaults, permits, register
from keliling.sim.rules.choice import filed_chance, filing_delay
from keliling.sim.rules.start import success_chance

Floats = NDArray[np.float64]
YEAR = 252
DRAWN = 50  # of each permit
PAIRS = 300
RWS = 3
PERMITS = {permit.name: permit for permit in permits()}

# States of a pair with an open need. Who acts files after some days, or never does.
UNAWARE, AWARE, NOTICED, AGAIN, FILING = range(5)


class World(NamedTuple):
    """What ``balance`` is given, and what it found."""

    p: SimpleNamespace
    permit: Permit
    keen: Floats
    openings: Floats
    filed: float
    delay: float
    success: float

    @property
    def files(self) -> float:
        """Own files a working day and holder: what the need rate says; of the permit that fills the load most of it."""
        whole = 0.6 * self.p.own_files / 1000.0 if self.permit.fills_load else self.rate
        return whole / YEAR

    @property
    def rate(self) -> float:
        return float(getattr(self.p, f"{self.permit.name}_need_rate"))

    def solved(self) -> Balance:
        habits = Habits(self.filed, self.delay, self.success, 0.4)
        return balance(self.p, self.permit, self.keen, self.openings, habits, self.files)


def drawn_value(parameter: Parameter, share: float) -> float:
    value = parameter.low + share * (parameter.high - parameter.low)
    return round(value) if parameter.type == "whole number" else value


def drawn_world(number: int, permit: Permit) -> World:
    """Parameters anywhere in the register's ranges; keenness from Gumbel tastes for three channels and some spread of
    people; needs that arise more often in some RWs; habits by the rules, at mean literacy and knowledge."""
    source = np.random.default_rng([number, list(PERMITS).index(permit.name)])
    values = defaults() | {
        name: drawn_value(parameter, float(source.random()))
        for name, parameter in register().items()
        if parameter.kind == "uncertainty"
    }
    values["patrols"] = number % 5 > 0
    p = SimpleNamespace(**values)
    best = source.gumbel(size=(PAIRS // RWS, 3)).max(axis=1) + source.normal(-1.0, 0.6, PAIRS // RWS)
    failing, then, online = p.online_failure, p.counter_failure, p.online_share
    filed = online * filed_chance(failing, then, p.gives_up, p.tries_later)
    filed += (1.0 - online) * filed_chance(then, then, p.gives_up, p.tries_later)
    delay = online * filing_delay(failing, p.tries_later, p.gives_up, p.retry_days)
    delay += (1.0 - online) * filing_delay(then, p.tries_later, p.gives_up, p.retry_days)
    documents = int(getattr(p, f"{permit.name}_requirements"))
    mending = (p.correction_chance, p.document_correction, int(p.corrections))
    success = success_chance(documents, p.document_error, *mending, technical_of_clear(p, permit))
    # Each keenness is in every RW: with so few pairs the two would else go together by chance, within a class too.
    keen = np.tile(np.exp(p.hazard_sensitivity * best), RWS)
    often = np.repeat(np.exp(source.normal(0.0, 0.6, RWS)), PAIRS // RWS)
    return World(p, permit, keen, often / often.mean(), filed, delay, success)


# -- the chain


class Expected(NamedTuple):
    """What a pair's need comes to, obstacle or not, for each pair: days in each state, while works last and in all."""

    works: Floats
    whole: Floats
    filed: Floats  # how often it is filed
    granted: Floats


def cut_mean(keen: Floats, cap: float) -> float:
    """The number that keenness, cut to ``cap`` times it, averages."""
    return float(brentq(lambda m: np.minimum(keen / m, cap).mean() - 1.0, keen.min() / cap, keen.mean() * 2.0))


def expected(world: World, found: Balance, obstacle: bool) -> Expected:
    """Solve the chain of every pair: a matrix exponential while works last, the fundamental matrix afterwards."""
    p, name, n = world.p, world.permit.name, world.keen.size
    ends, days = getattr(p, f"{name}_end_rate") / YEAR, float(getattr(p, f"{name}_works_days"))
    boost, after_notice, answered, ignored = 1.0, 1.0, 0.0, 0.0
    if world.permit.enforced and p.patrols:
        threat = p.weight_sanction * (1.0 - math.exp(-p.detection_rate))
        boost, after_notice = (
            math.exp(p.hazard_sensitivity * threat),
            math.exp(p.hazard_sensitivity * p.weight_sanction),
        )
        relative = np.minimum(world.keen / cut_mean(world.keen, p.attention_cap), p.attention_cap)
        answers = float(np.mean(1.0 - (1.0 - p.answer_summons) ** relative))
        answered, ignored = (p.detection_rate / YEAR * share for share in (answers, 1.0 - answers))
    acts = found.base_rate * world.keen * (p.obstacle_hesitation if obstacle else 1.0)
    reopens = 0.0 if obstacle else (1.0 - world.success) * p.reapply

    def rates(acting: Floats, answered: float, ignored: float) -> Floats:
        q = np.zeros((n, 5, 5))
        q[:, UNAWARE, AWARE] = found.learn_rate
        q[:, UNAWARE, NOTICED] = q[:, AWARE, NOTICED] = ignored
        q[:, UNAWARE, FILING] = answered
        q[:, AWARE, FILING] = acting + answered
        q[:, NOTICED, FILING] = acts * after_notice
        q[:, AGAIN, FILING] = acts
        q[:, FILING, AGAIN] = world.filed * reopens / world.delay
        leaves = q.sum(axis=2) + ends
        leaves[:, FILING] = 1.0 / world.delay
        q[:, range(5), range(5)] = -leaves
        return q

    start = np.zeros((n, 1, 5))
    start[:, 0, UNAWARE] = getattr(p, f"{name}_unaware")
    start[:, 0, AWARE] = 1.0 - start[:, 0, UNAWARE]
    works, left = np.zeros((n, 5)), start
    if days > 0.0:
        during = rates(acts * boost, answered, ignored)
        # The integral of exp(Qt) stands in the corner of the exponential of a matrix twice as large (Van Loan 1978).
        corner = np.zeros((n, 10, 10))
        corner[:, :5, :5], corner[:, :5, 5:] = during, np.eye(5)
        grown = expm(corner * days)
        works, left = (start @ grown[:, :5, 5:])[:, 0], start @ grown[:, :5, :5]
    whole = works + (left @ np.linalg.inv(-rates(acts, 0.0, 0.0)))[:, 0]
    filed = whole[:, FILING] / world.delay * world.filed
    return Expected(works, whole, filed, filed * (0.0 if obstacle else world.success))


class Stationary(NamedTuple):
    """Means over the pairs of a permit, a working day where that is a rate."""

    stock: float
    unaware: float  # share of the stock
    files: float
    obstacle: float  # share of the files
    keenness: float  # cut and relative to its mean, over the stock
    openings: float
    granted: float
    idle: Floats  # share of time of each pair


def stationary(world: World, found: Balance) -> Stationary:
    """The long run of all pairs: idle, then open for as long as the chain says, and so on."""
    parts = [
        (1.0 - found.obstacle_birth, expected(world, found, False)),
        (found.obstacle_birth, expected(world, found, True)),
    ]

    def mixed(what: list[Floats]) -> Floats:
        return np.tensordot([share for share, _ in parts], what, 1)

    days = mixed([one.whole.sum(axis=1) for _, one in parts])
    cycles = 1.0 / (1.0 / (found.opening_rate * world.openings) + days)  # a day
    stock = float(np.mean(cycles * days))
    by_obstacle = [float(np.mean(cycles * share * one.filed)) for share, one in parts]
    return Stationary(
        stock,
        float(np.mean(cycles * mixed([one.whole[:, UNAWARE] for _, one in parts]))) / stock,
        sum(by_obstacle),
        by_obstacle[1] / sum(by_obstacle),
        float(np.mean(cycles * days * np.minimum(world.keen / found.mean_keenness, world.p.attention_cap))) / stock,
        float(np.mean(cycles)),
        float(np.mean(cycles * mixed([one.granted for _, one in parts]))),
        1.0 - cycles * days,
    )


# -- drawn worlds


class Solved(NamedTuple):
    """A drawn world with its balance, and what the chain makes of it."""

    world: World
    found: Balance
    long_run: Stationary

    def given(self, field: str) -> float:
        return float(getattr(self.world.p, f"{self.world.permit.name}_{field}"))


@pytest.fixture(scope="module")
def drawn() -> tuple[list[Solved], list[World]]:
    """Worlds with a balance, and those that have none."""
    solved, refused = [], []
    for number in range(DRAWN):
        for permit in PERMITS.values():
            world = drawn_world(number, permit)
            try:
                found = world.solved()
            except Infeasible:
                refused.append(world)
            else:
                solved.append(Solved(world, found, stationary(world, found)))
    return solved, refused


def test_what_was_asked_is_the_long_run_of_the_chain(drawn: tuple[list[Solved], list[World]]) -> None:
    """Stock, share unaware, files and share of them with an obstacle. Pairs are gathered in classes of 5%, which costs
    up to 1.3e-4 of a number."""
    for one in drawn[0]:
        obstacle = one.given("obstacle_part") * one.given("technical_rejection")
        assert one.long_run.stock == pytest.approx(one.given("stock"), rel=3e-4)
        assert one.long_run.unaware == pytest.approx(one.given("unaware"), rel=3e-4)
        assert one.long_run.files == pytest.approx(one.found.known.files, rel=3e-4)
        assert one.long_run.obstacle == pytest.approx(obstacle, rel=3e-4, abs=1e-9)


def test_what_follows_from_the_balance_is_that_of_the_chain(drawn: tuple[list[Solved], list[World]]) -> None:
    """Mean keenness over the stock; the share of needs that end without a permit."""
    for one in drawn[0]:
        assert one.long_run.keenness == pytest.approx(1.0, rel=3e-4)
        assert 1.0 - one.long_run.granted / one.long_run.openings == pytest.approx(one.found.lapsed, abs=1e-4)
        assert 0.0 <= one.found.obstacle_birth < 1.0
        assert 0.0 < one.found.birth_rate <= one.found.opening_rate


def test_new_needs_and_renewals_come_to_all_openings(drawn: tuple[list[Solved], list[World]]) -> None:
    """A licence that is to be renewed is, unless a new need came before it expired."""
    for one in drawn[0]:
        valid, often = one.given("validity_days"), one.world.openings
        granted = one.long_run.granted / np.mean(one.long_run.idle * often)
        renewed = (one.world.p.renewal if valid > 0 else 0.0) * granted * np.exp(-one.found.birth_rate * often * valid)
        new = np.average(one.found.birth_rate + renewed, weights=one.long_run.idle * often)
        assert new == pytest.approx(one.found.opening_rate, rel=1e-3)


def test_an_obstacle_is_a_part_of_the_technical_rejections(drawn: tuple[list[Solved], list[World]]) -> None:
    """Of all complete own files as many fail the review as the parameter says, obstacle or not."""
    for one in drawn[0]:
        obstacle = one.found.known.obstacle
        assert obstacle + (1.0 - obstacle) * one.found.technical == pytest.approx(one.given("technical_rejection"))


def test_a_world_without_a_balance_is_refused_by_the_permits_name(drawn: tuple[list[Solved], list[World]]) -> None:
    """Where those between acting and filing alone are more than the stock: no world drawn from the ranges is so. Or where
    more holders are said not to know than there can be though nobody learns: one is."""
    assert len(drawn[1]) == 1
    with pytest.raises(Infeasible, match=r"can be unknown to their holders, even where nobody learns of one"):
        drawn[1][0].solved()
    world = drawn_world(2, PERMITS["iptm"])
    crowded = world._replace(p=SimpleNamespace(**vars(world.p) | {"iptm_stock": 0.5 * world.files * world.delay}))
    with pytest.raises(Infeasible, match=re.escape(f"{world.permit.title}: stock, need rate and shares do not fit")):
        crowded.solved()


def test_keenness_is_cut_before_it_is_averaged() -> None:
    keen = np.exp(np.random.default_rng(4).gumbel(size=4000))
    found = capped_mean(keen, np.full(keen.size, 2.0), 4.0)
    assert found == pytest.approx(cut_mean(keen, 4.0), rel=1e-9)
    assert found < 0.6 * keen.mean()


def test_where_everybody_knows_nobody_is_unaware() -> None:
    world = drawn_world(1, PERMITS["imb"])
    world = world._replace(p=SimpleNamespace(**vars(world.p) | {"imb_unaware": 0.0}))
    long_run = stationary(world, world.solved())
    assert long_run.unaware == 0.0
    assert long_run.stock == pytest.approx(world.p.imb_stock, rel=3e-4)


@pytest.mark.parametrize("permit", PERMITS.values(), ids=PERMITS)
@pytest.mark.parametrize("obstacle", [0, 1])
def test_days_in_the_cells_of_the_stock_are_those_of_the_chain(permit: Permit, obstacle: int) -> None:
    """Unaware while works last and after, aware while they last and after; those underway count as aware after."""
    world = drawn_world(3, permit)
    found = world.solved()
    chain = expected(world, found, bool(obstacle))
    known = found.known._replace(answered=0.0, ignored=0.0) if not permit.enforced else found.known
    for pair in range(0, PAIRS, 9):
        cells, acts = cells_of(found.base_rate * world.keen.item(pair), known, found.learn_rate, obstacle)
        unaware, aware = chain.works[pair, UNAWARE], chain.works[pair, AWARE]
        by_chain = (unaware, chain.whole[pair, UNAWARE] - unaware, aware, chain.whole[pair, AWARE:].sum() - aware)
        # How the notices are shared between those who answer and those who do not is a mean over classes.
        assert cells == pytest.approx(by_chain, rel=1e-3, abs=1e-9)
        assert acts * found.known.filed == pytest.approx(chain.filed[pair], rel=1e-3)


# -- parts


def test_classes_are_narrow_and_keep_the_mean() -> None:
    keen = np.exp(np.random.default_rng(1).normal(0.3, 1.5, 5000))
    often = np.repeat([0.5, 1.0, 1.5, 2.0], 1250)
    means, numbers, share = classes(keen, often)
    assert numbers.tolist() == [0.5, 1.0, 1.5, 2.0]
    assert share.sum(axis=0) == pytest.approx(0.25)
    assert means @ share @ numbers == pytest.approx((keen * often).mean(), rel=1e-12)
    assert (np.diff(np.log(means)) > 0.0).all()
    place = np.searchsorted(means, keen)
    near = [abs(np.log(means[at.clip(0, means.size - 1)] / keen)) for at in (place - 1, place)]
    assert np.minimum(*near).max() < NARROW
    one, numbers, share = classes(np.full(7, 2.5), np.ones(7))
    assert (one.tolist(), numbers.tolist(), share.tolist()) == ([pytest.approx(2.5)], [1.0], [[pytest.approx(1.0)]])


def test_answers_to_notices_by_hand() -> None:
    """One half as keen as average answers with 1 - 0.25^0.5, one beyond four times as keen as if it were four times:
    six of the first and one of the second average one."""
    p = SimpleNamespace(answer_summons=0.75, attention_cap=4.0)
    share = answering(np.array([0.5, 50.0]), np.array([6.0, 1.0]) / 7.0, p)
    assert share == pytest.approx((6.0 * 0.5 + 1.0 - 0.25**4) / 7.0, rel=1e-9)


def test_the_threat_makes_keener_while_works_last_and_after_a_notice() -> None:
    p = SimpleNamespace(patrols=True, weight_sanction=1.5, detection_rate=0.2, hazard_sensitivity=2.0)
    assert threatened(p, PERMITS["imb"], 0) == pytest.approx(math.exp(3.0 * (1.0 - math.exp(-0.2))), rel=1e-12)
    assert threatened(p, PERMITS["imb"], 1) == pytest.approx(math.exp(3.0), rel=1e-12)
    assert threatened(p, PERMITS["iumk"], 1) == 1.0
    p.patrols = False
    assert threatened(p, PERMITS["imb"], 1) == 1.0
