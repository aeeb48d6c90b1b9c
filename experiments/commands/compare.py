"""``keliling compare``: a baseline and policies under the same luck."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from click.core import ParameterSource

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import Progress, next_step, say, show, write_json

if TYPE_CHECKING:
    from keliling.experiments.analysis.comparison import Comparison
    from keliling.experiments.plan.study import Precision
    from keliling.experiments.run.runner import Plan

LONGEST_NAME = 100


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
    from keliling.experiments.analysis.comparison import Comparison, comparable, same_horizon
    from keliling.experiments.analysis.ensemble import distinct, ensembles_of, plan_ensembles
    from keliling.experiments.analysis.precision import following, judged, said
    from keliling.experiments.keep.files import ready
    from keliling.experiments.keep.run_cache import Kept

    began = datetime.now(UTC)
    scenarios = options.load_all([baseline, *policies], set_, size)
    asked = comparable(scenarios) if year is None else year
    longest = same_horizon(scenarios, horizon)
    lengthened, scenarios = longest != scenarios, longest
    year = comparable(scenarios, asked)
    folder = out or default_folder(distinct([one.name for one in scenarios]))
    # A baseline that was lived for one comparison serves the next, unless that has a folder of its own.
    kept = Kept((folder if out else folder.parent) / "runs", engine, warn=say)
    rule = _rule(precision, replicates)

    def planned(count: int) -> Plan:
        return plan_ensembles(scenarios, count, seed=seed, engine=engine, kept=kept, checked=checked)

    plan = planned(replicates if rule is None else rule.most)
    if dry_run:
        from keliling.experiments.commands.dry import describe

        describe(plan, len(scenarios), plan.replicates, workers, folder, as_json=as_json)
        return
    ready(folder)
    quiet = quiet or as_json
    if plan.finished and not quiet:
        say(f"{len(plan.finished)} of {plan.parts} runs were finished before")
    if plan.left:
        options.compile_first(engine, quiet=quiet)
    reached = None
    count = replicates if rule is None else following(rule, None)
    while count is not None:
        plan = planned(count)
        with Progress(plan.days, quiet=quiet) as progress:
            ensembles = ensembles_of(plan, scenarios, workers=workers, progress=progress)
        comparison = Comparison(ensembles[0], ensembles[1:], year)
        reached = None if rule is None else judged(rule, _differences(comparison, rule.outcome))
        count = None if rule is None else following(rule, reached)
    from keliling.experiments.reports.tables import provenance_of

    provenance = provenance_of(ensembles, years=[comparison.year], began=began)
    _write(folder, comparison, provenance, figures=figures)
    if as_json:
        write_json(_content(folder, comparison) | {"provenance": provenance})
        return
    from keliling.experiments.reports.comparison import blocks_of

    for block in blocks_of(comparison, everything=everything):
        show(block)
    if rule is not None and reached is not None:
        click.echo(said(rule, reached))
    if not quiet:
        say(f"Written to {folder}")
    again = options.as_given((*set_, *([f"years={scenarios[0].years}"] if lengthened else [])), size, seed)
    next_step(f"keliling trace {baseline} {policies[0]} --spared{again}   (whom it spared a rejection)", quiet=quiet)


def _rule(asked: tuple[str, float] | None, replicates: int) -> Precision | None:
    """The rule of --precision; --replicates is the most, when it was given."""
    from keliling.experiments.plan.study import Precision

    if asked is None:
        return None
    given = click.get_current_context().get_parameter_source("replicates") is not ParameterSource.DEFAULT
    return Precision(*asked, most=max(replicates, Precision.least) if given else Precision.most)


def _differences(comparison: Comparison, outcome: str) -> dict[str, list[float]]:
    """Paired differences of every policy, replicate by replicate."""
    base = comparison.baseline.values(outcome, comparison.year)
    return {
        policy.name: [y - x for x, y in zip(base, policy.values(outcome, comparison.year), strict=True)]
        for policy in comparison.policies
    }


def default_folder(names: list[str]) -> Path:
    """Where a comparison is written unless --out says where: results/BASELINE-vs-POLICIES."""
    name = f"{names[0]}-vs-{'-'.join(names[1:])}"
    if len(name) > LONGEST_NAME:
        digest = hashlib.blake2b("\n".join(names).encode(), digest_size=4).hexdigest()
        name = f"{names[0]}-vs-{names[1]}-and-{len(names) - 2}-more"[:LONGEST_NAME] + f"-{digest}"
    return Path("results") / name


def _write(folder: Path, comparison: Comparison, provenance: dict[str, Any], *, figures: bool) -> None:
    from keliling.experiments.reports.tables import write_comparison, write_ensembles, write_provenance

    write_ensembles(folder, comparison.ensembles)
    if figures:
        from keliling.experiments.figures.comparison import draw_comparison

        draw_comparison(folder, comparison)
    write_comparison(folder, comparison)
    write_provenance(folder, provenance)


def _content(folder: Path, comparison: Comparison) -> dict[str, object]:
    from keliling.experiments.reports.tables import as_dict

    return {
        "note": NOT_A_FORECAST,
        "baseline": comparison.baseline.name,
        "policies": [one.name for one in comparison.policies],
        "year": comparison.year,
        "comparison": [as_dict(d) for d in comparison.rows()],
        "before_after": [as_dict(d) for rows in comparison.before_after.values() for d in rows.values()],
        "notes": comparison.notes(),
        "folder": str(folder),
    }
