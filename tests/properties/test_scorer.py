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

from keliling.experiments.analysis.comparison import Comparison
from keliling.experiments.analysis.ensemble import Ensemble
from keliling.sim.history import History
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.model import CoproductionModel
from keliling.sim.outcomes import outcomes, totals_of
from keliling.sim.parameters import permits
from keliling.sim.rules.choice import BROKER, EVENT
from keliling.sim.rules.outreach import CANCELLED, HELD
from keliling.sim.rules.serving import GRANTED, REJECTED, RETURNED, WITHDRAWN
from keliling.sim.run import Run, run_of
from keliling.sim.scenario import Scenario, load
from keliling.sim.state import AS_HEAD, UNASKED, World

pytestmark = pytest.mark.usefixtures("unchecked")

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


# -- co-producers, cost and value


@pytest.fixture(scope="module")
def paid() -> Simulation:
    """Three years of many events, paid, with help between events and at a full desk."""
    simulation = Simulation(load("kebon-jeruk-2018", size=0.05, set_=["years=2"]).with_(
        events_per_month=8.0, pay=50.0, standing_hours=1.0, online_failure=0.4, officers=7, event_capacity=3
    ))  # fmt: skip
    simulation.live()
    return simulation


def summed(simulation: Simulation, quantity: str, first: int = 0, months: int = 36) -> float:
    return float(sum(month[quantity] for month in simulation.records[first : first + months]))


def test_joining_and_hours_are_those_of_the_rows(paid: Simulation) -> None:
    """Everybody who was asked is a row, as the list of invitations is; hours are a person's and the events' alike."""
    world = paid.world
    e, parts = world.events, world.parts
    events, used = world.counts.events.item(0), world.counts.parts.item(0)
    designed = e.joined[:events] > 0
    of_event = np.bincount(parts.event[:used], parts.joined[:used], minlength=events)
    assert np.array_equal(of_event, e.joined[:events])
    assert summed(paid, "joined") == e.joined[:events][e.design_day[:events] < paid.day].sum()
    assert summed(paid, "invited") == e.invited[:events][e.design_day[:events] < paid.day].sum()
    invitations = paid.history.invitations
    assert invitations.joined.sum() == parts.joined[:used].sum()
    assert designed.sum() > 10
    values = paid.scenario.values
    over = (e.ending[:events] == HELD)[parts.event[:used]] & (parts.joined[:used] == 1)
    each = parts.hours[:used] + values["event_hours"] + e.met[parts.event[:used]] * values["meeting_hours"]
    at_events = each[over].sum()
    assert summed(paid, "coproducer_hours") == pytest.approx(at_events + summed(paid, "standing_hours"), rel=1e-12)
    people = world.counts.coproducers.item(0)
    assert world.coproducers.hours[:people].sum() == pytest.approx(summed(paid, "coproducer_hours"), rel=1e-12)
    assert summed(paid, "paid") == pytest.approx(50.0 * summed(paid, "coproducer_hours") / 1000.0, rel=1e-12)
    assert summed(paid, "coproducer_worth") == pytest.approx(0.025 * summed(paid, "coproducer_hours"), rel=1e-12)


def test_cost_is_that_of_the_rows_and_its_parts_add_up(paid: Simulation) -> None:
    world, values = paid.world, paid.scenario.values
    e, events = world.events, world.counts.events.item(0)
    took_place = (e.delivery_day[:events] < paid.day) & (e.joined[:events] > 0) & (e.ending[:events] != CANCELLED)
    away = e.officers[:events][took_place].sum() * (values["event_hours"] + values["travel_hours"])
    people = world.counts.coproducers.item(0)
    trained = world.coproducers.trained[:people].sum()
    assert summed(paid, "cost.events") == pytest.approx(values["event_cost"] * took_place.sum(), rel=1e-12)
    assert summed(paid, "cost.officers") == pytest.approx(values["officer_cost"] * away, rel=1e-12)
    training = values["training_hours"] * values["training_cost"] * trained
    assert summed(paid, "cost.training") == pytest.approx(training, rel=1e-12)
    parts = ("cost.officers", "cost.events", "cost.training", "paid")
    assert summed(paid, "cost") == pytest.approx(sum(summed(paid, part) for part in parts), rel=1e-12)
    year = totals_of(paid.records[12:24])
    of_year = {name: outcomes()[name].of(year) for name in outcomes()}
    shown = ("cost_officers", "cost_events", "cost_training", "cost_pay")
    assert of_year["cost"] == pytest.approx(sum(of_year[part] for part in shown), rel=1e-12)
    desk = YEAR * 7 * 0.05714 * values["open_hours"] * values["officer_cost"]
    assert of_year["desk_cost"] == pytest.approx(desk, rel=1e-3)


def test_applicants_hours_are_those_of_the_rows(paid: Simulation) -> None:
    """Filing by channel; coming back as filed, or after an event to the counter; places missed at events; and attempts
    in vain, of which those before a file are in its row, and those after which nobody filed are not."""
    a, used, p = paid.world.applications, paid.world.counts.applications.item(0), paid.scenario.values
    hours = np.array([0.0, p["online_hours"], p["counter_hours"], p["broker_hours"], p["event_visit_hours"]])
    back = hours.copy()
    back[EVENT] = p["counter_hours"]
    channel, returns = a.channel[:used], a.returns[:used]
    out = (a.outcome[:used] == WITHDRAWN) | (a.outcome[:used] == RETURNED)  # returned, and not come back
    came = returns - out
    returned = float((came * back[channel]).sum())
    assert summed(paid, "return_hours") == pytest.approx(returned, rel=1e-12)
    e, events = paid.world.events, paid.world.counts.events.item(0)
    missed = p["event_visit_hours"] * e.turned_away[:events].sum()
    assert missed > 0.0
    lost, least = summed(paid, "lost_hours"), missed + p["online_hours"] * a.failures[:used].sum()
    assert least <= lost <= missed + p["counter_hours"] * summed(paid, "failed_attempts")
    total = float(hours[channel].sum()) + returned + lost
    assert summed(paid, "resident_hours") == pytest.approx(total, rel=1e-12)
    fees = summed(paid, "fees") + summed(paid, "broker_fees")
    assert summed(paid, "private_cost") == pytest.approx(p["resident_hour"] * total + fees, rel=1e-12)
    brokered = np.array([p[f"{one.name}_broker_fee"] for one in permits()])[a.permit[:used][channel == BROKER]]
    assert summed(paid, "broker_fees") == pytest.approx(brokered.sum(), rel=1e-12)


def test_joining_by_thirds_of_motives_is_that_of_the_list_of_invitations(paid: Simulation) -> None:
    """Residents who were asked, heads and those who came unasked left out; the three thirds are all of them."""
    one = paid.history.invitations
    mine = (one.reason > AS_HEAD) & (one.reason != UNASKED) & (one.day < paid.day)
    assert mine.sum() > 20
    for motive in ("intrinsic", "social", "normative"):
        third = getattr(one, motive)[mine]
        for at, name in enumerate(("low", "middle", "high")):
            assert summed(paid, f"asked.{motive}.{name}") == (third == at).sum()
            assert summed(paid, f"joined.{motive}.{name}") == one.joined[mine][third == at].sum()
    year = totals_of(paid.records[12:24])
    gap = year["joined.social.high"] / year["asked.social.high"] - year["joined.social.low"] / year["asked.social.low"]
    assert outcomes()["join_gap_social"].of(year) == pytest.approx(100.0 * gap)
