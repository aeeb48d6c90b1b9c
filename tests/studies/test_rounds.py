"""Kinds whose arms come and go, and that keep more than outcomes: killed in every round, they end with the same bytes,
whoever lives them."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from keliling.sim.run import run
from keliling.sim.scenario import load
from tests.studies.helpers import content, environment
from tests.studies.test_identical import Cluster, cluster  # noqa: F401

STUDY = """\
title = "A small study"
question = "Do its rounds come to the same, whatever happens in them?"
kind = "{kind}"
baseline = "kebon-jeruk-2018"
size = 0.02
outcomes = ["rejected_share"]
[parameters]
years = 1
first_year = 2019
warmup_years = 0
[policies]
often = {{ events_per_month = 8.0, from = "2019-01" }}
seldom = {{ events_per_month = 2.0, from = "2019-01" }}
"""
ROUNDS = 3
TABLES = {"knockout": "effects.csv", "monthly": "peaks.csv"}


def lived(study: Path, out: Path, *options: str, kill_in: int = 0) -> None:
    """Live a study to its end, or until it is killed in a round."""
    words = [sys.executable, "-m", "tests.studies.kinds", "study", str(study), "--out", str(out), "--no-figures"]
    more = {"KILL_ROUND": str(kill_in), "KILL_FOLDER": str(out)} if kill_in else {}
    ended = subprocess.run(
        [*words, "--quiet", *options], env=environment(**more), capture_output=True, text=True, timeout=600
    )
    assert ended.returncode == (-signal.SIGKILL if kill_in else 0), ended.stderr


@pytest.fixture(scope="module", params=TABLES)
def peaceful(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A study of each kind, and the folder of it when nothing happens to it."""
    folder = tmp_path_factory.mktemp(request.param)
    study = folder / f"{request.param}.toml"
    study.write_text(STUDY.format(kind=request.param), encoding="utf-8")
    lived(study, folder / "out")
    return study, folder / "out"


def survives(peaceful: tuple[Path, Path], out: Path, *options: str) -> None:
    """Killed in the first round, gone on with and killed in the second, and so on; then left in peace."""
    study, expected = peaceful
    for number in range(1, ROUNDS + 1):
        lived(study, out, *options, kill_in=number)
        assert not (out / "runs.parquet").exists()
    lived(study, out, *options)
    assert content(out) == content(expected)
    table = TABLES[study.stem]
    assert (out / table).read_bytes() == (expected / table).read_bytes()


def test_threads(peaceful: tuple[Path, Path], tmp_path: Path) -> None:
    """The compiled engine on two threads."""
    survives(peaceful, tmp_path / "out", "--workers", "2")


def test_processes(peaceful: tuple[Path, Path], tmp_path: Path) -> None:
    """Agents in processes of their own."""
    survives(peaceful, tmp_path / "out", "--engine", "agents", "--workers", "2")


def test_dask(peaceful: tuple[Path, Path], cluster: Cluster, tmp_path: Path) -> None:  # noqa: F811
    """Two workers of a cluster."""
    survives(peaceful, tmp_path / "out", "--cluster", cluster.address)


def test_every_arm_has_its_own_baseline_and_replicates(peaceful: tuple[Path, Path]) -> None:
    """What was dropped has the replicates that it was lived for, and each is set against the arm that it names."""
    study, out = peaceful
    frame = parquet.read_table(out / "runs.parquet").to_pandas()
    if study.stem == "monthly":
        assert frame.groupby("policy").size().to_dict() == {"now": 6, "often": 6, "seldom": 6}
        return
    with (out / "effects.csv").open(newline="", encoding="utf-8") as file:
        effects = {row["policy"]: row for row in csv.DictReader(file)}
    best, dropped = sorted(("often", "seldom"), key=lambda name: -int(effects[name]["replicates"]))
    assert frame.groupby("policy").size().to_dict() == {
        "now": 4, best: 4, dropped: 2, "busy": 2, "crowded": 2, "more": 3
    }  # fmt: skip
    values = frame.set_index(["policy", "replicate"])["applications"]
    for name, row in effects.items():
        assert row["baseline"] == ("busy" if name == "crowded" else "now")
        difference = (values[name] - values[row["baseline"]]).dropna()
        assert int(row["replicates"]) == len(difference)
        assert float(row["difference"]) == pytest.approx(difference.mean(), abs=1e-9)


def test_months_that_are_kept_are_those_of_the_run(peaceful: tuple[Path, Path]) -> None:
    """Every quantity of every month, to the last bit."""
    study, out = peaceful
    table = parquet.read_table(out / "runs.parquet")
    if study.stem == "knockout":
        assert "months" not in table.column_names
        return
    frame = table.to_pandas()
    row = frame[(frame["policy"] == "now") & (frame["replicate"] == 1)].iloc[0]
    settings = {"years": 1, "first_year": 2019, "warmup_years": 0}
    records = run(load("kebon-jeruk-2018", size=0.02, **settings), replicate=1).records
    kept = dict(row["months"])
    assert set(kept) == set(records[0]) and len(records) == 12
    for name, by_month in kept.items():
        assert np.array_equal(by_month, [record[name] for record in records]), name
