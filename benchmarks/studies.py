"""What keeping a study costs, and what a Dask cluster adds: the same jobs bare, kept by threads, and on two workers."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.timing import Found, Setting, Spread, timed
from keliling.experiments.keep.study_store import Store
from keliling.experiments.plan.study import Study
from keliling.experiments.reading import load_study
from keliling.experiments.run.executors import Execution
from keliling.experiments.run.rows import rows_of
from keliling.experiments.run.runner import live_jobs

WORKERS = 2
JOBS = 128
STUDY = """\
title = "Weekly events at drawn design points"
question = "What does it cost to keep a study?"
kind = "latin"
baseline = "kebon-jeruk-2018"
points = {jobs}
[policies]
weekly = "kebon-jeruk-weekly"
[factors]
document_error = true
assistance_error = true
officers = [3, 8]
"""


def overhead(setting: Setting) -> Found:
    """The three in turn, on new folders each time; the seconds of each and the ratios between them."""
    from distributed import LocalCluster

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "study.toml"
        path.write_text(STUDY.format(jobs=JOBS), encoding="utf-8")
        study = load_study(path, size=0.2 * setting.size)
        bare, kept, far = [], [], []
        options = {"n_workers": WORKERS, "threads_per_worker": 1, "dashboard_address": None}
        with LocalCluster(processes=True, host="127.0.0.1", **options) as cluster:
            here, there = Execution(workers=WORKERS), Execution(cluster=cluster.scheduler_address)
            _kept(study, folder / "out", there)  # each process loads the compiled engine before anything is timed
            for _ in range(setting.repeats):
                bare.append(timed(lambda: _bare(study))[1])
                kept.append(timed(lambda: _kept(study, folder / "out", here))[1])
                far.append(timed(lambda: _kept(study, folder / "out", there))[1])
    runs = len(study.jobs()) * len(study.arms)
    adults = round(study.arms[0].scenario.profile.population * study.arms[0].scenario.size)
    return Found(
        [
            Spread([runs / one for one in kept]).line(f"runs a second of {adults:,} people and three years, kept"),
            _ratio(kept, bare).at_most("a study kept by two threads, time over that of its runs alone", 1.1, ".2f"),
            _ratio(far, kept).at_most("a study on two Dask workers, time over that on two threads", 1.1, ".2f"),
        ]
    )


def _ratio(over: list[float], under: list[float]) -> Spread:
    return Spread([one / other for one, other in zip(over, under, strict=True)])


def _bare(study: Study) -> int:
    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(len(rows) for rows in pool.map(lambda job: rows_of(study, job), study.jobs()))


def _kept(study: Study, out: Path, place: Execution) -> None:
    shutil.rmtree(out, ignore_errors=True)
    store = Store(out, study)
    store.open()
    live_jobs(study, store, study.jobs(), place)
    store.compact(study.jobs())
