"""The figures that every kind of study may have, and which targets a kind draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from keliling.experiments.analysis.targets import TargetOutput
from keliling.experiments.figures.gains import who_gains
from keliling.experiments.figures.information import information_bars
from keliling.experiments.figures.policies import forest
from keliling.experiments.reports.report import Report

MOST_TARGETS = 6
"""Targets that are drawn; the others stand in the tables."""


def draw_decision(folder: Path, report: Report, foot: str) -> list[Path]:
    """What every policy does to every outcome, and who gains under the policy of the greatest benefit."""
    if not report.decision.standings:
        return []
    paths = forest(folder, report.decision.standings, footer=foot)
    best = max(report.decision.rankings[1:], key=lambda one: one.benefit)
    return [*paths, *(who_gains(folder, report.results, best.arm) if report.results.rws else [])]


def draw_worth(folder: Path, report: Report, foot: str) -> list[Path]:
    """What it would be worth to know each factor."""
    if report.worth is None or report.worth.note:
        return []
    return information_bars(folder, report.worth, "information", foot)


def drawn_targets(targets: Sequence[TargetOutput], outcome: str) -> Sequence[TargetOutput]:
    """Those drawn: of the ranked outcome, its sign, and which policy ranks first; levels where there is no policy."""
    of_advice = [("difference", outcome), ("sign", ""), ("ranks first", "")]
    advice = [one for one in targets if (one.kind, one.outcome) in of_advice]
    return (advice or targets)[:MOST_TARGETS]
