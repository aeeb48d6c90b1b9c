"""What a finished study came to, and the tables that every kind of study may have.

runs.csv            every run, for spreadsheets
decision.csv        every policy and outcome: paired difference, interval, median, worst decile, chances
ranking.csv         every policy: chance of being best, regret, cost
information.csv     what it would be worth to know each factor
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.analysis.decision import Decision
from keliling.experiments.analysis.information import Worth
from keliling.experiments.analysis.precision import Reached
from keliling.experiments.analysis.results import Results
from keliling.experiments.keep.files import write_csv, write_rows


@dataclass(frozen=True)
class Report:
    """Everything that a study came to: ``parts`` is what its kind found besides, by name."""

    results: Results
    decision: Decision
    reached: Reached | None = None
    worth: Worth | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)


def write_tables(folder: Path, report: Report) -> None:
    """Write the tables of every kind of study."""
    write_runs(folder, report.results)
    write_found(folder / "decision.csv", report.decision.standings)
    write_found(folder / "ranking.csv", report.decision.rankings)
    if report.worth is not None:
        write_found(folder / "information.csv", report.worth.factors)


def write_found(path: Path, rows: Sequence[Any]) -> None:
    """Write dataclasses of one kind as a table; none are no file."""
    if rows:
        write_rows(path, type(rows[0]), rows)


def write_runs(folder: Path, results: Results) -> None:
    """Write every run with the values of its design point."""
    study = results.study
    names = list(dict.fromkeys(name for point in study.design for name in point.columns))
    base = results.arms[0].scenario
    header = ["point", "replicate", "policy", *names, *results.values]
    rows = []
    for job in range(results.jobs):
        point = study.design[int(results.point[job])]
        levels = [point.columns.get(name, base.values.get(name, base.hypothesis.name)) for name in names]
        for at, arm in enumerate(results.arms):
            if (at, job) in results.absent:
                continue
            numbers = [float(values[at, job]) for values in results.values.values()]
            rows.append([point.number, int(results.replicate[job]), arm.name, *levels, *numbers])
    write_csv(folder / "runs.csv", header, rows)


def content_of(report: Report) -> dict[str, Any]:
    """What every kind of study has, as plain data."""
    results, study = report.results, report.results.study
    found: dict[str, Any] = {
        "note": NOT_A_FORECAST,
        "study": study.name,
        "kind": study.kind,
        "question": study.question,
        "year": study.year,
        "seed": study.seed,
        "points": len(study.design),
        "jobs": results.jobs,
        "failed": results.failed,
        "errors": list(results.errors),
        "ranked_jobs": report.decision.jobs,
        "dropped_jobs": report.decision.dropped,
        "notes": list(report.decision.notes),
        "decision": [asdict(one) for one in report.decision.standings],
        "ranking": [asdict(one) for one in report.decision.rankings],
    }
    if report.worth is not None:
        found["information"] = asdict(report.worth)
    if report.reached is not None:
        found["precision"] = asdict(report.reached)
    return found
