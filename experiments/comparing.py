"""The one way to compare a baseline with policies under the same luck: what is asked, lived, and what it comes to.

Finished runs are kept one by one, so the same call goes on from there, and a baseline serves the next comparison too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.analysis.comparison import Comparison, comparable, same_horizon
from keliling.experiments.analysis.ensemble import distinct, ensembles_of, plan_ensembles
from keliling.experiments.analysis.precision import Reached, following, judged, said
from keliling.experiments.keep.files import ready
from keliling.experiments.keep.run_cache import Kept
from keliling.experiments.plan.study import Precision
from keliling.experiments.reports.blocks import Block
from keliling.experiments.reports.comparison import blocks_of
from keliling.experiments.reports.tables import (
    as_dict,
    provenance_of,
    write_comparison,
    write_ensembles,
    write_provenance,
)
from keliling.experiments.run.runner import Plan
from keliling.sim.scenario import Scenario

if TYPE_CHECKING:
    from keliling.experiments.run.runner import Progress

LONGEST_NAME = 100


@dataclass(frozen=True)
class PlannedComparison:
    """A comparison that is asked for: scenarios, the baseline first, lived to one last year, and the year looked at.

    ``rule`` adds replicates until it is met; ``replicates`` is their number without one.
    """

    scenarios: tuple[Scenario, ...]
    year: int
    lengthened: bool
    """Whether scenarios are lived longer than by themselves."""
    replicates: int
    seed: int
    engine: str
    checked: bool
    rule: Precision | None
    folder: Path
    kept: Kept

    def plan(self, replicates: int | None = None) -> Plan:
        """The runs of so many replicates, or of as many as there can be."""
        most = self.replicates if self.rule is None else self.rule.most
        count = most if replicates is None else replicates
        return plan_ensembles(
            self.scenarios, count, seed=self.seed, engine=self.engine, kept=self.kept, checked=self.checked
        )


@dataclass(frozen=True)
class FinishedComparison:
    """A comparison that was lived, and where the rule for its replicates stands."""

    asked: PlannedComparison
    comparison: Comparison
    reached: Reached | None
    provenance: dict[str, Any]

    def blocks(self, *, everything: bool = False) -> list[Block]:
        """What it says."""
        rule = self.asked.rule
        more = [] if rule is None or self.reached is None else [Block(below=[said(rule, self.reached)])]
        return [*blocks_of(self.comparison, everything=everything), *more]

    def content(self) -> dict[str, Any]:
        """The same as plain data."""
        comparison = self.comparison
        return {
            "note": NOT_A_FORECAST,
            "baseline": comparison.baseline.name,
            "policies": [one.name for one in comparison.policies],
            "year": comparison.year,
            "comparison": [as_dict(d) for d in comparison.rows()],
            "before_after": [as_dict(d) for rows in comparison.before_after.values() for d in rows.values()],
            "notes": comparison.notes(),
            "folder": str(self.asked.folder),
            "provenance": self.provenance,
        }

    def write(self, folder: Path, *, figures: bool) -> None:
        """Write its tables, and draw its figures."""
        write_ensembles(folder, self.comparison.ensembles)
        if figures:
            from keliling.experiments.figures.comparison import draw_comparison

            draw_comparison(folder, self.comparison)
        write_comparison(folder, self.comparison)
        write_provenance(folder, self.provenance)


def plan_comparison(
    scenarios: Sequence[Scenario],
    *,
    replicates: int = 10,
    precision: Precision | None = None,
    seed: int = 1,
    year: int | None = None,
    horizon: int | None = None,
    engine: str = "kernel",
    checked: bool = False,
    out: Path | None = None,
    warn: Callable[[str], None] = lambda message: None,
) -> PlannedComparison:
    """A comparison of a baseline with policies; by default of the last year that all report by themselves.

    Raises InvalidInput when they do not fit together.
    """
    looked_at = comparable(scenarios) if year is None else year
    lived = same_horizon(scenarios, horizon)
    folder = out or default_folder(distinct([one.name for one in lived]))
    return PlannedComparison(
        scenarios=tuple(lived),
        year=comparable(lived, looked_at),
        lengthened=lived != list(scenarios),
        replicates=replicates,
        seed=seed,
        engine=engine,
        checked=checked,
        rule=precision,
        folder=folder,
        # A baseline that was lived for one comparison serves the next, unless that has a folder of its own.
        kept=Kept((folder if out else folder.parent) / "runs", engine, warn=warn),
    )


@contextmanager
def _silent(days: int) -> Iterator[Progress]:
    yield lambda lived: None


def compare(
    asked: PlannedComparison,
    *,
    workers: int | None = None,
    watch: Callable[[int], AbstractContextManager[Progress]] = _silent,
) -> FinishedComparison:
    """Live what is left of a comparison; ``watch`` makes of the days to be lived, round by round, who is told of them.

    Raises InvalidInput when its folder cannot be written to, Interrupted on Ctrl-C, KelilingError when a worker dies.
    What was finished by then is kept.
    """
    began = datetime.now(UTC)
    ready(asked.folder)
    rule, reached = asked.rule, None
    count = asked.replicates if rule is None else following(rule, None)
    while count is not None:
        plan = asked.plan(count)
        with watch(plan.days) as progress:
            ensembles = ensembles_of(plan, asked.scenarios, workers=workers, progress=progress)
        comparison = Comparison(ensembles[0], ensembles[1:], asked.year)
        reached = None if rule is None else judged(rule, _differences(comparison, rule.outcome))
        count = None if rule is None else following(rule, reached)
    return FinishedComparison(
        asked, comparison, reached, provenance_of(ensembles, years=[comparison.year], began=began)
    )


def _differences(comparison: Comparison, outcome: str) -> dict[str, list[float]]:
    """Paired differences of every policy, replicate by replicate."""
    base = comparison.baseline.values(outcome, comparison.year)
    return {
        policy.name: [y - x for x, y in zip(base, policy.values(outcome, comparison.year), strict=True)]
        for policy in comparison.policies
    }


def default_folder(names: Sequence[str]) -> Path:
    """Where a comparison is written unless somebody says where: results/BASELINE-vs-POLICIES."""
    name = f"{names[0]}-vs-{'-'.join(names[1:])}"
    if len(name) > LONGEST_NAME:
        digest = hashlib.blake2b("\n".join(names).encode(), digest_size=4).hexdigest()
        name = f"{names[0]}-vs-{names[1]}-and-{len(names) - 2}-more"[:LONGEST_NAME] + f"-{digest}"
    return Path("results") / name
