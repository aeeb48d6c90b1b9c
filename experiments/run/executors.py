"""Lives the jobs of a study in batches of a few seconds, each kept before the next begins.

Batches are lived by threads (compiled engine), processes (agents) or the workers of a Dask cluster, who all do the
same: live the jobs, write their rows, say how many. What comes of a study does not depend on who lived which batch, nor
on how often it was stopped.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keliling.experiments.keep.study_store import Store
from keliling.experiments.plan.study import Job, Study
from keliling.experiments.run.rows import rows_of
from keliling.experiments.run.runner import cores
from keliling.experiments.run.workers import SPAWN, serve
from keliling.sim.errors import Interrupted, KelilingError

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH_SECONDS = 2.0
IN_FLIGHT = 2  # batches that wait or are lived, for each worker
POLL_SECONDS = 0.2

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Done:
    """What became of a batch."""

    jobs: int
    rows: int
    failed: int
    seconds: float


@dataclass(frozen=True)
class Place:
    """Where batches are lived: on so many workers here, or on the Dask cluster at an address."""

    engine: str = "kernel"
    workers: int | None = None
    cluster: str | None = None


class _Cancelled(Exception):
    """Somebody asked for an end."""


def live_jobs(
    study: Study,
    store: Store,
    jobs: Sequence[Job],
    place: Place,
    progress: Progress,
    cancel: threading.Event | None = None,
) -> list[Done]:
    """Live the jobs, batch by batch; ``progress`` is told of rows as they are kept.

    Raises Interrupted on Ctrl-C, or once ``cancel`` is set by another thread; KelilingError when a batch cannot be kept
    or a worker is lost for good. Whatever was finished by then is kept.
    """
    done: list[Done] = []
    left = list(jobs)
    if not left:
        return done
    stop = threading.Event()
    try:
        with _executor(place, len(left)) as (pool, workers):
            pending: set[Future[Done]] = set()
            size = 1
            try:
                while left or pending:
                    if cancel is not None and cancel.is_set():
                        raise _Cancelled
                    while left and len(pending) < IN_FLIGHT * workers:
                        batch, left = left[:size], left[size:]
                        pending.add(_submit(pool, study, store, batch, place, stop))
                    ready, pending = wait(pending, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                    for future in ready:
                        done.append(future.result())
                        progress(done[-1].rows)
                    if done:
                        size = _batch_size(done, len(left), workers)
            except BaseException:
                stop.set()
                for future in pending:
                    future.cancel()
                wait(pending)  # what is being lived is kept too
                done += [one.result() for one in pending if not one.cancelled() and one.exception() is None]
                raise
    except (KeyboardInterrupt, _Cancelled):
        kept = sum(one.rows for one in done)
        raise Interrupted(
            f"stopped: {kept:,} runs lived now are kept in {store.folder}, and the same command goes on from there"
        ) from None
    except KelilingError:
        raise
    except Exception as error:  # a process or a cluster that is no more
        raise KelilingError(
            f"the workers were lost ({type(error).__name__}: {error}); what was finished is kept in {store.folder}, "
            "and the same command goes on from there"
        ) from error
    return done


def _batch_size(done: Sequence[Done], left: int, workers: int) -> int:
    """Jobs that take about BATCH_SECONDS, and no more than leave work for everybody.

    By the slowest of the last batches, and at most twice as many as they had: jobs that fail at once say nothing of
    how long the next ones take.
    """
    last = done[-2 * workers :]
    pace = max(one.seconds / max(one.jobs, 1) for one in last)
    fair = -(-left // (2 * workers))
    return max(1, min(int(BATCH_SECONDS / max(pace, 1e-4)), fair, 2 * max(one.jobs for one in last)))


def _submit(
    pool: Executor, study: Study, store: Store, jobs: Sequence[Job], place: Place, stop: threading.Event
) -> Future[Done]:
    if isinstance(pool, ThreadPoolExecutor):
        return pool.submit(live_batch, study, store.folder, jobs, place.engine, stop.is_set)
    return pool.submit(live_sent_batch, pickle.dumps(study), store.folder.resolve(), jobs, place.engine)


def live_batch(
    study: Study, folder: Path, jobs: Sequence[Job], engine: str, stopped: Callable[[], bool] = lambda: False
) -> Done:
    """Live the jobs of one batch and keep their rows; fewer of them when asked to stop."""
    began = time.perf_counter()
    rows: list[dict[str, Any]] = []
    lived = 0
    for job in jobs:
        if stopped():
            break
        rows += rows_of(study, job, engine)
        lived += 1
    if rows:
        Store(folder, study).write(rows)
    failed = sum(row["error"] is not None for row in rows)
    return Done(lived, len(rows), failed, time.perf_counter() - began)


_studies: dict[bytes, Study] = {}


def live_sent_batch(study: bytes, folder: Path, jobs: Sequence[Job], engine: str) -> Done:
    """The same in a process of its own, to which the study was sent."""
    if study not in _studies:
        _studies.clear()
        _studies[study] = pickle.loads(study)
    return live_batch(_studies[study], folder, jobs, engine)


@contextmanager
def _executor(place: Place, jobs: int) -> Iterator[tuple[Executor, int]]:
    """Who lives the batches, and how many of them there are."""
    count = min(place.workers or cores(), jobs)
    if place.cluster is not None:
        with _client(place.cluster) as client:
            workers = sum(client.nthreads().values())
            if not workers:
                raise KelilingError(f"{place.cluster}: the scheduler has no workers yet; start some and try again")
            yield client.get_executor(pure=False, retries=3), place.workers or workers
    elif place.engine == "kernel":
        with ThreadPoolExecutor(count) as pool:
            yield pool, count
    else:
        with ProcessPoolExecutor(count, mp_context=SPAWN, initializer=serve) as processes:
            yield processes, count


def _client(address: str) -> Any:
    """A client of a Dask cluster. Raises KelilingError."""
    try:
        from distributed import Client
    except ImportError:
        raise KelilingError('--cluster needs Dask: python -m pip install "keliling[cluster]"') from None
    try:
        return Client(address, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        raise KelilingError(f"{address}: no Dask scheduler answers there ({error})") from None
