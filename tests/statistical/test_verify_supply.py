"""The supply of co-producers at full size: what was put in, measured in a programme, and what tells accounts apart.

Declared before it was measured: levers are thanks, pay tied to the task, residents sought and standing help; smallest
relevant effects 5% of active co-producers and 2 points of retention; the sign that each account predicts stands in
``PREDICTED``. Everything is the difference that a lever makes under an account, less the one that it makes under the base
account, in the second year of weekly events, paired. Each check prints what it measured; docs/verification.md keeps dated
results (``make verify``).
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t

from keliling.experiments.run.executors import cores
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.outcomes import outcomes, totals_of
from keliling.sim.scenario import load
from keliling.sim.state import AS_HEAD

pytestmark = pytest.mark.verify

REPLICATES = 20
LEVERS: Mapping[str, Mapping[str, Any]] = {
    "thanks off": {"thanks": False},
    "tied pay": {"pay": 160.0},
    "residents 8": {"residents_sought": 8},
    "standing 0 to 2": {"standing_hours": 2.0},
}
ACCOUNTS = ("two-types", "mixed", "intrinsic-only", "social-only", "no-motivation")
PREDICTED = {
    ("mixed", "thanks off"): (-1, -1), ("intrinsic-only", "thanks off"): (-1, -1), ("social-only", "thanks off"): (1, 1),
    ("mixed", "tied pay"): (-1, -1), ("intrinsic-only", "tied pay"): (-1, -1),
    ("social-only", "residents 8"): (1, 1),
}  # fmt: skip
"""Signs of the difference in active co-producers and in retention against two-types."""
SMALLEST = (5.0, 2.0)


def programme(account: str = "two-types", **levers: Any) -> Any:
    base = load("kebon-jeruk-2018", years=3, hypothesis=account)
    return base.with_change("2019-01", **({"events_per_month": 4.0} | levers))


def found(scenario: Any, replicate: int) -> tuple[float, float]:
    simulation = Simulation(scenario, replicate=replicate)
    simulation.live()
    year = totals_of(simulation.records[36:48])
    return outcomes()["active_coproducers"].of(year), outcomes()["retention"].of(year)


def mean_and_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    half = t.ppf(0.975, values.size - 1) * values.std(ddof=1) / values.size**0.5
    return values.mean(), values.mean() - half, values.mean() + half


def test_levers_tell_accounts_apart() -> None:
    """At least two levers separate at least two accounts from the base beyond the smallest relevant effect."""
    arms = {(account, lever): programme(account, **(LEVERS.get(lever, {}))) for account in ACCOUNTS
            for lever in ("base", *LEVERS)}  # fmt: skip
    jobs = [(key, replicate) for key in arms for replicate in range(REPLICATES)]
    with ThreadPoolExecutor(cores()) as pool:
        lived = dict(zip(jobs, pool.map(lambda job: found(arms[job[0]], job[1]), jobs), strict=True))

    def effect(account: str, lever: str) -> NDArray[np.float64]:
        """Of the lever on active co-producers, in per cent, and on retention, in points; by replicate."""
        rows = []
        for replicate in range(REPLICATES):
            (active, stays), (active_before, stays_before) = (
                lived[(account, one), replicate] for one in (lever, "base")
            )
            rows.append((100.0 * (active / active_before - 1.0), stays - stays_before))
        return np.array(rows)

    apart: dict[str, set[str]] = {}
    for lever in LEVERS:
        print(f"\n{lever}: two-types {effect('two-types', lever).mean(axis=0).round(1).tolist()} (active %, retention)")
        for account in ACCOUNTS[1:]:
            difference = effect(account, lever) - effect("two-types", lever)
            for which, smallest in enumerate(SMALLEST):
                mean, low, high = mean_and_interval(difference[:, which])
                beyond = low > smallest or high < -smallest
                sign = PREDICTED.get((account, lever), (0, 0))[which]
                print(f"  {account}: {mean:+.1f} [{low:+.1f}, {high:+.1f}]{' *' if beyond else ''}"
                      f"{'' if not sign else ' as predicted' if sign * mean > 0 else ' AGAINST what was predicted'}")  # fmt: skip
                if beyond:
                    apart.setdefault(lever, set()).add(account)
    print(f"\napart beyond {SMALLEST}: {apart}")
    assert len(apart) >= 2
    assert len(set().union(*apart.values())) >= 2


def test_heads_accept_as_put_in_and_pay_draws_as_many_as_measured() -> None:
    """First invitations of RT heads in the first year, of 20 runs: acceptance, and what pay that is not tied adds."""
    shares = {}
    for pay in (0.0, 32.0, 160.0):
        asked = joined = 0
        for replicate in range(REPLICATES):
            simulation = Simulation(programme(pay=pay, pay_tied=False), replicate=replicate)
            simulation.live(36 * 21)
            left = simulation.history.invitations
            mine = (left.reason == AS_HEAD) & (left.invitation == 1) & (left.day >= 24 * 21)
            asked, joined = asked + int(mine.sum()), joined + int(left.joined[mine].sum())
        shares[pay] = joined / asked
        print(f"\npay of Rp {pay:g} thousand an hour: {100 * shares[pay]:.1f}% of {asked} heads asked first accept")
    assert shares[0.0] == shares[32.0]
    assert abs(shares[0.0] - 0.6) < 0.04
    assert abs(shares[160.0] - shares[0.0] - 0.06) < 0.02


def test_odds_of_leaving_in_cohorts_are_the_totals_measured() -> None:
    """Cohorts of the second year under thanks and training, or without either: odds of leaving within twelve months.

    People in a programme are not the accepting heads at base for whom the terms are solved: some are residents, events
    move motives, and need and company are those of their RW.
    """
    odds = {}
    for name, levers in (("base", {}), ("unthanked", {"thanks": False}), ("untrained", {"training_hours": 0.0})):
        began = stayed = 0.0
        for replicate in range(REPLICATES):
            simulation = Simulation(programme(**levers), replicate=replicate)
            simulation.live()
            year = totals_of(simulation.records[36:48])
            began, stayed = began + year["retention.began"], stayed + year["retention.stayed"]
        left = 1.0 - stayed / began
        odds[name] = left / (1.0 - left), 1.0 / (began * left * (1.0 - left))
        print(f"\n{name}: {100 * left:.1f}% of {began:.0f} leave within twelve months")
    values = programme().values
    for name, put_in in (("unthanked", values["unthanked_odds"]), ("untrained", values["untrained_odds"])):
        ratio = np.log(odds[name][0] / odds["base"][0])
        half = 1.96 * (odds[name][1] + odds["base"][1]) ** 0.5
        print(f"{name}: odds ratio {np.exp(ratio):.2f} [{np.exp(ratio - half):.2f}, {np.exp(ratio + half):.2f}], "
              f"put in {put_in:g}")  # fmt: skip
        assert 0.75 < np.exp(ratio) / put_in < 1.33


def test_thanks_move_intrinsic_motivation_by_what_was_measured() -> None:
    """Of those who served, with thanks and without, the same people: in standard deviations, mastery being the same."""
    motives = []
    for thanks in (True, False):
        simulation = Simulation(programme(thanks=thanks))
        simulation.live(36 * 21)
        world, used = simulation.world, simulation.world.counts.coproducers.item(0)
        # Who served before the lever moved was thanked in both arms.
        mine = (world.coproducers.events[:used] > 0) & (world.coproducers.ever_thanked[:used] == thanks)
        served = world.coproducers.resident[:used][mine]
        motives.append({row: world.motives.intrinsic.item(row) for row in served.tolist()})
    both = sorted(motives[0].keys() & motives[1].keys())
    logits = [np.array([np.log(one[row] / (1.0 - one[row])) for row in both]) for one in motives]
    shift = (logits[0] - logits[1]) / float(simulation.scenario.values["motive_sd"])  # type: ignore[arg-type]
    print(f"\nthanks move intrinsic motivation by {shift.mean():.3f} standard deviations of {len(both)} who served")
    assert abs(shift.mean() - 0.33) < 0.03
