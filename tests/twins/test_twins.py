"""The compiled engine equals the agents to the bit, and compiled code equals the same code as plain Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from keliling.sim.kernels.simulation import Simulation
from keliling.sim.model import CoproductionModel
from keliling.sim.parameters import Parameter, Value, register
from keliling.sim.scenario import Scenario, load, shipped
from tests.twins.twins import first_difference, months_difference, parting

TINY = 1e-6  # one RW of some four thousand adults
DRAWN = 10
DAYS = 300  # over one half-year's survey, and, for those who begin before an election, that too
LEVERS = [p for p in register().values() if p.dated and p.name != "target_list"]


def drawn_value(parameter: Parameter, share: float) -> Value:
    """A lever's value at a share of the way through its range, its choices or its two positions."""
    if parameter.type == "switch":
        return share < 0.5
    if parameter.type == "choice":
        words = [word for word in parameter.choices if word != "list"]
        return words[int(share * len(words))]
    low, high = parameter.low, parameter.high
    value = low + share * (high - low)
    return round(value) if parameter.type == "whole number" else value


def drawn_scenario(number: int) -> Scenario:
    """A small scenario whose levers are drawn, and drawn again on a day; that of a list of RWs has a test of its own."""
    rng = np.random.default_rng(number)
    base = load(("kebon-jeruk-2018", "grogol-petamburan-2018")[number % 2], size=0.04)

    def levers() -> dict[str, Value]:
        values = {p.name: drawn_value(p, float(rng.random())) for p in LEVERS}
        values["events_per_month"] = float(rng.uniform(5.0, 8.0))  # a few for the RWs that are kept
        values["officers"] = int(rng.integers(3, 12))
        values["officers_per_event"] = min(int(values["officers_per_event"]), 3)
        values["coproducers_sought"] = max(int(values["coproducers_sought"]), 2)
        values["elections"] = True
        return values

    first, later = levers(), levers()
    scenario = base.with_(**first, name=f"drawn-{number}", election_month=int(rng.integers(0, 11)))
    return scenario.with_change(int(rng.integers(20, 200)), **later)


@pytest.mark.parametrize("number", range(DRAWN))
def test_a_drawn_scenario_is_the_same_after_every_routine_of_every_day(number: int) -> None:
    assert parting(drawn_scenario(number), seed=number, replicate=number % 3, days=DAYS) == ""


def test_the_drawn_scenarios_exercise_every_lever() -> None:
    seen = [dict(values) for number in range(DRAWN) for _, values in drawn_scenario(number).timeline()]
    still = [p.name for p in LEVERS if len({values[p.name] for values in seen}) < 2]
    assert still == ["elections"]  # on in all, so that heads are elected in each


@pytest.mark.parametrize("reaction", ["postpone", "fewer_officers"])
def test_what_a_crowded_desk_makes_of_events(reaction: str) -> None:
    levers = {"officers": 3, "desk_load": 0.33, "events_per_month": 8.0, "crowded_above": 2.0}
    scenario = load("kebon-jeruk-2018", size=0.1).with_(**levers, when_crowded=reaction)
    assert parting(scenario, days=DAYS) == ""
    one = Simulation(scenario)
    one.live(DAYS)
    e, used = one.world.events, one.world.counts.events.item(0)
    postponed = sum(record["postponed"] for record in one.records)
    assert (postponed > 0) == (reaction == "postpone")
    assert (1 in e.officers[:used]) == (reaction == "fewer_officers")
    assert 2 in e.officers[:used]


def test_a_target_list_and_more_events_than_tables_hold_at_first() -> None:
    scenario = load("kebon-jeruk-weekly", size=0.1, set_=["officers=3"])
    numbers = CoproductionModel(scenario).population.rw_number.tolist()
    listed = scenario.with_(targeting="list", target_list=numbers[::-2], events_per_month=8.0)
    assert parting(listed, days=160) == ""


@pytest.mark.parametrize("name", [one.name for one in shipped() if "target_list" not in one.path.read_text()])
def test_a_long_run_of_a_shipped_scenario_is_the_same_on_every_day(name: str) -> None:
    scenario = load(name, size=TINY)
    if scenario.province is not None:
        scenario = scenario.for_district(scenario.province.districts[0])
    model, simulation = CoproductionModel(scenario), Simulation(scenario)
    for day in range(scenario.days):
        model.step()
        simulation.live(day + 1)
        assert first_difference(model.world, simulation.world) == "", f"day {day}"
    for month in range(scenario.months):
        assert months_difference(model.months, simulation.months, month) == "", f"month {month}"
    assert model.records == simulation.records
    model.close()


def test_a_difference_is_named_by_routine_day_column_and_row(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = CoproductionModel.office_serves

    def serves(self: CoproductionModel) -> None:
        whole(self)
        if self.day == 7:
            self.world.residents.trust[5] += 1e-15

    monkeypatch.setattr(CoproductionModel, "office_serves", serves)
    found = parting(load("kebon-jeruk-2018", size=TINY), days=30)
    assert found.startswith("office_serves, day 7, column residents.trust, row 5: ")


STATES = """
import json, os
os.environ.pop("KELILING_CHECKED", None)
from keliling.sim.compiled import COMPILED
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.scenario import load
from tests.fingerprint import fingerprint
import hashlib
scenario = load("kebon-jeruk-weekly", size=1e-6, set_=["officers=3", "events_per_month=8"])
one = Simulation(scenario, seed=4, replicate=2)
population = {n: hashlib.blake2b(c.tobytes()).hexdigest() for n, c in one.ground.population._asdict().items()}
found = [COMPILED, population, fingerprint(one.world)]
for day in range(1, 45):
    one.live(day)
    found.append(fingerprint(one.world))
found.append([part.tobytes().hex() for part in one.months])
print(json.dumps(found))
"""


def test_compiled_and_interpreted_are_the_same_on_every_day() -> None:
    def states(compiled: str) -> list[object]:
        environment = os.environ | {"KELILING_COMPILED": compiled}
        done = subprocess.run(
            [sys.executable, "-c", STATES], env=environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    native, plain = states("1"), states("0")
    assert (native[0], plain[0]) == (True, False)
    for place, (one, other) in enumerate(zip(native[1:], plain[1:], strict=True)):
        assert one == other, f"after {place - 1} days"
    assert any(a != b for a, b in pairwise(native[2:-1]))


def test_engines_share_the_words_of_choices() -> None:
    from keliling.sim.rules import outreach

    words = ("rotation", "random", "need", "rejections", "least_reached", "list")
    codes = (
        outreach.ROTATION, outreach.RANDOM, outreach.NEEDED, outreach.REJECTED_MOST, outreach.LEAST_REACHED,
        outreach.LISTED,
    )  # fmt: skip
    assert dict(zip(words, codes, strict=True)) == {w: k for k, w in enumerate(register()["targeting"].choices)}
    assert (outreach.AS_PLANNED, outreach.POSTPONE, outreach.FEWER_OFFICERS) == (0, 1, 2)
    assert register()["when_crowded"].choices == ("as_planned", "postpone", "fewer_officers")
    assert register()["survey_frame"].choices == ("all", "counter", "event")
