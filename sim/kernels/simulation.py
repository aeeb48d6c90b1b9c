"""One district's run in the compiled engine, as an object: live it, look at it, take a snapshot, branch from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keliling.sim import hypothesis, laws, state
from keliling.sim.beginning import Beginning, begin, day_zero, held_to_laws, roomy
from keliling.sim.errors import InvalidInput, Problem
from keliling.sim.history import History, history, records_of
from keliling.sim.kernels.living import live, ready
from keliling.sim.kernels.willingness import willingness_of
from keliling.sim.records import MONTH, Months, Record, copied, record_of
from keliling.sim.scenario import Scenario, load
from keliling.sim.state import Rows, World
from keliling.sim.terms import step_on

Progress = Callable[[int], None]
LEAST_SIZE = 1e-6  # of a district of which one RW is kept


def prepare() -> None:
    """Compile the engine, or load it, before it is needed: the smallest run makes the types of all runs known."""
    one = Simulation(load("kebon-jeruk-2018", size=LEAST_SIZE))
    ready(one.inputs, one.rows, one.months)


@dataclass(frozen=True)
class Snapshot:
    """The state of a run in the morning of a day, in memory of its own: any number of runs can go on from it."""

    scenario: Scenario
    seed: int
    replicate: int
    day: int
    rows: Rows
    months: Months


class Simulation:
    """One district under one scenario, day by day, by compiled loops; the same bits as ``CoproductionModel``.

    ``seed`` and ``replicate`` key every draw; ``checked``, or KELILING_CHECKED=1 in the environment, verifies the laws
    of the model every day. A population, once built, is shared by the runs that have it in common.
    """

    def __init__(self, scenario: Scenario, *, seed: int = 1, replicate: int = 0, checked: bool = False) -> None:
        begun = begin(scenario, seed, replicate)
        world, months = day_zero(begun)
        self._set_out(begun, checked, 0, world, months)

    def _set_out(self, begun: Beginning, checked: bool, day: int, world: World, months: Months) -> None:
        self.scenario, self.seed, self.replicate = begun.scenario, begun.seed, begun.replicate
        self.ground, self.inputs = begun.ground, begun.inputs
        self.willingness = willingness_of(begun.scenario.hypothesis)
        self.checked = held_to_laws(checked)
        self.day, self.rows, self.months = day, state.rows_of(world), months

    @property
    def world(self) -> World:
        """The state by column; no copy."""
        return state.world_of(self.rows)

    @property
    def records(self) -> list[Record]:
        """The records of the months lived through; what became of a month's applications is as it stands today."""
        return records_of(self.months, self.ground, self.day)

    @property
    def history(self) -> History:
        """What the run leaves behind so far: records, counts by RW and month, filings."""
        return history(self.scenario, self.ground, self.months, self.world, self.day)

    def live(self, until: int | None = None, *, progress: Progress | None = None) -> None:
        """Live on to the morning of day ``until``, by default to the end.

        ``progress`` is called with the days lived, once a month. Raises CheckFailed when a checked run breaks a law,
        InvalidInput when a willingness function of the user's own fails.
        """
        ready(self.inputs, self.rows, self.months)
        end = self.scenario.days if until is None else min(until, self.scenario.days)
        while self.day < end:
            to = self.day + 1 if self.checked else min((self.day // MONTH + 1) * MONTH, end)
            self._live(to)
            lived, self.day = to - self.day, to
            if self.checked:
                lived_on = self.day - 1
                levers = self.inputs.levers[step_on(self.inputs, lived_on)]
                laws.check(self.world, self.ground.population, levers, lived_on)
                if self.day % MONTH == 0:
                    last = record_of(self.months, self.day // MONTH - 1, self.ground.permits)
                    laws.check_record(last, lived_on)
            if progress is not None:
                progress(lived)

    def _live(self, until: int) -> None:
        try:
            self.rows = live(self.inputs, self.rows, self.months, self.day, until, self.willingness)
        except Exception as error:
            if self.scenario.hypothesis.path is None or isinstance(error, (MemoryError, SystemError)):
                raise
            if isinstance(error, FloatingPointError):
                raise hypothesis.unusable(self.scenario.hypothesis.name, self.inputs.unusable.item(0)) from None
            raise hypothesis.failed(self.scenario.hypothesis.name, error) from error

    def snapshot(self) -> Snapshot:
        """The state now, copied."""
        rows, months = state.copied(self.rows), copied(self.months)
        return Snapshot(self.scenario, self.seed, self.replicate, self.day, rows, months)

    @classmethod
    def resume(cls, snapshot: Snapshot, scenario: Scenario | None = None, *, checked: bool = False) -> Simulation:
        """A run that goes on from a snapshot, under its scenario or another that shares the past up to its day.

        Raises InvalidInput when the other scenario differs before that day.
        """
        scenario = scenario or snapshot.scenario
        differs = scenario.first_difference(snapshot.scenario)
        if differs < snapshot.day:
            rule = f"differs from {snapshot.scenario.name} on day {differs}, before the snapshot of day {snapshot.day}"
            raise InvalidInput([Problem("resume()", 0, 0, "scenario", scenario.name, rule)])
        begun = begin(scenario, snapshot.seed, snapshot.replicate)
        world = roomy(state.world_of(state.copied(snapshot.rows)), begun)
        one = cls.__new__(cls)  # there is no day 0 to be drawn
        one._set_out(begun, checked, snapshot.day, world, copied(snapshot.months))
        return one

    def branch(self, scenario: Scenario) -> Simulation:
        """A run that goes on from here under another scenario that shares the past; this one can go on too.

        Raises InvalidInput when the other scenario differs before today.
        """
        here = Snapshot(self.scenario, self.seed, self.replicate, self.day, self.rows, self.months)
        return Simulation.resume(here, scenario, checked=self.checked)
