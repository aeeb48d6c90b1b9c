"""The ground of a run: population, who may need what, and solved constants. Built once, shared, read only."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from keliling.sim.channels import Floats, start_values
from keliling.sim.eligible import Eligible, eligible
from keliling.sim.equilibrium import Equilibrium, solve
from keliling.sim.errors import Infeasible
from keliling.sim.memory import Records, lined, room
from keliling.sim.parameters import Permit, Value, defaults, namespace, permits, register
from keliling.sim.population import PARAMETERS, Population, build
from keliling.sim.scenario import Scenario
from keliling.sim.state import Ints

# What compiled loops read of a resident, together in memory.
WHOLE_TRAITS = ("key", "rw", "rt", "age", "at_work", "internet", "decisive", "cadre", "household_head")
REAL_TRAITS = ("literacy", "efficacy", "free_hours", "knowledge", "trust")
TRAITS = lined([(name, np.int64) for name in WHOLE_TRAITS] + [(name, np.float64) for name in REAL_TRAITS])
TOTALS = ("all_trust", "all_knowledge", "all_expectation")


@dataclass(frozen=True)
class Ground:
    """What every run of a scenario shares, whatever its seed: built once, read only."""

    population: Population
    pairs: Eligible
    permits: tuple[Permit, ...]
    equilibrium: Equilibrium
    reference: SimpleNamespace
    """Values at reference levers."""
    supplies: dict[Any, Any] = field(default_factory=dict)
    """What ``sim.supply`` solved on this ground, by account of willingness."""

    @cached_property
    def traits(self) -> Records:
        """The residents' lasting traits as records."""
        found = room(self.population.key.size, TRAITS)
        for name in TRAITS.names or ():
            found[name] = getattr(self.population, name)
        found.setflags(write=False)
        return found

    @cached_property
    def values_at_start(self) -> Floats:
        """Worth of online, counter and broker for each pair on day 0, without tastes (see ``plain_values``)."""
        return start_values(self.population, self.pairs, self.reference, self.permits)

    @cached_property
    def holders(self) -> Ints:
        """Residents who may need each permit."""
        return np.bincount(self.pairs.permit, minlength=len(self.permits))

    @cached_property
    def totals(self) -> dict[str, float]:
        """Sums over adults at the start of what months' records tell of everybody."""
        return {name: float(getattr(self.population, name.removeprefix("all_")).sum()) for name in TOTALS}

    @cached_property
    def motives(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation among adults at the start of the three motives and self-efficacy, in [0, 1]."""
        columns = [getattr(self.population, name) for name in ("intrinsic", "social", "normative", "efficacy")]
        sd = np.array([one.std() for one in columns])
        return np.array([one.mean() for one in columns]), np.where(sd > 0.0, sd, 1.0)  # where nobody differs, by itself

    @cached_property
    def motive_thirds(self) -> tuple[Floats, ...]:
        """Where the lowest third of adults ends and the highest begins, of intrinsic, social, normative motivation."""
        names = ("intrinsic", "social", "normative")
        return tuple(np.quantile(getattr(self.population, name), (1 / 3, 2 / 3)) for name in names)

    @cached_property
    def literacy_thirds(self) -> tuple[float, float]:
        """Digital literacy at which the lowest third ends and the highest begins."""
        low, high = np.quantile(self.population.literacy, (1 / 3, 2 / 3)).tolist()
        return low, high


LEAST_OWN = 0.01  # of the variance of literacy, what neither age nor the RW explains
KEPT_GROUNDS = 2  # for the next run
KEPT_POPULATIONS = 4  # for the next ground
_populations: dict[str, Population] = {}
_grounds: dict[str, Ground] = {}
_building: dict[str, threading.Lock] = {}
_guard = threading.Lock()


def ground_key(scenario: Scenario) -> str:
    """Equal for scenarios that share a ground."""
    settled = {n: v for n, v in scenario.values.items() if register()[n].kind != "lever"}
    return json.dumps([scenario.profile.content(), scenario.population_seed, scenario.size, settled], sort_keys=True)


def ground(scenario: Scenario) -> Ground:
    """Population, eligible pairs and solved constants of a scenario.

    The last few are kept for the next run; threads that ask for the same one at once wait for one to build it.
    """
    known_by = ground_key(scenario)
    with _guard:
        lock = _building.setdefault(known_by, threading.Lock())
    with lock:
        found = _grounds.pop(known_by, None) or _build(scenario)
        with _guard:
            _grounds[known_by] = found
            while len(_grounds) > KEPT_GROUNDS:
                _building.pop(next(iter(_grounds)), None)
                _grounds.pop(next(iter(_grounds)))
    return found


def _build(scenario: Scenario) -> Ground:
    values = defaults() | dict(scenario.profile.values)
    values |= {n: v for n, v in scenario.values.items() if register()[n].kind != "lever"}
    # Digital literacy has a part of its variance from age, a part from the RW, and the rest from the person.
    explained = float(values["between_rws"]) + float(values["literacy_age"]) * float(values["literacy_age"])  # type: ignore[arg-type]
    if explained > 1.0 - LEAST_OWN:
        raise Infeasible(
            "between_rws: with what age explains of literacy (literacy_age), nothing is left to the person"
        )
    population = _population(scenario, values)
    pairs = eligible(population, permits(), scenario.population_seed, float(values["between_rws"]))  # type: ignore[arg-type]
    for part in pairs:
        part.setflags(write=False)
    size = population.rw_number.size / scenario.profile.n_rw
    solved = solve(population, pairs, namespace(values), permits(), scenario.population_seed, size)
    return Ground(population, pairs, permits(), solved, namespace(values))


def _population(scenario: Scenario, values: Mapping[str, Value]) -> Population:
    """The population of a scenario; the last few serve grounds that differ in other parameters alone."""
    parts = [scenario.profile.content(), scenario.population_seed, scenario.size, [values[n] for n in PARAMETERS]]
    known_by = json.dumps(parts, sort_keys=True)
    with _guard:
        found = _populations.pop(known_by, None)
    if found is None:
        found = build(scenario.profile, scenario.population_seed, values, scenario.size)
    with _guard:
        _populations[known_by] = found
        while len(_populations) > KEPT_POPULATIONS:
            _populations.pop(next(iter(_populations)))
    return found


def files_a_day(base: Ground) -> float:
    """Expected files of own initiative a working day in the district."""
    return float(base.holders @ np.array([one.known.files for one in base.equilibrium.balances]))
