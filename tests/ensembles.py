"""Replicates of scenarios, lived as the commands live them."""

from __future__ import annotations

from collections.abc import Sequence

from keliling.experiments.analysis.ensemble import Ensemble
from keliling.experiments.conduct import conduct
from keliling.experiments.keep.histories import Histories
from keliling.experiments.keep.run_cache import RunCache
from keliling.experiments.kinds.replicated import replicated
from keliling.experiments.run.executors import Execution
from keliling.sim.scenario import Scenario


def ensembles(
    scenarios: Sequence[Scenario],
    replicates: int,
    cache: RunCache | None = None,
    *,
    seed: int = 1,
    execution: Execution = Execution(),  # noqa: B008
) -> list[Ensemble]:
    """The ensemble of each scenario."""
    study = replicated(scenarios, replicates, seed=seed, engine=execution.engine)
    found: list[Ensemble] = conduct(study, Histories(study, cache), execution)
    return found
