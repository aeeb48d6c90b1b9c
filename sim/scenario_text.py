"""Writes TOML: a scenario that loads to the same digest, and the quoting that every writer needs."""

from __future__ import annotations

import json
from typing import Any

from keliling.sim.hypothesis import BASE
from keliling.sim.scenario import Scenario
from keliling.sim.scenario_file import SETTINGS


def quoted(text: str) -> str:
    """Text as a TOML string. JSON escapes as TOML does, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def written(value: Any) -> str:
    """A parameter's value in TOML; numbers keep every bit."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(written(entry) for entry in value) + "]"
    return repr(value)


def to_toml(scenario: Scenario, *, profile: str = "") -> str:
    """The scenario as one TOML file without ``extends``; it loads to the same digest.

    ``profile`` is the path of the district's file, for a district that is not shipped.
    """
    place = profile or (scenario.province.slug if scenario.province else scenario.profile.slug)
    lines = [f"title = {quoted(scenario.title)}", f"why = {quoted(scenario.why)}", f"profile = {quoted(place)}"]
    for key in (*SETTINGS, "size"):
        if getattr(scenario, key) != getattr(Scenario, key):
            lines.append(f"{key} = {written(getattr(scenario, key))}")
    hypothesis = scenario.hypothesis
    if hypothesis.path is not None:
        lines.append(f"hypothesis = {quoted(f'{hypothesis.path}:{hypothesis.function}')}")
    elif hypothesis.name != BASE:
        lines.append(f"hypothesis = {quoted(hypothesis.name)}")
    if scenario.given:
        lines += ["", "[parameters]", *(f"{name} = {written(value)}" for name, value in scenario.given.items())]
    for change in scenario.changes:
        by_day = change.when.startswith("day")
        lines += ["", "[[change]]", f"day = {change.day}" if by_day else f"month = {quoted(change.when)}"]
        lines += [f"{name} = {written(value)}" for name, value in change.values.items()]
    return "\n".join(lines) + "\n"
