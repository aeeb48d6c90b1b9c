"""A study that is killed, runs out of disk, or shares its folder ends with the very bytes of one left in peace."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.studies.helpers import command, content, environment, listening, live, written

POINTS = 64


@pytest.fixture(scope="module")
def peaceful(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[bytes, bytes], float]:
    """The study, what it comes to when nothing happens to it, and the seconds that this takes."""
    folder = tmp_path_factory.mktemp("peaceful")
    study = written(folder, POINTS)
    live(study, folder / "warm")
    began = time.monotonic()
    live(study, folder / "out")
    return study, content(folder / "out"), time.monotonic() - began


def killed(study: Path, out: Path, after: float) -> bool:
    """Begin to live the study and kill it after some seconds; False when it had ended by then."""
    words = command("study", study, "--out", out, "--no-figures", "--quiet")
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def survives(peaceful: tuple[Path, tuple[bytes, bytes], float], folder: Path, moments: int) -> None:
    """Kill the study at random moments, resume it, and compare; asserts that kills fell into the work."""
    study, expected, seconds = peaceful
    luck = random.Random(20261124)
    in_the_middle = 0
    for moment in range(moments):
        out = folder / str(moment)
        killed(study, out, luck.uniform(0.2, 1.0) * seconds)
        parts = len(list((out / "batches").glob("*.parquet"))) if out.exists() else 0
        in_the_middle += bool(parts) and not (out / "runs.parquet").exists()
        live(study, out)
        assert content(out) == expected, f"kill number {moment} left other bytes"
        assert not list((out / "batches").iterdir()), "what was compacted is still there in pieces"
    assert in_the_middle, "no kill fell between the first batch and the last"


def test_a_few_kills_lose_nothing(peaceful: tuple[Path, tuple[bytes, bytes], float], tmp_path: Path) -> None:
    """SIGKILL at three random moments."""
    survives(peaceful, tmp_path, 3)


def test_processes_of_a_killed_study_end_with_it(tmp_path: Path) -> None:
    """Agents are lived by processes of their own: none of them outlives a study that was killed."""
    study, out = written(tmp_path, 64), tmp_path / "out"
    words = command("study", study, "--out", out, "--no-figures", "--quiet", "--engine", "agents", "--workers", "2")
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: list((out / "batches").glob("*.parquet")))
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    process.kill()
    process.wait()
    until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in children))


def until(true: Callable[[], object]) -> None:
    """Wait for something to be so; fails when it is not within a minute."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.02)


@pytest.mark.verify
def test_twenty_kills_lose_nothing(peaceful: tuple[Path, tuple[bytes, bytes], float], tmp_path: Path) -> None:
    """SIGKILL at twenty random moments."""
    survives(peaceful, tmp_path, 20)
    print("\nSIGKILL at 20 random moments, resumed: the same bytes, 20 of 20")


def test_a_full_disk_is_told_and_survived(peaceful: tuple[Path, tuple[bytes, bytes], float], tmp_path: Path) -> None:
    """When no more can be written the study ends with a message that names the file, and goes on when there is room."""
    study, expected, _ = peaceful
    out = tmp_path / "out"

    def full() -> None:
        # Files may not grow beyond this: the design fits, the first batches too, a whole study does not.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    words = command("study", study, "--out", out, "--no-figures", "--quiet")
    ended = subprocess.run(words, env=environment(), preexec_fn=full, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 1
    assert "cannot be written" in ended.stderr and str(out) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (out / "runs.parquet").exists()
    assert not list(out.rglob("*.part")), "half a file was left"
    live(study, out)
    assert content(out) == expected


def test_an_interrupt_names_what_is_kept(peaceful: tuple[Path, tuple[bytes, bytes], float], tmp_path: Path) -> None:
    """Ctrl-C ends the study with exit code 130 and a message; the same command goes on to the same bytes."""
    study, expected, _ = peaceful
    out = tmp_path / "out"
    words = command("study", study, "--out", out, "--no-figures", "--quiet")
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, env=environment(), stdout=pipe, stderr=pipe, text=True, preexec_fn=listening)
    until(lambda: list((out / "batches").glob("*.parquet")))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert str(out) in said and "goes on from there" in said
    live(study, out)
    assert content(out) == expected


def test_a_second_process_is_turned_away(peaceful: tuple[Path, tuple[bytes, bytes], float], tmp_path: Path) -> None:
    """Two commands on one folder: one lives the study, the other says that it is held."""
    study, expected, _ = peaceful
    out = tmp_path / "out"
    words = command("study", study, "--out", out, "--no-figures", "--quiet")
    both = [
        subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [one.communicate(timeout=600)[1] for one in both]
    codes = sorted(one.returncode for one in both)
    assert codes == [0, 1], said
    assert "another process is at work on this study" in "".join(said)
    assert content(out) == expected


def test_more_points_extend_a_study(peaceful: tuple[Path, tuple[bytes, bytes], float], tmp_path: Path) -> None:
    """A study of half the points, extended, is the whole study to the last byte, and lives only what was missing."""
    study, expected, _ = peaceful
    out = tmp_path / "out"
    live(study, out, "--points", str(POINTS // 2))
    half = (out / "runs.parquet").stat().st_size
    words = command("study", study, "--out", out, "--no-figures")
    more = subprocess.run(words, env=environment(), capture_output=True, text=True, check=True, timeout=600)
    assert f"{POINTS:,} of {2 * POINTS:,} runs were finished before" in more.stderr
    assert half < (out / "runs.parquet").stat().st_size
    assert content(out) == expected
