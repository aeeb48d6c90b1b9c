"""The commands end to end, at a tiny size: what they print, write and return, and how they fail."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keliling.experiments.analysis.paired_outcomes import PAIRED_OUTCOMES
from keliling.experiments.cli import cli
from keliling.experiments.commands.terminal import duration
from keliling.experiments.keep.run_cache import RunCache
from keliling.experiments.kinds.comparison import comparison_of, default_folder
from keliling.experiments.run import executors
from keliling.sim.errors import CheckFailed
from keliling.sim.history import filings_of
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.outcomes import outcomes
from keliling.sim.run import run
from keliling.sim.scenario import load
from tests.ensembles import ensembles
from tests.histories import plain
from tests.studies.helpers import listening

TINY = ("--size", "0.03", "--set", "years=1", "--set", "first_year=2019")
PAIR = ("kebon-jeruk-2018", "kebon-jeruk-weekly")
COMPARE = ("compare", *PAIR, *TINY, "--replicates", "2")
ROOT = Path(__file__).parents[2]
WILLINGNESS = (
    "def willingness(intrinsic, social, normative, efficacy, decisive, need, company, means, stake, delays, fatigue,\n"
    "                hours, pay, weights):\n    return "
)


def keliling(*words: object, code: int = 0) -> Result:
    """The result of a command that must end with this exit code, and never with a traceback."""
    result = CliRunner().invoke(cli, [str(word) for word in words])
    told = result.stdout + result.stderr
    assert result.exit_code == code, told
    assert "Traceback" not in told
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    """Commands write under the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> Path:
    """The folder of a whole comparison, made in this process."""
    folder = tmp_path_factory.mktemp("compared")
    result = keliling(*COMPARE, "--workers", 1, "--out", folder)
    (folder / "shown.txt").write_text(result.stdout)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def results(folder: Path) -> dict[str, bytes]:
    """The files of a comparison that depend on the runs alone."""
    names = ("comparison.csv", "before-after.csv", "runs.csv", "months.csv", "neighbourhoods.csv", "invitations.csv")
    return {name: (folder / name).read_bytes() for name in names}


# -- help


def test_help_is_quick_and_names_the_exit_codes():
    result = keliling("--help")
    for word in ("run", "compare", "trace", "check", "scenarios", "parameters", "districts", "new-office", "130"):
        assert word in result.stdout
    heavy = "('numpy', 'numba', 'matplotlib', 'mesa', 'scipy')"
    code = f"import sys, keliling.experiments.cli; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_has_examples(command):
    assert f"keliling {command}" in keliling(command, "--help").stdout


# -- run


def test_run_shows_every_reported_year():
    result = keliling("run", "kebon-jeruk-2018", "--size", 0.03, "--workers", 1)
    assert "2018" in result.stdout
    assert "2019" in result.stdout
    assert "Utilisation of the desk" in result.stdout
    assert re.search(
        r"A from 88.31, B from 76.61, C from 65, D from 25\): [A-D] in 2018, [A-D] in 2019\n", result.stdout
    )
    assert "Diagnosis of 2019" in result.stdout
    assert "not a forecast" in result.stdout
    assert "Next: keliling" in result.stderr


def test_run_with_replicates_as_json_and_files():
    result = keliling("run", "kebon-jeruk-2018", *TINY, "--replicates", 2, "--workers", 1, "--json", "--out", "here")
    content = json.loads(result.stdout)
    share = content["years"]["2019"]["rejected_share"]
    assert len(share["values"]) == 2
    assert share["low"] < share["mean"] < share["high"]
    assert set(content["years"]["2019"]) == set(outcomes())
    assert content["provenance"]["seed"] == 1
    assert content["years"]["2019"]["attendance"]["mean"] is None  # not defined, and JSON has no NaN
    written = {"runs", "runs.csv", "months.csv", "neighbourhoods.csv", "invitations.csv", "provenance.json"}
    assert {path.name for path in Path("here").iterdir()} == written
    assert "were still open when the runs ended" in content["notes"][0]
    (year,) = content["neighbourhoods"].values()
    for name, outcome in (("filed", "applications"), ("rejected", "rejected_number"), ("by_broker", None)):
        by_replicate = [sum(one[name][replicate] for one in year) for replicate in (0, 1)]
        if outcome is None:
            shares = content["years"]["2019"]["broker_share"]["values"]
            assert by_replicate == pytest.approx(
                [s * n / 100 for s, n in zip(shares, content["years"]["2019"]["applications"]["values"], strict=True)]
            )
        else:
            assert by_replicate == content["years"]["2019"][outcome]["values"]
    assert result.stderr == ""


def test_run_is_repeatable_and_seeds_differ():
    def shares(seed: int) -> object:
        result = keliling("run", "kebon-jeruk-2018", *TINY, "--seed", seed, "--json")
        return json.loads(result.stdout)["years"]

    assert shares(0) == shares(0) != shares(1)


# -- compare


def test_compare_writes_what_it_promises(compared):
    shown = (compared / "shown.txt").read_text()
    for words in ("Rejected share", "Better in", "of 2", "Cost per extra permit", "not a forecast", "95% interval"):
        assert words in shown
    assert shown.index("What the words mean") > shown.index("Cost per extra permit")
    assert "Rejected share, baseline's permit mix: " in shown
    table = rows(compared / "comparison.csv")
    assert {row["policy"] for row in table} == {"kebon-jeruk-weekly"}
    assert {row["outcome"] for row in table} > set(outcomes()) | {"rejected_share_standardised", "extra_permits"}
    assert all(row["n"] == "2" or row["dropped"] != "0" for row in table)
    assert len(rows(compared / "runs.csv")) == 2 * 2 * len(outcomes())
    months = rows(compared / "months.csv")
    assert len(months) == 2 * 2 * 24 * len(outcomes())
    assert months[0]["month"] == "2018-01"
    filed = [row for row in months if row["outcome"] == "applications" and row["replicate"] == "1"]
    assert {row["unit"] for row in filed} == {"a month"}
    hoods = [row for row in rows(compared / "neighbourhoods.csv") if row["replicate"] == "1"]
    assert {(row["district"], row["rw"]) for row in hoods} == {
        ("kebon-jeruk", rw) for rw in {row["rw"] for row in hoods}
    }
    for one in filed:  # the month's own count, which its neighbourhoods add up to
        same = [row for row in hoods if (row["scenario"], row["month"]) == (one["scenario"], one["month"])]
        assert float(one["value"]) == sum(int(row["filed"]) for row in same)
    assert "a month" not in {row["unit"] for row in rows(compared / "runs.csv")}
    provenance = json.loads((compared / "provenance.json").read_text())
    assert [one["name"] for one in provenance["scenarios"]] == list(PAIR)
    assert provenance["replicates"] == [0, 1]
    names = {path.name for path in compared.iterdir()}
    assert {"trajectories.svg", "trajectories.png", "differences.svg", "differences.png"} <= names
    assert not [name for name in names if name.endswith(".part")]


def test_workers_do_not_change_a_file(compared):
    keliling(*COMPARE, "--workers", 2, "--out", "two", "--no-figures", "--quiet")
    assert results(Path("two")) == results(compared)
    kept = [sorted(path.read_bytes() for path in (folder / "runs").iterdir()) for folder in (compared, Path("two"))]
    assert kept[0] == kept[1]


def test_an_interrupted_comparison_goes_on(compared, monkeypatch):
    whole, lived = executors.rows_of, []

    def until_the_second(*words, **more):
        if lived:
            raise KeyboardInterrupt
        lived.append(words)
        return whole(*words, **more)

    monkeypatch.setattr(executors, "rows_of", until_the_second)
    command = (*COMPARE, "--workers", 1, "--no-figures", "--out", "here")
    stopped = keliling(*command, code=130)
    assert "2 runs were finished now; they are kept in here/runs" in stopped.stderr
    assert not Path("here/comparison.csv").exists()
    again = []
    monkeypatch.setattr(executors, "rows_of", lambda *words, **more: (again.append(words), whole(*words, **more))[1])
    assert "Finished  2" in keliling(*command, "--dry-run").stdout
    keliling(*command)
    assert len(again) == 1
    assert results(Path("here")) == results(compared)


@pytest.mark.parametrize("engine", ["kernel", "agents"])
def test_ctrl_c_stops_workers_and_keeps_what_is_finished(engine):
    long = ("--replicates", "200", "--size", "0.2") if engine == "kernel" else ("--replicates", "40", "--size", "0.05")
    command = [
        sys.executable,
        "-m",
        "keliling.experiments.cli",
        "compare",
        *PAIR,
        *long,
        "--engine",
        engine,
        "--workers",
        "2",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stderr=pipe, text=True, env=environment, preexec_fn=listening)
    folder = Path("results/runs")
    try:
        deadline = time.monotonic() + 300  # it may have to compile first
        while not list(folder.glob("*.json")) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert list(folder.glob("*.json")), "no run was finished"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, told
    assert "stopped" in told
    assert "Traceback" not in told
    assert not list(folder.glob(".*"))


def test_a_dead_worker_is_an_error_and_not_a_wait():
    Path("deadly.py").write_text(
        "import multiprocessing, os\n\nif multiprocessing.parent_process() is not None:\n    os._exit(9)\n\n\n"
        + WILLINGNESS
        + "0.0\n"
    )
    result = keliling(
        "compare",
        *PAIR,
        *TINY,
        "--set",
        "hypothesis=deadly.py:willingness",
        "--workers",
        2,
        "--engine",
        "agents",
        code=1,
    )
    assert "a worker process died" in result.stderr


def test_a_damaged_run_is_named_and_done_again(compared, monkeypatch):
    shutil.copytree(compared / "runs", "here/runs")
    victim, other, *_ = sorted(Path("here/runs").iterdir())
    victim.write_bytes(victim.read_bytes()[:-500])
    other.write_bytes(other.read_bytes().replace(b"1.0", b"2.0", 1))
    again = keliling(*COMPARE, "--workers", 1, "--no-figures", "--out", "here")
    for path in (victim, other):
        assert f"{path}: is damaged" in again.stderr
    assert results(Path("here")) == results(compared)


def test_kept_runs_of_other_code_or_luck_are_not_taken(compared, monkeypatch):
    scenario = load(PAIR[0], ["years=1", "first_year=2019"], size=0.03)
    kept = RunCache(compared / "runs")
    assert kept.find(scenario, 1, 0) is not None
    assert kept.find(scenario, 2, 0) is None
    assert kept.find(scenario, 1, 7) is None
    assert kept.find(scenario, 1, 0, checked=True) is None
    assert kept.find(scenario.with_(officers=9), 1, 0) is None
    monkeypatch.setattr("keliling.experiments.keep.run_cache.made_by", lambda engine: {"keliling": "another"})
    assert kept.find(scenario, 1, 0) is None


def test_compare_several_policies_and_json(compared):
    shutil.copytree(compared / "runs", Path("results/runs"))
    options = (*TINY, "--replicates", 2, "--workers", 1, "--json", "--no-figures")
    result = keliling("compare", *PAIR, "kebon-jeruk-2018", *options)
    content = json.loads(result.stdout)
    assert content["policies"] == ["kebon-jeruk-weekly", "kebon-jeruk-2018-2"]
    itself = [row for row in content["comparison"] if row["policy"] == "kebon-jeruk-2018-2"]
    assert all(row["difference"] in (0.0, None) for row in itself)
    assert all(row["meaning"].endswith(".") for row in content["comparison"] + content["before_after"])
    assert any("the same as the baseline" in note for note in content["notes"])
    assert Path(content["folder"]).parts[0] == "results"


def test_a_comparison_lives_on_as_long_as_its_longest_scenario():
    """What stops after a year is set against the baseline over the years after, and the year compared stays 2019."""
    words = ("--size", 0.03, "--replicates", 2, "--workers", 1, "--no-figures")
    result = keliling("compare", "kebon-jeruk-2018", "kebon-jeruk-weekly-stopped", *words, "--out", "here")
    assert "2019, 2 replicates" in result.stdout
    for row in ("Extra permits, at once", "Extra permits, net of later years", "Cost per extra permit, net of later"):
        assert row in result.stdout
    assert "net of later years is over 2019 to 2022" in result.stdout
    assert "--set years=5" in result.stderr  # the story that is proposed is of arms of one length
    table = {row["outcome"]: row for row in rows(Path("here/comparison.csv"))}
    granted = [row for row in rows(Path("here/runs.csv")) if row["outcome"] == "granted" and int(row["year"]) >= 2019]
    signs = {"kebon-jeruk-2018": -1, "kebon-jeruk-weekly-stopped": 1}
    total = sum(signs[row["scenario"]] * float(row["value"]) for row in granted)
    assert float(table["extra_permits_net"]["difference"]) == pytest.approx(total / 2)
    assert 0.0 <= float(table["displaced_paired"]["difference"]) <= 100.0


def test_a_horizon_asked_for_and_one_that_is_too_short():
    pair = ("compare", "kebon-jeruk-2018", "kebon-jeruk-weekly")
    dry = json.loads(keliling(*pair, "--horizon", 4, "--dry-run", "--json").stdout)
    assert dry["days"] > json.loads(keliling(*pair, "--dry-run", "--json").stdout)["days"]
    told = keliling("compare", "kebon-jeruk-2018", "kebon-jeruk-weekly-stopped", "--horizon", 3, code=2).stderr
    assert "--horizon: must be at least 5: so many years does kebon-jeruk-weekly-stopped report" in told
    assert "it reports 2018 to 2021" in keliling(*pair, "--horizon", 4, "--year", 2022, code=2).stderr


def test_without_a_later_year_nothing_is_said_net_of_it(compared):
    shown = (compared / "shown.txt").read_text()
    assert "net of later years  " not in shown
    assert "no year after 2019 was lived" in shown


def test_what_a_run_leaves_behind_survives_being_kept(compared):
    scenario = load(PAIR[1], ["years=1", "first_year=2019"], size=0.03)
    kept = RunCache(compared / "runs").find(scenario, 1, 0)
    assert kept is not None
    assert plain(kept) == plain(run(scenario).districts[0])
    assert kept.filings.at_event.any()
    assert [column.dtype for column in kept.filings] == [
        column.dtype for column in filings_of(Simulation(scenario).world)
    ]


def test_a_province_is_pooled_from_its_districts(monkeypatch):
    from keliling.sim.profile import Province

    whole = load("dki-jakarta-2018", ["years=1", "warmup_years=0"], size=0.03)
    two = Province("two", "Two districts", ("kepulauan-seribu-utara", "kepulauan-seribu-selatan"))
    scenario = whole.with_(profile=two)
    (ensemble,) = ensembles([scenario], 1)
    (pooled,) = ensemble.runs
    assert len(pooled.districts) == 2
    assert pooled.records == run(scenario).records


def test_long_names_give_short_folders():
    base = load(PAIR[0])

    def folder(names):
        return default_folder(comparison_of([base.with_(name=name) for name in names]))

    assert folder(["a", "b", "c"]) == Path("results/a-vs-b-c")
    names = [f"scenario-number-{number}" for number in range(30)]
    assert len(folder(names).name) < 130
    assert folder(names) != folder([*names, "another"])


# -- the others


def test_trace_a_resident_and_whom_the_policy_touched():
    found = json.loads(keliling("trace", *PAIR, *TINY, "--spared", "--harmed", "--json").stdout)
    assert {"spared", "harmed"} <= set(found)
    assert "adults" in keliling("trace", *PAIR, *TINY, "--harmed").stdout
    story = keliling("trace", PAIR[0], *TINY, "--resident", 5)
    assert story.stdout.startswith("Resident 5 of Kebon Jeruk")
    assert "POLICY" in keliling("trace", PAIR[0], "--spared", code=2).stderr
    assert "--resident" in keliling("trace", *PAIR, "--spared", "--resident", 3, code=2).stderr


def test_check_names_every_problem():
    start = 'title = "Mine"\nextends = "kebon-jeruk-2018"\n'
    Path("good.toml").write_text(start + 'why = "To see that a good file passes."\n')
    Path("bad.toml").write_text(start + "[parameters]\nofficers = 0\nofficer = 3\n")
    assert keliling("check", "good.toml", "kebon-jeruk-2019").stdout == "good.toml: OK\nkebon-jeruk-2019: OK\n"
    bad = keliling("check", "good.toml", "bad.toml", code=2)
    assert "good.toml: OK" in bad.stdout
    for words in ("bad.toml:4", "bad.toml:5", "why", "Did you mean 'officers'"):
        assert words in bad.stdout
    assert bad.stderr.strip().endswith("nothing was run")
    assert len(json.loads(keliling("check", "bad.toml", "--json", code=2).stdout)["bad.toml"]) == 3


def test_catalogues():
    assert "kebon-jeruk-weekly" in keliling("scenarios", "WEEK").stdout
    every = json.loads(keliling("scenarios", "--json").stdout)
    assert all(one["title"] and one["why"] for one in every)
    assert "nothing was run" in keliling("scenarios", "no such thing", code=2).stderr
    assert len(json.loads(keliling("districts", "--json").stdout)) == 44
    assert "Jakarta Barat" in keliling("districts", "kebon").stdout


def test_parameters():
    listed = keliling("parameters", "events", "--kind", "lever").stdout
    assert "events_per_month" in listed
    assert "detection_rate" not in listed
    assert "S30" in keliling("parameters", "past_events").stdout
    assert "tempo.co" in keliling("parameters", "officers", "--source").stdout
    graded = json.loads(keliling("parameters", "--grade", "a", "--json").stdout)
    assert {one["grade"] for one in graded} == {"A"}
    assert "keliling parameters" in keliling("parameters", "nosuch", code=2).stderr


def test_outcomes_in_plain_words():
    """Every outcome, those of comparisons too, found by a word of its name, title or meaning."""
    listed = {one["name"]: one for one in json.loads(keliling("outcomes", "--json").stdout)}
    assert set(listed) == set(outcomes()) | {one.name for one in PAIRED_OUTCOMES}
    assert {one["of"] for one in listed.values()} == {"run", "comparison"}
    assert "returned at least once" in listed["delayed_share"]["meaning"]
    delayed = keliling("outcomes", "DELAYED").stdout
    assert "Delayed share (delayed_share)" in delayed
    assert "Late share (late_share)" not in delayed
    assert "returned / decided" not in delayed
    assert "only between a policy and its baseline" in keliling("outcomes", "extra_permits").stdout
    assert "delayed / decided" in keliling("outcomes", "delayed_share").stdout
    assert "Late share (late_share)" in keliling("outcomes", "statutory number").stdout  # by its meaning


@pytest.mark.parametrize(
    ("word", "nearest"),
    [("delaied", "delayed_share"), ("utilization", "utilisation"), ("extra_permitz", "extra_permits")],
)
def test_a_word_of_no_outcome_is_answered_with_the_nearest(word, nearest):
    for more in ((), ("--json",)):
        told = keliling("outcomes", word, *more, code=2).stderr
        assert f"no outcome is like this (`keliling outcomes` lists all). Did you mean '{nearest}'?" in told


def test_tables_say_what_their_words_mean():
    one = keliling("run", "kebon-jeruk-2018", *TINY, "--workers", 1).stdout
    assert one.index("What the words mean") < one.index("Diagnosis of 2019")
    assert "Delayed share: Of the applications decided in the year" in one
    content = json.loads(keliling("run", "kebon-jeruk-2018", *TINY, "--json").stdout)["years"]["2019"]
    assert {name: one["meaning"] for name, one in content.items()} == {k: o.meaning for k, o in outcomes().items()}


def test_check_runs_no_function_of_the_users_own_and_tells_what_cannot_be(tmp_path: Path) -> None:
    """The file would leave a mark; the same world whose constants cannot be solved is told by the parameter's name."""
    mark = tmp_path / "mark"
    own = f'open({str(mark)!r}, "w").close()\n\n\n{WILLINGNESS}0.0\n'
    (tmp_path / "own.py").write_text(own, encoding="utf-8")
    mine = tmp_path / "mine.toml"
    text = """title = "Mine"
why = "To see what a check does with a function of one's own."
extends = "kebon-jeruk-2018"
size = 0.02
hypothesis = "own.py:willingness"
"""
    mine.write_text(text, encoding="utf-8")
    keliling("check", str(mine))
    mine.write_text(text + "\n[parameters]\nunthanked_odds = 1.0\n", encoding="utf-8")
    told = keliling("check", str(mine), code=2)
    assert "cannot be together: unthanked_odds: motives alone" in told.stdout + told.stderr
    assert not mark.exists()


def test_new_office_can_be_checked_and_run():
    figures = ("--name", "Tebet", "--population", 236000, "--rw", 80, "--rt", 943, "--officers", 6, "--ikm", 82.5)
    told = keliling("new-office", "tebet.toml", *figures, "--kelurahan", "7", "--set", "brokers=false")
    assert "keliling check tebet.toml" in told.stderr
    assert keliling("check", "tebet.toml").stdout == "tebet.toml: OK\n"
    keliling("run", "kebon-jeruk-2018", "--set", "profile=tebet.toml", *TINY, "--quiet")
    assert "tebet.toml" in keliling("new-office", "tebet.toml", *figures, code=2).stderr  # never writes over a file
    assert "rw" in keliling("new-office", "other.toml", "--name", "X", code=2).stderr
    assert not Path("other.toml").exists()


# -- errors


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "kebon-jeruk-2O18"), "Did you mean 'kebon-jeruk-2018'"),
        (("run", "kebon-jeruk-2018", "--set", "officers=0"), "at least 1"),
        (("run", "kebon-jeruk-2018", "--set", "officer=3"), "Did you mean 'officers'"),
        (("run", "kebon-jeruk-2018", "--set", "officers"), "name=value"),
        (("run", "kebon-jeruk-2018", "--size", "7"), "above 0 and at most 1"),
        (("run", "kebon-jeruk-2018", "--year", "2031"), "it reports 2018 to 2019"),
        (("compare", "kebon-jeruk-2018", "nosuch"), "nosuch"),
        (("compare", "kebon-jeruk-2018", "kebon-jeruk-2019", "--year", "2017"), "has no year 2017"),
        (("trace", "dki-jakarta-2018"), "province"),
    ],
)
def test_bad_input_is_told_once_and_nothing_is_run(words, told):
    result = keliling(*words, code=2)
    assert told in result.stderr
    assert result.stderr.strip().endswith("nothing was run")
    assert result.stdout == ""
    assert not list(Path().iterdir())


def test_problems_of_all_scenarios_are_told_together():
    result = keliling("compare", "nosuch", "neither", "--set", "officers=0", code=2)
    assert "nosuch" in result.stderr
    assert "neither" in result.stderr
    assert result.stderr.count("officers: must be") == 1


def test_click_handles_unknown_options_and_commands():
    assert "No such option" in keliling("run", "kebon-jeruk-2018", "--bogus", code=2).stderr
    assert "No such command" in keliling("bogus", code=2).stderr
    assert "--replicates" in keliling("run", "kebon-jeruk-2018", "--replicates", "0", code=2).stderr


@pytest.mark.parametrize(
    "words", [("run", PAIR[0]), ("compare", *PAIR), ("compare", "dki-jakarta-2018", "dki-jakarta-2019")]
)
def test_a_dry_run_writes_nothing(words):
    result = keliling(*words, "--dry-run")
    for word in ("Runs", "Adults", "Days", "Time", "Nothing was run."):
        assert word in result.stdout
    assert not list(Path().iterdir())


def test_a_broken_law_has_its_own_exit_code(monkeypatch):
    def broken(*_: object) -> None:
        raise CheckFailed("day 3: applications do not add up")

    monkeypatch.setattr("keliling.sim.laws.check", broken)
    result = keliling("run", "kebon-jeruk-2018", *TINY, "--checked", code=3)
    assert "day 3: applications do not add up" in result.stderr
    assert "kebon-jeruk-2018 (seed 1, replicate 0)" in result.stderr


def test_a_fault_of_a_hypothesis_is_a_fault_of_the_input():
    Path("mine.py").write_text(WILLINGNESS + "1.0 / fatigue\n")
    result = keliling("run", "kebon-jeruk-2018", *TINY, "--set", "hypothesis=mine.py:willingness", code=2)
    assert "mine.py:willingness" in result.stderr
    assert "ZeroDivisionError" in result.stderr
    assert "nothing was run" in result.stderr


def test_a_folder_that_cannot_be_written_is_an_error():
    Path("file").write_text("in the way")
    for command in (["run", "kebon-jeruk-2018"], ["compare", "kebon-jeruk-2018", "kebon-jeruk-no-outreach"]):
        told = keliling(*command, *TINY, "--out", "file/here", code=2).stderr
        assert "--out: cannot be written to" in told
        assert "nothing was run" in told


def test_a_reader_that_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m keliling.experiments.cli parameters | head -1; echo ${{PIPESTATUS[0]}}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, check=True)
    assert ended.stdout.splitlines()[-1] == "0"
    assert "Broken" not in ended.stderr


def test_durations():
    assert [duration(seconds) for seconds in (0.2, 40, 300, 7800)] == ["1 s", "40 s", "5 min", "2 h 10 min"]


def test_an_interrupt_within_a_callback_from_c_is_not_lost():
    """While compiled code is loaded Python is called back from C, where an exception would be printed and forgotten."""
    Path("probe.py").write_text(
        "import ctypes, os, signal, time\n"
        "from keliling.experiments.cli import cli, main\n\n\n"
        "@ctypes.CFUNCTYPE(None)\n"
        "def _raw_object_cache_notify():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(0.1)\n\n\n"
        "@cli.command()\n"
        "def probe():\n"
        "    _raw_object_cache_notify()\n"
        "    time.sleep(20)\n\n\n"
        "main()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "probe.py", "probe"], env=environment, preexec_fn=listening, timeout=15)
    assert done.returncode == 130
