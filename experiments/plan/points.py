"""Design points: what a study sets of all that is uncertain. A design grows by adding points behind those it has, so
that a study can be extended.

Designs are SALib's and SciPy's, in shares of the way through each factor's range; the values are made here. Sobol:
the rows of Saltelli's scheme, base point by base point. Morris: trajectories on four levels, each by its own key.
Latin: hypercubes of ``BLOCK`` points. A sequence: scrambled Sobol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keliling.experiments.plan.factors import LUCK, Factor
from keliling.sim.parameters import Value

LEVELS = 4
BLOCK = 32  # points of one latin hypercube

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class DesignPoint:
    """One point over the factors. ``luck`` is the replicate that it comes with, None when luck is no factor; ``fair``
    says whether it belongs to a fair sample of the factors, over which there are means and chances; ``own`` holds, by
    the name of a baseline, what is set in that and in the arms that are compared with it alone."""

    number: int
    values: Mapping[str, Value]
    luck: int | None = None
    fair: bool = True
    own: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Value]:
        """All its values by the name that each has in a table."""
        own = {f"{name}, {arm}": value for arm, values in self.own.items() for name, value in values.items()}
        return {**self.values, **own}


BASE = DesignPoint(0, {})
"""The only point of a study that leaves everything at base."""


def at(dimensions: Sequence[Factor], shares: Shares) -> list[DesignPoint]:
    """The points at these shares (points x dimensions) of the way through every dimension."""
    found = []
    for number, row in enumerate(shares.tolist()):
        values = {factor.name: factor.at(share) for factor, share in zip(dimensions, row, strict=True)}
        luck = values.pop(LUCK, None)
        found.append(DesignPoint(number, values, None if luck is None else int(luck)))  # type: ignore[arg-type]
    return found


def sobol(dimensions: int, points: int, seed: int) -> Shares:
    """Saltelli's scheme: of each of so many base points one row for each dimension, and two more."""
    from SALib.sample import sobol

    # SALib takes seed 0 for none at all, so seeds are shifted by one.
    return np.asarray(sobol.sample(_unit(dimensions), points, calc_second_order=False, seed=seed + 1))


def morris(dimensions: int, points: int, seed: int) -> Shares:
    """So many trajectories, each of one row more than there are dimensions."""
    from SALib.sample import morris

    drawn = [
        morris.sample(_unit(dimensions), 1, num_levels=LEVELS, seed=key_of(seed, number)) for number in range(points)
    ]
    return np.concatenate(drawn)


def latin(dimensions: int, points: int, seed: int) -> Shares:
    """Latin hypercubes, one behind the other."""
    from scipy.stats import qmc

    blocks = range(-(-points // BLOCK))
    drawn = [qmc.LatinHypercube(dimensions, rng=key_of(seed, number)).random(BLOCK) for number in blocks]
    return np.concatenate(drawn)[:points]


def sequence(dimensions: int, points: int, seed: int) -> Shares:
    """The first points of a scrambled Sobol sequence."""
    from scipy.stats import qmc

    return qmc.Sobol(dimensions, rng=seed + 1).random_base2((points - 1).bit_length())[:points]


def key_of(seed: int, number: int) -> int:
    """A seed for one part of a design, never zero."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0]) | 1


def _unit(dimensions: int) -> dict[str, Any]:
    return {"num_vars": dimensions, "names": [str(one) for one in range(dimensions)], "bounds": [[0, 1]] * dimensions}
