"""Laws between runs, exact thanks to keyed draws: what must not change does not change by a single bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from keliling.sim import ground as grounds
from keliling.sim.eligible import eligible
from keliling.sim.ground import Ground
from keliling.sim.model import CoproductionModel
from keliling.sim.population import Population, members_by
from keliling.sim.run import run
from keliling.sim.scenario import load
from tests.fingerprint import fingerprint

Lived = Callable[..., CoproductionModel]


def test_a_programme_of_no_events_is_no_programme(lived: Lived) -> None:
    plain = load("kebon-jeruk-no-outreach", size=0.03)
    dressed = plain.with_(
        pay=100.0,
        thanks=False,
        training_hours=20.0,
        publicity=1.0,
        officers_per_event=4,
        coproducers_sought=30,
        targeting="need",
        meeting_share=1.0,
    )
    assert dressed.digest() != plain.digest()
    assert fingerprint(lived(plain, days=300).world) == fingerprint(lived(dressed, days=300).world)


def test_a_change_on_a_day_leaves_all_before_it_identical(lived: Lived) -> None:
    before = load("kebon-jeruk-2018", size=0.03, set_=["events_per_month=2"])
    changed = before.with_change(100, events_per_month=8.0, officers=3, brokers=False)
    assert fingerprint(lived(before, days=100).world) == fingerprint(lived(changed, days=100).world)
    assert fingerprint(lived(before, days=101).world) != fingerprint(lived(changed, days=101).world)


def test_a_district_inside_the_province_is_the_district_alone() -> None:
    inside = load("dki-jakarta-2019", size=0.02).for_district("kebon-jeruk")
    alone = load("kebon-jeruk-2019", size=0.02)
    assert inside.digest() == alone.digest()
    assert run(inside, seed=5, replicate=2).records == run(alone, seed=5, replicate=2).records


def test_districts_do_not_share_luck() -> None:
    """Two districts of one seed draw differently: the district's code is part of every key."""
    kebon, grogol = load("kebon-jeruk-2018", size=0.02), load("grogol-petamburan-2018", size=0.02)
    one, other = CoproductionModel(kebon), CoproductionModel(grogol)
    n = min(one.population.key.size, other.population.key.size)
    assert not np.intersect1d(one.population.key, other.population.key).size
    assert abs(np.corrcoef(one.population.trust[:n], other.population.trust[:n])[0, 1]) < 6 / np.sqrt(n)


def test_a_replicate_alone_is_that_replicate_among_many() -> None:
    scenario = load("kebon-jeruk-2018", size=0.02, years=1, set_=["events_per_month=8"])
    many = [run(scenario, replicate=replicate).records for replicate in range(4)]
    assert run(scenario, replicate=3).records == many[3]
    assert many[2] != many[3]


def test_seed_zero_is_a_seed() -> None:
    scenario = load("kebon-jeruk-2018", size=0.02, years=1)
    assert run(scenario, seed=0).records == run(scenario, seed=0).records
    assert run(scenario, seed=0).records != run(scenario, seed=1).records


def test_the_seed_leaves_the_population_alone_and_the_population_seed_changes_it() -> None:
    scenario = load("kebon-jeruk-2018", size=0.02)
    one = CoproductionModel(scenario, seed=1).population
    assert CoproductionModel(scenario, seed=2).population is one
    other = CoproductionModel(scenario.with_(population_seed=2), seed=1).population
    assert not np.array_equal(other.literacy[:1000], one.literacy[:1000])


def permuted(base: Ground, order: np.ndarray) -> Ground:
    """The same residents in other rows: ``order[new]`` is the old row."""
    p = base.population
    new_row = np.argsort(order)
    columns = {}
    for name, column in p._asdict().items():
        columns[name] = column[order] if column.shape == p.key.shape and "members" not in name else column
    ties = [np.sort(new_row[p.ties[p.tie_start[old] : p.tie_start[old + 1]]]) for old in order]
    columns["tie_start"] = np.concatenate([[0], np.cumsum([t.size for t in ties])])
    columns["ties"] = np.concatenate(ties)
    columns["rt_head"], columns["rw_head"] = new_row[p.rt_head], new_row[p.rw_head]
    columns["rw_start"], columns["rw_members"] = members_by(columns["rw"], p.rw_head.size, columns["key"])
    columns["rt_start"], columns["rt_members"] = members_by(columns["rt"], p.rt_head.size, columns["key"])
    population = Population(**columns)
    return replace(base, population=population, pairs=eligible(population, base.permits, 1, base.reference.between_rws))


def test_permuting_residents_permutes_results(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load("kebon-jeruk-weekly", size=0.05, set_=["events_per_month=8", "event_capacity=5", "officers=3"])
    straight = lived(scenario, days=530)
    assert straight.world.counts.events[0] > 5
    base = grounds.ground(scenario)
    order = np.random.default_rng(4).permutation(base.population.key.size)
    monkeypatch.setattr(grounds, "ground", lambda _: permuted(base, order))
    shuffled = lived(scenario, days=530)
    for table in ("residents", "motives"):
        for name, column in getattr(straight.world, table)._asdict().items():
            if name != "coproducer":
                assert np.array_equal(getattr(getattr(shuffled.world, table), name), column[order]), name
    by_key = [np.argsort(model.world.needs.key) for model in (straight, shuffled)]
    for name in straight.world.needs._fields:
        if name in ("resident", "after", "before"):  # these name rows
            continue
        one, other = (
            getattr(model.world.needs, name)[rows] for model, rows in zip((straight, shuffled), by_key, strict=True)
        )
        assert np.array_equal(one, other), name
    for name in ("joined", "visits", "served", "turned_away", "attendance", "skill"):
        assert np.array_equal(getattr(straight.world.events, name), getattr(shuffled.world.events, name)), name
    for name in ("permit", "channel", "defects", "submitted", "decided", "outcome", "answers"):
        one, other = getattr(straight.world.applications, name), getattr(shuffled.world.applications, name)
        assert np.array_equal(one, other), name


def test_the_program_is_felt_where_it_goes(lived: Lived) -> None:
    """The guard of the identities above: with events, far more than nothing differs."""
    scenario = load("kebon-jeruk-no-outreach", size=0.05)
    quiet, busy = lived(scenario, days=200), lived(scenario.with_(events_per_month=8.0), days=200)
    different = [name for name, digest in fingerprint(quiet.world).items() if digest != fingerprint(busy.world)[name]]
    assert len(different) > 30
