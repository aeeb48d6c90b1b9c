"""Reads studies: by a shipped name, from a file, from tables of Python, or from a results folder."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keliling.experiments.keep.study_store import StoreError, read_manifest
from keliling.experiments.kinds import KINDS
from keliling.experiments.plan.study import Study
from keliling.experiments.plan.study_file import read_study
from keliling.experiments.run.verify import written_aside
from keliling.sim.errors import InvalidInput, Problem
from keliling.sim.scenario_text import quoted, written

LONGEST_NAME = 40  # that is made of a title
PROSE = ("title", "question")


def load_study(name_or_path: str | Path, set_: Iterable[str] = (), **options: Any) -> Study:
    """The study of a shipped name or a file; ``options`` (points, replicates, seed, ...) go over those of the file.

    ``set_`` are ``name=value`` texts for every arm. Raises InvalidInput with every problem.
    """
    return read_study(name_or_path, KINDS, set_, **options)


def study_of_tables(
    tables: Mapping[str, Any], set_: Iterable[str] = (), *, name: str = "", asked_by: str = "study()", **options: Any
) -> Study:
    """The study of what a file would hold; files that it names lie in the current folder.

    Its name is made of its title unless it is given. Raises InvalidInput with every problem, told as of ``asked_by``.
    """
    found = {key: value if key in PROSE else _from_here(value) for key, value in tables.items()}
    made = "-".join(re.findall(r"[a-z0-9]+", str(found.get("title", "study")).lower()))[:LONGEST_NAME].strip("-")
    with tempfile.TemporaryDirectory() as aside:
        path = Path(aside) / f"{name or made or 'study'}.toml"
        text = "".join(f"{quoted(str(key))} = {_toml(value, str(key), asked_by)}\n" for key, value in found.items())
        path.write_bytes(text.encode(errors="replace"))
        try:
            return load_study(path, set_, **options)
        except InvalidInput as error:  # there is no file for who wrote tables
            problems = [replace(one, file=asked_by, line=0, column=0) if one.line else one for one in error.problems]
            raise InvalidInput(problems) from None


def _from_here(value: Any) -> Any:
    """Files that a study names lie where the caller is, and not beside a file that there is not."""
    if isinstance(value, Mapping):
        return {key: _from_here(one) for key, one in value.items()}
    is_file = isinstance(value, Path) or (isinstance(value, str) and value.endswith((".toml", ".csv")))
    return str(Path(value).resolve()) if is_file else value


def _toml(value: Any, key: str, asked_by: str) -> str:
    """A value in TOML. Raises InvalidInput."""
    if isinstance(value, Mapping):
        inside = (f"{quoted(str(name))} = {_toml(one, f'{key}.{name}', asked_by)}" for name, one in value.items())
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(one, key, asked_by) for one in value) + "]"
    if isinstance(value, (np.generic, np.ndarray)):
        return _toml(value.tolist(), key, asked_by)
    if not isinstance(value, (bool, int, float, str)):
        rule = "must be text, a number, true or false, a list of these, or a table"
        raise InvalidInput([Problem(asked_by, 0, 0, key, repr(value), rule)])
    return written(value)


def study_in(folder: Path) -> Study:
    """The study that a results folder holds, read from the copy of its file. Raises StoreError, InvalidInput."""
    manifest = read_manifest(folder)
    options = manifest["options"]
    with written_aside(Path(manifest["path"]), manifest["file"]) as path:
        try:
            named = {key: options[key] for key in options if key != "set"}
            return load_study(path, options.get("set", ()), **named)
        except (TypeError, AttributeError, KeyError) as error:
            raise StoreError(f"{folder}: its manifest has options that no study takes ({error})") from None
