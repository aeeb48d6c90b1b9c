"""Every shipped scenario runs to its end, checked, and says what its name promises."""

from __future__ import annotations

import math

import pytest

from keliling.sim.model import CoproductionModel
from keliling.sim.outcomes import outcomes, totals_of
from keliling.sim.run import Run, run
from keliling.sim.scenario import load, shipped

ONE_DISTRICT = [info.name for info in shipped() if not info.name.startswith("dki-")]
LIVED: dict[str, Run] = {}
LISTED = [info.name for info in shipped() if "target_list" in info.path.read_text(encoding="utf-8")]
"""Their list names RWs that a reduced size does not keep: they are lived whole, and checked elsewhere (the twins)."""


def lived(name: str) -> Run:
    if name not in LIVED:
        with pytest.MonkeyPatch.context() as patch:
            if name in LISTED:
                patch.setenv("KELILING_CHECKED", "0")
            LIVED[name] = run(load(name, size=1.0 if name in LISTED else 0.03), checked=name not in LISTED)
    return LIVED[name]


@pytest.mark.parametrize("name", ONE_DISTRICT)
def test_it_runs(name: str) -> None:
    one = lived(name)
    assert len(one.records) == one.scenario.months >= 36
    totals = totals_of(one.records)
    assert totals["decided"] > 100
    values = one.values()
    assert set(values) == set(outcomes())
    assert 25.0 <= values["ikm"] <= 100.0
    assert 0.0 < values["utilisation"] <= 100.0


def test_what_the_names_promise() -> None:
    events = {name: lived(f"kebon-jeruk-{name}").totals()["planned"] for name in ("no-outreach", "monthly", "weekly")}
    assert events["no-outreach"] == 0 < events["weekly"]
    assert lived("kebon-jeruk-no-brokers").totals()["submitted.broker"] == 0
    assert lived("kebon-jeruk-online-off").totals()["submitted.online"] == 0
    assert totals_of(lived("kebon-jeruk-no-elections").records)["replaced"] == 0
    assert totals_of(lived("kebon-jeruk-2018").records)["replaced"] > 0
    assert totals_of(lived("kebon-jeruk-information-only").records[24:])["served"] == 0


def test_each_reform_moves_what_it_is_for_and_nothing_before_its_day() -> None:
    """Of 2019 against the same luck without it: fewer documents, a second correction or advice reject fewer; advice
    costs officer time, and half the examination saves some and days."""
    base = lived("kebon-jeruk-2018")
    for name, rejected, worked, days in (
        ("fewer-requirements", -1, -1, -1),
        ("counter-advice", -1, 1, -1),
        ("two-corrections", -1, 1, 1),
        ("faster-review", 0, -1, -1),
    ):
        one = lived(f"kebon-jeruk-{name}")
        assert one.records[:24] == base.records[:24]
        moved = [
            one.values()[what] - base.values()[what] for what in ("rejected_share", "utilisation", "days_to_decision")
        ]
        for sign, difference in zip((rejected, worked, days), moved, strict=True):
            assert difference * sign > 0.0 or (sign == 0 and abs(difference) < 1.0), (name, moved)
    assert (
        lived("kebon-jeruk-2019-fewer-requirements").totals()["planned"]
        == lived("kebon-jeruk-2019").totals()["planned"]
    )


def test_the_weekly_events_stop_after_a_year() -> None:
    stopped, weekly = (load(f"kebon-jeruk-{name}") for name in ("weekly-stopped", "weekly"))
    every = [dict(values) for _, values in stopped.timeline()]
    assert [values["events_per_month"] for values in every] == [0.25, 4.0, 0.25]
    assert {**every[2], "events_per_month": 0.0} == {**every[0], "events_per_month": 0.0}
    assert stopped.with_(years=3).first_difference(weekly.with_(years=3)) == 3 * 252
    assert stopped.years == 5


def test_no_head_no_event() -> None:
    """P8: where every RW head declines there is no event, whatever is planned."""
    declined = run(load("kebon-jeruk-heads-decline", size=0.1), checked=True)
    totals = totals_of(declined.records[24:])
    assert totals["planned"] >= 1
    assert totals["events.held"] == totals["served"] == totals["visits"] == 0
    assert totals["declined"] == totals["proposals"] > 0
    assert math.isnan(declined.values()["attendance"])


def test_the_site_shock_is_one_draw_a_site_and_year_and_equal_in_both_arms() -> None:
    def shocks(name: str) -> list[float]:
        model = CoproductionModel(load(name, size=0.02), seed=3, replicate=4)
        found = []
        for day in (0, 251, 252, 504):
            model.day = day
            found.append(model.site_shock())
        return found

    on = shocks("kebon-jeruk-site-shock")
    assert on[0] == on[1] != on[2] != on[3] != 0.0
    scenario = load("kebon-jeruk-site-shock", size=0.02).with_(events_per_month=8.0)
    other = CoproductionModel(scenario, seed=3, replicate=4)
    assert other.site_shock() == on[0]
    assert shocks("kebon-jeruk-2018") == [0.0] * 4


def test_the_province_pools_its_44_districts() -> None:
    """DKI Jakarta at one RW a district: quantities add, months stay months, and each district is itself."""
    scenario = load("dki-jakarta-2018", size=0.001, years=1)
    pooled = run(scenario)
    assert scenario.province is not None
    assert len(scenario.province.districts) == 44
    assert pooled.records[0]["months"] == 1.0
    some = [run(scenario.for_district(slug)) for slug in ("kebon-jeruk", "tebet", "menteng")]
    assert pooled.records[5]["adults"] > sum(one.records[5]["adults"] for one in some)
    assert 44 * 100 < pooled.values()["respondents"] <= 44 * 150
