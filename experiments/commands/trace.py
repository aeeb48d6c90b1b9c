"""``keliling trace``: what became of one resident, and whom a policy spared or harmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import ProgressBar, heading, next_step, table, write_json

if TYPE_CHECKING:
    from keliling.sim.scenario import Scenario


@click.command()
@click.argument("scenario")
@click.argument("policy", required=False)
@click.option("--resident", type=click.IntRange(0), metavar="N", help="Number of the resident in the district.")
@click.option("--spared", is_flag=True, help="Residents whom the policy spared a rejection.")
@click.option("--harmed", is_flag=True, help="Residents whom the policy brought a rejection.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="Residents to list.")
@click.option(
    "--replicate",
    type=click.IntRange(0, options.MOST),
    default=0,
    show_default=True,
    metavar="N",
    help="The replicate that is traced.",
)
@options.added(options.seed, options.set_, options.size, options.as_json, options.quiet)
def trace(
    scenario: str,
    policy: str | None,
    resident: int | None,
    spared: bool,
    harmed: bool,
    limit: int,
    replicate: int,
    seed: int,
    set_: tuple[str, ...],
    size: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Tell the story of one resident under a SCENARIO, and beside it under a POLICY with the same luck.

    With --spared or --harmed: which residents the policy spared a rejection, or brought one.

    \b
    Examples:
      keliling trace kebon-jeruk-2019 --size 0.1
      keliling trace kebon-jeruk-2018 kebon-jeruk-weekly --spared --size 0.1
      keliling trace kebon-jeruk-2018 kebon-jeruk-weekly --resident 1234 --size 0.1
    """
    from keliling.sim.errors import InvalidInput, Problem

    if (spared or harmed) and policy is None:
        rule = "needs a POLICY beside the SCENARIO"
        raise InvalidInput([Problem("options", 0, 0, "--spared" if spared else "--harmed", "", rule)])
    if (spared or harmed) and resident is not None:
        rule = "cannot be given with --spared or --harmed, which look at everyone"
        raise InvalidInput([Problem("options", 0, 0, "--resident", str(resident), rule)])
    plans = options.load_all([scenario] if policy is None else [scenario, policy], set_, size)
    first, other = plans[0], plans[1] if policy is not None else None
    from keliling.experiments.trace.story import days_of, story

    quiet = quiet or as_json
    if spared or harmed:
        assert other is not None
        _affected(
            first,
            other,
            spared=spared,
            harmed=harmed,
            limit=limit,
            seed=seed,
            replicate=replicate,
            as_json=as_json,
            quiet=quiet,
        )
        return
    with ProgressBar(days_of(first, other, resident), quiet=quiet) as progress:
        lines = story(first, other, resident, seed=seed, replicate=replicate, progress=progress)
    if as_json:
        write_json(
            {
                "scenario": first.name,
                "policy": other.name if other else None,
                "resident": resident,
                "seed": seed,
                "replicate": replicate,
                "story": lines,
            }
        )
        return
    for line in lines:
        click.echo(line)
    against = f"{scenario} {policy}" if policy else f"{scenario} POLICY"
    next_step(f"keliling trace {against} --spared   (whom the policy spared a rejection)", quiet=quiet)


def _affected(
    scenario: Scenario,
    policy: Scenario,
    *,
    spared: bool,
    harmed: bool,
    limit: int,
    seed: int,
    replicate: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show whom the policy touched: everyone, or only those spared or those harmed."""
    from keliling.experiments.trace.affected import GROUPS, affected

    with ProgressBar(scenario.days + policy.days, quiet=quiet) as progress:
        found = affected(scenario, policy, seed=seed, replicate=replicate, progress=progress)
    if as_json:
        write_json(found.as_dict())
    elif spared and harmed:
        for line in found.lines(limit):
            click.echo(line)
    else:
        group = "spared" if spared else "harmed"
        cases = found.spared if spared else found.harmed
        heading(f"{GROUPS[group]}: {len(cases):,} of {found.adults:,} adults, since {found.since_label}")
        if cases:
            table(
                ["Resident", "RW", "Permit", scenario.name, policy.name, "Reached"],
                [
                    [str(one.resident), str(one.rw), one.permit, one.baseline, one.policy, one.reached]
                    for one in cases[:limit]
                ],
                right=(0, 1),
            )
        if len(cases) > limit:
            click.echo(f"and {len(cases) - limit:,} more (--limit)")
        chosen = cases[0] if cases else found.pick()
        if chosen is not None:
            next_step(found.command(chosen.resident), quiet=quiet)
