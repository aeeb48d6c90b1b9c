"""Where compiled code is kept between runs, and how it stays whole.

numba's own cache does not see that a called function in another file has changed, so the folder is named by a digest of
every compiled source and of all that shapes machine code. Damaged machine code would end the process without a word:
every file's digest is noted, and one that differs is removed, to be compiled again.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import pickle
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

SUMS = "sums.json"
KEPT_FOLDERS = 4  # of compiled code, of earlier versions
UNUSED_DAYS = 30  # after which one is deleted


def folder() -> Path:
    """Folder for these sources, this numba, this NumPy, this Python and this processor."""
    from importlib.metadata import version

    digest = hashlib.blake2b(digest_size=8)
    here = Path(__file__).parent
    for source in sorted(here.rglob("*.py")):
        text = source.read_bytes()
        if b"keliling.sim.compiled import" in text:
            digest.update(source.relative_to(here).as_posix().encode() + b"\0" + text)
    parts = (sys.version, version("numba"), version("llvmlite"), version("numpy"), platform.machine(), processor())
    for part in parts:
        digest.update(part.encode() + b"\0")
    root = os.environ.get("KELILING_CACHE") or platformdirs.user_cache_dir("keliling")
    return Path(root) / "compiled" / digest.hexdigest()


def processor() -> str:
    """Name and features of the processor, for which machine code is made."""
    from llvmlite import binding

    return f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"


def prepared() -> Path:
    """The folder, made and looked through; where it cannot be written, one that lasts as long as this process."""
    path = folder()
    try:
        path.mkdir(parents=True, exist_ok=True)
        os.utime(path)
        tempfile.TemporaryFile(dir=path).close()
    except OSError:
        # A folder that others can foresee, in a place where all can write, could hold code of theirs.
        path = Path(tempfile.mkdtemp(prefix="keliling-"))
        atexit.register(shutil.rmtree, path, ignore_errors=True)
        return path
    with _alone(path, wait=False) as got:
        if got:
            heal(path)
            _prune(path)
    return path


@contextmanager
def _alone(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the folder's lock; yields whether it was to be had. Where there are no locks, as though it was."""
    lock = FileLock(path / "lock", timeout=-1 if wait else 0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError):
        yield True
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def compiling(path: Path) -> Iterator[None]:
    """Compile within this: a second process waits for the first and then finds its work done."""
    with _alone(path, wait=True):
        yield
        seal(path)


def heal(path: Path) -> list[str]:
    """Remove files that are not what was noted of them; returns their names. New ones are noted."""
    before, damaged = _sums(path), []
    sums = dict(before)
    for file in _files(path):
        name = file.relative_to(path).as_posix()
        digest = _digest(file)
        if name in sums and sums[name] != digest and not (file.suffix == ".nbi" and _readable(file)):
            file.unlink(missing_ok=True)
            sums.pop(name)
            damaged.append(name)
        else:
            sums[name] = digest  # an index grows when a function is called with other types
    if sums != before:
        _write(path, sums)
    return damaged


def seal(path: Path) -> None:
    """Note the digest of every file of the folder."""
    _write(path, {file.relative_to(path).as_posix(): _digest(file) for file in _files(path)})


def _files(path: Path) -> list[Path]:
    return sorted([*path.glob("*/*.nbc"), *path.glob("*/*.nbi")])


def _digest(file: Path) -> str:
    try:
        return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def _readable(file: Path) -> bool:
    """Whether an index can be read, as numba will read it."""
    try:
        with file.open("rb") as opened:
            pickle.load(opened)
            pickle.loads(opened.read())
    except Exception:  # whatever a damaged pickle raises
        return False
    return True


def _sums(path: Path) -> dict[str, str]:
    try:
        found = json.loads((path / SUMS).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def _write(path: Path, sums: dict[str, str]) -> None:
    aside = path / f".{SUMS}.{os.getpid()}"
    try:
        aside.write_text(json.dumps(sums), encoding="utf-8")
        os.replace(aside, path / SUMS)
    except OSError:  # a full disk: the next start will note what it finds
        aside.unlink(missing_ok=True)


def _prune(path: Path) -> None:
    """Remove folders of other versions that were not used for long."""
    used = {}
    for one in path.parent.iterdir():
        with suppress(OSError):  # another process may remove it too
            used[one] = one.stat().st_mtime
    for one in sorted(used, key=lambda one: used[one])[:-KEPT_FOLDERS]:
        if one != path and time.time() - used[one] > UNUSED_DAYS * 86400:
            shutil.rmtree(one, ignore_errors=True)
