"""Numbers that stand in the code of the model and not in the register: the named ones with their reasons, and any other.

A named constant is a number under a name in capitals at the top of a module; its reason is the comment behind it, or
the string below it. Numbers that are given out one after the other are codes, and no constants.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.odd_tables import SIM, comments

PLAIN = (0, 1, 2)
"""Nothing, one and two: they count and compare, double and halve."""


@dataclass(frozen=True)
class Constant:
    """A number with a name; ``reason`` is empty where the code gives none."""

    file: str
    name: str
    value: float
    reason: str


def constants() -> list[Constant]:
    """All of the model's, by file and line."""
    return [one for path in sorted(SIM.rglob("*.py")) for one in constants_in(path)]


def constants_in(path: Path) -> Iterator[Constant]:
    said, body = comments(path), ast.parse(path.read_text(encoding="utf-8")).body
    for at, node in enumerate(body):
        if not isinstance(node, ast.Assign):
            continue
        below = body[at + 1] if at + 1 < len(body) else None
        reason = said.get(node.end_lineno or 0, "")
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            reason = reason or " ".join(below.value.value.split())
        pairs = _named(node)
        values = [value for _, value in pairs]
        if len(values) > 1 and values == list(range(int(values[0]), int(values[0]) + len(values))):
            continue
        for name, value in pairs:
            yield Constant(path.relative_to(SIM).as_posix(), name, value, reason)


def _named(node: ast.Assign) -> list[tuple[str, float]]:
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(target.elts, value.elts, strict=True))
    else:
        pairs = [(target, value)]
    found = []
    for name, number in pairs:
        known = _number(number)
        if isinstance(name, ast.Name) and name.id.lstrip("_").isupper() and known is not None:
            found.append((name.id, known))
    return found


def _number(node: ast.expr) -> float | None:
    """The value of a number, or of arithmetic on numbers alone."""
    if any(isinstance(part, ast.Name | ast.Call | ast.Attribute | ast.Subscript) for part in ast.walk(node)):
        return None
    try:
        value = eval(compile(ast.Expression(node), "constant", "eval"), {"__builtins__": {}})
    except Exception:
        return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def numbers_within(path: Path) -> list[tuple[int, float]]:
    """Line and value of every number in a module that is neither plain nor under a name of its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {id(part) for node in tree.body if isinstance(node, ast.Assign) and _named(node) for part in ast.walk(node)}
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
        and node.value not in PLAIN
        and id(node) not in named
    ]
