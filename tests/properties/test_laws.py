"""The laws of the model hold on every day of runs drawn from all levers and uncertainties; tampering is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from keliling.sim.errors import CheckFailed, Infeasible
from keliling.sim.model import CoproductionModel
from keliling.sim.outcomes import outcomes, totals_of
from keliling.sim.parameters import Parameter, register
from keliling.sim.scenario import load

LEFT_OUT = {"target_list", "targeting", "survey_n", "election_month"}  # bound to the district or to each other


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    if parameter.type == "switch":
        return st.booleans()
    if parameter.type == "choice":
        return st.sampled_from(parameter.choices)
    if parameter.type == "whole number":
        return st.integers(int(parameter.low), int(parameter.high))
    return st.floats(parameter.low, parameter.high)


@st.composite
def some_values(draw: st.DrawFn) -> dict[str, Any]:
    names = sorted(set(register()) - LEFT_OUT)
    chosen = draw(st.lists(st.sampled_from(names), min_size=3, max_size=25, unique=True))
    values = {name: draw(values_of(register()[name])) for name in chosen}
    values.setdefault("events_per_month", 8.0)
    values.setdefault("desk_protected", True)
    values["least_joined"] = min(values.get("least_joined", 2), values.get("coproducers_sought", 12))
    values["targeting"] = draw(st.sampled_from(["rotation", "random", "need", "rejections", "least_reached"]))
    return values


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=some_values(), seed=st.integers(0, 2**32 - 1))
def test_laws_hold_whatever_the_scenario(values: dict[str, Any], seed: int) -> None:
    if values["desk_protected"] is False:
        values["officers_per_event"] = min(values.get("officers_per_event", 2), values.get("officers", 8))
    scenario = load("kebon-jeruk-2018", size=0.015, years=1).with_(**values, election_month=4)
    try:
        model = CoproductionModel(scenario, seed=seed, checked=True)
    except Infeasible:  # some drawn worlds cannot be
        reject()
    for _ in range(150):
        model.step()
    totals = totals_of(model.records)
    for name, outcome in outcomes().items():
        value = outcome.of(totals)
        if outcome.unit == "%" and value == value:
            assert -1e-9 <= value <= 100.0 + 1e-9, name
    assert totals["submitted"] == sum(totals[f"submitted.{c}"] for c in ("online", "counter", "broker", "event"))
    model.close()


TAMPERINGS: list[tuple[str, Callable[[CoproductionModel], None]]] = [
    ("submitted = granted", lambda m: m.world.applications.outcome.__setitem__(0, 0)),
    ("decision day exactly when", lambda m: m.world.applications.decided.__setitem__(0, -1)),
    ("before an officer looked", lambda m: m.world.applications.looked.__setitem__(0, -1)),
    ("no sooner than it was handed in", lambda m: m.world.applications.submitted.__setitem__(0, 10**6)),
    ("served time never exceeds", lambda m: m.world.office.hours_worked.__setitem__(0, 1e9)),
    (
        "officer time is not negative",
        lambda m: (
            m.world.office.hours_available.__setitem__(0, -1.0),
            m.world.office.hours_worked.__setitem__(0, -2.0),
        ),
    ),
    ("one event at most is owed", lambda m: m.world.office.put_off.__setitem__(0, 2)),
    ("nobody waits less than no time", lambda m: m.world.office.wait.__setitem__(0, -0.5)),
    ("intrinsic stays", lambda m: m.world.motives.intrinsic.__setitem__(0, -0.1)),
    ("social stays", lambda m: m.world.motives.social.__setitem__(0, 1.1)),
    ("normative stays", lambda m: m.world.motives.normative.__setitem__(0, 1.1)),
    ("knowledge stays", lambda m: m.world.residents.knowledge.__setitem__(0, 1.1)),
    ("trust stays", lambda m: m.world.residents.trust.__setitem__(0, -1.0)),
    ("expectation stays", lambda m: m.world.residents.expectation.__setitem__(0, 5.0)),
    ("the sum of trust", lambda m: m.world.sums.trust.__setitem__(0, m.world.sums.trust[0] + 10**6)),
    ("the sum of knowledge", lambda m: m.world.residents.knowledge_day.__setitem__(slice(None), 0)),
    ("the sum of expectation", lambda m: m.world.residents.expectation.__setitem__(0, 1.0)),
    ("what no count will need again", lambda m: m.world.counts.settled.__setitem__(0, 1)),
    ("satisfaction stays", lambda m: m.world.applications.satisfaction.__setitem__(0, 4.5)),
    ("a norm is a share", lambda m: m.world.neighbourhoods.norm.__setitem__(0, 1.2)),
    ("company is a share", lambda m: m.world.neighbourhoods.company.__setitem__(0, 1.2)),
    ("has a head in office", lambda m: m.world.coproducers.role.__setitem__(m.world.neighbourhoods.head[0], 2)),
    ("a head lives in the RW", lambda m: m.world.coproducers.rw.__setitem__(m.world.neighbourhoods.head[0], 99)),
    ("nobody is in two places", lambda m: m.world.coproducers.rw.__setitem__(m.world.counts.coproducers[0] - 1, 99)),
    ("no event without its RW head", lambda m: m.world.events.helped_commissioning.__setitem__(0, 0)),
    ("more are served", lambda m: m.world.events.served.__setitem__(0, 10**6)),
    ("attendance = served", lambda m: m.world.events.attendance.__setitem__(0, 10**6)),
    ("one cycle at a time", lambda m: m.world.neighbourhoods.running.__setitem__(slice(None), 0)),
    ("the stock of open needs", lambda m: m.world.stock.open.__setitem__(0, -1)),
    ("the stock of applied needs", lambda m: m.world.stock.applied.__setitem__(0, -1)),
    ("the stock of unmet needs", lambda m: m.world.stock.unmet.__setitem__(0, -1)),
    ("the stock of unaware needs", lambda m: m.world.stock.unaware.__setitem__(0, -1)),
    ("the stock of obstructed needs", lambda m: m.world.stock.obstructed.__setitem__(0, -1)),
    (
        "does not know of a need does not act",
        lambda m: m.world.needs.rate.__setitem__((m.world.needs.status == 1) & (m.world.needs.aware == 0), 0.1),
    ),
    ("who files knows", lambda m: m.world.needs.aware.__setitem__(m.world.needs.status == 2, 0)),
    ("a resident's open needs are counted", lambda m: m.world.residents.open_needs.__setitem__(0, 9)),
    ("open need has no permit", lambda m: m.world.needs.held.__setitem__(m.world.needs.status == 1, 1)),
]


@pytest.mark.parametrize(("law", "tamper"), TAMPERINGS, ids=[law for law, _ in TAMPERINGS])
def test_every_law_can_fail(law: str, tamper: Callable[[CoproductionModel], None]) -> None:
    from keliling.sim import laws

    scenario = load("kebon-jeruk-2018", size=0.04, set_=["events_per_month=8"])
    model = CoproductionModel(scenario)
    while not (model.world.events.served > 0).any():
        model.step()
    laws.check(model.world, model.population, model.levers, model.day - 1)
    tamper(model)
    with pytest.raises(CheckFailed, match=law):
        laws.check(model.world, model.population, model.levers, model.day - 1)


def test_the_laws_of_a_month_can_fail() -> None:
    from keliling.sim import laws

    model = CoproductionModel(load("kebon-jeruk-2018", size=0.04), checked=True)
    for _ in range(126):
        model.step()
    record = model.records[-1]
    laws.check_record(record, model.day)
    for name, amount in (
        ("submitted", 1.0),
        ("withdrawn", -1.0),
        ("open.end", 1.0),
        ("open.start", 1.0),
        ("decided", 1.0),
    ):
        with pytest.raises(CheckFailed, match="applications filed = granted"):
            laws.check_record(record | {name: record[name] + amount}, model.day)
    for name in ("cohort.withdrawn", "cohort.rejected"):
        with pytest.raises(CheckFailed, match="of the applications filed no more end than there are"):
            laws.check_record(record | {name: record["submitted"] + 1.0}, model.day)
    with pytest.raises(CheckFailed, match="the IKM stays within 25 and 100"):
        laws.check_record(record | {"answers": 40.0 * record["respondents"]}, model.day)
    with pytest.raises(CheckFailed, match=r"a share stays within 0 and 1.*broker_share"):
        laws.check_record(record | {"submitted.broker": record["submitted"] + 1.0}, model.day)
