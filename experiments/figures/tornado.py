"""A tornado: what each factor alone changes at the two ends of its range, the widest first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keliling.experiments.figures import style
from keliling.experiments.figures.factor_rows import MOST, beside, decimals_for, named, rows_of, size_of, with_rest
from keliling.experiments.figures.sheet import keep, listed, sheet

WIDE, BEYOND = 3.3, 4.2  # inches: the bars, and the numbers beside them
ENDS = {"low": (style.BASELINE, "white", "/////"), "high": (style.POLICIES[0], "", "")}
"""Colour, ground and hatch of the bar at each end."""


@dataclass(frozen=True)
class Bar:
    """What a factor changes at the low and at the high end of its range, each with its 95% interval."""

    factor: str
    low_text: str
    high_text: str
    at_low: float
    low_interval: tuple[float, float]
    at_high: float
    high_interval: tuple[float, float]

    @property
    def reach(self) -> float:
        """The larger of both changes, whichever way; zero where neither is defined."""
        return max((abs(one) for one in (self.at_low, self.at_high) if not math.isnan(one)), default=0.0)

    @property
    def ends(self) -> tuple[tuple[str, str, float, tuple[float, float]], ...]:
        """Both ends: which, the factor's value as text, the change, its interval."""
        return (
            ("low", self.low_text, self.at_low, self.low_interval),
            ("high", self.high_text, self.at_high, self.high_interval),
        )

    @property
    def clear(self) -> bool:
        """Whether either end changes the outcome clearly."""
        return any(_clear(interval) for *_, interval in self.ends)


def _clear(interval: tuple[float, float]) -> bool:
    return interval[0] > 0.0 or interval[1] < 0.0


def tornado(
    folder: Path, rows: Sequence[Bar], *, outcome_title: str, unit: str, base: float, footer: str, name: str = "tornado"
) -> list[Path]:
    """What each factor alone changes at both ends of its range, the widest first; ``base`` is the level at base."""
    from matplotlib.patches import Patch

    ordered = sorted(rows, key=lambda bar: -bar.reach)
    shown = ordered[:MOST]
    digits = decimals_for(ordered[0].reach)
    unit_of_change = "points" if unit in ("%", "25-100") else unit
    clear = [named(bar.factor) for bar in ordered if bar.clear]
    title = f"{outcome_title}: " + (
        f"{listed(clear, 3)} {'move' if len(clear) > 1 else 'moves'} it clearly, one at a time"
        if clear
        else "no factor alone moves it clearly"
    )
    level = f"{base:,.4g}" + {"%": "%", "25-100": " on the scale from 25 to 100"}.get(unit, f" {unit}")
    under = (
        f"Change from base ({level}) when one factor goes to an end of its range and all others stay, with its 95% "
        "interval. Grey: the interval holds zero."
    )
    with style.styled() as figures:
        size = size_of(len(shown), WIDE, BEYOND, top=0.4)
        one = sheet(figures, size, title, under, with_rest(footer, len(ordered) - len(shown)))
        panel = rows_of(one, [bar.factor for bar in shown], WIDE, BEYOND)
        for at, bar in enumerate(shown):
            for side, (end, text, change, interval) in enumerate(bar.ends):
                y = at + (-0.19, 0.19)[side]
                colour = ENDS[end][0] if _clear(interval) else style.PLAIN
                looks = {"facecolor": colour if end == "high" else "white", "hatch": "" if end == "high" else "/////"}
                panel.barh(y, change, 0.34, edgecolor=colour, linewidth=0.9, zorder=2, **looks)
                panel.plot(interval, [y, y], color=style.INK, linewidth=1.1, zorder=3)
                words = f"{text}:  " + ("n/a" if math.isnan(change) else f"{change:+z,.{digits}f}")
                if not math.isnan(interval[0]):
                    words += f" [{interval[0]:+z,.{digits}f}, {interval[1]:+z,.{digits}f}]"
                beside(panel, at, 1.03 + side * 0.62, words, fontsize=7.2)
        for side, end in enumerate(ENDS):
            beside(
                panel, -0.85, 1.03 + side * 0.62, f"{end} end: change [95% interval]", fontsize=7.8, fontweight="bold"
            )
        panel.axvline(0.0, color=style.INK, linewidth=0.9, zorder=4)
        panel.set_xlabel(f"change from base, {unit_of_change}")
        coloured = any(bar.clear for bar in shown)
        handles = []
        for end, (clear_colour, inside, hatch) in ENDS.items():
            colour = clear_colour if coloured else style.PLAIN
            handles.append((Patch(facecolor=inside or colour, hatch=hatch, edgecolor=colour), f"at its {end} end"))
        one.legend(handles)
        return keep(
            one.figure,
            folder,
            name,
            "factor end value change unit interval_low interval_high",
            [
                (bar.factor, end, text, change, unit_of_change, *interval)
                for bar in ordered
                for end, text, change, interval in bar.ends
            ],
        )
