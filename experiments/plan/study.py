"""A study: arms (a baseline and policies), design points (over what is uncertain) and replicates of luck.

One *job* is one replicate of one design point: its arms are lived together, under the same luck, and what they share of
the past is lived once. A *row* of the results is one arm of one job; it is known by what determines it (``Study.key``),
never by a place, so arms may come and go between the rounds of a study. Which jobs there are, in which rounds, is the
business of the study's kind (``experiments.kinds``); a study is data, and does not know what kinds there are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from keliling.experiments.plan.factors import LUCK_FACTOR, Factor
from keliling.experiments.plan.points import BASE, DesignPoint
from keliling.sim.errors import InvalidInput
from keliling.sim.outcomes import HIGHER, Outcome, outcomes
from keliling.sim.parameters import Value
from keliling.sim.scenario import Scenario

NOW = "now"
OUTCOMES, MONTHS, HISTORY = "outcomes", "months", "history"
"""What can be kept of a run: its outcomes in the study's year, with who was rejected and where; its monthly records;
all that it leaves behind."""
POINT_BITS = 20  # of the number of a replicate, where every design point has replicates of its own
MOST_OWN = 2 ** (32 - POINT_BITS)  # replicates that a design point can then have


@dataclass(frozen=True)
class Arm:
    """A baseline or policy: its name, its scenario, the levels of levers that its kind of study sets, and the name of
    the arm that it is compared with, its own for a baseline."""

    name: str
    title: str
    scenario: Scenario
    levels: Mapping[str, Value] = field(default_factory=dict)
    baseline: str = NOW

    @cached_property
    def digest(self) -> str:
        """Of its scenario."""
        return self.scenario.digest()

    def values_at(self, point: DesignPoint) -> dict[str, Value]:
        """What a design point sets in it."""
        return {**point.values, **point.own.get(self.baseline, {})}

    def at(self, point: DesignPoint) -> Scenario:
        """Its scenario at a design point. Raises InvalidInput when their values do not fit together."""
        values = self.values_at(point)
        return self.scenario.with_(**values) if values else self.scenario


@dataclass(frozen=True)
class Job:
    """One replicate of one design point: the arms that are lived together, under the same luck."""

    point: DesignPoint
    replicate: int
    arms: tuple[Arm, ...]


@dataclass(frozen=True)
class Round:
    """Jobs that are lived before a study is looked at again."""

    jobs: tuple[Job, ...]

    @property
    def runs(self) -> int:
        """How many runs it has at most: those that are finished before, or equal, are not lived again."""
        return sum(len(job.arms) for job in self.jobs)


def merged(rounds: Iterable[Round]) -> tuple[Job, ...]:
    """The jobs of all rounds, each once with all its arms, in the order of points and replicates."""
    arms: dict[str, Arm] = {}
    found: dict[tuple[int, int], tuple[DesignPoint, set[str]]] = {}
    for job in (job for one in rounds for job in one.jobs):
        arms |= {arm.name: arm for arm in job.arms if arm.name not in arms}
        found.setdefault((job.point.number, job.replicate), (job.point, set()))[1].update(arm.name for arm in job.arms)
    return tuple(
        Job(point, replicate, tuple(arm for name, arm in arms.items() if name in there))
        for (_, replicate), (point, there) in sorted(found.items(), key=lambda one: one[0])
    )


def unfinished(study: Study, rounds: Iterable[Round], finished: Iterable[str]) -> list[Job]:
    """What is left of rounds when the runs with these keys are there; equal ones are lived once."""
    known, left = set(finished), []
    for job in (job for one in rounds for job in one.jobs):
        arms = []
        for arm in job.arms:
            key = study.key(arm, job.point, job.replicate)
            if key not in known:
                known.add(key)
                arms.append(arm)
        if arms:
            left.append(replace(job, arms=tuple(arms)))
    return left


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
        return f"{outcome.title} {way} {outcome.text(self.bound)} {outcome.unit}"


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
    """As its kind counts them: design points, base points or trajectories; 1 without factors."""
    replicates: int
    seed: int
    year: int
    outcomes: tuple[str, ...]
    """The first is the one by which policies are ranked."""
    precision: Precision | None = None
    goal: Goal | None = None
    worth: float | None = None
    """Rp million a year that one unit of the first outcome is worth; then policies are ranked by net benefit."""
    design: tuple[DesignPoint, ...] = (BASE,)
    """In the order in which they are lived."""
    own_luck: bool = False
    """Whether each design point has replicates of its own, so that their means are independent."""
    details: Any = None
    """What its kind declares besides."""
    keeps: tuple[str, ...] = (OUTCOMES,)
    """What is kept of every run."""
    strict: bool = False
    """Whether a run that fails ends the study; otherwise it is a row without numbers."""
    path: str = ""
    """The study's file, and its text."""
    text: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the command set over the file: texts of --set, and settings."""

    @property
    def lucky(self) -> bool:
        """Whether luck is a factor: then every design point comes with its replicate."""
        return self.design[0].luck is not None

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

    def jobs(self, replicates: int | None = None) -> tuple[Job, ...]:
        """So many replicates of every design point, all arms; so ordered that a study stopped early is balanced."""
        if self.lucky:
            return tuple(Job(point, point.luck or 0, self.arms) for point in self.design)
        upto = self.replicates if replicates is None else replicates
        return tuple(
            Job(point, replicate << POINT_BITS | point.number if self.own_luck else replicate, self.arms)
            for replicate in range(upto)
            for point in self.design
        )

    def key(self, arm: Arm, point: DesignPoint, replicate: int) -> str:
        """What determines a row, digested: the scenario as it is at the design point, seed, replicate, what is kept."""
        scenario = arm.scenario
        resolved = [arm.digest, sorted(arm.values_at(point).items())]
        if "hypothesis" in point.values:  # which may be a file: its text counts, and not its name
            try:
                resolved = [arm.at(point).digest()]
            except InvalidInput as error:
                resolved = [str(error)]
        known_by = [*resolved, scenario.population_seed, self.seed, replicate, self.year, self.keeps]
        return hashlib.blake2b(json.dumps(known_by).encode(), digest_size=12).hexdigest()

    def declares(self) -> dict[str, Any]:
        """What makes two studies one and the same but for their size: rows of the one may serve the other."""
        return {
            "kind": self.kind,
            "arms": [[arm.name, arm.scenario.digest(), arm.scenario.population_seed] for arm in self.arms],
            "factors": [[f.name, f.low, f.high, f.whole, list(f.choices)] for f in self.factors],
            "seed": self.seed,
            "year": self.year,
            "keeps": list(self.keeps),
        }

    def digest(self) -> str:
        """Of all that determines a row of the results, given its design point, replicate and arm."""
        text = json.dumps(self.declares(), sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
