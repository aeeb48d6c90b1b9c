"""A study: arms (a baseline and policies), worlds (points over what is uncertain) and replicates of luck.

One *job* is one replicate of one world: all arms are lived together in it, under the same luck, and what they share
of the past is lived once. A *row* of the results is one arm of one job.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from keliling.experiments.plan.factors import LUCK, LUCK_FACTOR, Factor
from keliling.experiments.plan.points import World, worlds_of
from keliling.sim.outcomes import HIGHER, Outcome, outcomes
from keliling.sim.parameters import Value
from keliling.sim.scenario import Scenario

KINDS = {
    "frequency": "how the outcomes answer to events a month",
    "grid": "policies for every combination of some levels of levers",
    "crossed": "policies under each of several conditions: accounts of motivation, or mechanisms switched off",
    "latin": "worlds spread evenly over all factors at once",
    "table": "worlds or policies read from a CSV file",
    "tornado": "each factor at its low and at its high end, the others at base",
    "morris": "screening: which of many factors matter at all",
    "sobol": "how much of the variance is due to each factor, alone and with others",
    "pawn": "how far each factor moves the whole distribution",
}
SAMPLED = ("latin", "morris", "sobol", "pawn")
"""Kinds whose worlds are drawn over all factors, luck as one more of them."""
NOW = "now"
WORLD_BITS = 20  # of the number of a replicate, where every world has replicates of its own
MOST_OWN = 2 ** (32 - WORLD_BITS)  # replicates that a world can then have


@dataclass(frozen=True)
class Arm:
    """A baseline or policy: its name, its scenario, and the levels that a frequency or grid study set."""

    name: str
    title: str
    scenario: Scenario
    levels: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Precision:
    """Replicates by rule: until the half width of the interval of every policy's paired difference is small enough.

    ``look_ahead`` more replicates must not undo it; ``least`` and ``most`` bound the number.
    """

    outcome: str
    half_width: float
    least: int = 5
    most: int = 100
    look_ahead: int = 5


@dataclass(frozen=True)
class Goal:
    """A level that an outcome should reach: ``bound`` at most or at least, whichever way the outcome is better."""

    outcome: str
    bound: float

    def met(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value >= self.bound if outcomes()[self.outcome].better == HIGHER else value <= self.bound

    @property
    def text(self) -> str:
        """The goal in words."""
        outcome = outcomes()[self.outcome]
        way = "at least" if outcome.better == HIGHER else "at most"
        return f"{outcome.title} {way} {outcome.format(self.bound)} {outcome.unit}"


@dataclass(frozen=True)
class Crossing:
    """What a crossed study declares before it is lived: its conditions and policies, the first condition the one that
    the others are set against.
    """

    conditions: tuple[str, ...]
    policies: tuple[str, ...]
    relative: frozenset[str]
    """Outcomes whose effects are told in per cent of the baseline under the same condition."""
    smallest: Mapping[str, float]
    """By outcome, the smallest difference between conditions that matters."""
    predicted: Mapping[tuple[str, str, str], int]
    """By condition, policy and outcome, the sign of the difference from the first condition's effect."""

    def unit(self, outcome: str) -> str:
        """The unit in which effects on an outcome are told."""
        return "% of the baseline's" if outcome in self.relative else outcomes()[outcome].unit


@dataclass(frozen=True)
class Study:
    """A study as its file declares it, checked."""

    name: str
    title: str
    question: str
    kind: str
    arms: tuple[Arm, ...]
    """The baseline first."""
    factors: tuple[Factor, ...]
    """Without luck."""
    points: int
    """Worlds of a latin or pawn design, base points of a sobol one, trajectories of a morris one; 1 without factors."""
    replicates: int
    seed: int
    year: int
    outcomes: tuple[str, ...]
    """The first is the one by which policies are ranked."""
    precision: Precision | None = None
    goal: Goal | None = None
    worth: float | None = None
    """Rp million a year that one unit of the first outcome is worth; then policies are ranked by net benefit."""
    rows: tuple[Mapping[str, Value], ...] = ()
    """The worlds of a table."""
    crossing: Crossing | None = None
    """Of a crossed study, whose arms are the baseline and the policies under each condition in turn."""
    path: str = ""
    """The study's file, and its text."""
    text: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the command set over the file: texts of --set, and settings."""

    @property
    def lucky(self) -> bool:
        """Whether luck is a factor of the design."""
        return self.kind in SAMPLED

    @property
    def own_luck(self) -> bool:
        """Whether each world has replicates of its own, so that the means of worlds are independent.

        The ends of a tornado are set against its base, so they share its replicates.
        """
        return not self.lucky and self.kind != "tornado" and bool(self.factors or self.rows)

    @property
    def dimensions(self) -> tuple[Factor, ...]:
        """The factors, luck included where it is one."""
        return (*self.factors, LUCK_FACTOR) if self.lucky else self.factors

    @property
    def policies(self) -> tuple[Arm, ...]:
        """The arms but the baseline."""
        return self.arms[1:]

    @property
    def ranked_by(self) -> Outcome:
        """The outcome by which policies are ranked."""
        return outcomes()[self.outcomes[0]]

    @cached_property
    def worlds(self) -> list[World]:
        """The worlds, in the order in which they are lived."""
        return worlds_of(self)

    def jobs(self, replicates: int | None = None) -> list[tuple[int, int]]:
        """World and replicate of every job, so ordered that a study stopped early is balanced."""
        if self.lucky:
            return [(world.number, world.luck or 0) for world in self.worlds]
        upto = self.replicates if replicates is None else replicates
        return [
            (world.number, replicate << WORLD_BITS | world.number if self.own_luck else replicate)
            for replicate in range(upto)
            for world in self.worlds
        ]

    def scenario(self, arm: int, world: int) -> Scenario:
        """The scenario of an arm in a world. Raises InvalidInput when their values do not fit together."""
        values = dict(self.worlds[world].values)
        return self.arms[arm].scenario.with_(**values) if values else self.arms[arm].scenario

    def declares(self) -> dict[str, Any]:
        """What makes two studies one and the same but for their size: rows of the one may serve the other."""
        return {
            "kind": self.kind,
            "arms": [[arm.name, arm.scenario.digest(), arm.scenario.population_seed] for arm in self.arms],
            "factors": [[f.name, f.low, f.high, f.whole, list(f.choices)] for f in self.factors],
            "seed": self.seed,
            "year": self.year,
        }

    def digest(self) -> str:
        """Of all that determines a row of the results, given its world, replicate and arm."""
        text = json.dumps(self.declares(), sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


__all__ = ["KINDS", "LUCK", "NOW", "SAMPLED", "Arm", "Crossing", "Goal", "Precision", "Study", "World"]
