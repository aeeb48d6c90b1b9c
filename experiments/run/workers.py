"""Workers: threads for the compiled engine, which lets other threads go on, and processes for the agents.

A worker lives a task: one replicate of one scenario of a district, or of several that share a past.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from keliling.sim.errors import CheckFailed, KelilingError
from keliling.sim.history import History
from keliling.sim.run import run, run_together
from keliling.sim.scenario import Scenario

Progress = Callable[[int], None]


SPAWN = multiprocessing.get_context("spawn")
"""Spawned and not forked: mesa and numba start threads, and a fork in the middle of one may never wake up."""


@dataclass(frozen=True)
class Task:
    """One replicate of scenarios of one district, to be lived by one worker."""

    scenarios: list[Scenario]
    seed: int
    replicate: int
    engine: str
    checked: bool


class Stop(KelilingError):
    """Raised inside a worker that was asked to stop."""


def live(task: Task, progress: Progress) -> list[History]:
    """The history of each scenario of a task. What goes wrong is told with the run in which it happened."""
    options: dict[str, Any] = {"seed": task.seed, "replicate": task.replicate, "checked": task.checked}
    try:
        if task.engine == "kernel":
            return run_together(task.scenarios, progress=progress, **options)
        return [run(one, engine=task.engine, progress=progress, **options).districts[0] for one in task.scenarios]
    except CheckFailed as error:
        raise CheckFailed(_failed(task, str(error))) from error
    except KelilingError:
        raise
    except MemoryError as error:
        raise KelilingError(_failed(task, "not enough memory; try fewer --workers")) from error
    except Exception as error:  # a hypothesis of the user's own can raise anything
        if os.environ.get("KELILING_TRACEBACK"):
            raise
        raise KelilingError(_failed(task, f"{type(error).__name__}: {error}")) from error


def _failed(task: Task, error: str) -> str:
    names = " and ".join(one.name for one in task.scenarios)
    return f"the run of {names} (seed {task.seed}, replicate {task.replicate}) failed: {error}"


class Workers(ABC):
    """Some workers; as a context they end with it, and what they have not begun by then is dropped."""

    pool: Executor

    @abstractmethod
    def submit(self, task: Task) -> Future[list[History]]:
        """Have a task lived."""

    @abstractmethod
    def days_lived(self) -> int:
        """Working days lived so far, by all workers."""

    @abstractmethod
    def stop(self) -> None:
        """Ask those at work to stop at the end of their month."""

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.pool.shutdown(wait=True, cancel_futures=True)


class Threads(Workers):
    """Workers in this process."""

    def __init__(self, count: int) -> None:
        self.pool = ThreadPoolExecutor(count)
        self._days, self._lock, self._stop = 0, threading.Lock(), threading.Event()

    def submit(self, task: Task) -> Future[list[History]]:
        """Have a task lived."""
        return self.pool.submit(live, task, self._lived)

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


class Processes(Workers):
    """Workers in processes of their own."""

    def __init__(self, count: int) -> None:
        self._days, self._stop = SPAWN.Value("q", 0), SPAWN.Event()
        self.pool = ProcessPoolExecutor(count, mp_context=SPAWN, initializer=_begin, initargs=(self._days, self._stop))

    def submit(self, task: Task) -> Future[list[History]]:
        """Have a task lived."""
        return self.pool.submit(_live, task)

    def days_lived(self) -> int:
        """Working days lived so far, by all workers."""
        return int(self._days.value)

    def stop(self) -> None:
        """Ask those at work to stop at the end of their month."""
        self._stop.set()


_days: Any = None
_stop: Any = None


def _begin(days: Any, stop: Any) -> None:
    global _days, _stop
    _days, _stop = days, stop
    serve()


def serve() -> None:
    """Start of a worker process: Ctrl-C is the parent's to handle, and a worker does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _live(task: Task) -> list[History]:
    """A task in a worker process."""

    def lived(days: int) -> None:
        with _days.get_lock():
            _days.value += days
        if _stop.is_set():
            raise Stop

    return live(task, lived)
