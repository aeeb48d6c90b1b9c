"""Grid: a policy for every combination of some levels of levers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from keliling.experiments.kinds.base import Kind
from keliling.experiments.plan.study import Arm
from keliling.experiments.plan.study_file import StudyFile, as_written
from keliling.experiments.reports.report import Report
from keliling.sim.parameters import Value

MOST_DRAWN = 3  # outcomes that are drawn


class Grid(Kind):
    """A policy for every combination."""

    name = "grid"
    own_keys: Mapping[str, type] = {"levers": dict}
    needs = ("levers",)

    def policies(self, file: StudyFile, beside: Any) -> Sequence[Arm]:
        """The combinations, from the month on."""
        levers, found = file.tables.get("levers", {}), []
        every = [file.levels(name, levels, "levers") for name, levels in levers.items()]
        for values in product(*every) if every else ():
            levels = dict(zip(levers, values, strict=True))
            name = "-".join(f"{lever}-{as_written(value)}" for lever, value in levels.items())
            found += file.arm(name, in_words(levels), levels, "levers")
        return found

    def draw_own(self, folder: Path, report: Report, foot: str) -> list[Path]:
        """A heat map of two levers."""
        from keliling.experiments.figures.grid import heat_map

        study, paths = report.results.study, list[Path]()
        if len(study.policies[0].levels) == 2:
            first, second = study.policies[0].levels
            for outcome in study.outcomes[:MOST_DRAWN]:
                paths += heat_map(folder, report.results, outcome, (first, second))
        return paths


def in_words(levels: Mapping[str, Value]) -> str:
    """Levers and their levels in words."""
    return ", ".join(f"{name.replace('_', ' ')} {as_written(value)}" for name, value in levels.items())
