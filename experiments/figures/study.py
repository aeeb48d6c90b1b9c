"""The figures that a study's kind calls for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keliling.experiments.analysis.differences import measure_of
from keliling.experiments.analysis.frequency import today
from keliling.experiments.analysis.targets import Target
from keliling.experiments.analysis.tornado import Change
from keliling.experiments.figures.conditions import conditions
from keliling.experiments.figures.gains import who_gains
from keliling.experiments.figures.grid import heat_map
from keliling.experiments.figures.information import information_bars
from keliling.experiments.figures.policies import forest, frequency_response
from keliling.experiments.figures.screening import morris_plane
from keliling.experiments.figures.sensitivity import convergence_lines, index_bars
from keliling.experiments.figures.sheet import footer
from keliling.experiments.figures.tornado import Bar, tornado
from keliling.experiments.reports.report import Report
from keliling.sim.outcomes import outcomes
from keliling.sim.parameters import Value

MOST_TARGETS = 6
"""Targets that are drawn; the others stand in the tables."""


def draw(folder: Path, report: Report) -> list[Path]:
    """Draw the figures of a report; returns the files written."""
    answers, study = report.answers, report.answers.study
    foot = footer(answers)
    paths: list[Path] = []
    if study.kind == "frequency":
        turning = {one.outcome: one.text for one in report.responses if one.text}
        paths += frequency_response(folder, answers, study.outcomes[:6], today=today(answers), turning=turning)
    if study.kind == "grid" and len(study.policies[0].levels) == 2:
        first, second = study.policies[0].levels
        for outcome in study.outcomes[:3]:
            paths += heat_map(folder, answers, outcome, (first, second))
    if study.crossing is not None:
        paths += conditions(folder, report)
    if report.decision.standings:
        paths += forest(folder, report.decision.standings, _unit, footer=foot)
        best = max(report.decision.rankings[1:], key=lambda one: one.benefit)
        paths += who_gains(folder, answers, best.arm) if answers.rws else []
    drawn = _chosen(list(report.tornado or report.sensitivity), study.outcomes[0])
    for target in drawn:
        if report.tornado:
            paths += _tornado(folder, report, target, foot)
        else:
            found = report.sensitivity[target]
            drawing = morris_plane if found.kind == "morris" else index_bars
            paths += drawing(folder, found, f"{found.kind}-{target.name}", foot)
    if report.converging:
        paths += convergence_lines(folder, report.converging, "convergence", foot)
    if report.worth is not None and not report.worth.note:
        paths += information_bars(folder, report.worth, "information", foot)
    return paths


def _chosen(targets: list[Target], outcome: str) -> list[Target]:
    """Those drawn: of the ranked outcome, its sign, and which policy ranks first; levels where there is no policy."""
    of_advice = [("difference", outcome), ("sign", ""), ("ranks first", "")]
    advice = [one for one in targets if (one.kind, one.outcome) in of_advice]
    return (advice or targets)[:MOST_TARGETS]


def _tornado(folder: Path, report: Report, target: Target, foot: str) -> list[Path]:
    base = target.of_jobs[report.answers.world == 0]
    bars = [
        Bar(low.factor, _text(low.value), _text(high.value), low.difference, _ends(low), high.difference, _ends(high))
        for low, high in report.tornado[target]
    ]
    name = f"tornado-{target.name}"
    level = float(np.nanmean(base)) if base.size else float("nan")
    unit = target.unit or "share of runs"
    return tornado(folder, bars, outcome_title=target.words, unit=unit, base=level, footer=foot, name=name)


def _ends(one: Change) -> tuple[float, float]:
    return one.low, one.high


def _text(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).lower()


def _unit(outcome: str) -> str:
    return measure_of(outcomes()[outcome]).unit_of_difference
