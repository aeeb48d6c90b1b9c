"""``keliling check``: is a file fit to be run?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import next_step, say, write_json

if TYPE_CHECKING:
    from keliling.experiments.plan.study import Study
    from keliling.sim.errors import Problem
    from keliling.sim.scenario import Scenario

STUDY_ONLY = {"kind", "baseline", "question"}
"""Keys that only a study has."""


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@options.added(options.as_json, options.quiet)
@click.pass_context
def check(ctx: click.Context, files: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Check scenario files, district profiles, study files, or shipped names: OK, or every problem with its line.

    \b
    Examples:
      keliling check my-scenario.toml
      keliling check my-office.toml my-scenario.toml
      keliling check my-study.toml
      keliling check kebon-jeruk-2019
    """
    found = {name: _problems(name) for name in dict.fromkeys(files)}
    faults = [problem for problems in found.values() for problem in problems]
    if as_json:
        from dataclasses import asdict

        write_json({name: [asdict(problem) for problem in problems] for name, problems in found.items()})
    else:
        for name, problems in found.items():
            if not problems:
                click.echo(f"{name}: OK")
            for problem in problems:
                click.echo(str(problem))
    if faults:
        if not as_json:
            say("nothing was run")
        ctx.exit(2)
    if _keys(files[0]) & STUDY_ONLY:
        next_step(f"keliling study {files[0]} --dry-run", quiet=quiet or as_json)
        return
    plan = f"kebon-jeruk-2018 --set profile={files[0]}" if _is_profile(files[0]) else files[0]
    next_step(f"keliling run {plan} --size 0.1", quiet=quiet or as_json)


def _problems(name: str) -> list[Problem]:
    from keliling.experiments.reading import load_study
    from keliling.sim.errors import InvalidInput
    from keliling.sim.profile import load_profile
    from keliling.sim.scenario import check as check_scenario
    from keliling.sim.scenario import load

    if not _is_profile(name) and not _keys(name) & STUDY_ONLY:
        return check_scenario(name) or _solved(load(name))
    try:
        if not _is_profile(name):
            return _solved_arms(load_study(name))
        load_profile(name)
        return _solved(load("kebon-jeruk-2018", profile=name))
    except InvalidInput as error:
        return error.problems


def _solved(scenario: Scenario) -> list[Problem]:
    """Whether constants can be solved for a scenario; in a province for its first district, as figures are alike."""
    from keliling.sim.errors import Infeasible, Problem
    from keliling.sim.ground import ground
    from keliling.sim.supply import measured

    district = scenario if scenario.province is None else scenario.for_district(scenario.province.districts[0])
    try:
        measured(district, ground(district))  # a function of the user's own is not run by a check
    except Infeasible as error:
        return [Problem(scenario.name, 0, 0, "parameters", "", f"cannot be together: {error}")]
    return []


def _solved_arms(study: Study) -> list[Problem]:
    """The same of every arm of a study at its base; drawn points that cannot be are counted when it is lived."""
    from dataclasses import replace

    from keliling.sim.ground import ground_key

    told = {}
    for arm in study.arms:
        if (known_by := ground_key(arm.scenario)) not in told:
            told[known_by] = [replace(one, file=study.path, key=arm.name) for one in _solved(arm.scenario)]
    return [problem for problems in told.values() for problem in problems]


def _is_profile(name: str) -> bool:
    """Whether a file describes a district: only those have people and neighbourhoods."""
    return bool({"population", "kelurahan", "rw", "rt"} & _keys(name))


def _keys(name: str) -> set[str]:
    """The names at the top of a TOML file; none of what is no such file."""
    import tomllib
    from pathlib import Path

    try:
        tables = tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return set()
    return set(tables)
