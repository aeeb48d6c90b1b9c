"""``keliling study``: a study lived, kept, analysed and drawn; ``keliling studies``: those that are shipped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import Progress, duration, facts, next_step, say, table, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keliling.experiments.keep.study_store import Store
    from keliling.experiments.plan.study import Study
    from keliling.experiments.reports.report import Report
    from keliling.experiments.run.executors import Place


@click.command()
@click.argument("study", metavar="FILE")
@options.added(
    click.option(
        "--points",
        type=click.IntRange(1),
        default=None,
        metavar="N",
        help="Worlds, base points (sobol) or trajectories (morris) of the design; more of them extend a study.",
    ),
    click.option(
        "--replicates",
        type=click.IntRange(1, 100_000),
        default=None,
        metavar="N",
        help="Replicates of each world, where luck is no factor.",
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
    click.option(
        "--cluster",
        default=None,
        metavar="ADDRESS",
        help="Send the work to a Dask scheduler, such as tcp://10.0.0.5:8786, whose workers see the same folder.",
    ),
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
    from keliling.experiments.keep.study_store import Store
    from keliling.experiments.plan.study_file import load_study
    from keliling.experiments.run.executors import Place

    quiet = quiet or as_json
    found = load_study(study, set_, points=points, replicates=replicates, precision=precision, seed=seed, size=size)
    store = Store(out or Path("results") / found.name, found)
    place = Place(engine, workers, cluster)
    if dry_run:
        _describe(found, store, place, as_json=as_json)
        return
    with store.held():
        report = _live(found, store, place, quiet=quiet)
        _write(store.folder, report, figures=figures)
    if as_json:
        from keliling.experiments.commands.study_tables import content

        write_json(content(report) | {"folder": str(store.folder)})
        return
    from keliling.experiments.commands.study_tables import show

    show(report)
    if not quiet:
        say(f"Written to {store.folder}")
    next_step(f"keliling verify {store.folder}   (lives a sample anew and compares)", quiet=quiet)


def _live(study: Study, store: Store, place: Place, *, quiet: bool) -> Report:
    """Live what is left of a study; replicates by rule in rounds, each decided by whole rounds before it."""
    from keliling.experiments.analysis.results import answers_of
    from keliling.experiments.reports.report import report_of
    from keliling.experiments.run.executors import live_jobs

    if place.engine == "kernel":
        from keliling.sim.kernels.willingness import willingness_of

        for arm in study.arms:
            willingness_of(arm.scenario.hypothesis)  # one that cannot be compiled is refused before anything is kept
    store.open(engine=place.engine, workers=place.workers, cluster=place.cluster)
    if place.cluster is None:
        options.compile_first(place.engine, quiet=quiet)
    for jobs in _rounds(study, store):
        done = store.finished()
        left = [job for job in jobs if job not in done]
        if len(left) < len(jobs) and not quiet:
            before = (len(jobs) - len(left)) * len(study.arms)
            say(f"{before:,} of {len(jobs) * len(study.arms):,} runs were finished before")
        with Progress(len(left) * len(study.arms), quiet=quiet, unit="runs") as progress:
            live_jobs(study, store, left, place, progress)
    runs = store.compact()
    store.close()
    return report_of(answers_of(study, runs))


def _rounds(study: Study, store: Store) -> Iterator[list[tuple[int, int]]]:
    """The jobs of each round: all at once, or with a precision as many as the rounds before call for."""
    from keliling.experiments.analysis.precision import following, judged
    from keliling.experiments.analysis.results import answers_of

    rule = study.precision
    if rule is None:
        yield study.jobs()
        return
    upto = following(rule, None)
    while upto is not None:
        yield study.jobs(upto)
        # A study that was lived further before is judged as though it had not been.
        upto = following(rule, judged(rule, answers_of(study, store.runs()).differences(rule.outcome, upto)))


def _write(folder: Path, report: Report, *, figures: bool) -> None:
    from keliling.experiments.reports.report import write_tables

    write_tables(folder, report)
    if figures:
        from keliling.experiments.figures.study import draw

        draw(folder, report)


def _describe(study: Study, store: Store, place: Place, *, as_json: bool) -> None:
    """Say what a study comes to: runs, time and disk; nothing is run and nothing written."""
    from keliling.experiments.keep.study_store import BYTES_A_RUN
    from keliling.experiments.run.runner import Job, Plan, cores

    jobs = study.jobs(study.precision.most if study.precision else None)
    runs = len(jobs) * len(study.arms)
    workers = place.workers or cores()
    one = Plan([Job(arm.scenario, 0, study.seed) for arm in study.arms], engine=place.engine)
    grounds = len(study.worlds) if study.factors else 1
    seconds = one.seconds_of(len(jobs), grounds, workers)
    most = "at most " if study.precision else ""
    bytes_ = runs * BYTES_A_RUN
    names, crossing = [arm.name for arm in study.arms], study.crossing
    arms = f"{len(names)}: {', '.join(names)}"
    if crossing is not None:
        policies, under = ", ".join(crossing.policies), ", ".join(crossing.conditions)
        arms = f"{len(names)}: the baseline and {policies}; each under {under}"
    rows: list[tuple[str, Any, str]] = [
        ("Study", study.name, f"{study.title} ({study.kind})"),
        ("Asks", study.question, study.question),
        ("Arms", names, arms),
        ("Factors", len(study.factors), f"{len(study.factors)}{' and luck' if study.lucky else ''}"),
        ("Worlds", len(study.worlds), f"{len(study.worlds):,}"),
        ("Runs", runs, f"{most}{runs:,}"),
        ("Adults", one.adults, f"about {one.adults:,} in a run"),
        ("Time", seconds, f"{most}about {duration(seconds)} with {workers} worker{'s' if workers > 1 else ''} here"),
        ("Disk", bytes_, f"{most}about {max(bytes_ / 1e6, 0.1):,.1f} MB"),
        ("Writes", str(store.folder), f"to {store.folder}"),
    ]
    facts(rows, as_json=as_json)


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
