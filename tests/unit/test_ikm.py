"""The IKM is the published formula: weights of a ninth, half-up rounding, categories without gaps, the table's n."""

from __future__ import annotations

import csv
import math
from io import StringIO
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keliling.sim import ikm
from keliling.sim.ikm import answers_of
from keliling.sim.memory import blank, records
from keliling.sim.parameters import data_text
from keliling.sim.records import survey
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from keliling.sim.rules.serving import GRANTED, REJECTED, RETURNED, WITHDRAWN
from keliling.sim.state import Applications, Counts

HALF_YEAR_DAYS = 126


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(data_text(name))))


OBSERVED = table("ikm_observed.csv")
SIZES = [(int(row["population_N"]), float(row["sample_S_formula"]), int(row["rounded"])) for row in
         table("krejcie_morgan.csv")]  # fmt: skip


# -- the formula


@pytest.mark.parametrize("row", OBSERVED, ids=lambda row: f"{row['site']} {row['year']}")
def test_the_four_observed_values(row: dict[str, str]) -> None:
    """Each is 25 x its mean on the 1-4 scale, of category B; the formula gives it from answers with that mean."""
    assert row["category"] == "B"
    assert ikm.category(float(row["ikm"])) == "B"
    assert 25.0 * float(row["mean_1_4"]) == pytest.approx(float(row["ikm"]), abs=1e-9)
    respondents = 10_000
    total = round(float(row["mean_1_4"]) * respondents) * ikm.ELEMENTS
    assert ikm.index(total, respondents) == float(row["ikm"])


def test_the_observed_values_are_the_papers() -> None:
    found = {(row["site"], row["year"]): float(row["ikm"]) for row in OBSERVED}
    assert found == {
        ("Grogol Petamburan", "2018"): 83.33, ("Grogol Petamburan", "2019"): 76.62,
        ("Kebon Jeruk", "2018"): 81.81, ("Kebon Jeruk", "2019"): 87.89,
    }  # fmt: skip


def test_the_weight_is_a_ninth_and_not_011() -> None:
    """1,449 points of 44 people are 91.48; nine weights of the rounded 0.11 would make it 90.56."""
    total, people = 1449, 44
    assert ikm.index(total, people) == 91.48
    assert round(25 * 0.11 * total / people, 2) == 90.56


def test_the_ends_of_the_scale() -> None:
    """All ones are 25 and all fours are 100; with weights of 0.11 nobody could reach 100."""
    for people in (1, 7, 372):
        assert ikm.index(9 * people, people) == 25.0
        assert ikm.index(36 * people, people) == 100.0


@given(st.integers(1, 5000), st.data())
def test_rounding_is_half_up_at_the_second_decimal(people: int, data: st.DataObject) -> None:
    """In whole numbers: hundredths = floor(2500 total / (9 people) + 1/2)."""
    total = data.draw(st.integers(9 * people, 36 * people))
    hundredths = (2 * 2500 * total + 9 * people) // (2 * 9 * people)
    assert ikm.index(total, people) == hundredths / 100
    assert 25.0 <= ikm.index(total, people) <= 100.0


@pytest.mark.parametrize(("total", "expected"), [(29_997, 83.33), (29_979, 83.28), (29_961, 83.23)])
def test_an_exact_half_goes_up(total: int, expected: float) -> None:
    """29,997 points of 1,000 people are 83.325 exactly: to the even neighbour they would go down."""
    assert 2500 * total % 9000 == 4500
    assert ikm.index(total, 1000) == expected


def test_means_of_elements_are_taken_as_they_are() -> None:
    """Means that add up to 31.42 over nine elements are 87.28; as whole numbers they would be 86.11."""
    assert ikm.index(31.42, 1) == 87.28
    assert ikm.index(np.float64(31.42), 1.0) == 87.28


def test_without_respondents_there_is_no_index() -> None:
    assert math.isnan(ikm.index(0, 0))
    assert ikm.category(math.nan) == "-"


# -- categories


@pytest.mark.parametrize(
    ("index", "letter"),
    [(100.0, "A"), (88.31, "A"), (88.30, "B"), (76.61, "B"), (76.60, "C"), (65.0, "C"), (64.99, "D"), (25.0, "D"),
     (24.99, "-")],
)  # fmt: skip
def test_category_bounds(index: float, letter: str) -> None:
    assert ikm.category(index) == letter


def test_every_hundredth_from_25_to_100_has_one_category_and_the_table_agrees() -> None:
    """The regulation leaves no gap at two decimals: 88.30 is B, 88.31 is A."""
    bounds = [(row["mutu"], float(row["ikm_min"]), float(row["ikm_max"])) for row in table("ikm_categories.csv")]
    for hundredth in range(2500, 10_001):
        index = hundredth / 100
        (letter,) = [letter for letter, low, high in bounds if low <= index <= high]
        assert ikm.category(index) == letter


# -- sample sizes


def krejcie_morgan(population: int) -> float:
    """Krejcie & Morgan (1970): chi-square 3.841 (1 df, 5%), p = 0.5, d = 0.05."""
    spread = 3.841 * 0.5 * 0.5
    return spread * population / (0.05**2 * (population - 1) + spread)


@pytest.mark.parametrize(("population", "formula", "rounded"), SIZES)
def test_the_table_is_the_formula_at_every_row(population: int, formula: float, rounded: int) -> None:
    """To two decimals; the printed whole number is the formula's, rounded."""
    assert krejcie_morgan(population) == pytest.approx(formula, abs=0.0051)
    assert rounded == math.floor(krejcie_morgan(population) + 0.5)
    assert ikm.sample_size(population) == rounded


@pytest.mark.parametrize(("low", "high"), list(pairwise(SIZES)), ids=lambda row: str(row[0]))
def test_between_two_rows_the_larger_row_holds(low: tuple[int, float, int], high: tuple[int, float, int]) -> None:
    """From just above the smaller row, or from where the larger row's number of people exist, to the larger row."""
    first = max(low[0] + 1, high[2])
    for population in {first, (first + high[0]) // 2, high[0]}:
        assert ikm.sample_size(population) == high[2] >= math.floor(krejcie_morgan(population))


def test_sizes_at_both_ends() -> None:
    assert [ikm.sample_size(n) for n in (0, 1, 9)] == [0, 1, 9]
    assert ikm.sample_size(5_000_000) == 384


def test_a_larger_population_never_asks_fewer() -> None:
    asked = [ikm.sample_size(n) for n in range(1200)]
    assert asked == sorted(asked)


def test_no_more_people_are_asked_than_there_are() -> None:
    assert [n for n in range(1200) if ikm.sample_size(n) > n] == []


# -- who answers


def office(rows: list[tuple[int, int, int, float]]) -> SimpleNamespace:
    """Applications as (decided, outcome, channel, survey key)."""
    a = blank(Applications, len(rows) + 5)
    for row, (decided, outcome, channel, key) in enumerate(rows):
        a.decided[row], a.outcome[row], a.channel[row], a.survey_key[row] = decided, outcome, channel, key
    # Spare rows look like decisions of today with the smallest keys, and must not be asked.
    a.decided[len(rows) :], a.outcome[len(rows) :], a.survey_key[len(rows) :] = 125, GRANTED, -1.0
    return SimpleNamespace(applications=a, counts=blank(Counts, 1, applications=len(rows)))


def asked(world: SimpleNamespace, day: int, n: int, frame: str = "all") -> list[int]:
    table, counts = np.array(ikm.sizes()), records(world.counts)[0]
    survey(records(world.applications), counts, day, ("all", "counter", "event").index(frame), n, table)
    return np.flatnonzero(world.applications.surveyed).tolist()


KEYS = [0.7, 0.1, 0.9, 0.3, 0.5, 0.2, 0.8, 0.4]


def test_the_smallest_keys_of_the_half_year_answer() -> None:
    world = office([(30 + row, GRANTED, COUNTER, key) for row, key in enumerate(KEYS)])
    assert asked(world, 125, 6) == [1, 3, 5]


def test_an_odd_number_splits_and_the_odd_one_falls_to_the_second_half() -> None:
    first = office([(30, GRANTED, COUNTER, key) for key in KEYS])
    second = office([(200, GRANTED, COUNTER, key) for key in KEYS])
    third = office([(300, GRANTED, COUNTER, key) for key in KEYS])
    found = [asked(first, 125, 5), asked(second, 251, 5), asked(third, 377, 5)]
    assert found == [[1, 5], [1, 3, 5], [1, 5]]


def test_only_decisions_of_this_half_year_are_asked() -> None:
    """Days 126 to 251 at the second survey: the days just outside are not in it."""
    world = office([(125, GRANTED, COUNTER, 0.1), (126, GRANTED, COUNTER, 0.2), (251, REJECTED, COUNTER, 0.3)])
    assert asked(world, 251, 100) == [1, 2]


def test_only_grants_and_rejections_are_decisions() -> None:
    outcomes = [GRANTED, REJECTED, WITHDRAWN, RETURNED, 0]
    world = office([(40, outcome, COUNTER, 0.1) for outcome in outcomes])
    assert asked(world, 125, 100) == [0, 1]


def test_the_counter_frame_holds_those_who_came() -> None:
    rows = [(40, GRANTED, channel, 0.5) for channel in (ONLINE, COUNTER, BROKER, EVENT)]
    assert asked(office(rows), 125, 100, "counter") == [1, 3]
    assert asked(office(rows), 125, 100, "event") == [3]
    assert asked(office(rows), 125, 100, "all") == [0, 1, 2, 3]


def test_without_a_number_the_regulations_table_sets_it() -> None:
    """250 decided in a half-year are 500 a year: 217 respondents, 108 in the first half and 109 in the second."""
    keys = np.random.default_rng(3).permutation(250) / 250
    for day, n in ((125, 108), (251, 109)):
        world = office([(day - 60, GRANTED, COUNTER, float(key)) for key in keys])
        assert asked(world, day, 0) == sorted(np.argsort(keys)[:n].tolist())


def test_a_frame_smaller_than_the_sample_is_asked_whole() -> None:
    assert asked(office([(40, GRANTED, COUNTER, 0.5)] * 3), 125, 150) == [0, 1, 2]


@given(st.lists(st.lists(st.integers(1, 4), min_size=9, max_size=9), min_size=1, max_size=6))
def test_boxes_unpack_to_the_answers_that_were_packed(forms: list[list[int]]) -> None:
    """Nine answers to a number in base 8, the first element lowest."""
    packed = np.array([int("".join(str(box) for box in reversed(form)), 8) for form in forms], np.int64)
    assert answers_of(packed).tolist() == forms
