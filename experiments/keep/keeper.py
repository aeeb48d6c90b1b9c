"""What whoever keeps the finished runs of a study can do, whatever it keeps of them and in which form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from keliling.experiments.plan.study import Job

FINISHED, STOPPED, FAILED = "finished", "stopped", "failed"
"""How work on a study ends."""
Row = dict[str, Any]
"""One finished run: its key, point, replicate and policy, its error or None, and what the study keeps of it."""


class Keeper(Protocol):
    """Keeps finished runs; each is known by its key (``Study.key``)."""

    @property
    def where(self) -> str:
        """What becomes of finished runs when a study ends early, after "they are"."""

    def held(self) -> AbstractContextManager[None]:
        """Hold what it keeps, so that no other process is at work on it. Raises StoreError."""

    def open(self, **words: Any) -> None:
        """Begin, or go on; ``words`` say where and how. Raises StoreError, InvalidInput when it cannot be used."""

    def finished(self, jobs: Iterable[Job]) -> set[str]:
        """The keys of finished runs, those of these jobs among them."""

    def runs(self) -> Any:
        """All finished runs, in the form that the kind of study reads."""

    def write(self, rows: Sequence[Row]) -> None:
        """Keep finished runs: once this returns they survive anything. Raises KelilingError."""

    def compact(self, jobs: Sequence[Job]) -> Any:
        """Put in order what is kept, now that these jobs are all; returns the runs."""

    def close(self, how: str = FINISHED) -> None:
        """Note how it ended, in a word."""
