"""The figures of sensitivity: which factors move an outcome, how surely, and whether the indices stand still.

Titles say what was found, in the words of the numbers drawn. Factors that are not told apart from one that does nothing
are grey and hollow, and luck is marked as luck. What does not fit is counted on the sheet and stands in the CSV file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keliling.experiments.analysis.sensitivity import MAIN, POINTS
from keliling.experiments.figures import style
from keliling.experiments.figures.factor_rows import (
    DASHES,
    INDEX_COLUMNS,
    MOST,
    beside,
    index_rows,
    named,
    points_of,
    rows_of,
    size_of,
    with_rest,
)
from keliling.experiments.figures.sheet import keep, listed, sheet
from keliling.experiments.plan.factors import LUCK

if TYPE_CHECKING:
    from keliling.experiments.analysis.sensitivity import Index, Sensitivity

WIDE, BEYOND = 4.2, 3.4  # inches: the bars, and the numbers beside them
MEASURES = {
    "ST": ("ST, total order: with all its interactions", style.POLICIES[0]),
    "S1": ("S1, first order: the factor alone", style.BASELINE),
    "pawn": ("PAWN index", style.BASELINE),
}
LABELS = {"ST": "ST, share of variance", "pawn": "PAWN index, 0 to 1", "mu_star": "mu*, in the target's unit"}
NOT_TOLD = "not told from a dummy"

# -- shares of the variance, and distances of distributions


def index_bars(folder: Path, found: Sensitivity, name: str, footer: str) -> list[Path]:
    """The indices of every factor with their intervals, the greatest first; nothing is drawn where there are none."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    measures = [measure for measure in MEASURES if found.of(measure)]
    if not measures:
        return []
    main = found.of(measures[0])
    by_factor = {(one.factor, one.measure): one for one in found.indices}
    order = [one.factor for one in main]
    shown = order[:MOST]
    under = (
        f"Method: {found.estimator}. Thin lines: 95% intervals. Grey and hollow: {NOT_TOLD}, a factor that does "
        "nothing. Hatched: luck."
    )
    with style.styled() as figures:
        size = size_of(len(shown), WIDE, BEYOND)
        one = sheet(
            figures, size, _explained(found, main), under, with_rest(points_of(found, footer), len(order) - len(shown))
        )
        panel = rows_of(one, shown, WIDE, BEYOND)
        for at, factor in enumerate(shown):
            for side, measure in enumerate(measures):
                index = by_factor[factor, measure]
                y = at if len(measures) == 1 else at + (-0.19, 0.19)[side]
                colour = MEASURES[measure][1] if index.told else style.PLAIN
                lucky = factor == LUCK
                looks = {
                    "facecolor": colour if index.told and not lucky else "white",
                    "hatch": "/////" if lucky else "",
                }
                panel.barh(y, index.value, 0.34, edgecolor=colour, linewidth=0.9, zorder=2, **looks)
                panel.plot((index.low, index.high), (y, y), color=style.INK, linewidth=1.1, zorder=3)
                told = "" if index.told else f"  {NOT_TOLD}"
                short = measure.replace("pawn", "PAWN")
                words = f"{short} {index.value:z.2f} [{index.low:z.2f}, {index.high:z.2f}]{told}"
                beside(panel, y, 1.03, words, fontsize=7.2, color=style.INK if index.told else style.GREY)
        sure = {index.measure for index in found.indices if index.told}
        entries: list[tuple[Any, str]] = [(Patch(color=MEASURES[m][1]), MEASURES[m][0]) for m in measures if m in sure]
        if any(not by_factor[factor, measure].told for factor in shown for measure in measures):
            entries.append((Patch(facecolor="white", edgecolor=style.PLAIN), NOT_TOLD))
        floor = found.floor.get(measures[0], math.nan)
        if not math.isnan(floor):
            panel.axvline(floor, color=style.INK, linewidth=1.1, linestyle=DASHES, zorder=1)
            dashes = Line2D([], [], color=style.INK, linewidth=1.1, linestyle=DASHES)
            entries.append((dashes, f"what a dummy reaches by luck ({floor:.2g})"))
        panel.axvline(0.0, color=style.INK, linewidth=0.9)
        panel.set_xlabel("share of the variance" if "ST" in measures else "distance of distributions, 0 to 1")
        one.legend(entries)
        return keep(one.figure, folder, name, INDEX_COLUMNS, index_rows(found, measures))


def _explained(found: Sensitivity, main: Sequence[Index]) -> str:
    """What moves the target most, of the factors that are told."""
    told = [f"{named(one.factor)} ({one.value:.2f})" for one in main if one.told]
    if not told:
        return f"{found.target}; no factor is told from one that does nothing"
    return f"{found.target}; moved most by {listed(told, 3)}"


# -- do the indices stand still


def convergence_lines(folder: Path, found: Sequence[Sensitivity], name: str, footer: str) -> list[Path]:
    """The six greatest indices with their intervals against the number of points; nothing of one size alone."""
    there = [one for one in found if one.indices]
    if len(there) < 2:
        return []
    last = there[-1]
    measure = MAIN[last.kind]
    top = [one.factor for one in last.of(measure)[:6]]
    lines = {f: [(one.points, i) for one in there for i in one.of(measure) if i.factor == f] for f in top}
    across, wide, high = min(3, len(top)), 3.7, 2.55
    down = -(-len(top) // across)
    under = (
        f"{LABELS[measure]}, with its 95% interval, from the first part of the points to all of them, on one scale. "
        f"Hollow: {NOT_TOLD}, a factor that does nothing."
    )
    with style.styled() as figures:
        size = (max(wide * across, 7.4), high * down)
        one = sheet(figures, size, _settled(last, lines), under, points_of(last, footer))
        lows, highs = zip(*((i.low, i.high) for line in lines.values() for _, i in line), strict=True)
        bottom, top_end = min(0.0, *lows), max(*highs, 1e-9)
        for number, (factor, line) in enumerate(lines.items()):
            place = (wide * (number % across) + 0.7, high * (down - 1 - number // across) + 0.55)
            panel = one.panel(*place, wide - 0.9, high - 0.95)
            x = [points for points, _ in line]
            panel.fill_between(
                x, [i.low for _, i in line], [i.high for _, i in line], color=style.GREY, alpha=0.25, linewidth=0
            )
            panel.plot(x, [i.value for _, i in line], color=style.INK, linewidth=1.4)
            for points, i in line:
                panel.plot([points] * 2, [i.low, i.high], color=style.GREY, linewidth=1.1)
                inside = style.INK if i.told else "white"
                panel.plot([points], [i.value], marker="o", markersize=5, color=style.INK, markerfacecolor=inside)
            panel.axhline(0.0, color=style.INK, linewidth=0.9)
            panel.set_ylim(bottom - 0.05 * (top_end - bottom), top_end + 0.05 * (top_end - bottom))
            panel.set_xscale("log", base=2)
            panel.set_xticks(x, [f"{points:,}" for points in x])
            panel.set_xticks([], minor=True)
            panel.grid(axis="y", color=style.FAINT, linewidth=0.8)
            panel.set_title(style.short(named(factor), 38), pad=6)
            panel.set_xlabel(POINTS[last.kind])
            panel.set_ylabel(LABELS[measure])
        return keep(
            one.figure, folder, name, INDEX_COLUMNS, [row for part in there for row in index_rows(part, (measure,))]
        )


def _settled(found: Sensitivity, lines: Mapping[str, Sequence[tuple[int, Index]]]) -> str:
    """Whether the last part of the points still moved an index by more than half the width of its interval."""
    target = found.target
    pairs = {factor: line[-2:] for factor, line in lines.items()}
    before, after = next(iter(pairs.values()))[0][0], next(iter(pairs.values()))[1][0]
    moved = [
        named(factor)
        for factor, ((_, old), (_, new)) in pairs.items()
        if not abs(new.value - old.value) <= (new.high - new.low) / 2
    ]
    span = f"from {before:,} to {after:,} {POINTS[found.kind]}"
    if moved:
        return f"{target}; not settled, {listed(moved, 3)} still moved {span}"
    return f"{target}; the greatest indices stood still, within their intervals, {span}"
