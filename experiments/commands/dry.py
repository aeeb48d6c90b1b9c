"""What ``--dry-run`` says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keliling.experiments.commands.terminal import duration, facts

if TYPE_CHECKING:
    from keliling.experiments.run.runner import Plan


def describe(
    plan: Plan, scenarios: int, replicates: int, workers: int | None, out: Path | None, *, as_json: bool
) -> None:
    """Say what a plan comes to, on stdout; nothing is run and nothing written."""
    from keliling.experiments.run.runner import cores

    used = workers or cores()
    each = sorted({job.scenario.days for job in plan.jobs})
    days = " or ".join(f"{days:,}" for days in each)
    runs, seconds = scenarios * replicates, plan.seconds(used)
    rows: list[tuple[str, Any, str]] = [("Runs", runs, f"{runs:,} ({scenarios} x {replicates} replicates)")]
    if plan.parts != runs:
        rows.append(("Parts", plan.parts, f"{plan.parts:,} different district runs"))
    if plan.finished:
        rows.append(("Finished", len(plan.finished), f"{len(plan.finished):,} of them, kept from before"))
    rows += [
        ("Adults", plan.adults, f"about {plan.adults:,} in a run"),
        ("Days", plan.days, f"{days} working days a run; {plan.days:,} still to be lived"),
        ("Time", seconds, f"about {duration(seconds)} with {used} worker{'s' if used > 1 else ''}"),
    ]
    if out is not None:
        rows.append(("Writes", str(out), f"to {out}"))
    facts(rows, as_json=as_json)
