"""Results do not move unnoticed. A change that means to move them rewrites the golden runs (``make golden``)."""

from __future__ import annotations

import pytest

from tests.golden.rewrite import differences, kept, scenarios, sums


@pytest.mark.parametrize("name", ["programme", "crowded", "grogol"])
def test_golden(name: str) -> None:
    moved = differences(kept(name), sums(scenarios()[name]))
    assert not moved, "numbers moved; if that is meant, run `make golden` and say so in CHANGELOG.md:\n" + "\n".join(
        moved[:20]
    )


def test_a_difference_is_found() -> None:
    old = kept("programme")
    new = {year: dict(quantities) for year, quantities in old.items()}
    new["year 1"]["decided"] += 1.0
    new["year 2"]["trust"] *= 1.0 + 1e-6
    assert [line.split(":")[0] for line in differences(old, new)] == ["year 1, decided", "year 2, trust"]
