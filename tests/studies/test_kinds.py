"""Every kind of study from its file to its tables and figures, by the command that a user gives."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keliling.experiments.cli import cli

HEAD = """\
title = "A study"
question = "What comes out?"
kind = "{kind}"
baseline = "kebon-jeruk-2018"
size = 0.03
outcomes = ["rejected_share", "satisfaction"]
"""
YEAR = """
[parameters]
years = 1
first_year = 2019
warmup_years = 0
"""
OFTEN = """
[policies]
often = { events_per_month = 8.0, from = "2019-01" }
"""
FACTORS = """
[factors]
document_error = true
brokers = true
officers = [3, 8]
"""
BODY = {
    "frequency": "events_per_month = [0, 4, 8]\nfrom = '2019-01'\nreplicates = 3\n" + YEAR,
    "grid": "from = '2019-01'\nreplicates = 3\n[levers]\nevents_per_month = [4, 8]\npublicity = [0.2, 0.9]\n" + YEAR,
    "crossed": "replicates = 3\n"
    + YEAR
    + OFTEN
    + """
[conditions]
as-it-is = {}
mixed = { hypothesis = "mixed" }
no-obstacles = { imb_obstacle_part = 0.0, other_obstacle_part = 0.0 }
[smallest]
rejected_share = 0.5
[predicted.mixed]
often = { rejected_share = 1 }
""",
    "latin": "points = 100\n" + YEAR + OFTEN + FACTORS,
    "table": 'table = "points.csv"\nreplicates = 2\n' + YEAR + OFTEN,
    "tornado": "replicates = 2\n" + YEAR + OFTEN + FACTORS,
    "morris": "points = 8\n" + YEAR + OFTEN + FACTORS,
    "sobol": "points = 16\n" + YEAR + OFTEN + FACTORS,
    "pawn": "points = 100\n" + YEAR + OFTEN + FACTORS,
}
POINTS = "document_error,brokers\n0.03,true\n0.07,false\n"
DRAWN = {
    "frequency": ("frequency-response", "policies", "who-gains"),
    "grid": ("heat-map-rejected-share", "policies"),
    "crossed": ("conditions",),
    "latin": ("policies", "information", "pawn-difference-rejected-share-often", "convergence"),
    "table": ("policies",),
    "tornado": ("tornado-difference-rejected-share-often",),
    "morris": ("morris-difference-rejected-share-often", "convergence"),
    "sobol": ("sobol-difference-rejected-share-often", "convergence"),
    "pawn": ("pawn-difference-rejected-share-often", "convergence"),
}


def keliling(*words: str | Path) -> Result:
    """What the command does and says."""
    return CliRunner().invoke(cli, [str(word) for word in words])


pytestmark = pytest.mark.usefixtures("unchecked")


def written(folder: Path, kind: str) -> Path:
    """The study file of a kind."""
    path = folder / f"{kind}.toml"
    path.write_text(HEAD.format(kind=kind) + BODY[kind], encoding="utf-8")
    (folder / "points.csv").write_text(POINTS, encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    """A table that was written."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("kind", BODY)
def test_a_study_is_lived_analysed_and_drawn(kind: str, tmp_path: Path) -> None:
    study, out = written(tmp_path, kind), tmp_path / "out"
    before = keliling("study", study, "--out", out, "--dry-run")
    assert before.exit_code == 0, before.output
    assert "Nothing was run" in before.output and not out.exists()
    done = keliling("study", study, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["kind"] == kind and found["failed"] == 0
    runs = rows(out / "runs.csv")
    arms = {row["policy"] for row in runs}
    assert len(runs) == found["jobs"] * len(arms)
    assert f"{len(runs):,}" in next(line for line in before.output.splitlines() if line.startswith("Runs"))
    drawn = {path.stem for path in out.glob("*.png")}
    for name in DRAWN[kind]:
        assert [one for one in drawn if one.startswith(name)], f"{name} is not among {sorted(drawn)}"
        assert list(out.glob(f"{name}*.csv")) and list(out.glob(f"{name}*.svg"))
    if kind in ("morris", "sobol", "pawn", "latin"):
        factors = {row["factor"] for row in rows(out / "sensitivity.csv")}
        assert {"document_error", "brokers", "officers", "luck"} <= factors
        assert any("ranks first" in row["target"] for row in rows(out / "sensitivity.csv"))
    # Given again, the same command has nothing to live and says the same.
    again = keliling("study", study, "--out", out, "--json", "--no-figures")
    assert json.loads(again.stdout) == found


def test_the_tables_say_what_was_found(tmp_path: Path) -> None:
    """For people: which policy, the differences, and what it is worth to know."""
    out = tmp_path / "out"
    done = keliling("study", written(tmp_path, "latin"), "--out", out, "--no-figures")
    assert done.exit_code == 0, done.output
    for words in ("Which policy", "Best in", "Worst decile", "Rejected share, %", "worth to know", "not a forecast"):
        assert words in done.output
    means = {
        row["policy"]: float(row["mean"]) for row in rows(out / "decision.csv") if row["outcome"] == "rejected_share"
    }
    lived = [float(row["rejected_share"]) for row in rows(out / "runs.csv") if row["policy"] == "often"]
    assert means["often"] == pytest.approx(sum(lived) / len(lived))


def test_precision_adds_replicates_until_it_is_reached(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = keliling(
        "study", written(tmp_path, "frequency"), "--out", out, "--precision", "rejected_share=1.5", "--no-figures"
    )
    assert done.exit_code == 0, done.output
    said = next(line for line in done.output.splitlines() if line.startswith("Precision"))
    lived = len({row["replicate"] for row in rows(out / "runs.csv")})
    assert f"{lived} were lived" in said or f"{lived} replicates, the most allowed" in said
    assert lived >= 10 and "common random numbers" in said


def test_a_failing_run_is_a_row_and_ends_nothing(tmp_path: Path) -> None:
    """Design points whose values do not fit together, and a rule of one's own that fails in one policy alone."""
    (tmp_path / "mine.py").write_text(
        "def mine(intrinsic, social, normative, efficacy, decisive, need, company, means, stake, delays, fatigue, "
        "hours, pay, weights):\n    return 1.0 / (0.0 * pay) if pay > 0 else 0.0\n",
        encoding="utf-8",
    )
    study = tmp_path / "failing.toml"
    study.write_text(
        HEAD.format(kind="table")
        + 'table = "points.csv"\nreplicates = 2\n'
        + YEAR
        + '[policies]\npaid = { pay = 300.0, events_per_month = 8.0, from = "2019-01" }\n'
        + 'short = { officers_per_event = 4, events_per_month = 8.0, from = "2019-01" }\n',
        encoding="utf-8",
    )
    (tmp_path / "points.csv").write_text("document_error,officers\n0.03,8\n0.05,2\n", encoding="utf-8")
    out = tmp_path / "out"
    done = keliling("study", study, "--out", out, "--no-figures", "--set", f"hypothesis={tmp_path / 'mine.py'}:mine")
    assert done.exit_code == 0, done.output
    assert "runs failed and are left out" in done.output
    kept = json.loads(keliling("study", study, "--out", out, "--no-figures", "--json", "--set", f"hypothesis={tmp_path / 'mine.py'}:mine").stdout)  # fmt: skip
    assert kept["failed"] >= 6
    assert any("officers" in error for error in kept["errors"])


def test_verify_finds_runs_the_same_and_names_a_difference(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    from keliling.experiments.keep.study_store import parquet_bytes

    out = tmp_path / "out"
    assert keliling("study", written(tmp_path, "tornado"), "--out", out, "--no-figures", "--quiet").exit_code == 0
    same = keliling("verify", out, "--sample", "4")
    assert same.exit_code == 0 and "the same, to the last bit" in same.output
    table = parquet.read_table(out / "runs.parquet")
    at = table.schema.names.index("satisfaction")
    tampered = pa.array([value + 1e-13 for value in table["satisfaction"].to_pylist()])
    (out / "runs.parquet").write_bytes(parquet_bytes(table.set_column(at, "satisfaction", tampered)))
    other = keliling("verify", out, "--sample", "4")
    assert other.exit_code == 1
    assert "differs first at design point" in other.output and "satisfaction" in other.output


def test_a_results_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    study, out = written(tmp_path, "tornado"), tmp_path / "out"
    assert keliling("study", study, "--out", out, "--no-figures", "--quiet").exit_code == 0
    other = keliling("study", study, "--out", out, "--set", "document_error=0.03")
    assert other.exit_code == 1
    assert "holds runs of another study" in other.output and str(out) in other.output
    assert keliling("verify", tmp_path).exit_code == 1


def test_the_shipped_studies_are_listed() -> None:
    found = json.loads(keliling("studies", "--json").stdout)
    assert {"outreach-frequency-kebon-jeruk", "outreach-frequency-grogol-petamburan", "screening"} <= {
        one["name"] for one in found
    }
    assert all(len(one["question"]) > 20 for one in found)


OWN = """\
def mine(intrinsic, social, normative, efficacy, decisive, need, company, means, stake, delays, fatigue, hours, pay, weights):
    {body}
"""


def own(folder: Path, body: str) -> str:
    """The option of a hypothesis of one's own."""
    (folder / "mine.py").write_text("import statistics\n\n\n" + OWN.format(body=body), encoding="utf-8")
    return f"hypothesis={folder / 'mine.py'}:mine"


def test_a_policy_that_does_not_fit_a_point_fails_alone(tmp_path: Path) -> None:
    """Six officers at an event are too many for a small office; the other arms are lived there, and who gains is paired."""
    study = tmp_path / "unfit.toml"
    policies = (
        "[policies]\noften = { events_per_month = 8.0 }\nmany = { events_per_month = 4.0, officers_per_event = 6 }\n"
    )
    study.write_text(HEAD.format(kind="latin") + "points = 12\n" + YEAR + policies + "[factors]\nofficers = [3, 8]\n")
    out = tmp_path / "out"
    done = keliling("study", study, "--out", out, "--json")
    found = json.loads(done.stdout)
    assert 0 < found["failed"] < 12 and found["failed"] == found["dropped_jobs"]
    assert all(error.startswith("many: ") or "officers_per_event" in error for error in found["errors"])
    whole = [row for row in rows(out / "runs.csv") if row["policy"] == "often"]
    assert len(whole) == 12 and all(row["rejected_share"] for row in whole)
    import pyarrow.parquet as parquet

    lived = parquet.read_table(out / "runs.parquet").to_pylist()
    broken = {row["point"] for row in lived if row["error"]}
    decided = [sum(sum(r["decided_by_rw"]) for r in lived if r["policy"] == "now" and r["point"] not in broken)]
    (path,) = out.glob("who-gains-*.csv")
    assert sum(float(row["decided_now"]) for row in rows(path) if row["group"].startswith("rw ")) == decided[0]


def test_a_hypothesis_that_cannot_be_compiled_is_refused_before_anything_is_kept(tmp_path: Path) -> None:
    """The compiled engine says so at once; the agents take it into the same folder, and nothing failed."""
    option = own(tmp_path, "return statistics.fmean([intrinsic, need])")
    study, out = written(tmp_path, "latin"), tmp_path / "out"
    words = ("study", study, "--out", out, "--points", "2", "--json", "--no-figures", "--set", option)
    refused = keliling(*words)
    assert refused.exit_code == 2 and "only --engine agents takes it" in refused.output
    assert not (out / "manifest.json").exists()
    assert json.loads(keliling(*words, "--engine", "agents").stdout)["failed"] == 0


def test_want_of_memory_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What befalls the machine ends the sitting with a message, and is lived again."""
    from keliling.experiments.run import rows as lived

    study, out = written(tmp_path, "latin"), tmp_path / "out"
    words = ("study", study, "--out", out, "--points", "4", "--no-figures", "--workers", "1")

    def short(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(lived, "run_together", short)
        done = keliling(*words)
    assert done.exit_code == 1 and "no room" in done.output and "goes on from there" in done.output
    assert "failed" not in keliling(*words).output


def test_a_study_says_what_its_words_mean(tmp_path: Path) -> None:
    """Those of its outcomes that their titles would mislead, and no others."""
    study = written(tmp_path, "grid")
    study.write_text(re.sub("outcomes = .*", 'outcomes = ["rejected_share", "delayed_share"]', study.read_text()))
    said = keliling("study", study, "--out", tmp_path / "out", "--no-figures", "--replicates", "2").stdout
    assert "What the words mean\n  Delayed share: Of the applications decided in the year" in said
    assert "Rejected share: " not in said


def test_other_policies_are_no_points_of_the_response(tmp_path: Path) -> None:
    """A policy of the file that starts late or moves another lever is compared, and is not on the curve."""
    study, out = written(tmp_path, "frequency"), tmp_path / "out"
    cut = '[policies]\ncut = { events_per_month = 6.0, officers = 3 }\nlate = { events_per_month = 6.0, from = "2019-12" }\n'
    study.write_text(study.read_text(encoding="utf-8") + cut, encoding="utf-8")
    assert keliling("study", study, "--out", out, "--json", "--replicates", "2").exit_code == 0
    assert {row["policy"] for row in rows(out / "frequency-response.csv")} == {"events-0", "events-4", "events-8"}
    assert {"cut", "late"} < {row["policy"] for row in rows(out / "decision.csv")}


def test_a_dry_run_is_json_when_asked(tmp_path: Path) -> None:
    found = json.loads(keliling("study", written(tmp_path, "grid"), "--dry-run", "--json").stdout)
    assert (found["runs"], found["arms"][0], found["study"]) == (15, "now", "grid")


def test_check_reads_studies(tmp_path: Path) -> None:
    study = written(tmp_path, "sobol")
    assert keliling("check", study).output.startswith(f"{study}: OK")
    study.write_text(study.read_text(encoding="utf-8").replace("points", "point"), encoding="utf-8")
    broken = keliling("check", study)
    assert broken.exit_code == 2 and "is not a key of a study here" in broken.output and "points" in broken.output
