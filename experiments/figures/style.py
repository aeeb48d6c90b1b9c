"""The one style of all figures: type, colours that the colour-blind can tell apart, and files that repeat bit for bit.

Colours are those of Okabe and Ito (2008); whatever a colour says, a shape, a label or a number says too.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from keliling.experiments.keep.files import write_whole

BASELINE = "#0072B2"
POLICIES = ("#D55E00", "#009E73", "#CC79A7", "#E69F00")
BETTER, WORSE, PLAIN = "#009E73", "#D55E00", "#5F6B76"
INK, GREY, FAINT = "#1B2733", "#5F6B76", "#EEF1F3"

MARKS = {
    "better": ("o", BETTER, True),
    "worse": ("s", WORSE, True),
    "changed": ("D", INK, True),
    "unclear": ("o", PLAIN, False),
    "same": ("d", PLAIN, False),
}
"""Shape, colour and whether it is filled, by verdict (``Difference.verdict``)."""
MEANINGS = {
    "better": "better",
    "worse": "worse",
    "changed": "changed; neither way is better",
    "unclear": "unclear: the interval holds zero",
    "same": "the same in every pair",
}

SETTINGS: dict[str, Any] = {
    "svg.hashsalt": "keliling",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": 100.0,
    "axes.axisbelow": True,
    "lines.solid_capstyle": "butt",
}


@contextmanager
def styled() -> Iterator[Any]:
    """Matplotlib's figure module under this style; nothing of it stays switched on after the block."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        from matplotlib import figure

        yield figure


def save(figure: Any, folder: Path, name: str) -> list[Path]:
    """Write a figure as SVG and PNG without dates, whole or not at all; returns both paths."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    paths = []
    for suffix, options in (
        ("svg", {"metadata": {"Date": None, "Creator": "keliling"}}),
        ("png", {"dpi": 160, "metadata": {"Software": None}}),
    ):
        content = BytesIO()
        figure.savefig(content, format=suffix, **options)
        path = folder / f"{name}.{suffix}"
        write_whole(path, content.getvalue())
        paths.append(path)
    return paths


def wrapped(text: str, characters: int) -> str:
    """Text in lines of at most so many characters."""
    return "\n".join(textwrap.wrap(text, characters))


def short(text: str, most: int = 36) -> str:
    """Text of at most so many characters; a longer one ends in an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "\u2026"
