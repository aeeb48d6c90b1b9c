"""Paired comparisons against known answers, from made-up numbers and made-up records."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from keliling.experiments.analysis.comparison import PUBLISHED, Comparison, comparable, net_years, same_horizon
from keliling.experiments.analysis.differences import Difference, alone, paired, ratio_of_means, variance_ratio
from keliling.experiments.analysis.displacement import displaced
from keliling.experiments.analysis.ensemble import Ensemble, distinct, window_year
from keliling.experiments.analysis.intervals import interval, mean, ratio_interval, t_quantile, variance
from keliling.experiments.analysis.paired_outcomes import COST_PER_EXTRA
from keliling.sim.errors import InvalidInput, KelilingError
from keliling.sim.history import Filings, History, Invitations
from keliling.sim.model import CoproductionModel
from keliling.sim.outcomes import HIGHER, LOWER, NEITHER, Outcome, outcomes
from keliling.sim.records import MONTH, Record
from keliling.sim.run import Run
from keliling.sim.scenario import Scenario, load
from tests.ensembles import ensembles

NAN = math.nan
SHARE = Outcome("share", "Share", "%", "a / b", LOWER)
T4 = 2.7764451051977987  # the 97.5% point of Student's t with 4 degrees of freedom, from tables


def test_interval_of_a_mean_is_students():
    low, high = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    half = T4 * math.sqrt(2.5 / 5)
    assert (low, high) == pytest.approx((3 - half, 3 + half), rel=1e-12)
    assert t_quantile(4) == pytest.approx(T4, rel=1e-9)


def test_interval_of_one_or_no_value_is_not_defined():
    assert all(math.isnan(bound) for values in ([], [1.0]) for bound in interval(values))
    assert math.isnan(mean([]))
    assert math.isnan(variance([2.0]))


def test_interval_keeps_its_level():
    """Of 4000 intervals 95% hold the true mean; a rate outside 0.93 to 0.97 has odds below 1e-6."""
    import numpy as np

    draws = np.random.default_rng(7).normal(3.0, 2.0, (4000, 5)).tolist()
    hits = sum(low <= 3.0 <= high for low, high in map(interval, draws))
    assert 0.93 < hits / 4000 < 0.97


def test_ratio_interval_by_fieller():
    tops = [2.0, 4.0, 6.0, 8.0]
    low, high = interval(tops)
    assert ratio_interval(tops, [2.0] * 4) == pytest.approx((low / 2, high / 2))  # a sure bottom only scales
    assert all(math.isnan(bound) for bound in ratio_interval(tops, [1.0, -1.0, 1.0, -1.0]))  # it may as well be zero
    twice = [2 * value for value in tops]
    assert ratio_interval(twice, tops) == pytest.approx((2.0, 2.0))  # exactly twice in every pair


def test_paired_difference_of_known_numbers():
    d = paired(SHARE, "p", [10.0, 12.0, 14.0, 16.0, 18.0], [9.0, 10.0, 11.0, 12.0, 13.0])
    half = T4 * math.sqrt(2.5 / 5)
    assert (d.baseline_mean, d.policy_mean, d.difference) == (14.0, 11.0, -3.0)
    assert (d.low, d.high) == pytest.approx((-3 - half, -3 + half))
    assert (d.better_in, d.n, d.dropped, d.verdict) == (5, 5, 0, "better")
    assert d.text == "-3.00 [-4.96, -1.04]"
    assert d.better_text == "5 of 5"


@pytest.mark.parametrize(
    ("better", "count", "verdict"), [(LOWER, 1, "worse"), (HIGHER, 3, "better"), (NEITHER, None, "changed")]
)
def test_better_is_counted_in_its_own_direction_and_ties_for_nobody(better, count, verdict):
    d = paired(replace(SHARE, better=better), "p", [0.0] * 5, [1.0, -1.0, 0.0, 2.0, 3.0])
    assert d.better_in == count
    clear = paired(replace(SHARE, better=better), "p", [0.0] * 3, [1.0, 1.1, 0.9])
    assert clear.verdict == verdict


def test_pairs_that_are_not_defined_are_dropped_and_counted():
    d = paired(SHARE, "p", [1.0, NAN, 3.0, 4.0], [2.0, 5.0, NAN, 6.0])
    assert (d.n, d.dropped, d.baseline_mean, d.policy_mean, d.difference) == (2, 2, 2.5, 4.0, 1.5)
    none = paired(SHARE, "p", [NAN, NAN], [1.0, 3.0])
    assert (none.n, none.dropped, none.policy_mean, none.text) == (0, 2, 2.0, "n/a")
    assert none.verdict == "unclear"


def test_variance_ratio():
    # Variances 1 and 1.5833..., of the difference 0.0833...: (1 + 19/12) / (1/12) = 31.
    assert variance_ratio([1.0, 2.0, 3.0], [2.0, 3.0, 4.5]) == pytest.approx(31.0)
    assert variance_ratio([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]) == math.inf  # the same in every pair
    assert math.isnan(variance_ratio([1.0, 1.0], [1.0, 1.0]))  # nothing varies
    assert math.isnan(variance_ratio([1.0], [2.0]))


def test_no_difference_is_the_same_and_reads_plus_zero():
    d = paired(SHARE, "p", [1.0, 2.0], [1.0, 2.0])
    assert (d.verdict, d.text) == ("same", "+0.00 [+0.00, +0.00]")
    assert paired(SHARE, "p", [1.0], [1.0]).verdict == "same"
    assert SHARE.text(-0.001, signed=True) == "+0.00"
    assert SHARE.text(-0.001) == "0.00"


def test_what_is_a_difference_by_itself():
    d = alone(replace(SHARE, better=HIGHER), "p", [1.0, NAN, 3.0])
    assert (d.difference, d.n, d.dropped, d.better_in) == (2.0, 2, 1, 2)
    assert math.isnan(d.baseline_mean)


def test_ratio_of_means_needs_something_to_divide_by():
    assert ratio_of_means(COST_PER_EXTRA, "p", [6.0, 10.0], [2.0, 2.0]).difference == 4.0
    for nothing in ([0.0, 0.0], [-1.0, -3.0]):
        assert math.isnan(ratio_of_means(COST_PER_EXTRA, "p", [6.0, 10.0], nothing).difference)


# -- whole comparisons, from made-up records


@cache
def blank_record() -> Record:
    """A month in which nothing happened: the names of a real record, with every quantity zero."""
    model = CoproductionModel(load("kebon-jeruk-2018", size=0.02))
    while model.day < MONTH:
        model.step()
    (record,) = model.records
    model.close()
    return dict.fromkeys(record, 0.0) | {"months": 1.0, "adults": 1000.0}


def ensemble(scenario: Scenario, years: list[list[dict[str, float]]], name: str, seed: int = 1) -> Ensemble:
    """Made-up runs: for each replicate and year the quantities of every month of that year."""
    runs = []
    for replicate, quantities in enumerate(years):
        records = [blank_record() | year for year in [{}, *quantities] for _ in range(12)]
        runs.append(Run(scenario, seed, replicate, records, {}))
    return Ensemble(scenario, tuple(runs), name)


def month(decided: float, rejected: float, other: float = 0.0, **more: float) -> dict[str, float]:
    """A month's decisions on building permits, and on others of which none are rejected."""
    return {
        "decided": decided + other,
        "decided.imb": decided,
        "decided.other": other,
        "rejected": rejected,
        "rejected.imb": rejected,
        "submitted": decided + other,
        "cohort.decided": decided + other,
        "cohort.rejected": rejected,
        **more,
    }


@pytest.fixture(scope="module")
def plan() -> Scenario:
    """Two reported years, 2018 and 2019."""
    return load("kebon-jeruk-2018", size=0.02)


def test_comparison_of_made_up_records(plan):
    policy = plan.with_change("2019-01", events_per_month=4.0)
    base = ensemble(plan, [[month(100, 20), month(100, 20)], [month(100, 30), month(100, 30)]], "base")
    other = ensemble(
        policy,
        [
            [month(100, 20), month(100, 10, 100, **{"submitted.event": 50.0, "cost": 6.0})],
            [month(100, 30), month(100, 20, 100, **{"submitted.event": 50.0, "cost": 6.0})],
        ],
        "policy",
    )
    comparison = Comparison(base, [other])
    rows = comparison.table["policy"]
    assert comparison.year == 2019
    share = rows["rejected_share"]
    assert (share.baseline_mean, share.policy_mean, share.difference) == pytest.approx((25.0, 7.5, -17.5))
    assert (share.better_in, share.n) == (2, 2)
    # With the baseline's permits alone, the other licences that the policy brings in do not count.
    assert rows["rejected_share_standardised"].policy_mean == pytest.approx(15.0)
    # Granted a year: 12 x (80, 70) before; 12 x (190, 180) after.
    assert rows["extra_permits"].difference == pytest.approx(12 * 110)
    assert rows["cost_per_extra_permit"].difference == pytest.approx(12 * 6 / (12 * 110))
    # 100 more handed in, of them 50 at events: nothing is replaced, rather the reverse.
    assert rows["replaced_share"].difference == pytest.approx(100 * (1 - 100 / 50))
    assert [note for note in comparison.notes() if "no year after 2019" not in note] == []
    assert set(rows) >= set(outcomes()) | {"private_value", "complaints_avoided", "trust_gained"}
    assert rows["displaced_paired"].n == 0  # made-up runs have no filings


def test_extra_permits_net_of_later_years(plan):
    """Two years of 100 more permits a month, then two of 80 fewer: what was only earlier is taken off again."""
    longer = plan.with_(years=5)
    policy = longer.with_change("2019-01", events_per_month=4.0).with_change("2021-01", events_per_month=0.25)
    now = month(100, 0)
    more, fewer = month(200, 0, cost=3.0), month(20, 0)
    base = ensemble(longer, [[now] * 5] * 3, "base")
    other = ensemble(policy, [[now, more, more, fewer, fewer]] * 3, "policy")
    at = {year: Comparison(base, [other], year).table["policy"] for year in (2019, 2020, 2021, 2022)}
    assert [at[year]["extra_permits"].difference for year in at] == [1200.0, 1200.0, -960.0, -960.0]
    assert {at[year]["extra_permits_net"].difference for year in (2019, 2020, 2021)} == {480.0}
    assert at[2019]["cost_per_extra_permit"].difference == pytest.approx(36 / 1200)
    assert at[2019]["cost_per_extra_permit_net"].difference == pytest.approx(72 / 480)
    assert at[2022]["extra_permits_net"].n == 0  # no later year
    assert "net of later years is over 2019 to 2022" in Comparison(base, [other], 2019).notes()[0]
    assert "--horizon 8 tells" in Comparison(base, [other], 2022).notes()[0]


def test_a_policy_that_differs_from_the_first_day_is_summed_over_all_reported_years(plan):
    policy = plan.with_(events_per_month=4.0)
    assert net_years(plan, policy, 2018) == [2018, 2019]
    assert net_years(plan, plan.with_change("2018-07", events_per_month=4.0), 2018) == [2018, 2019]
    assert net_years(plan, plan.with_change("2019-01", events_per_month=4.0), 2018) == [2019]
    assert net_years(plan, policy, 2019) == []


def test_scenarios_are_given_the_longest_horizon(plan):
    longer = plan.with_(years=4, name="longer")
    assert [one.years for one in same_horizon([plan, longer])] == [4, 4]
    assert [one.years for one in same_horizon([plan, longer], 6)] == [6, 6]
    assert same_horizon([plan, plan]) == [plan, plan]
    with pytest.raises(InvalidInput, match="must be at least 4: so many years does longer report"):
        same_horizon([plan, longer], 3)


def filings(*rows: tuple[int, int, bool]) -> Filings:
    """Filings of keys, days, and whether at an event."""
    key, day, at_event = zip(*sorted(rows), strict=True) if rows else ((), (), ())
    return Filings(np.array(key, np.int64), np.array(day, np.int32), np.array(at_event, np.bool_))


def test_displacement_of_filings_written_by_hand():
    policy = filings((1, 100, True), (2, 100, True), (3, 100, True), (4, 100, True), (5, 100, False), (6, 99, True))
    base = filings((1, 163, False), (2, 164, False), (3, 20, True), (5, 100, False), (6, 99, False))
    # 1 on the last day of the quarter, 2 a day after it, 3 before, 4 never; 5 was at no event, 6 a day too early.
    assert displaced(policy, base, 100, 101) == (4, 2)
    assert displaced(policy, base, 0, 101) == (5, 3)
    assert displaced(policy, base, 0, 100) == (1, 1)
    assert displaced(policy, filings(), 0, 101) == (5, 0)
    assert displaced(filings(), base, 0, 101) == (0, 0)


def test_displacement_is_of_events_that_a_quarter_follows_and_of_the_same_residents(plan):
    days = [504, 504 + 188, 504 + 189]  # of 2019: the first, the last that a quarter of the run follows, the next
    mine, theirs = filings(*((at, day, True) for at, day in enumerate(days))), filings((1, 500, False), (2, 500, False))

    def lived(scenario: Scenario, left: Filings) -> Ensemble:
        one = ensemble(scenario, [[month(100, 20), month(100, 20)]], scenario.name)
        none = np.zeros((36, 0, 6), np.int32)
        nobody = np.zeros(0, np.int64)
        invitations = Invitations._make([nobody] * len(Invitations._fields))
        history = History("kebon-jeruk", one.runs[0].records, nobody, none, left, invitations)
        return replace(one, runs=(replace(one.runs[0], districts=(history,)),))

    def found(policy: Scenario, year: int | None = None) -> Difference:
        return Comparison(lived(plan, theirs), [lived(policy, mine)], year).table[policy.name]["displaced_paired"]

    policy = plan.with_change("2019-01", events_per_month=4.0).with_(name="policy")
    assert found(policy).difference == 50.0  # of the first two the second
    assert math.isnan(found(policy, 2018).difference)  # no event in it
    assert found(policy.with_(population_seed=2)).n == 0


def test_before_and_after_in_each_scenario_by_itself(plan):
    base = ensemble(plan, [[month(100, 20), month(100, 25)]] * 2, "base")
    other = ensemble(plan, [[month(100, 20), month(100, 10)]] * 2, "policy")
    comparison = Comparison(base, [other])
    changes = {name: rows["rejected_share"].difference for name, rows in comparison.before_after.items()}
    assert changes == pytest.approx({"base": 5.0, "policy": -10.0})
    assert set(PUBLISHED) <= set(outcomes())
    assert Comparison(base, [other], 2018).before_after == {}  # 2017 is warm-up and not reported


def test_the_window(plan):
    assert plan.reported_years == [2018, 2019]
    longer = plan.with_(years=4)
    assert window_year([plan, longer]) == 2019
    assert window_year([plan, longer], 2018) == 2018
    with pytest.raises(InvalidInput, match="has no year 2020: it reports 2018 to 2019"):
        window_year([plan, longer], 2020)


def test_notes_say_when_the_window_shows_too_little(plan):
    def noted(policy: Scenario, year: int | None = None) -> list[str]:
        quantities = [[month(100, 20), month(100, 20)]] * 2
        return Comparison(ensemble(plan, quantities, "b"), [ensemble(policy, quantities, "p")], year).notes()

    assert "every difference is zero" in noted(plan)[0]
    assert "from 2019-07 on, so 2019 is in part" in noted(plan.with_change("2019-07", events_per_month=4.0))[0]
    assert "after 2018" in noted(plan.with_change("2019-01", events_per_month=4.0), 2018)[0]
    assert "another population" in noted(plan.with_(population_seed=2))[0]
    assert "another district" in noted(plan.with_(profile="grogol-petamburan"))[0]


def test_a_note_says_how_many_of_the_years_files_are_open_when_the_run_ends(plan):
    def noted(still: float) -> list[str]:
        year = month(200, 20, **{"cohort.decided": 190.0 - still, "cohort.withdrawn": 10.0})
        runs = [[month(200, 20), year]]
        notes = Comparison(ensemble(plan, runs, "b"), [ensemble(plan, [[year, year]], "p")], 2019).notes()
        return [note for note in notes if "still open" in note]

    assert noted(0.0) == []
    (told,) = noted(5.0)
    assert "of the applications filed in 2019, 2.5% (b) and 2.5% (p) were still open" in told


def test_scenarios_that_begin_in_other_years_do_not_face_each_other(plan):
    with pytest.raises(InvalidInput, match="must begin in 2017 as the baseline does"):
        comparable([plan, plan.with_(warmup_years=2)])


def test_runs_of_other_luck_are_not_paired(plan):
    quantities = [[month(100, 20), month(100, 20)]] * 2
    with pytest.raises(KelilingError, match="do not share seed and replicates"):
        Comparison(ensemble(plan, quantities, "b"), [ensemble(plan, quantities, "p", seed=2)])


def test_names_of_a_comparison_are_distinct():
    assert distinct(["a", "b", "a", "a"]) == ["a", "b", "a-2", "a-3"]


def test_accounts_that_nothing_can_tell_apart_here_are_said_to_be_the_same():
    """Crowding out differs from two types while somebody is paid, and in nothing while nobody is."""
    base = load("kebon-jeruk-2018", years=1, first_year=2019, size=0.05).with_(events_per_month=8.0)
    other = base.with_(hypothesis="crowding-out", name="other")
    paid = [one.with_(pay=200.0, name=f"{one.name}-paid") for one in (base, other)]
    alike, apart = (Comparison(*(lambda e: (e[0], e[1:]))(ensembles(pair, 2))) for pair in ([base, other], paid))
    told = "other: written otherwise than the baseline, and the same in every outcome"
    assert any(note.startswith(told) for note in alike.notes())
    assert not any("written otherwise" in note for note in apart.notes())
