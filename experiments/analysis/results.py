"""The finished runs of a study as arrays: every outcome of every arm, job by job, paired by the luck they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from keliling.experiments.analysis.paired_outcomes import COSTS
from keliling.experiments.keep.study_store import BY_RW, THIRDS
from keliling.experiments.plan.study import MONTHS, Arm, Job, Study
from keliling.sim.outcomes import NEITHER, outcomes

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Results:
    """Outcomes by arm (rows) and job (columns), in the order of points and replicates; NaN where a run failed, or where
    an arm has no part in a job.

    ``point`` and ``replicate`` say which each column is.
    """

    study: Study
    arms: tuple[Arm, ...]
    """In the order in which they first take part."""
    point: Ints
    replicate: Ints
    values: Mapping[str, Floats]
    failed: int
    """Runs that failed."""
    errors: Sequence[str]
    """Their messages, each once."""
    rws: Mapping[str, Any]
    """Decided and rejected by RW: arm x job x RW, zeros where an arm failed; empty where they are not counted."""
    months: Mapping[str, Floats] = field(default_factory=dict)
    """Records by name: arm x job x month from day 0; empty where they are not kept."""
    absent: frozenset[tuple[int, int]] = frozenset()
    """Places, arm and job, where an arm has no part in a job."""

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return int(self.point.size)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.arms) * self.jobs - len(self.absent)

    def difference(self, outcome: str, arm: int) -> Floats:
        """What a policy (1, 2, ...) adds to an outcome of its baseline, job by job."""
        return self.values[outcome][arm] - self.values[outcome][self.baselines[arm]]

    @cached_property
    def baselines(self) -> list[int]:
        """The place of the arm that each is compared with."""
        names = [arm.name for arm in self.arms]
        return [names.index(arm.baseline) for arm in self.arms]

    @property
    def policies(self) -> list[tuple[int, Arm]]:
        """The arms that are compared with another, each with its place."""
        return [(at, arm) for at, arm in enumerate(self.arms) if self.baselines[at] != at]

    def differences(self, outcome: str, replicates: int | None = None) -> dict[str, list[float]]:
        """Paired differences of every policy, replicate by replicate, of the first so many or of all."""
        used = slice(None) if replicates is None else self.replicate < replicates
        return {arm.name: self.difference(outcome, at)[used].tolist() for at, arm in self.policies}

    def by_point(self, values: Floats) -> Floats:
        """Means over the replicates of each point, in the order of points."""
        _, place = np.unique(self.point, return_inverse=True)
        used = ~np.isnan(values)
        sums = np.bincount(place, np.where(used, values, 0.0))
        with np.errstate(invalid="ignore"):
            return np.asarray(sums / np.bincount(place, used.astype(float)))

    @cached_property
    def benefit(self) -> Floats:
        """What policies are ranked by, higher the better: the first outcome, or with ``worth`` the net benefit.

        By arm and job. Net benefit is the improvement on the baseline, at what it is worth, less the extra cost.
        """
        name = self.study.outcomes[0]
        better = self.study.ranked_by.better
        assert better != NEITHER
        value: Floats = better * self.values[name]
        if self.study.worth is None:
            return value
        return np.asarray(self.study.worth * (value - value[0]) - (self.cost - self.cost[0]))

    @property
    def cost(self) -> Floats:
        """What each arm costs, by job: the programme and the desk, in Rp million a year."""
        return np.asarray(sum(self.values[name] for name in COSTS))

    @property
    def benefit_unit(self) -> str:
        """The unit of ``benefit``."""
        if self.study.worth is not None:
            return "Rp million a year"
        unit = self.study.ranked_by.unit
        return "points" if unit in ("%", "25-100") else unit

    @cached_property
    def best(self) -> Ints:
        """The arm of the greatest benefit in each job; the earlier of equals, -1 where an arm failed."""
        broken = np.isnan(self.benefit).any(axis=0)
        return np.where(broken, -1, np.argmax(np.where(np.isnan(self.benefit), -np.inf, self.benefit), axis=0))


def results_of(study: Study, runs: pa.Table, jobs: Sequence[Job]) -> Results:
    """The results of these jobs, of which every run is in the table (see ``experiments.keep.study_store``)."""
    arms = {arm.name: arm for job in jobs for arm in job.arms}
    place = {name: at for at, name in enumerate(arms)}
    columns = {key: at for at, key in enumerate(sorted({(job.point.number, job.replicate) for job in jobs}))}
    row_of = {key: at for at, key in enumerate(runs["key"].to_pylist())}
    cells = {
        (place[arm.name], columns[job.point.number, job.replicate]): row_of[study.key(arm, job.point, job.replicate)]
        for job in jobs
        for arm in job.arms
    }
    at = np.array(list(cells), np.int64).reshape(-1, 2).T
    shape, rows = (len(arms), len(columns)), list(cells.values())
    values = {}
    for name in (*outcomes(), *THIRDS):
        if name in runs.column_names:
            values[name] = np.full(shape, np.nan)
            values[name][tuple(at)] = runs[name].to_numpy()[rows]
    texts = runs["error"].to_pylist()
    by_job = sorted((cell[::-1], row) for cell, row in cells.items())
    errors = [texts[row] for _, row in by_job if texts[row] is not None]
    counts = {
        name: {cell: found for cell, found in zip(cells, runs[name].take(rows).to_pylist(), strict=True) if found}
        for name in BY_RW
        if name in runs.column_names
    }
    months: dict[str, dict[tuple[int, int], list[float]]] = {}
    if MONTHS in runs.column_names:
        for cell, records in zip(cells, runs[MONTHS].take(rows).to_pylist(), strict=True):
            for name, by_month in records or ():
                months.setdefault(name, {})[cell] = by_month
    return Results(
        study=study,
        arms=tuple(arms.values()),
        point=np.array([point for point, _ in columns], np.int64),
        replicate=np.array([replicate for _, replicate in columns], np.int64),
        values=values,
        failed=len(errors),
        errors=list(dict.fromkeys(errors)),
        rws={name: _stacked(found, shape, 0.0) for name, found in counts.items() if found},
        months={name: _stacked(found, shape, np.nan) for name, found in months.items()},
        absent=frozenset(np.ndindex(shape)) - cells.keys(),
    )


def _stacked(found: Mapping[tuple[int, int], Sequence[float]], shape: tuple[int, int], nothing: float) -> Floats:
    """Rows of numbers by cell as one array, ``nothing`` where a cell has none."""
    whole = np.full((*shape, len(next(iter(found.values())))), nothing)
    for (arm, job), numbers in found.items():
        whole[arm, job] = numbers
    return whole
