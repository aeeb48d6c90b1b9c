"""Scenarios of which every run is kept whole: what ``keliling run`` shows, and what a comparison begins with.

They are asked for by a command and not by a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from keliling.experiments.analysis.ensemble import Ensemble, distinct
from keliling.experiments.plan.points import BASE
from keliling.experiments.plan.study import HISTORY, Arm, Job, Precision, Round, Study
from keliling.experiments.run.estimate import adults_of, districts_of
from keliling.sim.errors import InvalidInput, Problem
from keliling.sim.faults import nearest_name
from keliling.sim.history import History
from keliling.sim.outcomes import outcomes
from keliling.sim.run import run_of
from keliling.sim.scenario import Scenario


@dataclass(frozen=True)
class Asked:
    """What is asked for (``Study.details``): scenarios by name, the arms that each is lived as, one a district, the
    engine, and when it was asked."""

    scenarios: Mapping[str, Scenario]
    arms: Mapping[str, Sequence[Arm]]
    engine: str
    began: datetime


def replicated(
    scenarios: Sequence[Scenario],
    replicates: int,
    *,
    kind: str = "run",
    seed: int = 1,
    year: int = 0,
    engine: str = "kernel",
    precision: Precision | None = None,
) -> Study:
    """Replicates 0, 1, ... of every scenario; a province is lived district by district, and pooled.

    Raises InvalidInput when the numbers are none.
    """
    wrong = [
        Problem("options", 0, 0, name, str(value), f"must be a whole number, at least {least}")
        for name, value, least in (("replicates", replicates, 1), ("seed", seed, 0))
        if type(value) is not int or value < least
    ]
    if precision is not None and precision.outcome not in outcomes():
        near = nearest_name(precision.outcome, outcomes())
        wrong.append(Problem("options", 0, 0, "precision", str(precision.outcome), "is not an outcome", near))
    if wrong:
        raise InvalidInput(wrong)
    named = dict(zip(distinct([one.name for one in scenarios]), scenarios, strict=True))
    arms = {name: _arms(name, one) for name, one in named.items()}
    return Study(
        name=" against ".join(named),
        title="",
        question="",
        kind=kind,
        arms=tuple(arm for parts in arms.values() for arm in parts),
        factors=(),
        points=1,
        replicates=replicates,
        seed=seed,
        year=year,
        outcomes=(),
        precision=precision,
        details=Asked(named, arms, engine, datetime.now(UTC)),
        keeps=(HISTORY,),
        strict=True,
    )


def _arms(name: str, scenario: Scenario) -> list[Arm]:
    parts = districts_of(scenario)
    names = [name] if len(parts) == 1 else [f"{name}/{one.profile.slug}" for one in parts]
    return [Arm(each, one.title, one) for each, one in zip(names, parts, strict=True)]


class Replicated:
    """So many replicates of scenarios."""

    name = "run"

    def rounds(self, study: Study, results: Callable[[], Any]) -> Iterator[Round]:
        """All of them."""
        yield self.round(study, study.replicates)

    def round(self, study: Study, replicates: int) -> Round:
        """So many replicates: the largest districts first, so that no worker ends alone with one."""
        together: dict[str, list[Arm]] = {}
        for arm in study.arms:
            together.setdefault(arm.scenario.profile.slug, []).append(arm)
        largest_first = sorted(together.values(), key=lambda arms: -max(adults_of(arm.scenario) for arm in arms))
        numbers = range(replicates)
        return Round(tuple(Job(BASE, number, tuple(arms)) for arms in largest_first for number in numbers))

    def results(self, study: Study, runs: Mapping[str, History], jobs: Sequence[Job]) -> Any:
        """The ensembles of the scenarios, in their order."""
        asked, replicates = study.details, sorted({job.replicate for job in jobs})
        return [
            Ensemble(
                scenario,
                tuple(
                    run_of(
                        scenario,
                        study.seed,
                        number,
                        asked.engine,
                        [runs[study.key(arm, BASE, number)] for arm in asked.arms[name]],
                    )
                    for number in replicates
                ),
                name,
            )
            for name, scenario in asked.scenarios.items()
        ]

    def report(self, results: Any) -> Any:
        """The ensembles as they are."""
        return results
