"""What the model gives at full size, with the replicates it takes to say so (``make verify``; hours of computing).

Each check prints what it measured; docs/verification.md keeps dated results. Finished runs are kept in
results/verify, so an interrupted verification goes on where it was.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path

import numpy as np
import pytest

from keliling.experiments.analysis.comparison import Comparison
from keliling.experiments.analysis.intervals import interval
from keliling.experiments.conduct import conduct
from keliling.experiments.keep.run_cache import RunCache
from keliling.experiments.keep.study_store import Store
from keliling.experiments.reading import study_of_tables
from keliling.experiments.run.executors import Execution
from keliling.experiments.trials.trial import ALL, Trial, TrialResult, inputs, measure, reference
from keliling.sim.cohort import FOLLOWED, HELP, INFORMATION, NOTHING, Target
from keliling.sim.model import CoproductionModel
from keliling.sim.parameters import permits
from keliling.sim.scenario import Scenario, load
from keliling.sim.scenario_text import to_toml
from tests.ensembles import ensembles
from tests.statistics import assert_mean

pytestmark = pytest.mark.verify

PAIRS = 10
KEPT = RunCache(Path("results/verify"))
SHOWN = (
    "rejected_share",
    "rejected_share_standardised",
    "delayed_share",
    "ikm",
    "satisfaction",
    "broker_share",
    "complaints_expected",
    "utilisation",
)


def compared(base: Scenario, policy: Scenario, pairs: int) -> Comparison:
    baseline, *policies = ensembles([base, policy], pairs, KEPT)
    comparison = Comparison(baseline, policies)
    (rows,) = comparison.table.values()
    print(f"\n{base.name} -> {policy.name}, {pairs} pairs")
    for name in SHOWN:
        d = rows[name]
        print(f"  {d.outcome.title}: {d.baseline_mean:.3f} -> {d.policy_mean:.3f}, {d.text}, better in {d.better_text}")
    return comparison


def row(comparison: Comparison, name: str):  # type: ignore[no-untyped-def]
    (rows,) = comparison.table.values()
    return rows[name]


SMALLER = "since help takes its hours the programme of Grogol Petamburan brings too few files (docs/verification.md)"
REACHES_FEW = "help reaches some 27 needs an event, information half of a neighbourhood (docs/verification.md)"


@pytest.mark.parametrize(
    "site", ["kebon-jeruk", pytest.param("grogol-petamburan", marks=pytest.mark.xfail(strict=True, reason=SMALLER))]
)
def test_the_programme_lowers_rejections(site: str) -> None:
    comparison = compared(load(f"{site}-2018"), load(f"{site}-2019"), PAIRS)
    assert row(comparison, "rejected_share").high < 0


@pytest.mark.parametrize("site", ["kebon-jeruk", "grogol-petamburan"])
def test_the_programme_lowers_rejections_of_the_same_permits_and_brokers(site: str) -> None:
    comparison = compared(load(f"{site}-2018"), load(f"{site}-2019"), PAIRS)
    assert row(comparison, "rejected_share_standardised").high < 0
    assert row(comparison, "broker_share").high < 0
    if site == "kebon-jeruk":
        assert row(comparison, "delayed_share").high < 0


def test_crowding_lowers_ikm_while_rejections_fall() -> None:
    """Without the site shock, every parameter inside its range: the sign that the paper saw at Grogol Petamburan."""
    base, policy = load("kebon-jeruk-crowded-2018"), load("kebon-jeruk-crowded-2019")
    assert not base.values["site_shock"]
    comparison = compared(base, policy, 10)
    assert row(comparison, "rejected_share").high < 0
    assert row(comparison, "ikm").high < 0
    assert row(comparison, "satisfaction").high < 0
    assert row(comparison, "utilisation").policy_mean < 100


def test_information_alone_moves_receiving_less_than_half_as_much_as_help() -> None:
    """Of those reached, as in the trials."""
    found = measure(reference(load("kebon-jeruk-2018")), 24)
    half = [h / 2 - i for i, h in zip(effects(found, INFORMATION.name), effects(found, HELP.name), strict=True)]
    assert interval(half)[0] > 0.0


@pytest.mark.xfail(strict=True, reason=REACHES_FEW)
def test_information_alone_moves_take_up_less_than_half_as_much_as_help() -> None:
    """Of a programme, by the applications that it adds."""
    none = load("kebon-jeruk-no-outreach")
    extra = []
    for information in (False, True):
        policy = none.with_change("2019-01", events_per_month=1.0, information_only=information)
        comparison = compared(none, policy, 6)
        extra.append(row(comparison, "applications"))
    print(f"\nextra applications a year: help {extra[0].text}, information {extra[1].text}")
    assert extra[1].high < 0.5 * extra[0].low


@pytest.mark.parametrize(
    "values", [{}, {"complaint_steepness": 3.0}, {"weight_decision": 0.2}, {"weight_decision": 0.6}]
)
def test_complaints_average_their_rate(values: dict[str, float]) -> None:
    """The expected number over decisions, both years of each run, as a ratio to the rate that was asked for."""
    scenario = load("kebon-jeruk-no-outreach").with_(**values)
    (ensemble,) = ensembles([scenario], 36, KEPT)
    years = [ensemble.values("complaints_expected", year) for year in (2018, 2019)]
    ratios = np.mean(years, axis=0) / 1000.0 / scenario.values.get("complaint_rate", 0.0012)
    print(f"\ncomplaints over their rate, {values}: {ratios.mean():.4f} +- {ratios.std(ddof=1) / ratios.size**0.5:.4f}")
    assert_mean(ratios, 1.0, detect=0.06, bias=0.01)


def effects(found: TrialResult, arm: str) -> list[float]:
    """The effect on receiving in every replicate, in points; printed with what came of it permit by permit."""
    for permit in (ALL, *(permit.name for permit in permits())):
        by_outcome = [f"{outcome} {found.effect(arm, outcome, permit).mean:+.2f}" for outcome in FOLLOWED]
        print(f"  {arm}, {permit}, {found.size(permit):.0f} needs: {', '.join(by_outcome)}")
    return [one[arm][ALL]["granted"] - one[NOTHING.name][ALL]["granted"] for one in found.replicates]


@pytest.mark.parametrize(
    ("site", "information", "help_"),
    [("kebon-jeruk", 0.0339, 0.0831), ("kebon-jeruk", 0.01, 0.05), ("kebon-jeruk", 0.045, 0.12),
     ("grogol-petamburan", 0.0339, 0.0831)],
)  # fmt: skip
def test_the_reference_trial_gives_what_was_put_in(site: str, information: float, help_: float) -> None:
    """At full size, at the base and at both ends of the register's ranges: 0.6 points would be found in either effect,
    false-positive rate 1e-6; neighbourhoods differ, so that takes 72 replicates.

    What is left out of the formula (days that coincide, a visit while one waits for the event) is up to 0.1 points."""
    world = load(f"{site}-2018", set_=[f"information_effect={information}", f"assistance_effect={help_}"])
    print(f"\n{site}, {100 * information:.2f} and {100 * help_:.2f} points put in")
    found = measure(reference(world), 72)
    for arm, wanted in inputs(found.trial).items():
        measured = effects(found, arm)
        print(f"  {arm}: {np.mean(measured):.3f}, standard error {np.std(measured, ddof=1) / len(measured) ** 0.5:.3f}")
        assert_mean(measured, wanted, detect=0.6, bias=0.1)


def test_information_does_next_to_nothing_where_all_know() -> None:
    """Less than 0.3 points on receiving, of 3.39 that it gives in all; 0.5 would be found at a false-positive rate of
    1e-6."""
    aware = Target(traits={"aware": (1, 1)})
    trial = Trial(reference(load("kebon-jeruk-2018")).scenario, arms=(INFORMATION,), target=aware)
    print("\ninformation where all know")
    assert_mean(effects(measure(trial, 30), INFORMATION.name), 0.0, detect=0.5, bias=0.3)


def test_common_luck_cuts_the_variance_of_a_difference() -> None:
    """Variance ratio (independent over paired) of the difference in rejected share, monthly events against none."""
    none = load("kebon-jeruk-no-outreach")
    comparison = compared(none, none.with_change("2019-01", events_per_month=1.0), 50)
    before, after = (np.array(one.values("rejected_share", 2019)) for one in comparison.ensembles)
    ratio = (before.var(ddof=1) + after.var(ddof=1)) / (after - before).var(ddof=1)
    generator = np.random.default_rng(20)
    drawn = []
    for _ in range(4000):
        pick = generator.integers(0, before.size, before.size)
        x, y = before[pick], after[pick]
        drawn.append((x.var(ddof=1) + y.var(ddof=1)) / (y - x).var(ddof=1))
    low, high = np.quantile(drawn, (0.025, 0.975))
    print(f"\nvariance ratio {ratio:.1f}, bootstrap 95% [{low:.1f}, {high:.1f}], {before.size} pairs")
    assert low >= 10.0


def test_signs_over_the_prior(tmp_path: Path) -> None:
    """Share of drawn worlds that gives each combination of signs at the two sites; printed, never tuned."""
    sites = ("kebon-jeruk", "grogol-petamburan")
    for site in sites:
        weekly = load(f"{site}-2019").with_change("2019-01", events_per_month=4.0)
        (tmp_path / f"{site}.toml").write_text(to_toml(weekly), encoding="utf-8")
    tables = {
        "title": "Signs",
        "question": "Which combinations of signs?",
        "kind": "signs",
        "baseline": f"{sites[0]}-2018",
        "outcomes": ["rejected_share", "satisfaction"],
        "policies": {site: str(tmp_path / f"{site}.toml") for site in sites},
        "against": {sites[1]: f"{sites[1]}-2018"},
        "factors": {"all": True},
    }
    study = study_of_tables(tables, points=32, size=0.1)
    found = conduct(study, Store(tmp_path / "out", study), Execution()).parts["signs"]
    print("\nsigns of (rejected share, true satisfaction) at Kebon Jeruk and Grogol Petamburan, 32 worlds")
    for signs, share in found.shares():
        print(f"  {signs}: {100 * share:.1f}%")
    assert sum(share for _, share in found.shares()) == pytest.approx(1.0)
    assert len(found.shares()) > 1


def test_the_cost_of_the_agents_engine_at_full_size() -> None:
    started = time.perf_counter()
    model = CoproductionModel(load("kebon-jeruk-2019"))
    created = time.perf_counter()
    model.run()
    lived = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{model.population.key.size} adults: created {created - started:.1f} s, three years {lived - created:.1f} s, "
        f"peak {memory:.0f} MiB"
    )
    assert len(model.records) == 36
