"""The community satisfaction index IKM, exactly as PermenPANRB 14/2017 computes it.

Nine elements answered 1 to 4, weight 1/9 each (not the rounded 0.11), times 25, rounded to two decimals, then
classified A to D.
"""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from io import StringIO

import numpy as np
from numpy.typing import NDArray

from keliling.sim.compiled import compiled
from keliling.sim.parameters import data_text

ELEMENTS = 9  # of the form, by the regulation
BOX_BITS = 3  # of each in a form that is kept as one number
BOX = (1 << BOX_BITS) - 1


def index(total: float, respondents: float) -> float:
    """IKM (25-100) from the sum of all answers of all respondents to all nine elements, or of the means of the elements
    as of one respondent; NaN without respondents."""
    if respondents <= 0:
        return float("nan")
    exact = 25 * Fraction(str(total)) / (ELEMENTS * int(respondents))
    hundredths = Decimal(exact.numerator * 100) / Decimal(exact.denominator)
    return float(hundredths.quantize(Decimal(1), ROUND_HALF_UP) / 100)


def answers_of(boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Answers 1-4 of each form (rows) to each element (columns), from forms packed as numbers in base 8."""
    return np.stack([boxes >> BOX_BITS * element & BOX for element in range(ELEMENTS)], axis=1)


@compiled
def box(boxes, element):
    """The answer 1-4 to one element of a packed form."""
    return boxes >> BOX_BITS * element & BOX


@cache
def categories() -> tuple[tuple[str, float, float], ...]:
    """Category letter, lowest and highest IKM, from A down."""
    rows = csv.DictReader(StringIO(data_text("ikm_categories.csv")))
    return tuple((row["mutu"], float(row["ikm_min"]), float(row["ikm_max"])) for row in rows)


def category(ikm: float) -> str:
    """Category A to D of an IKM that was rounded to two decimals; '-' for NaN."""
    for letter, low, _high in categories():
        if ikm >= low:
            return letter
    return "-"


@cache
def sizes() -> tuple[tuple[int, int], ...]:
    """The regulation's table: population and the sample asked of it (Krejcie & Morgan 1970), ascending."""
    rows = csv.DictReader(StringIO(data_text("krejcie_morgan.csv")))
    return tuple((int(row["population_N"]), int(row["rounded"])) for row in rows)


@compiled
def sample_of(population, table):
    """Respondents that the ``table`` of sizes (population, sample) asks for: its first row that is not smaller.

    Populations of less than its first row are asked whole.
    """
    if population < table[0, 0]:
        return population
    for row in range(table.shape[0]):
        if population <= table[row, 0]:
            return min(table[row, 1], population)
    return table[-1, 1]


def sample_size(population: int) -> int:
    """Respondents that the regulation's table asks for."""
    return int(sample_of(population, np.array(sizes())))
