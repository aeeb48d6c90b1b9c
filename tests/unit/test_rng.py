"""The generator is Philox4x32-10, its draws are uniform and unrelated, and every purpose keeps its number.

Run as a script, this file prints every compiled rule on a table of inputs, so that compiled and plain Python can be
compared in two processes.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keliling.sim.rng import Draw, philox, two_uniforms, uniform
from tests.statistics import FALSE_POSITIVE, assert_counts, assert_mean, assert_share, fails

ROOT = Path(__file__).resolve().parents[2]
WORD = st.integers(0, 2**32 - 1)
ONES = 0xFFFFFFFF


def words(key: tuple[int, int], counter: tuple[int, int, int, int]) -> tuple[int, ...]:
    return tuple(int(word) for word in philox(*(np.uint64(word) for word in (*key, *counter))))


def plain_philox(key: tuple[int, int], counter: tuple[int, int, int, int]) -> tuple[int, ...]:
    """Philox4x32-10 as published (Salmon et al. 2011, section 3.3), in Python's whole numbers."""
    (k0, k1), (r0, l0, r1, l1) = key, counter
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * r0, 1 << 32)
        high1, low1 = divmod(0xCD9E8D57 * r1, 1 << 32)
        r0, l0, r1, l1 = high1 ^ l0 ^ k0, low1, high0 ^ l1 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % (1 << 32), (k1 + 0xBB67AE85) % (1 << 32)
    return r0, l0, r1, l1


def plain_uniform(seed: int, replicate: int, purpose: int, who: int, occasion: int, index: int) -> float:
    block = plain_philox((seed, replicate), (purpose, who, occasion, index // 2))
    high, low = block[2 * (index % 2) :][:2]
    return ((high >> 5) * 2**26 + (low >> 6)) / 2**53


# -- exact


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES, ONES), (ONES, ONES, ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0xA4093822, 0x299F31D0),
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers_of_random123(
    key: tuple[int, int], counter: tuple[int, int, int, int], expected: tuple[int, ...]
) -> None:
    assert words(key, counter) == expected
    assert plain_philox(key, counter) == expected


@given(st.tuples(WORD, WORD), st.tuples(WORD, WORD, WORD, WORD))
@settings(max_examples=300, deadline=None)
def test_philox_agrees_with_plain_whole_numbers(key: tuple[int, int], counter: tuple[int, int, int, int]) -> None:
    assert words(key, counter) == plain_philox(key, counter)


@given(WORD, WORD, st.integers(0, 200), WORD, WORD, WORD)
@settings(max_examples=300, deadline=None)
def test_a_draw_agrees_with_plain_whole_numbers(
    seed: int, replicate: int, purpose: int, who: int, occasion: int, index: int
) -> None:
    key = (seed, replicate, purpose, who, occasion, index)
    assert uniform(*key) == plain_uniform(*key)


@given(WORD, WORD, st.integers(0, 200), WORD, WORD, st.integers(0, 2**31 - 1))
@settings(max_examples=100, deadline=None)
def test_two_neighbouring_indices_use_both_halves_of_one_block(
    seed: int, replicate: int, purpose: int, who: int, occasion: int, half: int
) -> None:
    a, b, c, d = plain_philox((seed, replicate), (purpose, who, occasion, half))
    drawn = [int(uniform(seed, replicate, purpose, who, occasion, 2 * half + odd) * 2**53) for odd in (0, 1)]
    assert [(bits >> 26, bits & (2**26 - 1)) for bits in drawn] == [(a >> 5, b >> 6), (c >> 5, d >> 6)]


def test_seed_0_is_a_seed_and_seed_and_replicate_are_two_things() -> None:
    key = (Draw.THRESHOLD, 7, 3, 0)
    drawn = {pair: uniform(*pair, *key) for pair in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (1, 2)]}
    assert all(value == plain_uniform(*pair, *key) for pair, value in drawn.items())
    assert len(set(drawn.values())) == len(drawn)


def test_every_part_of_the_key_matters() -> None:
    base = [1, 2, 3, 4, 5, 6]
    changed = [uniform(*(part + (place == at) for place, part in enumerate(base))) for at in range(6)]
    assert len({uniform(*base), *changed}) == 7


PURPOSES = {
    "AGE": 1, "LITERACY": 2, "INTRINSIC": 3, "SOCIAL": 4, "NORMATIVE": 5, "EFFICACY": 6, "TYPE": 7, "WORK": 8,
    "FREE_TIME": 9, "KNOWLEDGE": 10, "TRUST": 11, "EXPECTATION": 12, "HOUSEHOLD": 13, "FIRM": 14, "TIE": 15,
    "HEAD": 16, "SIZE": 17, "CADRE": 18, "NEIGHBOURHOOD": 19, "STOCK": 30, "STOCK_AGE": 31, "BIRTH": 32, "THRESHOLD": 33, "TASTE": 34, "PATROL": 35,
    "REPORT": 36, "DEMOLITION": 37, "RENEWAL": 38, "AWARE": 39, "LEARNS": 40, "ENDS": 41, "OBSTACLE": 42, "MENDED": 43,
    "ATTEMPT_FAILURE": 50, "DEFECT": 51, "REPAIR": 52, "SERVICE": 53,
    "CORRECTION": 54, "CORRECTION_TIME": 55, "CORRECTED_DOCUMENT": 56, "TECHNICAL": 57, "REAPPLY": 58,
    "REAPPLY_TIME": 59, "QUEUE_PLACE": 60, "PERSON_NOISE": 61, "ELEMENT_NOISE": 62, "SURVEY_KEY": 63,
    "COMPLAINT": 64, "COMPLAINT_CLASS": 65, "COMPLAINT_CLOSED": 66, "AFTER_FAILURE": 67,
    "RETRY_TIME": 68, "JOIN": 80, "UNINVITED": 81, "HEARS": 82,
    "VISIT_ORDER": 83, "EVENT_PLACE": 84, "TARGET": 85, "MEETING": 86, "LEAVE": 87, "ELECTION": 88,
    "SITE_SHOCK": 89, "INVITED_ORDER": 90, "ASSIGNED": 91, "TAKES_IN": 92, "HEEDED": 93, "HEADS_KNOW": 94,
    "ASKS": 95, "ASKED_ORDER": 96, "JOIN_BETWEEN": 97,
}  # fmt: skip


def test_purposes_are_append_only_and_distinct() -> None:
    """A number once given keeps its meaning; a new purpose is added here with it."""
    held = {name: value for name, value in vars(Draw).items() if name.isupper()}
    assert held == PURPOSES
    assert len(set(held.values())) == len(held)


# -- uniform and unrelated, each with a false-positive rate of 1e-6

MANY = 400_000


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    """One draw for each of many people: the way the model uses the generator."""
    return np.array([uniform(11, 4, Draw.THRESHOLD, who, 5, 0) for who in range(MANY)])


def test_draws_lie_in_0_1_and_have_53_bits(drawn: np.ndarray) -> None:
    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0
    bits = drawn * 2.0**53
    assert (bits == np.floor(bits)).all()
    for bit in range(53):
        ones = int(np.count_nonzero(bits.astype(np.int64) >> bit & 1))
        assert_share(ones, MANY, 0.5, detect=0.0065, false_positive=FALSE_POSITIVE / 53)


def test_the_largest_and_the_smallest_block_stay_within_0_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """The arithmetic of the last step on words of all ones is the float below 1, on all zeros it is 0."""
    plain = getattr(two_uniforms, "py_func", two_uniforms)
    for word, expected in ((ONES, math.nextafter(1.0, 0.0)), (0, 0.0)):
        monkeypatch.setitem(plain.__globals__, "philox", lambda *_, word=word: (np.uint64(word),) * 4)
        assert plain(1, 2, 3, 4, 5, 6) == (expected, expected)


def test_draws_are_uniform(drawn: np.ndarray) -> None:
    """Chi-square over 256 classes; a pattern of Cohen's w 0.023, 2.3% in every class, would be found."""
    counts = np.bincount((drawn * 256).astype(np.int64), minlength=256)
    assert_counts(counts, np.full(256, 1 / 256), detect=0.023)


NEIGHBOURS = {
    "who": lambda i, step: (Draw.DEFECT, i + step, 7, 2),
    "occasion": lambda i, step: (Draw.DEFECT, 9, i + step, 2),
    "index within a block": lambda i, step: (Draw.DEFECT, i, 7, 2 + step),
    "index across blocks": lambda i, step: (Draw.DEFECT, i, 7, 3 + step),
    "purpose": lambda i, step: (Draw.DEFECT + step, i, 7, 2),
    "who of the next district": lambda i, step: (Draw.DEFECT, i + (step << 20), 7, 2),
    "permit in the occasion": lambda i, step: (Draw.DEFECT, i, step << 24, 2),
    "attempt in the occasion": lambda i, step: (Draw.DEFECT, i, step, 2),
}


@pytest.mark.parametrize("part", NEIGHBOURS)
def test_neighbouring_keys_are_not_correlated(part: str) -> None:
    """Correlation, and correlation of the distances from 1/2; 0.03 would be found. Two uniforms that are unrelated
    have a product, standardised, of mean 0 and variance 1."""
    key, n = NEIGHBOURS[part], 80_000
    x = np.array([uniform(3, 1, *key(i, 0)) for i in range(n)])
    y = np.array([uniform(3, 1, *key(i, 1)) for i in range(n)])
    assert_mean(12.0 * (x - 0.5) * (y - 0.5), 0.0, sd=1.0, detect=0.03)
    assert_mean(12.0 * (2 * abs(x - 0.5) - 0.5) * (2 * abs(y - 0.5) - 0.5), 0.0, sd=1.0, detect=0.03)


@pytest.mark.parametrize("pair", [((1, 0), (2, 0)), ((1, 0), (1, 1)), ((1, 2), (2, 1))])
def test_neighbouring_seeds_and_replicates_are_not_correlated(pair: tuple[tuple[int, int], tuple[int, int]]) -> None:
    n = 80_000
    x, y = (np.array([uniform(*key, Draw.DEFECT, i, 7, 2) for i in range(n)]) for key in pair)
    assert_mean(12.0 * (x - 0.5) * (y - 0.5), 0.0, sd=1.0, detect=0.03)


# -- the measuring stick itself


def test_a_bound_cries_wolf_as_often_as_it_says(drawn: np.ndarray) -> None:
    """At a stated rate of 5% about 5% of true statements are rejected: found within 3 points."""
    batches = drawn.reshape(4000, 100)
    rejected = sum(fails(lambda row=row: assert_mean(row, 0.5, detect=1.0, false_positive=0.05)) for row in batches)
    assert_share(rejected, 4000, 0.05, detect=0.03)
    shares = np.count_nonzero(batches < 0.3, axis=1)
    wolf = sum(fails(lambda k=k: assert_share(int(k), 100, 0.3, detect=0.3, false_positive=0.05)) for k in shares)
    assert wolf / 4000 <= 0.06, "binomial bounds are exact, so they err on the safe side"


def test_a_bound_finds_the_deviation_that_it_promises(drawn: np.ndarray) -> None:
    """A mean that is off by ``detect`` is rejected, a share and a distribution too."""
    x = drawn[:10_000]
    sharpest = 7.5 * float(np.std(x)) / 100.0
    assert_mean(x, 0.5, detect=sharpest)
    assert fails(lambda: assert_mean(x + sharpest, 0.5, detect=sharpest))
    assert fails(lambda: assert_mean(x - sharpest, 0.5, detect=sharpest))
    hits = int(np.count_nonzero(x < 0.3))
    assert_share(hits, x.size, 0.3, detect=0.04)
    assert fails(lambda: assert_share(hits, x.size, 0.34, detect=0.04))
    ten = np.bincount((x * 10).astype(int), minlength=10)
    assert_counts(ten, np.full(10, 0.1), detect=0.1)
    bent = np.bincount((x**1.2 * 10).astype(int), minlength=10)
    assert fails(lambda: assert_counts(bent, np.full(10, 0.1), detect=0.1))


def test_a_bound_refuses_a_sample_too_small_to_bite(drawn: np.ndarray) -> None:
    x = drawn[:1000]
    assert fails(lambda: assert_mean(x, 0.5, detect=0.01))
    assert fails(lambda: assert_mean(x, 0.5, detect=0.1, bias=0.1))
    assert fails(lambda: assert_share(300, 1000, 0.3, detect=0.02))
    assert fails(lambda: assert_share(1000, 1000, 0.5, detect=0.6))
    assert fails(lambda: assert_counts([500, 500], [0.5, 0.5], detect=0.05))


# -- compiled and plain Python


def unit(source: random.Random) -> float:
    """A number of [0, 1) with the edges well in it."""
    return source.choice([0.0, 0.5, math.nextafter(1.0, 0.0), 1e-300, *(source.random() for _ in range(4))])


def real(low: float, high: float) -> Callable[[random.Random], float]:
    return lambda source: source.choice([low, high, source.uniform(low, high), source.uniform(low, high)])


def whole(low: int, high: int) -> Callable[[random.Random], int]:
    return lambda source: source.randint(low, high)


def tuple_of(n: int, low: float, high: float) -> Callable[[random.Random], tuple[float, ...]]:
    return lambda source: tuple(source.uniform(low, high) for _ in range(n))


def failing(source: random.Random) -> float:
    """A chance that an attempt fails: never certain."""
    return source.choice([0.0, 0.95, 0.95 * source.random(), 0.95 * source.random()])


def rate(source: random.Random) -> float:
    """A rate a day: two rates that are drawn one after the other are the same now and then."""
    return source.choice([1e-6, 0.004, 0.004, 10.0 ** source.uniform(-5.0, -0.5), 10.0 ** source.uniform(-5.0, -0.5)])


WIDE, CHANNEL, FLAG = real(-40.0, 40.0), whole(0, 4), whole(0, 1)
DAYS = real(1.0, 378.0)
CHOOSING = tuple_of(15, 0.0, 2.0)
RULES: dict[str, tuple[Callable[[random.Random], Any], ...]] = {
    "rng.holder_of": (whole(0, 2**32 - 1),),
    "rng.need_key": (whole(0, 2**29 - 1), whole(0, 7)),
    "rng.of_correction": (whole(0, 5), whole(0, 31)),
    "rng.philox": (lambda source: np.uint64(source.getrandbits(32)),) * 6,
    "rng.two_uniforms": (whole(0, 2**32 - 1),) * 6,
    "rng.uniform": (whole(0, 2**32 - 1),) * 6,
    "rules.choice.taste": (unit,),
    "rules.choice.learning_cost": (CHANNEL, unit, unit, CHOOSING),
    "rules.choice.compliance_cost": (CHANNEL, FLAG, CHOOSING),
    "rules.choice.psychological_cost": (CHANNEL, unit, real(0.0, 6.0), CHOOSING),
    "rules.choice.threat": (FLAG, FLAG, real(0.05, 0.5)),
    "rules.choice.channel_value": (
        CHANNEL, WIDE, WIDE, unit, unit, unit, unit, FLAG, unit, real(0.0, 6.0), unit, real(0.0, 5.0), real(0.0, 10.0),
        unit, CHOOSING,
    ),
    "rules.choice.expected_benefit": (unit, real(0.0, 0.1), real(0.0, 60.0)),
    "rules.choice.keenness": (WIDE, real(0.3, 2.0)),
    "rules.choice.own_rate": (real(1e-6, 0.1), real(1e-3, 50.0), FLAG, FLAG, unit),
    "rules.choice.prompt_hazard": (unit,),
    "rules.choice.prompted": (unit, real(0.0, 9.0), real(1.0, 10.0)),
    "rules.choice.help_prompt": (unit, whole(0, 504), whole(63, 504)),
    "rules.choice.attempt_failure": (CHANNEL, unit, unit, unit, real(0.5, 0.7), unit),
    "rules.choice.after_failure": (unit, unit, unit),
    "rules.choice.filed_chance": (failing, failing, real(0.05, 0.6), real(0.0, 0.8)),
    "rules.choice.filing_delay": (failing, real(0.0, 0.8), real(0.05, 0.6), real(5.0, 63.0)),
    "rules.choice.next_look": (*(whole(0, 300),) * 2, FLAG, *(whole(0, 300),) * 5),
    "rules.choice.credit": (real(0.0, 3.0), FLAG, FLAG),
    "rules.choice.gathered": (real(0.0, 0.02), whole(0, 900), whole(0, 900), whole(0, 900)),
    "rules.choice.own_days": (whole(0, 900), whole(0, 900), whole(0, 1)),
    "rules.choice.within_quarter": (unit, real(0.0, 0.02), real(0.0, 63.0), real(0.0, 3.0)),
    "rules.filing.helper_ratio": (CHANNEL, unit, unit, unit, unit),
    "rules.filing.defect_chance": (unit, CHANNEL, unit, unit, unit, unit, unit, real(0.0, 2.0), real(0.0, 2.0)),
    "rules.filing.technical_failure": (unit, FLAG, unit, unit),
    "rules.filing.repair_probability": (unit, real(0.0, 0.5), unit, real(0.0, 0.8), unit),
    "rules.filing.correction_wait": (unit, real(1.0, 126.0)),
    "rules.filing.correction": (unit, unit, real(1.0, 21.0), unit, whole(1, 63)),
    "rules.filing.late": (whole(0, 30), whole(0, 14)),
    "rules.filing.correction_channel": (CHANNEL,),
    "rules.filing.applicant_hours": (CHANNEL, unit, real(1.0, 6.0), unit),
    "rules.influence.faded": (unit, unit, whole(-2, 900), real(10.0, 1260.0)),
    "rules.influence.share_left": (whole(0, 900), real(10.0, 1260.0)),
    "rules.influence.left_of": (unit, unit, unit),
    "rules.influence.toward": (unit, unit, unit),
    "rules.influence.raised": (unit, real(1.0, 4.0), unit),
    "rules.influence.as_unit": (real(0.0, 5.0),),
    "rules.influence.waited": (unit,),
    "rules.influence.days_until": (real(-1.0, 50.0), real(0.0, 0.3)),
    "rules.motivation.logistic": (real(-800.0, 800.0),),
    "rules.motivation.logit": (unit,),
    "rules.motivation.willingness": (
        unit, unit, unit, unit, FLAG, unit, unit, unit, FLAG, unit, unit, unit, unit, tuple_of(12, 0.0, 2.0),
    ),
    "rules.motivation.felt_by": (unit, unit, unit, unit, unit, unit, tuple_of(12, 0.0, 2.0)),
    "rules.motivation.means": (real(0.0, 40.0),),
    "rules.motivation.rested": (whole(0, 600), whole(0, 504)),
    "rules.motivation.may_be_asked": (FLAG, FLAG, whole(-1, 1), whole(0, 600), whole(0, 504)),
    "rules.motivation.joins": (real(-9.0, 9.0), unit),
    "rules.motivation.pay_felt": (real(0.0, 400.0), real(-0.2, 0.8)),
    "rules.motivation.moved": (unit, real(-3.0, 3.0)),
    "rules.motivation.perceived_need": (real(0.0, 300.0), real(5.0, 100.0)),
    "rules.motivation.filled": (unit, unit, real(0.0, 1.5), real(0.0, 0.3)),
    "rules.motivation.shifts": (FLAG, FLAG, FLAG, FLAG, real(0.0, 0.33), real(-0.4, 0.0)),
    "rules.motivation.after_event": (
        tuple_of(3, 0.0, 1.0), tuple_of(3, 0.0, 1.0), tuple_of(3, 0.0, 0.3), tuple_of(2, -0.4, 0.4), real(0.2, 1.0),
        real(0.5, 1.5),
    ),
    "rules.motivation.leaving_odds": (
        real(-3.0, 0.0), FLAG, real(0.0, 1.4), FLAG, real(0.0, 1.4), real(0.0, 3.0), real(-6.0, 6.0),
    ),
    "rules.motivation.monthly_hazard": (real(-40.0, 40.0),),
    "rules.motivation.hours_a_week": (real(0.0, 10.0), real(6.0, 27.0), real(-6.0, 6.0)),
    "rules.motivation.company": (whole(0, 30), whole(1, 20)),
    "rules.motivation.skill_gained": (unit, real(0.0, 2.0)),
    "rules.normal.normal": (unit,),
    "rules.outreach.estimated_need": (whole(0, 300), real(0.1, 0.8), whole(0, 300), whole(0, 900), real(63.0, 504.0)),
    "rules.outreach.event_places": (
        whole(0, 10), real(1.0, 8.0), real(0.05, 0.5), whole(0, 200), whole(0, 60), whole(1, 20),
    ),
    "rules.outreach.to_begin": (whole(0, 3), FLAG, FLAG),
    "rules.outreach.staff": (whole(0, 10), whole(0, 10), FLAG),
    "rules.outreach.hours_away": (whole(0, 10), real(1.0, 8.0), real(0.5, 4.0), real(1.0, 12.0)),
    "rules.outreach.help_hours": (real(0.05, 0.4), whole(1, 12)),
    "rules.outreach.hours_by": (whole(0, 42), whole(1, 42), real(1.0, 8.0)),
    "rules.outreach.standing_asked": (real(0.0, 10.0), real(3.0, 40.0), real(0.0, 8.0)),
    "rules.outreach.places_of": (whole(0, 60),),
    "rules.outreach.turn": (whole(0, 70), whole(-1, 70), whole(1, 70)),
    "rules.outreach.rank": (whole(0, 5), whole(0, 70), unit, real(0.0, 300.0), real(0.0, 30.0), whole(-9, 900)),
    "rules.outreach.reach": (unit, whole(0, 3), real(0.0, 0.3)),
    "rules.satisfaction.experienced_time": (whole(0, 90), whole(1, 14), real(1.0, 21.0)),
    "rules.satisfaction.experienced_fee": (CHANNEL,),
    "rules.satisfaction.site_shock": (real(-3.0, 3.0), real(2.0, 7.0)),
    "rules.satisfaction.on_scale": (real(0.0, 5.0),),
    "rules.satisfaction.experienced_crowding": (CHANNEL, unit),
    "rules.satisfaction.experienced_contact": (CHANNEL, FLAG, unit, unit),
    "rules.satisfaction.experienced_complaint": (FLAG, FLAG, unit),
    "rules.satisfaction.experiences": (whole(0, 3), unit, CHANNEL, FLAG, unit, FLAG, unit, unit, unit),
    "rules.satisfaction.weighted": (tuple_of(7, 0.0, 1.0), tuple_of(7, 0.0, 1.0), unit, unit, unit),
    "rules.satisfaction.performance": (real(1.0, 4.0), tuple_of(7, -1.0, 1.0)),
    "rules.satisfaction.latent": (
        real(1.0, 4.0), tuple_of(7, -1.0, 1.0), tuple_of(7, 0.0, 9.0), real(-1.0, 1.0), real(-1.0, 1.0),
    ),
    "rules.satisfaction.answer": (real(0.0, 5.0),),
    "rules.satisfaction.complaint_chance": (
        real(0.0005, 0.02), real(0.0, 3.0), real(3.2, 3.4), real(1.0, 4.0), real(0.1, 1.0),
    ),
    "rules.satisfaction.complaint_class": (unit, unit, whole(0, 3), FLAG, real(0.01, 1.0)),
    "rules.satisfaction.expected_answer": (real(1.0, 5.0), real(0.3, 1.0)),
    "rules.satisfaction.box_variance": (real(1.0, 5.0), real(0.3, 1.0)),
    "rules.satisfaction.cut_exponential": (real(-1.0, 6.0), real(0.1, 0.8), real(0.0, 0.4)),
    "rules.serving.hours_asked": (real(0.05, 2.0), real(0.05, 2.0), whole(0, 2), CHANNEL, unit, real(0.0, 0.5)),
    "rules.serving.service_hours": (real(0.05, 2.0), unit, unit),
    "rules.serving.worked": (real(0.0, 8.5), real(0.0, 8.5), real(0.0, 20.0)),
    "rules.serving.examined": (whole(0, 9), whole(1, 4), whole(0, 3), whole(0, 2), FLAG),
    "rules.serving.crowding": (real(0.0, 900.0), real(0.0, 90.0)),
    "rules.serving.net_capacity": (real(0.0, 90.0), real(0.0, 90.0), unit),
    "rules.serving.crowded": (real(0.0, 90.0), real(0.1, 9.0), real(0.5, 60.0)),
    "rules.serving.desk_wait": (real(0.0, 900.0), real(0.1, 90.0), real(0.0, 5.0)),
    "rules.start.grown": (rate, DAYS),
    "rules.start.early_days": (DAYS, unit, rate, rate, rate),
    "rules.start.spell": (rate, rate, rate, real(0.0, 378.0), unit, unit, rate, unit, rate),
    "rules.start.acts_again": (rate, rate, real(0.0, 0.9)),
    "rules.start.open_share": (rate, real(1.0, 900.0)),
    "rules.start.licence_age": (unit, rate, DAYS),
    "rules.start.complete_after": (whole(3, 12), unit, unit, whole(0, 3)),
    "rules.start.success_chance": (whole(3, 12), unit, unit, unit, whole(0, 3), unit),
    "rules.start.stock_cell": (unit, real(1e-5, 0.1), tuple_of(4, 0.0, 200.0), tuple_of(4, 0.0, 400.0), unit),
    "rules.start.works_age": (unit, whole(0, 3), DAYS, unit, rate, rate, rate),
}  # fmt: skip


def answers() -> Iterator[tuple[str, list[str]]]:
    """Every rule of the table on 60 drawn inputs, each number written bit for bit."""
    for name, parts in RULES.items():
        module, function = name.rsplit(".", 1)
        rule = getattr(importlib.import_module(f"keliling.sim.{module}"), function)
        source = random.Random(name)
        found = []
        for _ in range(60):
            result = rule(*(part(source) for part in parts))
            numbers = result if isinstance(result, tuple) else (result,)
            found.append(" ".join(float(number).hex() for number in numbers))
        yield name, found


def test_every_compiled_rule_is_in_the_table() -> None:
    """The comparison below forgets no rule, of the generator or of any module of rules."""
    held = set()
    for path in [ROOT / "sim" / "rng.py", *(ROOT / "sim" / "rules").glob("*.py")]:
        module = path.relative_to(ROOT / "sim").with_suffix("").as_posix().replace("/", ".")
        held |= {f"{module}.{name}" for name in re.findall(r"^@compiled\ndef (\w+)", path.read_text(), re.MULTILINE)}
    held.remove("rng.ordered")  # of arrays, so it has a test of its own
    assert held == set(RULES)


def test_compiled_and_plain_python_give_the_same_bits() -> None:
    """Two fresh processes, KELILING_COMPILED at 1 and at 0, print every rule on the same inputs."""
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    printed = {}
    for compiled in ("1", "0"):
        printed[compiled] = json.loads(
            subprocess.run(
                [sys.executable, "-W", "error", __file__],
                env=os.environ | {"KELILING_COMPILED": compiled, "PYTHONPATH": os.pathsep.join(path)},
                cwd=ROOT, check=True, capture_output=True, text=True,
            ).stdout
        )  # fmt: skip
    assert printed["1"].keys() == printed["0"].keys() == RULES.keys()
    assert [name for name in RULES if printed["1"][name] != printed["0"][name]] == []
    assert all(len(set(found)) > 1 for found in printed["1"].values()), "a rule gave one answer to all inputs"


if __name__ == "__main__":
    print(json.dumps(dict(answers())))
