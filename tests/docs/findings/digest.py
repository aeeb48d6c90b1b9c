"""What a part of the record depends on, as three digests that a test can compute again in half a minute.

*golden*  The golden runs, which ``tests/golden`` holds to the code to the bit, and the tables of ``sim/data`` that no
          scenario holds. They change exactly when numbers do. A digest of source text would go stale with every
          comment.
*inputs*  The part as it is planned, and what it is given: the scenarios' own digests (every value, the profile and the
          dated levers, no words), of a study also its file and the ranges of the register, and the formulas of outcomes.
*trial*   What no golden run holds: the code that makes findings of runs (designs, pairing, intervals, rankings,
          indices), and what only acts in the part's own scenarios. The part is measured so small that it takes a second
          or two, a study as the trial of its kind (``trials.py``), and the results are digested to ``DIGITS`` digits.

A hole that is left: a change that acts only in worlds of a study that neither the golden runs nor the three worlds of
the trial of everything come near.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from keliling.sim.parameters import data_text, register
from keliling.sim.scenario import load
from tests.docs.findings import trials
from tests.docs.findings.measure import measured
from tests.docs.findings.plan import Asked, Pair, Part, Reference, Signs, Study, scenario
from tests.golden import rewrite as golden

DIGITS = 9  # as closely as golden runs are compared
TABLES = ("satisfaction.csv", "ikm_categories.csv", "krejcie_morgan.csv")
FORMULA = ("name", "better", "scale", "numerator", "denominator")
VARIED = ("name", "kind", "type", "default", "low", "high", "choices")
CHANGED = {
    "golden": "the golden runs are others",
    "inputs": "its plan, scenarios or ranges are others",
    "trial": "its trial comes to something else",
}


def depends_on(part: Part, name: str) -> dict[str, str]:
    """The three digests of a part."""
    return {"golden": golden_digest(), "inputs": inputs(part), "trial": trial(part, name)}


def stale(plan: Mapping[str, Part], record: Mapping[str, Any]) -> dict[str, str]:
    """Parts of the plan that have to be measured, each with the reason."""
    found = {}
    for name, part in plan.items():
        if name not in record:
            found[name] = "was never measured"
            continue
        now, then = depends_on(part, name), record[name]["depends_on"]
        changed = [CHANGED[key] for key in now if now[key] != then.get(key)]
        if changed:
            found[name] = "; ".join(changed)
    return found


@cache
def golden_digest() -> str:
    """Of the golden runs' numbers, as closely as they are compared, and of the tables."""
    runs = {path.stem: golden.kept(path.stem) for path in sorted(golden.FOLDER.glob("*.json"))}
    return digest([runs, {name: list(csv.reader(StringIO(data_text(name)))) for name in TABLES}])


def inputs(part: Part) -> str:
    """Of the plan of a part and of all that it is given."""
    found: dict[str, Any] = {"part": declared(part), "outcomes": formulas()}
    if isinstance(part, Pair):
        found["scenarios"] = _scenarios((part.baseline, part.policy), size=part.size)
    elif isinstance(part, Reference | Asked):
        found["scenarios"] = _scenarios((part.scenario,), size=part.size)
    elif isinstance(part, Signs):
        names = [name for site in part.sites for name in site]
        found |= {"scenarios": _scenarios(names, size=part.size), "varied": varied()}
    else:
        declares = part.declares()
        found["study"] = {key: value for key, value in declares.items() if key not in ("title", "question")}
        found["scenarios"] = _scenarios(part.scenarios())
        if "table" in declares:
            found["table"] = (part.file.parent / declares["table"]).read_text(encoding="utf-8")
        if "factors" in declares:
            found["varied"] = varied()
    return digest(found)


def trial(part: Part, name: str) -> str:
    """Of what a part comes to when it is small."""
    if isinstance(part, Study):
        return digest([results_of_kind(kind) for kind in _kinds(part)])
    return digest(results_when_small(part, name))


@cache
def results_when_small(part: Asked | Pair | Reference | Signs, name: str) -> dict[str, Any]:
    """What a comparison, a trial or the count of signs comes to when it is small."""
    with tempfile.TemporaryDirectory() as aside:
        return _quietly(part.small(), name, Path(aside))


@cache
def results_of_kind(kind: str) -> dict[str, Any]:
    """What the trial of a kind of study comes to."""
    with tempfile.TemporaryDirectory() as aside:
        return _quietly(Study(trials.written(kind, Path(aside))), kind, Path(aside))


def _kinds(part: Study) -> list[str]:
    declares = part.declares()
    return [declares["kind"], *([trials.EVERYTHING] if "factors" in declares else [])]


def _quietly(part: Part, name: str, folder: Path) -> dict[str, Any]:
    """Measure without a word, unless it fails."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return measured(part, name, folder)
    except BaseException:
        sys.stderr.write(said.getvalue())
        raise


def digest(content: Any) -> str:
    """Of numbers to ``DIGITS`` digits, and of texts."""
    text = json.dumps(_rounded(content), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _rounded(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {str(key): _rounded(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_rounded(value) for value in content]
    return f"{content:.{DIGITS}g}" if isinstance(content, float) else content


def declared(part: Part) -> dict[str, Any]:
    """A part as it is planned; a study by the name of its file."""
    planned = asdict(part)
    return planned | {"file": planned["file"].name} if "file" in planned else planned


def _scenarios(names: Any, **settings: Any) -> list[str]:
    with tempfile.TemporaryDirectory() as aside:
        return [load(scenario(name, Path(aside)), **settings).digest() for name in names]


def formulas() -> list[list[str]]:
    rows = csv.DictReader(StringIO(data_text("outcomes.csv")))
    return [[row[key] for key in FORMULA] for row in rows]


def varied() -> list[list[Any]]:
    return [[getattr(one, key) for key in VARIED] for one in register().values()]
