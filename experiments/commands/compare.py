"""``keliling compare``: a baseline and policies under the same luck."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from click.core import ParameterSource

from keliling.experiments.commands import options
from keliling.experiments.commands.dry import describe_scenarios
from keliling.experiments.commands.terminal import next_step, say, show, write_json
from keliling.experiments.commands.watch import Watch

if TYPE_CHECKING:
    from keliling.experiments.plan.study import Precision


@click.command()
@click.argument("baseline")
@click.argument("policies", metavar="POLICY...", nargs=-1, required=True)
@options.added(
    options.replicates(10),
    options.precision,
    options.seed,
    options.set_,
    options.size,
    options.year,
    click.option(
        "--horizon",
        type=click.IntRange(1, 30),
        default=None,
        metavar="YEARS",
        help="Report so many years of every scenario, to see what later years take off again; by default as many as "
        "the scenario that reports most.",
    ),
    options.everything,
    options.out("Folder to write to; by default results/BASELINE-vs-POLICIES."),
    click.option("--figures/--no-figures", default=True, help="Draw the figures too."),
    options.as_json,
    options.engine,
    options.workers,
    options.cluster,
    options.checked,
    options.dry_run,
    options.quiet,
)
def compare(
    baseline: str,
    policies: tuple[str, ...],
    replicates: int,
    precision: tuple[str, float] | None,
    seed: int,
    set_: tuple[str, ...],
    size: float | None,
    year: int | None,
    horizon: int | None,
    everything: bool,
    out: Path | None,
    figures: bool,
    as_json: bool,
    engine: str,
    workers: int | None,
    cluster: str | None,
    checked: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Compare a BASELINE with one POLICY or more, paired by replicate under the same luck.

    Looks at the last year that all report by themselves unless --year says another. Writes comparison.csv,
    before-after.csv, runs.csv, months.csv, neighbourhoods.csv (by RW and month), provenance.json and figures. Finished
    runs are kept, in results/runs or in DIR/runs: a comparison that was interrupted goes on when the same command is
    given again, and a baseline lived before is not lived again.

    With --horizon years are lived on after that one, and the permits and the cost of all of them are told too: many
    extra permits of a year are only earlier ones.

    With --precision replicates are added by rule, up to --replicates, or to 100 when that is not given.

    \b
    Examples:
      keliling compare kebon-jeruk-2018 kebon-jeruk-monthly
      keliling compare kebon-jeruk-2018 kebon-jeruk-quarterly kebon-jeruk-weekly --replicates 30
      keliling compare kebon-jeruk-2018 kebon-jeruk-2019 --size 0.1 --all
      keliling compare kebon-jeruk-2018 kebon-jeruk-weekly-stopped
      keliling compare dki-jakarta-2018 dki-jakarta-2019 --dry-run
    """
    from keliling.experiments.conduct import conduct
    from keliling.experiments.kinds.comparison import comparison_of, default_folder, kept_for
    from keliling.experiments.run.executors import Execution

    scenarios = options.load_all([baseline, *policies], set_, size)
    rule = _rule(precision, replicates)
    how: dict[str, Any] = {"seed": seed, "year": year, "horizon": horizon, "engine": engine}
    study = comparison_of(scenarios, replicates=replicates, precision=rule, **how)
    folder = out or default_folder(study)
    execution = Execution(engine, workers, cluster, checked)
    store = kept_for(study, out, written=folder, checked=checked, warn=say)
    if dry_run:
        describe_scenarios(study, store, execution, folder, as_json=as_json)
        return
    quiet = quiet or as_json
    with Watch(execution, quiet=quiet) as watch:
        report = conduct(study, store, execution, watch)
    report.write(folder, figures=figures)
    if as_json:
        write_json(report.content() | {"folder": str(folder)})
        return
    for block in report.blocks(everything=everything):
        show(block)
    if not quiet:
        say(f"Written to {folder}")
    lived = report.comparison.baseline.scenario.years
    years = [f"years={lived}"] if any(one.years != lived for one in scenarios) else []
    again = options.as_given((*set_, *years), size, seed)
    next_step(f"keliling trace {baseline} {policies[0]} --spared{again}   (whom it spared a rejection)", quiet=quiet)


def _rule(asked: tuple[str, float] | None, replicates: int) -> Precision | None:
    """The rule of --precision; --replicates is the most, when it was given."""
    from keliling.experiments.plan.study import Precision

    if asked is None:
        return None
    given = click.get_current_context().get_parameter_source("replicates") is not ParameterSource.DEFAULT
    return Precision(*asked, most=max(replicates, Precision.least) if given else Precision.most)
