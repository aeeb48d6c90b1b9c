"""An independent scorer: outcomes recomputed from the raw rows of a finished run, by their definitions alone.

It reads the applications of the last state with plain NumPy and shares no code with ``sim.records`` or
``sim.outcomes``; what it finds must be what a run, in either engine, and a comparison report, to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.comparison import Comparison
from experiments.ensemble import Ensemble
from sim.history import History
from sim.kernels.simulation import Simulation
from sim.model import CoproductionModel
from sim.parameters import permits
from sim.rules.choice import BROKER, EVENT
from sim.rules.serving import GRANTED, REJECTED, WITHDRAWN
from sim.run import Run, run_of
from sim.scenario import Scenario, load
from sim.state import World

MONTH, YEAR, QUARTER = 21, 252, 63  # working days
CASES = {
    "programme": load("kebon-jeruk-2019", size=0.05, set_=["events_per_month=4"]),
    "crowded": load("kebon-jeruk-crowded-2019", size=0.04, set_=["officers=3", "events_per_month=6"]),
    "grogol": load("grogol-petamburan-2019", size=0.05, set_=["online_failure=0.5", "document_error=0.08"]),
    "stopped": load("kebon-jeruk-weekly-stopped", size=0.04, set_=["years=3"]),
}
Column = NDArray[np.int64]


@dataclass(frozen=True)
class Raw:
    """The raw rows of a run that has ended."""

    permit: Column
    submitted: Column
    decided: Column  # -1 while open
    end: Column
    complete: Column
    returns: Column
    failures: Column
    channel: Column
    helped: Column
    rw: Column
    key: list[tuple[int, int, int, int]]  # resident, permit, n-th need, n-th application

    def of_year(self, day: Column, first: int) -> NDArray[np.bool_]:
        """Which rows have a day within the year that begins on ``first``."""
        return (day >= first) & (day < first + YEAR)


def raw_of(world: World, rw_of: Column) -> Raw:
    """The columns of the applications in use, copied."""
    a, used = world.applications, int(world.counts.applications[0])
    names = ("permit", "submitted", "decided", "outcome", "complete", "returns", "failures", "channel")
    columns = [getattr(a, name)[:used].copy() for name in names]
    helped = (a.skill[:used] > 0.0).astype(np.int64)
    people = a.resident[:used]
    key = list(zip(*(c[:used].tolist() for c in (a.resident, a.permit, a.ordinal, a.attempt)), strict=True))
    assert len(set(key)) == used
    return Raw(*columns, helped, rw_of[people].copy(), key)


@cache
def lived(name: str, engine: str) -> tuple[Run, Raw]:
    """A case lived to its end in one engine: what it reports, and its raw rows."""
    return _lived(CASES[name], engine)


def _lived(scenario: Scenario, engine: str, replicate: int = 1) -> tuple[Run, Raw]:
    left: History
    if engine == "kernel":
        simulation = Simulation(scenario, seed=7, replicate=replicate)
        simulation.live()
        raw, left = raw_of(simulation.world, simulation.ground.population.rw), simulation.history
    else:
        model = CoproductionModel(scenario, seed=7, replicate=replicate)
        model.run()
        raw, left = raw_of(model.world, model.population.rw), model.history
        model.close()
    return run_of(scenario, 7, replicate, engine, [left]), raw


def share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
    """Rows of ``part`` among those of ``whole``, per cent."""
    assert not (part & ~whole).any()
    return 100.0 * (int(part.sum()) / int(whole.sum())) if whole.any() else math.nan


def scored(scenario: Scenario, raw: Raw, first: int) -> dict[str, float]:
    """The outcomes of the year that begins on day ``first``."""
    filed, ended = raw.of_year(raw.submitted, first), raw.of_year(raw.decided, first)
    rejected, withdrawn, granted = (raw.end == code for code in (REJECTED, WITHDRAWN, GRANTED))
    over = rejected | withdrawn | granted  # by the end of the run
    assert ((raw.decided >= 0) == over).all()
    decided = ended & ~withdrawn
    statutory = np.array([scenario.values[f"{one.name}_statutory_days"] for one in permits()])[raw.permit]

    def open_on(day: int) -> int:
        """Open in the morning of a day."""
        return int(((raw.submitted < day) & (~over | (raw.decided >= day))).sum())

    return {
        "rejected_share": share(decided & rejected, decided),
        "rejected_share_cohort": share(filed & rejected, filed & (rejected | granted)),
        "not_granted_share": share(ended & (rejected | withdrawn), ended),
        "not_granted_share_cohort": share(filed & (rejected | withdrawn), filed & over),
        "delayed_share": share(decided & ((raw.returns > 0) | (raw.failures > 0)), decided),
        "late_share": share(decided & (raw.decided - raw.complete > statutory), decided),
        "applications": int(filed.sum()),
        "granted": int((ended & granted).sum()),
        "rejected_number": int((ended & rejected).sum()),
        "withdrawn": int((ended & withdrawn).sum()),
        "still_open": open_on(first + YEAR) - open_on(first),
        "cohort_open": int((filed & ~over).sum()),
    }


def defined(values: dict[str, float]) -> dict[str, float | None]:
    """The same, with None for what is not defined."""
    return {name: None if math.isnan(value) else value for name, value in values.items()}


@pytest.mark.parametrize("engine", ["kernel", "agents"])
@pytest.mark.parametrize("name", CASES)
def test_what_a_run_reports_is_what_its_rows_say(name: str, engine: str) -> None:
    run, raw = lived(name, engine)
    scenario = CASES[name]
    for year in range(scenario.first_year, scenario.first_year + scenario.years):
        first = (scenario.warmup_years + year - scenario.first_year) * YEAR
        found, reported = scored(scenario, raw, first), run.values(year)
        assert defined(found) == defined({one: reported[one] for one in found})
        ends = ("granted", "rejected_number", "withdrawn", "still_open")
        assert reported["applications"] == sum(reported[one] for one in ends)


def test_the_cases_put_the_scorer_to_the_test() -> None:
    """Late, delayed, withdrawn and still open files are there, and shares by year filed and decided differ."""
    values = {name: lived(name, "kernel")[0].values() for name in CASES}
    assert values["crowded"]["late_share"] > 5.0
    assert values["grogol"]["delayed_share"] > 30.0
    for one in values.values():
        assert one["rejected_share"] != one["rejected_share_cohort"]
        assert one["not_granted_share"] != one["not_granted_share_cohort"]
        assert min(one["withdrawn"], one["cohort_open"], abs(one["still_open"])) > 0


@pytest.mark.parametrize("engine", ["kernel", "agents"])
@pytest.mark.parametrize("name", CASES)
def test_counts_by_rw_and_month_are_those_of_the_rows(name: str, engine: str) -> None:
    run, raw = lived(name, engine)
    (left,) = run.districts
    decided = (raw.end == GRANTED) | (raw.end == REJECTED)
    every = np.ones(raw.end.size, bool)
    counted = (
        ("filed", raw.submitted, every),
        ("decided", raw.decided, decided),
        ("rejected", raw.decided, raw.end == REJECTED),
        ("returned", raw.decided, decided & (raw.returns > 0)),
        ("by_broker", raw.submitted, raw.channel == BROKER),
        ("helped", raw.submitted, raw.helped == 1),
    )
    months, rws = CASES[name].months, left.rws.size
    for at, (what, day, chosen) in enumerate(counted):
        expected = np.zeros((months, rws), np.int64)
        np.add.at(expected, (day[chosen] // MONTH, raw.rw[chosen]), 1)
        assert np.array_equal(left.by_rw[:, :, at], expected), what
        assert expected.sum() > 0 or what == "helped"
        assert left.of_rws(12, 12)[what] == expected[12:24].sum(axis=0).tolist()
    assert left.by_rw[:, :, 5].sum() > 0 or name != "stopped"


@pytest.mark.parametrize("engine", ["kernel", "agents"])
def test_displacement_of_a_pair_is_what_the_rows_of_both_arms_say(engine: str) -> None:
    base = load("kebon-jeruk-2018", size=0.05, set_=["years=3"])
    policy = load("kebon-jeruk-weekly", size=0.05, set_=["years=3"])
    arms = [[_lived(one, engine, replicate) for replicate in (0, 1)] for one in (base, policy)]
    ensembles = [
        Ensemble(one, tuple(run for run, _ in runs), one.name) for one, runs in zip((base, policy), arms, strict=True)
    ]
    for year, last in ((2019, 3 * YEAR), (2020, 4 * YEAR - QUARTER)):
        first = (year - 2017) * YEAR
        filed = anyway = 0
        for (_, mine), (_, theirs) in zip(arms[1], arms[0], strict=True):
            other = dict(zip(theirs.key, theirs.submitted.tolist(), strict=True))
            for key, day, channel in zip(mine.key, mine.submitted.tolist(), mine.channel.tolist(), strict=True):
                if channel == EVENT and first <= day < last:
                    filed += 1
                    anyway += key in other and other[key] <= day + QUARTER
        assert 0 < anyway < filed
        found = Comparison(ensembles[0], ensembles[1:], year).table["kebon-jeruk-weekly"]["displaced_paired"]
        assert found.difference == pytest.approx(100.0 * anyway / filed, rel=1e-12)
