"""Options that commands share, and what is done with them at the door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

if TYPE_CHECKING:
    from keliling.sim.scenario import Scenario

F = TypeVar("F", bound=Callable[..., Any])
MOST = 2**32 - 1

seed = click.option(
    "--seed",
    type=click.IntRange(0, MOST),
    default=1,
    show_default=True,
    metavar="N",
    help="Seed of all luck; the same seed gives the same result.",
)
set_ = click.option(
    "--set",
    "set_",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a parameter or a setting of every scenario, such as officers=3 or years=1. Repeatable.",
)
size = click.option(
    "--size",
    type=float,
    default=None,
    metavar="SHARE",
    help="Keep only this share of the district's RWs (whole ones), for a quick look: 0.1 is ten times faster.",
)
engine = click.option(
    "--engine",
    type=click.Choice(["kernel", "agents"]),
    default="kernel",
    show_default=True,
    help="Compiled loops, or the Mesa agents that one reads and subclasses; both give the same results to the bit.",
)
workers = click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=None,
    metavar="N",
    help="Runs to live at once; by default one for each processor. It never changes a result.",
)
cluster = click.option(
    "--cluster",
    default=None,
    metavar="ADDRESS",
    help="Send the work to a Dask scheduler, such as tcp://10.0.0.5:8786, whose workers have this keliling.",
)
checked = click.option("--checked", is_flag=True, help="Verify the laws of the model every day (slower; exit code 3).")
year = click.option(
    "--year", type=int, default=None, metavar="YEAR", help="Calendar year to look at, one of those reported."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout instead of a table.")
quiet = click.option("--quiet", is_flag=True, help="No progress and no hints.")
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be run and how long it takes; run nothing.")
everything = click.option("--all", "everything", is_flag=True, help="Every outcome, not only the headline ones.")


def replicates(default: int) -> Callable[[F], F]:
    """The number of replicates."""
    option: Callable[[F], F] = click.option(
        "--replicates",
        type=click.IntRange(1, 100_000),
        default=default,
        show_default=True,
        metavar="N",
        help="Runs of each scenario, each with luck of its own.",
    )
    return option


def _rule(_: click.Context, option: click.Parameter, text: str | None) -> tuple[str, float] | None:
    """An outcome and a half width; raises InvalidInput when it is neither."""
    if text is None:
        return None
    from keliling.sim.errors import InvalidInput, Problem
    from keliling.sim.faults import nearest_name
    from keliling.sim.outcomes import outcomes

    name, _, width = text.partition("=")
    if name not in outcomes():
        near = nearest_name(name, outcomes())
        raise InvalidInput([Problem("options", 0, 0, "--precision", text, "takes OUTCOME=WIDTH, an outcome", near)])
    try:
        if 0 < float(width) < MOST:
            return name, float(width)
    except ValueError:
        pass
    rule = "takes OUTCOME=WIDTH, the width a number above 0, such as rejected_share=0.05"
    raise InvalidInput([Problem("options", 0, 0, "--precision", text, rule)])


precision = click.option(
    "--precision",
    callback=_rule,
    default=None,
    metavar="OUTCOME=WIDTH",
    help="Add replicates until the 95% interval of every policy's paired difference has at most this half width.",
)


def out(help_: str) -> Callable[[F], F]:
    """The folder to write to."""
    option: Callable[[F], F] = click.option(
        "--out", type=click.Path(file_okay=False, path_type=Path), default=None, metavar="DIR", help=help_
    )
    return option


def added(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options as one decorator, listed in this order."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def load_all(names: Sequence[str], set_: Sequence[str], size: float | None) -> list[Scenario]:
    """The scenarios of names or files; raises InvalidInput once, with the problems of all of them."""
    from keliling.sim.errors import InvalidInput
    from keliling.sim.scenario import load

    settings = {} if size is None else {"size": size}
    found, problems = [], []
    for name in names:
        try:
            found.append(load(name, set_, **settings))
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(list(dict.fromkeys(problems)))  # an option's fault is told once, not for each scenario
    return found


def compile_first(engine: str, *, quiet: bool) -> None:
    """Have the compiled engine compiled before any work begins, and say so, since it takes a while, once."""
    if engine != "kernel":
        return
    from keliling.experiments.commands.terminal import say
    from keliling.sim.kernels.living import is_ready
    from keliling.sim.kernels.simulation import prepare

    if not is_ready():
        if not quiet:
            say("Compiling the model for this machine, once; this takes about a minute")
        prepare()


def as_given(set_: Sequence[str], size: float | None, seed: int) -> str:
    """The options that determine results, as they are written after a command."""
    import shlex

    words = [word for text in set_ for word in ("--set", text)]
    words += [] if size is None else ["--size", f"{size:g}"]
    words += [] if seed == 1 else ["--seed", str(seed)]
    return f" {shlex.join(words)}" if words else ""
