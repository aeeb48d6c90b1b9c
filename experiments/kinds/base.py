"""What every kind of study has: how it is read, which jobs it has in which rounds, its analysis, its words and figures.

A kind is one file of this folder, and an entry of ``kinds.KINDS``. It overrides what is its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.analysis.decision import Decision, Standing, decide
from keliling.experiments.analysis.differences import variance_ratio
from keliling.experiments.analysis.information import worth_knowing
from keliling.experiments.analysis.precision import judged, rounds, said
from keliling.experiments.analysis.results import Results, results_of
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.points import BASE, DesignPoint, at, latin
from keliling.experiments.plan.study import OUTCOMES, Arm, Job, Round, Study
from keliling.experiments.plan.study_file import StudyFile
from keliling.experiments.reports.blocks import Block, Cell, interval_text, meanings, share_text
from keliling.experiments.reports.report import Report, content_of, write_tables
from keliling.sim.outcomes import Outcome, outcomes

if TYPE_CHECKING:
    import pyarrow as pa

MOST_FACTORS = 12  # that are told; the others stand in the table


class Kind:
    """A kind of study whose policies are those of the file, with so many replicates of every design point."""

    name = ""
    own_keys: Mapping[str, type] = {}
    needs: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    luck = False
    default_points = 32
    keeps: tuple[str, ...] = (OUTCOMES,)
    ranks = True

    # -- its file

    def beside(self, file: StudyFile) -> Any:
        """What is read beside the file."""
        return None

    def arms(self, file: StudyFile, beside: Any) -> tuple[Sequence[Arm], Any]:
        """The baseline, the policies that the kind makes and those of the file; and what it declares besides."""
        return [file.now(), *self.policies(file, beside), *file.policies()], beside

    def policies(self, file: StudyFile, beside: Any) -> Sequence[Arm]:
        """The policies that the kind makes."""
        return ()

    def check(self, file: StudyFile, arms: Sequence[Arm], factors: Sequence[Factor], details: Any) -> None:
        """Tell what else it cannot do without, or cannot do with."""

    def design(self, factors: Sequence[Factor], points: int, seed: int, details: Any) -> Sequence[DesignPoint]:
        """The design points, such that more of them only add some behind those there are."""
        return at(factors, latin(len(factors), points, seed)) if factors else (BASE,)

    def own_luck(self, factors: Sequence[Factor], details: Any) -> bool:
        """Whether every design point has replicates of its own, so that their means are independent."""
        return bool(factors)

    # -- its rounds

    def rounds(self, study: Study, results: Callable[[], Results]) -> Iterator[Round]:
        """Its rounds in turn. ``results`` are those of the rounds so far, which are whole whenever one is asked for."""
        rule = study.precision
        if rule is None:
            yield Round(study.jobs())
            return
        yield from rounds(rule, lambda count: Round(study.jobs(count)), lambda: results().differences(rule.outcome))

    def results(self, study: Study, runs: pa.Table, jobs: Sequence[Job]) -> Results:
        """The results of these jobs."""
        return results_of(study, runs, jobs)

    def most_runs(self, study: Study) -> int:
        """How many runs it may come to."""
        return Round(study.jobs(study.precision.most if study.precision else None)).runs

    # -- its analysis

    def report(self, results: Results) -> Report:
        """What the results come to."""
        rule = results.study.precision
        reached = None if rule is None else judged(rule, results.differences(rule.outcome))
        chosen_among = results.policies and results.study.factors
        worth = worth_knowing(results, seed=results.study.seed) if chosen_among else None
        return Report(results, self.decision(results), reached, worth, self.parts(results))

    def decision(self, results: Results) -> Decision:
        """Which policy to choose."""
        return decide(results)

    def parts(self, results: Results) -> Mapping[str, Any]:
        """What it finds besides."""
        return {}

    # -- its words

    def arms_in_words(self, study: Study) -> str:
        """Its arms, for a dry run."""
        names = [arm.name for arm in study.arms]
        return f"{len(names)}: {', '.join(names)}"

    def blocks(self, report: Report) -> list[Block]:
        """What it says, in the order in which it is read."""
        common = (*worth_blocks(report), *precision_blocks(report), *last_blocks(report))
        return [head_block(report), *decision_blocks(report), *self.own_blocks(report), *common]

    def own_blocks(self, report: Report) -> list[Block]:
        """What it says of its parts."""
        return []

    def content(self, report: Report) -> dict[str, Any]:
        """Everything as plain data."""
        return content_of(report) | self.own_content(report)

    def own_content(self, report: Report) -> dict[str, Any]:
        """Its parts as plain data."""
        return {name: [asdict(one) for one in part] for name, part in report.parts.items()}

    # -- its files

    def write(self, folder: Path, report: Report) -> None:
        """Write its tables."""
        write_tables(folder, report)

    def draw(self, folder: Path, report: Report) -> list[Path]:
        """Draw the figures; returns the files written."""
        from keliling.experiments.figures.sheet import footer
        from keliling.experiments.figures.study import draw_decision, draw_worth

        foot = footer(report.results)
        own = self.draw_own(folder, report, foot)
        return [*draw_decision(folder, report, foot), *own, *draw_worth(folder, report, foot)]

    def draw_own(self, folder: Path, report: Report, foot: str) -> list[Path]:
        """Draw the figures of its parts, with the words at their ``foot``."""
        return []


def head_block(report: Report) -> Block:
    """What was asked, and how much was lived."""
    results, study = report.results, report.results.study
    points = f"{len(study.design):,} design points, " if len(study.design) > 1 else ""
    about = [f"{study.year}; {points}{results.jobs:,} jobs of {len(study.arms)} arms, seed {study.seed}"]
    if results.failed:
        about.append(f"{results.failed:,} runs failed and are left out, such as: {results.errors[0]}")
    return Block(study.title, [study.question, *about, ""])


def last_blocks(report: Report) -> list[Block]:
    """What the study's outcomes mean, those that would be misread, and what it all is."""
    named = [outcomes()[name] for name in report.results.study.outcomes]
    words = meanings({one.title: one.meaning for one in named if one.explained})
    return [*words, Block(below=[NOT_A_FORECAST])]


def decision_blocks(report: Report) -> list[Block]:
    """Which policy, and what each does to every outcome."""
    found, goal = report.decision, report.results.study.goal
    blocks = [Block(above=[f"Note: {found.note}"])] if found.note else []
    if len(found.rankings) < 2:
        return blocks
    header = ["Policy", "Best in", f"Benefit over now, {report.results.benefit_unit}", "Regret", "Worst regret"]
    rows = [
        [
            one.policy,
            share_text(one.best),
            interval_text(one.benefit, one.benefit_low, one.benefit_high, 2),
            interval_text(one.regret, math.nan, math.nan, 2),
            interval_text(one.worst_regret, math.nan, math.nan, 2),
            interval_text(one.cost, one.cost_low, one.cost_high, 1),
            *([share_text(one.meets_goal)] if goal else []),
        ]
        for one in found.rankings
    ]
    dropped = f"Ranked over {found.jobs:,} jobs; {found.dropped:,} are left out, since a policy failed in them"
    blocks.append(
        Block(
            "Which policy",
            [dropped] if found.dropped else [],
            [*header, "Extra cost, Rp million", *(["Goal met"] if goal else [])],
            rows,
            range(1, 7),
            [*([f"Goal: {goal.text}."] if goal else []), *(f"Note: {note}." for note in found.notes)],
        )
    )
    for name in dict.fromkeys(one.outcome for one in found.standings):
        outcome = outcomes()[name]
        blocks.append(
            Block(
                f"{outcome.title}, {outcome.unit}",
                (),
                ["Policy", "Mean", "Difference", "Median", "Worst decile", "Worse than now", "Reading"],
                [
                    [
                        one.policy,
                        outcome.text(one.mean),
                        _difference(one, outcome),
                        outcome.text(one.median, signed=True),
                        outcome.text(one.worst_decile, signed=True),
                        share_text(one.worse_than_now),
                        one.verdict,
                    ]
                    for one in found.standings
                    if one.outcome == name
                ],
                range(1, 6),
            )
        )
    return blocks


def _difference(one: Standing, outcome: Outcome) -> Cell | str:
    """The difference with its interval, under its verdict."""
    text = outcome.text(one.difference, signed=True)
    if math.isnan(one.low):
        return text
    return Cell(f"{text} [{outcome.text(one.low, signed=True)}, {outcome.text(one.high, signed=True)}]", one.verdict)


def precision_blocks(report: Report) -> list[Block]:
    """Whether the precision that was asked for was reached."""
    reached, rule = report.reached, report.results.study.precision
    if reached is None or rule is None:
        return []
    values = report.results.values[rule.outcome]
    ratios = [variance_ratio(values[0].tolist(), values[at].tolist()) for at in range(1, len(values))]
    finite = sorted(one for one in ratios if math.isfinite(one))
    gain = f"; common random numbers cut the variance {finite[0]:.1f} to {finite[-1]:.1f} times" if finite else ""
    return [Block(above=[f"{said(rule, reached).removesuffix('.')}{gain}."])]


def worth_blocks(report: Report) -> list[Block]:
    """What it would be worth to know a factor."""
    worth = report.worth
    if worth is None:
        return []
    if worth.note:
        return [Block(above=[f"Value of information: {worth.note}"])]
    rows = [
        [
            one.factor,
            one.grade,
            interval_text(one.value, one.low, one.high, 4),
            f"{one.floor:.4f}",
            share_text(one.flips),
            "" if one.told else "not told from nothing",
        ]
        for one in worth.factors[:MOST_FACTORS]
    ]
    heading = f"What it is worth to know a factor before choosing, {worth.unit} (chosen without: {worth.chosen})"
    return [Block(heading, (), ["Factor", "Grade", "Worth", "Floor", "Choice changes in", ""], rows, (2, 3, 4))]
