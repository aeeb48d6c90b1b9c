"""The command as a user meets it: a whole process, from its start to its end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.timing import Found, Line, Setting, Spread, seconds, table

RUN = ("run", "kebon-jeruk-2019", "--size", "0.1", "--quiet")


def keliling(*words: str, cache: str | None = None) -> float:
    """Seconds of the command with these words; ``cache`` is the folder of compiled code, by default the user's."""
    program = Path(sys.executable).with_name("keliling")
    known = [str(program)] if program.is_file() else [sys.executable, "-m", "keliling.experiments.cli"]
    environment = os.environ | ({} if cache is None else {"KELILING_CACHE": cache})
    return seconds(lambda: subprocess.run([*known, *words], env=environment, check=True, stdout=subprocess.DEVNULL))


def measure(setting: Setting) -> Found:
    """A first start, which compiles, then starts that find the compiled code; and the help page."""
    with tempfile.TemporaryDirectory() as cache:
        cold = Spread([keliling(*RUN, cache=cache)])
        warm = Spread([keliling(*RUN, cache=cache) for _ in range(setting.repeats)])
    keliling("--help")
    told = Spread([keliling("--help") for _ in range(setting.repeats)])
    command = f"`keliling {' '.join(RUN)}`"
    lines: list[Line] = [
        cold.line(f"{command}, the first time, nothing compiled", unit=" s"),
        warm.at_most(f"{command}, compiled code found", 2, unit=" s"),
        told.at_most("`keliling --help`", 0.3, ".2f", unit=" s"),
    ]
    rows = [["first, compiling", cold.text()], ["later", warm.text()], ["`--help`", told.text()]]
    return Found(lines, table(["process", "seconds"], rows))
