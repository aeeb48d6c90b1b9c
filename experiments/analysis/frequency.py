"""How outcomes answer to events a month: where more of them bring less and less, and where they turn to harm.

*Returns diminish* beyond the first frequency from which a further event a month brings clearly less than HALF of what
an event brought on average up to there: the 95% interval of the paired difference between the two lies below zero. *It
turns* at a frequency beyond which the next step makes the outcome clearly worse, after it had become clearly better.
Where outreach takes officers from the desk, a crowded desk is what turns it: the utilisation of the desk is told too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from keliling.experiments.analysis.intervals import interval
from keliling.experiments.analysis.results import Floats, Results
from keliling.sim.outcomes import NEITHER, outcomes

LEVER = "events_per_month"
HALF = 0.5
CROWDED = 90.0  # utilisation of the desk, in per cent, from which queues grow out of proportion


@dataclass(frozen=True)
class Response:
    """One outcome over the frequencies: where returns diminish and where it turns; NaN where they never do."""

    outcome: str
    diminishing: float
    turning: float
    utilisation: float
    """Of the desk, in per cent, at the turning point."""
    text: str


def frequencies(results: Results) -> list[tuple[float, int]]:
    """Frequencies with the arm of each, ascending: arms that set nothing else, the first of each frequency."""
    found: dict[float, int] = {}
    for at, arm in enumerate(results.arms):
        if list(arm.levels) == [LEVER]:
            found.setdefault(float(arm.levels[LEVER]), at)  # type: ignore[arg-type]
    return sorted(found.items())


def today(results: Results) -> float:
    """Events a month under the baseline, in the year looked at."""
    scenario = results.arms[0].scenario
    return float([values for _, values in scenario.timeline()][-1][LEVER])  # type: ignore[arg-type]


def response(results: Results, outcome: str) -> Response:
    """Where one outcome stops answering to more events, and where it turns."""
    better, levels = outcomes()[outcome].better, frequencies(results)
    diminishing = turning = crowded = math.nan
    if better == NEITHER or len(levels) < 3 or outcomes()[outcome].group == "value":
        return Response(outcome, diminishing, turning, crowded, "")
    values = better * results.values[outcome]
    (zero, first), gained = levels[0], False
    for (level, arm), (more, next_arm) in pairwise(levels[1:]):
        so_far, step = values[arm] - values[first], values[next_arm] - values[arm]
        gained = gained or _interval(results, so_far)[0] > 0
        short = step / (more - level) - HALF * so_far / (level - zero)
        if gained and math.isnan(diminishing) and _interval(results, short)[1] < 0:
            diminishing = level
        if gained and math.isnan(turning) and _interval(results, step)[1] < 0:
            turning, crowded = level, _used(results, arm)
    text = _text(diminishing, turning, crowded)
    if not text:
        end, last = levels[-1]
        low, high = _interval(results, values[last] - values[first])
        worse = [one for one in levels[1:] if _interval(results, values[one[1]] - values[first])[1] < 0]
        text = f"no clear answer up to {end:g} a month"
        if low > 0:
            text = f"better at {end:g} a month than at {zero:g}, returns not seen to diminish"
        elif high < 0:
            text = f"clearly worse than at {zero:g} from {worse[0][0]:g} a month on{_desk(_used(results, worse[0][1]))}"
    return Response(outcome, diminishing, turning, crowded, text)


def responses(results: Results, names: Sequence[str]) -> list[Response]:
    """Every outcome's response."""
    return [response(results, name) for name in names]


def _interval(results: Results, values: Floats) -> tuple[float, float]:
    """The interval of a mean, over points where there are several and else over replicates."""
    units = results.by_point(values) if len(results.study.design) > 1 else values
    return interval([one for one in units.tolist() if not math.isnan(one)])


def _text(diminishing: float, turning: float, crowded: float) -> str:
    if not math.isnan(turning):
        return f"turns to harm beyond {turning:g} a month{_desk(crowded)}"
    if not math.isnan(diminishing):
        return f"returns diminish beyond {diminishing:g} a month"
    return ""


def _used(results: Results, arm: int) -> float:
    """Utilisation of the desk under an arm, in per cent."""
    return float(np.nanmean(results.values["utilisation"][arm]))


def _desk(used: float) -> str:
    return f"; the desk is {used:.0f}% used there" + (", crowded" if used >= CROWDED else "")
