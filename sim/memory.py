"""Records as they lie in memory: a compiled loop spends most of its time waiting for rows, so none takes more of it.

Rows begin where a cache line does and fill whole ones.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from keliling.sim.compiled import CACHE_LINE, with_fields

Records = NDArray[np.void]
T = TypeVar("T", bound=tuple[Any, ...])
TYPES: dict[Any, type] = {NDArray[np.float64]: np.float64, NDArray[np.int64]: np.int64, NDArray[np.int8]: np.int8}


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


# -- tables: tuples of columns that are views of records


@cache
def record(kind: type[T]) -> np.dtype[np.void]:
    """One row of a table: its columns, of the types that the class declares."""
    return lined([(name, TYPES[kind_of]) for name, kind_of in get_type_hints(kind).items()])


def columns(kind: type[T], records: Records) -> T:
    """A table whose columns are views of ``records``."""
    return kind(*(records[name] for name in records.dtype.names or ()))


def records(table: tuple[Any, ...]) -> Records:
    """The array of records that the columns of a whole table are views of."""
    base: Records = table[0].base
    return with_fields(base)


def blank(kind: type[T], rows: int, **values: Any) -> T:
    """A table of ``rows`` rows, each column zero but for the ``values`` given."""
    table = columns(kind, room(rows, record(kind)))
    for name, value in values.items():
        getattr(table, name)[:] = value
    return table


def grown(table: T, rows: int) -> T:
    """The same table with room for ``rows`` rows; the new ones are blank."""
    larger = room(rows, table[0].base.dtype)
    larger[: len(table[0])] = table[0].base
    return columns(type(table), larger)
