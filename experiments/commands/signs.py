"""``keliling signs``: how often each combination of signs comes out, over all that the evidence leaves open."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import Progress, heading, next_step, say, table, write_json

WORDS = {-1: "falls", 0: "same", 1: "rises"}


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
    options.out("Folder to write to; by default results/signs."),
    options.seed,
    options.set_,
    options.size,
    options.as_json,
    options.workers,
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
    quiet: bool,
) -> None:
    """Count the signs of a policy's effect at one site or more, in worlds drawn from all that is uncertain.

    Each world draws every uncertainty from its range, the same for all sites but for how full each one's desk is.
    Worlds that cannot be (no constants give what their parameters say) are counted and left out.
    Finished runs are kept: an interrupted count goes on when the same command is given again.

    \b
    Examples:
      keliling signs kebon-jeruk-2018 kebon-jeruk-weekly --size 0.1 --draws 16
      keliling signs kebon-jeruk-2018 kebon-jeruk-2019 grogol-petamburan-2018 grogol-petamburan-2019 --size 0.2
    """
    from difflib import get_close_matches

    from keliling.experiments.analysis.signs import signs_of
    from keliling.experiments.keep.files import ready, write_whole
    from keliling.experiments.keep.run_cache import Kept
    from keliling.sim.errors import InvalidInput, Problem
    from keliling.sim.outcomes import outcomes

    if len(scenarios) % 2:
        raise InvalidInput([Problem("options", 0, 0, "BASELINE POLICY", " ".join(scenarios), "come in pairs")])
    unknown = [name for name in watched if name not in outcomes()]
    if unknown:
        nearest = [next(iter(get_close_matches(name, outcomes(), 1, 0.0)), "") for name in unknown]
        raise InvalidInput(
            [
                Problem("options", 0, 0, "--outcome", name, "is not an outcome", near)
                for name, near in zip(unknown, nearest, strict=True)
            ]
        )
    loaded = options.load_all(scenarios, set_, size)
    pairs = {policy.name: (base, policy) for base, policy in zip(loaded[::2], loaded[1::2], strict=True)}
    quiet = quiet or as_json
    folder = out or Path("results") / "signs"
    ready(folder)
    options.compile_first("kernel", quiet=quiet)
    with Progress(draws * sum(one.days for one in loaded), quiet=quiet) as progress:
        found = signs_of(
            pairs,
            watched,
            draws=draws,
            seed=seed,
            workers=workers,
            progress=progress,
            kept=Kept(folder / "runs", warn=say),
        )
    lines = ["world,policy,outcome,difference"]
    for world, differences in enumerate(found.worlds):
        lines += [f"{world},{site},{name},{value!r}" for (site, name), value in differences.items()]
    write_whole(folder / "worlds.csv", ("\n".join(lines) + "\n").encode())
    columns = [f"{outcomes()[name].title}, {site}" for site in found.sites for name in found.outcomes]
    rows = [
        [*(WORDS[sign] for site in combination for sign in site), f"{100 * share:.1f}%"]
        for combination, share in found.shares()
    ]
    if as_json:
        counts = {"draws": draws, "refused": list(found.refused), "seed": seed}
        write_json({"columns": [*columns, "share"], "rows": rows, **counts})
        return
    heading(f"Signs of the effect in {draws} drawn worlds")
    if found.refused:
        click.echo(f"{len(found.refused)} of them cannot be and are left out, such as one with {found.refused[0]}")
    table([*columns, "Worlds"], rows, right=(len(columns),))
    click.echo()
    click.echo(NOT_A_FORECAST)
    if not quiet:
        say(f"Written to {folder}")
    next_step(f"keliling compare {scenarios[0]} {scenarios[1]}   (how large the effect is at base)", quiet=quiet)
