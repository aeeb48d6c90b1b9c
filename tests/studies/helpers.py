"""Small studies that are lived in processes of their own, as a user's command would be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

STUDY = """\
title = "A small study"
question = "Does it give the same, whatever happens to it?"
kind = "latin"
baseline = "kebon-jeruk-2018"
size = 0.03
points = {points}
outcomes = ["rejected_share", "satisfaction"]
[parameters]
years = 1
first_year = 2019
warmup_years = 0
[policies]
often = {{ events_per_month = 8.0, from = "2019-01" }}
[factors]
document_error = true
officers = [3, 8]
brokers = true
"""


def written(folder: Path, points: int) -> Path:
    """The study's file."""
    path = folder / "small.toml"
    path.write_text(STUDY.format(points=points), encoding="utf-8")
    return path


def command(*words: str | Path) -> list[str]:
    """A ``keliling`` command."""
    return [sys.executable, "-m", "keliling.experiments.cli", *map(str, words)]


def listening() -> None:
    """For ``preexec_fn``: a suite that runs in the background may ignore Ctrl-C, and its children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def environment(**more: str) -> dict[str, str]:
    """Laws are checked elsewhere: here it is about the store, and runs should be quick."""
    return os.environ | {"KELILING_CHECKED": "0"} | more


def live(study: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Live a study to its end; fails when the command does."""
    words = command("study", study, "--out", out, "--no-figures", "--quiet", *options)
    return subprocess.run(words, env=environment(), capture_output=True, text=True, check=True, timeout=600)


def content(out: Path) -> tuple[bytes, bytes]:
    """What a study comes to, as bytes: its runs and its design."""
    return (out / "runs.parquet").read_bytes(), (out / "design.parquet").read_bytes()
