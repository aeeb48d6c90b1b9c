"""The finished runs of a study as arrays: every outcome of every arm, job by job, paired by the luck they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from keliling.experiments.analysis.paired_outcomes import COSTS
from keliling.experiments.keep.study_store import BY_RW, PLACES, THIRDS
from keliling.experiments.plan.study import Study
from keliling.sim.outcomes import NEITHER, outcomes

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Results:
    """Outcomes by arm (rows) and job (columns), in the order of points and replicates; NaN where a run failed.

    A job is there once all its arms are. ``point`` and ``replicate`` say which each column is.
    """

    study: Study
    point: Ints
    replicate: Ints
    values: Mapping[str, Floats]
    failed: int
    """Runs that failed."""
    errors: Sequence[str]
    """Their messages, each once."""
    rws: Mapping[str, Any]
    """Decided and rejected by RW: arm x job x RW, zeros where an arm failed; empty where they are not counted."""

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return int(self.point.size)

    def difference(self, outcome: str, arm: int) -> Floats:
        """What a policy (1, 2, ...) adds to an outcome, job by job."""
        return self.values[outcome][arm] - self.values[outcome][0]

    def differences(self, outcome: str, replicates: int | None = None) -> dict[str, list[float]]:
        """Paired differences of every policy, replicate by replicate, of the first so many or of all."""
        used = slice(None) if replicates is None else self.replicate < replicates
        return {
            arm.name: self.difference(outcome, at)[used].tolist() for at, arm in enumerate(self.study.policies, start=1)
        }

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


def results_of(study: Study, runs: pa.Table) -> Results:
    """The results of a table of runs (see ``experiments.keep.study_store``)."""
    arms = len(study.arms)
    point, replicate, arm = (runs[key].to_numpy() for key in PLACES)
    keys = np.stack([point, replicate])
    jobs, place, counts = np.unique(keys, axis=1, return_inverse=True, return_counts=True)
    place = place.ravel()
    whole = counts == arms
    column = np.cumsum(whole) - 1
    used = whole[place]
    count = int(whole.sum())
    values = {}
    for name in (*outcomes(), *THIRDS):
        found = np.full((arms, count), np.nan)
        found[arm[used], column[place[used]]] = runs[name].to_numpy()[used]
        values[name] = found
    errors = [text for text in runs["error"].to_pylist() if text is not None]
    return Results(
        study=study,
        point=jobs[0][whole].astype(np.int64),
        replicate=jobs[1][whole].astype(np.int64),
        values=values,
        failed=len(errors),
        errors=list(dict.fromkeys(errors)),
        rws=_by_rw(runs, arm, np.where(used, column[place], -1), (arms, count)),
    )


def _by_rw(runs: pa.Table, arm: Ints, column: Ints, shape: tuple[int, int]) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for name in BY_RW:
        rows = zip(arm.tolist(), column.tolist(), runs[name].to_pylist(), strict=True)
        there = [(at, job, counts) for at, job, counts in rows if counts and job >= 0]
        if there:
            found[name] = np.zeros((*shape, len(there[0][2])))
            for at, job, counts in there:
                found[name][at, job] = counts
    return found
