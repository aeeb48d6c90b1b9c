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

from sim.parameters import data_text

ELEMENTS = 9


def index(total: float, respondents: float) -> float:
    """IKM (25-100) from the sum of all answers of all respondents to all nine elements; NaN without respondents."""
    if respondents <= 0:
        return float("nan")
    exact = Fraction(25 * int(total), ELEMENTS * int(respondents))
    hundredths = Decimal(exact.numerator * 100) / Decimal(exact.denominator)
    return float(hundredths.quantize(Decimal(1), ROUND_HALF_UP) / 100)


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
def _sizes() -> tuple[tuple[int, int], ...]:
    rows = csv.DictReader(StringIO(data_text("krejcie_morgan.csv")))
    return tuple((int(row["population_N"]), int(row["rounded"])) for row in rows)


def sample_size(population: int) -> int:
    """Respondents that the regulation's table asks for: the first row that is not smaller (Krejcie & Morgan 1970).

    Populations of less than 10 are asked whole.
    """
    if population < _sizes()[0][0]:
        return population
    for size, sample in _sizes():
        if population <= size:
            return min(sample, population)
    return _sizes()[-1][1]
