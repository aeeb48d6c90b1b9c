"""``keliling study``: a study lived, kept, analysed and drawn; ``keliling studies``: those that are shipped."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import Progress, duration, facts, next_step, say, show, table, write_json

if TYPE_CHECKING:
    from keliling.experiments.conduct import Event
    from keliling.experiments.keep.study_store import Store
    from keliling.experiments.kinds.base import Kind
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
    from keliling.experiments.conduct import conduct, load_study
    from keliling.experiments.keep.study_store import Store
    from keliling.experiments.kinds import KINDS
    from keliling.experiments.run.executors import Place

    quiet = quiet or as_json
    numbers = {"points": points, "replicates": replicates, "seed": seed, "size": size}
    asked: dict[str, Any] = numbers | {"precision": precision}
    found = load_study(study, set_, **asked)
    kind, place = KINDS[found.kind], Place(engine, workers, cluster)
    store = Store(out or Path("results") / found.name, found)
    if dry_run:
        _describe(found, kind, store, place, as_json=as_json)
        return

    def write(report: Report) -> None:
        kind.write(store.folder, report)
        if figures:
            kind.draw(store.folder, report)

    with Watch(place, quiet=quiet) as watch:
        report = conduct(found, store, place, watch, finish=write)
    if as_json:
        write_json(kind.content(report) | {"folder": str(store.folder)})
        return
    for block in kind.blocks(report):
        show(block)
    if not quiet:
        say(f"Written to {store.folder}")
    next_step(f"keliling verify {store.folder}   (lives a sample anew and compares)", quiet=quiet)


class Watch:
    """Tells on stderr what happens to a study: what was finished before, and how far each round is."""

    def __init__(self, place: Place, *, quiet: bool) -> None:
        self.place, self.quiet = place, quiet
        self._rounds = ExitStack()
        self._progress: Progress | None = None

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._rounds.close()

    def __call__(self, event: Event) -> None:
        from keliling.experiments.conduct import Lived, Planned, RoundEnded

        if isinstance(event, Planned):
            if self.place.cluster is None and event.left:
                options.compile_first(self.place.engine, quiet=self.quiet)
            if event.finished and not self.quiet:
                say(f"{event.finished:,} of {event.finished + event.left:,} runs were finished before")
            self._progress = self._rounds.enter_context(Progress(event.left, quiet=self.quiet, unit="runs"))
        elif isinstance(event, Lived) and self._progress is not None:
            self._progress(event.runs)
        elif isinstance(event, RoundEnded):
            self._rounds.close()


def _describe(study: Study, kind: Kind, store: Store, place: Place, *, as_json: bool) -> None:
    """Say what a study comes to: runs, time and disk; nothing is run and nothing written."""
    from keliling.experiments.keep.study_store import BYTES_A_RUN
    from keliling.experiments.run.runner import Job, Plan, cores

    runs = kind.most_runs(study)
    workers = place.workers or cores()
    one = Plan([Job(arm.scenario, 0, study.seed) for arm in study.arms], engine=place.engine)
    grounds = len(study.design) if study.factors else 1
    seconds = one.seconds_of(runs // len(study.arms), grounds, workers)
    most = "at most " if study.precision else ""
    bytes_ = runs * BYTES_A_RUN
    rows: list[tuple[str, Any, str]] = [
        ("Study", study.name, f"{study.title} ({study.kind})"),
        ("Asks", study.question, study.question),
        ("Arms", [arm.name for arm in study.arms], kind.arms_in_words(study)),
        ("Factors", len(study.factors), f"{len(study.factors)}{' and luck' if study.lucky else ''}"),
        ("Points", len(study.design), f"{len(study.design):,}"),
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
