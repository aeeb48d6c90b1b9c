"""In which of the worlds that the evidence allows does outreach raise or lower what was observed, at one site or more?

The paper saw IKM rise at one site and fall at the other while rejections fell at both; this counts how often each
combination of signs comes out of the model by itself, without a site shock.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keliling.experiments.analysis.results import Results


@dataclass(frozen=True)
class Signs:
    """The paired difference of each outcome at each site, in each drawn world that can be, by its design point.

    ``refused`` is how many others were drawn, of which some run failed.
    """

    outcomes: Sequence[str]
    sites: Sequence[str]
    worlds: Mapping[int, Mapping[tuple[str, str], float]]
    refused: int = 0

    def shares(self) -> list[tuple[tuple[tuple[int | None, ...], ...], float]]:
        """Each combination of signs (-1, 0, 1, None of what is not defined), site by site and outcome by outcome, with
        its share of worlds, common first."""
        found = Counter(
            tuple(tuple(_sign(world[site, name]) for name in self.outcomes) for site in self.sites)
            for world in self.worlds.values()
        )
        return [(signs, count / len(self.worlds)) for signs, count in found.most_common()]


def _sign(value: float) -> int | None:
    return None if math.isnan(value) else (value > 0) - (value < 0)


def signs_of(results: Results) -> Signs:
    """Those of a study: its sites are its policies, each against its own baseline."""
    watched, sites = results.study.outcomes, results.policies
    differences = {(arm.name, name): results.difference(name, at) for at, arm in sites for name in watched}
    failed: NDArray[np.bool_] = np.any(np.isnan(results.values["applications"]), axis=0)
    worlds = {
        point: {key: float(values[job]) for key, values in differences.items()}
        for job, point in enumerate(results.point.tolist())
        if not failed[job]
    }
    return Signs(watched, [arm.name for _, arm in sites], worlds, int(failed.sum()))
