"""Measures a part by the very command that a reader would give, and condenses the tables that the command writes.

What was lived is kept in the command's folder, so a part that was interrupted goes on where it was. All else here is
reading: nothing is computed that a table of the command holds.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.intervals import interval, mean
from keliling.experiments.cli import cli
from keliling.experiments.keep.study_store import rows_made_by
from keliling.sim.outcomes import outcomes
from keliling.sim.scenario import load
from tests.docs.findings.plan import Asked, Pair, Part, Reference, Signs, Study, scenario

SECONDS_A_REPLICATE = 1.0  # of the reference trial, or of asking everybody, at full size, roughly
TOP = 12  # factors that are kept of each target
NUMBERS = {
    "difference": "mean",
    "baseline_mean": "baseline",
    "policy_mean": "policy",
    "before_mean": "baseline",
    "after_mean": "policy",
}
"""Columns of the tables that have another name in the record."""
ENOUGH = re.compile(r"(\d+) replicates(?: were enough, (\d+) were lived|, the most allowed, were not enough)")
USED = (80.0, 99.0)  # utilisation of the desk, in per cent, from which it is busy and from which it is full

Row = dict[str, Any]


class Stopped(Exception):
    """A command that ended with another exit code than 0; it has said why on stderr."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the command ended with exit code {code}")
        self.code = code


def keliling(*words: object) -> str:
    """Run a command in this process; returns what it wrote to stdout. Raises Stopped."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = cli.main([str(word) for word in words], prog_name="keliling", standalone_mode=False)
    if code:
        raise Stopped(int(code))
    return said.getvalue()


def measured(part: Part, name: str, folder: Path) -> Row:
    """What a part comes to, as the record keeps it; what it lives is kept in ``folder``."""
    if isinstance(part, Pair):
        return _pair(part, folder / name)
    if isinstance(part, Reference):
        return _reference(part)
    if isinstance(part, Asked):
        return _asked(part)
    return _signs(part, folder / name) if isinstance(part, Signs) else _study(part, name, folder)


def seconds(part: Part, name: str, folder: Path) -> float:
    """Roughly how long it takes to measure a part, by the commands' own dry runs."""
    if isinstance(part, Pair):
        return float(_dry(*_pair_command(part, folder / name))["time"])
    if isinstance(part, Study):
        return float(_dry(*study_command(part, name, folder))["time"])
    if isinstance(part, Reference | Asked):
        return SECONDS_A_REPLICATE * part.replicates * part.size
    pairs = [Pair(base, policy, part.size, part.draws, part.seed) for base, policy in part.sites]
    return sum(float(_dry(*_pair_command(one, folder / name))["time"]) for one in pairs)


def _dry(*words: object) -> Row:
    return dict(json.loads(keliling(*words, "--dry-run", "--json")))


# -- a comparison


def _pair_command(part: Pair, out: Path) -> list[object]:
    names = [scenario(name, out) for name in (part.baseline, part.policy)]
    size = [] if part.size == 1.0 else ["--size", part.size]
    counts = ["--replicates", part.replicates, "--seed", part.seed]
    return ["compare", *names, *counts, *size, "--no-figures", "--out", out]


def _pair(part: Pair, out: Path) -> Row:
    command = _pair_command(part, out)
    adults = _dry(*command)["adults"]
    said = keliling(*command)
    rows = table(out / "comparison.csv")
    onlooker: dict[str, Row] = {}
    for row in (row for row in table(out / "before-after.csv") if outcomes()[row["outcome"]].headline):
        onlooker.setdefault(row["scenario"], {})[row["outcome"]] = numbers(row, leave=("before_year", "after_year"))
    found: Row = {
        "adults": adults,
        "year": int(rows[0]["year"]),
        "outcomes": {row["outcome"]: numbers(row, leave=("year", "variance_ratio")) for row in rows},
        "before_after": onlooker,
    }
    return found | ({"output": said.rstrip("\n").split("\n")} if part.shown else {})


# -- the reference trial


def _reference(part: Reference) -> Row:
    size = ["--replicates", part.replicates, "--size", part.size, "--seed", part.seed]
    return dict(json.loads(keliling("trial", "reference", part.scenario, *size, "--json")))


# -- who is asked


def _asked(part: Asked) -> Row:
    size = ["--replicates", part.replicates, "--size", part.size, "--seed", part.seed]
    return dict(json.loads(keliling("ikm", part.scenario, *part.options, *size, "--json")))


# -- signs


def _signs(part: Signs, out: Path) -> Row:
    names = [scenario(name, out) for site in part.sites for name in site]
    size = ["--draws", part.draws, "--size", part.size, "--seed", part.seed]
    keliling("signs", *names, *size, "--out", out)
    worlds: dict[str, list[tuple[str, str, int]]] = {}
    for row in table(out / "worlds.csv"):
        value = float(row["difference"])
        worlds.setdefault(row["world"], []).append((row["policy"], row["outcome"], (value > 0) - (value < 0)))
    counted = Counter(tuple(world) for world in worlds.values())
    return {
        "worlds": len(worlds),
        "combinations": [
            {"worlds": count, "signs": [[name, outcome, sign] for name, outcome, sign in world]}
            for world, count in sorted(counted.items(), key=lambda one: (-one[1], one[0]))
        ],
    }


# -- a study


def study_command(part: Study, name: str, folder: Path) -> list[object]:
    # A folder of its own for every version of the code, the file and its scenarios: the command refuses to mix them.
    made = [rows_made_by(), part.declares(), part.options, [load(one).digest() for one in part.scenarios()]]
    code = hashlib.blake2b(json.dumps(made, sort_keys=True).encode(), digest_size=4).hexdigest()
    return ["study", part.file, *part.options, "--no-figures", "--out", folder / f"{name}-{code}"]


def _study(part: Study, name: str, folder: Path) -> Row:
    command = study_command(part, name, folder)
    about = _dry(*command)
    said = keliling(*command)
    out = Path(str(command[-1]))
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    needed = ("point", "policy", "officers", "utilisation", *manifest["outcomes"])
    runs = table(out / "runs.csv", needed)
    found: Row = {
        "kind": manifest["declares"]["kind"],
        "year": manifest["declares"]["year"],
        "adults": about["adults"],
        "factors": about["factors"],
        "worlds": len({row["point"] for row in runs}),
        "runs": len(runs),
        "policies": _by_policy(table(out / "decision.csv")),
        "ranking": {
            row["policy"]: numbers(row, leave=("arm", "policy", "title")) for row in table(out / "ranking.csv")
        },
        "answers": {row["outcome"]: numbers(row, leave=("outcome",)) for row in table(out / "response.csv")},
        "sensitivity": _targets(table(out / "sensitivity.csv")),
        "settling": _settling(table(out / "convergence.csv")),
        "information": [numbers(row) for row in table(out / "information.csv")[:TOP]],
        **_crossed(table(out / "effects.csv"), table(out / "told-apart.csv")),
    }
    if enough := ENOUGH.search(said):
        lived = enough[2] or enough[1]
        found["replicates"] = {"enough": int(enough[1]) if enough[2] else None, "lived": int(lived)}
    if found["kind"] == "latin":
        found["splits"] = _splits(runs, list(found["ranking"]), manifest["outcomes"][0])
    return {key: value for key, value in found.items() if value}


def _by_policy(rows: Iterable[Row]) -> Row:
    found: dict[str, Row] = {}
    for row in rows:
        kept = {"policy": number(row.pop("mean"))} | numbers(row, leave=("arm", "policy", "title", "outcome"))
        found.setdefault(row["policy"], {})[row["outcome"]] = kept
    return found


def _crossed(effects: Sequence[Row], pairs: Sequence[Row]) -> Row:
    """By outcome, condition and policy: of the first condition the effect, of the others how far theirs lies apart where
    the study declares what matters, with the effect itself beside it, and else what the condition changes under the
    policy."""
    if not effects:
        return {}
    first, declared = effects[0]["condition"], any(row["smallest"] for row in effects)
    found: dict[str, Any] = {}
    for row in effects:
        of = "change" if not declared else "effect" if row["condition"] == first else "apart"
        kept = {key: number(row[name]) for key, name in (("mean", of), ("low", f"{of}_low"), ("high", f"{of}_high"))}
        told = kept["low"] is not None
        clear = told and kept["low"] * kept["high"] > 0.0
        if of == "apart" and row["smallest"]:
            clear = row["verdict"] == "apart"
        same = kept["mean"] == kept["low"] == kept["high"] == 0.0
        kept["mark"] = "same" if same else "clear" if clear else ""
        if of == "apart":
            kept["effect"] = [number(row[name]) for name in ("effect", "effect_low", "effect_high")]
        found.setdefault(row["outcome"], {}).setdefault(row["condition"], {})[row["policy"]] = kept
    said = {
        f"{row['condition']}, {row['policy']}, {row['outcome']}": row["predicted"]
        for row in effects
        if row["predicted"]
    }
    return {"crossed": found, "pairs": [numbers(row) for row in pairs] if declared else [], "predicted": said}


def _targets(rows: Sequence[Row]) -> Row:
    """The first factors of every target but the levels, with their measures; the first measure puts them in order."""
    found: dict[str, Row] = {}
    levels = re.compile(r"(?<! minus) now, ")
    for target in dict.fromkeys(row["target"] for row in rows if not levels.search(row["target"])):
        of = [row for row in rows if row["target"] == target and row["factor"]]
        if not of:
            found[target] = {"note": next(row["note"] for row in rows if row["target"] == target)}
            continue
        of = [row for row in of if row["index"]]
        measures = list(dict.fromkeys(row["index"] for row in of))
        dummies = {row["index"]: number(row["value"]) for row in of if row["factor"] == "dummy"}
        by_factor: dict[str, Row] = {}
        for row in of:
            if row["factor"] != "dummy":
                kept = [number(row[key]) for key in ("value", "low", "high")]
                by_factor.setdefault(row["factor"], {})[row["index"]] = [*kept, row["told"] == "1"]
        order = sorted(by_factor, key=lambda one: -by_factor[one][measures[0]][0])
        found[target] = {
            "points": int(of[0]["points"]),
            "dropped": int(of[0]["dropped"]),
            "floor": dummies,
            **_rests_on(of),
            "sums": {name: sum(one[name][0] for one in by_factor.values()) for name in measures},
            "factors": {name: by_factor[name] for name in order[:TOP]},
        }
    return found


def _rests_on(rows: Sequence[Row]) -> Row:
    """Of how many points the indices are, the fewest and the most, where factors differ in it."""
    counts = [int(row["rests_on"]) for row in rows if row["factor"] != "dummy"]
    return {"rests_on": [min(counts), max(counts)]} if min(counts) < max(counts) else {}


def _settling(rows: Sequence[Row]) -> Row:
    """The main measure of the main target by number of points: the first factors of the end."""
    rows = [row for row in rows if row["factor"] not in ("", "dummy")]
    if not rows:
        return {}
    main = rows[0]["index"]
    rows = [row for row in rows if row["index"] == main]
    last = max(int(row["points"]) for row in rows)
    end = sorted((row for row in rows if int(row["points"]) == last), key=lambda row: -float(row["value"]))[:TOP]
    found: dict[str, Row] = {}
    for row in rows:
        if row["factor"] in {one["factor"] for one in end}:
            kept = [number(row[key]) for key in ("value", "low", "high")]
            found.setdefault(row["points"], {})[row["factor"]] = kept
    return found


def _splits(runs: Sequence[Row], policies: Sequence[str], outcome: str) -> Row:
    """What each policy adds to an outcome by how full the desk is now, and by the number of officers where it varies."""
    now = {row["point"]: row for row in _arm(runs, "now")}
    busy, full = USED

    def used(point: str) -> str:
        share = float(now[point]["utilisation"])
        return "less" if share < busy else "busy" if share <= full else "full"

    ways: dict[str, Callable[[str], str]] = {"used": used}
    if len({row.get("officers") for row in now.values()}) > 1:
        ways["officers"] = lambda point: f"{float(now[point]['officers']):g}"
    found: Row = {}
    for way, group in ways.items():
        for policy in policies[1:]:
            added: dict[str, list[float]] = {}
            for row in _arm(runs, policy):
                change = float(row[outcome] or "nan") - float(now[row["point"]][outcome] or "nan")
                if change == change:
                    added.setdefault(group(row["point"]), []).append(change)
            found.setdefault(way, {})[policy] = {
                key: {"n": len(values), "mean": mean(values), "rises": sum(one > 0 for one in values) / len(values)}
                | dict(zip(("low", "high"), interval(values), strict=True))
                for key, values in sorted(added.items())
            }
    return found


def _arm(runs: Iterable[Row], policy: str) -> list[Row]:
    return [row for row in runs if row["policy"] == policy]


# -- tables


def table(path: Path, columns: Sequence[str] = ()) -> list[Row]:
    """The rows of a table that a command wrote, all or some of its columns; none where it wrote no such table."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [{key: row[key] for key in columns or row if key in row} for row in rows]


def numbers(row: Mapping[str, str], leave: Sequence[str] = ()) -> Row:
    """A row as the record keeps it: numbers as numbers, by the record's names."""
    left = ("scenario", "policy", "outcome", "unit", *leave) if "difference" in row else leave
    return {NUMBERS.get(key, key): number(cell) for key, cell in row.items() if key not in left}


def number(cell: str) -> Any:
    """A cell: a whole number, a number, yes or no, none where there is nothing, else its text."""
    if cell in ("True", "False"):
        return cell == "True"
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(cell)
    return cell or None
