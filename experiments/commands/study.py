"""``keliling study``: a study lived, kept, analysed and drawn; ``keliling studies``: those that are shipped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from keliling.experiments.commands import options
from keliling.experiments.commands.dry import describe_study
from keliling.experiments.commands.terminal import next_step, say, show, table, write_json
from keliling.experiments.commands.watch import Watch

if TYPE_CHECKING:
    from keliling.experiments.plan.study import Study
    from keliling.experiments.reports.report import Report
    from keliling.experiments.run.executors import Execution


@click.command()
@click.argument("study", metavar="FILE")
@options.added(
    click.option(
        "--points",
        type=click.IntRange(1),
        default=None,
        metavar="N",
        help="Design points, base points (sobol) or trajectories (morris) of the design; more of them extend a study.",
    ),
    click.option(
        "--replicates",
        type=click.IntRange(1, 100_000),
        default=None,
        metavar="N",
        help="Replicates of each design point, where luck is no factor.",
    ),
    options.precision,
    click.option(
        "--seed",
        type=click.IntRange(0, options.MOST),
        default=None,
        metavar="N",
        help="Seed of all luck and of the design; by default the file's, or 1.",
    ),
    options.set_,
    options.size,
    options.out("Folder to write to; by default results/STUDY."),
    options.cluster,
    options.engine,
    options.workers,
    click.option("--figures/--no-figures", default=True, help="Draw the figures too."),
    options.as_json,
    options.dry_run,
    options.quiet,
)
def study(
    study: str,
    points: int | None,
    replicates: int | None,
    precision: tuple[str, float] | None,
    seed: int | None,
    set_: tuple[str, ...],
    size: float | None,
    out: Path | None,
    cluster: str | None,
    engine: str,
    workers: int | None,
    figures: bool,
    as_json: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Live a study, from a FILE of your own or the name of a shipped one, and analyse it.

    Every finished batch of runs is kept at once: a study that was stopped, by whatever, goes on when the same command
    is given again, and gives the same to the last bit. Writes runs.parquet, tables and figures.

    \b
    Examples:
      keliling studies
      keliling study outreach-frequency-kebon-jeruk --dry-run
      keliling study outreach-frequency-kebon-jeruk
      keliling study my-study.toml --points 256 --workers 2
    """
    from keliling.experiments.reading import load_study
    from keliling.experiments.run.executors import Execution

    numbers = {"points": points, "replicates": replicates, "seed": seed, "size": size}
    asked: dict[str, Any] = numbers | {"precision": precision}
    found, execution = load_study(study, set_, **asked), Execution(engine, workers, cluster)
    live_study(found, execution, out, figures=figures, as_json=as_json, dry_run=dry_run, quiet=quiet)


def live_study(
    study: Study,
    execution: Execution,
    out: Path | None,
    *,
    figures: bool,
    as_json: bool,
    dry_run: bool,
    quiet: bool,
    then: str = "",
) -> None:
    """Live a study, write what it comes to, show it, and say what could come ``then``; or say what it would be."""
    from keliling.experiments.conduct import conduct
    from keliling.experiments.keep.study_store import Store
    from keliling.experiments.kinds import KINDS
    from keliling.sim.errors import KelilingError

    kind, quiet = KINDS[study.kind], quiet or as_json
    store = Store(out or Path("results") / study.name, study)
    if dry_run:
        describe_study(study, kind, store, execution, as_json=as_json)
        return

    def write(report: Report) -> None:
        kind.write(store.folder, report)
        if figures:
            kind.draw(store.folder, report)

    with Watch(execution, quiet=quiet) as watch:
        report = conduct(study, store, execution, watch, finish=write)
    if as_json:
        write_json(kind.content(report) | {"folder": str(store.folder)})
        return
    for block in kind.blocks(report):
        show(block)
    if not quiet:
        say(f"Written to {store.folder}")
    if 0 < report.results.failed == report.results.runs:
        raise KelilingError(f"every run failed, such as: {report.results.errors[0]}")
    next_step(then or f"keliling verify {store.folder}   (lives a sample anew and compares)", quiet=quiet)


@click.command()
@options.as_json
def studies(as_json: bool) -> None:
    """List the shipped studies: what each asks, and of which kind it is.

    \b
    Examples:
      keliling studies
      keliling studies --json
    """
    from keliling.experiments.plan.study_file import titles

    found = titles()
    if as_json:
        write_json([{"name": name, "kind": kind, "question": question} for name, (kind, question) in found.items()])
        return
    table(["Study", "Kind", "Asks"], [[name, kind, question] for name, (kind, question) in found.items()])
    next_step("keliling study NAME --dry-run", quiet=False)
