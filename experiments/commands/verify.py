"""``keliling verify``: lives a sample of a study's runs anew and names the first difference."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import ProgressBar, next_step, say, write_json


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@options.added(
    click.option(
        "--sample",
        type=click.IntRange(1),
        default=10,
        show_default=True,
        metavar="N",
        help="Jobs to live anew, drawn from all that are there.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, options.MOST),
        default=1,
        show_default=True,
        metavar="N",
        help="Seed by which the sample is drawn.",
    ),
    options.engine,
    options.as_json,
    options.quiet,
)
def verify(results: Path, sample: int, seed: int, engine: str, as_json: bool, quiet: bool) -> None:
    """Live a sample of the runs in a RESULTS folder anew, and compare them to the last bit.

    \b
    Examples:
      keliling verify results/outreach-frequency-kebon-jeruk
      keliling verify results/screening --sample 100 --engine agents
    """
    from keliling.experiments.conduct import jobs_in
    from keliling.experiments.keep.study_store import Store
    from keliling.experiments.reading import study_in
    from keliling.experiments.run.verify import verified
    from keliling.sim.errors import KelilingError

    quiet = quiet or as_json
    study = study_in(results)
    store = Store(results, study)
    store.check()
    jobs = jobs_in(study, store)
    if not jobs:
        raise KelilingError(f"{results}: no run is kept there yet, so there is nothing to verify")
    options.compile_first(engine, quiet=quiet)
    with ProgressBar(sample, quiet=quiet, unit="jobs") as progress:
        found = verified(study, store, jobs, sample, seed=seed, engine=engine, progress=progress)
    if as_json:
        write_json(asdict(found) | {"same": found.difference is None, "engine": engine})
    elif found.difference is None:
        click.echo(f"{found.runs} runs of {found.jobs} jobs lived anew: every number is the same, to the last bit")
    if found.difference is not None:
        raise KelilingError(f"{results}: {found.difference}")
    if not quiet:
        say(f"Looked at {found.jobs} of {found.all_jobs:,} jobs")
    next_step(f"keliling verify {results} --sample {10 * sample}   (a larger sample)", quiet=quiet)
