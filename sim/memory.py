"""Records as they lie in memory: a compiled loop spends most of its time waiting for rows, so none takes more of it.

Rows begin where a cache line does and fill whole ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.compiled import CACHE_LINE


def lined(columns: list[tuple[str, type]]) -> np.dtype[np.void]:
    """A record of these columns, the small ones last."""
    names, formats = zip(*columns, strict=True)
    size = -(-np.dtype(columns).itemsize // CACHE_LINE) * CACHE_LINE
    return np.dtype({"names": names, "formats": formats, "itemsize": size})


def room(rows: int, kind: np.dtype[Any]) -> NDArray[Any]:
    """Blank records."""
    raw = np.zeros(rows * kind.itemsize + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return np.frombuffer(raw.data[start : start + rows * kind.itemsize], kind)


def copied_rows(rows: NDArray[Any]) -> NDArray[Any]:
    """The same rows, in memory of their own."""
    found = room(rows.size, rows.dtype)
    found[:] = rows
    return found
