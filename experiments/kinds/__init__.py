"""Kinds of study, one a file. Whoever adds one adds its class here."""

from __future__ import annotations

from collections.abc import Mapping

from keliling.experiments.kinds.base import Kind
from keliling.experiments.kinds.crossed import Crossed
from keliling.experiments.kinds.frequency import Frequency
from keliling.experiments.kinds.grid import Grid
from keliling.experiments.kinds.latin import Latin
from keliling.experiments.kinds.morris import Morris
from keliling.experiments.kinds.pawn import Pawn
from keliling.experiments.kinds.sobol import Sobol
from keliling.experiments.kinds.table import Table
from keliling.experiments.kinds.tornado import Tornado

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (Frequency(), Grid(), Crossed(), Latin(), Table(), Tornado(), Morris(), Sobol(), Pawn())
}
