"""The luck of who is asked for the IKM: chances by hand, who is in a frame, and what a perfect office would be told."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import norm

from keliling.experiments.cli import cli
from keliling.experiments.trials import asked
from keliling.experiments.trials.asked import Judged, drawn, judged, within
from keliling.sim import state
from keliling.sim.kernels.judging import judge_as_perfect
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE
from keliling.sim.rules.serving import GRANTED, REJECTED
from keliling.sim.scenario import load
from tests.statistics import assert_mean

pytestmark = pytest.mark.usefixtures("unchecked")


def people(n: int, sd: float, moved: float = 0.0) -> Judged:
    """So many in each half of two years, whose means are normal; those of the second year are moved."""
    year, half = np.repeat([0, 1], 2 * n), np.tile(np.repeat([0, 1], n), 2)
    mean = 3.0 + moved * year + sd * np.tile(norm.ppf((np.arange(n) + 0.5) / n), 4)
    channel = np.tile([ONLINE, COUNTER, BROKER, EVENT], n)
    return Judged(year, half, channel, mean, mean + 0.5)


def test_the_spread_of_a_change_is_that_of_two_samples() -> None:
    """Twenty of 2,000 in each half-year: 25 x sd x sqrt(2/40), with the correction for a finite population."""
    found = drawn(people(2000, 0.4, 0.1), "all", 40, np.random.default_rng(1))
    sd = 25.0 * 0.4 * math.sqrt(2.0 / 40.0 * (1.0 - 20.0 / 2000.0))
    assert found.size == asked.DRAWS
    assert_mean(found, 2.5, sd=sd, detect=0.8)
    assert found.std() == pytest.approx(sd, rel=0.15)


def test_where_all_are_asked_nothing_is_left_to_luck() -> None:
    found = drawn(people(10, 0.4, 0.1), "all", 40, np.random.default_rng(1))
    assert found == pytest.approx(2.5)


def test_an_odd_one_falls_to_the_second_half_and_a_year_without_anybody_has_no_index() -> None:
    """Of one asked a year, of the second half: first halves of another level are never seen."""
    one = people(3, 0.4)
    one.mean[one.half == 0] = 1.0
    assert abs(drawn(one, "all", 1, np.random.default_rng(1))).max() < 25.0
    one.mean[one.half == 1] = 3.0
    assert (drawn(one, "all", 1, np.random.default_rng(1)) == 0.0).all()
    one.channel[one.year == 0] = ONLINE
    assert np.isnan(drawn(one, "event", 1, np.random.default_rng(1))).all()


def test_frames() -> None:
    one = people(4, 0.4)
    assert within("all", one).all()
    assert set(one.channel[within("counter", one)].tolist()) == {COUNTER, EVENT}
    assert set(one.channel[within("event", one)].tolist()) == {EVENT}


def test_a_perfect_office_is_told_more_by_whoever_was_rejected_returned_or_kept_waiting() -> None:
    """And the same by whoever lived through nothing of it: the noise of each person and element is the run's."""
    simulation = Simulation(load("kebon-jeruk-crowded-2019", size=0.05))
    simulation.live()
    a, used = simulation.world.applications, simulation.world.counts.applications.item(0)
    rows = state.copied(simulation.rows)
    judge_as_perfect(simulation.inputs, rows, simulation.day - 1)
    decided = np.isin(a.outcome[:used], (GRANTED, REJECTED))
    smooth = decided & (a.outcome[:used] == GRANTED) & (a.returns[:used] == 0) & (a.complaint[:used] == 0)
    smooth &= (a.decided[:used] == a.submitted[:used]) & (a.crowd[:used] == 0.0)
    rough = decided & (a.outcome[:used] == REJECTED)
    before, after = a.answers[:used], rows.applications["answers"][:used]
    assert smooth.sum() > 10 and rough.sum() > 10
    assert np.array_equal(before[smooth], after[smooth])
    for element in range(9):
        shift = 3 * element
        assert ((after[decided] >> shift & 7) >= (before[decided] >> shift & 7)).all()
    assert (after[rough] != before[rough]).mean() > 0.9
    assert np.array_equal(before[~decided], after[~decided])


def test_the_people_of_a_run_are_those_decided_in_the_two_years() -> None:
    scenario = load("kebon-jeruk-2019", size=0.03)
    one = judged(scenario, 2019, 1, 0)
    simulation = Simulation(scenario)
    simulation.live()
    for year, first in ((0, 252), (1, 504)):
        totals = [simulation.records[month] for month in range(first // 21, first // 21 + 12)]
        assert (one.year == year).sum() == sum(month["decided"] for month in totals)
    assert set(one.half.tolist()) == {0, 1}
    assert one.perfect.mean() > one.mean.mean()
    assert one.mean.min() >= 1.0 and one.perfect.max() <= 4.0


def test_the_command_tells_a_table_and_the_same_as_json() -> None:
    words = ["ikm", "kebon-jeruk-2019", "--size", "0.03", "--replicates", "2", "--asked", "30", "--change", "3.0"]
    said = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert said.exit_code == 0 and "+3 or more" in said.stdout and "not a forecast" in said.stdout
    found = json.loads(CliRunner().invoke(cli, [*words, "--json"], catch_exceptions=False).stdout)
    assert (found["scenario"], found["year"], found["changes"]) == ("kebon-jeruk-2019", 2019, [3.0])
    (everybody, *_) = found["chances"]
    assert everybody["frame"] == "all" and 0.0 < everybody["of_changes"][0] < 0.5
    assert found["frames"][0]["ceiling"] > found["frames"][0]["level"]
    again = json.loads(CliRunner().invoke(cli, [*words, "--workers", "1", "--json"], catch_exceptions=False).stdout)
    assert again == found


@pytest.mark.parametrize(
    "words",
    [
        ["ikm", "dki-jakarta-2019"],
        ["ikm", "kebon-jeruk-2019", "--year", "2030"],
        ["ikm", "--change", "0"],
        ["ikm", "--change", "nan"],
        ["ikm", "kebon-jeruk-site-shock"],
    ],
)
def test_what_cannot_be_told_is_refused(words: list[str]) -> None:
    said = CliRunner().invoke(cli, words)
    assert said.exit_code == 2 and "nothing was run" in said.output
