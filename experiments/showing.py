"""Results that show themselves: as tables in a terminal, as HTML in a notebook, as pandas, as figures."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from html import escape
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keliling.experiments.commands.terminal import show
from keliling.experiments.reports.blocks import Block, Cell
from keliling.sim.errors import KelilingError
from keliling.sim.faults import nearest_name

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Picture:
    """A figure as the command writes it; a notebook shows it."""

    png: bytes
    svg: str

    def _repr_png_(self) -> bytes:
        return self.png


class Shown(ABC):
    """A result that prints as tables."""

    @abstractmethod
    def blocks(self) -> list[Block]:
        """What it says."""

    @abstractmethod
    def to_pandas(self) -> pd.DataFrame:
        """Its numbers as a table, a row a number."""

    def __repr__(self) -> str:
        with redirect_stdout(StringIO()) as text:
            for block in self.blocks():
                show(block)
        return text.getvalue().rstrip()

    def _repr_html_(self) -> str:
        return "\n".join(_html(block) for block in self.blocks())


class Drawn(Shown):
    """A result that has figures and can be saved."""

    @abstractmethod
    def save(self, folder: str | Path) -> None:
        """Write tables and figures to a folder, the files of the command."""

    @abstractmethod
    def draw(self, folder: Path) -> Sequence[Path]:
        """Draw all its figures into a folder."""

    @cached_property
    def figures(self) -> Mapping[str, Picture]:
        """All its figures by name."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [path for path in self.draw(Path(folder)) if path.suffix == ".png"]
            return {
                path.stem: Picture(path.read_bytes(), path.with_suffix(".svg").read_text(encoding="utf-8"))
                for path in paths
            }

    def figure(self, name: str) -> Picture:
        """One of its figures. Raises KelilingError with the names that there are."""
        if name not in self.figures:
            near = nearest_name(name, self.figures)
            raise KelilingError(
                f"no figure {name!r}{f' (did you mean {near!r}?)' if near else ''}: there are {', '.join(self.figures)}"
            )
        return self.figures[name]


class Listing(Shown):
    """What there is of something, a row each."""

    def __init__(self, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.title, self.rows = title, tuple(rows)

    def blocks(self) -> list[Block]:
        """All of it."""
        header = list(self.rows[0]) if self.rows else []
        return [Block(self.title, (), header, [[str(row[name]) for name in header] for row in self.rows])]

    def to_pandas(self) -> pd.DataFrame:
        """The same rows."""
        return frame(self.rows)


def frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a table of pandas. Raises KelilingError where that is not installed."""
    try:
        import pandas as pd
    except ImportError:
        raise KelilingError('to_pandas() needs pandas: python -m pip install "keliling[notebook]"') from None
    return pd.DataFrame(list(rows))


def _html(block: Block) -> str:
    """A block for a notebook."""
    parts = [f"<h4>{escape(block.heading)}</h4>"] if block.heading else []
    parts += [f"<p>{escape(line)}</p>" for line in block.above if line]
    if block.header:
        head = "".join(_cell(text, at, block, "th") for at, text in enumerate(block.header))
        rows = ["".join(_cell(cell, at, block, "td") for at, cell in enumerate(row)) for row in block.rows]
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    parts += [f"<p>{escape(line)}</p>" for line in (*block.below, *block.sentences) if line]
    return "\n".join(parts)


def _cell(cell: str | Cell, at: int, block: Block, tag: str) -> str:
    text = cell if isinstance(cell, str) else cell.text
    bold = isinstance(cell, Cell) and cell.verdict in ("better", "worse")
    side = "right" if at in block.right else "left"
    inside = f"<b>{escape(text)}</b>" if bold else escape(text)
    return f'<{tag} style="text-align: {side}">{inside}</{tag}>'
