"""The one loop that lives many jobs: in batches of a few seconds, each kept before the next begins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

from keliling.experiments.keep.keeper import Keeper
from keliling.experiments.plan.study import Job, Study
from keliling.experiments.run.executors import Batch, Execution, Executor, cores, executor_of
from keliling.sim.errors import CheckFailed, Interrupted, KelilingError

BATCH_SECONDS = 2.0
IN_FLIGHT = 2  # batches that wait or are lived, for each worker
POLL_SECONDS = 0.2

OnProgress = Callable[[int, int], None]
"""Told of the rows that are kept, and of the working days lived, since its last call."""


class _Cancelled(Exception):
    """Somebody asked for an end."""


def live_jobs(
    study: Study,
    store: Keeper,
    jobs: Sequence[Job],
    execution: Execution,
    progress: OnProgress = lambda rows, days: None,
    cancel: threading.Event | None = None,
) -> list[Batch]:
    """Live the jobs, and keep every batch as it is finished; returns the batches.

    Raises Interrupted on Ctrl-C, or once ``cancel`` is set by another thread; what a run of a strict study raises;
    KelilingError when a batch cannot be kept or a worker is lost for good. Whatever was finished by then is kept.
    """
    done: list[Batch] = []
    left = spread(jobs, execution)
    if not left:
        return done
    try:
        with executor_of(execution, len(left)) as executor:
            _live(study, store, left, executor, done, progress, cancel or threading.Event())
    except (KeyboardInterrupt, _Cancelled):
        raise Interrupted(f"stopped: {_finished(done, store)}") from None
    except KelilingError as error:
        if type(error) in (KelilingError, CheckFailed) and done:
            raise type(error)(f"{error}. {_finished(done, store)}") from error
        raise
    except BrokenProcessPool:
        raise KelilingError(
            "a worker process died, perhaps for want of memory (try fewer --workers); from a script of your own, start "
            f'runs under `if __name__ == "__main__":`. {_finished(done, store)}'
        ) from None
    except Exception as error:  # a cluster that is no more, a machine without memory
        raise KelilingError(
            f"the workers were lost ({type(error).__name__}: {error}); {_finished(done, store)}"
        ) from error
    return done


def _live(
    study: Study,
    store: Keeper,
    left: list[Job],
    executor: Executor,
    done: list[Batch],
    progress: OnProgress,
    cancel: threading.Event,
) -> None:
    pending: set[Future[Batch]] = set()
    size, days = 1, 0
    try:
        while left or pending:
            if cancel.is_set():
                raise _Cancelled
            while left and len(pending) < IN_FLIGHT * executor.count:
                batch, left = left[:size], left[size:]
                pending.add(executor.submit(study, batch))
            ready, _ = wait(pending, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            kept = 0
            for future in ready:
                kept += _keep(future.result(), store, done)
                pending.remove(future)
                if (fault := future.result().fault) is not None:
                    raise fault
            before, days = days, executor.days_lived()
            if kept or days > before:
                progress(kept, days - before)
            if done:
                size = _batch_size(done, len(left), executor.count)
    except BaseException:
        executor.stop()
        for future in pending:
            future.cancel()
        wait(pending)
        for future in pending:  # what they had finished is kept too
            if not future.cancelled() and future.exception() is None:
                progress(_keep(future.result(), store, done), 0)
        raise


def _keep(batch: Batch, store: Keeper, done: list[Batch]) -> int:
    """Keep a batch; returns its number of rows."""
    if batch.rows:
        store.write(batch.rows)
    done.append(batch)
    return len(batch.rows)


def _finished(done: Sequence[Batch], store: Keeper) -> str:
    return f"{sum(len(one.rows) for one in done):,} runs were finished now; they are {store.where}"


def spread(jobs: Sequence[Job], execution: Execution) -> list[Job]:
    """The jobs, arm by arm where nothing is gained by living arms together: with agents, who share no past, and where
    some workers would have nothing to do."""
    together = execution.engine == "kernel" and len(jobs) >= (execution.workers or cores())
    return list(jobs) if together else [replace(job, arms=(arm,)) for job in jobs for arm in job.arms]


def _batch_size(done: Sequence[Batch], left: int, workers: int) -> int:
    """Jobs that take about BATCH_SECONDS, and no more than leave work for everybody.

    By the slowest of the last batches, and at most twice as many as they had: jobs that fail at once say nothing of
    how long the next ones take.
    """
    last = done[-2 * workers :]
    pace = max(one.seconds / max(one.jobs, 1) for one in last)
    fair = -(-left // (2 * workers))
    return max(1, min(int(BATCH_SECONDS / max(pace, 1e-4)), fair, 2 * max(one.jobs for one in last)))
