"""Without a change of levers 2018 and 2019 differ by noise only: inflows equal outflows from the start."""

from __future__ import annotations

import pytest

from sim.run import run
from sim.scenario import load
from tests.statistics import assert_mean

# The smallest yearly change, in per cent, that the test must be able to see.
WATCHED = {
    "applications": 8.0,
    "open_needs": 6.0,
    "rejected_share": 16.0,
    "delayed_share": 12.0,
    "days_to_decision": 12.0,
    "broker_share": 14.0,
    "utilisation": 10.0,
    "satisfaction": 1.5,
    "trust": 0.5,
    "norm": 1.5,
}
# Word of mouth lifts mean trust a little for longer than the warm-up year lasts: a tenth of a per cent in the next.
SETTLING = {"trust": 0.2}

Values = dict[str, float]


@pytest.fixture(scope="module")
def years() -> list[tuple[Values, Values]]:
    scenario = load("kebon-jeruk-no-outreach", size=0.15, set_=["elections=false"])
    runs = [run(scenario, replicate=replicate) for replicate in range(24)]
    return [(one.values(2018), one.values(2019)) for one in runs]


@pytest.mark.parametrize("name", WATCHED)
def test_nothing_drifts(years: list[tuple[Values, Values]], name: str) -> None:
    changes = [100.0 * (after[name] / before[name] - 1.0) for before, after in years]
    assert_mean(changes, 0.0, detect=WATCHED[name], bias=SETTLING.get(name, 0.0))


def test_complaints_average_their_rate(years: list[tuple[Values, Values]]) -> None:
    """Expected complaints per 1,000 decided, over both years of each run; a twentieth of 1.2 would be found."""
    assert_mean([(a["complaints_expected"] + b["complaints_expected"]) / 2.0 for a, b in years], 1.2, detect=0.06)
