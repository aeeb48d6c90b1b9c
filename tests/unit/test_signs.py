"""Signs of an effect over worlds drawn from everything that is uncertain."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from keliling.experiments.analysis.signs import Signs
from keliling.experiments.cli import cli
from keliling.experiments.kinds.signs import SignsOfEffects
from keliling.experiments.plan.factors import of_parameter, uncertainties
from keliling.experiments.plan.study import Arm
from keliling.sim.parameters import register
from keliling.sim.scenario import load

pytestmark = pytest.mark.usefixtures("unchecked")
WORDS = "intrinsic, social, normative, efficacy, decisive, need, company, means, stake, delays, fatigue, hours, pay, weights"
ONE = ("kebon-jeruk-no-outreach", "kebon-jeruk-weekly")
TWO = (*ONE, "grogol-petamburan-2018", "grogol-petamburan-2019")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def keliling(*words: object, code: int = 0) -> Result:
    """A command that ends with this exit code."""
    result = CliRunner().invoke(cli, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def signs(*words: object, code: int = 0) -> Result:
    """``keliling signs``, small."""
    return keliling("signs", *words, "--size", 0.02, "--workers", 1, "--out", "out", code=code)


def rows(path: str) -> list[dict[str, str]]:
    """The rows of a table."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# -- what is drawn


def test_worlds_lie_in_their_ranges_and_repeat() -> None:
    """Every uncertainty within its range, the same at both sites but for how full each desk is."""
    ranges, sites = uncertainties(), ["now", "there"]
    assert len(ranges) > 150
    drawn = SignsOfEffects().design(ranges, 8, 1, sites)
    for point in drawn:
        here, there = (Arm(name, "", load("kebon-jeruk-2019"), baseline=name) for name in sites)
        one, other = here.values_at(point), there.values_at(point)
        assert one.keys() == other.keys() == {factor.name for factor in ranges}
        assert [name for name in one if one[name] != other[name]] == ["desk_load"]
        for name, value in one.items():
            assert register()[name].low <= value <= register()[name].high, name
        assert here.at(point).values.items() >= one.items()
    assert drawn == SignsOfEffects().design(ranges, 8, 1, sites)
    assert drawn != SignsOfEffects().design(ranges, 8, 2, sites)
    assert drawn == SignsOfEffects().design(ranges, 12, 1, sites)[:8]


def test_wide_ranges_are_drawn_on_a_log_scale() -> None:
    stock = register()["iumk_stock"]
    assert of_parameter(stock).at(0.0) == stock.low
    assert of_parameter(stock).at(0.5) == pytest.approx((stock.low * stock.high) ** 0.5)
    narrow = register()["invite_acceptance"]
    assert of_parameter(narrow).at(0.5) == pytest.approx((narrow.low + narrow.high) / 2)
    whole = register()["imb_requirements"]
    assert {of_parameter(whole).at(share / 100) for share in range(100)} == {9, 10, 11, 12}


def test_rounding_carries_no_value_over_an_end() -> None:
    """0.5 + 1.0 * (0.9 - 0.5) is above 0.9 by a last bit."""
    for factor in uncertainties():
        assert factor.low <= factor.at(0.0) <= factor.at(1.0) <= factor.high, factor.name
        assert factor.at(1.0) == pytest.approx(factor.high)


# -- what is counted


def test_shares_count_combinations() -> None:
    up, same = {("x", "a"): 1.0, ("y", "a"): -2.0}, {("x", "a"): 0.0, ("y", "a"): -2.0}
    found = Signs(("a",), ("x", "y"), {0: up, 1: up, 3: up, 4: same})
    assert found.shares() == [(((1,), (-1,)), 0.75), (((0,), (-1,)), 0.25)]


def test_every_difference_is_that_of_the_two_runs() -> None:
    """Each site against its own baseline, with a desk of its own; the shares are those of the signs in worlds.csv."""
    content = json.loads(signs(*TWO, "--draws", 3, "--json").stdout)
    runs = {(row["point"], row["policy"]): row for row in rows("out/runs.csv")}
    baselines = {ONE[1]: "now", TWO[3]: f"now ({TWO[2]})"}
    worlds = rows("out/worlds.csv")
    assert len(worlds) == 3 * 2 * 2
    for row in worlds:
        after, before = (runs[row["world"], name] for name in (row["policy"], baselines[row["policy"]]))
        assert float(row["difference"]) == float(after[row["outcome"]]) - float(before[row["outcome"]])
    design = parquet.read_table("out/design.parquet").to_pandas()
    loads = [f"desk_load, {name}" for name in baselines.values()]
    assert (design[loads[0]] != design[loads[1]]).all()
    combinations = {}
    for world in {row["world"] for row in worlds}:
        key = tuple(int(np.sign(float(row["difference"]))) for row in worlds if row["world"] == world)
        combinations[key] = combinations.get(key, 0) + 1
    words = {"falls": -1, "same": 0, "rises": 1}
    told = {tuple(words[cell] for cell in row[:-1]): row[-1] for row in content["rows"]}
    assert told == {key: f"{100 * count / 3:.1f}%" for key, count in combinations.items()}
    assert (content["draws"], content["refused"]) == (3, 0)


def test_worlds_that_cannot_be_are_counted_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no prompt may be strong, worlds in which what is learnt is effect enough are left, and few others."""
    monkeypatch.setattr("keliling.sim.strengths.STRONGEST", 0.05)
    words = ("kebon-jeruk-no-outreach", "kebon-jeruk-2018", "--draws", 16, "--seed", 3, "--set", "years=1")
    content = json.loads(signs(*words, "--outcome", "applications", "--json").stdout)
    assert 0 < content["refused"] < 16 == content["draws"]
    assert len(rows("out/worlds.csv")) == 16 - content["refused"]
    assert sum("this world cannot give the effect of" in why for why in content["errors"]) > 5
    assert {why.split(":")[0] for why in content["errors"]} <= set(register())
    shown = signs(*words, "--outcome", "applications").output
    assert f"Left out, since it cannot be lived: {content['refused']}, such as one with" in shown


# -- the command


def test_it_is_a_study_that_is_kept_verified_and_extended() -> None:
    """A second call finds all of it, more draws add some, and what is there can be lived anew."""
    first = signs(*ONE, "--draws", 2)
    assert "Signs of the effect in 2 drawn worlds" in first.output
    before = rows("out/worlds.csv")
    again = signs(*ONE, "--draws", 2)
    assert "4 of 4 runs were finished before" in again.stderr and again.stdout == first.stdout
    more = signs(*ONE, "--draws", 3)
    assert "4 of 6 runs were finished before" in more.stderr
    assert rows("out/worlds.csv")[: len(before)] == before
    assert "every number is the same" in keliling("verify", "out", "--sample", 2).output
    assert "give as many points as before" in signs(*ONE, "--draws", 2, code=1).output


def test_a_file_of_ones_own_and_a_policy_that_is_a_baseline_too() -> None:
    """A file lies where the command is given; what is set is no factor any more."""
    text = 'title = "Mine"\nwhy = "To see that it is found."\nextends = "kebon-jeruk-weekly"\n'
    Path("mine.toml").write_text(text, encoding="utf-8")
    words = (*ONE, ONE[1], "mine.toml", "--draws", 2, "--set", "desk_load=0.5", "--outcome", "applications")
    signs(*words)
    assert [row["policy"] for row in rows("out/worlds.csv")] == [ONE[1], "mine"] * 2
    assert [float(row["difference"]) for row in rows("out/worlds.csv") if row["policy"] == "mine"] == [0.0, 0.0]
    assert not [name for name in parquet.read_schema("out/design.parquet").names if name.startswith("desk_load")]


def test_every_pair_is_a_site_whatever_its_name() -> None:
    """One policy at two baselines, baselines and policies of one file name: each is itself, and none is lost."""
    extends = 'title = "Mine"\nwhy = "To see that it is itself."\nextends = "kebon-jeruk-2018"\n'
    for folder, officers in (("a", 8), ("b", 3)):
        Path(folder).mkdir()
        Path(folder, "base.toml").write_text(f"{extends}[parameters]\nofficers = {officers}\n", encoding="utf-8")
    weekly = "kebon-jeruk-weekly"
    words = ("--draws", 2, "--set", "desk_load=0.9", "--outcome", "utilisation", "--outcome", "rejected_share_helped")
    result = json.loads(
        signs("a/base.toml", weekly, "b/base.toml", weekly, "a/base.toml", "b/base.toml", *words, "--json").stdout
    )
    differences = {}
    for row in rows("out/worlds.csv"):
        differences.setdefault((row["policy"], row["outcome"]), []).append(row["difference"])
    assert [site for site, name in differences if name == "utilisation"] == [weekly, f"{weekly}-2", "base"]
    assert differences[weekly, "utilisation"] != differences[f"{weekly}-2", "utilisation"]
    assert all(float(one) > 0.0 for one in differences["base", "utilisation"])  # three officers have more to do
    # Nobody was helped under a baseline without visits, so a share of them is not defined, and not the same.
    if set(differences["base", "rejected_share_helped"]) == {""}:
        assert {row[5] for row in result["rows"]} == {"not defined"}


def test_a_policy_that_is_named_like_a_baseline_is_none() -> None:
    """It has its own name, and the baseline another."""
    Path("base.toml").write_text(
        'title = "Mine"\nwhy = "To see that it is lived."\nextends = "kebon-jeruk-no-outreach"\n', encoding="utf-8"
    )
    Path("study.toml").write_text(
        'title = "Mine"\nquestion = "Which?"\nkind = "signs"\nbaseline = "kebon-jeruk-2018"\nsize = 0.02\npoints = 2\n'
        'outcomes = ["applications"]\n[factors]\ndocument_error = true\n'
        '[policies]\n"now (base)" = "kebon-jeruk-weekly"\nq = "kebon-jeruk-weekly"\n[against]\nq = "base.toml"\n'
    )
    arms = json.loads(keliling("study", "study.toml", "--dry-run", "--json").stdout)["arms"]
    assert arms == ["now", "now (base)", "now (base)-2", "q"]


def test_when_nothing_can_be_lived_it_has_failed() -> None:
    """A function of the user's own that raises is no answer."""
    Path("mine.py").write_text(f"def raises({WORDS}):\n    raise ValueError('mine')\n", encoding="utf-8")
    failed = signs(*ONE, "--draws", 2, "--set", "hypothesis=mine.py:raises", code=1)
    assert "every run failed, such as: " in failed.stderr and "ValueError: mine" in failed.stderr


def test_what_it_would_be() -> None:
    """A dry run lives nothing."""
    said = json.loads(signs(*TWO, "--draws", 8, "--dry-run", "--json").stdout)
    assert said["runs"] == 8 * 4 and not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["kebon-jeruk-2018"], "come in pairs"),
        (["kebon-jeruk-2018", "kebon-jeruk-weekly", "--outcome", "rejected_shar"], "Did you mean 'rejected_share'?"),
        (["kebon-jeruk-2018", "grogol-petamburan-2019"], "another district"),
    ],
)
def test_bad_input_is_told(arguments: list[str], says: str) -> None:
    result = keliling("signs", *arguments, code=2)
    assert says in result.output
    assert "nothing was run" in result.output
