"""Outcomes as they are declared: every one has a meaning in plain words and, on totals written by hand, its value."""

from __future__ import annotations

import re

import pytest

from keliling.experiments.analysis.paired_outcomes import PAIRED_OUTCOMES
from keliling.sim.outcomes import Outcome, outcomes, totals_of

EVERY = [*outcomes().values(), *PAIRED_OUTCOMES]


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_every_meaning_is_plain_words(one: Outcome) -> None:
    assert re.fullmatch(r"[A-Z].{30,260}\.", one.meaning), one.meaning
    code = set(re.findall(r"\b\w+[_.]\w+\b", one.meaning)) - {known.name for known in EVERY}
    assert not code, "a reader knows titles and names of outcomes, no quantities of the code"
    assert "{" not in one.meaning
    if " a year" in f" {one.unit}" or one.unit == "%":
        assert re.search(r"\byear\b|month ends|latest applications|of the run", one.meaning), "it says when"


def test_no_two_mean_the_same() -> None:
    meanings = [one.meaning for one in EVERY]
    assert len(set(meanings)) == len(meanings)
    assert len({one.name for one in EVERY}) == len(EVERY)


def test_what_would_be_misread_is_explained_and_the_rest_is_not() -> None:
    explained = {one.name for one in EVERY if one.explained}
    assert {"delayed_share", "late_share", "satisfaction", "utilisation"} <= explained
    assert not explained & {"applications", "granted", "rejected_share", "cost"}
    shown = {one.name for one in EVERY if one.headline} | {one.name for one in PAIRED_OUTCOMES}
    assert len(explained & shown) <= 12, "a page of explanations is not read"


def month(**quantities: float) -> dict[str, float]:
    """A month's quantities, with points written as two underscores."""
    return {"months": 1.0} | {name.replace("__", "."): value for name, value in quantities.items()}


def test_the_years_lines_add_up() -> None:
    """Two months: 100 and 80 filed, 20 open before and 35 after, the rest granted, rejected or withdrawn."""
    totals = totals_of(
        [
            month(submitted=100, decided=70, rejected=10, withdrawn=5, open__start=20, open__end=45),
            month(submitted=80, decided=80, rejected=20, withdrawn=10, open__start=45, open__end=35),
        ]
    )
    filed, *ends = (
        outcomes()[name].of(totals) / 6
        for name in ("applications", "granted", "rejected_number", "withdrawn", "still_open")
    )
    assert (filed, ends) == (180.0, [120.0, 30.0, 15.0, 15.0])
    assert filed == sum(ends)


def test_shares_by_year_filed_and_by_year_ended() -> None:
    totals = totals_of(
        [
            month(submitted=100, decided=50, rejected=5, withdrawn=0, cohort__decided=80, cohort__rejected=20)
            | {"cohort.withdrawn": 10.0}
        ]
    )
    value = {name: outcomes()[name].of(totals) for name in outcomes() if "cohort" in name or "not_granted" in name}
    assert value == {
        "rejected_share_cohort": 25.0,
        "not_granted_share": 10.0,
        "not_granted_share_cohort": pytest.approx(100 * 30 / 90),
        "cohort_open": 120.0,
    }


def test_of_a_month_alone_counts_are_its_own() -> None:
    """No outcome of a month is a rate a year: 3 files in a month are 3, and 36 a year only over a year of such months."""
    one = month(submitted=3, backlog=5, cost=0.1) | {"rejected": 1.0, "decided": 2.0}
    filed, backlog, cost, share = (outcomes()[name] for name in ("applications", "backlog", "cost", "rejected_share"))
    assert (filed.of(one), filed.of_month(one), filed.month_unit) == (36.0, 3.0, "a month")
    assert (cost.of_month(one), cost.month_unit) == (0.1, "Rp million a month")
    assert backlog.of(one) == backlog.of_month(one) == 5.0
    assert share.of(one) == share.of_month(one) == 50.0
    assert not [o.name for o in outcomes().values() if "year" in o.month_unit]
    months = [month(submitted=filed) for filed in (3, 0, 9)]
    assert sum(map(filed.of_month, months)) == filed.of(totals_of(months)) / 12 * 3 == 12.0
