"""The model is idiomatic Mesa: subclass, select, aggregate, collect, step."""

from __future__ import annotations

import gc
import weakref

import mesa
import numpy as np
import pytest

from keliling.sim.agents import CoProducer, PTSPOffice, Resident
from keliling.sim.errors import CheckFailed, InvalidInput
from keliling.sim.model import CoproductionModel
from keliling.sim.rules.choice import BROKER, EVENT
from keliling.sim.rules.serving import GRANTED, REJECTED
from keliling.sim.scenario import load
from keliling.sim.state import OPEN, UNASKED
from tests.fingerprint import fingerprint


@pytest.fixture(scope="module")
def model() -> CoproductionModel:
    model = CoproductionModel(load("kebon-jeruk-2019", size=0.03), checked=True)
    for _ in range(30):
        model.step()
    return model


def test_agents_are_mesa_agents_of_their_types(model: CoproductionModel) -> None:
    assert len(model.residents) == model.population.key.size
    assert len(model.neighbourhoods) == model.population.rw_head.size
    assert len(model.coproducers) == model.population.rw_head.size + model.population.rt_head.size
    assert model.steps == model.day == 30
    assert all(isinstance(agent, mesa.Agent) for agent in model.coproducers)


def test_agent_sets_select_and_aggregate(model: CoproductionModel) -> None:
    keen = model.residents.select(lambda r: r.intrinsic > 0.5)
    assert 0 < len(keen) < len(model.residents)
    assert model.residents.agg("literacy", np.mean) == pytest.approx(model.population.literacy.mean())
    assert min(keen.get("intrinsic")) > 0.5


def test_attributes_read_and_write_the_columns(model: CoproductionModel) -> None:
    resident = model.resident(7)
    before = resident.trust
    resident.trust = 0.25
    assert model.world.residents.trust[7] == 0.25
    assert model.world.residents.trust_day[7] == model.day
    assert resident.trust == 0.25
    resident.trust = before


def test_trust_fades_back_to_the_personal_constant(model: CoproductionModel) -> None:
    resident = model.resident(11)
    kept = model.world.residents.trust[11], model.world.residents.trust_day[11], model.day
    rest = model.population.trust.item(11)
    resident.trust = 1.0
    model.day += int(model.p.trust_half_life)
    assert resident.trust == pytest.approx((1.0 + rest) / 2.0)
    model.world.residents.trust[11], model.world.residents.trust_day[11], model.day = kept


def test_a_data_collector_reads_without_writing() -> None:
    def steps(collect: bool) -> dict[str, str]:
        model = CoproductionModel(load("kebon-jeruk-2019", size=0.02))
        collector = mesa.DataCollector(
            model_reporters={"trust": lambda m: m.residents.agg("trust", np.mean), "crowd": lambda m: m.office.crowd},
            agenttype_reporters={CoProducer: {"hours": "hours", "fatigue": "fatigue"}},
        )
        for _ in range(25):
            model.step()
            if collect:
                collector.collect(model)
        if collect:
            frame = collector.get_model_vars_dataframe()
            assert len(frame) == 25
            assert frame["trust"].between(0, 1).all()
        return fingerprint(model.world)

    assert steps(collect=True) == steps(collect=False)


def test_a_subclass_of_resident_changes_behaviour() -> None:
    class Independent(Resident):
        """A resident who never pays a broker."""

        def worth(self, need: int, channel: int) -> float:
            return -100.0 if channel == BROKER else super().worth(need, channel)

    scenario = load("kebon-jeruk-2018", size=0.03)
    channels = []
    for kind in (Resident, Independent):
        model = CoproductionModel(scenario, resident_class=kind, checked=True)
        for _ in range(120):
            model.step()
        used = model.world.counts.applications.item(0)
        assert used > 50
        channels.append(set(model.world.applications.channel[:used].tolist()))
    assert BROKER in channels[0]
    assert BROKER not in channels[1]


def test_close_releases_the_model() -> None:
    model = CoproductionModel(load("kebon-jeruk-2018", size=0.02))
    model.step()
    watched = weakref.ref(model.world.residents.trust)
    model.close()
    assert len(model.agents) == 0
    del model
    gc.collect()
    assert watched() is None


class Idle(PTSPOffice):
    """An office that decides nothing."""

    def decide(self, application: int, outcome: int) -> None:
        pass


def test_only_the_office_decides(programme: CoproductionModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every decision passes PTSPOffice.decide (P19), and every decided file was looked at by an officer."""
    a, used = programme.world.applications, programme.world.counts.applications.item(0)
    decided = np.isin(a.outcome[:used], (GRANTED, REJECTED))
    assert decided.sum() > 500
    assert (a.looked[:used][decided] >= 0).all()

    monkeypatch.delenv("KELILING_CHECKED")  # an undecided file breaks a law, as it should
    model = CoproductionModel(load("kebon-jeruk-weekly", size=0.03), office_class=Idle)
    for _ in range(60):
        model.step()
    used = model.world.counts.applications.item(0)
    assert used > 20
    assert (model.world.applications.decided[:used] < 0).sum() >= np.isin(
        model.world.applications.outcome[:used], (GRANTED, REJECTED)
    ).sum()


def test_events_serve_people_at_home_on_their_day(programme: CoproductionModel) -> None:
    a, used = programme.world.applications, programme.world.counts.applications.item(0)
    at_event = np.flatnonzero(a.channel[:used] == EVENT)
    assert at_event.size > 20
    e = programme.world.events
    assert (e.delivery_day[a.event[at_event]] == a.submitted[at_event]).all()
    assert (e.rw[a.event[at_event]] == programme.population.rw[a.resident[at_event]]).all()
    assert (e.served <= e.places).all()


def test_joining_is_by_invitation(programme: CoproductionModel) -> None:
    """Uninvited joining is rare (P9), and nobody co-produces who was never asked or recruited."""
    parts = programme.world.parts
    used = programme.world.counts.parts.item(0)
    assert used > 20
    joined = parts.joined[:used] == 1
    assert (parts.reason[:used][joined] == UNASKED).mean() < 0.05


def test_open_needs_are_held_by_those_who_may_need_them(model: CoproductionModel) -> None:
    needs = model.world.needs
    imb = [k for k, permit in enumerate(model.ground.permits) if permit.name == "imb"][0]
    open_imb = (needs.status == OPEN) & (needs.permit == imb)
    assert open_imb.any()
    assert (model.population.household_head[needs.resident[open_imb]] == 1).all()


def test_an_election_replaces_some_heads_by_residents_of_their_own_rt_or_rw(lived) -> None:  # type: ignore[no-untyped-def]
    before = lived(load("kebon-jeruk-weekly", size=0.1).with_(election_month=8), days=188)
    offices = [(c.role, c.row) for c in before.coproducers if c.role <= 1]
    active = {c.row for c in before.coproducers if c.active}
    before.step()
    assert before.world.tally.replaced.item(0) == 0  # a fresh month has begun
    replaced = int(before.records[-1]["replaced"])
    after = [(c.role, c.row) for c in before.coproducers if c.role <= 1]
    assert len(after) == len(offices)
    assert replaced == len(set(offices) - set(after)) > 0
    assert 0.1 < replaced / len(offices) < 0.5
    for role, row in set(offices) - set(after):
        assert before.coproducer(row).role == (2 if row in active else 3), role
    merits = [
        c.resident.intrinsic + c.resident.normative - c.resident.social for c in before.coproducers if c.role <= 1
    ]
    assert np.mean(merits) > 0.6


@pytest.mark.parametrize("numbers", [{"seed": -1}, {"seed": 2**32}, {"replicate": -1}, {"replicate": 2**32}])
def test_seeds_and_replicates_are_numbers_of_32_bits(numbers: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match="must be a whole number from 0 to 4294967295"):
        CoproductionModel(load("kebon-jeruk-2018", size=0.02), **numbers)


def test_a_broken_law_is_named_with_its_day(lived) -> None:  # type: ignore[no-untyped-def]
    model = lived("kebon-jeruk-2018", days=5)
    model.world.residents.trust[3] = 1.5
    with pytest.raises(CheckFailed, match=r"day 5: the law 'trust stays within 0 and 1' is broken, first at 3"):
        model.step()
