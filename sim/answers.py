"""How people answer: what feeds each element of the IKM, and the solved constants of the answers at base.

A respondent ticks nine boxes. At equal experience the latent score of each is the base score, the respondent's own
noise, and the noise of the element; the box is that score rounded to 1 to 4. Two constants are solved together: the
base score, so that boxes average ``ikm_base`` / 25, and the spread of the respondents' own noise, so that a
respondent's mean of the nine boxes spreads by ``answer_sd``. The elements' noise is a part of that spread.
"""

from __future__ import annotations

import csv
import math
from functools import cache
from io import StringIO
from types import SimpleNamespace
from typing import NamedTuple

from keliling.sim.compiled import loop
from keliling.sim.errors import KelilingError
from keliling.sim.ikm import ELEMENTS
from keliling.sim.parameters import data_text
from keliling.sim.rules.satisfaction import box_variance, expected_answer

WIDEST = 10.0  # the largest spread of respondents that is looked at, far beyond the scale
HALVINGS = 50  # until the interval is narrower than a number's digits
STEPS = 1600  # on each side of the mean
REACH = 8.0  # how far from it, in standard deviations


class Answers(NamedTuple):
    """The solved constants of the answers."""

    base_score: float  # latent satisfaction at reference experiences, 1-4
    person_sd: float  # spread of respondents around it, on the latent scale


@cache
def satisfaction_table() -> tuple[list[tuple[float, ...]], tuple[float, ...]]:
    """Routing of the seven experiences into each of the nine elements, and the reference experiences."""
    rows = list(csv.reader(StringIO(data_text("satisfaction.csv"))))[1:]
    numbers = [tuple(float(cell) for cell in row[1:]) for row in rows]
    return numbers[:-1], numbers[-1]


@loop
def spread_of_means(base, person_sd, element_sd):
    """Spread of a respondent's mean of nine boxes, when latent scores are ``base`` with these two kinds of noise.

    Given the respondent the boxes are independent, so only what the respondent brings to all nine is integrated.
    """
    weight, first, second = 0.0, 0.0, 0.0
    for step in range(-STEPS, STEPS + 1):
        z = step * REACH / STEPS
        density = math.exp(-0.5 * z * z)
        mean = expected_answer(base + person_sd * z, element_sd)
        weight += density
        first += density * mean
        second += density * mean * mean
    first, second = first / weight, second / weight
    shared = second - first * first
    of_one = box_variance(base, math.sqrt(person_sd * person_sd + element_sd * element_sd))
    return math.sqrt(of_one / ELEMENTS + shared * (ELEMENTS - 1.0) / ELEMENTS)


def solve_answers(p: SimpleNamespace) -> Answers:
    """Base score and spread of respondents that give ``ikm_base`` and ``answer_sd``, with elements of ``element_sd``.

    Raises KelilingError when no spread of respondents does, since the elements by themselves spread too far.
    """
    low, high = 0.0, WIDEST
    least, most = (spread_of_means(base_score(p, sd), sd, p.element_sd) for sd in (low, high))
    if not least <= p.answer_sd <= most:
        side = "elements alone spread it by" if p.answer_sd < least else "no respondents spread it by more than"
        raise KelilingError(
            f"answer_sd is {p.answer_sd}: a respondent's mean answer cannot spread by so "
            f"{'little' if p.answer_sd < least else 'much'} where element_sd is {p.element_sd}; "
            f"{side} {least if p.answer_sd < least else most:.3f}"
        )
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        spread = spread_of_means(base_score(p, middle), middle, p.element_sd)
        low, high = (middle, high) if spread < p.answer_sd else (low, middle)
    person_sd = (low + high) / 2.0
    return Answers(base_score(p, person_sd), person_sd)


def base_score(p: SimpleNamespace, person_sd: float) -> float:
    """Latent score whose ticked boxes average ``ikm_base`` / 25, given the spread of people and elements."""
    spread = math.sqrt(person_sd * person_sd + p.element_sd * p.element_sd)
    low, high = -WIDEST, 5.0 + WIDEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if expected_answer(middle, spread) < p.ikm_base / 25.0 else (low, middle)
    return (low + high) / 2.0
