"""What a study varies: its factors, and the rows of its table."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping, Sequence
from itertools import dropwhile
from typing import Any

from keliling.experiments.plan.factors import Factor, of_parameter, uncertainties
from keliling.experiments.plan.study_values import Given
from keliling.sim.faults import Place, nearest_name
from keliling.sim.hypothesis import hypotheses
from keliling.sim.located import file_text
from keliling.sim.parameters import Parameter, Value, register
from keliling.sim.values import check_value, find_parameter


def factors_of(given: Given) -> list[Factor]:
    """What the study varies besides its policies."""
    table, found = dict(given.tables.get("factors", {})), []
    every = table.pop("all", False)
    if not isinstance(every, bool):
        given.problems.add("switch-expected", given.place("factors", "all"), every)
    for name, value in table.items():
        place = given.place("factors", name)
        if name == "hypothesis":
            found += _hypotheses(given, value, place) if value is not False else []
            continue
        parameter = find_parameter(name, place, given.problems)
        if parameter is None:
            continue
        if parameter.type == "list" or parameter.kind == "constant":
            given.problems.add("study-factor-kind", place, kind=parameter.kind)
        elif value is True:
            found.append(of_parameter(parameter))
        elif value is not False:
            found += _ranged(given, parameter, value, place)
    if every is True:
        options = [text.partition("=")[0].strip() for text in given.set_]
        named = [*table, *given.tables.get("parameters", {}), *options]
        found += uncertainties(fixed=named)
    return found


def _ranged(given: Given, parameter: Parameter, value: Any, place: Place) -> list[Factor]:
    """A factor over a part of its range, or over some of its choices."""
    if not isinstance(value, list) or len(value) < 2:
        given.problems.add("study-factor-form", place, value)
        return []
    checked = [
        one for one in (check_value(parameter, each, place, given.problems) for each in value) if one is not None
    ]
    if len(checked) < len(value):
        return []
    choices = tuple(dict.fromkeys(checked))
    if parameter.type in ("switch", "choice") and len(choices) > 1:
        return [Factor(parameter.name, choices=choices)]
    ends = [float(one) for one in checked if isinstance(one, (int, float))]
    if len(ends) != 2 or not ends[0] < ends[1]:
        given.problems.add("study-factor-form", place, value)
        return []
    return [of_parameter(parameter, *ends)]


def _hypotheses(given: Given, value: Any, place: Place) -> list[Factor]:
    """The hypothesis as a factor: all shipped ones, or those named."""
    names = list(hypotheses()) if value is True else value
    if not isinstance(names, list) or len({str(name) for name in names}) < 2:
        given.problems.add("study-factor-form", place, value)
        return []
    for name in names:
        if str(name) not in hypotheses():
            given.problems.add("hypothesis-unknown", place, name, nearest=nearest_name(str(name), hypotheses()))
    return [Factor("hypothesis", choices=tuple(dict.fromkeys(str(name) for name in names)))]


def rows_of(given: Given) -> tuple[Mapping[str, Value], ...]:
    """The rows of the CSV file of a table study, each value checked."""
    name = given.tables.get("table")
    if not name:
        given.problems.add("study-missing", given.place("table"), key="table")
        return ()
    path = given.located.path.parent / name
    file = file_text(path)
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, ValueError, csv.Error) as error:
        given.problems.add("file-unreadable", given.place("table"), name, reason=str(error))
        return ()
    lines = list(dropwhile(lambda cells: not any(cell.strip() for cell in cells), lines))
    if len([cells for cells in lines if any(cell.strip() for cell in cells)]) < 2:
        given.problems.add("study-table-empty", Place(file, 1, 1, name))
        return ()
    header = [cell.strip() for cell in lines[0]]
    for key in header:
        if find_parameter(key, Place(file, 1, 1, key), given.problems) and header.count(key) > 1:
            given.problems.add("key-twice", Place(file, 1, 1, key))
    found = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            rule = Place(file, number, 1, name)
            given.problems.add("study-table-row", rule, cells=len(cells), columns=len(header))
            continue
        row = {}
        for key, cell in zip(header, cells, strict=True):
            if key in register():
                value = check_value(register()[key], _cell(cell), Place(file, number, 1, key), given.problems)
                if value is not None:
                    row[key] = value
        found.append(row)
    return tuple(found)


def all_levers(rows: Sequence[Mapping[str, Value]]) -> bool:
    """Whether a table holds levers alone: then its rows are policies, and worlds otherwise."""
    return bool(rows) and all(register()[name].kind == "lever" for name in rows[0])


def _cell(text: str) -> Any:
    """A cell of a CSV file as TOML reads it; plain words stay words."""
    try:
        return tomllib.loads(f"value = {text.strip().lower() if text.strip().lower() in ('true', 'false') else text}")[
            "value"
        ]
    except (ValueError, RecursionError):
        return text.strip()
