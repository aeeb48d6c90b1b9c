"""Kinds of study, one a file. Whoever adds one adds its class here: to KINDS where a study's file may name it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keliling.experiments.kinds.base import Kind
from keliling.experiments.kinds.comparison import Compared
from keliling.experiments.kinds.crossed import Crossed
from keliling.experiments.kinds.frequency import Frequency
from keliling.experiments.kinds.grid import Grid
from keliling.experiments.kinds.latin import Latin
from keliling.experiments.kinds.morris import Morris
from keliling.experiments.kinds.pawn import Pawn
from keliling.experiments.kinds.replicated import Replicated
from keliling.experiments.kinds.signs import SignsOfEffects
from keliling.experiments.kinds.sobol import Sobol
from keliling.experiments.kinds.table import Table
from keliling.experiments.kinds.tornado import Tornado

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Frequency(),
        Grid(),
        Crossed(),
        Latin(),
        Table(),
        Tornado(),
        Morris(),
        Sobol(),
        Pawn(),
        SignsOfEffects(),
    )
}

OF_COMMANDS: Mapping[str, Replicated] = {kind.name: kind for kind in (Replicated(), Compared())}
"""Those that a command asks for."""


def kind_of(name: str) -> Any:
    """The kind of this name, whoever asks for it: it has rounds, results and a report."""
    return KINDS[name] if name in KINDS else OF_COMMANDS[name]
