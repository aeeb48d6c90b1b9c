"""Whoever lives a study, its bytes are the same: one thread, two, the agents, and the workers of a Dask cluster."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studies.helpers import command, content, environment, live, written

POINTS = 12


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of a few design points."""
    return written(tmp_path_factory.mktemp("study"), POINTS)


@pytest.fixture(scope="module")
def alone(study: Path) -> tuple[bytes, bytes]:
    """What it comes to on one thread."""
    live(study, study.parent / "one", "--workers", "1")
    return content(study.parent / "one")


def test_two_threads_give_the_same_bytes(study: Path, alone: tuple[bytes, bytes], tmp_path: Path) -> None:
    """More workers change nothing but the time."""
    live(study, tmp_path / "two", "--workers", "2")
    assert content(tmp_path / "two") == alone


def test_the_agents_give_the_same_bytes(study: Path, alone: tuple[bytes, bytes], tmp_path: Path) -> None:
    """The engine that one reads gives the numbers of the one that is fast."""
    live(study, tmp_path / "agents", "--engine", "agents")
    assert content(tmp_path / "agents") == alone


class Cluster:
    """A Dask scheduler and workers, real processes on the loopback."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self.processes = folder, []
        words = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
        self.scheduler = self._start("scheduler", [*words, "--no-dashboard"])
        self.address = self._found("scheduler", r"(tcp://127\.0\.0\.1:\d+)")
        self.workers = [self.start_worker(number) for number in range(workers)]

    def start_worker(self, number: int) -> subprocess.Popen[bytes]:
        """One more worker."""
        words = [sys.executable, "-m", "distributed.cli.dask_worker", self.address, "--nthreads", "1"]
        words += ["--no-nanny", "--no-dashboard", "--local-directory", str(self.folder)]
        return self._start(f"worker{number}", words)

    def _start(self, name: str, words: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(words, env=environment(), stdout=log, stderr=log, cwd=self.folder)
        self.processes.append(process)
        return process

    def _found(self, name: str, pattern: str) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = re.search(pattern, (self.folder / f"{name}.log").read_text(encoding="utf-8"))
            if found:
                return found[1]
            time.sleep(0.1)
        raise AssertionError((self.folder / f"{name}.log").read_text(encoding="utf-8"))

    def close(self) -> None:
        """End every process that was started."""
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Two workers."""
    found = Cluster(tmp_path, 2)
    yield found
    found.close()


def test_two_dask_workers_give_the_same_bytes(
    study: Path, alone: tuple[bytes, bytes], cluster: Cluster, tmp_path: Path
) -> None:
    """A cluster lives the same batches; its workers write them."""
    live(study, tmp_path / "dask", "--cluster", cluster.address)
    assert content(tmp_path / "dask") == alone


def test_a_comparison_on_a_cluster_gives_the_same_tables(cluster: Cluster, tmp_path: Path) -> None:
    """Whole runs come back from its workers as they are from threads."""
    words = command("compare", "kebon-jeruk-2018", "kebon-jeruk-weekly", "--size", "0.02", "--replicates", "3")
    for name, options in (("here", ()), ("there", ("--cluster", cluster.address))):
        out = ("--out", str(tmp_path / name), "--no-figures", "--quiet")
        subprocess.run([*words, *out, *options], env=environment(), check=True, capture_output=True, timeout=600)
    tables = ("comparison.csv", "runs.csv", "months.csv", "neighbourhoods.csv", "invitations.csv")
    for table in tables:
        assert (tmp_path / "there" / table).read_bytes() == (tmp_path / "here" / table).read_bytes(), table


@pytest.mark.verify
def test_a_killed_dask_worker_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """One of two workers is killed in the middle of a study: the other lives what it had begun."""
    study = written(tmp_path, 160)
    live(study, tmp_path / "peaceful")
    out = tmp_path / "dask"
    words = command("study", study, "--out", out, "--no-figures", "--quiet", "--cluster", cluster.address)
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list((out / "batches").glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None, "the study ended before a worker could be killed"
    cluster.workers[0].kill()
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert content(out) == content(tmp_path / "peaceful")


def test_an_address_without_a_scheduler_is_told(study: Path, tmp_path: Path) -> None:
    """One clear message, and an exit code."""
    words = command("study", study, "--out", tmp_path / "none", "--cluster", "tcp://127.0.0.1:9", "--quiet")
    ended = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    assert "tcp://127.0.0.1:9: no Dask scheduler answers there" in ended.stderr
    assert "Traceback" not in ended.stderr
