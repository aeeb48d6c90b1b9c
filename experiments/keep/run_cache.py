"""Finished runs kept on disk, so that a long job that was stopped goes on where it was.

One small file a run. Its name holds what determines the result (the scenario's digest, seed, replicate, population
seed, engine, and a digest of the code), so that a run is never taken for another or for one of other code. A file is
written aside, flushed to the disk and renamed: it is whole or it is not there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keliling.experiments.keep.files import write_whole
from keliling.experiments.keep.provenance import made_by
from keliling.sim.history import Filings, History, Invitations
from keliling.sim.records import BY_RW
from keliling.sim.scenario import Scenario


class RunCache:
    """The finished runs of one engine in one folder. ``warn`` is told of each damaged file, which is then run anew."""

    def __init__(
        self, folder: Path, engine: str = "kernel", warn: Callable[[str], None] = lambda message: None
    ) -> None:
        self.folder, self.engine, self.warn = folder, engine, warn

    def path(self, scenario: Scenario, seed: int, replicate: int) -> Path:
        """Where the run of a district's scenario is kept."""
        code = hashlib.blake2b(json.dumps(made_by(self.engine), sort_keys=True).encode(), digest_size=4).hexdigest()
        key = f"{scenario.digest()}-seed{seed}-replicate{replicate}-population{scenario.population_seed}"
        return self.folder / f"{key}-{self.engine}-{code}.json"

    def find(self, scenario: Scenario, seed: int, replicate: int, *, checked: bool = False) -> History | None:
        """The history of a finished run; None when there is none, when it is damaged, or not checked as asked."""
        path = self.path(scenario, seed, replicate)
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            self.warn(f"{path}: cannot be read ({error}); this run is done again")
            return None
        try:
            entry = json.loads(text)
            content, stated = entry["run"], entry["check"]
            if _check(content) != stated or content["key"] != self._key(scenario, seed, replicate):
                raise ValueError
            records = [dict(zip(content["names"], row, strict=True)) for row in content["rows"]]
            if len(records) != scenario.months:
                raise ValueError
            rws = _array(content["rws"], np.int64)
            by_rw = _array(content["by_rw"], np.int32).reshape(len(records), rws.size, len(BY_RW))
            kinds = zip(Filings._fields, (np.int64, np.int32, np.bool_), strict=True)
            filings = Filings(*(_array(content["filings"][name], kind) for name, kind in kinds))
            invitations = Invitations(*(_array(content["invitations"][name], np.int64) for name in Invitations._fields))
        except (ValueError, KeyError, TypeError, RecursionError, zlib.error):
            self.warn(f"{path}: is damaged; this run is done again")
            return None
        found = History(scenario.profile.slug, records, rws, by_rw, filings, invitations)
        return found if content["checked"] or not checked else None

    def keep(self, scenario: Scenario, seed: int, replicate: int, run: History, *, checked: bool) -> None:
        """Keep a finished run. Raises KelilingError when the disk does not take it."""
        names = list(run.records[0])
        content = {
            "key": self._key(scenario, seed, replicate),
            "scenario": scenario.name,
            "checked": checked,
            "made_by": made_by(self.engine),
            "names": names,
            "rows": [[record[name] for name in names] for record in run.records],
            "rws": _text(run.rws),
            "by_rw": _text(run.by_rw.ravel()),
            "filings": {name: _text(column) for name, column in run.filings._asdict().items()},
            "invitations": {name: _text(column) for name, column in run.invitations._asdict().items()},
        }
        text = json.dumps({"check": _check(content), "run": content}, separators=(",", ":"))
        write_whole(self.path(scenario, seed, replicate), text.encode())

    def _key(self, scenario: Scenario, seed: int, replicate: int) -> list[Any]:
        return [scenario.digest(), seed, replicate, scenario.population_seed, made_by(self.engine)]


def _text(whole: NDArray[Any]) -> str:
    """Whole numbers as text, small: each as its difference to the one before, and that packed."""
    steps = np.diff(whole.astype(np.int64), prepend=0)
    return base64.b64encode(zlib.compress(steps.astype("<i8").tobytes())).decode()


def _array(text: str, kind: type[np.generic]) -> NDArray[Any]:
    """The whole numbers of such a text."""
    return np.cumsum(np.frombuffer(zlib.decompress(base64.b64decode(text)), "<i8")).astype(kind)


def _check(content: Any) -> str:
    """Digest by which a damaged file is known."""
    text = json.dumps(content, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
