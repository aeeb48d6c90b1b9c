"""``keliling ikm``: how far the index moves by the luck of who is asked, and how high it can get at all."""

from __future__ import annotations

import math
from dataclasses import asdict

import rich_click as click

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import ProgressBar, heading, table, write_json

PUBLISHED = (6.08, -6.71)  # from 2018 to 2019 at Kebon Jeruk and at Grogol Petamburan (S0; patterns Q2 and Q1)
FRAMES = {"all": "all decided", "counter": "came to a counter or an event", "event": "came to an event"}


@click.command()
@click.argument("scenario", default="kebon-jeruk-2018")
@click.option(
    "--asked",
    type=click.IntRange(1, 5000),
    multiple=True,
    default=(30, 75, 150, 372),
    show_default=True,
    metavar="N",
    help="People asked in a year. Repeatable.",
)
@click.option(
    "--change",
    type=float,
    multiple=True,
    default=PUBLISHED,
    show_default=True,
    metavar="POINTS",
    help="A change of the IKM from one year to the next, whose chance is told; by default those published. Repeatable.",
)
@options.added(
    options.replicates(10),
    options.year,
    options.seed,
    options.set_,
    options.size,
    options.as_json,
    options.workers,
    options.quiet,
)
def ikm(
    scenario: str,
    asked: tuple[int, ...],
    change: tuple[float, ...],
    replicates: int,
    year: int | None,
    seed: int,
    set_: tuple[str, ...],
    size: float | None,
    as_json: bool,
    workers: int | None,
    quiet: bool,
) -> None:
    """How often the IKM changes by so much from one year to the next by luck, and how high a perfect office would get.

    The last reported year of SCENARIO is set against the year before it, for everybody decided and for the two frames
    of a survey. In a scenario in which nothing changes between them all that moves is luck; else what changes is in it.
    A scenario with a site shock is refused.

    \b
    Examples:
      keliling ikm
      keliling ikm grogol-petamburan-2018 --change -6.71
      keliling ikm kebon-jeruk-weekly --set years=3 --asked 30 --asked 100 --json
    """
    from keliling.experiments.analysis.ensemble import window_year
    from keliling.experiments.trials.asked import DRAWS, chances
    from keliling.sim.errors import InvalidInput, Problem

    (loaded,) = options.load_all([scenario], set_, size)
    year = window_year([loaded], year)
    if loaded.province is not None or year - 1 < loaded.first_year - loaded.warmup_years:
        first = loaded.reported_years[0]
        rule = "needs a district, and a year with one before it in the run"
        raise InvalidInput([Problem(loaded.name, 0, 0, "--year", str(year), f"{rule} (it reports from {first})")])
    problems = []
    if any(values["site_shock"] for _, values in loaded.timeline()):
        rule = "must be false: a shock is no luck of who is asked"
        problems.append(Problem(loaded.name, 0, 0, "site_shock", "true", rule))
    for one in change:
        if one == 0.0 or not math.isfinite(one):
            problems.append(Problem("options", 0, 0, "--change", f"{one:g}", "must be a number of points other than 0"))
    if problems:
        raise InvalidInput(problems)
    quiet = quiet or as_json
    options.compile_first("kernel", quiet=quiet)
    with ProgressBar(replicates * loaded.days, quiet=quiet) as progress:
        found, frames = chances(
            loaded, year, asked, change, replicates=replicates, seed=seed, workers=workers,
            progress=lambda n: progress(n * loaded.days),
        )  # fmt: skip
    if as_json:
        write_json(
            {
                "scenario": loaded.name,
                "year": year,
                "seed": seed,
                "replicates": replicates,
                "changes": list(change),
                "chances": [asdict(one) for one in found],
                "frames": [asdict(one) for one in frames],
            }
        )
        return
    heading(f"{loaded.title}: the IKM of {year} against {year - 1}, by the luck of who is asked")
    table(
        [
            "Asked of",
            "Files before",
            "Files",
            "Asked",
            "Change, mean",
            "Spread (sd)",
            *(f"{one:+g} or more" for one in change),
        ],
        [
            [
                FRAMES[one.frame],
                f"{one.before:,.0f}",
                f"{one.there:,.0f}",
                str(one.asked),
                f"{one.mean:+.2f}",
                f"{one.sd:.2f}",
                *(_share(share) for share in one.of_changes),
            ]
            for one in found
        ],
        right=range(1, 6 + len(change)),
    )
    click.echo(
        f"{replicates} replicates, seed {seed}, {DRAWS} samples of each. Where fewer are there than asked, all are."
    )
    for frame in dict.fromkeys(one.frame for one in found if one.replicates < replicates):
        least = min(one.replicates for one in found if one.frame == frame)
        click.echo(
            f"{FRAMES[frame].capitalize()}: somebody in both years in {least} replicates only; the others are left out."
        )
    click.echo()
    heading("Everybody asked, and a perfect office")
    table(
        ["Asked of", "IKM", "All granted at once, none returned", "Room above"],
        [
            [FRAMES[one.frame], f"{one.level:.2f}", f"{one.ceiling:.2f}", f"{one.ceiling - one.level:+.2f}"]
            for one in frames
        ],
        right=(1, 2, 3),
    )
    click.echo("What applicants bring stays: channel, brokers' fees, help, expectation.")
    click.echo(NOT_A_FORECAST)


def _share(share: float) -> str:
    """A chance in per cent; what never came is told as less than can be told."""
    return f"{100.0 * share:.1f}%" if share >= 0.0005 else "<0.1%"
