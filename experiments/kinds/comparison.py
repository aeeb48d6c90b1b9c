"""A baseline and policies under the same luck, each run kept whole: what ``keliling compare`` lives, and what it comes
to. Finished runs are kept one by one, so a baseline that was lived for one comparison serves the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.analysis.comparison import Comparison, comparable, same_horizon
from keliling.experiments.analysis.precision import Reached, judged, rounds, said
from keliling.experiments.keep.histories import Histories
from keliling.experiments.keep.run_cache import RunCache
from keliling.experiments.kinds.replicated import Replicated, replicated
from keliling.experiments.plan.study import Job, Precision, Round, Study
from keliling.experiments.reports.blocks import Block
from keliling.experiments.reports.comparison import blocks_of
from keliling.experiments.reports.tables import (
    as_dict,
    provenance_of,
    write_comparison,
    write_ensembles,
    write_provenance,
)
from keliling.sim.errors import InvalidInput, Problem
from keliling.sim.history import History
from keliling.sim.scenario import Scenario

LONGEST_NAME = 100


def comparison_of(
    scenarios: Sequence[Scenario],
    *,
    replicates: int = 10,
    precision: Precision | None = None,
    seed: int = 1,
    year: int | None = None,
    horizon: int | None = None,
    engine: str = "kernel",
) -> Study:
    """The comparison of a baseline with policies; by default of the last year that all report by themselves.

    All are lived to one last year. ``precision`` adds replicates until it is met. Raises InvalidInput when the
    scenarios do not fit together, or there is no policy.
    """
    if len(scenarios) < 2:
        raise InvalidInput([Problem("options", 0, 0, "POLICY", "", "needs one policy or more beside the baseline")])
    looked_at = comparable(scenarios) if year is None else year
    lived = same_horizon(scenarios, horizon)
    return replicated(
        lived,
        replicates if precision is None else precision.most,
        kind=Compared.name,
        seed=seed,
        year=comparable(lived, looked_at),
        engine=engine,
        precision=precision,
    )


@dataclass(frozen=True)
class ComparisonReport:
    """What a comparison came to."""

    study: Study
    comparison: Comparison

    @cached_property
    def reached(self) -> Reached | None:
        """Where the rule for its replicates stands, if there is one."""
        rule = self.study.precision
        return None if rule is None else judged(rule, self.comparison.differences(rule.outcome))

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Which code made it, from what, when and how."""
        return provenance_of(self.comparison.ensembles, years=[self.comparison.year], began=self.study.details.began)

    def blocks(self, *, everything: bool = False) -> list[Block]:
        """What it says."""
        rule = self.study.precision
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
            "comparison": [as_dict(d, comparison.year) for d in comparison.rows()],
            "before_after": [
                as_dict(d, comparison.year) for rows in comparison.before_after.values() for d in rows.values()
            ],
            "notes": comparison.notes(),
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


class Compared(Replicated):
    """Replicates of a baseline and of policies, paired."""

    name = "comparison"

    def rounds(self, study: Study, results: Callable[[], ComparisonReport]) -> Iterator[Round]:
        """All replicates, or as many at a time as the rule asks for."""
        rule = study.precision
        if rule is None:
            return super().rounds(study, results)
        upto = partial(self.round, study)
        return rounds(rule, upto, lambda: results().comparison.differences(rule.outcome))

    def results(self, study: Study, runs: Mapping[str, History], jobs: Sequence[Job]) -> ComparisonReport:
        """The policies against the baseline."""
        baseline, *policies = super().results(study, runs, jobs)
        return ComparisonReport(study, Comparison(baseline, policies, study.year))


def default_folder(study: Study) -> Path:
    """Where a comparison is written unless somebody says where: results/BASELINE-vs-POLICIES."""
    return Path("results") / versus(list(study.details.scenarios))


def versus(names: Sequence[str]) -> str:
    """A name for a baseline and policies, of a length that every disk takes."""
    name = f"{names[0]}-vs-{'-'.join(names[1:])}"
    if len(name) > LONGEST_NAME:
        digest = hashlib.blake2b("\n".join(names).encode(), digest_size=4).hexdigest()
        name = f"{names[0]}-vs-{names[1]}-and-{len(names) - 2}-more"[:LONGEST_NAME] + f"-{digest}"
    return name


def kept_for(
    study: Study, out: Path | None, *, written: Path | None = None, checked: bool = False, warn: Callable[[str], None]
) -> Histories:
    """Where the runs of a comparison are kept: in ``out``, or else where those of others are.

    Its tables are ``written`` to a folder, if to any; ``warn`` is told of damaged runs.
    """
    cache = RunCache((out or default_folder(study).parent) / "runs", study.details.engine, warn)
    return Histories(study, cache, folder=written, checked=checked)
