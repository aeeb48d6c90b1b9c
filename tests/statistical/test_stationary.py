"""Without a change of levers 2018 and 2019 differ by noise only, and so do eight years: inflows equal outflows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from keliling.sim.kernels.simulation import Simulation
from keliling.sim.parameters import permits
from keliling.sim.run import run
from keliling.sim.scenario import load
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


@pytest.fixture(scope="module", autouse=True)
def laws_are_held_elsewhere() -> Iterator[None]:
    """Without them many more years can be lived."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("KELILING_CHECKED", raising=False)
        yield


@pytest.fixture(scope="module")
def years() -> list[tuple[Values, Values]]:
    scenario = load("kebon-jeruk-no-outreach", size=0.15, set_=["elections=false"])
    runs = [run(scenario, replicate=replicate) for replicate in range(36)]
    return [(one.values(2018), one.values(2019)) for one in runs]


@pytest.mark.parametrize("name", WATCHED)
def test_nothing_drifts(years: list[tuple[Values, Values]], name: str) -> None:
    changes = [100.0 * (after[name] / before[name] - 1.0) for before, after in years]
    assert_mean(changes, 0.0, detect=WATCHED[name], bias=SETTLING.get(name, 0.0))


def test_complaints_average_their_rate(years: list[tuple[Values, Values]]) -> None:
    """Expected complaints per 1,000 decided, over both years of each run; a twentieth of 1.2 would be found."""
    assert_mean([(a["complaints_expected"] + b["complaints_expected"]) / 2.0 for a, b in years], 1.2, detect=0.06)


# -- the stock of needs by permit, year after year

YEARS, RUNS, QUARTER = 8, 72, 63
PERMITS = [permit.name for permit in permits()]
# Open needs, those of them unknown to their holders, those with an obstacle: the smallest deviation from what was asked
# for and the smallest change from the first three years to the last three, in per cent, that the test must see.
STOCKS = {
    ("imb", "open"): (3.5, 4.0),
    ("imb", "unaware"): (6.0, 10.0),
    ("imb", "obstructed"): (None, 6.0),
    ("iumk", "open"): (5.0, 4.0),
    ("iumk", "unaware"): (5.5, 5.5),
    ("iptm", "open"): (5.5, 9.0),
    ("iptm", "unaware"): (18.0, 38.0),
    ("other", "open"): (3.5, 4.5),
    ("other", "unaware"): (7.5, 11.0),
    ("other", "obstructed"): (None, 26.0),
}
# Days are whole: who acts, learns or ends does so at the end of one, and files that reopen are under way for weeks.
WHOLE_DAYS = 1.0


@pytest.fixture(scope="module")
def stocks() -> dict[tuple[str, str], np.ndarray]:
    """By permit and class: the stock at the end of every quarter of every run, over what was asked for."""
    scenario = load("kebon-jeruk-no-outreach", size=0.3, years=YEARS - 1, set_=["elections=false"])
    found = np.empty((3, RUNS, 4 * YEARS, len(PERMITS)))
    for replicate in range(RUNS):
        simulation = Simulation(scenario, replicate=replicate)
        for quarter in range(4 * YEARS):
            simulation.live((quarter + 1) * QUARTER)
            for which, name in enumerate(("open", "unaware", "obstructed")):
                found[which, replicate, quarter] = getattr(simulation.world.stock, name)
    holders = np.bincount(simulation.ground.pairs.permit)
    asked = {}
    for number, (name, balance) in enumerate(zip(PERMITS, simulation.ground.equilibrium.balances, strict=True)):
        whole = holders.item(number) * balance.known.stock
        asked[name, "open"] = found[0, ..., number] / whole
        asked[name, "unaware"] = found[1, ..., number] / (whole * balance.known.unaware)
        if balance.known.obstacle > 0.0:
            asked[name, "obstructed"] = found[2, ..., number] / found[2, ..., number].mean()
    return asked


@pytest.mark.verify
def test_every_stock_is_watched(stocks: dict[tuple[str, str], np.ndarray]) -> None:
    assert stocks.keys() == STOCKS.keys()


@pytest.mark.verify
@pytest.mark.parametrize("which", STOCKS, ids=" ".join)
def test_a_stock_stays_what_was_asked_for(stocks: dict[tuple[str, str], np.ndarray], which: tuple[str, str]) -> None:
    """Eight years without a programme at 0.3 of the district, 72 runs; false-positive rate 1e-6."""
    level, drift = STOCKS[which]
    percent = 100.0 * stocks[which]
    if level is not None:
        assert_mean(percent.mean(axis=1), 100.0, detect=level, bias=WHOLE_DAYS)
    changes = percent[:, -12:].mean(axis=1) - percent[:, :12].mean(axis=1)
    assert_mean(changes, 0.0, detect=drift)
