"""Trials inside the model: what is done to some open needs, against nothing done, with the same luck in every arm.

A published trial measures an effect among those whom it treats, within a window. So does this: the arms of a
replicate begin from one state and share every draw, the cohort is followed through the window, and an effect is the
difference in the share of the cohort that came to an outcome, in points. The *reference trial* (``reference``) is the
one whose effect on receiving a permit is an input of the model (``information_effect``, ``assistance_effect``;
Bendtsen's meta-analysis, E17): measured here it must come out as it was put in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from keliling.experiments.analysis.intervals import interval, mean
from keliling.experiments.run.executors import cores
from keliling.sim.cohort import (
    FOLLOWED,
    HELP,
    INFORMATION,
    NOTHING,
    Target,
    Treatment,
    assigned,
    followed,
    live_arm,
    open_needs,
)
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.parameters import permits, register
from keliling.sim.rules.motivation import skill_gained
from keliling.sim.scenario import Scenario

WINDOW = 63
"""Working days from the announcement through which a cohort is followed: a quarter."""
ALL = "all"
UNMOVED = {"tie_prompt": 0.0, "word_of_mouth": 0.0, "norm_speed": 0.0}
"""In a published trial a neighbour's success, words and example reach those who are treated and those who are not, so
the difference has none of it; here everybody is treated in one arm and nobody in the other."""
EVERY_OFFICER = int(register()["officers"].high)


@dataclass(frozen=True)
class Trial:
    """A trial in one scenario, from the morning of ``day`` on.

    ``share`` of the ``unit`` ("person" or "rw") is treated, by a draw that all arms share; the effect is that on the
    treated. ``skill`` is that of the visitors.
    """

    scenario: Scenario
    arms: tuple[Treatment, ...] = (INFORMATION, HELP)
    target: Target = field(default_factory=Target)
    day: int = 0
    window: int = WINDOW
    unit: str = "person"
    share: float = 1.0
    skill: float = 0.0


@dataclass(frozen=True)
class Estimate:
    """A mean over replicates and its 95% interval, in points."""

    mean: float
    interval: tuple[float, float]

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        """The estimate from one value a replicate."""
        return cls(mean(values), interval(values))


TrialShares = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By arm, permit (or ALL) and outcome: share of the treated, in per cent; and ``size``, how many they were."""


@dataclass(frozen=True)
class TrialResult:
    """What a trial found: the shares of every replicate."""

    trial: Trial
    seed: int
    replicates: Sequence[TrialShares]

    def level(self, arm: str, outcome: str, permit: str = ALL) -> Estimate:
        """Share of the treated that came to an outcome under an arm."""
        return Estimate.of([one[arm][permit][outcome] for one in self.replicates])

    def effect(self, arm: str, outcome: str, permit: str = ALL, against: str = NOTHING.name) -> Estimate:
        """Difference in that share between an arm and another, in points."""
        return Estimate.of([one[arm][permit][outcome] - one[against][permit][outcome] for one in self.replicates])

    def size(self, permit: str = ALL) -> float:
        """Mean number of needs treated."""
        return mean([one[NOTHING.name][permit]["size"] for one in self.replicates])


def reference(scenario: Scenario) -> Trial:
    """The reference trial of a scenario's world: everybody whose need is open at the start, one cycle in each RW.

    Levers are the register's (those of the office's profile where it has some), the desk has no queue, and visitors
    have the mean skill of trained co-producers. What neighbours hear and see of each other moves nobody (``UNMOVED``).
    """
    facts = {
        name: scenario.profile.values.get(name, parameter.default)
        for name, parameter in register().items()
        if parameter.kind == "lever"
    }
    changed = facts | UNMOVED | {"events_per_month": 0.0, "officers": EVERY_OFFICER, "desk_protected": True}
    world = scenario.with_(changes=(), warmup_years=0, years=1, **changed)
    p = world.values
    skill = skill_gained(p["skill_start"], p["skill_training"] * p["training_hours"])  # type: ignore[operator]
    return Trial(world, skill=float(skill))


def inputs(trial: Trial) -> dict[str, float]:
    """What the scenario puts in as the effect of each arm on being granted a permit, in points."""
    values = trial.scenario.values
    names = {INFORMATION.name: "information_effect", HELP.name: "assistance_effect"}
    return {arm.name: 100.0 * float(values[names[arm.name]]) for arm in trial.arms if arm.name in names}  # type: ignore[arg-type]


def measure(
    trial: Trial,
    replicates: int,
    *,
    seed: int = 1,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> TrialResult:
    """Live every arm, and one in which nothing is done, in each replicate. Raises InvalidInput, CheckFailed."""

    def one(replicate: int) -> TrialShares:
        found = _replicate(trial, seed, replicate)
        if progress is not None:
            progress((1 + len(trial.arms)) * (trial.day + trial.window))
        return found

    with ThreadPoolExecutor(workers or cores()) as pool:
        return TrialResult(trial, seed, list(pool.map(one, range(replicates))))


def _replicate(trial: Trial, seed: int, replicate: int) -> TrialShares:
    before = Simulation(trial.scenario, seed=seed, replicate=replicate)
    before.live(trial.day)
    start = before.snapshot()
    cohort = open_needs(before, trial.target)
    treated = assigned(before, cohort, trial.unit, trial.share)
    names = [permit.name for permit in permits()]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for arm in (NOTHING, *trial.arms):
        simulation = Simulation.resume(start)
        world = live_arm(simulation, cohort, treated, arm, trial.window, trial.skill)
        came_to = followed(world, cohort, trial.window)
        of_permit = {ALL: treated} | {
            name: treated[cohort.permit[treated] == number] for number, name in enumerate(names)
        }
        found[arm.name] = {
            name: {
                outcome: 100.0 * float(came_to[outcome][those].mean()) if those.size else float("nan")
                for outcome in FOLLOWED
            }
            | {"size": float(those.size)}
            for name, those in of_permit.items()
        }
    return found
