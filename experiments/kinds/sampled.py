"""What kinds have in common whose design points are drawn over all factors, luck as one more of them: sensitivity."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.results import Results
from keliling.experiments.analysis.sensitivity import LEAST, MAIN, Index, Sensitivity, analyse, convergence
from keliling.experiments.analysis.targets import TargetOutput, targets_of
from keliling.experiments.keep.files import write_rows
from keliling.experiments.kinds.base import Kind
from keliling.experiments.plan.factors import LUCK_FACTOR, Factor
from keliling.experiments.plan.points import DesignPoint, Shares, at
from keliling.experiments.plan.study import Study
from keliling.experiments.reports.blocks import Block, interval_text
from keliling.experiments.reports.report import Report

MOST_FACTORS = 12  # that are told; the others stand in the table
SECOND = {"ST": "S1", "mu_star": "sigma"}
"""The measure that is told beside the main one."""


class Sampled(Kind, ABC):
    """Every design point comes with its own luck, so there are no replicates to be asked for."""

    method = ""
    """The sensitivity analysis: one of ``analysis.sensitivity``."""
    needs = ("factors",)
    luck = True

    @abstractmethod
    def shares(self, dimensions: int, points: int, seed: int) -> Shares:
        """The design in shares of the way through every dimension, one row a design point."""

    def design(self, factors: Sequence[Factor], points: int, seed: int, details: Any) -> Sequence[DesignPoint]:
        """The points at those shares."""
        dimensions = (*factors, LUCK_FACTOR)
        return at(dimensions, self.shares(len(dimensions), points, seed))

    def own_luck(self, factors: Sequence[Factor], details: Any) -> bool:
        """There are no replicates."""
        return False

    def parts(self, results: Results) -> Mapping[str, Any]:
        """The indices of every target; the main one's also over the number of points."""
        study = results.study
        names, shares = [factor.name for factor in study.dimensions], self.shares_of(study)
        main, *others = targets_of(results)
        converging = convergence(self.method, names, shares, main.values, target=main.title, seed=study.seed)
        of_targets: dict[TargetOutput, Sensitivity] = {main: converging[-1]} | {
            target: analyse(self.method, names, shares, target.values, target=target.title, seed=study.seed)
            for target in others
        }
        return {"sensitivity": of_targets, "convergence": converging}

    def shares_of(self, study: Study) -> Shares:
        """The design of a study in shares."""
        return self.shares(len(study.dimensions), study.points, study.seed)

    def own_blocks(self, report: Report) -> list[Block]:
        """The factors of every target; where there are policies, levels stand in the table only."""
        found = []
        for target, sensitivity in report.parts["sensitivity"].items():
            if target.kind == "level" and len(report.results.arms) > 1:
                continue  # what moves the advice comes first
            found.append(_block(target, sensitivity))
        return found

    def own_content(self, report: Report) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "sensitivity": [
                {"target": one.target, "estimator": one.estimator, "points": one.points, "dropped": one.dropped}
                | {"note": one.note, "floor": dict(one.floor), "indices": [asdict(index) for index in one.indices]}
                for one in report.parts["sensitivity"].values()
            ]
        }

    def write(self, folder: Path, report: Report) -> None:
        """``sensitivity.csv`` too: every index of every target, with its interval and the dummy's; and
        ``convergence.csv``, the same for the main target, over the number of points."""
        super().write(folder, report)
        tables = {"sensitivity": report.parts["sensitivity"].values(), "convergence": report.parts["convergence"]}
        for name, found in tables.items():
            write_rows(folder / f"{name}.csv", IndexRow, [row for one in found for row in _rows(one)])

    def draw_own(self, folder: Path, report: Report, foot: str) -> list[Path]:
        """The indices of the targets about the advice, and how the main one's settle."""
        from keliling.experiments.figures.screening import morris_plane
        from keliling.experiments.figures.sensitivity import convergence_lines, index_bars
        from keliling.experiments.figures.study import drawn_targets

        paths: list[Path] = []
        of_targets = report.parts["sensitivity"]
        for target in drawn_targets(list(of_targets), report.results.study.outcomes[0]):
            found = of_targets[target]
            drawing = morris_plane if self.method == "morris" else index_bars
            paths += drawing(folder, found, f"{found.kind}-{target.name}", foot)
        return [*paths, *convergence_lines(folder, report.parts["convergence"], "convergence", foot)]


def _block(target: TargetOutput, found: Sensitivity) -> Block:
    if found.note:
        return Block(above=[f"{target.title}: {found.note}"])
    measure = MAIN[found.kind]
    names = [measure, *([SECOND[measure]] if measure in SECOND else [])]
    by = {name: {one.factor: one for one in found.of(name)} for name in names}
    rows = []
    for one in found.of(measure)[:MOST_FACTORS]:
        mine = [by[name][one.factor] for name in names]
        told = [each for each, name in zip(mine, names, strict=True) if not math.isnan(found.floor[name])]
        texts = [interval_text(each.value, each.low, each.high, 3) for each in mine]
        rows.append([one.factor, *texts, _untold(told)])
    above = [f"{found.estimator}; {found.basis}"]
    return Block(target.title, above, ["Factor", *names, ""], rows, range(1, 1 + len(names)))


def _untold(indices: Sequence[Index]) -> str:
    """Which of a factor's indices a factor that does nothing would reach too."""
    untold = [one.measure for one in indices if not one.told]
    if not untold:
        return ""
    return f"{'' if len(untold) == len(indices) else f'{untold[0]} '}not told from a dummy"


@dataclass(frozen=True)
class IndexRow:
    """A row of ``sensitivity.csv`` and ``convergence.csv``: an index of a factor, or why there is none."""

    target: str
    estimator: str
    points: int
    dropped: int
    factor: str | None = None
    index: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    told: int | None = None
    rests_on: int | None = None
    note: str = ""


def _rows(found: Sensitivity) -> list[IndexRow]:
    about = (found.target, found.estimator, found.points, found.dropped)
    if found.note:
        return [IndexRow(*about, note=found.note)]
    few = f"fewer than {LEAST[found.kind]} effects: one of an effect's two points failed"
    of = [IndexRow(*about, i.factor, i.measure, i.value, i.low, i.high, int(i.told), i.points) for i in found.indices]
    measured = {row.factor for row in of}
    of += [IndexRow(*about, factor, note=few) for factor in found.factors if factor not in measured]
    return [*of, *(IndexRow(*about, "dummy", name, value) for name, value in found.floor.items())]
