"""What the runs of one scenario say, block by block: every outcome by year, the category of the IKM, what to mind."""

from __future__ import annotations

from collections.abc import Sequence

from keliling.experiments.analysis.ensemble import Ensemble, open_notes
from keliling.experiments.analysis.intervals import interval, mean
from keliling.experiments.reports.blocks import Block, meanings
from keliling.sim.ikm import categories, category
from keliling.sim.outcomes import outcomes


def blocks_of(ensemble: Ensemble, years: Sequence[int], *, everything: bool = False) -> list[Block]:
    """The table of outcomes of one scenario, and what a reader must know of it."""
    scenario, n = ensemble.scenario, len(ensemble.runs)
    runs = "1 run" if n == 1 else f"{n} replicates: mean and its 95% interval"
    reduced = "" if scenario.size == 1.0 else f"; reduced size {scenario.size:g}"
    rows, words = [], dict[str, str]()
    for name, outcome in outcomes().items():
        if not (everything or outcome.headline):
            continue
        words |= {outcome.title: outcome.meaning} if outcome.explained else {}
        cells = []
        for year in years:
            defined = [value for value in ensemble.values(name, year) if value == value]
            low, high = interval(defined)
            spread = "" if n == 1 or low != low else f" [{outcome.text(low)}, {outcome.text(high)}]"
            cells.append(outcome.text(mean(defined)) + spread)
        rows.append([outcome.title, outcome.unit, *cells])
    notes = [f"Note: {note}." for year in years for note in open_notes([ensemble], year)]
    return [
        Block(
            scenario.title,
            [f"{scenario.profile.name}, seed {ensemble.seed}, {runs}{reduced}", ""],
            ["Outcome", "Unit", *map(str, years)],
            rows,
            range(2, 2 + len(years)),
        ),
        Block(below=[_categories(ensemble, years), ""]),
        *meanings(words),
        *([Block(below=[*notes, ""])] if notes else []),
    ]


def _categories(ensemble: Ensemble, years: Sequence[int]) -> str:
    """The categories of the mean IKM by year, and where each begins, in a sentence."""
    found = [f"{category(round(mean(ensemble.values('ikm', year)), 2))} in {year}" for year in years]
    begins = ", ".join(f"{letter} from {low:g}" for letter, low, _ in categories())
    return f"Category of the IKM (PermenPANRB 14/2017: {begins}): {', '.join(found)}"
