"""Compiled code is kept whole: what is damaged is compiled again, and two that start at once do not meet."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from keliling.sim import cache

CODE = "from keliling.sim.rules.normal import normal; print(normal(0.3))"


def started(folder: Path, code: str = CODE) -> subprocess.Popen[str]:
    """A fresh process that compiles one rule, with its compiled code in ``folder``."""
    environment = os.environ | {"KELILING_CACHE": str(folder)}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    """What a process printed; it must have ended well."""
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return out.strip()


def kept(folder: Path, ending: str) -> list[Path]:
    """The files of compiled code."""
    return sorted(folder.rglob(f"*{ending}"))


@pytest.mark.parametrize("ending", [".nbc", ".nbi"])
def test_damaged_code_is_compiled_again(tmp_path: Path, ending: str) -> None:
    first = said(started(tmp_path))
    assert (
        said(started(tmp_path, CODE + "\nfrom keliling.sim import cache, compiled; cache.seal(compiled.CACHE)"))
        == first
    )
    for victim in kept(tmp_path, ending):
        content = bytearray(victim.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 400] = os.urandom(min(400, len(content) - middle))
        victim.write_bytes(content[:-3])
    assert said(started(tmp_path)) == first
    assert said(started(tmp_path)) == first


def test_two_processes_that_start_at_once_both_come_through(tmp_path: Path) -> None:
    assert len({said(process) for process in [started(tmp_path) for _ in range(3)]}) == 1
    assert kept(tmp_path, ".nbc")


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert said(started(tmp_path / "file")) == said(started(tmp_path))


def test_another_source_or_version_has_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.folder()
    monkeypatch.setattr(cache, "processor", lambda: "another processor")
    assert cache.folder() != before
    assert cache.folder().parent == before.parent


def test_healing_removes_what_was_noted_otherwise_and_notes_what_is_new(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.mkdir()
    for name in ("one.nbc", "two.nbc", "one.nbi"):
        (part / name).write_bytes(pickle.dumps("1") + pickle.dumps(name))
    cache.seal(tmp_path)
    assert cache.heal(tmp_path) == []
    (part / "one.nbc").write_bytes(b"damaged")
    (part / "one.nbi").write_bytes(pickle.dumps("1") + pickle.dumps("an index that has grown"))
    (part / "three.nbc").write_bytes(b"new")
    assert cache.heal(tmp_path) == ["part/one.nbc"]
    assert sorted(path.name for path in part.iterdir()) == ["one.nbi", "three.nbc", "two.nbc"]
    (part / "one.nbi").write_bytes(b"no index")
    assert cache.heal(tmp_path) == ["part/one.nbi"]
    assert cache.heal(tmp_path) == []
