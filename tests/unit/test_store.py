"""The store of a study: whole or refused by name, the same bytes however it was filled, and open to other programs."""

from __future__ import annotations

import csv
import json
import math
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from filelock import FileLock, Timeout
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st
from pyarrow import parquet

from keliling.experiments.analysis.decision import decide
from keliling.experiments.analysis.results import results_of
from keliling.experiments.keep import study_store as store_module
from keliling.experiments.keep.provenance import made_by
from keliling.experiments.keep.study_store import (
    BATCHES,
    BY_RW,
    DESIGN,
    LABELS,
    LOCK,
    MANIFEST,
    RUNS,
    THIRDS,
    Store,
    StoreError,
    read,
    schema,
)
from keliling.experiments.kinds import KINDS
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.study import Arm, Round, Study, unfinished
from keliling.experiments.reports.report import Report, write_tables
from keliling.experiments.run.executors import Execution, live_batch
from keliling.experiments.run.runner import live_jobs
from keliling.sim.outcomes import outcomes
from keliling.sim.scenario import Scenario, load

FACTORS = (
    Factor("trust_mean", 0.3, 0.8),
    Factor("officers", 3, 8, whole=True),
    Factor("brokers", choices=(False, True)),
    Factor("hypothesis", choices=("mixed", "two-types")),
)
POINTS = 6
NUMBERS = (*outcomes(), *THIRDS)
Row = dict[str, Any]


@cache
def scenario() -> Scenario:
    return load("kebon-jeruk-2018", size=0.01)


def study_of(points: int = POINTS, kind: str = "latin", **changes: Any) -> Study:
    """A study of two arms; its rows here are made up."""
    of = KINDS[kind]
    factors, seed, details = changes.get("factors", FACTORS), changes.get("seed", 1), changes.get("details", ())
    given = {
        "name": "made-up",
        "title": "Made up",
        "question": "Which?",
        "path": "made-up.toml",
        "kind": kind,
        "arms": (Arm("now", "Now", scenario()), Arm("weekly", "Weekly", scenario().with_(events_per_month=4.0))),
        "factors": factors,
        "points": points,
        "replicates": 1,
        "seed": seed,
        "year": 2019,
        "outcomes": ("ikm", "cost"),
        "design": tuple(of.design(factors, points, seed, details)),
        "own_luck": of.own_luck(factors, details),
    }
    return Study(**(given | changes))


def of_table(rows: tuple[Row, ...]) -> Study:
    """A study whose points are these rows."""
    return study_of(kind="table", factors=(), details=rows)


def keys(study: Study) -> list[tuple[int, int]]:
    """The number of the point and the replicate of every job."""
    return [(job.point.number, job.replicate) for job in study.jobs()]


def labels(study: Study, point: int, replicate: int, arm: int) -> Row:
    """By what a run is known."""
    key = study.key(study.arms[arm], study.design[point], replicate)
    return {"key": key, "point": point, "replicate": replicate, "policy": study.arms[arm].name}


def row(study: Study, point: int, replicate: int, arm: int) -> Row:
    """A made-up run: numbers that are no round ones, and its own for every key."""
    luck = random.Random(f"{point} {replicate} {arm}")
    numbers = {name: luck.uniform(-1, 1) * 10.0 ** luck.randint(-8, 8) for name in NUMBERS}
    counts = {name: [luck.randrange(2**20) for _ in range(3)] for name in BY_RW}
    return labels(study, point, replicate, arm) | {"error": None} | numbers | counts


def failed(study: Study, point: int, replicate: int, arm: int) -> Row:
    """A run that failed."""
    return (
        labels(study, point, replicate, arm)
        | {"error": "a law was broken: 3 < 2"}
        | dict.fromkeys(NUMBERS, math.nan)
        | dict.fromkeys(BY_RW)
    )


def known(study: Study) -> set[str]:
    """The keys of all runs of a study."""
    return {row["key"] for row in rows_of(study)}


def by_key(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda one: one["key"])


def rows_of(study: Study) -> list[Row]:
    return [row(study, *job, arm) for job in keys(study) for arm in range(len(study.arms))]


def filled(folder: Path, study: Study, batches: Iterable[list[Row]]) -> Store:
    """A store with these batches."""
    store = Store(folder, study)
    store.open(engine="kernel")
    for batch in batches:
        store.write(batch)
    return store


def refusal(call: Callable[[], Any]) -> str:
    """What a call is refused with."""
    with pytest.raises(StoreError) as caught:
        call()
    return str(caught.value)


# -- what is written is what is read


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Every number to the last bit, by key before compaction and in the order of jobs and arms after it."""
    study = study_of()
    rows = rows_of(study)
    store = filled(tmp_path, study, [rows[6:], rows[:6]])
    assert store.runs().to_pylist() == by_key(rows)
    assert len(list((tmp_path / BATCHES).iterdir())) == 2 and not (tmp_path / RUNS).exists()
    assert store.compact(study.jobs()).to_pylist() == rows
    assert not list((tmp_path / BATCHES).iterdir())
    assert store.runs().to_pylist() == by_key(rows)
    assert store.finished() == known(study)
    content = (tmp_path / RUNS).read_bytes()
    store.compact(store.study.jobs())
    assert (tmp_path / RUNS).read_bytes() == content


def test_an_empty_store(tmp_path: Path) -> None:
    """Nothing lived is a table without rows, with all its columns."""
    store = filled(tmp_path, study_of(), [])
    assert store.runs().num_rows == 0 and store.runs().schema.equals(schema(study_of().keeps))
    assert store.finished() == set()
    assert store.compact(store.study.jobs()).num_rows == 0


@cache
def content_in_one_batch(points: int) -> bytes:
    """The bytes of all runs when they are kept at once."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        study = study_of(points)
        filled(Path(folder), study, [rows_of(study)]).compact(study.jobs())
        return (Path(folder) / RUNS).read_bytes()


@given(luck=st.randoms(use_true_random=False), compacted_after=st.integers(0, 12), again=st.integers(0, 5))
@drawn(max_examples=15)
def test_bytes_depend_on_neither_order_nor_grouping(
    luck: random.Random, compacted_after: int, again: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Jobs shuffled, grouped at random, some lived twice, compacted in between: the same bytes."""
    folder, study = tmp_path_factory.mktemp("store"), study_of()
    jobs = keys(study)
    jobs += luck.choices(jobs, k=again)  # two workers lived these
    luck.shuffle(jobs)
    batches: list[list[Row]] = [[]]
    for job in jobs:
        if batches[-1] and luck.random() < 0.4:
            batches.append([])
        lived = [row(study, *job, arm) for arm in range(2)]
        luck.shuffle(lived)
        batches[-1] += lived
    store = filled(folder, study, batches[:compacted_after])
    store.compact(store.study.jobs())
    for batch in batches[compacted_after:]:
        store.write(batch)
    assert store.compact(store.study.jobs()).num_rows == 2 * POINTS
    assert (folder / RUNS).read_bytes() == content_in_one_batch(POINTS)


def test_a_run_that_two_workers_wrote_counts_once(tmp_path: Path) -> None:
    """Duplicates in two batches, and in a batch and the compacted file."""
    study = study_of()
    rows = rows_of(study)
    store = filled(tmp_path, study, [rows, rows[:4], rows[2:6]])
    assert store.runs().num_rows == len(rows)
    store.compact(store.study.jobs())
    store.write(rows[:2])
    assert store.runs().num_rows == len(rows) and store.finished() == known(study)
    store.compact(store.study.jobs())
    assert (tmp_path / RUNS).read_bytes() == content_in_one_batch(POINTS)


def test_a_job_is_finished_once_all_its_arms_are(tmp_path: Path) -> None:
    """An arm alone does not finish it, nor the same arm twice."""
    study = study_of()
    (first, second, *_) = keys(study)
    store = filled(tmp_path, study, [[row(study, *first, 0), row(study, *first, 1)], [row(study, *second, 0)]])
    store.write([row(study, *second, 0)])

    def left() -> list[tuple[int, list[str]]]:
        jobs = unfinished(study, [Round(study.jobs())], store.finished())
        return [(job.point.number, [arm.name for arm in job.arms]) for job in jobs]

    both = ["now", "weekly"]
    assert left() == [(second[0], ["weekly"]), *((number, both) for number, _ in keys(study)[2:])]
    store.write([row(study, *second, 1)])
    assert left() == [(number, both) for number, _ in keys(study)[2:]]


def test_the_design_is_kept_with_the_types_of_its_factors(tmp_path: Path) -> None:
    """Whole numbers stay whole, switches switches, words words; a point of a tornado has base values elsewhere."""
    store = filled(tmp_path / "latin", study_of(), [])
    design = read(tmp_path / "latin" / DESIGN, store.digest)
    assert {name: str(design.schema.field(name).type) for name in design.column_names} == {
        "point": "int32", "trust_mean": "double", "officers": "int64", "brokers": "bool", "hypothesis": "string",
        "luck": "int64",
    }  # fmt: skip
    for point, kept in zip(study_of().design, design.to_pylist(), strict=True):
        assert kept == {"point": point.number, **point.values, "luck": point.luck}
    filled(tmp_path / "tornado", study_of(kind="tornado"), [])
    base = scenario().values
    assert pd.read_parquet(tmp_path / "tornado" / DESIGN).values.tolist()[:3] == [
        [0, base["trust_mean"], base["officers"], base["brokers"], scenario().hypothesis.name],
        [1, 0.3, base["officers"], base["brokers"], scenario().hypothesis.name],
        [2, 0.8, base["officers"], base["brokers"], scenario().hypothesis.name],
    ]


def test_integers_stay_integers(tmp_path: Path) -> None:
    """Luck beyond 32 bits, and counts, are kept exactly."""
    study = study_of()
    one = row(study, 0, 2**40 + 1, 0)
    (kept,) = filled(tmp_path, study, [[one]]).compact([]).to_pylist()
    assert [type(kept[key]) for key in LABELS] == [int, int, str] and kept["replicate"] == 2**40 + 1
    assert kept["decided_by_rw"] == one["decided_by_rw"] and type(kept["decided_by_rw"][0]) is int


def test_what_the_manifest_says(tmp_path: Path) -> None:
    """Study, code, seed and machine; a sitting for each time the study was gone on with."""
    study = study_of(path="/nowhere/mine.toml", text="title = 1", options={"set": ["pay=1"]})
    store = filled(tmp_path, study, [])
    store.close()
    store.open(engine="agents")
    manifest = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
    assert (manifest["study"], manifest["seed"], manifest["points"]) == ("made-up", 1, POINTS)
    assert (manifest["file"], manifest["options"]) == ("title = 1", {"set": ["pay=1"]})
    assert manifest["made_by"] == store_module.rows_made_by()
    assert manifest["made_by"].items() > made_by("kernel").items()
    first, second = manifest["sittings"]
    assert (first["engine"], second["engine"]) == ("kernel", "agents")
    assert first["from"] <= first["to"] and "to" not in second and manifest["begun"] == first["from"]


# -- what cannot be trusted is named and refused


def batch_of(folder: Path) -> Path:
    (path,) = (folder / BATCHES).iterdir()
    return path


@pytest.mark.parametrize("kept", [0, 1, 4, 11, 0.5, -1])
def test_a_truncated_file_is_refused(kept: float, tmp_path: Path) -> None:
    """Empty, a stump, half, and all but the last byte."""
    store = filled(tmp_path, study_of(), [rows_of(study_of())])
    path = batch_of(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if kept == 0.5 else int(kept)])
    for call in (store.runs, store.finished, lambda: store.compact(())):
        message = refusal(call)
        assert message.startswith(f"{path}: is damaged (") and "lived again" in message
    assert path.exists() and not (tmp_path / RUNS).exists()
    path.unlink()
    assert store.runs().num_rows == 0


def test_a_longer_file_is_refused(tmp_path: Path) -> None:
    """A byte behind the end."""
    store = filled(tmp_path, study_of(), [rows_of(study_of())])
    store.compact(store.study.jobs())
    path = tmp_path / RUNS
    path.write_bytes(path.read_bytes() + b"\0")
    assert f"{path}: is damaged (" in refusal(store.runs)


def test_a_flipped_bit_anywhere_is_refused(tmp_path: Path) -> None:
    """In numbers, names, headers, the digest or the footer: wherever one bit differs the file is not read."""
    store = filled(tmp_path, study_of(), [rows_of(study_of())])
    store.compact(store.study.jobs())
    path = tmp_path / RUNS
    content = path.read_bytes()
    luck = random.Random(8)
    every = {*range(8), *range(len(content) - 40, len(content)), *range(0, len(content), 67)}
    for at in sorted(every):
        damaged = bytearray(content)
        damaged[at] ^= 1 << luck.randrange(8)
        path.write_bytes(bytes(damaged))
        with pytest.raises(StoreError, match="is damaged") as caught:
            read(path, store.digest)
        assert str(caught.value).startswith(f"{path}: "), at
    path.write_bytes(content)
    assert read(path, store.digest).num_rows == 2 * POINTS


def test_a_damaged_design_is_refused(tmp_path: Path) -> None:
    """A study does not go on over a design that cannot be read."""
    store = filled(tmp_path, study_of(), [])
    path = tmp_path / DESIGN
    path.write_bytes(path.read_bytes()[:-9])
    assert refusal(store.open).startswith(f"{path}: is damaged")


def test_a_file_of_another_study_is_refused(tmp_path: Path) -> None:
    """A batch that was copied from elsewhere, and a Parquet file that is none of ours, do not slip in."""
    study = study_of()
    store = filled(tmp_path / "ours", study, [rows_of(study)])
    other = study_of(seed=2)
    filled(tmp_path / "theirs", other, [rows_of(other)])
    copied = tmp_path / "ours" / BATCHES / batch_of(tmp_path / "theirs").name
    copied.write_bytes(batch_of(tmp_path / "theirs").read_bytes())
    assert refusal(store.runs).startswith(f"{copied}: is not of this study")
    parquet.write_table(pa.table({"point": [1]}), copied)
    assert refusal(store.runs).startswith(f"{copied}: is damaged")
    copied.unlink()
    assert store.runs().num_rows == 2 * POINTS


def test_runs_without_a_manifest_are_refused(tmp_path: Path) -> None:
    """A folder with runs of which nothing is known is left alone; one without runs is begun."""
    study = study_of()
    store = filled(tmp_path, study, [rows_of(study)])
    (tmp_path / MANIFEST).unlink()
    assert refusal(store.open) == f"{tmp_path}: holds runs but no {MANIFEST}; choose another --out"
    assert refusal(store.check).startswith(f"{tmp_path}: is no results folder of a study")
    batch_of(tmp_path).unlink()
    store.open()
    store.check()
    (tmp_path / RUNS).write_bytes(b"PAR1")
    (tmp_path / MANIFEST).unlink()
    assert f"{tmp_path}: holds runs" in refusal(store.open)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"3", b"{}", b"\xff\xfe", b'{"format": 2}', b'{"format": 99}',
        b'{"format": 2, "digest": "x", "declares": [], "made_by": {}, "sittings": [], "file": ""}',
        b'{"format": 2, "digest": null, "declares": {}, "made_by": {}, "sittings": [], "file": ""}',
    ],
)  # fmt: skip
def test_a_broken_manifest_is_refused(content: bytes, tmp_path: Path) -> None:
    """No JSON, no manifest, or one of another format: named, and left as it is."""
    study = study_of()
    store = filled(tmp_path, study, [rows_of(study)])
    path = tmp_path / MANIFEST
    path.write_bytes(content)
    for call in (store.open, store.check, store.close):
        message = refusal(call)
        assert message.startswith(f"{path}: ")
        assert ("format 99" if b"99" in content else "cannot be read as a manifest") in message
    assert path.read_bytes() == content


# -- what may change, and what may not


CHANGED = {
    "arms": {"arms": (Arm("now", "Now", scenario().with_(pay=1.0)), Arm("weekly", "Weekly", scenario()))},
    "factors": {"factors": (Factor("trust_mean", 0.3, 0.7), *FACTORS[1:])},
    "seed": {"seed": 2},
    "year": {"year": 2018},
    "kind": {"kind": "pawn"},
}


@pytest.mark.parametrize("what", CHANGED)
def test_another_study_is_refused(what: str, tmp_path: Path) -> None:
    """A changed scenario, factor, seed, year or kind is told by name, and the folder stays as it was."""
    study = study_of()
    filled(tmp_path, study, [rows_of(study)])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    store = Store(tmp_path, study_of(**CHANGED[what]))
    for call in (store.open, store.check):
        message = refusal(call)
        assert message.startswith(f"{tmp_path}: holds runs of another study: it differs in {what};")
        assert "choose another --out" in message
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before


def test_what_is_only_reported_may_change(tmp_path: Path) -> None:
    """Words, outcomes and a worth do not touch a run."""
    study = study_of()
    filled(tmp_path, study, [rows_of(study)])
    other = Store(tmp_path, replace(study, title="Other", outcomes=("cost",), worth=2.0))
    other.open()
    assert other.finished() == known(study)


def test_other_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of other sources or packages are not gone on with; what differs is told, on both sides."""
    study = study_of()
    store = filled(tmp_path, study, [rows_of(study)])
    mine = made_by("kernel")
    monkeypatch.setattr(store_module, "made_by", lambda engine: {**mine, "sim": "feed", "keliling": "99"})
    message = refusal(store.open)
    assert f"sim ({mine['sim']} there, feed here)" in message
    assert f"keliling ({mine['keliling']} there, 99 here)" in message
    assert "packages" not in message
    assert refusal(store.runs).startswith(f"{batch_of(tmp_path)}: is not of this study, or not of this code")


@pytest.mark.parametrize("kind", ["latin", "pawn", "morris", "sobol"])
def test_a_design_is_extended(kind: str, tmp_path: Path) -> None:
    """More points are accepted, and what was lived is finished among them."""
    fewer, more = study_of(4, kind), study_of(8, kind)
    filled(tmp_path, fewer, [rows_of(fewer)]).compact(fewer.jobs())
    store = Store(tmp_path, more)
    store.open()
    assert store.finished() == known(fewer) < known(more)
    assert read(tmp_path / DESIGN, store.digest).num_rows == len(more.design)
    store.write([row(more, *job, arm) for job in keys(more)[len(keys(fewer)) :] for arm in range(2)])
    store.compact(store.study.jobs())
    straight = filled(tmp_path / "straight", more, [rows_of(more)])
    straight.compact(more.jobs())
    assert (tmp_path / RUNS).read_bytes() == (tmp_path / "straight" / RUNS).read_bytes()


def test_a_smaller_design_is_refused(tmp_path: Path) -> None:
    """Runs that were lived are not left out of the results in silence."""
    filled(tmp_path, study_of(8), [rows_of(study_of(8))])
    message = refusal(Store(tmp_path, study_of(4)).open)
    assert message.startswith(f"{tmp_path}: its design has 8 points, and this one 4")
    assert read(tmp_path / DESIGN, Store(tmp_path, study_of(8)).digest).num_rows == 8


def test_changed_points_are_refused(tmp_path: Path) -> None:
    """A row of a table that was changed, or a column more, after it was lived; a row behind the others is accepted."""
    rows = ({"officers": 3, "trust_mean": 0.4}, {"officers": 4, "trust_mean": 0.5})
    study = of_table(rows)
    filled(tmp_path, study, [rows_of(study)])
    changed = of_table((rows[0], {"officers": 4, "trust_mean": 0.6}))
    wider = of_table(tuple({**one, "pay": 1.0} for one in rows))
    for other in (changed, wider, of_table(rows[::-1])):
        assert refusal(Store(tmp_path, other).open).startswith(f"{tmp_path}: its design is another one")
    longer = Store(tmp_path, of_table((*rows, {"officers": 5, "trust_mean": 0.5})))
    longer.open()
    assert longer.finished() == known(study) < known(longer.study)


# -- one at a time, and whole


HOLDER = "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); print(1, flush=True); sys.stdin.read()"


def test_runs_without_their_design_are_refused(tmp_path: Path) -> None:
    """Runs name points by number: without the design, or with a damaged one, nobody knows what was lived."""
    study = study_of()
    store = filled(tmp_path, study, [rows_of(study)])
    store.compact(store.study.jobs())
    (tmp_path / DESIGN).rename(tmp_path / "aside")
    for call in (store.open, store.check):
        assert refusal(call).startswith(f"{tmp_path}: holds runs but no {DESIGN}")
    (tmp_path / DESIGN).write_bytes((tmp_path / "aside").read_bytes()[:50])
    assert "is damaged" in refusal(store.check)


@pytest.mark.parametrize("place", [RUNS, f"{BATCHES}/a.parquet"])
def test_a_file_in_the_wrong_place_is_refused(place: str, tmp_path: Path) -> None:
    """A file of the right study that does not hold runs."""
    study = study_of()
    store = filled(tmp_path, study, [rows_of(study)])
    (tmp_path / place).write_bytes((tmp_path / DESIGN).read_bytes())
    assert refusal(store.runs).startswith(f"{tmp_path / place}: holds something else than runs")


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A file where a folder should be."""
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match="cannot be used"), Store(folder, study_of()).held():
            pass


def test_a_second_process_is_turned_away(tmp_path: Path) -> None:
    """While another process holds the folder nobody else works in it; once that one is gone, anybody may."""
    store = Store(tmp_path / "out", study_of())
    with store.held(), pytest.raises(Timeout):
        FileLock(tmp_path / "out" / LOCK, timeout=0).acquire()
    words = [sys.executable, "-c", HOLDER, str(tmp_path / "out" / LOCK)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"1\n"
        with pytest.raises(StoreError, match="another process is at work on this study") as caught, store.held():
            pass
        assert str(caught.value).startswith(f"{tmp_path / 'out'}: ")
        other.communicate(b"", timeout=30)
    with store.held():
        pass


def test_leftovers_are_removed_and_never_read(tmp_path: Path) -> None:
    """What a killed process had not finished writing is no run, and goes when the study goes on."""
    study = study_of()
    store = filled(tmp_path, study, [rows_of(study)[:2]])
    whole = batch_of(tmp_path).read_bytes()
    parts = [
        tmp_path / BATCHES / ".0000001-0000000000-abc.parquet.17.part",
        tmp_path / f".{RUNS}.17.part",
        tmp_path / f".{MANIFEST}.17.part",
    ]
    for part in parts:
        part.write_bytes(whole)
    (tmp_path / "notes.txt").write_text("mine")
    assert store.runs().num_rows == 2
    store.open()
    assert not [part for part in parts if part.exists()]
    assert store.runs().num_rows == 2 and (tmp_path / "notes.txt").read_text() == "mine"


# -- runs that failed


def test_failed_runs_keep_their_error_and_no_numbers(tmp_path: Path) -> None:
    """The text of the error is kept; numbers are NaN, and the job's other arm keeps its own."""
    study = study_of()
    job = keys(study)[0]
    store = filled(tmp_path, study, [[row(study, *job, 0), failed(study, *job, 1)]])
    first, second = store.compact(store.study.jobs()).to_pylist()
    assert first == row(study, *job, 0)
    assert second["error"] == "a law was broken: 3 < 2"
    assert all(math.isnan(second[name]) for name in NUMBERS)
    assert [second[name] for name in BY_RW] == [None, None]
    results = results_of(study, store.runs(), study.jobs()[:1])
    assert (results.failed, list(results.errors), results.jobs) == (1, ["a law was broken: 3 < 2"], 1)
    assert results.values["ikm"][0, 0] == first["ikm"] and math.isnan(results.values["ikm"][1, 0])


def test_a_job_that_failed_is_not_lived_again(tmp_path: Path) -> None:
    """Points whose values do not fit together end as rows with the reason, and count as finished."""
    rows = ({"officers": 1, "trust_mean": 0.5}, {"officers": 1, "trust_mean": 0.4})  # an event takes two of them
    study = of_table(rows)
    store = filled(tmp_path, study, [])
    done = live_batch(study, study.jobs()[:1], Execution(), lambda days: None)
    assert (done.jobs, len(done.rows), sum(row["error"] is not None for row in done.rows)) == (1, 2, 2)
    store.write(done.rows)
    left = unfinished(study, [Round(study.jobs())], store.finished())
    assert left == list(study.jobs()[1:])
    told: list[int] = []
    live_jobs(study, store, left, Execution(workers=1), lambda rows, days: told.append(rows))
    assert told == [2] and store.finished() == known(study)
    for kept in store.compact(store.study.jobs()).to_pylist():
        assert "the office has 1" in kept["error"] and math.isnan(kept["ikm"])
        assert len(kept["error"]) <= 300


# -- other programs


def test_pandas_duckdb_and_spreadsheets_read_the_same_numbers(tmp_path: Path) -> None:
    """pandas, DuckDB and the csv module give equal numbers, missing ones included."""
    study = study_of()
    rows = rows_of(study)
    job = keys(study)[-1]
    rows[-2:] = [row(study, *job, 0), failed(study, *job, 1)]
    store = filled(tmp_path, study, [rows])
    kept = store.compact(store.study.jobs())
    results = results_of(study, kept, study.jobs())
    write_tables(tmp_path, Report(results, decide(results)))
    path = tmp_path / RUNS

    frame = pd.read_parquet(path)
    assert list(frame.columns) == schema(study.keeps).names and len(frame) == len(rows)
    assert [str(frame[key].dtype) for key in LABELS[:2]] == ["int32", "int64"]
    columns = ", ".join(NUMBERS)
    table = duckdb.sql(f"select {columns} from '{path}' order by point, replicate, policy").fetchall()
    joined = duckdb.sql(
        f"select count(*), avg(officers) from '{path}' join '{tmp_path / DESIGN}' using (point) where policy = 'now'"
    ).fetchall()
    assert joined[0] == (POINTS, pytest.approx(sum(point.values["officers"] for point in study.design) / POINTS))
    by_rw = duckdb.sql(f"select decided_by_rw from '{path}' order by point, replicate, policy").fetchall()
    assert [one for (one,) in by_rw] == kept["decided_by_rw"].to_pylist()
    with (tmp_path / "runs.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))

    assert len(lines) == len(table) == len(rows)
    expected = sorted(rows, key=lambda one: [one[key] for key in LABELS])
    for at, one in enumerate(expected):
        numbers = [one[name] for name in NUMBERS]
        missing = math.isnan(numbers[0])
        for found in (
            frame.loc[at, list(NUMBERS)].tolist(),
            list(table[at]),
            [float(lines[at][name] or "nan") for name in NUMBERS],
        ):
            assert all(map(math.isnan, found)) if missing else found == numbers
        assert missing == (lines[at]["ikm"] == "") == (frame.loc[at, "error"] == "a law was broken: 3 < 2")
        values = study.design[one["point"]].values
        assert lines[at]["officers"] == str(values["officers"]) and lines[at]["hypothesis"] == values["hypothesis"]
        assert (lines[at]["point"], lines[at]["policy"]) == (str(one["point"]), one["policy"])
        assert int(lines[at]["replicate"]) == one["replicate"]
