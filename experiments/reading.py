"""Reads studies: by a shipped name, from a file, from tables of Python, or from a results folder."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from keliling.experiments.keep.study_store import StoreError, read_manifest
from keliling.experiments.kinds import KINDS
from keliling.experiments.plan.study import Study
from keliling.experiments.plan.study_file import read_study
from keliling.experiments.run.verify import written_aside
from keliling.sim.errors import InvalidInput
from keliling.sim.scenario_text import quoted, written

LONGEST_NAME = 40  # that is made of a title


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
    found = {key: _from_here(value) for key, value in tables.items()}
    made = "-".join(re.findall(r"[a-z0-9]+", str(found.get("title", "study")).lower()))[:LONGEST_NAME].strip("-")
    with tempfile.TemporaryDirectory() as aside:
        path = Path(aside) / f"{name or made or 'study'}.toml"
        path.write_text("".join(f"{quoted(key)} = {_toml(value)}\n" for key, value in found.items()), encoding="utf-8")
        try:
            return load_study(path, set_, **options)
        except InvalidInput as error:  # there is no file for who wrote tables
            problems = [replace(one, file=asked_by, line=0, column=0) if one.line else one for one in error.problems]
            raise InvalidInput(problems) from None


def _from_here(value: Any) -> Any:
    """Files that a study names lie where the caller is, and not beside a file that there is not."""
    if isinstance(value, Mapping):
        return {key: _from_here(one) for key, one in value.items()}
    return str(Path(value).resolve()) if isinstance(value, str) and value.endswith((".toml", ".csv")) else value


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(str(key))} = {_toml(one)}" for key, one in value.items()) + "}"
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
