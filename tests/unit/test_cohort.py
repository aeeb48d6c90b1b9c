"""What became of the needs of a cohort, from applications written by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from keliling.sim.cohort import FOLLOWED, Cohort, followed
from keliling.sim.rules.serving import GRANTED, REJECTED, RETURNED, UNDER_REVIEW, WITHDRAWN
from keliling.sim.state import APPLIED, IDLE, OPEN

DAY, WINDOW = 100, 63  # days 100 to 162
STILL_AT_THE_DESK = 0


class File(NamedTuple):
    """An application for the need in row ``need``."""

    need: int
    submitted: int
    outcome: int = STILL_AT_THE_DESK
    decided: int = -1
    ordinal: int = 3


class Now(NamedTuple):
    """A need at the end of the window."""

    status: int = OPEN
    ordinal: int = 3
    failures: int = 0


def became(files: list[File], needs: list[Now], *, failures: int = 0) -> list[set[str]]:
    """What each need of a cohort of all rows, each open as the third of its pair, came to within the window.

    ``failures`` is how many of its attempts had failed by the cohort's day.
    """
    columns = {name: np.array([getattr(one, name) for one in files], np.int64) for name in File._fields}
    rows = np.arange(len(needs))
    world = SimpleNamespace(
        counts=SimpleNamespace(applications=np.array([len(files)])),
        # Rows that are not in use hold whatever they hold.
        applications=SimpleNamespace(**{name: np.append(column, 0) for name, column in columns.items()}),
        needs=SimpleNamespace(
            key=rows * 8, **{name: np.array([getattr(one, name) for one in needs]) for name in Now._fields}
        ),
    )
    third = np.full(rows.size, 3)
    found = followed(world, Cohort(DAY, rows, rows * 0, third, np.full(rows.size, failures)), WINDOW)  # type: ignore[arg-type]
    assert tuple(found) == FOLLOWED
    return [{name for name in FOLLOWED if found[name][row]} for row in rows]


DECIDED = {"attempted", "filed", "decided"}


@pytest.mark.parametrize(
    ("file", "came_to"),
    [
        (File(0, 110, GRANTED, 120), DECIDED | {"granted"}),
        (File(0, 110, REJECTED, 120), DECIDED | {"rejected"}),
        (File(0, 110, WITHDRAWN, 120), {"attempted", "filed", "withdrawn"}),
        (File(0, 110), {"attempted", "filed"}),
        (File(0, 110, RETURNED), {"attempted", "filed"}),
        (File(0, 110, UNDER_REVIEW), {"attempted", "filed"}),
        (File(0, 100, GRANTED, 100), DECIDED | {"granted"}),
        (File(0, 162, GRANTED, 162), DECIDED | {"granted"}),
        (File(0, 162, GRANTED, 163), {"attempted", "filed"}),
        (File(0, 163, GRANTED, 163), set()),
        (File(0, 99, GRANTED, 110), set()),
        (File(0, 110, GRANTED, 120, ordinal=4), set()),
        (File(0, 110, GRANTED, 120, ordinal=2), set()),
    ],
)
def test_a_file_counts_within_its_window_and_for_its_own_need(file: File, came_to: set[str]) -> None:
    """From the first day to the last; not what was filed before, nor for the pair's need before or after."""
    assert became([file], [Now(APPLIED)]) == [came_to]


def test_a_need_may_come_to_several_things() -> None:
    """Withdrawn, rejected, then granted; and needs of others are not touched."""
    files = [File(1, 105, WITHDRAWN, 107), File(1, 120, REJECTED, 125), File(1, 140, GRANTED, 150), File(2, 105)]
    found = became(files, [Now(), Now(IDLE, 4), Now(APPLIED)])
    assert found == [set(), set(FOLLOWED), {"attempted", "filed"}]


def test_only_needs_of_the_cohort_are_counted() -> None:
    """The file of a need that is not in it falls nowhere."""
    files = [File(0, 105, GRANTED, 106), File(2, 105, GRANTED, 106)]
    a = {name: np.array([getattr(one, name) for one in files]) for name in File._fields}
    needs = {name: np.array([getattr(Now(), name)] * 3) for name in Now._fields}
    world = SimpleNamespace(
        counts=SimpleNamespace(applications=np.array([2])),
        applications=SimpleNamespace(**a),
        needs=SimpleNamespace(key=np.arange(3) * 8, **needs),
    )
    rows = np.array([2, 1])
    found = followed(world, Cohort(DAY, rows, rows * 0, rows * 0 + 3, rows * 0), WINDOW)  # type: ignore[arg-type]
    assert found["granted"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("now", "attempted"),
    [
        (Now(OPEN, 3, 0), False),
        (Now(OPEN, 3, 1), True),  # tries later
        (Now(IDLE, 4, 1), True),  # gave up
        (Now(IDLE, 4, 0), False),  # ended with time
        (Now(OPEN, 4, 1), False),  # the next need has failed, of this one nothing is known
        (Now(IDLE, 5, 1), False),
    ],
)
def test_a_failed_attempt_is_one_though_nothing_was_filed(now: Now, attempted: bool) -> None:
    assert became([], [now]) == [{"attempted"} if attempted else set()]


def test_what_failed_before_the_first_day_is_no_attempt() -> None:
    assert became([], [Now(OPEN, 3, 2), Now(OPEN, 3, 3), Now(IDLE, 4, 2)], failures=2) == [set(), {"attempted"}, set()]
