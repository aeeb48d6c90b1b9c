"""What a finished study says on stdout: tables for people, or the same as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import rich_click as click

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.commands.terminal import explained, heading, table

if TYPE_CHECKING:
    from keliling.experiments.kinds.base import Kind
    from keliling.experiments.reports.blocks import Block, Cell
    from keliling.experiments.reports.report import Report

COLOURS = {"better": "cyan", "worse": "yellow"}


def show(report: Report, kind: Kind) -> None:
    """The tables of a study."""
    results, study = report.results, report.results.study
    heading(study.title)
    click.echo(study.question)
    points = f"{len(study.design):,} design points, " if len(study.design) > 1 else ""
    click.echo(f"{study.year}; {points}{results.jobs:,} jobs of {len(study.arms)} arms, seed {study.seed}")
    if results.failed:
        click.echo(f"{results.failed:,} runs failed and are left out, such as: {results.errors[0]}")
    click.echo()
    for block in kind.blocks(report):
        _show(block)
    explained(_words(report))
    click.echo(NOT_A_FORECAST)


def _show(block: Block) -> None:
    if block.heading:
        heading(block.heading)
    for line in block.above:
        click.echo(line)
    if block.header:
        table(block.header, [[_coloured(cell) for cell in row] for row in block.rows], right=block.right)
    for line in block.below:
        click.echo(line)
    if block.header:
        click.echo()


def _coloured(cell: str | Cell) -> str:
    """A cell, in colour only where its interval excludes zero, which another column says in words."""
    if isinstance(cell, str):
        return cell
    return click.style(cell.text, fg=COLOURS[cell.verdict]) if cell.verdict in COLOURS else cell.text


def _words(report: Report) -> dict[str, str]:
    """What the study's outcomes mean, those that would be misread."""
    from keliling.sim.outcomes import outcomes

    named = [outcomes()[name] for name in report.results.study.outcomes]
    return {one.title: one.meaning for one in named if one.explained}


def content(report: Report, kind: Kind) -> dict[str, Any]:
    """Everything as plain data."""
    study = report.results.study
    found: dict[str, Any] = {
        "note": NOT_A_FORECAST,
        "study": study.name,
        "kind": study.kind,
        "question": study.question,
        "year": study.year,
        "seed": study.seed,
        "points": len(study.design),
        "jobs": report.results.jobs,
        "failed": report.results.failed,
        "errors": list(report.results.errors),
        "ranked_jobs": report.decision.jobs,
        "dropped_jobs": report.decision.dropped,
        "notes": list(report.decision.notes),
        "decision": [asdict(one) for one in report.decision.standings],
        "ranking": [asdict(one) for one in report.decision.rankings],
        **kind.content(report),
    }
    if report.worth is not None:
        found["information"] = asdict(report.worth)
    if report.reached is not None:
        found["precision"] = asdict(report.reached)
    return found
