"""What a comparison says, block by block: policy by policy every outcome, what it gives, and what an onlooker sees."""

from __future__ import annotations

from collections.abc import Sequence

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.analysis.comparison import PUBLISHED, Comparison
from keliling.experiments.analysis.differences import Difference
from keliling.experiments.analysis.paired_outcomes import STANDARDISED, VALUE
from keliling.experiments.reports.blocks import Block, meanings

SPECIAL = {outcome.name for outcome in VALUE}


def blocks_of(comparison: Comparison, *, everything: bool = False) -> list[Block]:
    """The tables of a comparison, and what a reader must know of them."""
    blocks: list[Block] = []
    told: list[Difference] = []
    for policy, rows in comparison.table.items():
        shown = [
            d
            for name, d in rows.items()
            if name not in SPECIAL and (everything or d.outcome.headline or name == STANDARDISED.name)
        ]
        value = [d for name, d in rows.items() if name in SPECIAL and d.n]
        told += [*shown, *value]
        blocks += [_outcomes(comparison, policy, shown), _value(value)]
    if comparison.before_after:
        blocks.append(_onlooker(comparison))
    words = meanings({d.outcome.title: d.outcome.meaning for d in told if d.outcome.explained})
    return [*blocks, *words, Block(below=[*_notes(comparison), NOT_A_FORECAST])]


def _outcomes(comparison: Comparison, policy: str, shown: Sequence[Difference]) -> Block:
    base, n = comparison.baseline, comparison.n
    named = {one.name: one.scenario for one in comparison.ensembles}
    replicates = f"{n} replicate{'s' if n > 1 else ''}"
    return Block(
        f"{named[policy].title}, against {base.scenario.title}",
        [f"{comparison.year}, {replicates}, seed {base.seed}; difference: paired mean [95% interval]", ""],
        ["Outcome", "Unit", base.name, policy, "Difference", "Better in", "Reading"],
        [
            [
                d.outcome.title,
                d.outcome.unit,
                d.outcome.text(d.baseline_mean),
                d.outcome.text(d.policy_mean),
                d.text,
                d.better_text,
                d.verdict,
            ]
            for d in shown
        ],
        (2, 3, 4, 5),
    )


def _value(value: Sequence[Difference]) -> Block:
    rows = [[d.outcome.title, d.outcome.unit, d.text, d.better_text] for d in value]
    return Block("", (), ["What it gives", "Unit", "Estimate", "Better in"], rows, (2, 3))


def _onlooker(comparison: Comparison) -> Block:
    changes, first, year = comparison.before_after, comparison.baseline.name, comparison.year
    return Block(
        f"What an onlooker would see: {year} minus {year - 1} in each scenario by itself",
        (),
        ["Outcome", "Unit", *changes],
        [
            [
                changes[first][name].outcome.title,
                changes[first][name].outcome.unit,
                *(rows[name].text for rows in changes.values()),
            ]
            for name in PUBLISHED
        ],
        range(2, 2 + len(changes)),
    )


def _notes(comparison: Comparison) -> list[str]:
    notes = [f"Note: {note}." for note in comparison.notes()]
    dropped = sorted({d.outcome.title for d in comparison.rows() if d.dropped and d.outcome.headline})
    if dropped:
        notes.append(f"Note: pairs in which an outcome is not defined are left out: {', '.join(dropped)}.")
    if comparison.n < 2:
        notes.append("Note: one replicate has no interval; use --replicates 10 or more.")
    return notes
