"""How far the IKM moves by the luck of who is asked: chances of a published change, by whom and how many are asked.

The IKM samples few of those decided. From finished runs of one scenario, and from the boxes that everybody decided
would tick, as many as an office asks are drawn without replacement, half in each half-year, for two years one after the
other; over and over, under the luck of every replicate. So the chances hold the luck of the year and that of sampling,
and no site shock. Beside them stands the *ceiling*: the index of a perfect office, in which everybody would have been
granted at once, without a return or a queue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keliling.experiments.run.executors import cores
from keliling.sim import state
from keliling.sim.ikm import answers_of
from keliling.sim.kernels.judging import judge_as_perfect
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.parameters import register
from keliling.sim.rules.choice import COUNTER, EVENT
from keliling.sim.rules.serving import GRANTED, REJECTED
from keliling.sim.scenario import YEAR_DAYS, Scenario

Floats = NDArray[np.float64]

HALVES = 2
DRAWS = 500  # samples of each replicate, frame and number


@dataclass(frozen=True)
class Chance:
    """Of one frame and number asked: how the change from one year to the next varies, and how often it is so large."""

    frame: str
    asked: int
    """In a year; fewer where the frame has fewer, see ``there``."""
    before: float
    """Files of the frame that were decided in the year before, mean over replicates."""
    there: float
    """The same of the year."""
    mean: float
    sd: float
    of_changes: tuple[float, ...]
    """Share of draws in which the change was at least as large, by change."""
    replicates: int
    """Those with somebody to ask in both years."""


@dataclass(frozen=True)
class Frame:
    """The level of the IKM over everybody in a frame, and over the same people in a perfect office."""

    frame: str
    level: float
    ceiling: float


@dataclass(frozen=True)
class Judged:
    """The people of one replicate: mean of the nine boxes by file, as it was and if the office had been perfect."""

    year: NDArray[np.int64]  # 0 the year before, 1 the year
    half: NDArray[np.int64]
    channel: NDArray[np.int64]
    mean: Floats
    perfect: Floats


def judged(scenario: Scenario, year: int, seed: int, replicate: int) -> Judged:
    """Live one replicate and ask everybody decided in a year and in the year before."""
    simulation = Simulation(scenario, seed=seed, replicate=replicate)
    simulation.live()
    first = scenario.first_day_of(year) - YEAR_DAYS
    a, used = simulation.world.applications, simulation.world.counts.applications.item(0)
    decided, outcome = a.decided[:used].copy(), a.outcome[:used].copy()
    mine = (decided >= first) & (decided < first + 2 * YEAR_DAYS) & np.isin(outcome, (GRANTED, REJECTED))
    rows = state.copied(simulation.rows)
    judge_as_perfect(simulation.inputs, rows, simulation.day - 1)
    day = decided[mine] - first
    return Judged(
        year=day // YEAR_DAYS,
        half=day % YEAR_DAYS * HALVES // YEAR_DAYS,
        channel=a.channel[:used][mine].copy(),
        mean=_means(a.answers[:used][mine]),
        perfect=_means(rows.applications["answers"][:used][mine]),
    )


def _means(answers: NDArray[np.int64]) -> Floats:
    """Mean of the nine boxes of each file."""
    return np.asarray(answers_of(answers).mean(axis=1))


def within(frame: str, people: Judged) -> NDArray[np.bool_]:
    """Who is in a frame."""
    came = {"all": (), "counter": (COUNTER, EVENT), "event": (EVENT,)}[frame]
    return np.isin(people.channel, came) if came else np.ones(people.channel.size, bool)


def drawn(people: Judged, frame: str, asked: int, source: np.random.Generator) -> Floats:
    """The change of the IKM from the year before, DRAWS times; NaN where a year has nobody to ask."""
    found = np.zeros((2, DRAWS))
    there = within(frame, people)
    for year in (0, 1):
        total, count = np.zeros(DRAWS), 0
        for half in range(HALVES):
            boxes = people.mean[there & (people.year == year) & (people.half == half)]
            number = min(asked // 2 if half == 0 else asked - asked // 2, boxes.size)
            if number:
                order = np.argpartition(source.random((DRAWS, boxes.size)), number - 1, axis=1)[:, :number]
                total += boxes[order].sum(axis=1)
            count += number
        found[year] = 25.0 * total / count if count else np.nan
    return np.asarray(np.round(np.round(found[1], 2) - np.round(found[0], 2), 2))


def chances(
    scenario: Scenario,
    year: int,
    asked: Sequence[int],
    changes: Sequence[float],
    *,
    replicates: int,
    seed: int = 1,
    workers: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[list[Chance], list[Frame]]:
    """The table of chances and the ceilings of a scenario; ``progress`` is told of every replicate."""

    def live(replicate: int) -> Judged:
        found = judged(scenario, year, seed, replicate)
        progress(1)
        return found

    with ThreadPoolExecutor(workers or cores()) as pool:
        people = list(pool.map(live, range(replicates)))
    found, levels = [], []
    for at, frame in enumerate(register()["survey_frame"].choices):
        inside = [within(frame, one) & (one.year == 1) for one in people]
        there = float(np.mean([one.sum() for one in inside]))
        before = float(np.mean([(within(frame, one) & (one.year == 0)).sum() for one in people]))
        if not there:
            continue
        everybody = [np.concatenate([getattr(one, name)[mine] for one, mine in zip(people, inside, strict=True)])
                     for name in ("mean", "perfect")]  # fmt: skip
        levels.append(Frame(frame, *(25.0 * float(one.mean()) for one in everybody)))
        for number in asked:
            sources = [np.random.default_rng([seed, replicate, at, number]) for replicate in range(replicates)]
            draws = [(one, frame, number, source) for one, source in zip(people, sources, strict=True)]
            moved = [one for one in (drawn(*draw) for draw in draws) if not np.isnan(one).any()]
            if moved:
                all_moved = np.concatenate(moved)
                shares = tuple(float(np.mean(all_moved * np.sign(size) >= abs(size))) for size in changes)
                spread = float(all_moved.mean()), float(all_moved.std())
                found.append(Chance(frame, number, before, there, *spread, shares, len(moved)))
    return found, levels
