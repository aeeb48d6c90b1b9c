"""Table: design points, or policies when all its columns are levers, read from a CSV file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keliling.experiments.analysis.decision import Decision, decide
from keliling.experiments.analysis.results import Results
from keliling.experiments.kinds.base import Kind
from keliling.experiments.kinds.grid import in_words
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.points import BASE, DesignPoint
from keliling.experiments.plan.study import Arm
from keliling.experiments.plan.study_file import StudyFile
from keliling.experiments.plan.varied import rows_of
from keliling.sim.parameters import Value, register


class Table(Kind):
    """What somebody wrote in a table. ``Study.details`` are its rows."""

    name = "table"
    own_keys: Mapping[str, type] = {"table": str}
    default_points = 0

    def beside(self, file: StudyFile) -> Any:
        """The rows of the CSV file."""
        return rows_of(file)

    def policies(self, file: StudyFile, beside: Any) -> Sequence[Arm]:
        """The rows, where they hold levers alone."""
        found: list[Arm] = []
        if all_levers(beside):
            for at, row in enumerate(beside, start=1):
                found += file.arm(f"row-{at}", f"row {at}: {in_words(row)}", dict(row), "table")
        return found

    def check(self, file: StudyFile, arms: Sequence[Arm], factors: Sequence[Factor], details: Any) -> None:
        """No factors besides, no precision over design points, and nothing that a hypothesis owns."""
        if file.tables.get("factors"):
            file.problems.add("study-table-factors", file.place("factors"))
        points = self._points(details)
        if points and file.given("precision") and not factors:
            file.problems.add("study-precision", file.place("precision"), kind=self.name)
        if points:
            file.check_owned({name: file.place("table") for name in points[0]}, arms)

    def design(self, factors: Sequence[Factor], points: int, seed: int, details: Any) -> Sequence[DesignPoint]:
        """The rows, where they hold more than levers."""
        return [DesignPoint(number, row) for number, row in enumerate(self._points(details))] or (BASE,)

    def decision(self, results: Results) -> Decision:
        """Its design points are what its author wrote."""
        rows = "chances are shares of the rows of the table, each counted once"
        return decide(results, *([rows] if results.study.own_luck else []))

    def own_luck(self, factors: Sequence[Factor], details: Any) -> bool:
        """Every row has replicates of its own."""
        return bool(self._points(details))

    def _points(self, rows: Sequence[Mapping[str, Value]]) -> Sequence[Mapping[str, Value]]:
        return () if all_levers(rows) else rows


def all_levers(rows: Sequence[Mapping[str, Value]]) -> bool:
    """Whether a table holds levers alone: then its rows are policies, and design points otherwise."""
    return bool(rows) and all(register()[name].kind == "lever" for name in rows[0])
