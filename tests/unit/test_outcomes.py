"""Outcomes as they are declared: every one has a meaning in plain words and, on totals written by hand, its value."""

from __future__ import annotations

import re

import pytest

from experiments.differences import Measure, measure_of
from experiments.measures import MEASURES
from sim.outcomes import outcomes

EVERY = [*(measure_of(one) for one in outcomes().values()), *MEASURES]


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_every_meaning_is_plain_words(one: Measure) -> None:
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
    assert len(explained) < 12
