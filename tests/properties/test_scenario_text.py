"""Any text at the door is a scenario or a clear list of problems; any valid scenario survives being written."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from keliling.sim.errors import InvalidInput
from keliling.sim.faults import RULES, Problems
from keliling.sim.located import parse_toml
from keliling.sim.parameters import Parameter, register
from keliling.sim.profile import load_profile
from keliling.sim.scenario import Scenario, load
from keliling.sim.scenario_file import KEYS
from keliling.sim.scenario_text import quoted, to_toml, written
from keliling.sim.values import levers

FEW = settings(max_examples=60, deadline=None)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    if parameter.type == "switch":
        return st.booleans()
    if parameter.type == "choice":
        return st.sampled_from([choice for choice in parameter.choices if choice != "list"])
    if parameter.type == "whole number":
        return st.integers(int(parameter.low), int(parameter.high))
    return st.floats(parameter.low, parameter.high)


def tables(names: list[str], largest: int) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the named parameters with valid values; those that must fit together are drawn elsewhere."""
    apart = {"target_list", "officers", "officers_per_event", "survey_n", "coproducers_sought", "least_joined"}
    free = sorted(set(names) - apart)
    chosen = st.lists(st.sampled_from(free), max_size=largest, unique=True)
    return chosen.flatmap(lambda some: st.fixed_dictionaries({name: values_of(register()[name]) for name in some}))


@st.composite
def scenario_texts(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[int, dict[str, Any]]]:
    """A valid scenario as TOML, its parameters and its changes by day."""
    warmup, years = draw(st.integers(0, 3)), draw(st.integers(1, 5))
    lines = [f"title = {quoted(draw(TEXTS) + '.')}", f"why = {quoted('because ' * 3 + draw(TEXTS))}"]
    lines.append(f"profile = {quoted(draw(st.sampled_from(['kebon-jeruk', 'gambir', 'dki-jakarta'])))}")
    lines += [f"warmup_years = {warmup}", f"years = {years}", f"size = {draw(st.floats(0.01, 1.0))!r}"]
    lines.append(f"population_seed = {draw(st.integers(0, 2**32 - 1))}")
    parameters = draw(tables(list(register()), 8))
    lines += ["[parameters]", *(f"{name} = {written(value)}" for name, value in parameters.items())]
    days = draw(st.lists(st.integers(0, (warmup + years) * 252 - 1), max_size=4, unique=True))
    changes = {day: draw(tables(list(levers()), 4).filter(bool)) for day in days}
    for day, values in changes.items():
        lines += ["[[change]]", f"day = {day}", *(f"{name} = {written(value)}" for name, value in values.items())]
    return "\n".join(lines), parameters, changes


def load_text(text: str | bytes, **settings: Any) -> Scenario:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mine.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, **settings)


@FEW
@given(scenario_texts())
def test_a_valid_scenario_survives_being_written(drawn: tuple[str, dict[str, Any], dict[int, dict[str, Any]]]) -> None:
    text, parameters, changes = drawn
    scenario = load_text(text)
    assert {name: scenario.values[name] for name in parameters} == parameters
    assert {change.day: dict(change.values) for change in scenario.changes} == changes
    assert [change.day for change in scenario.changes] == sorted(changes)
    again = load_text(to_toml(scenario))
    assert (again.title, again.why) == (scenario.title, scenario.why)
    assert again.timeline() == scenario.timeline()
    if scenario.province is None:
        assert again.digest() == scenario.digest()


SCALARS = st.one_of(
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.booleans(),
    TEXTS,
    st.sampled_from(
        ["kebon-jeruk", "kebon-jeruk-2018", "dki-jakarta", "list", "2019-01", "x.py:y", "mine.toml", "two-types"]
    ),
    st.dates(),
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
NAMES = st.one_of(st.sampled_from([*KEYS, "month", "day", "officers", "targeting", "target_list", "survey_n"]), TEXTS)


def dumped(value: Any) -> str:
    """Any drawn value as TOML, inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {dumped(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dumped, value)) + "]"
    return written(value) if isinstance(value, (bool, int, float, str)) else str(value)


def only_clear_problems(text: str | bytes, **settings: Any) -> None:
    try:
        assert isinstance(load_text(text, **settings), Scenario)
    except InvalidInput as error:
        assert error.problems and all(problem.id in RULES for problem in error.problems)


@FEW
@given(st.dictionaries(NAMES, ANYTHING, max_size=5), st.lists(st.dictionaries(NAMES, ANYTHING, max_size=4), max_size=3))
def test_any_tables_are_a_scenario_or_problems(top: dict[str, Any], changes: list[dict[str, Any]]) -> None:
    base = {"title": "Mine", "why": "To see what garbage does here.", "profile": "kebon-jeruk", **top}
    only_clear_problems("\n".join(f"{quoted(key)} = {dumped(value)}" for key, value in base.items()))
    base["change"] = changes
    only_clear_problems("\n".join(f"{quoted(key)} = {dumped(value)}" for key, value in base.items()))


@FEW
@given(st.binary(max_size=200) | TEXTS.map(str.encode))
def test_any_bytes_are_problems(data: bytes) -> None:
    only_clear_problems(data)


@FEW
@given(scenario_texts(), st.data())
def test_a_scenario_cut_or_garbled_is_a_scenario_or_problems(
    drawn: tuple[str, dict[str, Any], dict[int, dict[str, Any]]], data: st.DataObject
) -> None:
    text = drawn[0]
    at = data.draw(st.integers(0, len(text)))
    garbled = (
        text[:at]
        + data.draw(st.sampled_from(["", "[", '"', "=", "\n[parameters]\n", "\0", "é", "# "]))
        + text[at + 1 :]
    )
    only_clear_problems(garbled)


@FEW
@given(st.dictionaries(NAMES.filter(lambda name: name not in {"name"}), ANYTHING, max_size=3))
def test_any_settings_and_any_profile_are_a_scenario_or_problems(drawn: dict[str, Any]) -> None:
    scenario = load("kebon-jeruk-2018")
    try:
        assert isinstance(scenario.with_(**drawn), Scenario)
    except InvalidInput as error:
        assert error.problems
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "here.toml"
        text = "\n".join(f"{quoted(key)} = {dumped(value)}" for key, value in drawn.items())
        path.write_text(text, encoding="utf-8")
        try:
            load_profile(path)
        except InvalidInput as error:
            assert error.problems


@FEW
@given(
    st.dictionaries(st.sampled_from(["name", "code", "population", "rw", "kelurahan", "ages", "parameters"]), ANYTHING)
)
def test_any_profile_is_problems(drawn: dict[str, Any]) -> None:
    figures = {"value": drawn.get("rw", 1), "source": "here", "grade": "measured here"}
    tables = {**drawn, "ages": [{"from": 1, "to": drawn.get("code", 3), "share": drawn.get("name", 1)}], "rt": figures}
    tables["parameters"] = {"officers": figures, "event_hours": figures, "target_list": figures}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "here.toml"
        path.write_text(
            "\n".join(f"{quoted(key)} = {dumped(value)}" for key, value in tables.items()), encoding="utf-8"
        )
        try:
            load_profile(path)
        except InvalidInput as error:
            assert error.problems


def flattened(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Key paths of everything in parsed TOML."""
    found = {path} if path else set()
    if isinstance(value, dict):
        for key, entry in value.items():
            found |= flattened(entry, (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            found |= flattened(entry, (*path, index))
    return found


@FEW
@given(st.dictionaries(TEXTS, ANYTHING, min_size=1, max_size=5))
def test_every_key_of_a_file_has_its_place(tables: dict[str, Any]) -> None:
    text = "\n".join(f"{quoted(key)} = {dumped(value)}" for key, value in tables.items())
    problems = Problems()
    located = parse_toml(text, Path("mine.toml"), problems)
    assert located is not None and not problems.found
    assert set(located.places) == flattened(located.tables)
    for number, key in enumerate(tables):
        assert located.places[(key,)] == (number + 1, 1)


def test_places_in_every_kind_of_toml() -> None:
    text = '''# a comment = 1
a.b = 1 # [x]
"q \\"k" = """long
[not a table]
text""""
'lit' = \'\'\'it's # no comment\'\'\'
list = [ 1, # one
  "two, ]", [3, {x = 4, "y]" = 5}],
]
when = 1979-05-27 07:32:00

[t] # comment
k = {}
[t."u v"]
k = "\\\\"
[[many]]
[[many]]
  x = 1
  [many.sub]
  y = [{z = 1}, {z = 2}]
  [[many.sub2]]
  [[many.sub2]]
  w = true'''
    located = parse_toml(text.replace("\n", "\r\n"), Path("mine.toml"), Problems())
    assert located is not None and located.tables == tomllib.loads(text)
    assert set(located.places) == flattened(located.tables)
    places = {
        ("a", "b"): (2, 1), ('q "k',): (3, 1), ("lit",): (6, 1), ("list", 1): (8, 3), ("list", 2, 1, "y]"): (8, 25),
        ("t",): (12, 1), ("t", "u v", "k"): (15, 1), ("many", 1, "x"): (18, 3), ("many", 1, "sub", "y", 1, "z"): (20, 18),
        ("many", 1, "sub2", 1, "w"): (23, 3),
    }  # fmt: skip
    assert {path: located.places[path] for path in places} == places
    assert located.place("many", 1, "absent").line == 17
    assert located.place("many", 1, "sub2", 1, "w").key == "many[2].sub2[2].w"
