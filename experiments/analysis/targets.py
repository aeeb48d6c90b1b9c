"""What a sensitivity analysis explains: outcomes, differences between policies, and which policy ranks first.

What flips the advice matters more than what moves the level, so every policy's difference and rank is a target too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keliling.experiments.analysis.results import Floats, Results
from keliling.sim.outcomes import outcomes


@dataclass(frozen=True, eq=False)
class TargetOutput:
    """One number for each point, of a kind: level, difference, sign or ranks first; and the words for it."""

    kind: str
    outcome: str
    policy: str
    words: str
    unit: str
    of_jobs: Floats
    """By job."""
    values: Floats
    """By point of the design, NaN where a run failed; points still to be lived at its end are left out."""

    @property
    def title(self) -> str:
        """What it is, with its unit."""
        return f"{self.words}, {self.unit}" if self.unit else self.words

    @property
    def name(self) -> str:
        """Short, for files."""
        return (
            "-".join(part for part in (self.kind, self.outcome, self.policy) if part)
            .replace(" ", "-")
            .replace("_", "-")
        )


def targets_of(results: Results) -> list[TargetOutput]:
    """All targets: differences and ranks of policies, levels under the baseline; the ranked outcome first."""
    study = results.study
    found = []
    for outcome in study.outcomes:
        title = outcomes()[outcome].title
        unit = outcomes()[outcome].unit_of_difference
        for at, arm in results.policies:
            words = f"{title}: {arm.name} minus now"
            found.append(
                _target(results, "difference", outcome, arm.name, words, unit, results.difference(outcome, at))
            )
    gained = results.benefit - results.benefit[0]
    several = len(results.arms) > 2  # of two arms one is the better where it ranks first
    for at, arm in enumerate(results.arms):
        if several and at:
            better = np.where(np.isnan(gained[at]), np.nan, (gained[at] > 0.0).astype(float))
            found.append(_target(results, "sign", "", arm.name, f"Whether {arm.name} is better than now", "", better))
        if several or at:
            first = np.where(results.best < 0, np.nan, (results.best == at).astype(float))
            found.append(_target(results, "ranks first", "", arm.name, f"Whether {arm.name} ranks first", "", first))
    for outcome in study.outcomes:
        level = results.values[outcome][0]
        title, unit = f"{outcomes()[outcome].title} now", outcomes()[outcome].unit
        found.append(_target(results, "level", outcome, "", title, unit, level))
    return found


def _target(
    results: Results, kind: str, outcome: str, policy: str, words: str, unit: str, values: Floats
) -> TargetOutput:
    lived = np.full(int(results.point.max(initial=-1)) + 1, np.nan)
    lived[results.point] = values
    return TargetOutput(kind, outcome, policy, words, unit, values, lived)
