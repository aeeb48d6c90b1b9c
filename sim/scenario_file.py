"""Reads scenario files into a draft: what each file of an ``extends`` chain gives, checked value by value, and where.

A draft knows nothing of districts or of the calendar; what needs them is checked when the draft becomes a Scenario.
Types and bounds are checked by hand and not by pydantic: they come from the register and not from annotations, and
each fault must name its line, its rule and the nearest name.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from keliling.sim.faults import Place, Problems, nearest_name
from keliling.sim.located import Located, file_text, read_toml
from keliling.sim.parameters import Value, register
from keliling.sim.values import check_value, find_parameter, levers

WHY_LEAST = 20
"""Characters of the shortest reason that is taken for one."""

SETTINGS: dict[str, tuple[int, int, str]] = {
    "population_seed": (0, 2**32 - 1, "seed-range"),
    "warmup_years": (0, 10, "warmup-range"),
    "years": (1, 30, "years-range"),
    "first_year": (1900, 2200, "first-year-range"),
}
"""Whole-number settings with their bounds and rule; ``size`` is a number and checked apart."""

NAMED = ("profile", "hypothesis")
DEEPEST = 100  # scenarios in a chain of extends
KEYS = ("title", "why", "extends", *NAMED, *SETTINGS, "size", "parameters", "change")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class CheckedValue:
    """A checked value, where it was given, and the folder from which paths in it are meant."""

    value: Any
    place: Place
    folder: Path = Path()


@dataclass
class DraftChange:
    """Levers that move on one day; ``when`` is a month label or a day's number."""

    when: CheckedValue
    values: dict[str, CheckedValue]


@dataclass
class Draft:
    """What a chain of scenario files, or a call from Python, gives."""

    name: str
    here: Place
    """Where to point at when something was never given."""
    title: str = ""
    why: str = ""
    settings: dict[str, CheckedValue] = field(default_factory=dict)
    parameters: dict[str, CheckedValue] = field(default_factory=dict)
    changes: list[DraftChange] = field(default_factory=list)
    lineage: tuple[str, ...] = ()
    broken: bool = False
    """A file of the chain could not be read, so what is missing may have been in it."""


@cache
def shipped_folder() -> Path:
    """Folder of the shipped scenarios: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    packaged = package / "_scenarios"
    return packaged if packaged.is_dir() else package.parent / "scenarios"


def shipped_paths() -> dict[str, Path]:
    """Files of the shipped scenarios by name, in alphabetical order."""
    return {path.stem: path for path in sorted(shipped_folder().glob("*.toml"))}


def read_scenario(path: Path, problems: Problems, chain: tuple[Path, ...] = ()) -> Draft:
    """The draft of a scenario file on top of what it extends; ``chain`` is the files that led here."""
    located = read_toml(path, problems)
    if located is None:
        return Draft(path.stem, Place(file_text(path)), lineage=(path.name,), broken=True)
    draft = Draft(path.stem, located.place())
    parent = _parent(located, problems, (*chain, path.resolve()))
    if parent:
        draft.settings, draft.parameters = dict(parent.settings), dict(parent.parameters)
        draft.changes, draft.broken = list(parent.changes), parent.broken
    draft.lineage = (*(parent.lineage if parent else ()), path.name)
    for key, value in located.tables.items():
        if key not in KEYS:
            _unknown(key, located.place(key), problems)
        elif key in NAMED or key in SETTINGS or key == "size":
            checked = check_setting(key, value, located.place(key), problems)
            if checked is not None:
                draft.settings[key] = CheckedValue(checked, located.place(key), path.parent)
    _title_and_why(draft, located, problems)
    draft.parameters |= _parameters(located, problems)
    draft.changes += _changes(located, problems)
    return draft


def check_setting(key: str, value: Any, place: Place, problems: Problems) -> Any:
    """The value of a setting; None when it breaks a rule. Names of profiles and hypotheses are looked up later."""
    if key in NAMED:
        if isinstance(value, str) and value.strip():
            return value
        problems.add("text-expected", place, value)
    elif key == "size":
        number = not isinstance(value, bool) and isinstance(value, Real)
        if not number or (isinstance(value, float) and math.isnan(value)):
            problems.add("number-expected", place, value, unit="share of the district")
        elif not 0 < value <= 1:
            problems.add("size-range", place, value)
        else:
            return float(value)
    else:
        low, high, rule = SETTINGS[key]
        if not isinstance(value, Integral) or isinstance(value, bool):
            problems.add("whole-expected", place, value, unit=key.replace("_", " "))
        elif not low <= int(value) <= high:
            problems.add(rule, place, value, low=low, high=high)
        else:
            return int(value)
    return None


def check_when(key: str, value: Any, place: Place, problems: Problems) -> Any:
    """The ``month`` or ``day`` of a change; None when it cannot be one."""
    if key == "month":
        if isinstance(value, str) and _MONTH.fullmatch(value):
            return value
        problems.add("month-malformed", place, value)
    elif not isinstance(value, Integral) or isinstance(value, bool):
        problems.add("day-not-whole", place, value)
    elif value < 0:
        problems.add("day-negative", place, value)
    else:
        return int(value)
    return None


def check_lever(name: str, value: Any, place: Place, problems: Problems) -> Value | None:
    """The value of a lever in a change; None when it is no lever or out of its bounds."""
    parameter = register().get(name)
    if parameter is None:
        problems.add("change-key-unknown", place, nearest=nearest_name(name, ("month", "day", *levers())))
    elif not parameter.dated:
        problems.add("change-not-lever", place, value, kind=parameter.kind)
    else:
        low = parameter.low if parameter.reform_low is None else parameter.reform_low
        return check_value(replace(parameter, low=low), value, place, problems)
    return None


def _unknown(key: str, place: Place, problems: Problems) -> None:
    if key in register():
        problems.add("parameter-misplaced", place)
    else:
        nearest = nearest_name(key, KEYS) or nearest_name(key, register())
        problems.add("key-unknown", place, nearest=nearest)


def _title_and_why(draft: Draft, located: Located, problems: Problems) -> None:
    for key in ("title", "why"):
        text = located.tables.get(key)
        if text is None or text == "":
            problems.add(f"{key}-missing", located.place(key))
        elif not isinstance(text, str):
            problems.add("text-expected", located.place(key), text)
        elif key == "why" and len(text.strip()) < WHY_LEAST:
            problems.add("why-short", located.place(key), text, least=WHY_LEAST)
        else:
            setattr(draft, key, text)


def _parent(located: Located, problems: Problems, chain: tuple[Path, ...]) -> Draft | None:
    if "extends" not in located.tables:
        return None
    text, place = located.tables["extends"], located.place("extends")
    broken = Draft("", place, broken=True)
    if not isinstance(text, str):
        problems.add("text-expected", place, text)
        return broken
    path = located.path.parent / text if text.endswith(".toml") else shipped_paths().get(text)
    if path is None or not _is_file(path):
        problems.add("extends-unknown", place, text, nearest=nearest_name(text, shipped_paths()))
        return broken
    if path.resolve() in chain:
        circle = " > ".join(step.name for step in (*chain[chain.index(path.resolve()) :], path))
        problems.add("extends-cycle", place, text, circle=circle)
        return broken
    if len(chain) > DEEPEST:
        problems.add("extends-deep", place, text, most=DEEPEST)
        return broken
    return read_scenario(path, problems, chain)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # names too long, or with a zero character
        return False


def _parameters(located: Located, problems: Problems) -> dict[str, CheckedValue]:
    table = located.tables.get("parameters", {})
    found: dict[str, CheckedValue] = {}
    if not isinstance(table, dict):
        problems.add("table-expected", located.place("parameters"), table, table="parameters")
        return found
    for name, value in table.items():
        place = located.place("parameters", name)
        parameter = find_parameter(name, place, problems)
        checked = check_value(parameter, value, place, problems) if parameter else None
        if checked is not None:
            found[name] = CheckedValue(checked, place)
    return found


def _changes(located: Located, problems: Problems) -> list[DraftChange]:
    tables = located.tables.get("change", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.add("changes-expected", located.place("change"))
        return []
    found = []
    for index, table in enumerate(tables):
        here = located.place("change", index)
        when = None
        if "month" in table and "day" in table:
            problems.add("change-dated-twice", here)
        elif "month" not in table and "day" not in table:
            problems.add("change-undated", here)
        else:
            key = "month" if "month" in table else "day"
            place = located.place("change", index, key)
            checked = check_when(key, table[key], place, problems)
            when = None if checked is None else CheckedValue(checked, place)
        if not set(table) - {"month", "day"}:
            problems.add("change-empty", here)
        values = {}
        for name, value in table.items():
            if name not in ("month", "day"):
                place = located.place("change", index, name)
                lever = check_lever(name, value, place, problems)
                if lever is not None:
                    values[name] = CheckedValue(lever, place)
        if when is not None:
            found.append(DraftChange(when, values))
    return found


def scenario_path(name_or_path: str | Path, problems: Problems) -> Path | None:
    """The file that a shipped name or a path means; None, with the nearest name in ``problems``, when none does."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return Path(name_or_path)
    if text in shipped_paths():
        return shipped_paths()[text]
    problems.add("scenario-unknown", Place(text, key="scenario"), text, nearest=nearest_name(text, shipped_paths()))
    return None
