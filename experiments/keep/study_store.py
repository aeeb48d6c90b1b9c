"""The store of a study: one folder of Parquet files, whole at every moment, that other programs open too.

    manifest.json     what the study is, which code and versions, seed, machine; written before the first run
    design.parquet    every design point with the values of its factors
    batches/          one file for each batch of finished runs
    runs.parquet      all runs in one file, in order, once the study is finished; the batches are then removed

A run is known by its key (``Study.key``), never by a place; beside it stand its design point, replicate and policy, so
that other programs can read it.

A batch is written aside, flushed and renamed, so it is there whole or not at all. Every file carries the study's
digest; one that is damaged or of another study is named and refused. ``runs.parquet`` depends on nothing but the study:
however often it was stopped, and on however many machines it ran, its bytes are the same.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keliling.experiments.keep.files import write_whole
from keliling.experiments.keep.keeper import FINISHED
from keliling.experiments.keep.provenance import made_by
from keliling.experiments.plan.study import MONTHS, OUTCOMES, Job, Study
from keliling.sim.errors import KelilingError
from keliling.sim.outcomes import outcomes

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST, DESIGN, RUNS, BATCHES, LOCK = "manifest.json", "design.parquet", "runs.parquet", "batches", ".lock"
FORMAT = 2
HOLDS = {"digest": str, "declares": dict, "made_by": dict, "sittings": list, "file": str, "path": str, "options": dict}
"""What a manifest must hold for the study to be read again, of which type."""
SEAL = 16  # bytes of the digest in every Parquet file
BYTES_A_RUN = 750  # roughly, on disk; measured on Kebon Jeruk
LABELS = ("point", "replicate", "policy")
"""Of a run: the number of its design point, its replicate, the name of its arm."""
BY_RW = ("decided_by_rw", "rejected_by_rw")
THIRDS = ("decided_low", "rejected_low", "decided_high", "rejected_high", "decided", "rejected")


class StoreError(KelilingError):
    """A results folder that cannot be used as it is."""


class Store:
    """The results folder of one study."""

    def __init__(self, folder: Path, study: Study) -> None:
        self.folder, self.study = folder, study

    @property
    def where(self) -> str:
        """What becomes of finished runs when the study ends early, after "they are"."""
        return f"kept in {self.folder}, and the same command goes on from there"

    # -- beginning

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder: a second process on the same study is turned away. Raises StoreError."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / LOCK, timeout=0)
        try:
            (self.folder / BATCHES).mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:  # an OSError too
            raise StoreError(
                f"{self.folder}: another process is at work on this study; wait for it, or choose another --out"
            ) from None
        except OSError as error:
            raise StoreError(f"{error.filename or self.folder}: cannot be used ({error.strerror or error})") from None
        try:
            yield
        finally:
            lock.release()

    def check(self) -> None:
        """Raise StoreError unless the folder holds this study, with these design points, made by this code."""
        self._same_study(read_manifest(self.folder))
        self._grown_only()

    def open(self, **words: Any) -> None:
        """Begin the study, or go on with it, also with more design points than before; ``words`` go into the manifest.

        Raises StoreError when the folder holds another study, or one of other code, versions or scenarios.
        """
        path = self.folder / MANIFEST
        if path.exists():
            self._same_study(read_manifest(self.folder))
            self._grown_only()
        elif self._holds_runs():
            raise StoreError(f"{self.folder}: holds runs but no {MANIFEST}; choose another --out")
        (self.folder / BATCHES).mkdir(parents=True, exist_ok=True)
        for part in (*self.folder.glob(".*.part"), *(self.folder / BATCHES).glob(".*.part")):
            part.unlink(missing_ok=True)
        write_whole(self.folder / DESIGN, parquet_bytes(self.design()))
        write_whole(path, (json.dumps(self._manifest(path, **words), indent=2, ensure_ascii=False) + "\n").encode())

    def _manifest(self, path: Path, **words: Any) -> dict[str, Any]:
        before = read_manifest(self.folder) if path.exists() else {}
        study = self.study
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return {
            "format": FORMAT,
            "study": study.name,
            "title": study.title,
            "question": study.question,
            "digest": self.digest,
            "made_by": rows_made_by(),
            "declares": study.declares(),
            "scenarios": {arm.name: arm.scenario.name for arm in study.arms},
            "outcomes": list(study.outcomes),
            "points": len(study.design),
            "path": study.path,
            "file": study.text,
            "options": dict(study.options),
            "seed": study.seed,
            "machine": {"python": platform.python_version(), "processor": platform.machine(), "cores": os.cpu_count()},
            "begun": before.get("begun", now),
            "sittings": [*before.get("sittings", []), {"from": now, "host": socket.gethostname(), **words}],
        }

    def close(self, how: str = FINISHED) -> None:
        """Note when and how this sitting ended."""
        manifest = read_manifest(self.folder)
        manifest["sittings"][-1] |= {"ended": how, "to": datetime.now(UTC).isoformat(timespec="seconds")}
        write_whole(self.folder / MANIFEST, (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode())

    @property
    def digest(self) -> str:
        """Of the study and of the code that lives it: what every file of the store carries."""
        text = self.study.digest() + json.dumps(rows_made_by(), sort_keys=True)
        return blake2b(text.encode(), digest_size=12).hexdigest()

    def _same_study(self, manifest: Mapping[str, Any]) -> None:
        if manifest["digest"] == self.digest:
            return
        ours, theirs = self.study.declares(), manifest["declares"]
        differs = [key for key in ours if json.loads(json.dumps(ours[key])) != theirs.get(key)]
        if not differs:
            mine, other = rows_made_by(), manifest["made_by"]
            differs = [
                f"{key} ({other.get(key)} there, {mine[key]} here)" for key in mine if mine[key] != other.get(key)
            ]
        raise StoreError(
            f"{self.folder}: holds runs of another study: it differs in {', '.join(differs) or 'its digest'}; "
            "results are never mixed, so choose another --out or move the folder away"
        )

    def _grown_only(self) -> None:
        if not (self.folder / DESIGN).exists():
            if self._holds_runs():
                raise StoreError(
                    f"{self.folder}: holds runs but no {DESIGN}, so nobody knows of which design points they "
                    "are; choose another --out"
                )
            return
        before, now = read(self.folder / DESIGN, self.digest), self.design()
        if now.num_rows < before.num_rows:
            raise StoreError(
                f"{self.folder}: its design has {before.num_rows} points, and this one {now.num_rows}; what has been "
                "lived is not left out, so give as many points as before, or choose another --out"
            )
        if before.schema != now.schema or not before.equals(now.slice(0, before.num_rows)):
            raise StoreError(
                f"{self.folder}: its design is another one; choose another --out. A design is extended by more points, "
                "and may not change where it has been lived"
            )

    def design(self) -> pa.Table:
        """The design points as a table, one column a factor."""
        import pyarrow as pa

        points = self.study.design
        columns: dict[str, Any] = {"point": pa.array([one.number for one in points], pa.int32())}
        for name in dict.fromkeys(name for point in points for name in point.columns):
            base = self.study.arms[0].scenario
            base_value = base.values.get(name, base.hypothesis.name)
            columns[name] = pa.array([point.columns.get(name, base_value) for point in points])
        if self.study.lucky:
            columns["luck"] = pa.array([point.luck for point in points], pa.int64())
        return pa.table(columns).replace_schema_metadata({"keliling": self.digest})

    # -- runs

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep a batch of finished runs: once this returns they survive anything. Raises KelilingError."""
        first = min((row["point"], row["replicate"]) for row in rows)
        name = f"{first[0]:07d}-{first[1]:010d}-{uuid.uuid4().hex[:8]}.parquet"
        write_whole(self.folder / BATCHES / name, parquet_bytes(table_of(rows, self.schema, self.digest)))

    def runs(self) -> pa.Table:
        """All finished runs, each once, by key. Raises StoreError for a file it cannot trust."""
        import pyarrow as pa

        paths = [self.folder / RUNS] if (self.folder / RUNS).exists() else []
        tables = [read(path, self.digest, self.schema) for path in [*paths, *self._batch_files()]]
        if not tables:
            return table_of([], self.schema, self.digest)
        whole = pa.concat_tables(tables).combine_chunks().sort_by("key")
        keys = whole["key"].to_pylist()
        kept = [at for at, key in enumerate(keys) if at == 0 or key != keys[at - 1]]
        return whole if len(kept) == len(keys) else whole.take(pa.array(kept))

    def finished(self, jobs: Iterable[Job] = ()) -> set[str]:
        """The keys of all finished runs."""
        return set(self.runs()["key"].to_pylist())

    def compact(self, jobs: Sequence[Job]) -> pa.Table:
        """Put all runs into one file, those of ``jobs`` first, in their order, and remove the batches; returns them.

        A run that serves several arms stands there for each. What was lived beyond these jobs stays, behind them.
        """
        import pyarrow as pa

        runs = self.runs()
        place = {key: at for at, key in enumerate(runs["key"].to_pylist())}
        labels = [
            (self.study.key(arm, job.point, job.replicate), job.point.number, job.replicate, arm.name)
            for job in jobs
            for arm in job.arms
        ]
        labels = [label for label in labels if label[0] in place]
        mine = {key for key, *_ in labels}
        beyond = runs.take(pa.array([at for key, at in place.items() if key not in mine], pa.int64()))
        runs = runs.take(pa.array([place[key] for key, *_ in labels], pa.int64()))
        for column, name in enumerate(LABELS, start=1):
            at = runs.schema.get_field_index(name)
            field = runs.schema.field(name)
            runs = runs.set_column(at, field, pa.array([label[column] for label in labels], field.type))
        runs = pa.concat_tables([runs, beyond.sort_by([(name, "ascending") for name in (*LABELS, "key")])])
        whole = self.folder / RUNS
        content = parquet_bytes(runs)
        if not whole.exists() or whole.read_bytes() != content:
            write_whole(whole, content)
        for path in self._batch_files():
            path.unlink()
        return runs

    @property
    def schema(self) -> pa.Schema:
        """The columns of a run."""
        return schema(self.study.keeps)

    def _holds_runs(self) -> bool:
        return (self.folder / RUNS).exists() or any(self._batch_files())

    def _batch_files(self) -> list[Path]:
        return sorted((self.folder / BATCHES).glob("*.parquet"))


def rows_made_by() -> dict[str, Any]:
    """Versions and digests of the code that makes a row. Both engines give the same bits, so a study may use either."""
    lived = Path(__file__).parents[1].joinpath("run", "rows.py").read_bytes()
    return made_by("kernel") | {"lived": blake2b(lived, digest_size=8).hexdigest()}


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a results folder. Raises StoreError."""
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise StoreError(f"{path}: is of format {found['format']}, and this version reads {FORMAT}")
        for key, kind in HOLDS.items():
            if not isinstance(found[key], kind):
                raise TypeError(f"{key} is no {kind.__name__}")
        texts = [*found["options"].get("set", ()), found["path"]]
        if not all(isinstance(text, str) for text in texts) or not found["path"].endswith(".toml"):
            raise ValueError("its options or its path are none")
    except FileNotFoundError:
        raise StoreError(f"{folder}: is no results folder of a study: it has no {MANIFEST}") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"{path}: cannot be read as a manifest ({error})") from None
    return dict(found)


def read(path: Path, digest: str, columns: pa.Schema | None = None) -> pa.Table:
    """A file of the store. Raises StoreError when it is damaged, not of the study with this digest, or has others than
    these ``columns``.
    """
    import pyarrow as pa
    from pyarrow import parquet

    advice = "move it away, and what it held is lived again"
    try:
        content = path.read_bytes()
        at = _footer(content)
        if _sealed(content[: at - SEAL] + content[at:]) != content:
            raise ValueError("its checksum is another one")
        table = parquet.read_table(BytesIO(content), page_checksum_verification=True)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise StoreError(f"{path}: is damaged ({str(error).splitlines()[0]}); {advice}") from None
    if (table.schema.metadata or {}).get(b"keliling") != digest.encode():
        raise StoreError(f"{path}: is not of this study, or not of this code; {advice}")
    if columns is not None and not table.schema.equals(columns):
        raise StoreError(f"{path}: holds something else than runs; {advice}")
    return table


def schema(keeps: Sequence[str]) -> pa.Schema:
    """The columns of a run of which this is kept."""
    import pyarrow as pa

    number = pa.float64()
    columns: dict[str, list[tuple[str, Any]]] = {
        OUTCOMES: [
            *((name, number) for name in (*outcomes(), *THIRDS)),
            *((name, pa.list_(pa.int32())) for name in BY_RW),
        ],
        MONTHS: [(MONTHS, pa.map_(pa.string(), pa.list_(number)))],
    }
    known_by = [("key", pa.string()), ("point", pa.int32()), ("replicate", pa.int64()), ("policy", pa.string())]
    return pa.schema([*known_by, ("error", pa.string()), *(column for one in keeps for column in columns[one])])


def table_of(rows: Iterable[Mapping[str, Any]], columns: pa.Schema, digest: str) -> pa.Table:
    """Runs as a table, by key."""
    import pyarrow as pa

    ordered = sorted(rows, key=lambda row: str(row["key"]))
    return pa.Table.from_pylist(ordered, schema=columns.with_metadata({"keliling": digest}))


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as the bytes of its file, sealed."""
    from pyarrow import parquet

    content = BytesIO()
    parquet.write_table(
        table, content, compression="zstd", write_page_checksum=True, row_group_size=65536, store_schema=True
    )
    return _sealed(content.getvalue())


def _sealed(content: bytes) -> bytes:
    """A Parquet file with a digest of all its bytes before its footer, where no reader looks: page checksums leave the
    footer and the headers of pages uncovered.
    """
    at = _footer(content)
    return content[:at] + blake2b(content, digest_size=SEAL).digest() + content[at:]


def _footer(content: bytes) -> int:
    """Where the footer of a Parquet file begins, by the length that its last 8 bytes tell."""
    return max(len(content) - 8 - int.from_bytes(content[-8:-4], "little"), 0)
