"""The rule of willingness as compiled loops call it: the base rule, or a function of the user's own, compiled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from keliling.sim.compiled import native
from keliling.sim.faults import Place, Problems
from keliling.sim.hypothesis import WILLINGNESS, Hypothesis
from keliling.sim.rules import motivation

LONGEST = 300  # characters of a compiler's reason
WHOLE = ("decisive", "stake")  # of the fourteen things that it is handed; the last are the weights


def signature() -> Any:
    """The types that a willingness function is called with, and that of its result."""
    from numba import types

    numbers = [types.int64 if name in WHOLE else types.float64 for name in WILLINGNESS[:-1]]
    return types.float64(*numbers, types.UniTuple(types.float64, len(motivation.WEIGHTS)))


@cache
def base() -> Callable[..., float]:
    """The base rule."""
    rule: Any = motivation.willingness
    return native(getattr(rule, "py_func", rule), signature())


def willingness_of(hypothesis: Hypothesis) -> Callable[..., float]:
    """The rule of a hypothesis. Raises InvalidInput when a function of the user's own cannot be compiled."""
    if hypothesis.path is None:
        return base()
    known_by = hypothesis.name, hypothesis.source
    if known_by not in _compiled:
        _compiled[known_by] = _own(hypothesis)
    return _compiled[known_by]


_compiled: dict[tuple[str, str], Callable[..., float]] = {}


def _own(hypothesis: Hypothesis) -> Callable[..., float]:
    from numba.core.errors import NumbaError

    own = hypothesis.own()
    assert own is not None
    try:
        return native(own, signature())
    except (NumbaError, NotImplementedError) as error:
        problems = Problems()
        reason = " ".join(str(error).split())[:LONGEST]
        problems.add("function-not-compiled", Place(hypothesis.name, key="willingness"), reason=reason)
        problems.raise_if_any()
        raise
