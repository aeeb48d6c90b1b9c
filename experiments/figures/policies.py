"""Policies of a study over frequencies, and side by side.

Titles say what was found, in the words of the numbers drawn. A colour stands only where a 95% interval excludes zero,
and never alone. With several points a pair is a point, so that an interval is over what is uncertain too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keliling.experiments.analysis.differences import Difference
from keliling.experiments.analysis.frequency import frequencies
from keliling.experiments.analysis.results import Results
from keliling.experiments.figures import style
from keliling.experiments.figures.sheet import (
    bounds,
    change,
    footer,
    keep,
    listed,
    lowered,
    marked,
    marks,
    sheet,
    striped,
)
from keliling.sim.outcomes import Outcome, outcomes

if TYPE_CHECKING:
    from keliling.experiments.analysis.decision import Standing

# -- over frequencies


def frequency_response(
    folder: Path, results: Results, names: Sequence[str], *, today: float, turning: Mapping[str, str]
) -> list[Path]:
    """Paired difference to the baseline against events a month, one panel an outcome."""
    arms = results.arms
    order = frequencies(results)
    if not order or not names:
        return []
    found = {
        name: [(level, at, change(results, name, at), _reach(results, name, at)) for level, at in order]
        for name in names
    }
    high, across = 3.15, min(3, len(names))
    wide = 4.3 if across > 1 else 7.2
    down = -(-len(names) // across)
    most = order[-1][0]
    title = _sides(
        [rows[-1][2] for rows in found.values()], f"At {most:g} events a month instead of {today:g}, in the same luck"
    )
    under = (
        "Policy minus baseline: mark and dark band are the mean with its 95% interval, the light band is the middle "
        f"80% of runs. Dotted line: today, {today:g} events a month."
    )
    with style.styled() as figures:
        one = sheet(figures, (wide * across + 0.2, high * down + 0.1), title, under, footer(results))
        for number, (name, rows) in enumerate(found.items()):
            left, low = wide * (number % across) + 0.75, high * (down - 1 - number // across) + 0.75
            panel = one.panel(left, low, wide - 0.95, high - 1.35)
            _response(panel, rows, today)
            words = style.wrapped(turning.get(name, ""), 69)
            above = low + high - 1.35 + 0.1
            one.text(left - 0.55, above, words, fontsize=8.2, color=style.GREY, va="bottom")
            above += 0.15 * (words.count("\n") + 1) if words else 0.0
            one.text(left - 0.55, above, _best(rows), fontsize=9.5, fontweight="bold", va="bottom")
        one.legend(marks(row[2].verdict for rows in found.values() for row in rows))
        return keep(
            one.figure,
            folder,
            "frequency-response",
            "outcome unit_of_difference events_per_month policy difference interval_low interval_high "
            "runs_10_percent runs_90_percent pairs dropped verdict",
            [
                (
                    name,
                    d.outcome.unit_of_difference,
                    level,
                    arms[at].name,
                    *bounds(d),
                    *reach,
                    d.n,
                    d.dropped,
                    d.verdict,
                )
                for name, rows in found.items()
                for level, at, d, reach in rows
            ],
        )


def _reach(results: Results, name: str, arm: int) -> tuple[float, float]:
    """The middle 80% of the paired differences by job."""
    used = results.difference(name, arm)
    used = used[~np.isnan(used)]
    return (float(np.percentile(used, 10)), float(np.percentile(used, 90))) if used.size else (math.nan, math.nan)


def _response(panel: Any, rows: Sequence[tuple[float, int, Difference, tuple[float, float]]], today: float) -> None:
    x = [level for level, _, _, _ in rows]
    panel.fill_between(x, *zip(*(reach for *_, reach in rows), strict=True), color=style.GREY, alpha=0.14, linewidth=0)
    panel.fill_between(
        x, *zip(*(bounds(d)[1:] for _, _, d, _ in rows), strict=True), color=style.GREY, alpha=0.38, linewidth=0
    )
    panel.plot(x, [d.difference for _, _, d, _ in rows], color=style.INK, linewidth=1.2)
    panel.axhline(0.0, color=style.INK, linewidth=0.9)
    for level, _, d, _ in rows:
        marked(panel, level, bounds(d), d.verdict, upright=True)
    low, high = panel.get_ylim()
    reach = max(abs(low), abs(high), 1e-9)
    low, high = min(low, -0.15 * reach), max(high, 0.15 * reach)
    panel.set_ylim(low - 0.04 * (high - low), high + 0.14 * (high - low))
    panel.axvline(today, color=style.INK, linewidth=1.1, linestyle=(0, (1, 1.5)), zorder=1)
    near_end = today > 0.8 * x[-1]
    panel.annotate(
        "today",
        (today, 1.0),
        (-4 if near_end else 4, -2),
        xycoords=panel.get_xaxis_transform(),
        textcoords="offset points",
        ha="right" if near_end else "left",
        va="top",
        fontsize=7.8,
        color=style.GREY,
    )
    panel.grid(axis="y", color=style.FAINT, linewidth=0.8)
    panel.set_xlabel("events a month")
    panel.set_ylabel(f"change, {rows[0][2].outcome.unit_of_difference}")


def _best(rows: Sequence[tuple[float, int, Difference, tuple[float, float]]]) -> str:
    """What a panel shows: the best frequency, else the worst, else that nothing is clear."""
    outcome = rows[0][2].outcome
    for verdict, words in (("better", "best"), ("worse", "worst"), ("changed", "changed most")):
        clear = [(level, d) for level, _, d, _ in rows if d.verdict == verdict]
        if clear:
            level, d = max(clear, key=lambda one: abs(one[1].difference))
            amount = f"{outcome.text(d.difference, signed=True)} {outcome.unit_of_difference}"
            return style.wrapped(f"{outcome.title}: {words} at {level:g} a month, {amount}", 54)
    return f"{outcome.title}: no clear change"


def _sides(rows: Sequence[Difference], where: str) -> str:
    """The finding over several outcomes in one sentence."""
    parts = [
        f"{verdict}: {listed([lowered(d.outcome.title) for d in rows if d.verdict == verdict])}"
        for verdict in ("better", "worse")
        if any(d.verdict == verdict for d in rows)
    ]
    return f"{where}, {'; '.join(parts)}" if parts else f"{where}: no clear change for the better or the worse"


# -- side by side


def forest(folder: Path, standings: Sequence[Standing], *, footer: str, name: str = "policies") -> list[Path]:
    """Paired differences of every policy with their intervals, one panel an outcome, six at most."""
    by_outcome: dict[str, list[Standing]] = {}
    for standing in standings:
        by_outcome.setdefault(standing.outcome, []).append(standing)
    shown = dict(list(by_outcome.items())[:6])
    if not shown:
        return []
    policies = list(dict.fromkeys((s.arm, s.title) for s in standings))
    across = min(2, len(shown))
    names = [style.short(title, 40) for _, title in policies]
    labels, wide, row = 0.4 + 0.072 * max(map(len, names)), 4.6, 0.3
    high = row * len(policies) + 1.0
    down = -(-len(shown) // across)
    first = next(iter(shown))
    title = _ranked(outcomes()[first], shown[first])
    under = "Policy minus baseline in the same luck: the mean with its 95% interval, in figures at the right."
    left_out = len(by_outcome) - len(shown)
    under += f" Outcomes that are only in the CSV file: {left_out}." if left_out else ""
    with style.styled() as figures:
        one = sheet(figures, (labels + wide * across + 0.1, high * down + 0.34), title, under, footer)
        for number, (watched, rows) in enumerate(shown.items()):
            column, low = number % across, high * (down - 1 - number // across) + 0.68
            outcome = outcomes()[watched]
            panel = one.panel(labels + wide * column, low, 2.4, row * len(policies))
            at_row = {arm: at for at, (arm, _) in enumerate(policies)}
            striped(panel, len(policies), -labels / 2.4 if column == 0 else 0.0, (wide - 0.05) / 2.4)
            panel.axvline(0.0, color=style.INK, linewidth=0.9)
            for s in rows:
                marked(panel, at_row[s.arm], (s.difference, s.low, s.high), s.verdict)
                text = outcome.text(s.difference, signed=True)
                if not math.isnan(s.low):
                    text += f" [{outcome.text(s.low, signed=True)}, {outcome.text(s.high, signed=True)}]"
                place = panel.get_yaxis_transform()
                panel.text(1.04, at_row[s.arm], text, transform=place, va="center", fontsize=7.8)
            panel.set_yticks(range(len(names)), names if column == 0 else [""] * len(names))
            panel.set_title(style.wrapped(_counted(outcome, [s.verdict for s in rows]), 60), pad=5, linespacing=1.1)
            panel.set_xlabel(f"difference, {outcome.unit_of_difference}")
            panel.locator_params(axis="x", nbins=5)
            panel.margins(x=0.08)
        one.legend(marks(s.verdict for rows in shown.values() for s in rows))
        return keep(
            one.figure,
            folder,
            name,
            "outcome unit_of_difference policy mean difference interval_low interval_high verdict",
            [
                (
                    s.outcome,
                    outcomes()[s.outcome].unit_of_difference,
                    s.policy,
                    s.mean,
                    s.difference,
                    s.low,
                    s.high,
                    s.verdict,
                )
                for s in standings
            ],
        )


def _ranked(outcome: Outcome, rows: Sequence[Standing]) -> str:
    """The finding on the outcome that policies are ranked by."""
    better = [s for s in rows if s.verdict == "better"]
    if all(s.verdict == "same" for s in rows):
        return f"{outcome.title}: the same under every policy, in every pair"
    if not better:
        worse = sum(s.verdict == "worse" for s in rows)
        behind = f"; {worse} of {len(rows)} clearly make it worse" if worse else ""
        return f"{outcome.title}: no policy is clearly better than now{behind}"
    best = max(better, key=lambda s: abs(s.difference))
    text = outcome.text(best.difference, signed=True)
    count = f"{len(better)} of {len(rows)} policies clearly better"
    return f"{outcome.title}: best under {style.short(best.title, 60)}, {text} {outcome.unit_of_difference}; {count}"


def _counted(outcome: Outcome, verdicts: Sequence[str]) -> str:
    """What a panel shows: under how many policies an outcome is clearly better or worse."""
    counts = [(verdict, verdicts.count(verdict)) for verdict in ("better", "worse", "changed")]
    told = [f"{verdict} under {count}" for verdict, count in counts if count]
    nothing = "the same under all" if set(verdicts) == {"same"} else "no clear change"
    return f"{outcome.title}: " + (f"{', '.join(told)} of {len(verdicts)}" if told else nothing)
