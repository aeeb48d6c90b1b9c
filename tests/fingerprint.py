"""A short digest of every column of a state, by which two states are told to be the same."""

from __future__ import annotations

import hashlib
from typing import Any

from numpy.typing import NDArray

from keliling.sim.state import Counts, World


def fingerprint(world: World) -> dict[str, str]:
    """A short digest of every column by its dotted name; spare rows do not count."""
    digests = {}
    parts: list[Any] = list(world)
    for part_name, part in zip(world._fields, parts, strict=True):
        if not isinstance(part, tuple):
            digests[part_name] = _digest(part[: world.office.last.item(0)] if part_name == "queue" else part)
            continue
        used = getattr(world.counts, part_name).item(0) if part_name in Counts._fields else None
        for name, column in zip(getattr(part, "_fields", ()), part, strict=True):
            digests[f"{part_name}.{name}"] = _digest(column[:used])
    return digests


def _digest(column: NDArray[Any]) -> str:
    return hashlib.blake2b(column.tobytes(), digest_size=8).hexdigest()
