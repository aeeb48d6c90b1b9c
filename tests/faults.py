"""What tests of faulty input share."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import pytest

from keliling.sim.errors import InvalidInput, Problem


def problems_of(call: Callable[[], Any]) -> list[Problem]:
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == "\n".join(str(problem) for problem in caught.value.problems)
    return caught.value.problems


def fits(template: str, text: str) -> bool:
    """Whether ``text`` is ``template`` filled in: its fixed parts follow each other, and nothing is left unfilled."""
    at = 0
    for fixed, *_ in string.Formatter().parse(template):
        at = text.find(fixed, at)
        if at < 0:
            return False
        at += len(fixed)
    return True
