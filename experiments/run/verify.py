"""Lives a sample of a study's finished runs anew and compares every number, to the last bit."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keliling.experiments.keep.study_store import KEYS, Store, StoreError, read_manifest, schema
from keliling.experiments.plan.study import Study
from keliling.experiments.run.rows import rows_of


@dataclass(frozen=True)
class Verified:
    """How many jobs and runs were lived anew, of how many, and the first difference (None: there is none)."""

    jobs: int
    runs: int
    all_jobs: int
    difference: str | None


def study_of(folder: Path) -> Study:
    """The study that a results folder holds, read from the copy of its file. Raises StoreError, InvalidInput."""
    from keliling.experiments.plan.study_file import load_study

    manifest = read_manifest(folder)
    options = manifest["options"]
    path, text = Path(manifest["path"]), manifest["file"]
    with tempfile.TemporaryDirectory() as aside:
        # Where the file still says the same it is read there, for what it names may lie beside it.
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
            path = Path(aside) / path.name
            path.write_text(text, encoding="utf-8")
        try:
            return load_study(path, options.get("set", ()), **{key: options[key] for key in options if key != "set"})
        except (TypeError, AttributeError, KeyError) as error:
            raise StoreError(f"{folder}: its manifest has options that no study takes ({error})") from None


def verified(
    folder: Path, sample: int, *, seed: int = 1, engine: str = "kernel", progress: Callable[[int], None]
) -> Verified:
    """Live ``sample`` of the jobs in a results folder anew. Raises StoreError when it is not this code's."""
    study = study_of(folder)
    store = Store(folder, study)
    store.check()
    kept = {tuple(row[key] for key in KEYS): row for row in store.runs().to_pylist()}
    jobs = sorted({key[:2] for key in kept})
    chosen = np.random.default_rng(seed).permutation(len(jobs))[:sample]
    runs = 0
    for at in sorted(chosen.tolist()):
        for row in rows_of(study, jobs[at][0], jobs[at][1], engine):
            key = tuple(row[name] for name in KEYS)
            runs += 1
            if key in kept:
                for name in schema().names:
                    if bits(kept[key][name]) != bits(row.get(name)):
                        where = f"world {key[0]}, replicate {key[1]}, {row['policy']}, {name}"
                        difference = f"differs first at {where}: kept {kept[key][name]!r}, lived anew {row.get(name)!r}"
                        return Verified(len(chosen), runs, len(jobs), difference)
        progress(1)
    return Verified(len(chosen), runs, len(jobs), None)


def bits(value: Any) -> Any:
    """What has to be equal: the very bits of a number."""
    return struct.pack("<d", value) if isinstance(value, float) else value
