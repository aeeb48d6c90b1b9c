"""keliling in a notebook or a script: ``import keliling as kl``.

Every call is what the command of the same name does, with the same defaults and the same numbers to the last digit; its
result prints as the command's tables, as HTML in a notebook.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keliling.experiments.analysis.ensemble import Ensemble, window_year
from keliling.experiments.analysis.paired_outcomes import every_outcome
from keliling.experiments.commands.catalogue import mentions
from keliling.experiments.commands.terminal import say
from keliling.experiments.commands.watch import Watch
from keliling.experiments.conduct import conduct
from keliling.experiments.keep.files import write_whole
from keliling.experiments.keep.histories import Histories
from keliling.experiments.keep.study_store import Store
from keliling.experiments.kinds import KINDS
from keliling.experiments.kinds.comparison import ComparisonReport, comparison_of, kept_for
from keliling.experiments.kinds.replicated import replicated
from keliling.experiments.plan.study import Precision
from keliling.experiments.reading import load_study, study_of_tables
from keliling.experiments.reports import single
from keliling.experiments.reports.blocks import Block
from keliling.experiments.reports.report import Report
from keliling.experiments.run.executors import Execution
from keliling.experiments.showing import Drawn, Listing, Shown, frame
from keliling.sim import outcomes as of_runs
from keliling.sim.errors import InvalidInput, KelilingError, Problem
from keliling.sim.parameters import register
from keliling.sim.scenario import Scenario, load
from keliling.sim.scenario_options import option_value
from keliling.sim.scenario_text import to_toml

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["InvalidInput", "KelilingError", "compare", "load", "outcomes", "parameters", "run", "save", "study"]


# -- one scenario, and a comparison


def save(scenario: Scenario, path: str | Path, *, profile: str | Path = "") -> None:
    """Write a scenario, such as one that was varied here, as a file that every command takes.

    ``profile`` is the path of the district's file, for a district that is not shipped. Raises KelilingError when it
    cannot be written, InvalidInput when the file would not be that scenario.
    """
    file = Path(path)
    if not file.name.endswith(".toml"):
        raise InvalidInput([Problem("save()", 0, 0, "path", str(path), "must end in .toml")])
    text = to_toml(scenario, profile=str(Path(profile).resolve()) if profile else "")
    with tempfile.TemporaryDirectory() as aside:
        tried = Path(aside) / file.name
        tried.write_text(text, encoding="utf-8")
        try:
            same = load(tried).digest() == scenario.digest()
        except InvalidInput:
            same = False
        if not same:
            rule = "must be the file of its district, which is not shipped as it is here"
            raise InvalidInput([Problem("save()", 0, 0, "profile", str(profile), rule)])
    write_whole(file, text.encode())


class RunResult(Shown):
    """The replicates of one scenario; ``ensemble`` has the runs themselves."""

    def __init__(self, ensemble: Ensemble, years: Sequence[int]) -> None:
        self.ensemble, self.years = ensemble, tuple(years)

    def blocks(self) -> list[Block]:
        """The command's tables."""
        return single.blocks_of(self.ensemble, self.years)

    def to_pandas(self) -> pd.DataFrame:
        """Every outcome of every replicate and year."""
        return frame(
            {"year": year, "replicate": replicate, "outcome": name, "unit": outcome.unit, "value": value}
            for year in self.years
            for name, outcome in of_runs.outcomes().items()
            for replicate, value in enumerate(self.ensemble.values(name, year))
        )


def run(
    scenario: str | Path | Scenario,
    *,
    set: Iterable[str] = (),
    replicates: int = 1,
    seed: int = 1,
    size: float | None = None,
    year: int | None = None,
    workers: int | None = None,
    engine: str = "kernel",
    progress: bool = True,
) -> RunResult:
    """Live a scenario: a shipped name, a file, or what ``load`` gave. ``set`` are ``name=value`` texts.

    Raises InvalidInput with every problem, Interrupted on Ctrl-C.
    """
    one = _scenario(scenario, set, size)
    years = one.reported_years if year is None else [window_year([one], year)]
    asked, execution = replicated([one], replicates, seed=seed, engine=engine), Execution(engine, workers)
    with Watch(execution, quiet=not progress) as watch:
        (ensemble,) = conduct(asked, Histories(asked), execution, watch)
    return RunResult(ensemble, years)


class ComparisonResult(Drawn):
    """Policies against a baseline; ``comparison`` has every difference, and the runs."""

    def __init__(self, report: ComparisonReport) -> None:
        self._report = report
        self.comparison = report.comparison

    def blocks(self) -> list[Block]:
        """The command's tables."""
        return self._report.blocks()

    def to_pandas(self) -> pd.DataFrame:
        """Every difference: the rows of comparison.csv."""
        return frame(self._report.content()["comparison"])

    def draw(self, folder: Path) -> Sequence[Path]:
        """``trajectories`` and ``differences``; with several policies ``trajectories-POLICY`` and so on."""
        from keliling.experiments.figures.comparison import draw_comparison

        return draw_comparison(folder, self.comparison)

    def save(self, folder: str | Path) -> None:
        """Write tables and figures."""
        self._report.write(Path(folder), figures=True)


def compare(
    baseline: str | Path | Scenario,
    policies: str | Path | Scenario | Iterable[str | Path | Scenario],
    *,
    set: Iterable[str] = (),
    replicates: int = 10,
    precision: tuple[str, float] | None = None,
    seed: int = 1,
    size: float | None = None,
    year: int | None = None,
    horizon: int | None = None,
    folder: str | Path | None = None,
    cluster: str | None = None,
    workers: int | None = None,
    engine: str = "kernel",
    progress: bool = True,
) -> ComparisonResult:
    """Compare a baseline with one policy or more, paired by replicate under the same luck.

    ``precision``, an outcome and a half width, adds replicates until it is met; then ``replicates`` is not used.
    Finished runs are kept in results/runs, or in ``folder``/runs, so that the same call goes on after a Ctrl-C.

    Raises InvalidInput with every problem, Interrupted on Ctrl-C.
    """
    named = [policies] if isinstance(policies, (str, Path, Scenario)) else list(policies)
    texts = tuple(set)
    asked = comparison_of(
        [_scenario(one, texts, size) for one in (baseline, *named)],
        replicates=replicates,
        precision=None if precision is None else Precision(*precision),
        seed=seed,
        year=year,
        horizon=horizon,
        engine=engine,
    )
    out = None if folder is None else Path(folder)
    store = kept_for(asked, out, written=out, warn=say)
    execution = Execution(engine, workers, cluster)
    with Watch(execution, quiet=not progress) as watch:
        return ComparisonResult(conduct(asked, store, execution, watch))


# -- a study


class StudyResult(Drawn):
    """What a study came to; ``report`` has every part of it, ``folder`` what is kept."""

    def __init__(self, report: Report, folder: Path) -> None:
        self.report, self.folder = report, folder
        self._kind = KINDS[report.results.study.kind]

    def blocks(self) -> list[Block]:
        """The command's tables."""
        return self._kind.blocks(self.report)

    def to_pandas(self) -> pd.DataFrame:
        """Every run: runs.parquet, with the values of its design point."""
        import pyarrow.parquet as parquet

        runs, design = (
            parquet.read_table(self.folder / name).to_pandas() for name in ("runs.parquet", "design.parquet")
        )
        return runs.merge(design.drop(columns="luck", errors="ignore"), on="point", how="left")

    def draw(self, folder: Path) -> Sequence[Path]:
        """Those of the command."""
        return self._kind.draw(folder, self.report)

    def save(self, folder: str | Path) -> None:
        """Write tables and figures."""
        self._kind.write(Path(folder), self.report)
        self.draw(Path(folder))


def study(
    asked: str | Path | Mapping[str, Any],
    *,
    set: Iterable[str] = (),
    points: int | None = None,
    replicates: int | None = None,
    precision: tuple[str, float] | None = None,
    seed: int | None = None,
    size: float | None = None,
    folder: str | Path | None = None,
    cluster: str | None = None,
    workers: int | None = None,
    engine: str = "kernel",
    progress: bool = True,
) -> StudyResult:
    """Live a study: a shipped name, a file, or what such a file would hold.

    Every finished batch is kept in results/STUDY, or in ``folder``, so that the same call goes on after a Ctrl-C.
    Raises InvalidInput with every problem, StoreError when the folder holds something else, Interrupted on Ctrl-C.
    """
    numbers: dict[str, Any] = {
        "points": points,
        "replicates": replicates,
        "seed": seed,
        "size": size,
        "precision": precision,
    }
    found = study_of_tables(asked, set, **numbers) if isinstance(asked, Mapping) else load_study(asked, set, **numbers)
    execution = Execution(engine, workers, cluster)
    store = Store(Path("results") / found.name if folder is None else Path(folder), found)
    with Watch(execution, quiet=not progress) as watch:
        report = conduct(found, store, execution, watch)
    return StudyResult(report, store.folder)


# -- what there is


def outcomes(search: str = "") -> Listing:
    """The outcomes, or those that mention ``search``, with their meaning in plain words."""
    rows = [
        {"name": one.name, "title": one.title, "unit": one.unit, "of": of, "meaning": one.meaning}
        for of, one in every_outcome()
        if mentions(search, one.name, one.title, one.meaning)
    ]
    return Listing("Outcomes", rows)


def parameters(search: str = "") -> Listing:
    """The parameters, or those that mention ``search``: meaning, range, source and grade of evidence."""
    rows = [
        {
            "name": one.name,
            "kind": one.kind,
            "default": one.default,
            "low": one.low,
            "high": one.high,
            "unit": one.unit,
            "grade": one.grade,
            "source": one.source,
            "meaning": one.meaning,
        }
        for one in register().values()
        if mentions(search, one.name, one.meaning)
    ]
    return Listing("Parameters", rows)


# -- the small print


def _scenario(one: str | Path | Scenario, set_: Iterable[str], size: float | None) -> Scenario:
    """A scenario by whatever says which; options go over its own. Raises InvalidInput."""
    settings = {} if size is None else {"size": size}
    if not isinstance(one, Scenario):
        return load(one, set_, **settings)
    given = dict(text.partition("=")[::2] for text in set_)
    return one.with_(**settings, **{name: option_value(text) for name, text in given.items()})
