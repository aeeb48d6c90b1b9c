"""What commands of many runs write, digested: every shipped study, comparisons and signs, small. ``make golden``
rewrites the digests and names the tables that moved.

Of a table every row but the header counts, numbers to nine digits. Whoever moves code and no number sees none move.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import re
import tempfile
from pathlib import Path

from keliling.experiments.cli import cli
from keliling.experiments.plan.study_file import shipped_studies

FILE = Path(__file__).parent / "tables.csv"
SMALL = ("--size", "0.02")
POINTS = {"screening": 3, "variance": 4, "which-assumptions-flip-the-advice": 32}
COMPARISONS = {
    "compare": ("compare", "kebon-jeruk-2018", "kebon-jeruk-2019", "kebon-jeruk-weekly", "--replicates", "3", *SMALL),
    "compare-horizon": (
        *("compare", "kebon-jeruk-no-outreach", "kebon-jeruk-weekly-stopped", "--horizon", "6", "--replicates", "2"),
        *("--size", "0.01", "--year", "2019"),
    ),
    "compare-province": ("compare", "dki-jakarta-2018", "dki-jakarta-2019", "--replicates", "2", "--size", "0.002"),
    "run": ("run", "kebon-jeruk-weekly", "--replicates", "2", *SMALL),
    "signs": (
        *("signs", "kebon-jeruk-2018", "kebon-jeruk-2019", "grogol-petamburan-2018", "grogol-petamburan-2019"),
        *("--draws", "4", *SMALL),
    ),
}


def cases() -> dict[str, tuple[str, ...]]:
    """The words of every command by the name of its case."""
    found = dict(COMPARISONS)
    for name, path in shipped_studies().items():
        points = ("--points", str(POINTS[name])) if name in POINTS else ("--replicates", "2")
        found[name] = ("study", str(path), *points, *SMALL)
    return found


def digests(words: tuple[str, ...]) -> dict[str, str]:
    """Every table that a command writes, digested."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        words = tuple(_small(word, Path(folder)) for word in words)
        command = [*words, "--out", folder, "--quiet", *([] if words[0] in ("run", "signs") else ["--no-figures"])]
        code = cli.main(command, prog_name="keliling", standalone_mode=False)
        assert not code, f"{words} ended with {code}"
        tables = sorted(Path(folder).glob("*.csv"))
        assert tables, f"{words} wrote no table"
        return {path.stem: _digest(path) for path in tables}


def _small(word: str, folder: Path) -> str:
    """A word of a command; of a study's file a copy that a test can afford: of a list of RWs the one that is left at
    this size, and in the screening three factors instead of all."""
    if not word.endswith(".toml"):
        return word
    copy = folder / Path(word).name
    text = re.sub(r"target_list = \[[^]]*\]", "target_list = [1]", Path(word).read_text(encoding="utf-8"))
    if copy.stem == "screening":
        text = text.replace("all = true", "document_error = true\nofficers = [3, 8]\nown_files = true")
    copy.write_text(text, encoding="utf-8")
    return str(copy)


def _digest(path: Path) -> str:
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))[1:]
    text = json.dumps([[_rounded(cell) for cell in row] for row in rows], separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _rounded(cell: str) -> str:
    try:
        return f"{float(cell):.9g}"
    except ValueError:
        return cell


def kept() -> dict[str, dict[str, str]]:
    """What is kept of every case."""
    found: dict[str, dict[str, str]] = {}
    for case, table, digest in csv.reader(FILE.read_text(encoding="utf-8").splitlines()[1:]):
        found.setdefault(case, {})[table] = digest
    return found


def rewritten() -> list[str]:
    """Live every case and keep its digests; the tables that moved."""
    old = kept() if FILE.exists() else {}
    new = {name: digests(words) for name, words in cases().items()}
    lines = [",".join((case, table, digest)) for case, tables in new.items() for table, digest in tables.items()]
    FILE.write_text("\n".join(["case,table,digest", *lines]) + "\n", encoding="utf-8")
    return [
        f"{name}: {table}" for name in new for table in new[name] if old.get(name, {}).get(table) != new[name][table]
    ]
