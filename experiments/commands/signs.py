"""``keliling signs``: how often each combination of signs comes out, over all that the evidence leaves open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from keliling.experiments.commands import options
from keliling.experiments.commands.study import live_study


@click.command()
@click.argument("scenarios", metavar="BASELINE POLICY [BASELINE POLICY]...", nargs=-1, required=True)
@click.option(
    "--draws",
    type=click.IntRange(2, 100_000),
    default=64,
    show_default=True,
    metavar="N",
    help="Worlds to draw from the ranges of all uncertainties.",
)
@click.option(
    "--outcome",
    "watched",
    multiple=True,
    default=("rejected_share", "satisfaction"),
    show_default=True,
    metavar="NAME",
    help="Outcome whose sign is taken. Repeatable.",
)
@options.added(
    options.out("Folder to write to; by default results/signs-BASELINE-vs-POLICIES."),
    options.seed,
    options.set_,
    options.size,
    options.as_json,
    options.workers,
    options.cluster,
    options.dry_run,
    options.quiet,
)
def signs(
    scenarios: tuple[str, ...],
    draws: int,
    watched: tuple[str, ...],
    out: Path | None,
    seed: int,
    set_: tuple[str, ...],
    size: float | None,
    as_json: bool,
    workers: int | None,
    cluster: str | None,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Count the signs of a policy's effect at one site or more, in worlds drawn from all that is uncertain.

    Each world draws every uncertainty from its range, the same for all sites but for how full each one's desk is.
    Worlds that cannot be (no constants give what their parameters say) are counted and left out.
    It is a study of the kind "signs": finished runs are kept, and more draws extend it.

    \b
    Examples:
      keliling signs kebon-jeruk-2018 kebon-jeruk-weekly --size 0.1 --draws 16
      keliling signs kebon-jeruk-2018 kebon-jeruk-2019 grogol-petamburan-2018 grogol-petamburan-2019 --size 0.2
    """
    from keliling.experiments.analysis.ensemble import distinct
    from keliling.experiments.kinds.comparison import versus
    from keliling.experiments.reading import study_of_tables
    from keliling.experiments.run.executors import Execution
    from keliling.sim.errors import InvalidInput, Problem

    if len(scenarios) % 2:
        raise InvalidInput([Problem("options", 0, 0, "BASELINE POLICY", " ".join(scenarios), "come in pairs")])
    loaded = options.load_all(scenarios, set_, size)
    sites = dict(zip(distinct([one.name for one in loaded[1::2]]), range(1, len(loaded), 2), strict=True))
    tables: dict[str, Any] = {
        "title": "Signs of effects",
        "question": "How often does each combination of signs come out, over all that is uncertain?",
        "kind": "signs",
        "baseline": scenarios[0],
        "outcomes": list(watched),
        "policies": {name: scenarios[at] for name, at in sites.items()},
        "against": {name: scenarios[at - 1] for name, at in sites.items() if scenarios[at - 1] != scenarios[0]},
        "factors": {"all": True},
    }
    name = f"signs-{versus([loaded[0].name, *sites])}"
    asked: dict[str, Any] = {"points": draws, "seed": seed, "size": size}
    study = study_of_tables(tables, set_, name=name, asked_by="signs", **asked)
    execution = Execution(workers=workers, cluster=cluster)
    then = f"keliling compare {scenarios[0]} {scenarios[1]}   (how large the effect is at base)"
    live_study(study, execution, out, figures=False, then=then, as_json=as_json, dry_run=dry_run, quiet=quiet)
