"""Factors of a study: what it varies, and the value of each at a share of the way through its range.

A factor is a lever or an uncertainty of the register, the hypothesis of co-production, or luck. Ranges are those of
the register unless the study gives others; one that spans more than a factor of ten is gone through on a log scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keliling.sim.parameters import Parameter, Value, register

LUCK = "luck"
"""The name of the factor that is the run's own luck: its value is the number of a replicate."""
LUCKS = 2**32  # replicates that there are
WIDE = 10.0  # a range that spans more than this factor is gone through on a log scale
DECIDED_ELSEWHERE = ("survey_n", "survey_frame")


@dataclass(frozen=True)
class Factor:
    """One factor; ``choices`` are its values when it has no range of numbers."""

    name: str
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    choices: tuple[Value, ...] = ()

    @property
    def log(self) -> bool:
        """Whether it is gone through on a log scale."""
        return not self.whole and self.low > 0 and self.high / self.low > WIDE

    def at(self, share: float) -> Value:
        """The value at a share in [0, 1] of the way through; equal parts of the way for each whole number or choice."""
        if self.choices:
            return self.choices[min(int(share * len(self.choices)), len(self.choices) - 1)]
        if self.whole:
            return min(int(self.low + share * (self.high - self.low + 1)), int(self.high))
        if share in (0.0, 1.0):  # rounding may not carry it over an end, nor keep it from one
            return float(self.high if share else self.low)
        way = self.low * (self.high / self.low) ** share if self.log else self.low + share * (self.high - self.low)
        return float(min(max(way, self.low), self.high))

    @property
    def title(self) -> str:
        """What it is, for people."""
        if self.name == LUCK:
            return "luck"
        return register()[self.name].meaning if self.name in register() else self.name.replace("_", " ")


LUCK_FACTOR = Factor(LUCK, 0, LUCKS - 1, whole=True)


def of_parameter(parameter: Parameter, low: float | None = None, high: float | None = None) -> Factor:
    """The factor of a parameter over its whole range, or over the part of it that is given."""
    if parameter.type == "switch":
        return Factor(parameter.name, choices=(False, True))
    if parameter.choices:
        return Factor(parameter.name, choices=parameter.choices)
    lowest, highest = parameter.low if low is None else low, parameter.high if high is None else high
    return Factor(parameter.name, lowest, highest, parameter.type == "whole number")


def uncertainties(fixed: Sequence[str] = ()) -> list[Factor]:
    """Every uncertainty that is a number, but for those of the survey and those ``fixed``."""
    return [
        of_parameter(parameter)
        for parameter in register().values()
        if parameter.kind == "uncertainty"
        and parameter.type in ("number", "whole number")
        and parameter.high > parameter.low
        and parameter.name not in (*DECIDED_ELSEWHERE, *fixed)
    ]
