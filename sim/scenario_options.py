"""What options and calls from Python put on top of a draft, and the district and hypothesis that a draft names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keliling.sim.errors import InvalidInput
from keliling.sim.faults import Place, Problems, nearest_name
from keliling.sim.hypothesis import Hypothesis, find_hypothesis
from keliling.sim.parameters import Value, register
from keliling.sim.profile import Profile, Province, find_province, load_profile, profiles, provinces
from keliling.sim.scenario_file import (
    NAMED,
    SETTINGS,
    CheckedValue,
    Draft,
    DraftChange,
    check_lever,
    check_setting,
    check_when,
)
from keliling.sim.values import check_value

_TEXTS = ("name", "title", "why")


@dataclass(frozen=True)
class Change:
    """Levers that move at the start of a day, counted from 0; ``when`` is that day as it was written."""

    day: int
    values: Mapping[str, Value]
    when: str


def option_value(text: str) -> Any:
    """The value of an option: as TOML when it is, else plain text, so that words need no quotes."""
    try:
        tables = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text.strip()
    return tables["value"] if len(tables) == 1 else text.strip()


def apply_option(draft: Draft, key: str, value: Any, place: Place, problems: Problems) -> None:
    """Put one setting or parameter on top of a draft."""
    if key in NAMED and isinstance(value, (Profile, Province, Hypothesis)):
        draft.settings[key] = CheckedValue(value, place)
    elif key in NAMED or key in SETTINGS or key == "size":
        value = str(value) if isinstance(value, Path) else value
        checked = check_setting(key, value, place, problems)
        if checked is not None:
            draft.settings[key] = CheckedValue(checked, place)
    elif key in _TEXTS:
        if isinstance(value, str) and value.strip():
            setattr(draft, key, value)
        else:
            problems.add("text-expected", place, value)
    elif key == "changes" and isinstance(value, (list, tuple)) and all(isinstance(one, Change) for one in value):
        draft.changes = []
        for change in value:
            draft.changes += checked_change(when_of(change), change.values, place, problems)
    elif key == "changes":
        problems.add("changes-expected", place)
    elif key in register():
        checked = check_value(register()[key], value, place, problems)
        if checked is not None:
            draft.parameters[key] = CheckedValue(checked, place)
    else:
        names = (*SETTINGS, "size", *NAMED, *register())
        problems.add("setting-unknown", place, value, nearest=nearest_name(key, names))


def when_of(change: Change) -> str | int:
    """The month label, or the day's number, by which a change was dated."""
    return change.day if change.when.startswith("day") else change.when


def checked_change(when: str | int, levers: Mapping[str, Any], at: Place, problems: Problems) -> list[DraftChange]:
    """A change made in Python, as a list of one; empty when its date is at fault."""
    place = Place(at.file, key="month" if isinstance(when, str) else "day")
    checked = check_when(place.key, when, place, problems)
    values = {}
    for name, value in levers.items():
        lever = check_lever(name, value, Place(at.file, key=name), problems)
        if lever is not None:
            values[name] = CheckedValue(lever, Place(at.file, key=name))
    if not levers:
        problems.add("change-empty", place, when)
    return [] if checked is None else [DraftChange(CheckedValue(checked, place), values)]


def find_place(draft: Draft, problems: Problems) -> tuple[Profile, Province | None] | None:
    """The district, or the province with its districts pooled."""
    given = draft.settings.get("profile")
    if given is None:
        if not draft.broken and not problems.about("profile"):
            problems.add("profile-missing", replace(draft.here, key="profile"))
        return None
    value = given.value
    if isinstance(value, Profile):
        return value, None
    province = value if isinstance(value, Province) else find_province(value)
    if province is not None:
        return province.profile(), province
    try:
        if value.endswith(".toml"):
            return load_profile(given.folder / value), None
        if value in profiles():
            return load_profile(value), None
    except InvalidInput as error:
        problems.extend(error.problems)
        return None
    names = [*profiles(), *(province.slug for province in provinces())]
    problems.add("profile-unknown", given.place, value, nearest=nearest_name(value, names))
    return None


def find_named_hypothesis(draft: Draft, problems: Problems) -> Hypothesis | None:
    """The hypothesis that the draft names; None when it names none, or none that exists."""
    given = draft.settings.get("hypothesis")
    if given is None or isinstance(given.value, Hypothesis):
        return given.value if given else None
    return find_hypothesis(given.value, given.folder, given.place, problems)
