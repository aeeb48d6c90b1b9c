"""Scenarios: layers of values, dated changes, the calendar, digests, and what is shipped."""

from __future__ import annotations

import ast
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

from keliling.sim import scenario_file as scenario_files
from keliling.sim.errors import InvalidInput
from keliling.sim.hypothesis import WILLINGNESS, hypotheses, read_hypotheses
from keliling.sim.parameters import defaults, register
from keliling.sim.profile import load_profile
from keliling.sim.scenario import YEAR_DAYS, Change, Scenario, check, load, shipped
from keliling.sim.scenario_text import to_toml
from keliling.sim.values import bounds

HEAD = 'title = "Mine"\nwhy = "To see how scenarios are read."\n'
RULE = f'def rule({", ".join(WILLINGNESS)}):\n    """A flat rule."""\n    return 0.25\n'
NAMES = [info.name for info in shipped()]


def write(folder: Path, text: str, name: str = "mine.toml", head: str = HEAD) -> Path:
    path = folder / name
    path.write_text(head + text)
    return path


# layers


def test_values_are_complete_and_layered(tmp_path: Path) -> None:
    parent = write(
        tmp_path, 'profile = "kebon-jeruk"\nhypothesis = "intrinsic-only"\n[parameters]\nofficers = 5\n', "p.toml"
    )
    child = write(tmp_path, f'extends = "{parent.name}"\n[parameters]\nweight_stake = 0.3\ntrust_mean = 0.4\n')
    scenario = load(child, ["trust_mean=0.5"], years=3)
    assert set(scenario.values) == set(register())
    assert scenario.values["events_per_month"] == register()["events_per_month"].default
    assert scenario.values["ikm_base"] == 81.81  # profile over register
    assert scenario.values["weight_social"] == 0.0  # hypothesis over register
    assert scenario.values["weight_stake"] == 0.3  # scenario over register
    assert scenario.values["officers"] == 5  # parent's scenario over profile
    assert scenario.values["trust_mean"] == 0.5  # option over scenario
    assert scenario.lineage == ("p.toml", "mine.toml") and scenario.name == "mine"
    assert scenario.origins["ikm_base"] == "profile kebon-jeruk"
    assert scenario.origins["weight_social"] == "hypothesis intrinsic-only"
    assert scenario.origins["weight_stake"] == "mine.toml:5"
    assert scenario.origins["officers"] == "p.toml:6"
    assert scenario.origins["trust_mean"] == "--set" and scenario.origins["years"] == "options"
    assert "events_per_month" not in scenario.origins


def test_until_somebody_sets_the_number_of_events_it_is_that_of_the_past() -> None:
    """Nobody counted the past, so it is drawn; a programme that is set, or begins on a date, is not."""
    base, none = (
        load("kebon-jeruk-2019", set_=["past_events=0.8"]),
        load("kebon-jeruk-no-outreach", set_=["past_events=0.8"]),
    )
    assert [values["events_per_month"] for _, values in base.timeline()] == [0.8, 1.0]
    assert base.with_(past_events=0.4).values["events_per_month"] == 0.4
    assert base.with_(events_per_month=2.0).values["events_per_month"] == 2.0
    assert none.values["events_per_month"] == 0.0
    register_ = register()
    assert register_["past_events"].default == register_["events_per_month"].default
    assert (register_["past_events"].kind, register_["past_events"].grade) == ("uncertainty", "D")


def test_numbers_take_the_type_of_the_register(tmp_path: Path) -> None:
    scenario = load(write(tmp_path, 'profile = "kebon-jeruk"\n[parameters]\nevents_per_month = 1\npay = -0.0\n'))
    assert repr(scenario.values["events_per_month"]) == "1.0"
    assert repr(scenario.values["pay"]) == "0.0"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("officers=3", "officers", 3),
        ("events_per_month=1", "events_per_month", 1.0),
        ("thanks = false", "thanks", False),
        ("targeting=need", "targeting", "need"),
        ('targeting="need"', "targeting", "need"),
    ],
)
def test_options_need_no_quotes(text: str, name: str, value: Any) -> None:
    assert load("kebon-jeruk-2018", [text]).values[name] == value


def test_options_take_lists_and_settings() -> None:
    scenario = load("kebon-jeruk-2018", ["target_list=[4, 1]", "targeting=list", "size=0.5", "profile=gambir"])
    assert scenario.values["target_list"] == (4, 1)
    assert (scenario.size, scenario.profile.slug) == (0.5, "gambir")


# changes


def test_changes_of_parent_and_child_meet_and_the_child_wins(tmp_path: Path) -> None:
    write(
        tmp_path,
        'profile = "kebon-jeruk"\n[[change]]\nmonth = "2019-01"\npay = 1.0\nofficers = 3\n[[change]]\nday = 10\npay = 2.0\n',
        "p.toml",
    )
    child = write(
        tmp_path, 'extends = "p.toml"\n[[change]]\nday = 504\npay = 5.0\n[[change]]\nday = 505\nthanks = false\n'
    )
    scenario = load(child)
    assert scenario.changes == (
        Change(10, {"pay": 2.0}, "day 10"),
        Change(504, {"pay": 5.0, "officers": 3}, "day 504"),
        Change(505, {"thanks": False}, "day 505"),
    )
    assert [day for day, _ in scenario.timeline()] == [0, 10, 504, 505]
    assert [values["pay"] for _, values in scenario.timeline()] == [0.0, 2.0, 5.0, 5.0]
    assert all(set(values) == set(register()) for _, values in scenario.timeline())


def test_a_change_on_day_0_is_there_from_the_start(tmp_path: Path) -> None:
    scenario = load(write(tmp_path, 'profile = "kebon-jeruk"\n[[change]]\nday = 0\nofficers = 3\n'))
    ((day, values),) = scenario.timeline()
    assert (day, values["officers"]) == (0, 3)
    assert scenario.digest() == load("kebon-jeruk-2018", ["officers=3"]).digest()


def test_three_years_are_so_many_days_and_months() -> None:
    baseline = load("kebon-jeruk-2018")
    assert (baseline.days, baseline.months, baseline.changes) == (3 * YEAR_DAYS, 36, ())


# calendar


def test_months_are_labelled_from_the_warm_up_year() -> None:
    scenario = load("kebon-jeruk-2019")
    assert scenario.label_of_month(0) == "2017-01"
    assert scenario.label_of_month(26) == "2019-03"
    assert scenario.changes[0].day == 504 == scenario.first_day_of(2019)
    assert len({scenario.label_of_month(month) for month in range(36)}) == 36


def test_changes_dated_by_month_follow_the_calendar() -> None:
    scenario = load("kebon-jeruk-2019").with_(warmup_years=0)
    assert (scenario.changes[0].day, scenario.changes[0].when) == (252, "2019-01")
    by_day = load("kebon-jeruk-2018").with_change(504, pay=1.0).with_(warmup_years=2)
    assert by_day.changes[0].day == 504


# with_


def test_with_changes_values_settings_and_names_and_leaves_the_old_alone() -> None:
    old = load("kebon-jeruk-2019")
    new = old.with_(officers=4, years=3, population_seed=0, name="x", hypothesis="mixed")
    assert (new.values["officers"], new.years, new.population_seed, new.name) == (4, 3, 0, "x")
    assert new.hypothesis.name == "mixed" and new.values["share_decisive"] == 1.0
    assert (old.values["officers"], old.years, old.population_seed) == (8, 2, 1)
    assert new.changes == old.changes
    assert new.with_(hypothesis="two-types").values["share_decisive"] == 0.5
    assert new.with_().digest() == new.digest()


def test_with_another_district_takes_that_districts_values_and_keeps_ones_own() -> None:
    scenario = load("kebon-jeruk-2019").with_(trust_mean=0.4, profile="grogol-petamburan")
    assert (scenario.values["ikm_base"], scenario.values["trust_mean"]) == (83.33, 0.4)
    assert scenario.digest() == load("grogol-petamburan-2019", ["trust_mean=0.4"]).digest()
    assert load("kebon-jeruk-2019").with_(profile=load_profile("grogol-petamburan")).values["ikm_base"] == 83.33


def test_with_change_moves_levers_from_a_month_on() -> None:
    scenario = load("kebon-jeruk-2018").with_change("2019-01", events_per_month=1)
    assert scenario.digest() == load("kebon-jeruk-monthly").digest()
    assert scenario.with_change("2019-01", pay=160).digest() == load("kebon-jeruk-paid").digest()
    assert scenario.with_(changes=()).digest() == load("kebon-jeruk-2018").digest()
    assert scenario.with_(changes=scenario.changes).digest() == scenario.digest()


def test_with_reports_every_problem_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        load("kebon-jeruk-2019").with_(officers=0, oficers=1, years=0, target_list=[1])
    assert [problem.id for problem in caught.value.problems] == [
        "too-low",
        "setting-unknown",
        "years-range",
        "list-unused",
    ]


def test_officers_at_an_event_may_exceed_the_desk_when_it_is_protected() -> None:
    assert load("kebon-jeruk-2018", ["officers=1", "desk_protected=true"]).values["officers"] == 1
    assert load("kebon-jeruk-2018", ["officers=1", "officers_per_event=1"]).values["officers"] == 1


# digests


def test_the_digest_is_of_content_and_not_of_words(tmp_path: Path) -> None:
    baseline = load("kebon-jeruk-2018")
    mine = load(
        write(tmp_path, 'profile = "kebon-jeruk"\n[parameters]\nofficers = 8\n[[change]]\nday = 40\nofficers = 8\n')
    )
    assert mine.digest() == baseline.digest() == baseline.with_(title="Other", name="other").digest()
    assert len(baseline.digest()) == 32 and int(baseline.digest(), 16)


@pytest.mark.parametrize(
    "change",
    [
        {"officers": 7},
        {"years": 3},
        {"warmup_years": 0},
        {"first_year": 2017},
        {"population_seed": 0},
        {"size": 0.5},
        {"imb_fee": 0.6},
        {"profile": "gambir"},
    ],
)
def test_the_digest_notices(change: dict[str, Any]) -> None:
    baseline = load("kebon-jeruk-2018")
    assert baseline.with_(**change).digest() != baseline.digest()


def test_the_baseline_is_the_register_and_the_profile() -> None:
    assert load("kebon-jeruk-2018").values == {**defaults(), "ikm_base": 81.81, "officers": 8}


def test_first_difference_is_where_the_common_past_ends() -> None:
    baseline, programme = load("kebon-jeruk-2018"), load("kebon-jeruk-2019")
    assert baseline.first_difference(programme) == programme.first_difference(baseline) == 504
    assert baseline.first_difference(load("kebon-jeruk-no-outreach")) == 0
    assert baseline.first_difference(load("grogol-petamburan-2018")) == 0
    assert baseline.first_difference(baseline.with_change(30, officers=8)) == baseline.days
    assert programme.first_difference(programme.with_change(600, pay=1.0)) == 600


# province


def test_a_district_of_the_province_is_the_district_alone() -> None:
    for year in (2018, 2019):
        province = load(f"dki-jakarta-{year}")
        for slug in ("kebon-jeruk", "grogol-petamburan"):
            assert province.for_district(slug).digest() == load(f"{slug}-{year}").digest()
    assert province.for_district("tambora").name == "dki-jakarta-2019.tambora"
    assert province.for_district("tambora").province is None
    assert province.province is not None and len(province.province.districts) == 44
    assert (province.profile.n_rw, province.profile.n_rt) == (2_731, 30_417)


# hypotheses


def test_hypotheses_keep_to_what_is_possible_and_say_why() -> None:
    assert list(hypotheses()) == [
        "two-types", "mixed", "intrinsic-only", "social-only", "normative-only", "crowding-out", "no-motivation",
    ]  # fmt: skip
    for hypothesis in hypotheses().values():
        assert hypothesis.title and len(hypothesis.why) > 40 and hypothesis.load() is None
        for name, value in hypothesis.overrides.items():
            assert isinstance(value, (int, float))
            low, high = bounds(register()[name], possible=True)
            assert low <= value <= high
            # Only the share of a type leaves the plausible range: a structure without types is such a hypothesis.
            assert name == "share_decisive" or register()[name].low <= value <= register()[name].high


def test_a_broken_file_of_hypotheses_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, '[a]\ntitle = "a"\nwhy = "b"\n[a.overrides]\npay_erosion = 3.0\nx = 1\n', head="")
    with pytest.raises(InvalidInput, match="pay_erosion"):
        read_hypotheses(path)


def test_the_parameters_of_willingness_are_those_of_the_base_rule() -> None:
    source = (Path(scenario_files.__file__).parent / "rules" / "motivation.py").read_text()
    (rule,) = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == "willingness"]
    assert tuple(argument.arg for argument in rule.args.args) == WILLINGNESS


def test_ones_own_function_is_loaded_from_the_text_that_was_checked(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    rule = tmp_path / "sub" / "rule.py"
    rule.write_text(RULE)
    write(tmp_path, 'extends = "kebon-jeruk-2019"\nhypothesis = "sub/rule.py:rule"\n', "p.toml")
    # The path is meant from the file that states it, also for a child in another folder.
    child = write(tmp_path / "sub", 'extends = "../p.toml"\n')
    scenario = load(child)
    assert (scenario.hypothesis.name, scenario.hypothesis.why) == ("rule.py:rule", "A flat rule.")
    digest = scenario.digest()
    assert digest != load("kebon-jeruk-2019").digest()
    rule.write_text(RULE.replace("0.25", "0.75"))
    function = scenario.hypothesis.load()
    assert function is not None and function(*range(14)) == 0.25
    assert load(child).digest() != digest
    assert scenario.with_(officers=8).digest() == digest


def test_a_function_file_is_not_run_when_a_scenario_is_checked(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text("raise SystemExit('run')\n" + RULE)
    assert check(write(tmp_path, 'extends = "kebon-jeruk-2019"\nhypothesis = "rule.py:rule"\n')) == []


# what is shipped


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_loads_and_keeps_its_promises(name: str) -> None:
    scenario = load(name)
    assert check(scenario_file(name)) == [] and scenario.name == name
    assert len(scenario.title) <= 70 and 40 <= len(scenario.why) <= 140
    if name.endswith(("2018", "no-outreach")):
        assert not scenario.changes
    else:
        assert scenario.changes[0].day == 504
        values = scenario.timeline()[-1][1]
        crowded = dict.fromkeys(("crowded-2019", "crowded-postponed", "crowded-short-staffed"), 2.0)
        monthly = {"quarterly": 1 / 3, "twice-monthly": 2.0, "weekly": 4.0, "weekly-stopped": 0.25} | crowded
        monthly |= {"one-team": 2.0, "pilot": 2.0, "residents-sought": 4.0, "weekly-standing-help": 4.0}
        monthly |= dict.fromkeys(("counter-advice", "faster-review", "fewer-requirements", "two-corrections"), 0.25)
        wanted = next((rate for ending, rate in monthly.items() if name.removeprefix("kebon-jeruk-") == ending), 1.0)
        assert values["events_per_month"] == wanted


def scenario_file(name: str) -> Path:
    return next(info.path for info in shipped() if info.name == name)


def test_titles_and_plans_differ() -> None:
    infos = shipped()
    assert len({info.title for info in infos}) == len(infos) >= 33
    digests: dict[str, list[str]] = {}
    for info in infos:
        digests.setdefault(load(info.name).digest(), []).append(info.name)
    same = [names for names in digests.values() if len(names) > 1]
    # Thanks are the default and the two-types hypothesis is the base, so these are the programme itself.
    assert same == [["kebon-jeruk-2019", "kebon-jeruk-hypothesis-two-types", "kebon-jeruk-thanked"]]


def test_there_is_a_scenario_for_each_hypothesis() -> None:
    for name in hypotheses():
        assert load(f"kebon-jeruk-hypothesis-{name}").hypothesis.name == name


def test_an_installed_package_finds_its_scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "sim"
    (package / "_scenarios").mkdir(parents=True)
    shutil.copy(scenario_file("kebon-jeruk-2018"), package / "_scenarios")
    (package / "_scenarios" / "broken.toml").write_text("title =")
    monkeypatch.setattr(scenario_files, "__file__", str(package / "scenario_file.py"))
    scenario_files.shipped_folder.cache_clear()
    try:
        assert [info.name for info in shipped()] == ["broken", "kebon-jeruk-2018"]
        assert load("kebon-jeruk-2018").profile.slug == "kebon-jeruk"
    finally:
        scenario_files.shipped_folder.cache_clear()


def test_a_scenario_travels_to_other_processes() -> None:
    scenario = load("dki-jakarta-2019")
    again: Scenario = pickle.loads(pickle.dumps(scenario))
    assert again == scenario and again.digest() == scenario.digest()


@pytest.mark.parametrize("name", ["kebon-jeruk-2019", "dki-jakarta-2019", "kebon-jeruk-hypothesis-mixed"])
def test_a_scenario_written_as_toml_loads_to_the_same_plan(name: str, tmp_path: Path) -> None:
    scenario = load(name).with_(targeting="need", size=0.25).with_change(700, pay=0.1 + 0.2)
    path = write(tmp_path, to_toml(scenario), head="")
    assert load(path).digest() == scenario.digest()
    assert (load(path).title, load(path).why) == (scenario.title, scenario.why)
