"""A grid of two levers as a map: what each combination changes in one outcome, and where its sign turns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keliling.experiments.analysis.differences import Difference
from keliling.experiments.analysis.results import Floats, Results
from keliling.experiments.figures import style
from keliling.experiments.figures.sheet import bounds, change, footer, keep, sheet
from keliling.experiments.plan.factors import Factor
from keliling.sim.outcomes import NEITHER, Outcome, outcomes
from keliling.sim.parameters import Value, register


def heat_map(folder: Path, results: Results, outcome: str, levers: tuple[str, str]) -> list[Path]:
    """Paired difference of one outcome over two levers; the first runs along the columns."""
    cells = {
        (arm.levels[levers[0]], arm.levels[levers[1]]): (at, change(results, outcome, at))
        for at, arm in enumerate(results.arms)
        if at and set(levers) <= set(arm.levels)
    }
    if not cells:
        return []
    columns, rows = (_ordered({place[side] for place in cells}) for side in (0, 1))
    watched = outcomes()[outcome]
    unit = watched.unit_of_difference
    cell_wide, cell_high, labels = 1.08, 0.56, 1.25
    body = (max(labels + cell_wide * len(columns) + 1.5, 7.4), cell_high * len(rows) + 0.8)
    under = (
        "Policy minus baseline in the same luck, with its 95% interval. Hatched, in grey: the interval holds zero. "
        "Heavy line: where the sign of the mean turns. The best of many cells looks better than it is."
    )
    with style.styled() as figures:
        one = sheet(figures, body, _peak(watched, levers, cells), under, footer(results))
        panel = one.panel(labels, 0.75, cell_wide * len(columns), cell_high * len(rows))
        grid = np.full((len(rows), len(columns)), np.nan)
        for (x, y), (_, d) in cells.items():
            grid[rows.index(y), columns.index(x)] = d.difference
        shades = _shades(panel, watched, float(np.nanmax(np.abs(grid), initial=0.1**watched.decimals)))
        for (x, y), (_, d) in cells.items():
            _cell(panel, columns.index(x), rows.index(y), d, shades)
        _border(panel, grid)
        panel.set_xlim(-0.5, len(columns) - 0.5)
        panel.set_ylim(-0.5, len(rows) - 0.5)
        now = [results.arms[0].scenario.timeline()[-1][1].get(lever) for lever in levers]
        panel.set_xticks(range(len(columns)), [_level(value, now[0]) for value in columns])
        panel.set_yticks(range(len(rows)), [_level(value, now[1]) for value in rows])
        panel.tick_params(length=0, labelcolor=style.INK)
        panel.spines[["left", "bottom"]].set_visible(False)
        panel.set_xlabel(style.wrapped(_axis(levers[0]), int(cell_wide * len(columns) / 0.07)))
        panel.set_ylabel(style.wrapped(_axis(levers[1]), max(18, int(cell_high * len(rows) / 0.07))))
        bar = one.figure.colorbar(
            shades, cax=one.panel(labels + cell_wide * len(columns) + 0.25, 0.75, 0.16, cell_high * len(rows))
        )
        bar.outline.set_visible(False)
        bar.set_label(f"change, {unit}")
        return keep(
            one.figure,
            folder,
            f"heat-map-{outcome}".replace("_", "-"),
            f"{levers[0]} {levers[1]} policy outcome unit_of_difference difference interval_low interval_high pairs "
            "verdict",
            [
                (x, y, results.arms[at].name, outcome, unit, *bounds(d), d.n, d.verdict)
                for (x, y), (at, d) in cells.items()
            ],
        )


def _ordered(values: set[Value]) -> list[Value]:
    """Numbers by size; words in alphabetical order."""
    return sorted(values, key=lambda one: (isinstance(one, str), one))


def _level(value: Value, now: Value | None) -> str:
    return f"{_words(value)}\n(now)" if value == now else _words(value)


def _words(value: Value) -> str:
    text = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    return {"True": "on", "False": "off"}.get(text, text.replace("_", " "))


def _axis(lever: str) -> str:
    unit = register()[lever].unit if lever in register() else "-"
    return Factor(lever).title + (f", {unit}" if unit not in ("", "-") else "")


def _shades(panel: Any, outcome: Outcome, most: float) -> Any:
    """Colours from worse over white to better; from blue to orange where neither way is."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    ends = (style.BASELINE, style.POLICIES[3]) if outcome.better == NEITHER else (style.WORSE, style.BETTER)
    low, high = ends if outcome.better >= 0 else reversed(ends)
    return ScalarMappable(Normalize(-most, most), LinearSegmentedColormap.from_list("change", (low, "white", high)))


def _cell(panel: Any, x: int, y: int, d: Difference, shades: Any) -> None:
    from matplotlib.patches import Rectangle

    clear = d.verdict in ("better", "worse", "changed")
    ground = shades.to_rgba(d.difference) if clear else "white"
    corner, hatch = (x - 0.5, y - 0.5), "" if clear else "////"
    panel.add_patch(Rectangle(corner, 1.0, 1.0, facecolor=ground, hatch=hatch, edgecolor=style.FAINT, linewidth=0.8))
    ink = style.INK if clear else style.GREY
    number, _, interval = d.text.partition(" ")
    panel.text(x, y + 0.16, number, ha="center", va="center", fontsize=9.5, color=ink, fontweight="bold")
    panel.text(x, y - 0.22, interval, ha="center", va="center", fontsize=6.8, color=ink)


def _border(panel: Any, grid: Floats) -> None:
    """The edges between cells of different sign."""
    signs = np.sign(grid)
    for y, x in np.argwhere(signs[:, 1:] * signs[:, :-1] < 0).tolist():
        panel.plot([x + 0.5, x + 0.5], [y - 0.5, y + 0.5], color=style.INK, linewidth=2.2)
    for y, x in np.argwhere(signs[1:] * signs[:-1] < 0).tolist():
        panel.plot([x - 0.5, x + 0.5], [y + 0.5, y + 0.5], color=style.INK, linewidth=2.2)


def _peak(outcome: Outcome, levers: tuple[str, str], cells: Mapping[Any, tuple[int, Difference]]) -> str:
    """The best cell that is clear, and how many are."""
    for verdict, words in (("better", "best"), ("worse", "nowhere clearly better, worst"), ("changed", "changed most")):
        clear = {place: d for place, (_, d) in cells.items() if d.verdict == verdict}
        if clear:
            place, d = max(clear.items(), key=lambda one: abs(one[1].difference))
            where = " and ".join(
                f"{lever.replace('_', ' ')} {_words(value)}" for lever, value in zip(levers, place, strict=True)
            )
            amount = f"{outcome.text(d.difference, signed=True)} {outcome.unit_of_difference}"
            count = f"clearly {verdict} in {len(clear)} of {len(cells)} cells"
            return f"{outcome.title}: {words} at {where}, {amount}; {count}"
    return f"{outcome.title}: no clear change in any of {len(cells)} combinations"
