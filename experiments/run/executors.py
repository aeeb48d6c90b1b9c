"""Executors live batches of jobs: threads for the compiled engine, which lets other threads go on, processes for the
agents, or the workers of a Dask cluster. All do the same, so nothing depends on who lived which batch.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from keliling.experiments.keep.keeper import Row
from keliling.experiments.plan.study import Job, Study
from keliling.experiments.run.rows import rows_of
from keliling.sim.errors import InvalidInput, KelilingError, Problem
from keliling.sim.faults import nearest_name
from keliling.sim.run import ENGINES

SPAWN = multiprocessing.get_context("spawn")
"""Spawned and not forked: mesa and numba start threads, and a fork in the middle of one may never wake up."""


@dataclass(frozen=True)
class Execution:
    """Where and how jobs are lived: by which engine, on so many workers here or on the Dask cluster at an address, and
    whether the laws of the model are verified every day. Raises InvalidInput."""

    engine: str = "kernel"
    workers: int | None = None
    cluster: str | None = None
    checked: bool = False

    def __post_init__(self) -> None:
        wrong = []
        if self.engine not in ENGINES:
            rule = f"must be one of {', '.join(ENGINES)}"
            wrong.append(Problem("options", 0, 0, "engine", str(self.engine), rule, nearest_name(self.engine, ENGINES)))
        if self.workers is not None and (type(self.workers) is not int or self.workers < 1):
            wrong.append(Problem("options", 0, 0, "workers", str(self.workers), "must be a whole number, at least 1"))
        if wrong:
            raise InvalidInput(wrong)


@dataclass(frozen=True)
class Batch:
    """What became of some jobs: the rows of those that were lived to their end, and the fault that ended it, if any."""

    jobs: int
    rows: list[Row]
    days: int
    seconds: float
    fault: Exception | None = None


class Stop(BaseException):
    """Raised inside a run whose executor was asked to stop; no fault of the run, so no handler of faults sees it."""


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def live_batch(study: Study, jobs: Sequence[Job], execution: Execution, progress: Callable[[int], None]) -> Batch:
    """Live jobs one by one; ``progress`` is told of working days, and ends it by raising Stop."""
    began, days, lived = time.perf_counter(), 0, 0
    rows: list[Row] = []
    fault = None

    def more(count: int) -> None:
        nonlocal days
        days += count
        progress(count)

    try:
        for job in jobs:
            more(0)
            rows += rows_of(study, job, execution.engine, checked=execution.checked, progress=more)
            lived += 1
    except Stop:
        pass
    except Exception as error:  # handed over with what was lived before it
        fault = error
    return Batch(lived, rows, days, time.perf_counter() - began, fault)


class Executor(ABC):
    """Some workers. As a context they end with it, and what they have not begun by then is dropped."""

    def __init__(self, execution: Execution, count: int) -> None:
        self.execution, self.count = execution, count
        self.pool = self.begun()

    @abstractmethod
    def begun(self) -> Pool:
        """The workers."""

    @abstractmethod
    def submit(self, study: Study, jobs: Sequence[Job]) -> Future[Batch]:
        """Have jobs lived."""

    @abstractmethod
    def days_lived(self) -> int:
        """Working days lived so far, by all workers."""

    @abstractmethod
    def stop(self) -> None:
        """Ask those at work to stop at the end of their month."""

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.pool.shutdown(wait=True, cancel_futures=True)


class Threads(Executor):
    """Threads of this process."""

    def begun(self) -> Pool:
        """The workers."""
        self._days, self._lock, self._stop = 0, threading.Lock(), threading.Event()
        return ThreadPoolExecutor(self.count)

    def submit(self, study: Study, jobs: Sequence[Job]) -> Future[Batch]:
        """Have jobs lived."""
        return self.pool.submit(live_batch, study, jobs, self.execution, self._lived)

    def _lived(self, days: int) -> None:
        with self._lock:
            self._days += days
        if self._stop.is_set():
            raise Stop

    def days_lived(self) -> int:
        """Working days lived so far, by all workers."""
        return self._days

    def stop(self) -> None:
        """Ask those at work to stop at the end of their month."""
        self._stop.set()


class Processes(Executor):
    """Processes of their own on this machine."""

    def begun(self) -> Pool:
        """The workers."""
        self._days, self._stop = SPAWN.Value("q", 0), SPAWN.Event()
        shared = self._days, self._stop
        return ProcessPoolExecutor(self.count, mp_context=SPAWN, initializer=_begin, initargs=shared)

    def submit(self, study: Study, jobs: Sequence[Job]) -> Future[Batch]:
        """Have jobs lived."""
        return self.pool.submit(_live_sent, pickle.dumps(study), jobs, self.execution)

    def days_lived(self) -> int:
        """Working days lived so far, by all workers."""
        return int(self._days.value)

    def stop(self) -> None:
        """Ask those at work to stop at the end of their month."""
        self._stop.set()


class Cluster(Executor):
    """The workers of a Dask cluster. They are told nothing while they live a batch, nor do they tell."""

    def begun(self) -> Pool:
        """The workers. Raises KelilingError when there is no such cluster, or it has none."""
        try:
            from distributed import Client
        except ImportError:
            raise KelilingError('--cluster needs Dask: python -m pip install "keliling[cluster]"') from None
        address = self.execution.cluster
        try:
            self._client = Client(address, timeout=10)
        except (OSError, ValueError, TimeoutError) as error:
            raise KelilingError(f"{address}: no Dask scheduler answers there ({error})") from None
        workers = sum(self._client.nthreads().values())
        if not workers:
            self._client.close()
            raise KelilingError(f"{address}: the scheduler has no workers yet; start some and try again")
        self.count, self._days = self.execution.workers or workers, 0
        return self._client.get_executor(pure=False, retries=3)

    def submit(self, study: Study, jobs: Sequence[Job]) -> Future[Batch]:
        """Have jobs lived."""
        batch = self.pool.submit(_live_sent, pickle.dumps(study), jobs, self.execution)
        batch.add_done_callback(self._ended)
        return batch

    def _ended(self, batch: Future[Batch]) -> None:
        if not batch.cancelled() and batch.exception() is None:
            self._days += batch.result().days

    def days_lived(self) -> int:
        """Working days lived so far, by all workers."""
        return self._days

    def stop(self) -> None:
        """Nobody can be asked: what is at work ends its batch."""

    def __exit__(self, *_: object) -> None:
        self._client.close()


def executor_of(execution: Execution, jobs: int) -> Executor:
    """Who lives so many jobs. Raises KelilingError when a cluster cannot be used."""
    count = min(execution.workers or cores(), jobs)
    if execution.cluster is not None:
        return Cluster(execution, count)
    return Threads(execution, count) if execution.engine == "kernel" else Processes(execution, count)


# -- in a process of its own

_days: Any = None
_stop: Any = None
_studies: dict[bytes, Study] = {}


def _begin(days: Any, stop: Any) -> None:
    """Start of a worker process: Ctrl-C is the parent's to handle, and a worker does not outlive its parent."""
    global _days, _stop
    _days, _stop = days, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _live_sent(study: bytes, jobs: Sequence[Job], execution: Execution) -> Batch:
    """Live jobs of a study that was sent."""
    if study not in _studies:
        _studies.clear()
        _studies[study] = pickle.loads(study)
    return live_batch(_studies[study], jobs, execution, _lived if _days is not None else lambda days: None)


def _lived(days: int) -> None:
    with _days.get_lock():
        _days.value += days
    if _stop.is_set():
        raise Stop
