"""What people see: data on stdout as aligned text or JSON, everything else on stderr."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from keliling.experiments.reports.blocks import Block, Cell

SECONDS_BETWEEN_LINES = 10.0
LEAST_WIDTH = 40
COLOURS = {"better": "cyan", "worse": "yellow"}
PROSE_WIDTH = 120  # of sentences where nobody can say how wide the page is


def say(message: str) -> None:
    """A line for people, on stderr, so that stdout stays data."""
    click.echo(message, err=True)


def next_step(message: str, *, quiet: bool) -> None:
    """Name the next useful command."""
    if not quiet:
        say(f"Next: {message}")


def heading(text: str) -> None:
    """A heading on stdout; bold where that can be seen."""
    click.echo(click.style(text, bold=True))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """An aligned table on stdout. ``right`` lists the columns set flush right.

    On a terminal the last column is wrapped to the width; in a pipe every row is one line.
    """
    every = [list(headers), *[list(row) for row in rows]]
    last = len(headers) - 1
    widths = [max(_width(row[at]) for row in every) for at in range(len(headers))]
    room = shutil.get_terminal_size().columns - sum(widths[:last]) - 2 * last - 1
    wrapped = sys.stdout.isatty() and last not in right and room >= LEAST_WIDTH
    for number, row in enumerate(every):
        tail = textwrap.wrap(row[last], room) or [""] if wrapped else [row[last]]
        cells = [_padded(cell, widths[at], right=at in right) for at, cell in enumerate(row)]
        lines = ["  ".join([*cells[:last], cells[last] if last in right else tail[0]]).rstrip()]
        lines += [" " * (sum(widths[:last]) + 2 * last) + more for more in tail[1:]]
        for line in lines:
            click.echo(click.style(line, underline=True) if number == 0 else line)


def sentence(text: str) -> None:
    """A sentence on stdout, set in from the margin and wrapped to the width, in a pipe too: it is to be read."""
    known = shutil.get_terminal_size().columns if sys.stdout.isatty() else PROSE_WIDTH
    click.echo(textwrap.fill(text, max(known, LEAST_WIDTH), initial_indent="  ", subsequent_indent="  "))


def show(block: Block) -> None:
    """A block of a report on stdout, with an empty line behind it where it is more than a line or two."""
    if block.heading:
        heading(block.heading)
    for line in block.above:
        click.echo(line)
    if block.header:
        table(block.header, [[_coloured(cell) for cell in row] for row in block.rows], right=block.right)
    for line in block.below:
        click.echo(line)
    for text in block.sentences:
        sentence(text)
    if block.header or block.sentences:
        click.echo()


def _coloured(cell: str | Cell) -> str:
    """A cell, in colour only where its interval excludes zero, which another column says in words."""
    if isinstance(cell, str):
        return cell
    return click.style(cell.text, fg=COLOURS[cell.verdict]) if cell.verdict in COLOURS else cell.text


def _width(cell: str) -> int:
    """Characters that are seen; a coloured cell has more."""
    return len(click.unstyle(cell))


def _padded(cell: str, width: int, *, right: bool) -> str:
    room = " " * (width - _width(cell))
    return room + cell if right else cell + room


def write_json(content: Any) -> None:
    """JSON on stdout; what is not defined is null."""
    click.echo(json.dumps(plain(content), indent=2, ensure_ascii=False))


def facts(rows: Sequence[tuple[str, Any, str]], *, as_json: bool) -> None:
    """What a dry run says: of each fact its name, its value for JSON, and how people read it."""
    if as_json:
        write_json({name.lower(): value for name, value, _ in rows})
        return
    for name, _, text in rows:
        click.echo(f"{name:10}{text}")
    click.echo("Nothing was run.")


def plain(content: Any) -> Any:
    """Content as JSON can hold it: NaN and infinity become null, tuples lists, whatever else text."""
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [plain(value) for value in content]
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    return content if content is None or isinstance(content, (bool, int, str)) else str(content)


def duration(seconds: float) -> str:
    """A time to wait, roughly: "40 s", "5 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class ProgressBar:
    """How much is lived, in days or another unit, and the time left, on stderr: a bar on a terminal, else lines."""

    def __init__(self, total: int, *, quiet: bool = False, unit: str = "days") -> None:
        self.total, self.quiet, self.unit = total, quiet, unit
        self.lived = 0
        self._first: tuple[float, int] | None = None
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> ProgressBar:
        self._spoke = time.monotonic()
        if not self.quiet and self.total and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeRemainingColumn(),
                TextColumn("left"),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(f"Living the {self.unit}", total=self.total)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, more: int) -> None:
        """Note that so many more were lived."""
        self.lived += more
        now = time.monotonic()
        if self._bar is not None:
            self._bar.advance(self._task, more)
            return
        if self._first is None:  # what came before is the start of the workers, which says nothing of their pace
            self._first = now, self.lived
        elif not self.quiet and now - self._spoke >= SECONDS_BETWEEN_LINES:
            self._spoke = now
            began, before = self._first
            pace = (self.lived - before) / (now - began)
            left = duration(max(self.total - self.lived, 0) / pace)
            say(f"{min(self.lived / self.total, 1.0):.0%} of the {self.unit} lived, about {left} left")
