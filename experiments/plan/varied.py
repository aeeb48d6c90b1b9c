"""What a study varies: its factors, and the rows of its table."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from itertools import dropwhile
from typing import Any

from keliling.experiments.plan.factors import Factor, of_parameter, uncertainties
from keliling.experiments.plan.study_values import StudyValues
from keliling.sim.faults import Place, nearest_name
from keliling.sim.hypothesis import hypotheses
from keliling.sim.located import file_text
from keliling.sim.parameters import Parameter, Value, register
from keliling.sim.values import check_value, find_parameter


def factors_of(file: StudyValues) -> list[Factor]:
    """What the study varies besides its policies."""
    table, found = dict(file.tables.get("factors", {})), []
    every = table.pop("all", False)
    if not isinstance(every, bool):
        file.problems.add("switch-expected", file.place("factors", "all"), every)
    for name, value in table.items():
        place = file.place("factors", name)
        if name == "hypothesis":
            found += _hypotheses(file, value, place) if value is not False else []
            continue
        parameter = find_parameter(name, place, file.problems)
        if parameter is None:
            continue
        if parameter.type == "list" or parameter.kind == "constant":
            file.problems.add("study-factor-kind", place, kind=parameter.kind)
        elif value is True:
            found.append(of_parameter(parameter))
        elif value is not False:
            found += _ranged(file, parameter, value, place)
    if every is True:
        options = [text.partition("=")[0].strip() for text in file.set_]
        named = [*table, *file.tables.get("parameters", {}), *options]
        found += uncertainties(fixed=named)
    return found


def _ranged(file: StudyValues, parameter: Parameter, value: Any, place: Place) -> list[Factor]:
    """A factor over a part of its range, or over some of its choices."""
    if not isinstance(value, list) or len(value) < 2:
        file.problems.add("study-factor-form", place, value)
        return []
    checked = [one for one in (check_value(parameter, each, place, file.problems) for each in value) if one is not None]
    if len(checked) < len(value):
        return []
    choices = tuple(dict.fromkeys(checked))
    if parameter.type in ("switch", "choice") and len(choices) > 1:
        return [Factor(parameter.name, choices=choices)]
    ends = [float(one) for one in checked if isinstance(one, (int, float))]
    if len(ends) != 2 or not ends[0] < ends[1]:
        file.problems.add("study-factor-form", place, value)
        return []
    return [of_parameter(parameter, *ends)]


def _hypotheses(file: StudyValues, value: Any, place: Place) -> list[Factor]:
    """The hypothesis as a factor: all shipped ones, or those named."""
    names = list(hypotheses()) if value is True else value
    if not isinstance(names, list) or len({str(name) for name in names}) < 2:
        file.problems.add("study-factor-form", place, value)
        return []
    for name in names:
        if str(name) not in hypotheses():
            file.problems.add("hypothesis-unknown", place, name, nearest=nearest_name(str(name), hypotheses()))
    return [Factor("hypothesis", choices=tuple(dict.fromkeys(str(name) for name in names)))]


def rows_of(file: StudyValues) -> tuple[Mapping[str, Value], ...]:
    """The rows of the CSV file of a table study, each value checked."""
    name = file.tables.get("table")
    if not name:
        file.problems.add("study-missing", file.place("table"), key="table")
        return ()
    path = file.located.path.parent / name
    name_of_file = file_text(path)
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, ValueError, csv.Error) as error:
        file.problems.add("file-unreadable", file.place("table"), name, reason=str(error))
        return ()
    lines = list(dropwhile(lambda cells: not any(cell.strip() for cell in cells), lines))
    if len([cells for cells in lines if any(cell.strip() for cell in cells)]) < 2:
        file.problems.add("study-table-empty", Place(name_of_file, 1, 1, name))
        return ()
    header = [cell.strip() for cell in lines[0]]
    for key in header:
        if find_parameter(key, Place(name_of_file, 1, 1, key), file.problems) and header.count(key) > 1:
            file.problems.add("key-twice", Place(name_of_file, 1, 1, key))
    found = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            rule = Place(name_of_file, number, 1, name)
            file.problems.add("study-table-row", rule, cells=len(cells), columns=len(header))
            continue
        row = {}
        for key, cell in zip(header, cells, strict=True):
            if key in register():
                value = check_value(register()[key], _cell(cell), Place(name_of_file, number, 1, key), file.problems)
                if value is not None:
                    row[key] = value
        found.append(row)
    return tuple(found)


def _cell(text: str) -> Any:
    """A cell of a CSV file as TOML reads it; plain words stay words."""
    try:
        return tomllib.loads(f"value = {text.strip().lower() if text.strip().lower() in ('true', 'false') else text}")[
            "value"
        ]
    except (ValueError, RecursionError):
        return text.strip()
