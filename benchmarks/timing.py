"""Seconds, pairs of them, and the machine that they were measured on."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Timed = Callable[[int], float]
"""One repeat, counted from 0: does its set-up, then what is measured; returns the seconds of the latter."""


@dataclass(frozen=True)
class Setting:
    """How large and how often: ``size`` is the share of the district, ``repeats`` the pairs or rounds of a measure."""

    size: float = 1.0
    repeats: int = 5

    @property
    def few(self) -> int:
        """Repeats of what takes long and is no ratio."""
        return min(self.repeats, 3)


@dataclass(frozen=True)
class Line:
    """One row of the table of targets; ``holds`` is None where nothing was asked."""

    measure: str
    measured: str
    asked: str = "-"
    holds: bool | None = None


@dataclass(frozen=True)
class Found:
    """What a measure found: rows of the table of targets, and details in Markdown."""

    lines: list[Line]
    detail: str = ""


@dataclass(frozen=True)
class Spread:
    """Some values of one quantity."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def text(self, form: str = ".3g", unit: str = "") -> str:
        """Median, least and most, how many."""
        low, high = min(self.values), max(self.values)
        n = len(self.values)
        if n == 1:
            return f"{self.median:{form}}{unit}, n = 1"
        return f"{self.median:{form}}{unit} [{low:{form}}-{high:{form}}], n = {n}"

    def at_most(self, measure: str, most: float, form: str = ".3g", unit: str = "") -> Line:
        """A target: the median is at most ``most``."""
        return Line(measure, self.text(form, unit), f"at most {most:g}{unit}", self.median <= most)

    def at_least(self, measure: str, least: float, form: str = ".3g", unit: str = "") -> Line:
        """A target: the median is at least ``least``."""
        return Line(measure, self.text(form, unit), f"at least {least:g}{unit}", self.median >= least)

    def line(self, measure: str, form: str = ".3g", unit: str = "") -> Line:
        """No target."""
        return Line(measure, self.text(form, unit))


@dataclass(frozen=True)
class Pairs:
    """Seconds of two things that were timed in turn, one pair a repeat."""

    one: list[float]
    other: list[float]

    @property
    def ratio(self) -> Spread:
        """Time of the other over that of the one, pair by pair."""
        return Spread([b / a for a, b in zip(self.one, self.other, strict=True)])

    def rows(self, one: str, other: str) -> list[list[str]]:
        """Rows of a table: name, seconds."""
        return [[one, Spread(self.one).text(".4g")], [other, Spread(self.other).text(".4g")]]


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is collected within this: when it would be is luck."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def timed(action: Callable[..., T], *arguments: Any, **named: Any) -> tuple[T, float]:
    """What ``action`` returns, and the seconds that it takes while no garbage is collected."""
    with uncollected():
        began = time.perf_counter()
        result = action(*arguments, **named)
        return result, time.perf_counter() - began


def seconds(action: Callable[..., object], *arguments: Any) -> float:
    """The seconds that ``action`` takes while no garbage is collected."""
    return timed(action, *arguments)[1]


def in_turn(one: Timed, other: Timed, repeats: int) -> Pairs:
    """Pairs measured A B A B, so that what slows the machine for a while slows both."""
    pairs = Pairs([], [])
    for repeat in range(repeats):
        pairs.one.append(one(repeat))
        pairs.other.append(other(repeat))
    return pairs


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def compiler() -> str:
    """The C compiler."""
    return os.environ.get("CC", "gcc")


def machine() -> str:
    """Processor, memory, system and versions, as a table."""
    rows = [
        ["processor", f"{_processor()}, {os.cpu_count()} cores"],
        ["memory", _memory()],
        ["system", f"{platform.system()}, {platform.machine()}"],
        ["Python", platform.python_version()],
        *([name, _version(name)] for name in ("numpy", "numba", "llvmlite", "mesa")),
        ["C compiler", _first_line([compiler(), "--version"])],
    ]
    return table(["what", "which"], rows)


def _processor() -> str:
    for line in _text(Path("/proc/cpuinfo")).splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"
    except (ValueError, OSError, AttributeError):
        return "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _first_line(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError):
        return "none"
