"""Hypotheses: named accounts of willingness, from ``data/hypotheses.toml`` or from a few lines of a user's Python.

A user's function replaces the base rule of willingness. Its file is read and parsed, never run, when the scenario is
checked; ``Hypothesis.load`` runs it, from the very text that was checked and that the scenario's digest covers.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from numbers import Real
from pathlib import Path
from types import ModuleType

from keliling.sim.errors import InvalidInput
from keliling.sim.faults import Place, Problems, nearest_name
from keliling.sim.located import file_text, read_toml
from keliling.sim.parameters import Value
from keliling.sim.rules.motivation import LARGEST
from keliling.sim.values import check_value, find_parameter

WILLINGNESS = (
    "intrinsic", "social", "normative", "efficacy", "decisive", "need", "company", "means", "stake", "delays",
    "fatigue", "hours", "pay", "weights",
)  # fmt: skip
BASE = "two-types"


@dataclass(frozen=True)
class Hypothesis:
    """An account of willingness: parameter overrides, or a user's own function in place of the base rule."""

    name: str
    """Name of a shipped hypothesis, or ``file.py:function``."""
    title: str
    why: str
    overrides: Mapping[str, Value] = field(default_factory=dict)
    path: Path | None = None
    """File of the user's function; None for the base rule."""
    function: str | None = None
    source: str = ""
    """Text of that file as it was checked."""

    def load(self) -> Callable[..., float] | None:
        """The user's function, held to returning a finite number, or None when the base rule stands.

        Raises InvalidInput when the file fails while it is run; the function does when it fails, or returns no number.
        """
        own = self.own()
        return None if own is None else _guarded(own, self.name)

    def own(self) -> Callable[..., float] | None:
        """The user's function as it is, or None when the base rule stands.

        Raises InvalidInput when the file fails while it is run.
        """
        if self.path is None or self.function is None:
            return None
        name = "keliling_hypothesis_" + hashlib.blake2b(self.source.encode(), digest_size=8).hexdigest()
        module = ModuleType(name)
        module.__file__ = str(self.path)
        sys.modules[name] = module  # compilers and pickle look the function's module up by name
        problems = Problems()
        try:
            with contextlib.redirect_stdout(sys.stderr):  # stdout is for data
                exec(compile(self.source, str(self.path), "exec"), module.__dict__)
            loaded: Callable[..., float] = getattr(module, self.function)
            if not callable(loaded):
                raise TypeError(f"{self.function} is no function once the file has run")
        except (Exception, SystemExit) as error:  # whatever a user's file raises is a fault of that file
            sys.modules.pop(name, None)
            reason = f"{type(error).__name__}: {error}"
            problems.add("function-broken", Place(file_text(self.path), key=self.function), reason=reason)
            raise InvalidInput(problems.found) from error
        return loaded


def failed(name: str, error: BaseException) -> InvalidInput:
    """What to say of a user's function that raised an error when it was called."""
    problems = Problems()
    problems.add("function-fails", Place(name, key="willingness"), reason=f"{type(error).__name__}: {error}")
    return InvalidInput(problems.found)


def unusable(name: str, worth: object) -> InvalidInput:
    """What to say of a user's function that returned something that is no willingness."""
    problems = Problems()
    problems.add("function-value", Place(name, key="willingness"), f"{worth!r:.60}")
    return InvalidInput(problems.found)


def _guarded(function: Callable[..., float], name: str) -> Callable[..., float]:
    """The user's function, held to returning a finite number. Raises InvalidInput when it does not."""

    def willingness(*given: object) -> float:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                worth = function(*given)
        except (Exception, SystemExit) as error:
            raise failed(name, error) from error
        if not isinstance(worth, Real) or not math.isfinite(worth) or abs(worth) > LARGEST:
            raise unusable(name, worth)
        return float(worth)

    return willingness


@cache
def hypotheses() -> Mapping[str, Hypothesis]:
    """The shipped hypotheses by name; the first is the base."""
    return read_hypotheses(Path(__file__).parent / "data" / "hypotheses.toml")


def read_hypotheses(path: Path) -> dict[str, Hypothesis]:
    """Hypotheses of a file with a title, a why and [overrides] each; raises InvalidInput."""
    problems = Problems()
    located = read_toml(path, problems)
    found = {}
    for name, table in located.tables.items() if located else ():
        overrides = {}
        assert located is not None
        for key, value in table.get("overrides", {}).items():
            place = located.place(name, "overrides", key)
            parameter = find_parameter(key, place, problems)
            checked = check_value(parameter, value, place, problems, possible=True) if parameter else None
            if checked is not None:
                overrides[key] = checked
        found[name] = Hypothesis(name, table["title"], table["why"], overrides)
    problems.raise_if_any()
    return found


def find_hypothesis(text: str, folder: Path, place: Place, problems: Problems) -> Hypothesis | None:
    """The hypothesis that ``text`` names; a ``file.py:function`` is looked for from ``folder``."""
    file, colon, function = text.rpartition(":")
    if colon and file.endswith(".py"):
        return _own(folder / file, function, place, problems)
    if text.endswith(".py") or ".py:" in text:
        problems.add("function-form", place, text)
    elif text in hypotheses():
        return hypotheses()[text]
    else:
        problems.add("hypothesis-unknown", place, text, nearest=nearest_name(text, hypotheses()))
    return None


def _own(path: Path, function: str, place: Place, problems: Problems) -> Hypothesis | None:
    given = f"{path.name}:{function}"
    try:
        source = path.read_bytes().decode("utf-8")
        tree = ast.parse(source)
    except SyntaxError as error:
        problems.add("function-syntax", place, given, at=error.lineno or 1, reason=error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        if "\0" in str(path):
            problems.add("function-file-missing", place, given)
        else:
            problems.add("function-syntax", place, given, at=1, reason=str(error))
    except OSError:
        problems.add("function-file-missing", place, given)
    else:
        found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        if function not in found:
            nearest = nearest_name(function, found)
            problems.add("function-unknown", place, given, nearest=nearest, function=function)
            return None
        taken = found[function].args
        names = tuple(argument.arg for argument in [*taken.posonlyargs, *taken.args])
        if names != WILLINGNESS or taken.vararg or taken.kwarg or taken.kwonlyargs:
            at, expected = found[function].lineno, ", ".join(WILLINGNESS)
            problems.add("function-parameters", place, given, at=at, expected=expected)
            return None
        why = (ast.get_docstring(found[function]) or "a willingness function of one's own").split("\n")[0]
        return Hypothesis(given, given, why, path=path.resolve(), function=function, source=source)
    return None
