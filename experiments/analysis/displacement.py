"""What events displace, as a pair shows it: event applications that the same residents filed without the policy too.

Both arms of a pair have the same residents, needs and luck. So an application at an event under the policy can be
looked up under the baseline: the same need of the same resident, applied for as many times. (By the need alone, whoever
was rejected in both arms and applies again at an event would count as having done so anyway.) The model's own reckoning
on the day of filing (``displaced_share``) knows no second arm.
"""

from __future__ import annotations

import numpy as np

from keliling.sim.history import Filings
from keliling.sim.rules.choice import QUARTER
from keliling.sim.run import Run
from keliling.sim.scenario import YEAR_DAYS


def displaced(policy: Filings, baseline: Filings, first: int, until: int) -> tuple[int, int]:
    """Applications filed at events under the policy from day ``first`` to before ``until``, and how many of them were
    filed under the baseline too, before or within a quarter after that day.
    """
    here = policy.at_event & (policy.day >= first) & (policy.day < until)
    key, day = policy.key[here], policy.day[here]
    if not baseline.key.size:
        return int(key.size), 0
    at = np.minimum(np.searchsorted(baseline.key, key), baseline.key.size - 1)
    also = (baseline.key[at] == key) & (baseline.day[at] <= day + QUARTER)
    return int(key.size), int(np.count_nonzero(also))


def displaced_in(policy: Run, baseline: Run, year: int) -> tuple[int, int]:
    """The same for a year and over all districts. Only those are counted after which the baseline lived a quarter."""
    first = policy.scenario.first_day_of(year)
    until = min(first + YEAR_DAYS, baseline.scenario.days - QUARTER)
    found = [
        displaced(one.filings, other.filings, first, until)
        for one, other in zip(policy.districts, baseline.districts, strict=True)
    ]
    return sum(filed for filed, _ in found), sum(also for _, also in found)
