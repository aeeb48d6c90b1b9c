"""Words chosen by numbers, so that a sentence says what was measured whatever comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from keliling.experiments.analysis.differences import Difference

SMALL = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def falls(one: Difference) -> bool:
    """Whether all of the interval lies below zero."""
    return one.high < 0.0


def rises(one: Difference) -> bool:
    """Whether all of the interval lies above zero."""
    return one.low > 0.0


def unclear(one: Difference) -> bool:
    """Whether it may as well be nothing."""
    return not (falls(one) or rises(one))


def moves(one: Difference, unit: str = "") -> str:
    """ "falls by 0.15 points [0.10, 0.19]", "rises by ...", or "does not clearly move (+0.01 [-0.02, +0.04])"."""
    if one.verdict == "same":
        return "stays the same"
    if unclear(one):
        return f"does not clearly move ({one.text})"
    return f"{'falls' if falls(one) else 'rises'} by {size(one, unit)}"


def does(one: Difference, what: str, unit: str = "") -> str:
    """The same of what does it: "lowers the rejected share by 0.15 points [0.10, 0.19]"."""
    if one.verdict == "same":
        return f"leaves {what} as it is"
    if unclear(one):
        return f"does not clearly move {what} ({one.text})"
    return f"{'lowers' if falls(one) else 'raises'} {what} by {size(one, unit)}"


def size(one: Difference, unit: str = "") -> str:
    """How far it moves, without its sign: "0.15 points [0.10, 0.19]". Only for what clearly moves."""
    low, high = sorted((abs(one.low), abs(one.high)))
    show = one.outcome.text
    return f"{show(abs(one.difference))}{' ' + unit if unit else ''} [{show(low)}, {show(high)}]"


def with_interval(value: float, low: float, high: float, decimals: int = 2, unit: str = "") -> str:
    """A number with its interval: "0.57 [0.41, 0.72]"."""
    first = f"{value:,.{decimals}f}{' ' + unit if unit else ''}"
    return first if low is None or math.isnan(low) else f"{first} [{low:,.{decimals}f}, {high:,.{decimals}f}]"


def about(value: float, digits: int = 2) -> str:
    """A number to so many digits: "284,000", "0.43"."""
    if not value:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, decimals):,.{max(decimals, 0)}f}"


def per_cent(share: float) -> str:
    """A share of 0 to 1 as per cent."""
    return f"{100 * share:.0f}%"


def counted(number: int) -> str:
    """A small number as a word."""
    return SMALL[number] if 0 <= number < len(SMALL) else f"{number:,}"


def capital(text: str) -> str:
    """Text that begins a sentence: a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def listed(parts: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def how_many(share: float) -> str:
    """A share of 0 to 1 in a word or two."""
    bounds = ((0.0, "none"), (0.15, "few"), (0.4, "some"), (0.6, "half"), (0.85, "most"), (0.999, "nearly all"))
    return next((word for bound, word in bounds if share <= bound), "all")


def by_finding(answers: Mapping[str, str]) -> dict[str, list[str]]:
    """Names by what was found of them, in the order of the findings."""
    found: dict[str, list[str]] = {}
    for name, text in answers.items():
        found.setdefault(text, []).append(name)
    return found
