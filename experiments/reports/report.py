"""What is written of a finished study: its tables, and the figures that its kind calls for.

runs.csv            every run, for spreadsheets
decision.csv        every policy and outcome: paired difference, interval, median, worst decile, chances
ranking.csv         every policy: chance of being best, regret, cost
response.csv        frequency: where returns diminish and where they turn
tornado.csv         tornado: what each end of each factor changes
sensitivity.csv     morris, sobol, pawn, latin: every index of every target, with its interval and the dummy's
convergence.csv     the same for the main target, over the number of points
information.csv     what it would be worth to know each factor
effects.csv         crossed: every policy under every condition, and how far that lies from the first condition's
told-apart.csv      crossed: every two conditions, and what tells them apart best
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.crossed import Effect, Pair, effects, pairs
from keliling.experiments.analysis.decision import Decision, decide
from keliling.experiments.analysis.frequency import Response, responses
from keliling.experiments.analysis.information import Worth, worth_knowing
from keliling.experiments.analysis.precision import Reached, judged
from keliling.experiments.analysis.results import Answers
from keliling.experiments.analysis.sensitivity import Sensitivity, analyse, convergence
from keliling.experiments.analysis.targets import Target, targets_of
from keliling.experiments.analysis.tornado import Change, changes
from keliling.experiments.plan.points import shares_of
from keliling.experiments.reports.tables import write_csv

METHODS = {"morris": "morris", "sobol": "sobol", "pawn": "pawn", "latin": "pawn"}
"""The sensitivity analysis of each kind; PAWN takes any even sample."""


@dataclass(frozen=True)
class Report:
    """Everything that a study came to."""

    answers: Answers
    decision: Decision
    responses: list[Response] = field(default_factory=list)
    tornado: dict[Target, list[tuple[Change, Change]]] = field(default_factory=dict)
    sensitivity: dict[Target, Sensitivity] = field(default_factory=dict)
    converging: list[Sensitivity] = field(default_factory=list)
    worth: Worth | None = None
    reached: Reached | None = None
    effects: list[Effect] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    @property
    def main(self) -> Target | None:
        """The first target that was analysed."""
        return next(iter(self.sensitivity), None)


def report_of(answers: Answers) -> Report:
    """Analyse the answers of a study as its kind asks."""
    study = answers.study
    parts: dict[str, Any] = {}
    if study.kind == "frequency":
        parts["responses"] = responses(answers, study.outcomes)
    if study.kind == "tornado":
        parts["tornado"] = {
            target: changes(answers, target.of_jobs, share=target.kind in ("sign", "ranks first"))
            for target in targets_of(answers)
        }
    if method := METHODS.get(study.kind):
        names, shares = [factor.name for factor in study.dimensions], shares_of(study)
        main, *others = targets_of(answers)
        converging = convergence(method, names, shares, main.values, target=main.title, seed=study.seed)
        parts["converging"] = converging
        parts["sensitivity"] = {main: converging[-1]} | {
            target: analyse(method, names, shares, target.values, target=target.title, seed=study.seed)
            for target in others
        }
    if study.policies and study.factors:
        parts["worth"] = worth_knowing(answers, seed=study.seed)
    if study.crossing is not None:
        parts["effects"], parts["pairs"] = effects(answers), pairs(answers)
    if study.precision is not None:
        parts["reached"] = judged(study.precision, answers.differences(study.precision.outcome))
    return Report(answers, decide(answers), **parts)


def write_tables(folder: Path, report: Report) -> None:
    """Write every table of the report."""
    _write_runs(folder, report.answers)
    _write_all(folder / "decision.csv", report.decision.standings)
    _write_all(folder / "ranking.csv", report.decision.rankings)
    _write_all(folder / "response.csv", report.responses)
    _write_all(folder / "effects.csv", report.effects)
    _write_all(folder / "told-apart.csv", report.pairs)
    if report.tornado:
        header = ("target", "factor", "value", "difference", "low", "high")
        rows = [
            (target.title, one.factor, str(one.value), one.difference, one.low, one.high)
            for target, pairs in report.tornado.items()
            for pair in pairs
            for one in pair
        ]
        write_csv(folder / "tornado.csv", header, rows)
    if report.sensitivity:
        _write_indices(folder / "sensitivity.csv", list(report.sensitivity.values()))
        _write_indices(folder / "convergence.csv", report.converging)
    if report.worth is not None:
        _write_all(folder / "information.csv", report.worth.factors)


def _write_indices(path: Path, found: Sequence[Sensitivity]) -> None:
    header = ("target", "estimator", "points", "dropped", "factor", "index", "value", "low", "high", "told", "note")
    rows: list[tuple[Any, ...]] = []
    for one in found:
        about = (one.target, one.estimator, one.points, one.dropped)
        if one.note:
            rows.append((*about, *([None] * 6), one.note))
        rows += [(*about, i.factor, i.measure, i.value, i.low, i.high, int(i.told), "") for i in one.indices]
        floors = [(name, value) for name, value in one.floor.items() if one.indices]
        rows += [(*about, "dummy", name, value, None, None, None, "") for name, value in floors]
    write_csv(path, header, rows)


def _write_all(path: Path, rows: Sequence[Any]) -> None:
    if rows:
        tables = [asdict(row) for row in rows]
        write_csv(path, list(tables[0]), [list(table.values()) for table in tables])


def _write_runs(folder: Path, answers: Answers) -> None:
    study = answers.study
    names = [factor.name for factor in study.factors] or list(dict.fromkeys(k for row in study.rows for k in row))
    base = study.arms[0].scenario
    header = ["world", "replicate", "policy", *names, *answers.values]
    rows = []
    for job in range(answers.jobs):
        world = study.worlds[int(answers.world[job])]
        levels = [world.values.get(name, base.values.get(name, base.hypothesis.name)) for name in names]
        for at, arm in enumerate(study.arms):
            numbers = [float(values[at, job]) for values in answers.values.values()]
            rows.append([world.number, int(answers.replicate[job]), arm.name, *levels, *numbers])
    write_csv(folder / "runs.csv", header, rows)
