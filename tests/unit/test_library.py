"""keliling in a notebook: the numbers of the commands to the last digit, tables as text and HTML, pandas, figures."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import keliling as kl
from keliling.experiments.cli import cli
from keliling.experiments.library import ComparisonResult, StudyResult
from keliling.sim.errors import InvalidInput, KelilingError

SMALL = {"size": 0.02, "progress": False}
STUDY = {
    "title": "Officers, and how often",
    "question": "Does it hang on the officers?",
    "kind": "tornado",
    "baseline": "kebon-jeruk-2018",
    "size": 0.02,
    "replicates": 2,
    "outcomes": ["rejected_share", "cost"],
    "parameters": {"years": 1, "first_year": 2019, "warmup_years": 0},
    "policies": {"often": {"events_per_month": 8.0, "from": "2019-01"}},
    "factors": {"officers": [3, 8]},
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of one's own to work in."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def comparison(here: Path) -> ComparisonResult:
    policies = ["kebon-jeruk-2019", "kebon-jeruk-weekly"]
    return kl.compare("kebon-jeruk-2018", policies, replicates=2, set=["thanks=false"], **SMALL)


@pytest.fixture(scope="module")
def study(here: Path) -> StudyResult:
    return kl.study(STUDY, progress=False)


def command(*words: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_comparison_is_the_commands(comparison: ComparisonResult, here: Path) -> None:
    """Printed, saved and as a table: to the digit, to the byte, to the last bit."""
    words = ("compare", "kebon-jeruk-2018", "kebon-jeruk-2019", "kebon-jeruk-weekly", "--replicates", "2")
    printed = command(*words, "--set", "thanks=false", "--size", "0.02", "--out", "by-command")
    assert repr(comparison) == printed.rstrip()
    comparison.save("by-call")
    for path in Path("by-command").glob("*.*"):
        if path.name != "provenance.json":  # says when, and by which words
            assert (here / "by-call" / path.name).read_bytes() == path.read_bytes(), path.name
    with (here / "by-command" / "comparison.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    frame = comparison.to_pandas()
    frame = frame[frame["policy"] == "kebon-jeruk-weekly"].set_index("outcome")
    for row in rows:
        if row["policy"] == "kebon-jeruk-weekly" and row["difference"]:
            assert frame.loc[row["outcome"], "difference"] == float(row["difference"])


def test_it_shows_itself_in_a_notebook(comparison: ComparisonResult) -> None:
    """Tables as HTML with the words of the printed ones; figures as pictures, and a wrong name is told the nearest."""
    shown = comparison._repr_html_()
    assert shown.count("<table>") == shown.count("</table>") >= 4
    plain = re.sub(r"<[^>]+>", " ", shown)
    assert "Rejected share" in plain and "not a forecast" in plain
    assert set(comparison.figures) == {
        f"{name}-{policy}"
        for name in ("trajectories", "differences")
        for policy in ("kebon-jeruk-2019", "kebon-jeruk-weekly")
    }
    picture = comparison.figure("differences-kebon-jeruk-weekly")
    assert picture._repr_png_().startswith(b"\x89PNG") and "<svg" in picture.svg
    with pytest.raises(KelilingError, match="did you mean 'differences-kebon-jeruk-weekly'"):
        comparison.figure("difference-kebon-jeruk-weekly")


def test_scenarios_may_be_varied_first(here: Path) -> None:
    """What ``load`` gave, with a value of its own; one policy needs no list."""
    base = kl.load("kebon-jeruk-2018", size=0.02, years=1)
    often = base.with_change("2018-01", events_per_month=8.0).with_(name="often")
    found = kl.compare(base, often, replicates=2, set=["thanks=false"], progress=False)
    assert [one.name for one in found.comparison.policies] == ["often"]
    assert found.comparison.baseline.scenario.values["thanks"] is False
    assert found.figure("trajectories").png


def test_runs_are_the_commands(here: Path) -> None:
    """The table of outcomes by year; every value as a table."""
    runs = kl.run("kebon-jeruk-weekly", replicates=2, **SMALL)
    printed = command("run", "kebon-jeruk-weekly", "--replicates", "2", "--size", "0.02", "--quiet")
    assert printed.startswith(repr(runs))
    frame = runs.to_pandas()
    assert set(frame["replicate"]) == {0, 1} and set(frame["year"]) == set(runs.years)
    (value,) = frame.query("outcome == 'applications' and year == 2019 and replicate == 1")["value"]
    assert value == runs.ensemble.values("applications", 2019)[1]


def test_a_study_as_a_table_of_python_is_the_file(study: StudyResult, here: Path) -> None:
    """A dict says what a file would say, and comes to the same bytes; a second call has nothing left to live."""
    assert study.folder == Path("results/officers-and-how-often")
    path = here / "officers-and-how-often.toml"
    import tomli_w

    path.write_text(tomli_w.dumps(STUDY), encoding="utf-8")
    printed = command("study", str(path), "--out", "of-file", "--quiet")
    assert printed.rstrip() == repr(study)
    assert (here / "of-file" / "runs.parquet").read_bytes() == (study.folder / "runs.parquet").read_bytes()
    study.save("saved")
    for name in ("runs.csv", "tornado.csv"):
        assert Path("saved", name).read_bytes() == Path("of-file", name).read_bytes()
    assert [name for name in study.figures if name.startswith("tornado")]
    frame = study.to_pandas()
    assert len(frame) == 3 * 2 * 2 and set(frame["officers"]) == {3, 8, kl.load("kebon-jeruk-2018").values["officers"]}
    assert repr(kl.study(STUDY, progress=False)) == repr(study)


def test_bad_input_is_told_as_the_commands_tell_it(here: Path) -> None:
    """Every problem, with the nearest name; a file that a dict names lies where the caller is."""
    with pytest.raises(InvalidInput, match="kebon-jeruk-weekly"):
        kl.run("kebon-jeruk-weakly", progress=False)
    with pytest.raises(InvalidInput, match=r"^study\(\): factors.oficers: .*officers"):
        kl.study(STUDY | {"factors": {"oficers": [3, 8]}}, progress=False)
    with pytest.raises(InvalidInput, match=r"^study\(\): .*mine.toml: there is no such file"):
        kl.study(STUDY | {"baseline": "mine.toml"}, progress=False)
    (here / "mine.toml").write_text(
        'title = "Mine"\nwhy = "To see that a file is found here."\nextends = "kebon-jeruk-2018"\n'
    )
    assert kl.study(STUDY | {"baseline": "mine.toml"}, folder="of-mine", progress=False).report.results.jobs == 6


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: kl.run("kebon-jeruk-2018", replicates=0), "replicates: must be a whole number, at least 1"),
        (lambda: kl.compare("kebon-jeruk-2018", "kebon-jeruk-2019", replicates=2.0), "replicates: must be a whole number"),  # type: ignore[arg-type]
        (lambda: kl.run("kebon-jeruk-2018", seed=-1), "seed: must be a whole number, at least 0"),
        (lambda: kl.run("kebon-jeruk-2018", workers=0), "workers: must be a whole number, at least 1"),
        (lambda: kl.run("kebon-jeruk-2018", engine="kernal"), "Did you mean 'kernel'?"),
        (lambda: kl.compare("kebon-jeruk-2018", []), "needs one policy or more"),
        (lambda: kl.compare("kebon-jeruk-2018", "kebon-jeruk-2019", precision=("ikn", 1.0)), "Did you mean 'ikm'?"),
        (lambda: kl.study(STUDY | {"factors": {"officers": {1, 2}}}), "factors.officers: must be text, a number"),
        (lambda: kl.study(STUDY | {"year": None}), "year: must be text, a number"),
    ],
)  # fmt: skip
def test_what_no_command_would_take_is_refused_here(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(kl.InvalidInput, match=re.escape(told)):
        call()


def test_values_of_numpy_and_paths_are_taken_and_titles_are_no_files(here: Path) -> None:
    """What a notebook has at hand."""
    table = STUDY | {"title": "T.toml", "factors": {"officers": np.array([3, 8])}, "replicates": np.int64(2)}
    study = kl.study(table, folder=here / "of-numpy", progress=False)
    assert study.report.results.study.title == "T.toml" and study.report.results.jobs == 6
    pairs = (one for one in ["kebon-jeruk-2019"])
    assert len(kl.compare("kebon-jeruk-2018", pairs, replicates=2, **SMALL).comparison.policies) == 1


def test_a_scenario_that_was_varied_is_kept_as_a_file(here: Path) -> None:
    """The file is that scenario; one of a district that is not shipped needs its district's file."""
    varied = kl.load("kebon-jeruk-weekly", size=0.02).with_change("2019-07", thanks=False)
    kl.save(varied, "mine.toml")
    assert kl.load("mine.toml").digest() == varied.digest()
    assert "mine.toml: OK" in CliRunner().invoke(cli, ["check", "mine.toml"]).output
    figures = ["--name", "Tebet", "--population", "2360", "--rw", "8", "--rt", "94", "--quiet"]
    assert CliRunner().invoke(cli, ["new-office", "office.toml", *figures]).exit_code == 0
    elsewhere = kl.load("kebon-jeruk-weekly", ["profile=office.toml"])
    with pytest.raises(kl.InvalidInput, match=r"^save\(\): profile: "):
        kl.save(elsewhere, "elsewhere.toml")
    assert not Path("elsewhere.toml").exists()
    kl.save(elsewhere, "elsewhere.toml", profile="office.toml")
    assert kl.load("elsewhere.toml").digest() == elsewhere.digest()
    with pytest.raises(kl.KelilingError, match=r"must end in \.toml"):
        kl.save(varied, "mine")


def test_what_there_is() -> None:
    """Outcomes and parameters, searched, as tables."""
    assert "delayed_share" in set(kl.outcomes("delayed").to_pandas()["name"])
    frame = kl.parameters().to_pandas()
    assert isinstance(frame, pd.DataFrame) and (frame["source"] != "").all() and len(frame) > 200
    assert "help_hours" in repr(kl.parameters("help_hours"))


def test_the_public_names_come_late() -> None:
    """``import keliling`` loads neither NumPy nor the model; a name that is none is none."""
    code = "import sys, keliling; assert 'numpy' not in sys.modules; print(sorted(set(dir(keliling)) & set(keliling.__all__)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(sorted(kl.__all__))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        kl.nothing  # noqa: B018
