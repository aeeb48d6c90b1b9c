"""Policies under conditions: one panel a policy, one row a condition, a mark and its 95% interval each.

Where the study declares the smallest difference that matters, how far effects lie apart from the first condition's is
drawn over a band of that width; else what each condition changes under the policy.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.crossed import ALIKE, APART, SAME, Crossing, Effect
from keliling.experiments.figures import style
from keliling.experiments.figures.sheet import footer, keep, marked, sheet, striped
from keliling.experiments.reports.report import Report
from keliling.sim.outcomes import outcomes

WIDE, ROW, NAMES, ACROSS = 2.5, 0.23, 1.75, 5  # inches; panels beside each other
LINE, ACROSS_A_PANEL = 0.16, 25  # inches of one more line of a panel's title; characters of a line
BAND = "#D9E6F2"
LOOKS = {APART: "changed", ALIKE: "unclear", SAME: "same"}
WORDS = {"changed": "told apart", "unclear": "not told apart", "same": "the same in every pair"}
MOST = 3
"""Outcomes that are drawn."""


def conditions(folder: Path, report: Report) -> list[Path]:
    """The figures of a crossed study, one for each of its first outcomes."""
    crossing: Crossing = report.results.study.details
    names = list(crossing.smallest)[:MOST] or list(report.results.study.outcomes)[:MOST]
    paths: list[Path] = []
    for name in names:
        paths += _drawn(folder, report, name)
    return paths


def _drawn(folder: Path, report: Report, name: str) -> list[Path]:
    crossing: Crossing = report.results.study.details
    declared, first = bool(crossing.smallest), crossing.conditions[0]
    others, columns = crossing.conditions[1:], list(crossing.policies if declared else ("", *crossing.policies))
    by = {(one.condition, one.policy): one for one in report.parts["effects"] if one.outcome == name}
    told = [
        one
        for one in by.values()
        if one.condition != first and one.policy in columns and _look(one, declared) == "changed"
    ]
    title = f"{outcomes()[name].title}: " + (
        f"{len(told)} of {len(others) * len(columns)} "
        + (f"effects of a policy lie apart from that under {first}" if declared else f"are clearly moved from {first}")
    )
    smallest = crossing.smallest.get(name, 0.0)
    what = f"Effect of each policy under a condition less its effect under {first}"
    if not declared:
        what = f"Each condition less {first} under the same policy"
    under = f"{what}, with its 95% interval, in {crossing.unit(name)}."
    if declared:
        under += f" Band: differences up to {smallest:g}, declared not to matter. Above: the effect under {first}."
    shown = [by[condition, policy] for policy in columns for condition in others]
    ends = [end for cell in shown for end in _numbers(cell, declared) if not math.isnan(end)]
    low_end, high_end = min([-smallest, *ends]), max([smallest, *ends])
    room = 0.06 * (high_end - low_end) or 1.0
    across = min(ACROSS, len(columns))
    down = -(-len(columns) // across)
    titles = {policy: _title(policy, by[first, policy].effect if declared else None) for policy in columns}
    lines = max(text.count("\n") for text in titles.values())
    high = ROW * len(others) + 0.95 + LINE * lines
    with style.styled() as figures:
        size = (NAMES + WIDE * across + 0.2, high * down + 0.35)
        one = sheet(figures, size, title, under, footer(report.results))
        for at, policy in enumerate(columns):
            left, low = NAMES + WIDE * (at % across), high * (down - 1 - at // across) + 0.75
            panel = one.panel(left, low, WIDE - 0.25, ROW * len(others))
            cells = [by[condition, policy] for condition in others]
            _panel(panel, cells, smallest, declared=declared)
            panel.set_xlim(low_end - room, high_end + room)  # one scale for all: what is wider is larger
            panel.set_yticks(range(len(others)), others if at % across == 0 else [""] * len(others))
            panel.set_title(titles[policy], pad=4)
        one.legend(
            _legend(
                {_look(cell, declared) for cell in by.values() if cell.condition != first and cell.policy in columns}
            )
        )
        return keep(
            one.figure,
            folder,
            f"conditions-{name.replace('_', '-')}",
            "policy condition unit value interval_low interval_high verdict",
            [
                (
                    policy or "baseline",
                    condition,
                    crossing.unit(name),
                    *_numbers(by[condition, policy], declared),
                    _look(by[condition, policy], declared),
                )
                for policy in columns
                for condition in others
            ],
        )


def _numbers(one: Effect, declared: bool) -> tuple[float, float, float]:
    if declared:
        return one.apart, one.apart_low, one.apart_high
    return one.change, one.change_low, one.change_high


def _look(one: Effect, declared: bool) -> str:
    value, low, high = _numbers(one, declared)
    if value == low == high == 0.0:
        return "same"
    if declared:
        return LOOKS.get(one.verdict, "unclear")
    return "changed" if low > 0.0 or high < 0.0 else "unclear"


def _title(policy: str, effect: float | None) -> str:
    """A policy's name and its effect under the first condition, in lines that fit over its panel."""
    told = "" if effect is None else f" ({effect:+.1f})"
    return style.wrapped(f"{(policy or 'baseline').replace('-', ' ')}{told}", ACROSS_A_PANEL)


def _panel(panel: Any, cells: list[Effect], smallest: float, *, declared: bool) -> None:
    striped(panel, len(cells), 0.0, 1.0)
    if smallest:
        panel.axvspan(-smallest, smallest, color=BAND, linewidth=0, zorder=1)
    panel.axvline(0.0, color=style.INK, linewidth=0.8, zorder=2)
    for at, one in enumerate(cells):
        marked(panel, at, _numbers(one, declared), _look(one, declared), size=4.5)
    panel.locator_params(axis="x", nbins=5)


def _legend(looks: set[str]) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D

    found = []
    for look, words in WORDS.items():
        if look in looks:
            marker, colour, filled = style.MARKS[look]
            inside = colour if filled else "white"
            line = Line2D([], [], marker=marker, color=colour, markerfacecolor=inside, markersize=5, linewidth=1.6)
            found.append((line, words))
    return found
