"""Files written whole or not at all, and on the disk when they are there."""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import fields
from io import StringIO
from pathlib import Path
from typing import Any

from keliling.sim.errors import InvalidInput, KelilingError, Problem

SECONDS_TO_WRITE = 600.0  # that no file takes


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also when the power fails. Raises KelilingError."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)
        _flush_folder(path.parent)
    except OSError as error:
        raise KelilingError(f"{path}: cannot be written: {error.strerror or error}") from error


def sweep(folder: Path) -> None:
    """Remove what processes that died left of files that they were writing: nobody writes one for minutes."""
    for part in folder.glob(".*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > SECONDS_TO_WRITE:
                part.unlink()


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table whole or not at all; numbers have all their digits, and what is not defined is empty."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    write_whole(path, text.getvalue().encode())


def write_rows(path: Path, kind: type, rows: Iterable[Any]) -> None:
    """Write dataclasses of a kind as a table, a field a column."""
    names = [field.name for field in fields(kind)]
    write_csv(path, names, ([getattr(row, name) for name in names] for row in rows))


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)


def ready(folder: Path) -> None:
    """Make sure, before anything is run, that results can be written to ``folder``. Raises InvalidInput."""
    probe = folder / ".probe"
    try:
        write_whole(probe, b"")
        probe.unlink()
    except (KelilingError, OSError) as error:
        raise InvalidInput(
            [Problem("options", 0, 0, "--out", str(folder), f"cannot be written to ({error})")]
        ) from error


def _flush_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # some systems do not open folders; the rename is then as safe as they make it
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
