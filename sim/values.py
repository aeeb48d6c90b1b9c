"""One given value against the register: its type, its bounds, the nearest name.

The bounds of the register are what is held plausible. A figure that an office measured, and a hypothesis that states
another account, may lie outside them but not outside what is possible: shares within 0 and 1, an IKM within 25 and 100.
"""

from __future__ import annotations

import difflib
import math
from functools import cache
from numbers import Integral, Real
from typing import Any

from keliling.sim.faults import Place, Problems, nearest_name
from keliling.sim.parameters import PERMIT_UNITS, Parameter, Value, permits, register

_POSSIBLE = {"share": (0.0, 1.0), "probability": (0.0, 1.0), "0-1": (0.0, 1.0), "IKM": (25.0, 100.0)}


def bounds(parameter: Parameter, *, possible: bool = False) -> tuple[float, float]:
    """Lowest and highest allowed value; with ``possible``, of anything that can be, not only of what is plausible."""
    low, high = _POSSIBLE.get(parameter.unit, (parameter.low, parameter.high))
    return (min(low, parameter.low), max(high, parameter.high)) if possible else (parameter.low, parameter.high)


def find_parameter(name: str, place: Place, problems: Problems) -> Parameter | None:
    """The parameter of this name; None, with the nearest name in ``problems``, when there is none."""
    known = register()
    if name in known:
        return known[name]
    nearest = nearest_name(name, known)
    of_permit = any(name.endswith(f"_{field}") for field in PERMIT_UNITS)
    # "wight_fee" is a misspelt weight_fee, but "siup_fee" is a permit that the catalogue does not have.
    if of_permit and difflib.SequenceMatcher(None, name[:80], nearest).ratio() < 0.85:
        problems.add("permit-unknown", place, permits=", ".join(permit.name for permit in permits()))
    else:
        problems.add("parameter-unknown", place, nearest=nearest)
    return None


def check_value(
    parameter: Parameter, value: Any, place: Place, problems: Problems, *, possible: bool = False
) -> Value | None:
    """The value in the parameter's own type; None when it breaks a rule, which is then in ``problems``."""
    if parameter.type == "switch":
        if isinstance(value, bool):
            return value
        problems.add("switch-expected", place, value)
    elif parameter.type == "choice":
        if not isinstance(value, str):
            problems.add("text-expected", place, value)
        elif value not in parameter.choices:
            nearest = nearest_name(value, parameter.choices)
            problems.add("choice-unknown", place, value, nearest=nearest, choices=", ".join(parameter.choices))
        else:
            return value
    elif parameter.type == "list":
        return _check_list(value, place, problems)
    elif parameter.type == "whole number":
        if isinstance(value, Integral) and not isinstance(value, bool):
            return int(value) if _within(parameter, value, place, problems, possible) else None
        problems.add("whole-expected", place, value, unit=parameter.unit)
    elif not isinstance(value, Real) or isinstance(value, bool):
        problems.add("number-expected", place, value, unit=parameter.unit)
    elif isinstance(value, float) and not math.isfinite(value):
        problems.add("not-finite", place, value, unit=parameter.unit)
    elif _within(parameter, value, place, problems, possible):
        return float(value) + 0.0  # minus zero becomes zero: one value, one digest
    return None


def _within(parameter: Parameter, value: Any, place: Place, problems: Problems, possible: bool) -> bool:
    low, high = bounds(parameter, possible=possible)
    if value < low:
        problems.add("too-low", place, value, low=f"{low:g}", unit=parameter.unit)
    elif value > high:
        problems.add("too-high", place, value, high=f"{high:g}", unit=parameter.unit)
    return bool(low <= value <= high)


def _check_list(value: Any, place: Place, problems: Problems) -> tuple[int, ...] | None:
    if not isinstance(value, (list, tuple)):
        problems.add("list-expected", place, value)
        return None
    if not all(isinstance(entry, Integral) and not isinstance(entry, bool) for entry in value):
        problems.add("list-entries", place, value)
        return None
    numbers = tuple(int(entry) for entry in value)
    twice = [number for index, number in enumerate(numbers) if number in numbers[:index]]
    if twice:
        problems.add("rw-twice", place, value, number=twice[0])
        return None
    return numbers


@cache
def levers() -> tuple[str, ...]:
    """Names of the parameters that a dated change may move."""
    return tuple(name for name, parameter in register().items() if parameter.dated)
