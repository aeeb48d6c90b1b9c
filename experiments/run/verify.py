"""Lives a sample of a study's finished runs anew and compares every number, to the last bit."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keliling.experiments.keep.study_store import LABELS, Store
from keliling.experiments.plan.study import Job, Study
from keliling.experiments.run.rows import rows_of


@dataclass(frozen=True)
class Verified:
    """How many jobs and runs were lived anew, of how many, and the first difference (None: there is none)."""

    jobs: int
    runs: int
    all_jobs: int
    difference: str | None


@contextmanager
def written_aside(path: Path, text: str) -> Iterator[Path]:
    """The file of a study as it was when it was lived: itself where it still says the same, for what it names may lie
    beside it; else a copy of its text."""
    with tempfile.TemporaryDirectory() as aside:
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
            path = Path(aside) / path.name
            path.write_text(text, encoding="utf-8")
        yield path


def verified(
    study: Study,
    store: Store,
    jobs: Sequence[Job],
    sample: int,
    *,
    seed: int = 1,
    engine: str = "kernel",
    progress: Callable[[int], None],
) -> Verified:
    """Live ``sample`` of the ``jobs`` of a study's results folder anew."""
    kept = {row["key"]: row for row in store.runs().to_pylist()}
    chosen = np.random.default_rng(seed).permutation(len(jobs))[:sample]
    runs = 0
    for at in sorted(chosen.tolist()):
        for row in rows_of(study, jobs[at], engine):
            runs += 1
            for name in store.schema.names:
                before, now = kept[row["key"]][name], row.get(name)
                if name not in LABELS and bits(before) != bits(now):
                    where = f"design point {row['point']}, replicate {row['replicate']}, {row['policy']}, {name}"
                    difference = f"differs first at {where}: kept {before!r}, lived anew {now!r}"
                    return Verified(len(chosen), runs, len(jobs), difference)
        progress(1)
    return Verified(len(chosen), runs, len(jobs), None)


def bits(value: Any) -> Any:
    """What has to be equal: the very bits of a number."""
    return struct.pack("<d", value) if isinstance(value, float) else value
