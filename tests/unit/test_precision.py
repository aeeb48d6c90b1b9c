"""Replicates by rule, against numbers worked out by hand."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keliling.experiments.analysis.precision import Reached, following, half_width, judged, next_number, said
from keliling.experiments.plan.study import Precision

NAN = math.nan
T1, T4 = 12.706204736174707, 2.7764451051977987  # the 97.5% points of Student's t with 1 and 4 degrees of freedom
RULE = Precision("ikm", 2.0, least=3, most=30, look_ahead=2)


def test_half_width_of_known_numbers() -> None:
    """Student's t times the standard error; infinite of fewer than two numbers, and nothing of equal ones."""
    assert half_width([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(T4 * math.sqrt(2.5 / 5))
    assert half_width([1.0, 5.0]) == pytest.approx(T1 * 2.0)
    assert half_width([]) == half_width([3.0]) == half_width([3.0, NAN]) == half_width([NAN, NAN]) == math.inf
    assert half_width([3.0, 3.0]) == 0.0
    assert half_width([1.0, NAN, 2.0, 3.0, NAN, 4.0, 5.0]) == half_width([1.0, 2.0, 3.0, 4.0, 5.0])


def test_the_smallest_number_that_holds() -> None:
    """Of 1 1 1 1 9 1 1 ... the standard error is 8 / n from the fifth on: 2.26 x 0.8 at 10 is the first below 2."""
    differences = [1.0, 1.0, 1.0, 1.0, 9.0] + [1.0] * 25
    widths = [half_width(differences[:n]) for n in (9, 10)]
    assert widths == pytest.approx([2.306004135 * 8 / 9, 2.262157163 * 0.8]) and widths[0] > 2.0 > widths[1]
    # With three and four the interval is nothing, but the fifth replicate undoes it.
    for lived in (3, 4, 5, 9, 10, 11):
        assert judged(RULE, {"p": differences[:lived]}).needed is None, lived
    for lived in (12, 13, 30):
        reached = judged(RULE, {"p": differences[:lived]})
        assert (reached.needed, reached.lived) == (10, lived)
        assert reached.half_widths == {"p": half_width(differences[:lived])}
    # Who does not look ahead takes the luck of the first three for an answer.
    assert judged(Precision("ikm", 2.0, least=3, look_ahead=0), {"p": differences[:3]}).needed == 3
    assert judged(Precision("ikm", 2.0, least=3, look_ahead=1), {"p": differences[:4]}).needed == 3


def test_constant_differences_are_known_at_once() -> None:
    """The least number is enough, as soon as the replicates that look ahead are lived."""
    assert judged(RULE, {"p": [4.0] * 4}).needed is None
    assert judged(RULE, {"p": [4.0] * 5}) == Reached(3, 5, {"p": 0.0})
    assert judged(RULE, {"p": [0.0] * 30}).needed == 3


def test_every_policy_must_be_known() -> None:
    """The widest interval counts, and the policy of which the fewest replicates are there."""
    differences = [1.0, 1.0, 1.0, 1.0, 9.0] + [1.0] * 25
    both = judged(RULE, {"sure": [4.0] * 30, "unsure": differences})
    assert both.needed == 10 and both.half_widths["sure"] == 0.0 < both.half_widths["unsure"]
    assert judged(RULE, {"sure": [4.0] * 30, "unsure": differences[:11]}) == Reached(
        None, 11, {"sure": 0.0, "unsure": half_width(differences[:11])}
    )
    assert judged(RULE, {}) == Reached(None, 0, {})


def test_pairs_that_failed_tell_nothing() -> None:
    """A NaN takes a replicate's place and no part in the interval."""
    assert judged(RULE, {"p": [NAN] * 30}) == Reached(None, 30, {"p": math.inf})
    assert judged(RULE, {"p": [1.0, NAN, NAN, NAN, 1.0, 1.0, 1.0]}).needed == 5  # only then there are two numbers
    assert judged(RULE, {"p": [1.0, NAN, 1.0, 1.0, 1.0]}).needed == 3
    assert judged(RULE, {"p": [NAN] * 30, "sure": [1.0] * 30}).needed is None


def test_the_next_round() -> None:
    """As many as the spread asks for, at most twice as many, those that look ahead on top, and never beyond the most."""
    rule = Precision("ikm", 1.0, least=6, most=100, look_ahead=4)

    def after(lived: int, *widths: float, rule: Precision = rule) -> int:
        return next_number(rule, Reached(None, lived, {str(at): width for at, width in enumerate(widths)}))

    assert after(0, math.inf) == after(9, 0.5) == 10  # the least, and to look ahead
    assert after(20, 1.2) == math.ceil(20 * 1.44) + 4 == 33
    assert after(20, 0.3, 1.2) == 33
    assert after(20, 3.0) == after(20, math.inf) == 44
    assert after(20, 0.9) == after(20, 0.0) == 24
    assert after(90, 1.2) == after(99, 0.0) == 100
    assert after(20, 0.0, rule=Precision("ikm", 1.0, look_ahead=0)) == 21
    assert after(3, 0.0, rule=Precision("ikm", 1.0, least=6, most=8, look_ahead=4)) == 8


def rounds(rule: Precision, differences: dict[str, list[float]]) -> tuple[list[int], Reached]:
    """How many replicates are lived round by round, and what it comes to."""
    numbers: list[int] = []
    reached: Reached | None = None
    while (upto := following(rule, reached)) is not None:
        numbers.append(upto)
        reached = judged(rule, {name: one[:upto] for name, one in differences.items()})
    assert reached is not None
    return numbers, reached


def test_rounds_of_a_known_sequence() -> None:
    """5; then twice as many and two more: 12, of which 10 are enough."""
    numbers, reached = rounds(RULE, {"p": [1.0, 1.0, 1.0, 1.0, 9.0] + [1.0] * 25})
    assert (numbers, reached.needed, reached.lived) == ([5, 12], 10, 12)
    assert said(RULE, reached).endswith("2 asked for ikm; 10 replicates were enough, 12 were lived.")


def test_the_most_is_an_end() -> None:
    """A difference that keeps jumping is not known with the most replicates, and that is said."""
    numbers, reached = rounds(RULE, {"p": [-9.0, 9.0] * 50})
    assert (numbers, reached.needed, reached.lived) == ([5, 12, 26, 30], None, 30)
    assert "30 replicates, the most allowed, were not enough" in said(RULE, reached)
    few = Precision("ikm", 2.0, least=6, most=4)
    assert rounds(few, {"p": [1.0] * 9}) == ([4], Reached(None, 4, {"p": 0.0}))
    # Narrow at last, but with nothing left to look ahead.
    tight = Precision("ikm", 2.0, least=3, most=11, look_ahead=2)
    numbers, reached = rounds(tight, {"p": [1.0, 1.0, 1.0, 1.0, 9.0] + [1.0] * 25})
    assert (numbers[-1], reached.needed) == (11, None) and reached.half_widths["p"] < 2.0


NUMBERS = st.lists(st.one_of(st.floats(-5, 5), st.just(1.0), st.just(NAN)), min_size=40, max_size=40)


@given(first=NUMBERS, second=NUMBERS, width=st.floats(0.1, 8.0), look_ahead=st.integers(0, 5))
def test_the_answer_does_not_depend_on_the_rounds(
    first: list[float], second: list[float], width: float, look_ahead: int
) -> None:
    """Replicates that come later change no answer, whatever the rounds they come in; every round adds some."""
    rule = Precision("ikm", width, least=4, most=40, look_ahead=look_ahead)
    differences = {"a": first, "b": second}
    numbers, reached = rounds(rule, differences)
    assert all(before < after <= 40 for before, after in zip([0, *numbers], numbers, strict=False))
    whole = judged(rule, differences)
    assert reached.needed == whole.needed
    for upto in range(41):
        part = judged(rule, {name: one[:upto] for name, one in differences.items()}).needed
        enough = whole.needed is not None and whole.needed + look_ahead <= upto
        assert part == (whole.needed if enough else None)


def test_intervals_of_normal_differences_come_out_as_asked() -> None:
    """With a standard deviation of 1 a half width of 0.3 takes about (1.96 / 0.3)^2 = 43 replicates."""
    luck = random.Random(11)
    rule = Precision("ikm", 0.3, most=500)
    needed = [rounds(rule, {"p": [luck.gauss(2.0, 1.0) for _ in range(500)]})[1].needed for _ in range(40)]
    assert 35 < sum(one for one in needed if one) / 40 < 50 and None not in needed
