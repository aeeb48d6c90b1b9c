"""What ``--dry-run`` says: on stdout; nothing is run and nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keliling.experiments.commands.terminal import duration, facts

if TYPE_CHECKING:
    from keliling.experiments.keep.histories import Histories
    from keliling.experiments.keep.study_store import Store
    from keliling.experiments.kinds.base import Kind
    from keliling.experiments.plan.study import Study
    from keliling.experiments.run.executors import Execution


def describe_scenarios(
    study: Study, store: Histories, execution: Execution, out: Path | None, *, as_json: bool
) -> None:
    """Of replicates of scenarios."""
    from keliling.experiments.kinds import OF_COMMANDS
    from keliling.experiments.plan.study import unfinished
    from keliling.experiments.run.estimate import estimate

    asked = study.details
    every = OF_COMMANDS[study.kind].round(study, study.replicates)
    left = unfinished(study, [every], store.finished(every.jobs))
    parts = sum(len(job.arms) for job in unfinished(study, [every], ()))
    often = [sum(arm in job.arms for job in left) for arm in study.arms]
    found = estimate([(arm.scenario, times) for arm, times in zip(study.arms, often, strict=True)], execution)
    adults = estimate([(one, 1) for one in asked.scenarios.values()], execution).adults
    each = " or ".join(f"{days:,}" for days in sorted({one.days for one in asked.scenarios.values()}))
    runs = len(asked.scenarios) * study.replicates
    most = "at most " if study.precision else ""
    rows: list[tuple[str, Any, str]] = [
        ("Runs", runs, f"{most}{runs:,} ({len(asked.scenarios)} x {study.replicates} replicates)")
    ]
    if parts != runs:
        rows.append(("Parts", parts, f"{parts:,} different district runs"))
    if finished := parts - sum(often):
        rows.append(("Finished", finished, f"{finished:,} of them, kept from before"))
    rows += [
        ("Adults", adults, f"about {adults:,} in a run"),
        ("Days", found.days, f"{each} working days a run; {most}{found.days:,} still to be lived"),
        ("Time", found.seconds, f"{most}about {_time(found.seconds, found.workers)}"),
    ]
    if out is not None:
        rows.append(("Writes", str(out), f"to {out}"))
    facts(rows, as_json=as_json)


def describe_study(study: Study, kind: Kind, store: Store, execution: Execution, *, as_json: bool) -> None:
    """Of a study from a file."""
    from keliling.experiments.keep.study_store import BYTES_A_RUN, MANIFEST
    from keliling.experiments.run.estimate import estimate

    runs, finished = kind.most_runs(study), 0
    if (store.folder / MANIFEST).exists():
        store.check()
        finished = min(len(store.finished()), runs)
    each = [(arm.scenario, (runs - finished) // len(study.arms)) for arm in study.arms]
    found = estimate(each, execution, grounds_each=len(study.design) if study.factors else 1)
    most = "at most " if study.precision else ""
    bytes_ = runs * BYTES_A_RUN
    rows: list[tuple[str, Any, str]] = [
        ("Study", study.name, f"{study.title} ({study.kind})"),
        ("Asks", study.question, study.question),
        ("Arms", [arm.name for arm in study.arms], kind.arms_in_words(study)),
        ("Factors", len(study.factors), f"{len(study.factors)}{' and luck' if study.lucky else ''}"),
        ("Points", len(study.design), f"{len(study.design):,}"),
        ("Runs", runs, f"{most}{runs:,}"),
        *([("Finished", finished, f"{finished:,} of them, kept from before")] if finished else []),
        ("Adults", found.adults, f"about {found.adults:,} in a run"),
        ("Time", found.seconds, f"{most}about {_time(found.seconds, found.workers)} here"),
        ("Disk", bytes_, f"{most}about {max(bytes_ / 1e6, 0.1):,.1f} MB"),
        ("Writes", str(store.folder), f"to {store.folder}"),
    ]
    facts(rows, as_json=as_json)


def _time(seconds: float, workers: int) -> str:
    return f"{duration(seconds)} with {workers} worker{'s' if workers > 1 else ''}"
