"""Designs: the worlds of a study. Each grows by adding worlds behind those it has, so that a study can be extended.

Sobol: the rows of Saltelli's scheme, base point by base point. Morris: trajectories on four levels, each drawn by a
key of its own. Latin: hypercubes of ``BLOCK`` worlds. PAWN: a scrambled Sobol sequence. Tornado: base, then each
factor's two ends. Designs are SALib's and SciPy's; shares of the way through a factor's range become its values here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from keliling.experiments.plan.factors import LUCK, LUCKS
from keliling.sim.parameters import Value

if TYPE_CHECKING:
    from keliling.experiments.plan.study import Study

LEVELS = 4
BLOCK = 32  # worlds of one latin hypercube

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """One point over the factors; ``luck`` is the replicate that it comes with, None when luck is no factor."""

    number: int
    values: Mapping[str, Value]
    luck: int | None = None


def worlds_of(study: Study) -> list[World]:
    """The worlds of a study, in the order in which they are lived."""
    if study.kind == "table" and study.rows:
        return [World(number, row) for number, row in enumerate(study.rows)]
    if not study.factors and not study.lucky:
        return [World(0, {})]
    if study.kind == "tornado":
        return _tornado(study)
    found = []
    for number, row in enumerate(shares_of(study).tolist()):
        values = {factor.name: factor.at(share) for factor, share in zip(study.dimensions, row, strict=True)}
        luck = values.pop(LUCK, None)
        found.append(World(number, values, None if luck is None else _luck(study, number, luck)))
    return found


def _luck(study: Study, number: int, level: Value) -> int:
    """The replicate of a world. The levels of a Morris design are few, so each trajectory has its own pair of them."""
    trajectory = _key(study.seed, number // (len(study.dimensions) + 1)) if study.kind == "morris" else 0
    return (int(level) + trajectory) % LUCKS  # type: ignore[arg-type]


def shares_of(study: Study) -> Shares:
    """The shares of the way through every dimension, one row a world, of a sampled design."""
    return {"sobol": _sobol, "morris": _morris, "pawn": _sequence}.get(study.kind, _latin)(
        len(study.dimensions), study.points, study.seed
    )


def _unit(dimensions: int) -> dict[str, Any]:
    return {"num_vars": dimensions, "names": [str(one) for one in range(dimensions)], "bounds": [[0, 1]] * dimensions}


def _sobol(dimensions: int, points: int, seed: int) -> Shares:
    from SALib.sample import sobol

    # SALib takes seed 0 for none at all, so seeds are shifted by one.
    return np.asarray(sobol.sample(_unit(dimensions), points, calc_second_order=False, seed=seed + 1))


def _morris(dimensions: int, points: int, seed: int) -> Shares:
    from SALib.sample import morris

    drawn = [
        morris.sample(_unit(dimensions), 1, num_levels=LEVELS, seed=_key(seed, number)) for number in range(points)
    ]
    return np.concatenate(drawn)


def _latin(dimensions: int, points: int, seed: int) -> Shares:
    from scipy.stats import qmc

    blocks = range(-(-points // BLOCK))
    drawn = [qmc.LatinHypercube(dimensions, rng=_key(seed, number)).random(BLOCK) for number in blocks]
    return np.concatenate(drawn)[:points]


def _sequence(dimensions: int, points: int, seed: int) -> Shares:
    from scipy.stats import qmc

    return qmc.Sobol(dimensions, rng=seed + 1).random_base2((points - 1).bit_length())[:points]


def _key(seed: int, number: int) -> int:
    """A seed for one part of a design, never zero."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0]) | 1


def _tornado(study: Study) -> list[World]:
    found = [World(0, {})]
    for factor in study.factors:
        for share in (0.0, 1.0):
            found.append(World(len(found), {factor.name: factor.at(share)}))
    return found
