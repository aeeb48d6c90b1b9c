"""How people answer: boxes average the base IKM, and a respondent's mean spreads by what its parameter says."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

from keliling.sim.answers import satisfaction_table, solve_answers, spread_of_means
from keliling.sim.errors import KelilingError
from keliling.sim.parameters import defaults, namespace, register
from keliling.sim.rules.satisfaction import answer, box_variance, expected_answer
from tests.statistics import assert_mean

RANGES = {name: (register()[name].low, register()[name].high) for name in ("answer_sd", "element_sd", "ikm_base")}


def numbers(**values: float) -> SimpleNamespace:
    return namespace(defaults() | values)


def test_the_variance_of_a_box_by_hand() -> None:
    """Half the boxes are 2 and half 3 midway between them; all are 3 in the middle of the third when nothing spreads."""
    assert box_variance(2.5, 1e-9) == pytest.approx(0.25, abs=1e-12)
    assert box_variance(3.0, 1e-9) == 0.0
    assert box_variance(-50.0, 0.5) == box_variance(50.0, 0.5) == 0.0


@pytest.mark.parametrize(
    ("base", "person", "element"), [(3.3, 0.46, 0.4), (3.3, 0.0, 0.4), (2.1, 0.9, 0.1), (3.6, 0.3, 0.8)]
)
def test_the_spread_of_a_mean_of_nine_agrees_with_scipy(base: float, person: float, element: float) -> None:
    """By the law of total variance, its integrals by quadrature and its probabilities by SciPy's normal."""

    def boxes(z: float) -> np.ndarray:
        edges = norm.cdf([1.5, 2.5, 3.5], base + person * z, element)
        return np.diff([0.0, *edges, 1.0])

    def moment(of: object) -> float:
        found, _ = integrate.quad(
            lambda z: norm.pdf(z) * of(boxes(z)), -9.0, 9.0, points=np.linspace(-9, 9, 73)[1:-1], limit=400
        )  # type: ignore[operator]
        return found

    k = np.arange(1, 5)
    mean = moment(lambda q: q @ k)
    between = moment(lambda q: (q @ k - mean) ** 2)
    within = moment(lambda q: q @ k**2 - (q @ k) ** 2)
    assert spread_of_means(base, person, element) == pytest.approx(math.sqrt(between + within / 9.0), rel=1e-6)


@pytest.mark.parametrize("answer_sd", RANGES["answer_sd"])
@pytest.mark.parametrize("element_sd", [0.4, *RANGES["element_sd"]])
@pytest.mark.parametrize("ikm_base", RANGES["ikm_base"])
def test_respondents_drawn_spread_by_the_parameter(answer_sd: float, element_sd: float, ikm_base: float) -> None:
    """At every corner of the register, within one in a hundred; and their boxes average the base IKM."""
    p = numbers(answer_sd=answer_sd, element_sd=element_sd, ikm_base=ikm_base)
    base, person_sd = solve_answers(p)
    draws = np.random.default_rng(20)
    means = []
    for _ in range(10):
        people = person_sd * draws.standard_normal((60_000, 1)) + element_sd * draws.standard_normal((60_000, 9))
        means.append(np.clip(np.floor(base + people + 0.5), 1, 4).mean(axis=1))
    mean = np.concatenate(means)
    assert_mean(25.0 * mean, ikm_base, detect=0.2)
    assert_mean((mean - ikm_base / 25.0) ** 2 / answer_sd**2, 1.0, detect=0.02)  # a hundredth of the spread


def test_rounding_is_the_box() -> None:
    """The draws above round as the rule does."""
    scores = np.random.default_rng(3).uniform(0.0, 5.0, 1000)
    assert np.clip(np.floor(scores + 0.5), 1, 4).tolist() == [answer(score) for score in scores]


def test_the_solved_base_score_gives_the_observed_ikm() -> None:
    for ikm in (81.81, 82.5, 83.33):
        p = numbers(ikm_base=ikm)
        base, person_sd = solve_answers(p)
        assert 25.0 * expected_answer(base, math.hypot(person_sd, p.element_sd)) == pytest.approx(ikm, abs=1e-9)


def test_a_spread_that_elements_alone_exceed_is_refused_by_name() -> None:
    with pytest.raises(KelilingError, match=r"answer_sd is 0\.2: .* element_sd is 0\.8; .* 0\.239"):
        solve_answers(numbers(answer_sd=0.2, element_sd=0.8))
    with pytest.raises(KelilingError, match=r"answer_sd is 2\.5: .* element_sd is 0\.4"):
        solve_answers(numbers(answer_sd=2.5))


def test_the_table_has_a_row_for_each_element_and_a_reference() -> None:
    routing, reference = satisfaction_table()
    assert [len(row) for row in routing] == [7] * 9
    assert len(reference) == 7
