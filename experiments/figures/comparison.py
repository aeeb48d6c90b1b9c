"""The figures of a comparison: how both arms went month by month, and the differences with their intervals.

Titles say what was found, in the words of the numbers drawn. The footer says from how many runs, which seed and which
version. Bands are of the replicates; intervals of the mean.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from keliling import __version__
from keliling.experiments.analysis.comparison import Comparison
from keliling.experiments.analysis.differences import Difference
from keliling.experiments.analysis.ensemble import Ensemble
from keliling.experiments.analysis.intervals import t_quantile
from keliling.experiments.figures import style
from keliling.experiments.figures.sheet import bounds, listed, lowered, marked, marks, sheet, striped
from keliling.sim.outcomes import Outcome, outcomes
from keliling.sim.scenario import MONTH_DAYS, YEAR_MONTHS

MAIN = ("rejected_share", "delayed_share", "satisfaction", "broker_share")
"""Outcomes that are drawn month by month. The IKM is half-yearly; true mean satisfaction is what it samples."""

BANDS = ((5.0, 95.0, 0.16), (25.0, 75.0, 0.30))


def draw_comparison(folder: Path, comparison: Comparison) -> list[Path]:
    """Both figures of every policy, as SVG and PNG; the policy's name is in theirs when there are several."""
    paths = []
    for number, policy in enumerate(comparison.policies):
        behind = f"-{policy.name}" if len(comparison.policies) > 1 else ""
        colour = style.POLICIES[number % len(style.POLICIES)]
        with style.styled() as figures:
            paths += style.save(trajectories(figures, comparison, policy, colour), folder, f"trajectories{behind}")
            paths += style.save(differences(figures, comparison, policy), folder, f"differences{behind}")
    return paths


# -- month by month


def trajectories(figures: Any, comparison: Comparison, policy: Ensemble, colour: str) -> Any:
    """Main outcomes of both arms by month, and beneath each the paired difference."""
    base, rows = comparison.baseline, comparison.table[policy.name]
    title = headline([rows[name] for name in MAIN], comparison)
    under = style.short(f"{_against(comparison, policy)}, month by month", 190)
    wide, apart, high, low = 2.6, 3.36, 2.35, 1.85  # inches: a panel, from one to the next, the upper row and the lower
    body = (apart * len(MAIN) + 0.2, high + low + 1.4)
    one = sheet(figures, body, title, under, footer(comparison, policy))
    panels = [
        [one.panel(0.72 + apart * at, bottom, wide, tall) for at in range(len(MAIN))]
        for bottom, tall in ((low + 0.92, high), (0.68, low))
    ]
    for above, below, name in zip(*panels, MAIN, strict=True):
        outcome, difference = outcomes()[name], rows[name]
        arms = [np.array(ensemble.trajectories(outcome)) for ensemble in (base, policy)]
        months = min(arm.shape[1] for arm in arms)
        arms = [arm[:, :months] for arm in arms]
        difference_by_month = arms[1] - arms[0]
        # Until the policy begins both arms are one; it is drawn once, so that no colour is mixed of two.
        arms[1][:, : _first_month(policy, base)] = np.nan
        for arm, ink, dashes in zip(arms, (style.BASELINE, colour), ("-", (0, (5, 1.2))), strict=True):
            _bands(above, arm, ink, dashes)
        _bands(below, difference_by_month, style.INK, "-")
        below.axhline(0.0, color=style.GREY, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
        above.set_title(style.wrapped(_found(difference, comparison.year), 36), pad=8)
        above.set_ylabel(f"{outcome.title}, {_unit(outcome)}")
        below.set_ylabel(f"Policy minus baseline, {outcome.unit_of_difference}")
        for panel in (above, below):
            _calendar(panel, policy, base, months)
            panel.margins(y=0.08)
        above.tick_params(labelbottom=False)
        _widened(below)
    _mark_change(panels[0][0], policy, base)
    one.legend(_arms(comparison, policy, colour), low=0.06)
    one.figure.align_ylabels([panel for row in panels for panel in row])
    return one.figure


def _first_month(policy: Ensemble, base: Ensemble) -> int:
    """First month in which the policy can differ from the baseline."""
    return policy.scenario.first_difference(base.scenario) // MONTH_DAYS


def _found(d: Difference, year: int) -> str:
    """What a panel shows, as a title."""
    unit = d.outcome.unit_of_difference
    if d.verdict == "same":
        return f"{d.outcome.title}: the same in {year}"
    if d.n == 1:
        return f"{d.outcome.title} {d.outcome.text(d.difference, signed=True)} {unit} in {year}, in one run"
    if d.verdict == "unclear":
        return f"{d.outcome.title}: no clear change in {year}"
    way = "up" if d.difference > 0 else "down"
    return f"{d.outcome.title} {way} {d.outcome.text(abs(d.difference))} {unit} in {year}" + (
        f", {d.verdict}" if d.verdict != "changed" else ""
    )


def _unit(outcome: Outcome) -> str:
    return {"25-100": "25 to 100"}.get(outcome.month_unit, outcome.month_unit)


def _bands(panel: Any, runs: Any, colour: str, dashes: Any) -> None:
    """Median and bands over the replicates; months in which no run defines the outcome are left open."""
    defined = ~np.isnan(runs).all(axis=0)
    x = np.arange(runs.shape[1])[defined] + 0.5
    if not x.size:
        return
    used = runs[:, defined]
    for low, high, alpha in BANDS:
        if used.shape[0] > 1:
            bounds = np.nanpercentile(used, (low, high), axis=0)
            panel.fill_between(x, *bounds, color=colour, alpha=alpha, linewidth=0, zorder=2)
    panel.plot(x, np.nanmedian(used, axis=0), color=colour, linewidth=1.6, linestyle=dashes, zorder=3)


def _calendar(panel: Any, policy: Ensemble, base: Ensemble, months: int) -> None:
    """Years on the axis, the warm-up greyed out, the first day on which the policy differs marked."""
    scenario = policy.scenario
    warmup = scenario.warmup_years * YEAR_MONTHS
    panel.set_xlim(0, months)
    panel.axvspan(0, warmup, color=style.FAINT, linewidth=0, zorder=0)
    every = YEAR_MONTHS * max(1, -(-months // (4 * YEAR_MONTHS)))
    ticks = [month for month in range(0, months, every) if month <= 0.85 * months]  # a later label would be cut off
    panel.set_xticks(ticks, [scenario.label_of_month(month) for month in ticks], ha="left")
    panel.set_xticks(range(0, months, 3 if months <= 60 else YEAR_MONTHS), minor=True)
    panel.grid(axis="y", color=style.FAINT, linewidth=0.8)
    first = scenario.first_difference(base.scenario)
    if 0 < first < scenario.days:
        panel.axvline(first / MONTH_DAYS, color=style.INK, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)


def _widened(panel: Any) -> None:
    """Zero always in sight, and never a scale made of rounding errors."""
    low, high = panel.get_ylim()
    reach = max(abs(low), abs(high), 1e-9)
    panel.set_ylim(min(low, -0.15 * reach), max(high, 0.15 * reach))


def _mark_change(panel: Any, policy: Ensemble, base: Ensemble) -> None:
    """Words for the two marks that every panel has."""
    scenario, place = policy.scenario, {"va": "top", "fontsize": 7.5, "color": style.GREY}
    top = panel.get_xaxis_transform()
    if scenario.warmup_years * YEAR_MONTHS > 0.15 * scenario.months:
        panel.text(0.6, 0.99, "warm-up", transform=top, **place)
    first = scenario.first_difference(base.scenario)
    if 0 < first < scenario.days:
        month = first / MONTH_DAYS
        near_end = month > 0.6 * scenario.months
        panel.text(
            month + (-0.5 if near_end else 0.5),
            0.99,
            "policy\nbegins",
            transform=top,
            ha="right" if near_end else "left",
            **place,
        )


def _arms(comparison: Comparison, policy: Ensemble, colour: str) -> list[tuple[Any, str]]:
    """Legend entries of lines and bands."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[tuple[Any, str]] = [
        (Line2D([], [], color=style.BASELINE, linewidth=2), style.short(comparison.baseline.name)),
        (Line2D([], [], color=colour, linewidth=2, linestyle=(0, (5, 1.2))), style.short(policy.name)),
        (Line2D([], [], color=style.INK, linewidth=2), "difference, same luck (lower row)"),
    ]
    if comparison.n > 1:
        entries += [
            (Patch(color=style.GREY, alpha=0.42, linewidth=0), "middle half of the runs (line: median)"),
            (Patch(color=style.GREY, alpha=0.16, linewidth=0), "middle 90%"),
        ]
    return entries


# -- differences


def differences(figures: Any, comparison: Comparison, policy: Ensemble) -> Any:
    """Every headline outcome's paired difference with its 95% interval, each on a scale of its own about zero."""
    rows = [d for d in comparison.table[policy.name].values() if d.outcome.headline and not np.isnan(d.difference)]
    under = f"{style.short(_against(comparison, policy), 110)}; each row has its own scale about zero"
    high = 0.36 * len(rows)
    one = sheet(figures, (11.6, high + 1.1), headline(rows, comparison), under, footer(comparison, policy))
    panel = one.panel(2.35, 0.62, 3.95, high)
    striped(panel, len(rows))
    panel.set_xlim(-1.12, 1.12)
    panel.axvline(0.0, color=style.INK, linewidth=0.9)
    for at, d in enumerate(rows):
        _interval(panel, at, d)
    panel.set_yticks(range(len(rows)), [d.outcome.title for d in rows])
    panel.tick_params(axis="y", labelsize=9)
    panel.set_xticks([])
    panel.spines["bottom"].set_visible(False)
    for x, side, word in ((-0.06, "right", "less"), (0.06, "left", "more")):
        panel.text(x, len(rows) - 0.35, word, ha=side, va="top", color=style.GREY, fontsize=8)
    columns = ((1.04, "Difference [95% interval]"), (1.75, "Unit"), (2.12, "Better in"))
    for x, text in columns:
        panel.text(x, 1.012, text, transform=panel.transAxes, fontweight="bold", fontsize=8.4, va="bottom")
    for at, d in enumerate(rows):
        for (x, _), text in zip(columns, (d.text, d.outcome.unit_of_difference, d.better_text), strict=True):
            panel.text(x, at, text, transform=panel.get_yaxis_transform(), va="center", fontsize=8.4)
    one.legend(marks(d.verdict for d in rows), low=0.06)
    return one.figure


def _interval(panel: Any, at: int, d: Difference) -> None:
    """One row: thin bar for the 95% interval of the mean, thick for the 50% one, a mark that tells the verdict."""
    ends = (d.difference,) if np.isnan(d.low) else (d.low, d.high)
    reach = max(abs(end) for end in ends) or 1.0
    if not np.isnan(d.low):
        half = (d.high - d.low) / 2 * t_quantile(d.n - 1, 0.5) / t_quantile(d.n - 1)
        middle = ((d.difference - half) / reach, (d.difference + half) / reach)
        panel.plot(middle, [at, at], color=style.MARKS[d.verdict][1], linewidth=5, zorder=2)
    value, low, high = (bound / reach for bound in bounds(d))
    marked(panel, at, (value, low, high), d.verdict, size=7.0)


def headline(rows: list[Difference], comparison: Comparison) -> str:
    """The finding in one sentence."""
    told = {verdict: [lowered(d.outcome.title) for d in rows if d.verdict == verdict] for verdict in style.MARKS}
    parts = [f"{verdict}: {listed(told[verdict])}" for verdict in ("better", "worse") if told[verdict]]
    if not parts and all(d.verdict == "same" for d in rows):
        return f"No difference at all in {comparison.year}"
    if comparison.n == 1:
        return f"One run of each scenario: differences in {comparison.year} without an interval"
    if not parts:
        return f"No clear difference for the better or the worse in {comparison.year}"
    return f"In {comparison.year}, " + "; ".join(parts)


def _against(comparison: Comparison, policy: Ensemble) -> str:
    """What is compared with what; names tell scenarios of the same title apart."""
    titles = [policy.scenario.title, comparison.baseline.scenario.title]
    if titles[0] == titles[1]:
        titles = [f"{titles[0]} ({policy.name})", f"{titles[1]} ({comparison.baseline.name})"]
    return f"{titles[0]}, against {titles[1]}"


def footer(comparison: Comparison, policy: Ensemble) -> str:
    """From what a figure was made."""
    base, n = comparison.baseline, comparison.n
    size = "" if policy.scenario.size == 1.0 else f", reduced size {policy.scenario.size:g}"
    digests = f"{base.scenario.digest()[:8]}, {policy.scenario.digest()[:8]}"
    return (
        f"{n} run{'s' if n > 1 else ''} of each scenario, seed {base.seed}, paired by replicate{size}. "
        f"keliling {__version__}, scenarios {digests}."
    )
