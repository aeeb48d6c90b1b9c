"""Small worlds that several tests look at. Every run of the suite is checked against the laws of the model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from keliling.sim.model import CoproductionModel
from keliling.sim.scenario import Scenario, load

SMALL = 0.05
# Every model of the suite, in this process or in one that it starts, is held to the laws on every day.
os.environ["KELILING_CHECKED"] = "1"
# Drawn cases are the same in every run, so that a red suite is a fault of the change at hand.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def lived() -> Callable[..., CoproductionModel]:
    """Build and live a small model through: ``lived(scenario_or_name, days=..., **options)``."""

    def live(
        scenario: Scenario | str, *, days: int | None = None, size: float = SMALL, **options: object
    ) -> CoproductionModel:
        if isinstance(scenario, str):
            scenario = load(scenario, size=size)
        model = CoproductionModel(scenario, checked=True, **options)
        for _ in range(scenario.days if days is None else days):
            model.step()
        return model

    return live


@pytest.fixture(scope="session")
def programme(lived: Callable[..., CoproductionModel]) -> CoproductionModel:
    """Weekly events at a tenth of Kebon Jeruk, lived to the end; look at it, do not step it."""
    return lived("kebon-jeruk-weekly", size=0.1)


@pytest.fixture(scope="module")
def unchecked() -> Iterator[None]:
    """For modules that live many days or runs: the laws are held by others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KELILING_CHECKED", "0")
        yield


@pytest.fixture(autouse=True)
def laws_are_held_by_the_shorter_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes long would take fifty times as long under the laws of every day."""
    if request.node.get_closest_marker("verify"):
        monkeypatch.setenv("KELILING_CHECKED", "0")
