"""In which of the worlds that the evidence allows does outreach raise or lower what was observed, at two sites?

Every uncertainty is drawn from its range, the same for both sites, but for how full each site's desk is. The paper
saw IKM rise at one site and fall at the other while rejections fell at both; this counts how often each combination of
signs comes out of the model by itself, without a site shock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import qmc

from keliling.experiments.keep.run_cache import Kept
from keliling.experiments.plan.factors import of_parameter, uncertainties
from keliling.experiments.run.runner import Job, Plan, Progress, run_all
from keliling.sim.outcomes import outcomes
from keliling.sim.parameters import Value, register
from keliling.sim.scenario import Scenario

OF_SITE = of_parameter(register()["desk_load"])
"""What is drawn for each site apart."""


@dataclass(frozen=True)
class Signs:
    """Sign of the paired difference of each outcome at each site in each drawn world (-1, 0 or 1).

    ``refused`` says of each drawn world that cannot be why it cannot; ``worlds`` are the others.
    """

    outcomes: tuple[str, ...]
    sites: tuple[str, ...]
    worlds: list[dict[tuple[str, str], float]]
    refused: tuple[str, ...] = ()

    def shares(self) -> list[tuple[tuple[tuple[int, ...], ...], float]]:
        """Each combination of signs, site by site and outcome by outcome, with its share of worlds, common first."""
        found = Counter(
            tuple(tuple(_sign(world[site, name]) for name in self.outcomes) for site in self.sites)
            for world in self.worlds
        )
        return [(signs, count / len(self.worlds)) for signs, count in found.most_common()]


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def worlds(count: int, seed: int, sites: int, fixed: Sequence[str] = ()) -> list[list[dict[str, Value]]]:
    """Drawn worlds by a scrambled Sobol sequence, each as the values of every site but for those ``fixed``."""
    ranges = uncertainties(fixed=[OF_SITE.name, *fixed])
    points = qmc.Sobol(len(ranges) + sites, rng=seed).random(count)
    found = []
    for point in points.tolist():
        common = {factor.name: factor.at(share) for factor, share in zip(ranges, point, strict=False)}
        found.append([common | {OF_SITE.name: OF_SITE.at(share)} for share in point[len(ranges) :]])
    return found


def signs_of(
    pairs: Mapping[str, tuple[Scenario, Scenario]],
    watched: Sequence[str],
    *,
    draws: int,
    seed: int = 1,
    replicate: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
    kept: Kept | None = None,
) -> Signs:
    """Live both arms of every site in every drawn world, and take the sign of each paired difference in the last year.

    ``pairs`` gives the baseline and policy of each site; ``watched`` names outcomes. One replicate a world: luck is
    equal in both arms, and a world more tells more than a replicate more.
    """
    for name in watched:
        outcomes()[name]
    jobs: list[Job] = []
    owned = [name for pair in pairs.values() for arm in pair for name in arm.hypothesis.overrides]
    for of_sites in worlds(draws, seed, len(pairs), owned):
        for arms, values in zip(pairs.values(), of_sites, strict=True):
            jobs += [Job(arm.with_(**values), replicate, seed) for arm in arms]
    plan = Plan(jobs, kept, tolerant=True)
    run_all(plan, workers=workers, progress=progress)
    found: list[dict[tuple[str, str], float]] = []
    refused = []
    for world in range(draws):
        first = 2 * world * len(pairs)
        why = [str(plan.refusal(at)) for at in range(first, first + 2 * len(pairs)) if plan.refusal(at) is not None]
        if why:
            refused.append(why[0])
            continue
        differences: dict[tuple[str, str], float] = {}
        for place, site in enumerate(pairs):
            base, policy = (plan.run_of(first + 2 * place + arm).values() for arm in (0, 1))
            differences |= {(site, name): policy[name] - base[name] for name in watched}
        found.append(differences)
    return Signs(tuple(watched), tuple(pairs), found, tuple(refused))
