"""All measures, and the page of what they found: ``python -m benchmarks.run [--quick] [--only NAME ...] [--out FILE]``.

Progress goes to stderr, the page to stdout and, between its markers, into a file: docs/benchmarks.md when everything is
measured at full size. ``--quick`` tries that all of it works; its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import engines, province, routines, scale, starts, studies, twin
from benchmarks.timing import Found, Line, Setting, machine, say, table
from keliling.sim.kernels.simulation import prepare

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
FULL, QUICK = Setting(), Setting(size=0.05, repeats=2)

Measure = Callable[[Setting], Found]
MEASURES: dict[str, tuple[str, Measure]] = {
    "agents": ("Kernel and agents engine", engines.agents),
    "plain": ("Kernel and plain Mesa", engines.plain),
    "numpy": ("Kernel and whole-array NumPy", engines.numpy_loop),
    "c": ("The hottest routine and its C twin", twin.measure),
    "replicate": ("One replicate", engines.replicate),
    "threads": ("Two threads", engines.threads),
    "routines": ("Where the time goes", routines.measure),
    "population": ("Cost against residents", scale.population),
    "work": ("Cost against what is done", scale.work),
    "memory": ("Memory", scale.memory),
    "building": ("Building a population", province.building),
    "province": ("All of Jakarta", province.province),
    "studies": ("Studies", studies.overhead),
    "starts": ("Starting the command", starts.measure),
}


def measured(names: Sequence[str], setting: Setting) -> tuple[dict[str, Found], bool]:
    """What each measure found by name, and whether none failed."""
    found: dict[str, Found] = {}
    sound = True
    for name in names:
        title, measure = MEASURES[name]
        say(f"{title} ...")
        began = time.perf_counter()
        try:
            found[name] = measure(setting)
        except Exception as error:  # an hour of the others' work is not thrown away
            traceback.print_exc()
            sound = False
            found[name] = Found([Line(title, f"failed: {type(error).__name__}", holds=False)])
        gc.collect()
        say(f"  {time.perf_counter() - began:.0f} s")
        for line in found[name].lines:
            say(f"  {line.measure}: {line.measured}; asked: {line.asked}; {_holds(line)}")
    return found, sound


def page(found: dict[str, Found], setting: Setting) -> str:
    """Everything found, in Markdown."""
    lines = [[one.measure, one.measured, one.asked, _holds(one)] for each in found.values() for one in each.lines]
    parts = [
        f"Measured on {datetime.now(UTC):%d %B %Y}"
        + ("." if setting.size == 1.0 else f", reduced size {setting.size:g}: a trial, no result."),
        "",
        machine(),
        table(["measure", "measured (median [min-max], n)", "asked", "holds"], lines),
    ]
    parts += [f"### {MEASURES[name][0]}\n\n{one.detail}" for name, one in found.items() if one.detail]
    return "\n".join(parts)


def write(text: str, out: Path) -> None:
    """Put the text between the markers of a page, or write a new file that has nothing else."""
    before, after = f"{BEGIN}\n", f"{END}\n"
    if out.is_file():
        old = out.read_text(encoding="utf-8")
        if old.count(BEGIN) != 1 or old.count(END) != 1:
            raise SystemExit(f"{out} has no place for what is measured, between {BEGIN} and {END}")
        before, after = old.partition(BEGIN)[0] + before, END + old.partition(END)[2]
    out.write_text(f"{before}\n{text}\n{after}", encoding="utf-8")


def _holds(line: Line) -> str:
    return "-" if line.holds is None else "yes" if line.holds else "**no**"


def main() -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the district, two repeats: does it work?")
    parser.add_argument("--only", nargs="+", choices=MEASURES, metavar="NAME", help=f"of {', '.join(MEASURES)}")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the page to write into")
    asked = parser.parse_args()
    setting = QUICK if asked.quick else FULL
    out = asked.out or (None if asked.quick or asked.only else PAGE)
    say("Compiling, if need be ...")
    prepare()
    found, sound = measured(asked.only or list(MEASURES), setting)
    text = page(found, setting)
    print(text)
    if out is not None:
        write(text, out)
        say(f"Written to {out}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
