"""What a report says, block by block: a heading, words, a table. A terminal prints them, a notebook shows them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """A cell of a table with the verdict that colours it; the words say the same."""

    text: str
    verdict: str = ""


@dataclass(frozen=True)
class Block:
    """A heading, lines above the table, the table, and lines below it; whatever is empty is left out."""

    heading: str = ""
    above: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str | Cell]] = ()
    right: Sequence[int] = field(default_factory=tuple)
    """Columns set flush right."""
    below: Sequence[str] = ()
    sentences: Sequence[str] = ()
    """Prose below all of it, which is wrapped."""


def interval_text(value: float, low: float, high: float, decimals: int) -> str:
    """A value and its interval, such as "1.20 [0.30, 2.10]"; the interval is left out where there is none."""
    if math.isnan(value):
        return "n/a"
    if math.isnan(low):
        return f"{value:,.{decimals}f}"
    return f"{value:,.{decimals}f} [{low:,.{decimals}f}, {high:,.{decimals}f}]"


def share_text(value: float) -> str:
    """A share in per cent; "-" where there is none."""
    return "-" if math.isnan(value) else f"{100 * value:.0f}%"


def meanings(words: Mapping[str, str]) -> list[Block]:
    """What the titles of the blocks before mean: a sentence for each that alone would be misread."""
    if not words:
        return []
    sentences = [f"{title}: {meaning}" for title, meaning in words.items()]
    return [Block("What the words mean", sentences=sentences)]
