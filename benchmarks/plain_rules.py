"""The rules of the model uncompiled, for programs that call them from plain Python."""

from __future__ import annotations

from importlib import import_module
from types import FunctionType, SimpleNamespace


def plain(name: str) -> SimpleNamespace:
    """A module of ``sim.rules`` as plain Python functions that also call each other as such.

    An agent calls a rule on a few numbers; handing them to compiled code and back costs more than it saves.
    """
    rules = vars(import_module(f"keliling.sim.rules.{name}"))
    names = dict(rules)
    for name, rule in rules.items():
        if hasattr(rule, "py_func"):
            names[name] = FunctionType(rule.py_func.__code__, names, name)
    return SimpleNamespace(**names)
