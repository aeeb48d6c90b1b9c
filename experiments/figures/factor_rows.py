"""Rows of factors: their names and meanings at the left, their bars in the middle, their numbers at the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keliling.experiments.figures import style
from keliling.experiments.figures.sheet import Sheet, striped
from keliling.experiments.plan.factors import LUCK, Factor

if TYPE_CHECKING:
    from keliling.experiments.analysis.sensitivity import Sensitivity

MOST = 20  # rows of one sheet
ROW, NAMES, TOP, BOTTOM = 0.36, 4.1, 0.1, 0.68  # inches: a row, the column of names, space above and below the rows
DASHES = (0, (3, 1.5))
INDEX_COLUMNS = "factor measure value interval_low interval_high floor told points"


def size_of(rows: int, wide: float, beyond: float, *, top: float = TOP) -> tuple[float, float]:
    """The body of a sheet with so many rows: its bars so wide, and so much beyond them for numbers."""
    return NAMES + wide + beyond, top + ROW * rows + BOTTOM


def rows_of(one: Sheet, factors: Sequence[str], wide: float, beyond: float, behind: Sequence[str] = ()) -> Any:
    """Axes with a named row for each factor, counted from the top; ``behind`` is told behind each name."""
    count = len(factors)
    panel = one.panel(NAMES, BOTTOM, wide, ROW * count)
    striped(panel, count, -NAMES / wide, 1.0 + beyond / wide)
    for at, factor in enumerate(factors):
        place = {"transform": panel.get_yaxis_transform(), "ha": "right"}
        name = named(factor) + (behind[at] if behind else "")
        panel.text(-0.1 / wide, at - 0.02, style.short(name, 50), va="bottom", fontsize=8.4, **place)
        words = style.short(meaning(factor), 68)
        panel.text(-0.1 / wide, at + 0.05, words, va="top", fontsize=6.8, color=style.GREY, **place)
    panel.set_yticks([])
    panel.locator_params(axis="x", nbins=6)
    return panel


def beside(panel: Any, at: float, left: float, text: str, **looks: Any) -> None:
    """Numbers at the right of a row, so many widths of the axes from their left."""
    panel.text(left, at, text, transform=panel.get_yaxis_transform(), va="center", **looks)


def decimals_for(most: float) -> int:
    """Decimals by which the greatest number of a sheet has three digits; all others get as many."""
    return max(0, 2 - math.floor(math.log10(most))) if 0.0 < most < math.inf else 2


def named(factor: str) -> str:
    """A factor's name, as words."""
    return factor.replace("_", " ")


def meaning(factor: str) -> str:
    """What a factor is, in a few words; empty where its name is all there is."""
    if factor == LUCK:
        return "chance within a run: nobody can know or choose it"
    title = Factor(factor).title
    return "" if title == named(factor) else title


def with_rest(footer: str, rest: int) -> str:
    """The footer, and how many factors of less weight are only in the table."""
    return f"{footer} {rest} more factors, each of less, stand in the CSV file." if rest > 0 else footer


def points_of(found: Sensitivity, footer: str) -> str:
    """The footer, with how many points of the design the indices are from."""
    return f"{footer} {found.basis}."


def index_rows(found: Sensitivity, measures: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of ``INDEX_COLUMNS``: every factor by each measure, the greatest first."""
    return [
        (i.factor, i.measure, i.value, i.low, i.high, found.floor.get(i.measure, math.nan), i.told, i.points)
        for measure in measures
        for i in found.of(measure)
    ]
