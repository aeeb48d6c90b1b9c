"""What knowing each factor would be worth to the choice of a policy, with the grade of what is known of it now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keliling.experiments.figures import style
from keliling.experiments.figures.factor_rows import (
    DASHES,
    MOST,
    beside,
    decimals_for,
    named,
    rows_of,
    size_of,
    with_rest,
)
from keliling.experiments.figures.sheet import keep, listed, sheet

if TYPE_CHECKING:
    from keliling.experiments.analysis.information import Information, Worth

WIDE, BEYOND = 4.0, 3.5  # inches: the bars, and the numbers beside them


def information_bars(folder: Path, worth: Worth, name: str, footer: str) -> list[Path]:
    """What knowing each factor would be worth, with intervals and the floor; nothing where there is no such value."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if not worth.factors:
        return []
    ordered = sorted(worth.factors, key=lambda one: -one.value)
    shown = ordered[:MOST]
    digits = decimals_for(ordered[0].value or max(one.high for one in ordered))
    under = (
        f"Chosen as things are known now: {worth.chosen}. Expected gain from knowing one factor before choosing, with "
        "its 95% interval. Letter: grade of the evidence, A measured in Jakarta to D assumed. Grey and hollow: the "
        "interval reaches zero, or in one study of twenty luck takes some factor that does nothing as far."
    )
    with style.styled() as figures:
        size = size_of(len(shown), WIDE, BEYOND)
        one = sheet(figures, size, _worth(worth, ordered), under, with_rest(footer, len(ordered) - len(shown)))
        panel = rows_of(one, [each.factor for each in shown], WIDE, BEYOND, [_evidence(each) for each in shown])
        for at, each in enumerate(shown):
            colour, ground = (style.BASELINE,) * 2 if _sure(each) else (style.PLAIN, "white")
            panel.barh(at, each.value, 0.5, facecolor=ground, edgecolor=colour, linewidth=0.9, zorder=2)
            panel.plot((each.low, each.high), (at, at), color=style.INK, linewidth=1.2, zorder=3)
            amounts = [f"{one:z,.{digits}f}" for one in (each.value, each.low, each.high)]
            words = f"{amounts[0]} [{amounts[1]}, {amounts[2]}]; other choice in {100 * each.flips:.0f}% of points"
            beside(panel, at, 1.03, words, fontsize=7.6, color=style.INK if _sure(each) else style.GREY)
        panel.axvline(0.0, color=style.INK, linewidth=0.9)
        panel.axvline(ordered[0].floor, color=style.INK, linewidth=1.3, linestyle=DASHES)
        panel.set_xlabel(f"worth of knowing it, {worth.unit}")
        dashes = Line2D([], [], color=style.INK, linewidth=1.3, linestyle=DASHES)
        kinds = {_sure(each) for each in shown}
        bars = [(Patch(color=style.BASELINE), "more than luck, interval above zero")] if True in kinds else []
        bars += (
            [(Patch(facecolor="white", edgecolor=style.PLAIN), "not clearly more than luck")] if False in kinds else []
        )
        one.legend([*bars, (dashes, "what the best of so many idle factors reaches by luck")])
        return keep(
            one.figure,
            folder,
            name,
            "factor grade source worth unit interval_low interval_high floor told other_choice_share",
            [
                (i.factor, i.grade, i.source, i.value, worth.unit, i.low, i.high, i.floor, i.told, i.flips)
                for i in ordered
            ],
        )


def _evidence(one: Information) -> str:
    return f" [{one.grade}]" if one.grade else ""


def _sure(one: Information) -> bool:
    """Whether its worth is more than luck's, and its interval does not reach down to nothing."""
    return one.told and one.low > 0.0


def _worth(worth: Worth, ordered: Sequence[Information]) -> str:
    told = [one for one in ordered if _sure(one)]
    if not told:
        return (
            f"No single factor is clearly worth learning before choosing; as things are known, {worth.chosen} is chosen"
        )
    first = told[0]
    more = f"; {listed([named(one.factor) for one in told[1:]], 3)} told too" if told[1:] else ""
    graded = f" (evidence {first.grade})" if first.grade else ""
    return f"Worth most to learn: {named(first.factor)}{graded}, {first.value:,.3g} {worth.unit}{more}"
