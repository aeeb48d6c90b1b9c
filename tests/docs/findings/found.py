"""The results of the record as prose asks for them, and the sentences that they contradict."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.differences import Difference
from keliling.experiments.analysis.paired_outcomes import STANDARDISED, VALUE
from keliling.sim.faults import nearest_name
from keliling.sim.outcomes import Outcome, outcomes
from tests.docs.findings.plan import PLAN, Pair, Study

Row = Mapping[str, Any]


class NotMeasured(Exception):
    """A part that the record does not hold."""

    def __init__(self, part: str) -> None:
        super().__init__(f"part {part} was not measured: run `make findings`")
        self.part = part


class NotFound(Exception):
    """A result that a measured part does not have."""


@dataclass
class Found:
    """The record, and what prose claims that it does not bear out."""

    parts: Mapping[str, Row]
    wrong: list[str] = field(default_factory=list)

    def part(self, name: str) -> Row:
        """Everything that a part came to. Raises NotMeasured."""
        if name not in self.parts:
            raise NotMeasured(name)
        return self.parts[name]["results"]

    def pair(self, name: str) -> Compared:
        """A comparison of the plan."""
        plan = PLAN[name]
        assert isinstance(plan, Pair)
        return Compared(name, plan, self.part(name))

    def study(self, name: str) -> Studied:
        """A study of the plan."""
        plan = PLAN[name]
        assert isinstance(plan, Study)
        return Studied(name, plan, self.part(name))

    def measured_on(self, name: str) -> str:
        """The day on which a part was measured, ISO."""
        self.part(name)
        return str(self.parts[name]["measured"])

    def claim(self, holds: bool, sentence: str) -> str:
        """The sentence, which the numbers must bear out; noted as wrong, with its place, when they do not."""
        if not holds:
            caller = sys._getframe(1)
            place = f"{Path(caller.f_code.co_filename).name}, line {caller.f_lineno}"
            self.wrong.append(f'"{sentence}" ({place})')
        return sentence


@dataclass(frozen=True)
class Compared:
    """A comparison that was measured."""

    name: str
    plan: Pair
    results: Row

    def __getitem__(self, outcome: str) -> Difference:
        return _difference(self.plan.policy, outcome, _kept(self.results["outcomes"], outcome, self.name))

    def alone(self, outcome: str, *, policy: bool = True) -> Difference:
        """The year against the one before it, in the policy or in the baseline by itself."""
        named = self.results["before_after"]
        scenario = list(named)[1 if policy else 0]
        return _difference(scenario, outcome, _kept(named[scenario], outcome, self.name))

    @property
    def adults(self) -> int:
        """Adults of a run."""
        return int(self.results["adults"])


@dataclass(frozen=True)
class Studied:
    """A study that was measured."""

    name: str
    plan: Study
    results: Row

    def __getitem__(self, key: tuple[str, str]) -> Difference:
        """What a policy adds to an outcome: ``study["weekly", "ikm"]``."""
        policy, outcome = key
        return _difference(policy, outcome, self.standing(policy, outcome))

    def standing(self, policy: str, outcome: str) -> Row:
        """All that the decision table has of a policy and an outcome."""
        named = _kept(self.results["policies"], policy, self.name)
        return _kept(named, outcome, f"{self.name}, {policy}")

    def now(self, outcome: str) -> float:
        """The mean of an outcome under the baseline."""
        first = next(iter(self.results["policies"]))
        return self[first, outcome].baseline_mean

    def ranking(self, policy: str) -> Row:
        """How an arm ranks."""
        return _kept(self.results["ranking"], policy, self.name)

    def answer(self, outcome: str) -> Row:
        """How an outcome answers to more events."""
        return _kept(self.results["answers"], outcome, self.name)

    def sensitivity(self, outcome: str, policy: str) -> Row:
        """The indices of a policy's difference in an outcome."""
        title = f"{outcomes()[outcome].title}: {policy} minus now"
        for target, indices in self.results["sensitivity"].items():
            if target.startswith(title) and "note" not in indices:
                return indices
            if target.startswith(title):
                raise NotFound(f"{self.name} has no indices of {target}: {indices['note']}")
        raise NotFound(f"{self.name} has no indices of {title}")

    def factors(self, outcome: str, policy: str) -> dict[str, dict[str, Index]]:
        """The first factors of a policy's difference in an outcome, with their measures."""
        named = self.sensitivity(outcome, policy)["factors"]
        return {
            factor: {measure: Index(*_numbers(one)) for measure, one in measures.items()}
            for factor, measures in named.items()
        }


@dataclass(frozen=True)
class Index:
    """One measure of one factor, with its interval; ``told`` from a factor that does nothing."""

    value: float
    low: float
    high: float
    told: bool


def _numbers(one: list[Any]) -> tuple[float, float, float, bool]:
    value, low, high = (math.nan if number is None else float(number) for number in one[:3])
    return value, low, high, bool(one[3])


def _kept(named: Row, key: str, where: str) -> Any:
    if key not in named:
        near = nearest_name(key, named)
        raise NotFound(f"{where} has no {key}" + (f"; did you mean {near}?" if near else ""))
    return named[key]


@cache
def _outcomes() -> dict[str, Outcome]:
    return dict(outcomes()) | {one.name: one for one in (STANDARDISED, *VALUE)}


def _difference(policy: str, outcome: str, row: Row) -> Difference:
    """A kept row as a difference again."""

    def number(key: str) -> float:
        return math.nan if row.get(key) is None else float(row[key])

    # The decision table has the policy's level and not the baseline's.
    before = number("baseline") if "baseline" in row else number("policy") - number("mean")
    return Difference(
        policy,
        _outcomes()[outcome],
        before,
        number("policy"),
        number("mean"),
        number("low"),
        number("high"),
        row.get("better_in"),
        int(row.get("n", 0)),
        int(row.get("dropped", 0)),
        math.nan,
    )


Prose = Callable[[Found], str]
Check = Callable[[Found], bool]
