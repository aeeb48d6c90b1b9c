"""The plane of a screening: how much each factor moves the target (mu*) against how unevenly (sigma)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keliling.experiments.figures import style
from keliling.experiments.figures.factor_rows import INDEX_COLUMNS, index_rows, named, points_of
from keliling.experiments.figures.sheet import keep, listed, sheet
from keliling.experiments.plan.factors import LUCK

if TYPE_CHECKING:
    from keliling.experiments.analysis.sensitivity import Index, Sensitivity

NAMED = 10  # points that get a name


def morris_plane(folder: Path, found: Sensitivity, name: str, footer: str) -> list[Path]:
    """How much each factor moves the target (mu*) against how unevenly (sigma); nothing where there are no effects."""
    order = found.of("mu_star")
    if not order:
        return []
    sigma = {one.factor: one.value for one in found.of("sigma")}
    told = [one for one in order if one.told]
    label = f"mu*: mean size of the effect over the whole range, in the unit of: {found.target}"
    first = f", the first {NAMED} named where there is room" if len(order) > NAMED else ""
    under = (
        "Right: moves the target much. Up: not alike everywhere (interactions, bends, luck). Dark: told from a factor "
        f"that does nothing, with its 95% interval{first}. Grey and hollow: not told. Star: luck. "
        f"Method: {found.estimator}."
    )
    with style.styled() as figures:
        one = sheet(figures, (10.4, 6.1), _screened(found, told), under, points_of(found, footer))
        panel = one.panel(0.8, 0.6, 9.4, 5.3)
        for index in reversed(order):
            looks: dict[str, Any] = {"color": style.BASELINE if index.told else style.GREY, "zorder": 3}
            y = sigma[index.factor]
            if index.told:
                panel.plot((index.low, index.high), (y, y), linewidth=1.2, alpha=0.6, **looks)
            marker, inside = "*" if index.factor == LUCK else "o", looks["color"] if index.told else "white"
            size = 10 if index.factor == LUCK else 5.5
            panel.plot([index.value], [y], marker=marker, markersize=size, markerfacecolor=inside, **looks)
        far = 1.08 * max(*(one.high if one.told else one.value for one in order), 1e-12)
        up = 1.12 * max(*sigma.values(), 1e-12)
        panel.set_xlim(-0.02 * far, far)
        panel.set_ylim(-0.03 * up, up)
        panel.set_xlabel(style.short(label, 120))
        panel.set_ylabel("sigma: spread of the effect, same unit")
        _labels(panel, order, sigma, _guides(panel, far, up))
        return keep(one.figure, folder, name, INDEX_COLUMNS, index_rows(found, ("mu_star", "mu", "sigma")))


def _screened(found: Sensitivity, told: Sequence[Index]) -> str:
    if not told:
        return f"{found.target}; no factor is told from one that does nothing"
    names = listed([named(one.factor) for one in told], 3)
    return f"{found.target}; moved most by {names}; {len(told)} of {len(found.factors)} factors told from nothing"


def _guides(panel: Any, far: float, up: float) -> list[Any]:
    """Lines of equal sigma over mu*, named: to 0.1 about linear, from 1 on unlike from place to place."""
    words = []
    for slope in (1.0, 0.5, 0.1):
        panel.plot((0.0, far), (0.0, slope * far), color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        x = 0.95 * min(far, up / slope)
        looks = {"textcoords": "offset points", "ha": "right", "va": "bottom", "fontsize": 7.2, "color": style.GREY}
        text = f"sigma = {'' if slope == 1.0 else f'{slope:g} '}mu*"
        words.append(panel.annotate(text, (x, slope * x), (-2, 2), **looks))
    return words


def _labels(panel: Any, found: Sequence[Index], sigma: Mapping[str, float], taken_by: Sequence[Any]) -> None:
    """A name beside each of the first points, at the nearest place where it covers nothing; else none."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.transforms import Bbox

    renderer = FigureCanvasAgg(panel.figure).get_renderer()
    frame = panel.get_window_extent(renderer)
    taken = [words.get_window_extent(renderer) for words in taken_by]
    every = [(one.value, sigma[one.factor]) for one in found]
    taken += [Bbox.from_bounds(x - 3, y - 3, 6, 6) for x, y in panel.transData.transform(every).tolist()]
    told = [one for one in found if one.told]
    for one in told:
        ends = [(one.low, sigma[one.factor]), (one.value, sigma[one.factor]), (one.high, sigma[one.factor])]
        (left, y), (x, _), (right, _) = panel.transData.transform(ends).tolist()
        taken += [Bbox.from_extents(left, y - 2, right, y + 2), Bbox.from_bounds(x - 4, y - 4, 8, 8)]
    for one in found[:NAMED]:
        for place in _places():
            label, box = _label(panel, renderer, named(one.factor), (one.value, sigma[one.factor]), place)
            label.set_color(style.INK if one.told else style.GREY)
            inside = Bbox.intersection(frame, box)
            if inside is not None and np.allclose(inside.extents, box.extents) and not box.count_overlaps(taken):
                taken.append(box)
                break
            label.remove()


def _places() -> Iterator[tuple[float, float]]:
    """Offsets in points, the nearest first, and of each distance those above and to the right first."""
    for distance in (9, 18, 28, 40, 56, 76, 100, 130):
        for turn in (2, -2, 1, -1, 0, 4, -4, 3, -3, 5, -5, 6):
            yield distance * math.cos(turn * math.pi / 6), distance * math.sin(turn * math.pi / 6)


def _label(
    panel: Any, renderer: Any, text: str, at: tuple[float, float], place: tuple[float, float]
) -> tuple[Any, Any]:
    """A name at an offset from its point, with a thin line to it, and the box that its words fill."""
    from matplotlib.text import Text

    side = "left" if place[0] > 1 else "right" if place[0] < -1 else "center"
    line = {"arrowstyle": "-", "color": style.GREY, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3}
    ground = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6}
    looks = {"ha": side, "va": "center", "fontsize": 8.0, "zorder": 5, "bbox": ground}
    label = panel.annotate(text, at, place, textcoords="offset points", arrowprops=line, **looks)
    label.update_positions(renderer)
    return label, Text.get_window_extent(label, renderer).padded(1.5)
