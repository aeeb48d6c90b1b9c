"""The kernel's hottest routine against a C twin: looking at an open need (``sim.kernels.deciding.touch``).

Both work on copies of one state, in the same memory layout: the records of ``sim.state`` are written out as C structs.
``touch.c`` is compiled anew each time, with no licence to reorder arithmetic, so both must leave the same bytes.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Found, Setting, Spread, Timed, compiler, in_turn, seconds, table
from keliling.sim import state
from keliling.sim.calendar import LANES
from keliling.sim.compiled import loop
from keliling.sim.kernels.deciding import touch
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.rules.outreach import PREPARATION
from keliling.sim.scenario import load
from keliling.sim.state import OPEN, Rows
from keliling.sim.terms import RunInputs, step_on

SOURCE = Path(__file__).with_name("touch.c")
OPTIONS = ("-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC")
TYPES = {"int64": "int64_t", "float64": "double", "int8": "int8_t"}
DAY, DAYS = 400, 50  # the first day that is looked at, and how many; no lever moves on them
CROWD = 2**24  # numbers of 8 bytes that crowd all else out of the processor's cache
WRITTEN = ("needs", "residents", "events", "neighbourhoods", "needs_due")

Ints = NDArray[np.int64]
Pass = Callable[[RunInputs, Rows, Ints, Ints, int, int], None]


@loop
def look(inputs, rows, due, chosen, day, days):
    """Look at each of the needs ``due`` on each of ``days`` days from ``day``; twin of the C function."""
    step = step_on(inputs, day)
    p, permits = inputs.levers[step], inputs.permits[step]
    for today in range(day, day + days):
        for k in range(due.size):
            chosen[k] = touch(inputs, p, permits, rows, today, due[k])


def header(inputs: RunInputs, rows: Rows) -> str:
    """C structs of the records that the routine reads, and the few codes that it knows."""
    lines = [f"#define PREPARATION_CODE {PREPARATION}", f"#define LANES_OF_A_DAY {LANES}"]
    for name, array in (inputs._asdict() | rows._asdict()).items():
        kind = array.dtype
        if kind.names is None:
            continue
        lines.append(f"struct {name} {{")
        for field in kind.names:
            lines.append(f"    {TYPES[str(kind[field])]} {field};")
        unused = kind.itemsize - sum(kind[field].itemsize for field in kind.names)
        lines += [f"    char unused[{unused}];"] if unused else []
        lines += ["};", f'_Static_assert(sizeof(struct {name}) == {kind.itemsize}, "{name} as in the state");']
    return "\n".join(lines) + "\n"


class Pointers(ctypes.Structure):
    """``struct given`` of touch.c: its pointers, and how many heads the calendar has."""

    names = re.findall(r"\*(\w+);", SOURCE.read_text(encoding="utf-8").partition("struct given {")[2].partition("}")[0])
    _fields_ = (*((name, ctypes.c_void_p) for name in names), ("heads", ctypes.c_int64))


@contextmanager
def look_in_c(inputs: RunInputs, rows: Rows) -> Iterator[Pass]:
    """The C twin of ``look``, compiled into a folder that does not last."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rows.h").write_text(header(inputs, rows), encoding="utf-8")
        library = Path(folder) / "touch.so"
        command = [compiler(), *OPTIONS, f"-I{folder}", str(SOURCE), "-o", str(library), "-lm"]
        subprocess.run(command, check=True)
        function = ctypes.CDLL(str(library)).look
        function.restype = None
        function.argtypes = [ctypes.POINTER(Pointers), ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 3]

        def call(inputs: RunInputs, rows: Rows, due: Ints, chosen: Ints, day: int, days: int) -> None:
            step = step_on(inputs, day)
            arrays = {
                **inputs._asdict(),
                **rows._asdict(),
                "levers": inputs.levers[step : step + 1],
                "permits": inputs.permits[step],
            }
            pointers = Pointers(*(arrays[name].ctypes.data for name in Pointers.names), rows.needs_due.size)
            function(ctypes.byref(pointers), due.ctypes.data, chosen.ctypes.data, due.size, day, days)

        yield call


def open_needs(rows: Rows) -> Ints:
    """Rows of all open needs, in the order in which a day takes them."""
    found = np.flatnonzero(rows.needs["status"] == OPEN)
    return found[np.argsort(rows.needs["key"][found])]


def left_by(how: Pass, inputs: RunInputs, rows: Rows, due: Ints, days: int) -> list[bytes]:
    """All bytes of the tables that looking at needs can reach, after some days of it; the channels of the last."""
    mine, chosen = state.copied(rows), np.zeros(due.size, np.int64)
    how(inputs, mine, due, chosen, DAY, days)
    return [chosen.tobytes(), *(getattr(mine, name).tobytes() for name in WRITTEN)]


def measure(setting: Setting) -> Found:
    """Both on the same open needs, ``DAYS`` times over; they must leave the same bytes after one day and after all."""
    simulation = Simulation(load("kebon-jeruk-2019", size=setting.size))
    simulation.live(DAY)
    inputs, rows = simulation.inputs, simulation.snapshot().rows
    due = open_needs(rows)
    with look_in_c(inputs, rows) as in_c:
        for days in (1, DAYS):
            assert left_by(look, inputs, rows, due, days) == left_by(in_c, inputs, rows, due, days), "the twins differ"

        def timed(how: Pass, days: int, crowded_out: bool) -> Timed:
            def once(_: int) -> float:
                mine, chosen = state.copied(rows), np.zeros(due.size, np.int64)
                if crowded_out:
                    np.ones(CROWD).sum()
                return seconds(how, inputs, mine, due, chosen, DAY, days) / (days * due.size)

            return once

        near, far = (
            in_turn(timed(in_c, days, crowded), timed(look, days, crowded), 5 * setting.repeats)
            for days, crowded in ((DAYS, False), (1, True))
        )
    table_rows = [
        [name, *(Spread([1e9 * one for one in times]).text(".0f") for times in each)]
        for name, each in {"C": (near.one, far.one), "the kernel": (near.other, far.other)}.items()
    ]
    detail = (
        f"{due.size:,} open needs on day {DAY}, `{Path(compiler()).name} {' '.join(OPTIONS[:3])}`. All bytes that both "
        f"leave are equal, after one day and after {DAYS}. The target is for {DAYS} days in a row, in which the rows "
        "stay near the processor; in a run they come from memory, as they do in the last column.\n\n"
        + table(
            ["nanoseconds a look", f"{DAYS} days in a row", "one day, nothing in the processor's cache"], table_rows
        )
    )
    return Found([near.ratio.at_most("hottest routine, time over that of its C twin", 1.3, ".2f")], detail)
