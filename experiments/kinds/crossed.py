"""Crossed: policies under each of several conditions, such as accounts of motivation or mechanisms switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.crossed import APART, SAME, Crossing, Effect, effects, pairs
from keliling.experiments.analysis.decision import Decision
from keliling.experiments.analysis.results import Results
from keliling.experiments.kinds.base import Kind
from keliling.experiments.kinds.conditions import conditions_of, crossed, crossing_of
from keliling.experiments.plan.study import Arm, Study
from keliling.experiments.plan.study_file import StudyFile
from keliling.experiments.reports.blocks import Block, interval_text
from keliling.experiments.reports.report import Report, write_found
from keliling.sim.outcomes import outcomes


class Crossed(Kind):
    """Every policy under every condition. ``Study.details`` is the ``Crossing``; ``Study.arms`` are the baseline and
    the policies under each condition in turn, so they are no policies to choose from."""

    name = "crossed"
    own_keys: Mapping[str, type] = {"conditions": dict, "smallest": dict, "predicted": dict, "relative": object}
    refuses = ("factors", "goal", "worth", "precision")

    def arms(self, file: StudyFile, beside: Any) -> tuple[Sequence[Arm], Any]:
        """Under each condition the baseline, then the policies; and what is declared about them."""
        for name, value in file.tables.get("policies", {}).items():
            if not isinstance(value, dict):
                file.problems.add("study-crossed-policy", file.place("policies", name), value)
        under = conditions_of(file, file.base)
        file.problems.raise_if_any()
        if len(under) < 2:
            file.problems.add("study-conditions", file.place("conditions"))
        if not file.tables.get("policies"):
            file.problems.add("study-missing", file.place("policies"), key="[policies]")
        file.problems.raise_if_any()
        arms = {name: [file.now(one), *file.policies(one)] for name, one in under.items()}
        policies = [one.name for one in next(iter(arms.values()))[1:]]
        return crossed(arms), crossing_of(file, list(under), policies, file.watched)

    def decision(self, results: Results) -> Decision:
        """None: its arms are no policies to choose from."""
        return Decision((), (), "", 0, 0)

    def parts(self, results: Results) -> Mapping[str, Any]:
        """Every effect, and what tells every two conditions apart."""
        crossing: Crossing = results.study.details
        return {"effects": effects(results, crossing), "pairs": pairs(results, crossing)}

    def arms_in_words(self, study: Study) -> str:
        """Policies and conditions, and not every one under each."""
        policies, under = ", ".join(study.details.policies), ", ".join(study.details.conditions)
        return f"{len(study.arms)}: the baseline and {policies}; each under {under}"

    def own_blocks(self, report: Report) -> list[Block]:
        """By outcome, conditions in rows and policies in columns; then what tells two conditions apart."""
        crossing: Crossing = report.results.study.details
        names = list(crossing.smallest) or list(report.results.study.outcomes)
        every: list[Effect] = report.parts["effects"]
        found = [_block(crossing, name, [one for one in every if one.outcome == name]) for name in names]
        if crossing.smallest:
            rows = []
            for one in report.parts["pairs"]:
                told = interval_text(one.apart, one.low, one.high, 2)
                rows.append([one.one, one.other, one.policy or "nothing here", one.outcome, told])
            header = ["One", "Other", "Policy", "Outcome", "Difference of effects"]
            found.append(Block("What tells two conditions apart best", (), header, rows, (4,)))
        return found

    def write(self, folder: Path, report: Report) -> None:
        """``effects.csv`` too, every policy under every condition and how far that lies from the first condition's, and
        ``told-apart.csv``, every two conditions and what tells them apart best."""
        super().write(folder, report)
        write_found(folder / "effects.csv", report.parts["effects"])
        write_found(folder / "told-apart.csv", report.parts["pairs"])

    def draw_own(self, folder: Path, report: Report, foot: str) -> list[Path]:
        """The first outcomes."""
        from keliling.experiments.figures.conditions import conditions

        return conditions(folder, report)


def _block(crossing: Crossing, name: str, found: Sequence[Effect]) -> Block:
    """How far effects lie apart, where the study declares what matters; else what conditions change."""
    declared = name in crossing.smallest
    first, *others = crossing.conditions
    by = {(one.condition, one.policy): one for one in found}
    columns = crossing.policies if declared else ("", *crossing.policies)
    rows = [[f"{first} (effect)", *(f"{by[first, policy].effect:+.2f}" for policy in columns)]] if declared else []
    for condition in others:
        cells = [condition]
        for one in (by[condition, policy] for policy in columns):
            value, low, high = one.change, one.change_low, one.change_high
            if declared:
                value, low, high = one.apart, one.apart_low, one.apart_high
            marked = one.verdict == APART if declared else low * high > 0.0
            same = one.verdict == SAME or value == low == high == 0.0
            cells.append("same" if same else f"{value:+.2f}{'*' if marked else ''}")
        rows.append(cells)
    below = f"Over {first} under the same policy; * the 95% interval excludes zero"
    if declared:
        below = f"* the whole 95% interval lies apart from {first} by more than {crossing.smallest[name]:g}"
    what = "effects of policies, and how far they lie apart" if declared else "what each condition changes"
    heading = f"{outcomes()[name].title}, {crossing.unit(name)}: {what}"
    header = ["Condition", *(policy or "baseline" for policy in columns)]
    return Block(heading, (), header, rows, range(1, 1 + len(columns)), [below])
