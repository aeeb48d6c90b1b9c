"""Results as tidy CSV files, one row a number, and the provenance beside them.

Numbers are written with every digit that they have, so that equal results are equal files.
"""

from __future__ import annotations

import json
import platform
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.comparison import Comparison
from keliling.experiments.analysis.differences import Difference
from keliling.experiments.analysis.ensemble import Ensemble
from keliling.experiments.keep.files import write_csv, write_rows, write_whole
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


@dataclass(frozen=True)
class OnlookerRow:
    """A row of ``before-after.csv``."""

    scenario: str
    outcome: str
    unit: str
    before_year: int
    after_year: int
    before_mean: float
    after_mean: float
    difference: float
    low: float
    high: float
    n: int
    dropped: int

    @classmethod
    def of(cls, d: Difference, year: int) -> OnlookerRow:
        """The row of a scenario's year against the year before it."""
        means = d.baseline_mean, d.policy_mean
        interval = d.difference, d.low, d.high
        return cls(d.policy, d.outcome.name, d.outcome.unit, year - 1, year, *means, *interval, d.n, d.dropped)


def write_comparison(folder: Path, comparison: Comparison) -> None:
    """``comparison.csv``: every difference of every policy; ``before-after.csv``: every scenario by itself."""
    year = comparison.year
    onlooker = [d for rows in comparison.before_after.values() for d in rows.values()]
    rows = [as_row(d, year) for d in comparison.rows()]
    write_csv(folder / "comparison.csv", list(rows[0]), [list(row.values()) for row in rows])
    write_rows(folder / "before-after.csv", OnlookerRow, [OnlookerRow.of(d, year) for d in onlooker])


def as_row(difference: Difference, year: int) -> dict[str, Any]:
    """A row of ``comparison.csv``: all that a difference holds, with its outcome by name and unit."""
    outcome = difference.outcome
    row = {field.name: getattr(difference, field.name) for field in fields(difference)}
    numbers = {name: value for name, value in row.items() if name not in ("policy", "outcome", "dropped")}
    known_by = {"policy": difference.policy, "outcome": outcome.name, "unit": outcome.unit}
    return {**known_by, **numbers, "dropped": difference.dropped, "year": year}


def as_dict(difference: Difference, year: int) -> dict[str, Any]:
    """A difference as JSON can hold it, in words too."""
    outcome = difference.outcome
    words = {"title": outcome.title, "meaning": outcome.meaning, "definition": outcome.definition}
    return as_row(difference, year) | words | {"verdict": difference.verdict}


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
