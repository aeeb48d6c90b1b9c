"""``keliling new-office``: a district profile begun from an office's own figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import next_step, say


@click.command("new-office")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", help="Name of the district.")
@click.option("--population", type=int, metavar="N", help="People of all ages.")
@click.option("--rw", type=int, metavar="N", help="Neighbourhoods (RW).")
@click.option("--rt", type=int, metavar="N", help="Neighbourhood units (RT).")
@click.option("--city", help="City that the district belongs to.")
@click.option("--kelurahan", metavar="N or NAMES", help="Urban villages: how many, or their names with commas.")
@click.option("--officers", type=int, metavar="N", help="Officers of the office.")
@click.option("--ikm", type=float, metavar="25-100", help="IKM of the office as last measured.")
@click.option("--files-per-day", type=float, metavar="N", help="Applications that the office takes in a day.")
@options.added(options.set_, options.quiet)
def new_office(file: Path, set_: tuple[str, ...], quiet: bool, **given: Any) -> None:
    """Begin the profile of another office in FILE, from its own figures.

    Name, population, RW and RT are needed; every other figure starts as the default, written in the file with its
    source, to be replaced. Never writes over a file.

    \b
    Examples:
      keliling new-office my-office.toml --name "Tebet" --population 236000 --rw 80 --rt 943
      keliling new-office my-office.toml --name "Tebet" --population 236000 --rw 80 --rt 943 --officers 6 --ikm 82.5
    """
    from keliling.sim.errors import InvalidInput, Problem
    from keliling.sim.new_office import new_office as begin
    from keliling.sim.scenario_options import option_value

    figures: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if "kelurahan" in figures:
        text = figures["kelurahan"]
        names = [name.strip() for name in text.split(",") if name.strip()]
        figures["kelurahan"] = int(text) if text.strip().isdecimal() else names
    for text in set_:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            rule = "--set takes name=value, such as officers=3"
            raise InvalidInput([Problem("--set", 0, 0, text or "--set", "", rule)])
        figures[key.strip()] = option_value(value)
    path = begin(figures, file)
    if not quiet:
        say(f'Written to {path}; a scenario uses it with the line: profile = "{path.name}"')
    next_step(f"keliling check {path}", quiet=quiet)
