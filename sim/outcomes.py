"""Every outcome once, from ``data/outcomes.csv``: name, unit, meaning, numerator over denominator, which way is better.

An outcome is ``scale`` x numerator / denominator, both sums or differences of quantities of the records, computed on
*totals*: the sum of monthly records over a window, and over districts when pooled. So every share pools exactly. Two
are more than that: the IKM follows its regulation (``sim.ikm``), and the equity gap is a difference of two shares.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import StringIO

from keliling.sim import ikm
from keliling.sim.parameters import data_text, permits
from keliling.sim.rules.satisfaction import COMPLAINTS

Totals = Mapping[str, float]
HIGHER, LOWER, NEITHER = 1, -1, 0  # which way an outcome is better
BETTER = {"higher": HIGHER, "lower": LOWER, "neither": NEITHER}
MOTIVES = {motive: f"{motive} motivation" for motive in ("intrinsic", "social", "normative")}


def _of_no_run(totals: Totals) -> float:
    """What an outcome between two runs is of one alone."""
    return math.nan


@dataclass(frozen=True)
class Outcome:
    """One outcome, of a run or (``of`` then gives NaN) only between two. ``better`` is HIGHER, LOWER or NEITHER;
    ``headline`` outcomes stand in the short table.

    ``meaning`` says in plain words what is counted, of what and when; where a title alone would be misread, it is
    ``explained`` under every table that shows it. Over a window of several months ``of`` and ``unit`` give counts as
    rates a year; of one month alone, ``of_month`` and ``month_unit`` give the month's own count.
    """

    name: str
    title: str
    unit: str
    definition: str
    better: int
    decimals: int = 2
    headline: bool = False
    meaning: str = ""
    explained: bool = False
    group: str = ""
    of: Callable[[Totals], float] = _of_no_run
    of_month: Callable[[Totals], float] = _of_no_run

    @property
    def unit_of_difference(self) -> str:
        """Shares differ by points, not by per cent."""
        return "points" if self.unit in ("%", "25-100") else self.unit

    @property
    def month_unit(self) -> str:
        """The unit of ``of_month``."""
        return self.unit.replace("a year", "a month")

    def text(self, value: float, *, signed: bool = False) -> str:
        """A value as text, with its decimals; 'n/a' where it is not defined."""
        if not math.isfinite(value):
            return "n/a"
        shown = f"{value:{'+' if signed else ''},.{self.decimals}f}"
        nothing = float(shown.replace(",", "")) == 0.0
        return shown.replace("-", "+" if signed else "", 1) if nothing else shown


def totals_of(records: Iterable[Totals]) -> dict[str, float]:
    """Sum of records, quantity by quantity."""
    total: dict[str, float] = {}
    for record in records:
        for name, value in record.items():
            total[name] = total.get(name, 0.0) + value
    return total


def ratio(numerator: float, denominator: float) -> float:
    """A share or rate; NaN when there is nothing to divide by."""
    return numerator / denominator if denominator else math.nan


def evaluate(expression: str, totals: Totals) -> float:
    """Value of a sum or difference of quantities, each by name or as one over another: ``a / b - c / d``."""
    value, sign = 0.0, 1.0
    for term in expression.replace(" - ", " + -").split(" + "):
        sign = -1.0 if term.startswith("-") else 1.0
        name, _, below = term.lstrip("-").partition(" / ")
        value += sign * (ratio(totals[name], totals[below]) if below else totals[name])
    return value


def standardised_rejection(totals: Totals, baseline: Totals) -> float:
    """Rejected share, in per cent, with each permit weighted as among the baseline's decisions."""
    shares = [
        (baseline[f"decided.{permit.name}"], ratio(totals[f"rejected.{permit.name}"], totals[f"decided.{permit.name}"]))
        for permit in permits()
        if baseline[f"decided.{permit.name}"] > 0
    ]
    return 100.0 * ratio(sum(weight * share for weight, share in shares), sum(weight for weight, _ in shares))


@cache
def outcomes() -> Mapping[str, Outcome]:
    """Every outcome by name, in the order in which they are shown."""
    return {
        row["name"]: Outcome(
            name=row["name"],
            title=row["title"],
            unit=row["unit"],
            definition=_written(row["numerator"], row["denominator"]),
            better=BETTER[row["better"]],
            of=_formula(row["name"], float(row["scale"]), row["numerator"], row["denominator"]),
            of_month=_formula(row["name"], _month_scale(row), row["numerator"], row["denominator"]),
            group=row["group"],
            decimals=int(row["decimals"]),
            headline=row["headline"] == "yes",
            meaning=row["meaning"],
            explained=row["explained"] == "yes",
        )
        for row in _rows()
    }


def _month_scale(row: Mapping[str, str]) -> float:
    """The scale of one month alone: a count over months is a rate a year only where it is scaled to one."""
    return 1.0 if row["denominator"] == "months" else float(row["scale"])


def _written(numerator: str, denominator: str) -> str:
    parts = [f"({part})" if " - " in part or " + " in part else part for part in (numerator, denominator)]
    return " / ".join(parts) if denominator else numerator


def _formula(name: str, scale: float, numerator: str, denominator: str) -> Callable[[Totals], float]:
    if name == "ikm":
        return lambda totals: ikm.index(totals["answers"], totals["respondents"])
    if not denominator:
        return lambda totals: scale * evaluate(numerator, totals)
    return lambda totals: scale * ratio(evaluate(numerator, totals), evaluate(denominator, totals))


def _rows() -> Iterator[dict[str, str]]:
    """Rows of the file, those for every permit, complaint class or element written out."""
    elements = {row["code"]: row["english"] for row in csv.DictReader(StringIO(data_text("ikm_elements.csv")))}
    many = {
        "permit": {permit.name: permit.title for permit in permits()},
        "class": COMPLAINTS,
        "motive": MOTIVES,
        "element": elements,
    }
    for row in csv.DictReader(StringIO(data_text("outcomes.csv"))):
        template = next((kind for kind in many if f"{{{kind}}}" in row["name"]), None)
        if template is None:
            yield row
            continue
        for name, title in many[template].items():
            words = {template: name, "title": title}
            yield {key: cell.format(**words) for key, cell in row.items()}
