"""In which of the worlds that the evidence allows does outreach raise or lower what was observed, at two sites?

Every uncertainty is drawn from its range, the same for both sites, and so is each site's number of officers. The paper
saw IKM rise at one site and fall at the other while rejections fell at both; this counts how often each combination
of signs comes out of the model by itself, without a site shock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import qmc

from experiments.factors import uncertainties
from experiments.kept import Kept
from experiments.runner import Job, Progress, run_all
from sim.outcomes import outcomes
from sim.parameters import Value
from sim.scenario import Scenario

OFFICERS = (3, 8)  # per district office; S26, S27


@dataclass(frozen=True)
class Signs:
    """Sign of the paired difference of each outcome at each site in each drawn world (-1, 0 or 1)."""

    outcomes: tuple[str, ...]
    sites: tuple[str, ...]
    worlds: list[dict[tuple[str, str], float]]

    def shares(self) -> list[tuple[tuple[tuple[int, ...], ...], float]]:
        """Each combination of signs, site by site and outcome by outcome, with its share of worlds, common first."""
        found = Counter(
            tuple(tuple(_sign(world[site, name]) for name in self.outcomes) for site in self.sites)
            for world in self.worlds
        )
        return [(signs, count / len(self.worlds)) for signs, count in found.most_common()]


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def worlds(count: int, seed: int, sites: int) -> list[tuple[dict[str, Value], list[int]]]:
    """Drawn worlds by a scrambled Sobol sequence: values common to the sites, and officers of each site."""
    ranges = uncertainties()
    points = qmc.Sobol(len(ranges) + sites, rng=seed).random(count)
    few, many = OFFICERS
    return [
        (
            {factor.name: factor.at(share) for factor, share in zip(ranges, point, strict=False)},
            [min(int(few + share * (many - few + 1)), many) for share in point[len(ranges) :]],
        )
        for point in points.tolist()
    ]


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
    for values, officers in worlds(draws, seed, len(pairs)):
        for arms, staff in zip(pairs.values(), officers, strict=True):
            jobs += [Job(arm.with_(**values, officers=staff), replicate, seed) for arm in arms]
    runs = run_all(jobs, workers=workers, progress=progress, kept=kept)
    found: list[dict[tuple[str, str], float]] = []
    for world in range(draws):
        differences: dict[tuple[str, str], float] = {}
        for place, site in enumerate(pairs):
            first = 2 * (world * len(pairs) + place)
            base, policy = runs[first].values(), runs[first + 1].values()
            differences |= {(site, name): policy[name] - base[name] for name in watched}
        found.append(differences)
    return Signs(tuple(watched), tuple(pairs), found)
