"""``keliling run``: one scenario, its outcomes year by year."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.commands import options
from keliling.experiments.commands.dry import describe_scenarios
from keliling.experiments.commands.terminal import heading, next_step, say, show, write_json
from keliling.experiments.commands.watch import Watch

if TYPE_CHECKING:
    from keliling.experiments.analysis.ensemble import Ensemble
    from keliling.sim.diagnosis import Diagnosis


@click.command()
@click.argument("scenario")
@options.added(
    options.replicates(1),
    options.seed,
    options.set_,
    options.size,
    options.year,
    options.everything,
    options.out("Also write the outcomes, the months and their provenance here."),
    options.as_json,
    options.engine,
    options.workers,
    options.checked,
    options.dry_run,
    options.quiet,
)
def run(
    scenario: str,
    replicates: int,
    seed: int,
    set_: tuple[str, ...],
    size: float | None,
    year: int | None,
    everything: bool,
    out: Path | None,
    as_json: bool,
    engine: str,
    workers: int | None,
    checked: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Run a SCENARIO, a shipped name or a .toml file, and show its outcomes for each reported year.

    With several replicates: the mean and its 95% interval.

    \b
    Examples:
      keliling run kebon-jeruk-2019 --size 0.1
      keliling run kebon-jeruk-2019 --replicates 10 --all
      keliling run my-office.toml --set officers=3 --set events_per_month=2 --year 2019
      keliling run kebon-jeruk-2019 --json > outcomes.json
    """
    from keliling.experiments.analysis.ensemble import open_notes, window_year
    from keliling.experiments.conduct import conduct
    from keliling.experiments.keep.histories import Histories
    from keliling.experiments.keep.run_cache import RunCache
    from keliling.experiments.kinds.replicated import replicated
    from keliling.experiments.run.executors import Execution

    (loaded,) = options.load_all([scenario], set_, size)
    if year is not None:
        window_year([loaded], year)
    years = loaded.reported_years if year is None else [year]
    study = replicated([loaded], replicates, seed=seed, engine=engine)
    execution = Execution(engine, workers, checked=checked)
    cache = None if out is None else RunCache(out / "runs", engine, warn=say)
    store = Histories(study, cache, folder=out, checked=checked)
    if dry_run:
        describe_scenarios(study, store, execution, out, as_json=as_json)
        return
    quiet = quiet or as_json
    with Watch(execution, quiet=quiet) as watch:
        (ensemble,) = conduct(study, store, execution, watch)
    from keliling.experiments.reports.single import blocks_of
    from keliling.experiments.reports.tables import provenance_of, write_ensembles, write_provenance

    provenance = provenance_of([ensemble], years=years, began=study.details.began)
    if out is not None:
        write_ensembles(out, [ensemble])
        write_provenance(out, provenance)
    diagnosis = _diagnosis(ensemble, years[-1])
    if as_json:
        write_json(
            {
                "note": NOT_A_FORECAST,
                "scenario": ensemble.name,
                "years": _years(ensemble, years),
                "neighbourhoods": _neighbourhoods(ensemble, years),
                "notes": [note for one in years for note in open_notes([ensemble], one)],
                "diagnosis": diagnosis.as_dict(),
                "provenance": provenance,
            }
        )
        return
    for block in blocks_of(ensemble, years, everything=everything):
        show(block)
    heading(f"Diagnosis of {years[-1]}" + (", of an average run" if replicates > 1 else ""))
    for line in diagnosis.lines():
        click.echo(line)
    click.echo()
    click.echo(NOT_A_FORECAST)
    if out is not None:
        say(f"Written to {out}")
    next_step(_next(loaded.name, loaded.lineage), quiet=quiet)


def _diagnosis(ensemble: Ensemble, year: int) -> Diagnosis:
    """Which co-production this is, from the totals of an average run."""
    from keliling.sim.diagnosis import diagnose
    from keliling.sim.outcomes import totals_of

    totals = totals_of(ensemble.totals(year))
    average = {name: value / len(ensemble.runs) for name, value in totals.items()}
    return diagnose(average, ensemble.scenario.values)


def _years(ensemble: Ensemble, years: list[int]) -> dict[str, Any]:
    """Every outcome of every year as JSON can hold it."""
    from keliling.experiments.analysis.intervals import interval, mean
    from keliling.sim.outcomes import outcomes

    reported: dict[str, Any] = {}
    for year in years:
        reported[str(year)] = {}
        for name, outcome in outcomes().items():
            values = ensemble.values(name, year)
            defined = [value for value in values if value == value]
            low, high = interval(defined)
            reported[str(year)][name] = {
                "unit": outcome.unit,
                "meaning": outcome.meaning,
                "mean": mean(defined),
                "low": low,
                "high": high,
                "values": values,
            }
    return reported


def _neighbourhoods(ensemble: Ensemble, years: list[int]) -> dict[str, list[dict[str, Any]]]:
    """What is counted by RW, year by year: each count a list of the replicates. By month it is in a file (--out)."""
    from keliling.sim.scenario import YEAR_MONTHS

    found: dict[str, list[dict[str, Any]]] = {}
    for year in years:
        first = ensemble.scenario.first_month_of(year)
        found[str(year)] = rows = []
        for at, execution in enumerate(ensemble.runs[0].districts):
            counts = [run.districts[at].of_rws(first, YEAR_MONTHS) for run in ensemble.runs]
            for row, rw in enumerate(execution.rws.tolist()):
                columns = {name: [one[name][row] for one in counts] for name in counts[0]}
                rows.append({"district": execution.district, "rw": rw} | columns)
    return found


def _next(name: str, lineage: tuple[str, ...]) -> str:
    """The comparison that this run calls for: with what it extends."""
    if len(lineage) > 1:
        return f"keliling compare {lineage[-2].removesuffix('.toml')} {name}"
    return f"keliling scenarios {name.rsplit('-', 1)[0]}, then keliling compare {name} POLICY"
