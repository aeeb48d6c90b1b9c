"""Results as tidy CSV files, one row a number, and the provenance beside them.

Numbers are written with every digit that they have, so that equal results are equal files.
"""

from __future__ import annotations

import json
import platform
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.comparison import Comparison
from keliling.experiments.analysis.differences import Difference
from keliling.experiments.analysis.ensemble import Ensemble
from keliling.experiments.keep.files import write_csv, write_whole
from keliling.experiments.keep.provenance import made_by
from keliling.sim.outcomes import outcomes
from keliling.sim.records import BY_RW, MONTH
from keliling.sim.state import REASONS

THIRDS = ("intrinsic_third", "social_third", "normative_third")


def write_ensembles(folder: Path, ensembles: Sequence[Ensemble]) -> None:
    """``runs.csv``: every outcome of every reported year; ``months.csv``: every outcome of every month, counts as the
    month's own and never as rates a year; ``neighbourhoods.csv``: what is counted by RW and month; ``invitations.csv``:
    everybody who was asked to an event, or came unasked.
    """
    named = outcomes()
    write_csv(
        folder / "runs.csv",
        ("scenario", "replicate", "year", "outcome", "unit", "value"),
        (
            (one.name, replicate, year, name, outcome.unit, value)
            for one in ensembles
            for year in one.scenario.reported_years
            for name, outcome in named.items()
            for replicate, value in zip(one.replicates, one.values(name, year), strict=True)
        ),
    )
    write_csv(
        folder / "months.csv",
        ("scenario", "replicate", "month", "outcome", "unit", "value"),
        (
            (one.name, run.replicate, one.scenario.label_of_month(month), name, outcome.month_unit, value)
            for one in ensembles
            for name, outcome in named.items()
            for run in one.runs
            for month, value in enumerate(run.trajectory(outcome))
        ),
    )
    write_csv(
        folder / "neighbourhoods.csv",
        ("scenario", "replicate", "month", "district", "rw", *BY_RW),
        (
            (one.name, run.replicate, one.scenario.label_of_month(month), district.district, rw, *counts)
            for one in ensembles
            for run in one.runs
            for district in run.districts
            for month, by_rw in enumerate(district.by_rw.tolist())
            for rw, counts in zip(district.rws.tolist(), by_rw, strict=True)
        ),
    )
    write_csv(
        folder / "invitations.csv",
        ("scenario", "replicate", "month", "district", "rw", "reason", "invitation", "type", *THIRDS, "joined"),
        (
            (
                one.name, run.replicate, one.scenario.label_of_month(day // MONTH), district.district, rw,
                REASONS[reason], invitation, ("flexible", "decisive")[decisive], *motives_and_answer,
            )
            for one in ensembles
            for run in one.runs
            for district in run.districts
            for day, rw, reason, invitation, decisive, *motives_and_answer in zip(
                *(column.tolist() for column in district.invitations), strict=True
            )
        ),
    )  # fmt: skip


def write_comparison(folder: Path, comparison: Comparison) -> None:
    """``comparison.csv``: every difference of every policy; ``before-after.csv``: every scenario by itself."""
    write_csv(
        folder / "comparison.csv",
        (
            "policy",
            "outcome",
            "unit",
            "baseline_mean",
            "policy_mean",
            "difference",
            "low",
            "high",
            "better_in",
            "n",
            "variance_ratio",
            "dropped",
            "year",
        ),
        (
            (
                d.policy,
                d.outcome.name,
                d.outcome.unit,
                d.baseline_mean,
                d.policy_mean,
                d.difference,
                d.low,
                d.high,
                d.better_in,
                d.n,
                d.variance_ratio,
                d.dropped,
                comparison.year,
            )
            for d in comparison.rows()
        ),
    )
    write_csv(
        folder / "before-after.csv",
        (
            "scenario",
            "outcome",
            "unit",
            "before_year",
            "after_year",
            "before_mean",
            "after_mean",
            "difference",
            "low",
            "high",
            "n",
            "dropped",
        ),
        (
            (
                name,
                d.outcome.name,
                d.outcome.unit,
                comparison.year - 1,
                comparison.year,
                d.baseline_mean,
                d.policy_mean,
                d.difference,
                d.low,
                d.high,
                d.n,
                d.dropped,
            )
            for name, rows in comparison.before_after.items()
            for d in rows.values()
        ),
    )


def as_dict(difference: Difference) -> dict[str, Any]:
    """A difference as JSON can hold it."""
    d = difference
    return {
        "policy": d.policy,
        "outcome": d.outcome.name,
        "title": d.outcome.title,
        "unit": d.outcome.unit,
        "meaning": d.outcome.meaning,
        "definition": d.outcome.definition,
        "baseline_mean": d.baseline_mean,
        "policy_mean": d.policy_mean,
        "difference": d.difference,
        "low": d.low,
        "high": d.high,
        "better_in": d.better_in,
        "n": d.n,
        "dropped": d.dropped,
        "variance_ratio": d.variance_ratio,
        "verdict": d.verdict,
    }


def provenance_of(
    ensembles: Sequence[Ensemble], *, years: Sequence[int], began: datetime | None = None
) -> dict[str, Any]:
    """Which code made this, from what, when and how; ``began`` is when the command started."""
    now = datetime.now(UTC)
    scenarios = [
        {
            "name": one.name,
            "title": one.scenario.title,
            "digest": one.scenario.digest(),
            "files": list(one.scenario.lineage),
            "population_seed": one.scenario.population_seed,
            "size": one.scenario.size,
            "hypothesis": one.scenario.hypothesis.name,
            "set": dict(one.scenario.given),
        }
        for one in ensembles
    ]
    return {
        **made_by(ensembles[0].runs[0].provenance["engine"]),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "scenarios": scenarios,
        "seed": ensembles[0].seed,
        "replicates": list(ensembles[0].replicates),
        "years": list(years),
        "command": shlex.join(["keliling", *sys.argv[1:]]),
        "began": began.isoformat(timespec="seconds") if began else None,
        "ended": now.isoformat(timespec="seconds"),
        "seconds": round((now - began).total_seconds(), 1) if began else None,
    }


def write_provenance(folder: Path, provenance: dict[str, Any]) -> None:
    """``provenance.json``, what ``provenance_of`` tells."""
    text = json.dumps(provenance, indent=2, ensure_ascii=False, default=str)
    write_whole(folder / "provenance.json", text.encode() + b"\n")
