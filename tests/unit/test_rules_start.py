"""The stationary start: what a need comes to against equations solved another way, its stock and ages, success."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.linalg import expm

from keliling.sim.rules.start import (
    AWARE_AFTER,
    AWARE_WORKS,
    NOT_OPEN,
    STUCK,
    UNAWARE_AFTER,
    UNAWARE_WORKS,
    acts_again,
    complete_after,
    early_days,
    grown,
    licence_age,
    open_share,
    spell,
    stock_cell,
    success_chance,
    works_age,
)

BELOW_1 = math.nextafter(1.0, 0.0)
# Days, share unaware, rate of learning, rates of leaving when unaware and when aware.
EARLY = [
    (126.0, 0.2, 0.01, 0.0108, 0.005),
    (126.0, 0.2, 0.001, 0.002, 0.03),
    (378.0, 0.4, 0.2, 0.21, 0.0004),
    (42.0, 0.0, 0.01, 0.0102, 0.005),
    (42.0, 1.0, 0.01, 0.0102, 0.02),
    (200.0, 0.5, 0.0, 0.001, 0.001),
]


# -- the first days


def survivals(case: tuple[float, ...], t: float) -> tuple[float, float]:
    """Chances that a need is open at age ``t`` with an unaware and an aware holder, the latter by numeric integration
    over the age at which the holder learnt."""
    _days, unaware, learns, leaves, aware_leaves = case
    learnt = quad(lambda s: unaware * learns * math.exp(-leaves * s - aware_leaves * (t - s)), 0.0, t)[0]
    return unaware * math.exp(-leaves * t), (1.0 - unaware) * math.exp(-aware_leaves * t) + learnt


@pytest.mark.parametrize("case", EARLY)
def test_early_days_are_the_integral_of_survival(case: tuple[float, ...]) -> None:
    found = early_days(*case)
    for state in (0, 1):
        whole = quad(lambda t, state=state: survivals(case, t)[state], 0.0, case[0], epsrel=1e-9)[0]
        assert found[state] == pytest.approx(whole, rel=1e-6, abs=1e-12)
        assert found[2 + state] == pytest.approx(survivals(case, case[0])[state], rel=1e-6, abs=1e-12)


@given(st.floats(1.0, 400.0), st.floats(0.0, 1.0), st.floats(1e-4, 0.2), st.floats(1e-3, 0.3))
def test_early_days_do_not_jump_where_both_leave_as_fast(
    days: float, unaware: float, learns: float, leaves: float
) -> None:
    """The formula divides by the difference of two rates, which may be nought."""
    assume(leaves >= learns)
    at = early_days(days, unaware, learns, leaves, leaves)
    for near in (leaves + 1e-10, leaves - 1e-10, leaves + 3e-8):
        close = early_days(days, unaware, learns, leaves, near)
        assert all(a == pytest.approx(b, rel=1e-5, abs=1e-5) for a, b in zip(at, close, strict=True))


@given(st.floats(1e-6, 0.5), st.floats(0.0, 1000.0))
def test_grown_is_the_integral_of_decay(rate: float, days: float) -> None:
    assert grown(rate, days) == pytest.approx(quad(lambda t: math.exp(-rate * t), 0.0, days)[0], rel=1e-6, abs=1e-9)


# -- a whole spell, against a Markov chain in continuous time

# Rates of acting while works last, later, after a notice; days of works; notices answered and ignored; ends; unaware;
# learns.
SPELLS = [
    (0.004, 0.003, 0.012, 126.0, 0.0005, 0.0003, 0.0001, 0.2, 0.004),
    (0.03, 0.02, 0.09, 42.0, 0.002, 0.001, 0.004, 0.4, 0.05),
    (0.0001, 0.0001, 0.0004, 378.0, 0.0, 0.0, 0.0004, 0.7, 0.0002),
    (0.02, 0.02, 0.02, 0.0, 0.0, 0.0, 0.001, 0.3, 0.01),
    (0.02, 0.02, 0.02, 0.0, 0.0, 0.0, 0.001, 0.0, 0.01),
    (0.5, 0.1, 0.9, 126.0, 0.01, 0.001, 0.0004, 1.0, 0.3),
]
UNAWARE, AWARE, NOTICED = range(3)


def generator(acts: float, noticed: float, answered: float, ignored: float, ends: float, learns: float) -> NDArray:
    """Rates between the states of an open need; what a row lacks to nought leaves the chain."""
    rates = np.zeros((3, 3))
    rates[UNAWARE, AWARE] = learns
    rates[UNAWARE, NOTICED] = rates[AWARE, NOTICED] = ignored
    rates[UNAWARE, UNAWARE] = -(learns + ignored + answered + ends)
    rates[AWARE, AWARE] = -(acts + ignored + answered + ends)
    rates[NOTICED, NOTICED] = -(noticed + ends)
    return rates


def by_chain(case: tuple[float, ...]) -> tuple[float, ...]:
    """What ``spell`` returns: matrix exponential while works last, the fundamental matrix afterwards."""
    works_rate, later_rate, noticed_rate, days, answered, ignored, ends, unaware, learns = case
    start = np.array([unaware, 1.0 - unaware, 0.0])
    during = generator(works_rate, noticed_rate, answered, ignored, ends, learns)
    after = generator(later_rate, noticed_rate, 0.0, 0.0, ends, learns)
    first = np.zeros(3)
    left = start
    if days > 0.0:
        # The integral of exp(Qt) stands in the corner of the exponential of a matrix twice as large (Van Loan 1978).
        double = np.block([[during, np.eye(3)], [np.zeros((3, 6))]])
        first = start @ expm(double * days)[:3, 3:]
        left = start @ expm(during * days)
    rest = left @ np.linalg.inv(-after)
    acts = works_rate * first[AWARE] + answered * (first[AWARE] + first[UNAWARE]) + later_rate * rest[AWARE]
    noticed = first[NOTICED] + rest[NOTICED]
    return first[UNAWARE], rest[UNAWARE], first[AWARE], rest[AWARE] + noticed, acts + noticed_rate * noticed


@pytest.mark.parametrize("case", SPELLS)
def test_a_spell_is_that_of_a_markov_chain(case: tuple[float, ...]) -> None:
    assert spell(*case) == pytest.approx(by_chain(case), rel=1e-6, abs=1e-12)


RATE, NOTICES = st.floats(1e-5, 0.3), st.floats(0.0, 0.002)
DRAWN = st.tuples(
    RATE, RATE, RATE, st.floats(0.0, 378.0), NOTICES, NOTICES, st.floats(4e-5, 4e-3), st.floats(0.0, 1.0),
    st.floats(1e-6, 0.3),
)  # fmt: skip


@given(DRAWN)
def test_drawn_spells_are_those_of_a_markov_chain(case: tuple[float, ...]) -> None:
    assert spell(*case) == pytest.approx(by_chain(case), rel=1e-5, abs=1e-9)


@given(DRAWN)
def test_every_need_is_acted_on_or_ends(case: tuple[float, ...]) -> None:
    """What begins also leaves: acts, and the days at the rate of ending, come to one."""
    *days, acts = spell(*case)
    assert acts + case[6] * sum(days) == pytest.approx(1.0, rel=1e-6)


def test_a_spell_without_works_or_ignorance_is_an_exponential_wait() -> None:
    """Acted on at 0.02 and ending at 0.005: 40 days, and four in five acted on."""
    assert spell(0.9, 0.02, 0.7, 0.0, 0.1, 0.1, 0.005, 0.0, 0.3) == pytest.approx((0.0, 0.0, 0.0, 40.0, 0.8))


@pytest.mark.parametrize("reopens", [0.0, 0.1, 0.36])
def test_acting_again_adds_up_over_all_times(reopens: float) -> None:
    """Acted on, open again with that chance, and then acted on at 0.01 before it ends at 0.002."""
    share, total, reached = 0.01 / 0.012, 0.0, 1.0
    for _ in range(200):
        total += reached
        reached *= reopens * share
    assert acts_again(0.01, 0.002, reopens) == pytest.approx(total, rel=1e-12)


# -- the stock


def test_open_share_by_hand() -> None:
    """A need every 300 days that waits 100 days is open a quarter of the time."""
    assert open_share(1.0 / 300.0, 100.0) == pytest.approx(0.25, rel=1e-14)


@given(st.floats(1e-5, 0.3), st.floats(1.0, 900.0), st.floats(1.0, 900.0))
def test_open_share_balances_what_opens_and_what_closes(birth: float, days: float, other: float) -> None:
    """Idle share x birth rate = open share / mean days open; more days never lower the share."""
    share = open_share(birth, days)
    assert (1.0 - share) * birth == pytest.approx(share / days, rel=1e-9)
    low, high = sorted((days, other))
    assert open_share(birth, low) <= open_share(birth, high) < 1.0


CLEAR, HELD = (10.0, 20.0, 30.0, 40.0), (15.0, 25.0, 0.0, 160.0)


def test_a_draw_falls_into_cells_in_proportion_to_their_days() -> None:
    """A tenth with an obstacle: the days are 9, 18, 27, 36 and 1.5, 2.5, 0, 16; at a birth every 110 days half are
    open. A fine grid of draws meets each cell as often as its days say."""
    births, n = 1.0 / 110.0, 220_000
    found = [stock_cell((i + 0.5) / n, births, CLEAR, HELD, 0.1) for i in range(n)]
    assert all(share == pytest.approx(0.5, rel=1e-14) for _, share in found)
    counts = {cell: sum(1 for one, _ in found if one == cell) for cell in (NOT_OPEN, *range(8))}
    expected = {NOT_OPEN: 110.0, 0: 9.0, 1: 18.0, 2: 27.0, 3: 36.0, 4: 1.5, 5: 2.5, 6: 0.0, 7: 16.0}
    assert counts == {cell: pytest.approx(1000.0 * days, abs=1.0) for cell, days in expected.items()}
    cells = [cell for cell, _ in found]
    assert all(low <= high or high == NOT_OPEN for low, high in pairwise(cells)), "a larger draw goes to a later cell"


@pytest.mark.parametrize("births", [1.0 / 110.0, 1e-6, 0.03, 3.0])
def test_the_last_open_draw_is_open_and_the_share_itself_is_not(births: float) -> None:
    share = open_share(births, 110.0)
    assert stock_cell(0.0, births, CLEAR, HELD, 0.1)[0] == UNAWARE_WORKS
    assert stock_cell(share, births, CLEAR, HELD, 0.1) == (NOT_OPEN, share)
    assert stock_cell(BELOW_1, births, CLEAR, HELD, 0.1)[0] == NOT_OPEN
    last = stock_cell(math.nextafter(share, 0.0), births, CLEAR, HELD, 0.1)[0]
    assert last in (STUCK + AWARE_AFTER, AWARE_AFTER)


@given(st.floats(0.0, 1.0, exclude_max=True), st.floats(1e-6, 1.0), st.floats(0.0, 1.0))
def test_a_cell_without_days_is_never_met(mark: float, births: float, obstacle: float) -> None:
    """No works, nobody unaware: what is open is known to its holder, with an obstacle or without."""
    cell, _share = stock_cell(mark, births, (0.0, 0.0, 0.0, 50.0), (0.0, 0.0, 0.0, 90.0), obstacle)
    assert cell in (NOT_OPEN, AWARE_AFTER, STUCK + AWARE_AFTER)
    cell, _share = stock_cell(mark, births, (0.0, 10.0, 0.0, 50.0), (0.0, 10.0, 0.0, 50.0), 0.0)
    assert cell in (NOT_OPEN, UNAWARE_AFTER, AWARE_AFTER)


# -- the age while works last

CELLS = (UNAWARE_WORKS, AWARE_WORKS)


@pytest.mark.parametrize("case", EARLY)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("draw", [0.0, 1e-6, 0.1, 0.5, 0.9, 0.9999])
def test_the_age_inverts_the_stationary_distribution(case: tuple[float, ...], cell: int, draw: float) -> None:
    """The age met at a random moment has a density in proportion to survival: up to it lies the share drawn."""
    state = CELLS.index(cell)
    if case[1] == 1.0 - state and case[2] * case[1] == 0.0:
        return  # nobody is there

    def mass(t: float) -> float:
        return quad(lambda s: survivals(case, s)[state], 0.0, t, epsrel=1e-9)[0]

    whole = mass(case[0])
    assert mass(works_age(draw, cell, *case)) == pytest.approx(draw * whole, abs=1e-6 * whole)


@pytest.mark.parametrize("case", EARLY)
@pytest.mark.parametrize("cell", CELLS)
def test_the_age_rises_with_its_draw_and_ends_with_the_works(case: tuple[float, ...], cell: int) -> None:
    draws = [*np.linspace(0.0, 0.999999, 200).tolist(), BELOW_1]
    ages = [works_age(draw, cell, *case) for draw in draws]
    assert ages[0] == pytest.approx(0.0, abs=1e-9)
    assert ages == sorted(ages)
    assert 0.0 <= ages[0] <= ages[-1] < case[0]


@pytest.mark.parametrize("births", [1e-12, 7e-5, 0.002, 0.05])
@pytest.mark.parametrize("draw", [0.0, 0.2, 0.7, BELOW_1])
def test_the_age_of_a_licence_inverts_its_survival(births: float, draw: float) -> None:
    """Licences end by a new need, so among those met the young are more; without needs all ages are as frequent."""
    age = licence_age(draw, births, 756.0)
    whole = quad(lambda t: math.exp(-births * t), 0.0, 756.0)[0]
    assert quad(lambda t: math.exp(-births * t), 0.0, age)[0] == pytest.approx(draw * whole, rel=1e-6, abs=1e-9)
    assert 0.0 <= age <= 756.0 * (1.0 + 1e-6)


# -- success


def test_success_by_hand() -> None:
    """One document wrong with 0.2: right at once 0.8, else back with 0.5 and mended with 0.75: 0.075 more; then the
    review fails one in ten."""
    assert success_chance(1, 0.2, 0.5, 0.75, 1, 0.0) == pytest.approx(0.875, rel=1e-14)
    assert success_chance(1, 0.2, 0.5, 0.75, 1, 0.1) == pytest.approx(0.7875, rel=1e-14)
    assert success_chance(3, 0.0, 0.5, 0.75, 1, 0.0) == 1.0
    # Two documents: 0.64 at once; 0.95^2 = 0.9025 once mended; half of the difference comes.
    assert success_chance(2, 0.2, 0.5, 0.75, 1, 0.0) == pytest.approx(0.64 + 0.5 * 0.2625, rel=1e-14)
    # No correction is allowed, or a second one: of those wrong after the first, 0.05, half come and 0.75 are mended.
    assert success_chance(1, 0.2, 0.5, 0.75, 0, 0.0) == pytest.approx(0.8, rel=1e-14)
    assert success_chance(1, 0.2, 0.5, 0.75, 2, 0.0) == pytest.approx(0.875 + 0.25 * 0.0375, rel=1e-14)


@pytest.mark.parametrize("documents", [1, 4, 10])
@pytest.mark.parametrize("corrections", [0, 1, 2, 3])
def test_success_is_that_of_a_chain_of_wrong_documents(documents: int, corrections: int) -> None:
    """The number of wrong documents, step by step: granted at none; else back with 0.85, each mended with 0.7."""
    error, comes, mended = 0.08, 0.85, 0.7

    def binomial(n: int, k: int, p: float) -> float:
        return math.comb(n, k) * p**k * (1.0 - p) ** (n - k)

    wrong = [binomial(documents, k, error) for k in range(documents + 1)]
    granted = wrong[0]
    for done in range(corrections):
        before = [0.0, *(comes * share for share in wrong[1:])]
        wrong = [
            sum(before[n] * binomial(n, k, 1.0 - mended) for n in range(max(k, 1), documents + 1))
            for k in range(documents + 1)
        ]
        granted += wrong[0]
        # In between, the chance that all is right after so many corrections if each was made.
        assert complete_after(documents, error, mended, done + 1) >= complete_after(documents, error, mended, done)
    assert success_chance(documents, error, comes, mended, corrections, 0.25) == pytest.approx(
        0.75 * granted, rel=1e-12
    )


@pytest.mark.parametrize("documents", [1, 4, 10])
def test_complete_after_corrections_by_hand(documents: int) -> None:
    """Each document is wrong with 0.08, and after c corrections with 0.08 x 0.3^c."""
    for corrections in range(4):
        right = (1.0 - 0.08 * 0.3**corrections) ** documents
        assert complete_after(documents, 0.08, 0.7, corrections) == pytest.approx(right, rel=1e-13)
    assert complete_after(documents, 0.0, 0.7, 0) == 1.0
