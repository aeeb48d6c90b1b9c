"""Tornado: each factor at its low and at its high end, the others at base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from keliling.experiments.analysis.results import Results
from keliling.experiments.analysis.targets import targets_of
from keliling.experiments.analysis.tornado import Swing, changes
from keliling.experiments.keep.files import write_csv
from keliling.experiments.kinds.base import Kind
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.points import DesignPoint
from keliling.experiments.plan.study import Arm
from keliling.experiments.plan.study_file import StudyFile
from keliling.experiments.reports.blocks import Block, interval_text
from keliling.experiments.reports.report import Report

MOST_FACTORS, MOST_TARGETS = 12, 2  # that are told; the others stand in the table


class Tornado(Kind):
    """The base, then the two ends of every factor. Those are set against the base, so they share its replicates."""

    name = "tornado"
    needs = ("factors",)
    default_points = 0

    def check(self, file: StudyFile, arms: Sequence[Arm], factors: Sequence[Factor], details: Any) -> None:
        """Every factor has two ends."""
        for factor in factors:
            if len(factor.choices) > 2:
                place = file.place("factors", factor.name)
                file.problems.add("study-tornado-ends", place, count=len(factor.choices))

    def design(self, factors: Sequence[Factor], points: int, seed: int, details: Any) -> Sequence[DesignPoint]:
        """The base and the ends, none of which is a fair sample of anything."""
        found = [DesignPoint(0, {}, fair=False)]
        for factor in factors:
            for share in (0.0, 1.0):
                found.append(DesignPoint(len(found), {factor.name: factor.at(share)}, fair=False))
        return found

    def own_luck(self, factors: Sequence[Factor], details: Any) -> bool:
        """None: see above."""
        return False

    def parts(self, results: Results) -> Mapping[str, Any]:
        """By target, what each end of each factor changes."""
        return {
            "tornado": {
                target: changes(results, target.of_jobs, share=target.kind in ("sign", "ranks first"))
                for target in targets_of(results)
            }
        }

    def own_blocks(self, report: Report) -> list[Block]:
        """The first targets."""
        header = ["Factor", "Low", "Change", "High", "Change"]
        return [
            Block(
                f"{target.title}: what each factor changes at its ends",
                (),
                header,
                [[low.factor, *_told(low), *_told(high)] for low, high in pairs[:MOST_FACTORS]],
                range(1, 5),
            )
            for target, pairs in list(report.parts["tornado"].items())[:MOST_TARGETS]
        ]

    def own_content(self, report: Report) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "tornado": [
                {"target": target.title, "changes": [[asdict(one) for one in pair] for pair in pairs]}
                for target, pairs in report.parts["tornado"].items()
            ]
        }

    def write(self, folder: Path, report: Report) -> None:
        """``tornado.csv`` too: what each end of each factor changes."""
        super().write(folder, report)
        header = ("target", "factor", "value", "difference", "low", "high")
        rows = [
            (target.title, one.factor, str(one.value), one.difference, one.low, one.high)
            for target, pairs in report.parts["tornado"].items()
            for pair in pairs
            for one in pair
        ]
        write_csv(folder / "tornado.csv", header, rows)

    def draw_own(self, folder: Path, report: Report, foot: str) -> list[Path]:
        """A tornado of the targets about the advice."""
        from keliling.experiments.figures.study import drawn_targets
        from keliling.experiments.figures.tornado import Bar, tornado

        paths: list[Path] = []
        for target in drawn_targets(list(report.parts["tornado"]), report.results.study.outcomes[0]):
            base = target.of_jobs[report.results.point == 0]
            bars = [
                Bar(low.factor, _short(low), _short(high), low.difference, _ends(low), high.difference, _ends(high))
                for low, high in report.parts["tornado"][target]
            ]
            level = float(np.nanmean(base)) if base.size else float("nan")
            unit, name = target.unit or "share of runs", f"tornado-{target.name}"
            paths += tornado(folder, bars, outcome_title=target.words, unit=unit, base=level, footer=foot, name=name)
        return paths


def _told(one: Swing) -> tuple[str, str]:
    value = f"{one.value:g}" if isinstance(one.value, float) else str(one.value)
    return value, interval_text(one.difference, one.low, one.high, 3)


def _short(one: Swing) -> str:
    return f"{one.value:.4g}" if isinstance(one.value, float) else str(one.value).lower()


def _ends(one: Swing) -> tuple[float, float]:
    return one.low, one.high
