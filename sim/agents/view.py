"""An agent is a view of a row: its attributes read and write the columns of the World."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mesa

from keliling.sim.rules.influence import faded
from keliling.sim.sums import grains

if TYPE_CHECKING:
    from keliling.sim.model import CoproductionModel


class Column:
    """Attribute that reads and writes one column of one table at the agent's row."""

    def __init__(self, table: str, meaning: str, column: str = "") -> None:
        self.table, self.name = table, column
        self.__doc__ = meaning

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __get__(self, agent: Any, owner: type | None = None) -> Any:
        if agent is None:
            return self
        return getattr(getattr(agent.model.world, self.table), self.name).item(agent.row)

    def __set__(self, agent: Any, value: float) -> None:
        getattr(getattr(agent.model.world, self.table), self.name)[agent.row] = value


class Trait:
    """Attribute that reads one column of the population; it never changes."""

    def __init__(self, meaning: str) -> None:
        self.__doc__ = meaning

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, agent: Any, owner: type | None = None) -> Any:
        if agent is None:
            return self
        return getattr(agent.model.population, self.name).item(agent.row)


class Fading:
    """Attribute that fades toward a rest: reading computes today's value, writing anchors it to today.

    ``rest`` names a column of the population, or is a number; ``half_life`` names a parameter.
    """

    def __init__(self, table: str, rest: str | float, half_life: str, meaning: str, column: str = "") -> None:
        self.table, self.rest, self.half_life, self.name = table, rest, half_life, column
        self.__doc__ = meaning

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name
        self.day = f"{self.name}_day"

    def __get__(self, agent: Any, owner: type | None = None) -> Any:
        if agent is None:
            return self
        model, row = agent.model, agent.row
        table = getattr(model.world, self.table)
        rest = getattr(model.population, self.rest).item(row) if isinstance(self.rest, str) else self.rest
        days = model.day - getattr(table, self.day).item(row)
        return faded(getattr(table, self.name).item(row), rest, days, getattr(model.p, self.half_life))

    def __set__(self, agent: Any, value: float) -> None:
        table = getattr(agent.model.world, self.table)
        getattr(table, self.name)[agent.row] = value
        getattr(table, self.day)[agent.row] = agent.model.day


class _Summed:
    """What an attribute has whose sum over all agents is kept as it changes."""

    name: str

    def __set__(self, agent: Any, value: float) -> None:
        getattr(agent.model.world.sums, self.name)[0] += grains(value - getattr(agent, self.name))
        super().__set__(agent, value)  # type: ignore[misc]


class SummedColumn(_Summed, Column):
    """A column whose sum is kept."""


class SummedFading(_Summed, Fading):
    """A fading attribute whose sum is kept."""


class RowAgent(mesa.Agent):
    """A Mesa agent that stands for row ``row`` of a table of the World."""

    model: CoproductionModel

    def __init__(self, model: CoproductionModel, row: int) -> None:
        super().__init__(model)
        self.row = int(row)
