"""Two kinds of study that ask more of the house than those that are shipped, and a command that knows them.

``python -m tests.studies.kinds study FILE ...`` is ``keliling`` with these kinds besides. With KILL_ROUND=N in the
environment it kills itself in the N-th round, once a batch of that round is kept.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from keliling.experiments import kinds
from keliling.experiments.analysis.decision import Decision
from keliling.experiments.analysis.results import Results
from keliling.experiments.cli import cli
from keliling.experiments.kinds.base import Kind
from keliling.experiments.plan.points import BASE
from keliling.experiments.plan.study import MONTHS, OUTCOMES, Arm, Job, Round, Study
from keliling.experiments.reports.report import Report, write_found


@dataclass(frozen=True)
class Effect:
    """The mean difference of one arm to its own baseline."""

    policy: str
    baseline: str
    replicates: int
    difference: float


class Knockout(Kind):
    """Policies are dropped and others enter, each against one of two baselines, with replicates of its own number."""

    name = "knockout"

    def rounds(self, study: Study, results: Callable[[], Results]) -> Iterator[Round]:
        """All policies; the better of them longer, and one against a busy desk; then twice what was the better."""
        now, *policies = study.arms
        busy = Arm("busy", "A busy desk", now.scenario.with_(officers=4), baseline="busy")
        yield announced(1, Round(jobs([(arm, 2) for arm in study.arms])))
        best = self._best(results(), policies)
        crowded = replace(best, name="crowded", scenario=best.scenario.with_(officers=4), baseline="busy")
        yield announced(2, Round(jobs([(now, 4), (best, 4), (busy, 2), (crowded, 2)])))
        again = self._best(results(), [best])
        more = again.scenario.with_change("2019-07", events_per_month=6.0)
        yield announced(3, Round(jobs([(now, 3), (replace(again, name="more", scenario=more), 3)])))

    def _best(self, found: Results, among: list[Arm]) -> Arm:
        gained = {name: np.mean(values) for name, values in found.differences("applications").items()}
        return max(among, key=lambda arm: gained[arm.name])

    def most_runs(self, study: Study) -> int:
        """Those of all rounds."""
        return 2 * len(study.arms) + 12 + 6

    def decision(self, results: Results) -> Decision:
        """None."""
        return Decision((), (), "", 0, 0)

    def parts(self, results: Results) -> Mapping[str, Any]:
        """Every policy against its own baseline, over the replicates that both have."""
        found = []
        for at, arm in results.policies:
            values = results.difference("applications", at)
            values = values[~np.isnan(values)]
            found.append(Effect(arm.name, arm.baseline, values.size, float(values.mean())))
        return {"effects": found}

    def write(self, folder: Path, report: Report) -> None:
        """Its effects too."""
        super().write(folder, report)
        write_found(folder / "effects.csv", report.parts["effects"])


@dataclass(frozen=True)
class Peak:
    """The month with the most applications filed, on the mean of replicates."""

    policy: str
    month: int
    filed: float


class Monthly(Kind):
    """Keeps the months of every run, and lives on while two arms peak in one month."""

    name = "monthly"
    keeps = (OUTCOMES, MONTHS)

    def rounds(self, study: Study, results: Callable[[], Results]) -> Iterator[Round]:
        """Two replicates, and two more up to six."""
        for number in (1, 2, 3):
            yield announced(number, Round(study.jobs(2 * number)))
            if len({peak.month for peak in self.peaks(results())}) > len(study.arms):
                return

    def most_runs(self, study: Study) -> int:
        """Those of six replicates."""
        return 6 * len(study.arms)

    def peaks(self, results: Results) -> list[Peak]:
        """Of every arm."""
        filed = results.months["submitted"].mean(axis=1)
        return [Peak(arm.name, int(filed[at].argmax()), float(filed[at].max())) for at, arm in enumerate(results.arms)]

    def parts(self, results: Results) -> Mapping[str, Any]:
        """The peaks."""
        return {"peaks": self.peaks(results)}

    def own_content(self, report: Report) -> dict[str, Any]:
        """As plain data."""
        return {"peaks": [asdict(one) for one in report.parts["peaks"]]}

    def write(self, folder: Path, report: Report) -> None:
        """Its peaks too."""
        super().write(folder, report)
        write_found(folder / "peaks.csv", report.parts["peaks"])


def jobs(replicates: Sequence[tuple[Arm, int]]) -> tuple[Job, ...]:
    """One job a replicate, with the arms that have so many."""
    most = max(count for _, count in replicates)
    return tuple(Job(BASE, number, tuple(arm for arm, count in replicates if number < count)) for number in range(most))


# -- the command


def announced(number: int, following: Round) -> Round:
    """A round that begins; when it is the one in which the process is to die, a watcher looks for its first batch."""
    if os.environ.get("KILL_ROUND") == str(number):
        batches = Path(os.environ["KILL_FOLDER"]) / "batches"
        threading.Thread(target=_die, args=(batches, set(batches.glob("*.parquet"))), daemon=True).start()
    return following


def _die(batches: Path, before: set[Path]) -> None:
    while set(batches.glob("*.parquet")) <= before:
        time.sleep(0.002)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    kinds.KINDS.update({kind.name: kind for kind in (Knockout(), Monthly())})  # type: ignore[attr-defined]
    cli(sys.argv[1:], prog_name="keliling")
