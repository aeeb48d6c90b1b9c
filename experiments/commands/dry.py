"""What ``--dry-run`` says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from experiments.commands.terminal import duration

if TYPE_CHECKING:
    from experiments.runner import Plan


def describe(plan: Plan, scenarios: int, replicates: int, workers: int | None, out: Path | None) -> None:
    """Say what a plan comes to, on stdout; nothing is run and nothing written."""
    from experiments.runner import cores

    used = workers or cores()
    each = {job.scenario.days for job in plan.jobs}
    days = " or ".join(f"{days:,}" for days in sorted(each))
    runs = scenarios * replicates
    click.echo(f"Runs      {runs:,} ({scenarios} x {replicates} replicates)")
    if plan.parts != runs:
        click.echo(f"Parts     {plan.parts:,} different district runs")
    if plan.finished:
        click.echo(f"Finished  {len(plan.finished):,} of them, kept from before")
    click.echo(f"Adults    about {plan.adults:,} in a run")
    click.echo(f"Days      {days} working days a run; {plan.days:,} still to be lived")
    click.echo(f"Time      about {duration(plan.seconds(used))} with {used} worker{'s' if used > 1 else ''}")
    if out is not None:
        click.echo(f"Writes    to {out}")
    click.echo("Nothing was run.")
