"""``keliling trial``: what is measured of information and of help, inside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import ProgressBar, heading, next_step, table, write_json

if TYPE_CHECKING:
    from keliling.experiments.trials.trial import Estimate, TrialResult


@click.group()
def trial() -> None:
    """Measure, inside the model, what field experiments measure: effects among those whom an arm treats.

    \b
    Examples:
      keliling trial reference
    """


@trial.command()
@click.argument("scenario", default="kebon-jeruk-2018")
@options.added(
    options.replicates(20), options.seed, options.set_, options.size, options.as_json, options.workers, options.quiet
)
def reference(
    scenario: str,
    replicates: int,
    seed: int,
    set_: tuple[str, ...],
    size: float | None,
    as_json: bool,
    workers: int | None,
    quiet: bool,
) -> None:
    """The trial whose effects on receiving a permit are inputs of the model: do they come out as they were put in?

    All needs open at the start are followed for 63 working days, three times over with the same luck: nothing is done;
    everybody is told of an event; everybody is told, visited, and has a place to file nearby. Levers of SCENARIO are
    put back to the register's (or its profile's), the desk has no queue, and neighbours move nobody.

    \b
    Examples:
      keliling trial reference
      keliling trial reference grogol-petamburan-2018 --set assistance_effect=0.12 --replicates 5
    """
    from keliling.experiments.trials.trial import measure
    from keliling.experiments.trials.trial import reference as reference_trial

    (loaded,) = options.load_all([scenario], set_, size)
    quiet = quiet or as_json
    options.compile_first("kernel", quiet=quiet)
    plan = reference_trial(loaded)
    with ProgressBar(replicates * (1 + len(plan.arms)) * plan.window, quiet=quiet) as progress:
        found = measure(plan, replicates, seed=seed, workers=workers, progress=progress)
    if as_json:
        write_json(content(found))
        return
    _show(found, replicates, seed)
    next_step(f"keliling trial reference {scenario} --set iumk_stock=0.5   (the same in another world)", quiet=quiet)


def content(found: TrialResult) -> dict[str, Any]:
    """What a trial found, as JSON holds it: ``effect.help.granted.mean``, ``by_permit.imb.effect.help...``."""
    from keliling.experiments.trials.trial import ALL, inputs
    from keliling.sim.cohort import FOLLOWED
    from keliling.sim.parameters import permits

    def said(estimate: Estimate) -> dict[str, Any]:
        return {"mean": estimate.mean, "interval": list(estimate.interval)}

    def of(permit: str) -> dict[str, Any]:
        return {
            "needs": found.size(permit),
            "nothing": {name: said(found.level("nothing", name, permit)) for name in FOLLOWED},
            "effect": {
                arm.name: {name: said(found.effect(arm.name, name, permit)) for name in FOLLOWED}
                for arm in found.trial.arms
            },
        }

    return {
        "scenario": found.trial.scenario.name,
        "seed": found.seed,
        "replicates": len(found.replicates),
        "window": found.trial.window,
        "unit": "points",
        "input": inputs(found.trial),
        **of(ALL),
        "by_permit": {permit.name: of(permit.name) for permit in permits()},
    }


def _show(found: TrialResult, replicates: int, seed: int) -> None:
    from keliling.experiments.trials.trial import ALL, inputs
    from keliling.sim.cohort import FOLLOWED
    from keliling.sim.parameters import permits

    plan = found.trial
    heading(f"{plan.scenario.title}: the reference trial")
    click.echo(f"{plan.window} working days, {replicates} replicates, seed {seed}; effects in points [95% interval]")
    titles = {ALL: "All", **{permit.name: permit.title for permit in permits()}}
    rows = []
    for permit, title in titles.items():
        for outcome in FOLLOWED:
            effects = [found.effect(arm.name, outcome, permit) for arm in plan.arms]
            rows.append(
                [
                    title if outcome == FOLLOWED[0] else "",
                    f"{found.size(permit):,.0f}" if outcome == FOLLOWED[0] else "",
                    outcome,
                    f"{found.level('nothing', outcome, permit).mean:.2f}",
                    *[f"{e.mean:+.2f} [{e.interval[0]:+.2f}, {e.interval[1]:+.2f}]" for e in effects],
                ]
            )
    click.echo()
    table(
        ["Permit", "Needs", "Came to", "Nothing, %", *[arm.name.capitalize() for arm in plan.arms]],
        rows,
        right=(1, 3, 4, 5),
    )
    click.echo()
    for arm, wanted in inputs(plan).items():
        click.echo(f"Put in as the effect of {arm} on being granted a permit: {wanted:+.2f} points.")
    click.echo("attempted: tried to file; filed: handed in; decided: granted or rejected; all within the window.")
    click.echo(NOT_A_FORECAST)
