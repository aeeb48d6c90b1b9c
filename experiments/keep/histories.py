"""Whole runs of scenarios, each with its history: in memory, and on disk where there is a run cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keliling.experiments.keep.files import ready, sweep
from keliling.experiments.keep.keeper import FINISHED, Row
from keliling.experiments.keep.run_cache import RunCache
from keliling.experiments.plan.study import HISTORY, Arm, Job, Study
from keliling.sim.history import History


class Histories:
    """The histories of a study's runs by key. ``folder`` is where its results will be written, if anywhere.

    With a ``cache`` each is kept as it is finished, for other studies of the same scenarios too. ``checked``: only runs
    whose laws were verified are taken from it.
    """

    def __init__(
        self, study: Study, cache: RunCache | None = None, *, folder: Path | None = None, checked: bool = False
    ) -> None:
        self.study, self.cache, self.folder, self.checked = study, cache, folder, checked
        self._arms = {arm.name: arm for arm in study.arms}
        self._found: dict[str, History] = {}

    @property
    def where(self) -> str:
        """What becomes of finished runs when it ends early, after "they are"."""
        if self.cache is None:
            return "not kept"
        return f"kept in {self.cache.folder}, and the same command goes on from there"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing to hold: a run of a cache is a file of its own, whole or not there."""
        yield

    def open(self, **words: Any) -> None:
        """See that results can be written, and runs kept. Raises InvalidInput."""
        for folder in (self.folder, None if self.cache is None else self.cache.folder):
            if folder is not None:
                ready(folder)
                sweep(folder)

    def finished(self, jobs: Iterable[Job]) -> set[str]:
        """The keys of finished runs; those of these jobs are looked for in the cache."""
        for job in jobs:
            for arm in job.arms:
                key = self.study.key(arm, job.point, job.replicate)
                if key not in self._found and (kept := self._kept(arm, job.replicate)) is not None:
                    self._found[key] = kept
        return set(self._found)

    def _kept(self, arm: Arm, replicate: int) -> History | None:
        if self.cache is None:
            return None
        return self.cache.find(arm.scenario, self.study.seed, replicate, checked=self.checked)

    def runs(self) -> dict[str, History]:
        """All finished runs by key."""
        return self._found

    def write(self, rows: Sequence[Row]) -> None:
        """Keep finished runs. Raises KelilingError when the disk does not take one."""
        for row in rows:
            if self.cache is not None:
                scenario, seed = self._arms[row["policy"]].scenario, self.study.seed
                self.cache.keep(scenario, seed, row["replicate"], row[HISTORY], checked=self.checked)
            self._found[row["key"]] = row[HISTORY]

    def compact(self, jobs: Sequence[Job]) -> dict[str, History]:
        """All finished runs by key."""
        return self._found

    def close(self, how: str = FINISHED) -> None:
        """Nothing to note."""
