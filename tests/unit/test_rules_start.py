"""The stationary start: mean waits, open shares and ages of needs against numeric integration, success by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from sim.rules.start import mean_wait, need_age, open_share, success_chance

SPELLS = [(0.03, 0.01, 126.0), (0.01, 0.01, 126.0), (0.002, 0.02, 42.0), (0.05, 0.05, 0.0), (0.2, 0.004, 378.0)]
END = 20_000.0


def survival(t: float, works: float, later: float, days: float) -> float:
    """Share of needs still open at age ``t``: one hazard while works last, another afterwards."""
    return math.exp(-works * min(t, days) - later * max(t - days, 0.0))


@pytest.mark.parametrize("spell", SPELLS)
def test_mean_wait_is_the_integral_of_survival(spell: tuple[float, float, float]) -> None:
    whole = quad(survival, 0.0, spell[2], spell)[0] + quad(survival, spell[2], END, spell, limit=500)[0]
    assert mean_wait(*spell) == pytest.approx(whole, rel=1e-8)


def test_mean_wait_with_one_hazard_is_its_inverse() -> None:
    assert mean_wait(0.02, 0.02, 126.0) == pytest.approx(50.0, rel=1e-14)
    assert mean_wait(0.9, 0.02, 0.0) == 50.0


def test_open_share_by_hand() -> None:
    """A need every 300 days that waits 100 days is open a quarter of the time."""
    assert open_share(1.0 / 300.0, 100.0) == pytest.approx(0.25, rel=1e-14)


@given(st.floats(1e-5, 0.3), st.floats(1.0, 900.0), st.floats(1.0, 900.0))
def test_open_share_balances_what_opens_and_what_closes(birth: float, wait: float, other: float) -> None:
    """Idle share x birth rate = open share / mean wait; a longer wait never lowers the share."""
    share = open_share(birth, wait)
    assert (1.0 - share) * birth == pytest.approx(share / wait, rel=1e-9)
    low, high = sorted((wait, other))
    assert open_share(birth, low) <= open_share(birth, high) < 1.0


@pytest.mark.parametrize("spell", SPELLS)
@pytest.mark.parametrize("draw", [0.0, 1e-9, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.9999])
def test_need_age_inverts_the_stationary_distribution(spell: tuple[float, float, float], draw: float) -> None:
    """The age met at a random moment has a density in proportion to survival; inverted here by root finding."""
    works, later, days = spell

    def mass(t: float) -> float:
        inside = quad(survival, 0.0, min(t, days), spell)[0]
        return inside + (quad(survival, days, t, spell, limit=500)[0] if t > days else 0.0)

    wanted = draw * (mass(days) + math.exp(-works * days) / later)
    by_search = brentq(lambda t: mass(t) - wanted, 0.0, END, xtol=1e-9) if draw > 0.0 else 0.0
    assert need_age(draw, *spell) == pytest.approx(by_search, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("spell", SPELLS)
def test_need_age_rises_with_its_draw_and_is_finite(spell: tuple[float, float, float]) -> None:
    draws = [*np.linspace(0.0, 0.999999, 400).tolist(), math.nextafter(1.0, 0.0)]
    ages = [need_age(draw, *spell) for draw in draws]
    assert ages[0] == 0.0
    assert all(math.isfinite(age) for age in ages)
    assert ages == sorted(ages)


def test_success_by_hand() -> None:
    """One document wrong with 0.2: right at once 0.8, else back with 0.5 and mended with 0.75: 0.075 more; then the
    review fails one in ten."""
    assert success_chance(1, 0.2, 0.5, 0.75, 0.0) == pytest.approx(0.875, rel=1e-14)
    assert success_chance(1, 0.2, 0.5, 0.75, 0.1) == pytest.approx(0.7875, rel=1e-14)
    assert success_chance(3, 0.0, 0.5, 0.75, 0.0) == 1.0
    # Two documents: 0.64 at once; 0.95^2 = 0.9025 once mended; half of the difference comes.
    assert success_chance(2, 0.2, 0.5, 0.75, 0.0) == pytest.approx(0.64 + 0.5 * 0.2625, rel=1e-14)


@pytest.mark.parametrize("documents", [1, 4, 10])
def test_success_is_the_sum_over_all_patterns_of_defects(documents: int) -> None:
    """Enumerated: k of n documents wrong, all of them mended in the one correction."""
    error, correction, mended = 0.08, 0.85, 0.7
    total = 0.0
    for wrong in range(documents + 1):
        pattern = math.comb(documents, wrong) * error**wrong * (1.0 - error) ** (documents - wrong)
        total += pattern * (1.0 if wrong == 0 else correction * mended**wrong)
    assert success_chance(documents, error, correction, mended, 0.25) == pytest.approx(0.75 * total, rel=1e-12)
