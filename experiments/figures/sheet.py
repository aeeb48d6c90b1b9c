"""A sheet: one figure with its finding on top, its panels, from what it was made at the foot, and its numbers as CSV.

All places are inches, so that a longer title or one more row makes a sheet higher and never covers what is below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keliling import __version__
from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.analysis.decision import sample, units
from keliling.experiments.analysis.differences import Difference, alone
from keliling.experiments.analysis.results import Floats, Results
from keliling.experiments.figures import style
from keliling.experiments.keep.files import write_csv
from keliling.sim.outcomes import Outcome, outcomes

MARGIN = 0.16


@dataclass(frozen=True)
class Sheet:
    """A figure, its size, and where its body ends above the footer; all in inches."""

    figure: Any
    width: float
    height: float
    foot: float

    def panel(self, left: float, low: float, wide: float, high: float) -> Any:
        """Axes at a place measured from the lower left of the body."""
        place = (left / self.width, (self.foot + low) / self.height, wide / self.width, high / self.height)
        return self.figure.add_axes(place)

    def text(self, left: float, low: float, text: str, **looks: Any) -> Any:
        """Words at a place measured from the lower left of the body."""
        return self.figure.text(left / self.width, (self.foot + low) / self.height, text, **looks)

    def legend(self, entries: Sequence[tuple[Any, str]], low: float = 0.0, left: float = 0.08) -> None:
        """A legend in one line, from a place measured from the lower left of the body."""
        self.figure.legend(
            [handle for handle, _ in entries],
            [text for _, text in entries],
            loc="lower left",
            bbox_to_anchor=(left / self.width, (self.foot + low) / self.height),
            ncols=len(entries),
            frameon=False,
            fontsize=8.0,
            handlelength=2.2,
            columnspacing=1.8,
            borderaxespad=0.0,
        )


def sheet(figures: Any, size: tuple[float, float], title: str, under: str, footer: str) -> Sheet:
    """A sheet with a body of this width and height, under a title and a grey line, over a footer, all wrapped."""
    wide, body = size
    lines = [
        style.wrapped(text, int((wide - 2 * MARGIN) / each))
        for text, each in ((title, 0.116), (under, 0.0685), (f"{footer} {NOT_A_FORECAST}".strip(), 0.0615))
    ]
    rows = [text.count("\n") + 1 if text else 0 for text in lines]
    above = MARGIN + 0.225 * rows[0] + 0.05
    top, foot = above + 0.155 * rows[1] + 0.12, MARGIN + 0.125 * rows[2]
    height = round(top + body + foot, 2)
    figure = figures.Figure(figsize=(wide, height))
    left, grey = MARGIN / wide, {"color": style.GREY, "linespacing": 1.15}
    figure.text(left, 1 - MARGIN / height, lines[0], fontsize=12.5, fontweight="bold", va="top", linespacing=1.15)
    figure.text(left, 1 - above / height, lines[1], fontsize=8.6, va="top", **grey)
    figure.text(left, 0.09 / height, lines[2], fontsize=7.4, va="bottom", **grey)
    return Sheet(figure, wide, height, foot)


def keep(figure: Any, folder: Path, name: str, columns: str, rows: Iterable[Sequence[Any]]) -> list[Path]:
    """Write a figure as SVG and PNG, and what it draws as CSV of the same name; a number not there is left empty."""
    paths, path = style.save(figure, folder, name), folder / f"{name}.csv"
    write_csv(path, columns.split(), rows)
    return [*paths, path]


# -- from a study


def footer(results: Results) -> str:
    """From which runs a figure of a study was made, under which seed and version."""
    study, jobs, points = results.study, results.jobs, np.unique(results.point).size
    fair = int(sample(results).sum())
    size = study.arms[0].scenario.size
    parts = [f"{jobs} run{'s' if jobs != 1 else ''} of each of {len(study.arms)} arms, paired by luck"]
    parts += [f"{points} points" if points > 1 else "one design point"]
    parts += [f"policies judged by {fair} of them, a fair sample"] if 0 < fair < jobs else []
    parts += [f"{results.failed} runs failed"] if results.failed else []
    parts += [f"reduced size {size:g}"] if size != 1.0 else []
    return f"{study.title}: {', '.join(parts)}, year {study.year}, seed {study.seed}. keliling {__version__}."


def difference_of(results: Results, outcome: Outcome, values: Floats) -> Difference:
    """The mean of paired differences by job, with its interval over points, or over replicates of the only point."""
    return alone(outcome, "", units(results, values, sample(results) & ~np.isnan(values)).tolist())


def change(results: Results, outcome: str, arm: int) -> Difference:
    """What a policy changes in an outcome."""
    return difference_of(results, outcomes()[outcome], results.difference(outcome, arm))


def bounds(d: Difference) -> tuple[float, float, float]:
    """A difference and its interval."""
    return d.difference, d.low, d.high


# -- marks and words


def marked(
    panel: Any, at: float, found: tuple[float, float, float], verdict: str, *, upright: bool = False, size: float = 6.0
) -> None:
    """A mark that tells the verdict, on a thin bar from low to high; ``found`` is the value, low and high."""
    marker, colour, filled = style.MARKS[verdict]
    value, low, high = found
    for ends, looks in (
        ((low, high), {"linewidth": 1.6, "zorder": 3}),
        ((value,), {"marker": marker, "markersize": size, "zorder": 4, "markeredgewidth": 1.4}),
    ):
        places = [[at] * len(ends), ends]
        panel.plot(
            *(places if upright else reversed(places)),
            color=colour,
            markerfacecolor=colour if filled else "white",
            **looks,
        )


def marks(verdicts: Iterable[str]) -> list[tuple[Any, str]]:
    """Legend entries of the verdicts that occur."""
    from matplotlib.lines import Line2D

    there = set(verdicts)
    entries = []
    for verdict, (marker, colour, filled) in style.MARKS.items():
        if verdict in there:
            inside = colour if filled else "white"
            line = Line2D([], [], marker=marker, color=colour, markerfacecolor=inside, markersize=6, linewidth=1.6)
            entries.append((line, style.MEANINGS[verdict]))
    return entries


def striped(panel: Any, rows: int, left: float = -2.0, right: float = 3.0) -> None:
    """Rows counted from the top, every other one on a faint ground that reaches beyond the axes."""
    panel.set_ylim(rows - 0.5, -0.5)
    for at in range(0, rows, 2):
        panel.axhspan(
            at - 0.5, at + 0.5, xmin=left, xmax=right, color=style.FAINT, linewidth=0, zorder=0, clip_on=False
        )
    panel.tick_params(axis="y", length=0, labelcolor=style.INK)
    panel.spines["left"].set_visible(False)


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in one phrase; beyond so many they are counted."""
    shown = [*names[:most], *([f"{len(names) - most} more"] if len(names) > most else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def lowered(title: str) -> str:
    """A title within a sentence; abbreviations stay as they are."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
