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
    figure = figures.Figure(figsize=(13.6, 7.4))
    panels = figure.subplots(2, len(MAIN), sharex="col", gridspec_kw={"height_ratios": (1.25, 1.0)})
    figure.subplots_adjust(left=0.055, right=0.988, top=0.775, bottom=0.095, hspace=0.12, wspace=0.30)
    for column, name in enumerate(MAIN):
        outcome, difference = outcomes()[name], rows[name]
        above, below = panels[0][column], panels[1][column]
        arms = [np.array(one.trajectories(outcome)) for one in (base, policy)]
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
        below.set_ylabel(f"Policy minus baseline, {difference.measure.unit_of_difference}")
        for panel in (above, below):
            _calendar(panel, policy, base, months)
            panel.margins(y=0.08)
        above.tick_params(labelbottom=False)
        _widened(below)
    _mark_change(panels[0][0], policy, base)
    _legend(figure, comparison, policy, colour)
    figure.align_ylabels(panels)
    title = _headline([rows[name] for name in MAIN], comparison)
    figure.text(0.012, 0.978, style.wrapped(title, 112), fontsize=12.5, fontweight="bold", va="top")
    under = style.short(f"{_against(comparison, policy)}, month by month", 190)
    figure.text(0.012, 0.925, under, fontsize=9, color=style.GREY, va="top")
    figure.text(
        0.012, 0.014, style.wrapped(footer(comparison, policy), 215), fontsize=7.4, color=style.GREY, va="bottom"
    )
    return figure


def _first_month(policy: Ensemble, base: Ensemble) -> int:
    """First month in which the policy can differ from the baseline."""
    return policy.scenario.first_difference(base.scenario) // MONTH_DAYS


def _found(d: Difference, year: int) -> str:
    """What a panel shows, as a title."""
    unit = d.measure.unit_of_difference
    if d.verdict == "same":
        return f"{d.measure.title}: the same in {year}"
    if d.n == 1:
        return f"{d.measure.title} {d.measure.text(d.difference, signed=True)} {unit} in {year}, in one run"
    if d.verdict == "unclear":
        return f"{d.measure.title}: no clear change in {year}"
    way = "up" if d.difference > 0 else "down"
    return f"{d.measure.title} {way} {d.measure.text(abs(d.difference))} {unit} in {year}" + (
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


def _legend(figure: Any, comparison: Comparison, policy: Ensemble, colour: str) -> None:
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
    figure.legend(
        [handle for handle, _ in entries],
        [text for _, text in entries],
        loc="upper left",
        ncols=len(entries),
        bbox_to_anchor=(0.006, 0.9),
        frameon=False,
        fontsize=8.2,
        handlelength=2.6,
        columnspacing=1.8,
    )


# -- differences


def differences(figures: Any, comparison: Comparison, policy: Ensemble) -> Any:
    """Every headline outcome's paired difference with its 95% interval, each on a scale of its own about zero."""
    rows = [d for d in comparison.table[policy.name].values() if d.measure.headline and not np.isnan(d.difference)]
    figure = figures.Figure(figsize=(11.6, 2.1 + 0.36 * len(rows)))
    height = figure.get_figheight()
    panel = figure.add_axes((0.2, 0.86 / height, 0.34, 1.0 - 2.1 / height))
    panel.set_xlim(-1.12, 1.12)
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.axvline(0.0, color=style.INK, linewidth=0.9)
    for at, d in enumerate(rows):
        if at % 2 == 0:
            panel.axhspan(at - 0.5, at + 0.5, xmin=-2, xmax=3, color=style.FAINT, linewidth=0, zorder=0, clip_on=False)
        _interval(panel, at, d)
    panel.set_yticks(range(len(rows)), [d.measure.title for d in rows])
    panel.tick_params(axis="y", length=0, labelcolor=style.INK, labelsize=9)
    panel.set_xticks([])
    panel.spines[["left", "bottom"]].set_visible(False)
    panel.text(-0.06, len(rows) - 0.25, "less", ha="right", va="top", color=style.GREY, fontsize=8)
    panel.text(0.06, len(rows) - 0.25, "more", ha="left", va="top", color=style.GREY, fontsize=8)
    columns = ((1.04, "Difference [95% interval]"), (1.75, "Unit"), (2.12, "Better in"))
    for x, text in columns:
        panel.text(x, 1.012, text, transform=panel.transAxes, fontweight="bold", fontsize=8.4, va="bottom")
    for at, d in enumerate(rows):
        for (x, _), text in zip(columns, (d.text, d.measure.unit_of_difference, d.better_text), strict=True):
            panel.text(x, at, text, transform=panel.get_yaxis_transform(), va="center", fontsize=8.4)
    figure.text(
        0.012,
        1 - 0.16 / height,
        style.wrapped(_headline(rows, comparison), 92),
        fontsize=12.5,
        fontweight="bold",
        va="top",
        linespacing=1.15,
    )
    under = f"{style.short(_against(comparison, policy), 110)}; each row has its own scale about zero"
    figure.text(0.012, 1 - 0.72 / height, under, fontsize=8.6, color=style.GREY, va="top")
    _marks(figure, height, {d.verdict for d in rows})
    figure.text(
        0.012,
        0.10 / height,
        style.wrapped(footer(comparison, policy), 200),
        fontsize=7.4,
        color=style.GREY,
        va="bottom",
    )
    return figure


def _interval(panel: Any, at: int, d: Difference) -> None:
    """One row: thin bar for the 95% interval of the mean, thick for the 50% one, a mark that tells the verdict."""
    marker, colour, filled = style.MARKS[d.verdict]
    bounds = (d.difference,) if np.isnan(d.low) else (d.low, d.high)
    reach = max(abs(bound) for bound in bounds) or 1.0
    middle = d.difference / reach
    if not np.isnan(d.low):
        half = (d.high - d.low) / 2 * t_quantile(d.n - 1, 0.5) / t_quantile(d.n - 1) / reach
        panel.plot([d.low / reach, d.high / reach], [at, at], color=colour, linewidth=1.6, zorder=2)
        panel.plot([middle - half, middle + half], [at, at], color=colour, linewidth=5, zorder=2)
    panel.plot(
        [middle],
        [at],
        marker=marker,
        markersize=7,
        color=colour,
        markeredgecolor=colour,
        markeredgewidth=1.6,
        markerfacecolor=colour if filled else "white",
        zorder=3,
    )


def _marks(figure: Any, height: float, verdicts: set[str]) -> None:
    from matplotlib.lines import Line2D

    used = [verdict for verdict in style.MARKS if verdict in verdicts]
    handles = []
    for marker, colour, filled in (style.MARKS[verdict] for verdict in used):
        inside = colour if filled else "white"
        handles.append(
            Line2D([], [], marker=marker, color=colour, markerfacecolor=inside, markersize=6.5, linewidth=1.6)
        )
    figure.legend(
        handles,
        [style.MEANINGS[verdict] for verdict in used],
        loc="lower left",
        ncols=len(handles),
        frameon=False,
        bbox_to_anchor=(0.006, 0.36 / height),
        fontsize=8.0,
        handlelength=2.2,
        columnspacing=1.8,
    )


def _headline(rows: list[Difference], comparison: Comparison) -> str:
    """The finding in one sentence."""
    told = {verdict: [d.measure.title for d in rows if d.verdict == verdict] for verdict in style.MARKS}
    parts = [
        f"{verdict}: {_listed(names)}" for verdict, names in told.items() if verdict in ("better", "worse") and names
    ]
    if not parts and all(d.verdict == "same" for d in rows):
        return f"No difference at all in {comparison.year}"
    if comparison.n == 1:
        return f"One run of each scenario: differences in {comparison.year} without an interval"
    if not parts:
        return f"No clear difference for the better or the worse in {comparison.year}"
    return f"In {comparison.year}, " + "; ".join(parts)


def _listed(titles: list[str], most: int = 4) -> str:
    names = [title if title.startswith("IKM") else title[0].lower() + title[1:] for title in titles]
    more = [f"{len(names) - most} more"] if len(names) > most else []
    names = names[:most] + more
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


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
        f"keliling {__version__}, scenarios {digests}. A tool for reasoning from stated assumptions, not a forecast."
    )
