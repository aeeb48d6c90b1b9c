"""Small studies, one of each kind that is shipped, and one that draws everything: what the analysis makes of them.

The golden runs hold what is lived. What is made of many runs (designs, intervals, rankings, indices) has no golden run
of its own, so a finding rests on the results of its kind's trial as well (``digest.py``).
"""

from __future__ import annotations

from pathlib import Path

HEAD = """\
title = "A trial"
question = "Does the analysis come to the same?"
kind = "{kind}"
baseline = "{baseline}"
size = 0.05
outcomes = ["rejected_share", "delayed_share", "ikm", "satisfaction", "utilisation", "granted", "cost"]
"""
YEAR = """
[parameters]
years = 1
first_year = 2019
warmup_years = 0
"""
POLICIES = """
[policies]
monthly = { events_per_month = 4.0, from = "2019-01" }
weekly = { events_per_month = 8.0, from = "2019-01" }
"""
FACTORS = """
[factors]
document_error = true
officers = [3, 8]
brokers = true
"""
CONDITIONS = """
[conditions]
two-types = {}
mixed = { hypothesis = "mixed" }
alike = { between_rws = 0.0 }
[smallest]
rejected_share = 0.5
[predicted.mixed]
weekly = { ikm = 1 }
"""
LEVERS = """
[levers]
events_per_month = [0, 8]
officers = [3, 8]
"""
PRECISION = """
[precision]
outcome = "rejected_share"
half_width = 2.0
least = 2
most = 6
look_ahead = 1
"""
BASE, CROWDED = "kebon-jeruk-2018", "kebon-jeruk-crowded-2018"
EVERYTHING = "everything"
KINDS = {
    "frequency": (CROWDED, "events_per_month = [0, 1, 2, 4, 8]\n" + YEAR + PRECISION),
    "grid": (BASE, "replicates = 3\n" + LEVERS + YEAR),
    "crossed": (BASE, "replicates = 3\n" + YEAR + POLICIES + CONDITIONS),
    "latin": (BASE, "points = 50\n" + YEAR + POLICIES + FACTORS),
    "pawn": (BASE, "points = 50\n" + YEAR + POLICIES + FACTORS),
    "tornado": (BASE, "replicates = 2\n" + YEAR + POLICIES + FACTORS),
    "morris": (BASE, "points = 4\n" + YEAR + POLICIES + FACTORS),
    "sobol": (BASE, "points = 8\n" + YEAR + POLICIES + FACTORS),
    "table": (BASE, 'table = "trial.csv"\nreplicates = 2\n' + YEAR + POLICIES),
    EVERYTHING: (BASE, "points = 3\n" + YEAR + POLICIES + "\n[factors]\nall = true\n"),
}
"""The baseline of each trial and the rest of its file; the last lives worlds in which nothing is at its default."""
TABLE = "document_error,officers\n0.03,3\n0.07,8\n"


def written(kind: str, folder: Path) -> Path:
    """The study file of a kind's trial. Raises KeyError for a kind without one: give it one."""
    baseline, rest = KINDS[kind]
    path = folder / f"trial-{kind}.toml"
    head = HEAD.format(kind="latin" if kind == EVERYTHING else kind, baseline=baseline)
    path.write_text(head + rest, encoding="utf-8")
    (folder / "trial.csv").write_text(TABLE, encoding="utf-8")
    return path
