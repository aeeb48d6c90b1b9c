"""Frequency: how the outcomes answer to events a month, where returns diminish and where they turn to harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.frequency import LEVER, responses, today
from keliling.experiments.analysis.results import Results
from keliling.experiments.kinds.base import Kind
from keliling.experiments.plan.study import Arm
from keliling.experiments.plan.study_file import StudyFile, as_written
from keliling.experiments.reports.blocks import Block
from keliling.experiments.reports.report import Report, write_found
from keliling.sim.outcomes import outcomes
from keliling.sim.parameters import Value

MOST_DRAWN = 6  # outcomes that are drawn


class Frequency(Kind):
    """A policy for every frequency."""

    name = "frequency"
    own_keys: Mapping[str, type] = {LEVER: object}
    needs = (LEVER,)

    def policies(self, file: StudyFile, beside: Any) -> Sequence[Arm]:
        """The frequencies, from the month on."""
        found: list[Arm] = []
        if LEVER in file.tables:
            for at, value in enumerate(file.levels(LEVER, file.tables[LEVER])):
                levels: dict[str, Value] = {LEVER: value}
                written = as_written(value)
                found += file.arm(f"events-{written}", f"{written} events a month", levels, LEVER, at)
        return found

    def parts(self, results: Results) -> Mapping[str, Any]:
        """Where returns diminish and where they turn, outcome by outcome."""
        return {"response": responses(results, results.study.outcomes)}

    def own_blocks(self, report: Report) -> list[Block]:
        """The findings, of outcomes that have one."""
        rows = [[outcomes()[one.outcome].title, one.text] for one in report.parts["response"] if one.text]
        return [Block("More events a month", (), ["Outcome", "Finding"], rows)] if rows else []

    def write(self, folder: Path, report: Report) -> None:
        """``response.csv`` too: where returns diminish and where they turn."""
        super().write(folder, report)
        write_found(folder / "response.csv", report.parts["response"])

    def draw_own(self, folder: Path, report: Report, foot: str) -> list[Path]:
        """The answer of the outcomes."""
        from keliling.experiments.figures.policies import frequency_response

        results, turning = report.results, {one.outcome: one.text for one in report.parts["response"] if one.text}
        watched = results.study.outcomes[:MOST_DRAWN]
        return frequency_response(folder, results, watched, today=today(results), turning=turning)
