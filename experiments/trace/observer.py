"""A model with a watcher at each routine, and a watcher that notes whom outreach reached.

The model is not altered: each routine is the model's own, with a look before and after it. Looking reads the columns
of the World and writes nothing, so a watched run is the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from keliling.sim.kernels.simulation import Progress
from keliling.sim.model import CoproductionModel
from keliling.sim.records import MONTH
from keliling.sim.rules.outreach import PREPARATION


class Watcher(Protocol):
    """Who looks on: told before and after each routine, by the routine's name."""

    def before(self, routine: str) -> None:
        """The state is that in which the routine begins."""

    def after(self, routine: str) -> None:
        """The routine is over."""


class WatchedModel(CoproductionModel):
    """The model with a watcher at each of its six routines."""

    watcher: Watcher

    def needs_arise(self) -> None:
        """Routine 1, watched."""
        self._watched("needs_arise")

    def cycles_advance(self) -> None:
        """Routine 2, watched."""
        self._watched("cycles_advance")

    def residents_decide(self) -> None:
        """Routine 3, watched."""
        self._watched("residents_decide")

    def office_serves(self) -> None:
        """Routine 4, watched."""
        self._watched("office_serves")

    def residents_experience(self) -> None:
        """Routine 5, watched."""
        self._watched("residents_experience")

    def calendar_turns(self) -> None:
        """Routine 6, watched."""
        self._watched("calendar_turns")

    def _watched(self, routine: str) -> None:
        self.watcher.before(routine)
        getattr(CoproductionModel, routine)(self)
        self.watcher.after(routine)


def live(model: CoproductionModel, progress: Progress | None, until: Callable[[], bool] | None = None) -> None:
    """Live all days that are left, or until ``until`` holds, reporting the days lived since the last report."""
    told = model.day
    while model.day < model.plan.days and not (until is not None and until()):
        model.step()
        if progress is not None and (model.day % MONTH == 0 or model.day == model.plan.days):
            progress(model.day - told)
            told = model.day


class Encounters:
    """Watches all residents for what outreach does to them: rows and days of visits, and of hearing of an event."""

    def __init__(self, model: CoproductionModel) -> None:
        self.model = model
        self.visited: dict[int, list[int]] = {}
        self.heard: dict[int, list[int]] = {}

    def before(self, routine: str) -> None:
        """Nothing: what has passed shows afterwards."""

    def after(self, routine: str) -> None:
        """After the service cycles have advanced: who was visited today, who heard today."""
        model, day = self.model, self.model.day
        if routine != "cycles_advance":
            return
        events = model.running_events()
        if not events:
            return
        for row in np.flatnonzero(model.world.motives.helped_day == day).tolist():
            self.visited.setdefault(row, []).append(day)
        e, needs = model.world.events, model.world.needs
        for event in events:
            if e.design_day.item(event) == day and e.phase.item(event) == PREPARATION:
                for row in np.unique(needs.resident[needs.event == event]).tolist():
                    self.heard.setdefault(row, []).append(day)
