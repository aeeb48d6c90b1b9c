"""What a finished study says on stdout: tables for people, or the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import rich_click as click

from keliling.experiments import NOT_A_FORECAST
from keliling.experiments.commands.terminal import explained, heading, table

if TYPE_CHECKING:
    from keliling.experiments.analysis.decision import Standing
    from keliling.experiments.analysis.differences import Measure
    from keliling.experiments.analysis.sensitivity import Index
    from keliling.experiments.reports.report import Report

COLOURS = {"better": "cyan", "worse": "yellow"}
MOST_FACTORS = 12


def show(report: Report) -> None:
    """The tables of a study."""
    study, answers = report.answers.study, report.answers
    heading(study.title)
    click.echo(study.question)
    worlds = f"{len(study.worlds):,} worlds, " if len(study.worlds) > 1 else ""
    click.echo(f"{study.year}; {worlds}{answers.jobs:,} jobs of {len(study.arms)} arms, seed {study.seed}")
    if answers.failed:
        click.echo(f"{answers.failed:,} runs failed and are left out, such as: {answers.errors[0]}")
    click.echo()
    _decision(report)
    _crossed(report)
    _frequency(report)
    _tornado(report)
    _sensitivity(report)
    _worth(report)
    _reached(report)
    explained(_words(report))
    click.echo(NOT_A_FORECAST)


def _words(report: Report) -> dict[str, str]:
    """What the study's outcomes mean, those that would be misread."""
    from keliling.sim.outcomes import outcomes

    named = [outcomes()[name] for name in report.answers.study.outcomes]
    return {one.title: one.meaning for one in named if one.explained}


def _decision(report: Report) -> None:
    from keliling.experiments.analysis.differences import measure_of
    from keliling.sim.outcomes import outcomes

    found = report.decision
    if found.note:
        click.echo(f"Note: {found.note}")
    if not found.rankings or len(found.rankings) < 2:
        return
    unit = report.answers.benefit_unit
    goal = report.answers.study.goal
    heading("Which policy")
    if found.dropped:
        click.echo(f"Ranked over {found.jobs:,} jobs; {found.dropped:,} are left out, since a policy failed in them")
    table(
        [
            "Policy",
            "Best in",
            f"Benefit over now, {unit}",
            "Regret",
            "Worst regret",
            "Extra cost, Rp million",
            *(["Goal met"] if goal else []),
        ],
        [
            [
                one.policy,
                _share(one.best),
                _interval(one.benefit, one.benefit_low, one.benefit_high, 2),
                _interval(one.regret, math.nan, math.nan, 2),
                _interval(one.worst_regret, math.nan, math.nan, 2),
                _interval(one.cost, one.cost_low, one.cost_high, 1),
                *([_share(one.meets_goal)] if goal else []),
            ]
            for one in found.rankings
        ],
        right=range(1, 7),
    )
    if goal:
        click.echo(f"Goal: {goal.text}.")
    for note in found.notes:
        click.echo(f"Note: {note}.")
    click.echo()
    for name in dict.fromkeys(one.outcome for one in found.standings):
        measure = measure_of(outcomes()[name])
        heading(f"{measure.title}, {measure.unit}")
        rows = [one for one in found.standings if one.outcome == name]
        table(
            ["Policy", "Mean", "Difference", "Median", "Worst decile", "Worse than now", "Reading"],
            [
                [
                    one.policy,
                    measure.text(one.mean),
                    _coloured(one, measure),
                    measure.text(one.median, signed=True),
                    measure.text(one.worst_decile, signed=True),
                    _share(one.worse_than_now),
                    one.verdict,
                ]
                for one in rows
            ],
            right=range(1, 6),
        )
        click.echo()


def _coloured(one: Standing, measure: Measure) -> str:
    """The difference with its interval; in colour only where that excludes zero, which the reading says in words."""
    text = measure.text(one.difference, signed=True)
    if math.isnan(one.low):
        return text
    text = f"{text} [{measure.text(one.low, signed=True)}, {measure.text(one.high, signed=True)}]"
    return click.style(text, fg=COLOURS[one.verdict]) if one.verdict in COLOURS else text


def _crossed(report: Report) -> None:
    """By outcome, conditions in rows and policies in columns: how far effects lie apart, or what conditions change."""
    from keliling.experiments.analysis.crossed import APART, SAME
    from keliling.sim.outcomes import outcomes

    crossing = report.answers.study.crossing
    if crossing is None:
        return
    declared = bool(crossing.smallest)
    first, *others = crossing.conditions
    for name in crossing.smallest or report.answers.study.outcomes:
        by = {(one.condition, one.policy): one for one in report.effects if one.outcome == name}
        what = "effects of policies, and how far they lie apart" if declared else "what each condition changes"
        heading(f"{outcomes()[name].title}, {crossing.unit(name)}: {what}")
        columns = crossing.policies if declared else ("", *crossing.policies)
        rows = [[f"{first} (effect)", *(f"{by[first, policy].effect:+.2f}" for policy in columns)]] if declared else []
        for condition in others:
            cells = [condition]
            for one in (by[condition, policy] for policy in columns):
                value, low, high = (
                    (one.apart, one.apart_low, one.apart_high)
                    if declared
                    else (one.change, one.change_low, one.change_high)
                )
                marked = one.verdict == APART if declared else low * high > 0.0
                same = one.verdict == SAME or value == low == high == 0.0
                cells.append("same" if same else f"{value:+.2f}{'*' if marked else ''}")
            rows.append(cells)
        table(["Condition", *(policy or "baseline" for policy in columns)], rows, right=range(1, 1 + len(columns)))
        if declared:
            click.echo(f"* the whole 95% interval lies apart from {first} by more than {crossing.smallest[name]:g}")
        else:
            click.echo(f"Over {first} under the same policy; * the 95% interval excludes zero")
        click.echo()
    if declared:
        heading("What tells two conditions apart best")
        rows = [
            [one.one, one.other, one.policy or "nothing here", one.outcome, _interval(one.apart, one.low, one.high, 2)]
            for one in report.pairs
        ]
        table(["One", "Other", "Policy", "Outcome", "Difference of effects"], rows, right=(4,))
        click.echo()


def _frequency(report: Report) -> None:
    from keliling.sim.outcomes import outcomes

    said = [one for one in report.responses if one.text]
    if said:
        heading("More events a month")
        table(["Outcome", "Finding"], [[outcomes()[one.outcome].title, one.text] for one in said])
        click.echo()


def _tornado(report: Report) -> None:
    for target, pairs in list(report.tornado.items())[:2]:
        heading(f"{target.title}: what each factor changes at its ends")
        rows = [
            [
                low.factor,
                f"{low.value:g}" if isinstance(low.value, float) else str(low.value),
                _interval(low.difference, low.low, low.high, 3),
                f"{high.value:g}" if isinstance(high.value, float) else str(high.value),
                _interval(high.difference, high.low, high.high, 3),
            ]
            for low, high in pairs[:MOST_FACTORS]
        ]
        table(["Factor", "Low", "Change", "High", "Change"], rows, right=range(1, 5))
        click.echo()


def _sensitivity(report: Report) -> None:
    from keliling.experiments.analysis.sensitivity import MAIN

    for target, found in report.sensitivity.items():
        if target.kind == "level" and len(report.answers.study.arms) > 1:
            continue  # what moves the advice comes first; levels are in sensitivity.csv
        if found.note:
            click.echo(f"{target.title}: {found.note}")
            continue
        measure = MAIN[found.kind]
        top = found.of(measure)[:MOST_FACTORS]
        names = [measure, *(["S1"] if measure == "ST" else ["sigma"] if measure == "mu_star" else [])]
        by = {name: {one.factor: one for one in found.of(name)} for name in names}
        heading(target.title)
        click.echo(
            f"{found.estimator}; {found.points:,} points" + (f", {found.dropped} dropped" if found.dropped else "")
        )
        table(
            ["Factor", *names, ""],
            [
                [
                    one.factor,
                    *(
                        _interval(by[name][one.factor].value, by[name][one.factor].low, by[name][one.factor].high, 3)
                        for name in names
                    ),
                    _untold([by[name][one.factor] for name in names if not math.isnan(found.floor[name])]),
                ]
                for one in top
            ],
            right=range(1, 1 + len(names)),
        )
        click.echo()


def _untold(indices: Sequence[Index]) -> str:
    """Which of a factor's indices a factor that does nothing would reach too."""
    untold = [one.measure for one in indices if not one.told]
    if not untold:
        return ""
    return f"{'' if len(untold) == len(indices) else f'{untold[0]} '}not told from a dummy"


def _worth(report: Report) -> None:
    worth = report.worth
    if worth is None or worth.note:
        if worth is not None:
            click.echo(f"Value of information: {worth.note}")
        return
    heading(f"What it is worth to know a factor before choosing, {worth.unit} (chosen without: {worth.chosen})")
    table(
        ["Factor", "Grade", "Worth", "Floor", "Choice changes in", ""],
        [
            [
                one.factor,
                one.grade,
                _interval(one.value, one.low, one.high, 4),
                f"{one.floor:.4f}",
                _share(one.flips),
                "" if one.told else "not told from nothing",
            ]
            for one in worth.factors[:MOST_FACTORS]
        ],
        right=(2, 3, 4),
    )
    click.echo()


def _reached(report: Report) -> None:
    reached, rule = report.reached, report.answers.study.precision
    if reached is None or rule is None:
        return
    from keliling.experiments.analysis.differences import variance_ratio
    from keliling.experiments.analysis.precision import said

    values = report.answers.values[rule.outcome]
    ratios = [variance_ratio(values[0].tolist(), values[at].tolist()) for at in range(1, len(values))]
    finite = sorted(one for one in ratios if math.isfinite(one))
    gain = f"; common random numbers cut the variance {finite[0]:.1f} to {finite[-1]:.1f} times" if finite else ""
    click.echo(f"{said(rule, reached).removesuffix('.')}{gain}.")


def _interval(value: float, low: float, high: float, decimals: int) -> str:
    if math.isnan(value):
        return "n/a"
    if math.isnan(low):
        return f"{value:,.{decimals}f}"
    return f"{value:,.{decimals}f} [{low:,.{decimals}f}, {high:,.{decimals}f}]"


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.0f}%"


def content(report: Report) -> dict[str, Any]:
    """Everything as plain data."""
    study = report.answers.study
    found: dict[str, Any] = {
        "note": NOT_A_FORECAST,
        "study": study.name,
        "kind": study.kind,
        "question": study.question,
        "year": study.year,
        "seed": study.seed,
        "worlds": len(study.worlds),
        "jobs": report.answers.jobs,
        "failed": report.answers.failed,
        "errors": list(report.answers.errors),
        "ranked_jobs": report.decision.jobs,
        "dropped_jobs": report.decision.dropped,
        "notes": list(report.decision.notes),
        "decision": _plain(report.decision.standings),
        "ranking": _plain(report.decision.rankings),
        "response": _plain(report.responses),
        "sensitivity": [
            {"target": one.target, "estimator": one.estimator, "points": one.points, "dropped": one.dropped}
            | {"note": one.note, "floor": dict(one.floor), "indices": _plain(one.indices)}
            for one in report.sensitivity.values()
        ],
        "tornado": [
            {"target": target.title, "changes": [_plain(pair) for pair in pairs]}
            for target, pairs in report.tornado.items()
        ],
    }
    if report.worth is not None:
        found["information"] = asdict(report.worth)
    if report.reached is not None:
        found["precision"] = asdict(report.reached)
    return found


def _plain(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]
