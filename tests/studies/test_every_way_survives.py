"""A comparison, a count of signs and a study that a script asks for survive what a study's command survives."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.studies.helpers import command, environment, listening

PAIR = ("kebon-jeruk-2018", "kebon-jeruk-weekly")
SHORT = ("--set", "years=1", "--set", "first_year=2019", "--set", "warmup_years=0", "--size", "0.02")
SCRIPT = f"""\
import sys
import keliling as kl

study = {{
    "title": "A script's own",
    "question": "Does it survive?",
    "kind": "latin",
    "baseline": "{PAIR[0]}",
    "size": 0.02,
    "points": 48,
    "outcomes": ["rejected_share"],
    "parameters": {{"years": 1, "first_year": 2019, "warmup_years": 0}},
    "policies": {{"often": {{"events_per_month": 8.0, "from": "2019-01"}}}},
    "factors": {{"document_error": True}},
}}
try:
    kl.study(study, folder="out", progress=False).save("out")
except kl.KelilingError as error:
    sys.exit(str(error))
"""


@dataclass(frozen=True)
class Work:
    """A command that writes to the folder ``out``, what it keeps its runs in, and the tables that it comes to."""

    words: list[str]
    kept: str
    tables: tuple[str, ...]
    alone: bool
    """Whether its folder is held: a second process is turned away."""


WORKS = {
    "compare": Work(
        command("compare", *PAIR, *SHORT, "--replicates", "40", "--no-figures", "--out", "out"),
        "runs/*.json",
        ("comparison.csv", "runs.csv", "months.csv", "neighbourhoods.csv", "invitations.csv"),
        alone=False,
    ),
    "signs": Work(
        command("signs", *PAIR, *SHORT, "--draws", "40", "--out", "out"),
        "batches/*.parquet",
        ("worlds.csv", "runs.csv", "runs.parquet"),
        alone=True,
    ),
    "kl.study": Work(
        [sys.executable, "-c", SCRIPT], "batches/*.parquet", ("sensitivity.csv", "runs.csv", "runs.parquet"), alone=True
    ),
}


def begun(work: Work, folder: Path, before: Callable[[], None] = listening) -> subprocess.Popen[str]:
    """The command, begun in a folder; ``before`` is called in its process."""
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        work.words,
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def ended(work: Work, folder: Path, before: Callable[[], None] = listening) -> tuple[int, str]:
    """Exit code and stderr of the command."""
    process = begun(work, folder, before)
    _, said = process.communicate(timeout=600)
    assert "Traceback" not in said
    return process.returncode, said


def content(work: Work, folder: Path) -> list[bytes]:
    """The tables."""
    return [(folder / "out" / name).read_bytes() for name in work.tables]


@pytest.fixture(scope="module", params=WORKS)
def peaceful(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Work, Path]:
    """Each of the works, and the folder in which nothing happened to it."""
    work, folder = WORKS[request.param], tmp_path_factory.mktemp("peaceful")
    assert ended(work, folder)[0] == 0
    return work, folder


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_what_ends_it_loses_nothing(peaceful: tuple[Work, Path], tmp_path: Path, sign: signal.Signals) -> None:
    """Killed or interrupted as soon as something is kept, it goes on from there to the same bytes."""
    work, expected = peaceful
    process, deadline = begun(work, tmp_path / "here"), time.monotonic() + 60
    while not list((tmp_path / "here" / "out").glob(work.kept)) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(sign)
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0 and not (tmp_path / "here" / "out" / work.tables[0]).exists()
    if sign == signal.SIGINT:
        assert "goes on from there" in said
    code, said = ended(work, tmp_path / "here")
    assert code == 0, said
    assert content(work, tmp_path / "here") == content(work, expected)


def test_a_full_disk_is_told_and_survived(peaceful: tuple[Work, Path], tmp_path: Path) -> None:
    """What cannot be written is named, and nothing is written by half; with room it goes on to the same bytes."""
    work, expected = peaceful
    most = max(path.stat().st_size for path in (expected / "out").rglob("*") if path.is_file()) // 2

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    code, said = ended(work, tmp_path / "here", full)
    assert code == 1 and "cannot be written" in said
    assert not list((tmp_path / "here").rglob("*.part"))
    code, said = ended(work, tmp_path / "here")
    assert code == 0, said
    assert content(work, tmp_path / "here") == content(work, expected)


def test_two_at_once_come_to_the_same(peaceful: tuple[Work, Path], tmp_path: Path) -> None:
    """Where the folder is held one of two is turned away with a word; otherwise both end well."""
    work, expected = peaceful
    both = [begun(work, tmp_path / "here") for _ in range(2)]
    said = [one.communicate(timeout=600)[1] for one in both]
    assert sorted(one.returncode for one in both) == ([0, 1] if work.alone else [0, 0]), said
    assert ("another process is at work" in "".join(said)) == work.alone
    assert content(work, tmp_path / "here") == content(work, expected)


def test_damage_is_named_and_mended(peaceful: tuple[Work, Path], tmp_path: Path) -> None:
    """A run that is damaged is lived again; a study's file of many runs is refused until somebody moves it away."""
    work, expected = peaceful
    shutil.copytree(expected, tmp_path / "here")
    kept = sorted((tmp_path / "here" / "out").glob(work.kept)) or [tmp_path / "here" / "out" / "runs.parquet"]
    bytes_ = bytearray(kept[0].read_bytes())
    bytes_[len(bytes_) // 2] ^= 1
    kept[0].write_bytes(bytes_)
    code, said = ended(work, tmp_path / "here")
    assert kept[0].name in said and "is damaged" in said
    assert code == (1 if work.alone else 0)
    if work.alone:
        kept[0].unlink()
        assert ended(work, tmp_path / "here")[0] == 0
    assert content(work, tmp_path / "here") == content(work, expected)
