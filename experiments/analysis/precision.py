"""Replicates by rule: add them until every paired difference is known as closely as asked.

The number is the smallest at which the half width of the interval is small enough, and stays so for ``look_ahead``
replicates more: a narrow interval of few replicates may be luck (Hoad, Robinson & Davies 2010, *J. Oper. Res. Soc.*).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from keliling.experiments.analysis.intervals import interval
from keliling.experiments.plan.study import Precision, Round


@dataclass(frozen=True)
class Reached:
    """What a rule came to: ``needed`` is None when ``most`` replicates were not enough."""

    needed: int | None
    lived: int
    half_widths: Mapping[str, float]


def half_width(differences: Sequence[float]) -> float:
    """Half the width of the interval of the mean; infinite where there is none."""
    used = [one for one in differences if not math.isnan(one)]
    low, high = interval(used)
    return (high - low) / 2.0 if not math.isnan(low) else math.inf


def judged(rule: Precision, differences: Mapping[str, Sequence[float]]) -> Reached:
    """Where the rule stands with the paired differences of every policy, in the order of replicates."""
    lived = min((len(one) for one in differences.values()), default=0)
    widths = [
        max(half_width(one[:n]) for one in differences.values()) if n >= rule.least else math.inf
        for n in range(lived + 1)
    ]
    needed = next(
        (
            n
            for n in range(rule.least, lived - rule.look_ahead + 1)
            if all(width <= rule.half_width for width in widths[n : n + rule.look_ahead + 1])
        ),
        None,
    )
    return Reached(needed, lived, {name: half_width(one) for name, one in differences.items()})


def next_number(rule: Precision, reached: Reached) -> int:
    """How many replicates to live next: as many as the spread so far asks for, at most twice those there are."""
    if reached.lived < rule.least + rule.look_ahead:
        return min(rule.least + rule.look_ahead, rule.most)
    widest = max(reached.half_widths.values())
    ratio = widest / rule.half_width
    wanted = reached.lived * (2.0 if ratio * ratio > 2.0 else ratio * ratio)
    return min(max(math.ceil(wanted), reached.lived) + max(rule.look_ahead, 1), rule.most)


def following(rule: Precision, reached: Reached | None) -> int | None:
    """How many replicates there should be after the next round; None when the rule is met or allows no more.

    ``reached`` says where it stands, None before the first round. The numbers depend on nothing else, so that a study
    that was stopped goes on to the same ones.
    """
    if reached is None:
        return min(rule.least + rule.look_ahead, rule.most)
    if reached.needed is not None or reached.lived >= rule.most:
        return None
    return next_number(rule, reached)


def rounds(
    rule: Precision, upto: Callable[[int], Round], differences: Callable[[], Mapping[str, Sequence[float]]]
) -> Iterator[Round]:
    """Rounds of more and more replicates until the rule is met: ``upto`` gives that of so many, ``differences`` are
    those of the rounds so far."""
    count = following(rule, None)
    while count is not None:
        yield upto(count)
        count = following(rule, judged(rule, differences()))


def said(rule: Precision, reached: Reached) -> str:
    """How it went, as a sentence."""
    widest = max(reached.half_widths.values())
    how = f"half width {widest:.4f} reached, {rule.half_width:g} asked for {rule.outcome}"
    if reached.needed is None:
        return f"Precision: {how}; {reached.lived} replicates, the most allowed, were not enough."
    return f"Precision: {how}; {reached.needed} replicates were enough, {reached.lived} were lived."
