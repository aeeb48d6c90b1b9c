"""What a crossed study adds to a study file: conditions, the smallest differences that matter, and predicted signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keliling.experiments.analysis.crossed import Crossing
from keliling.experiments.plan.study import Arm
from keliling.experiments.plan.study_values import StudyValues
from keliling.sim.errors import InvalidInput
from keliling.sim.faults import nearest_name, shown
from keliling.sim.hypothesis import Hypothesis, hypotheses
from keliling.sim.parameters import Value, register
from keliling.sim.scenario import Scenario
from keliling.sim.values import bounds, check_value

BETWEEN = ": "  # condition and policy in the name of an arm


def conditions_of(file: StudyValues, baseline: Scenario) -> dict[str, Scenario]:
    """The baseline under each condition, the first as the baseline is; problems go to ``file``."""
    found = {}
    for name, table in file.tables.get("conditions", {}).items():
        if not isinstance(table, dict):
            file.problems.add("study-condition", file.place("conditions", name), table)
            continue
        if one := _under(file, baseline, name, table):
            found[name] = one
    moved = {lever for change in baseline.changes for lever in change.values}
    for policy in file.tables.get("policies", {}).values():
        moved |= set(policy) if isinstance(policy, dict) else set()
    for name, table in file.tables.get("conditions", {}).items():
        for key in moved & set(table if isinstance(table, dict) else ()):
            file.problems.add("study-condition-moved", file.place("conditions", name, key))
    return found


def _under(file: StudyValues, baseline: Scenario, name: str, table: Mapping[str, Any]) -> Scenario | None:
    """The baseline under a condition: values that are plausible as they are, others as an account of its own."""
    plain: dict[str, Any] = {"hypothesis": table["hypothesis"]} if "hypothesis" in table else {}
    beyond: dict[str, Value] = {}
    for key, value in table.items():
        place = file.place("conditions", name, key)
        if key == "hypothesis":
            continue
        if key not in register():
            file.problems.add("parameter-unknown", place, nearest=nearest_name(key, register()))
            continue
        parameter = register()[key]
        checked = check_value(parameter, value, place, file.problems, possible=True)
        if checked is None:
            continue
        low, high = bounds(parameter)
        owned = hypotheses().get(str(table.get("hypothesis")))
        if owned is not None and key in owned.overrides:
            file.problems.add("hypothesis-owns", place, value, hypothesis=owned.name, sets=shown(owned.overrides[key]))
            continue
        if isinstance(checked, int | float) and not isinstance(checked, bool) and not low <= checked <= high:
            beyond[key] = checked
        else:
            plain[key] = checked
    try:
        scenario = baseline.with_(**plain, name=name, title=name)
        if beyond:
            account = scenario.hypothesis
            own = Hypothesis(name, name, account.why, {**account.overrides, **beyond}, account.path, account.function)
            scenario = scenario.with_(hypothesis=replace(own, source=account.source))
        return scenario
    except InvalidInput as error:
        for problem in error.problems:
            place = (
                file.place("conditions", name, problem.key) if problem.key in table else file.place("conditions", name)
            )
            file.problems.extend([replace(problem, file=place.file, line=place.line, column=place.column)])
        return None


def crossed(arms: Mapping[str, list[Arm]]) -> list[Arm]:
    """All arms of a crossed study: under each condition the baseline, then the policies."""
    first = next(iter(arms), "")
    found = []
    for condition, mine in arms.items():
        found += [
            one if condition == first else replace(one, name=name, title=name, baseline=condition)
            for one in mine
            for name in (condition if one is mine[0] else f"{condition}{BETWEEN}{one.name}",)
        ]
    return found


def crossing_of(file: StudyValues, conditions: list[str], policies: list[str], watched: tuple[str, ...]) -> Crossing:
    """What is declared about a crossed study before it is lived; problems go to ``file``."""
    tables, problems = file.tables, file.problems
    relative = tables.get("relative", [])
    if not isinstance(relative, list) or not set(map(str, relative)) <= set(watched):
        problems.add("study-relative", file.place("relative"), relative)
        relative = []
    smallest = {}
    for name in tables.get("smallest", {}):
        value = file.number(name, "smallest")
        if name not in watched:
            problems.add("study-smallest", file.place("smallest", name), nearest=nearest_name(name, watched))
        elif value is not None and not value > 0:
            problems.add("study-positive", file.place("smallest", name), value)
        elif value is not None:
            smallest[name] = value
    predicted = {}
    for condition, of_policies in tables.get("predicted", {}).items():
        if condition not in conditions[1:]:
            nearest = nearest_name(condition, conditions[1:])
            problems.add("study-predicted", file.place("predicted", condition), what="condition", nearest=nearest)
            continue
        if not isinstance(of_policies, dict):
            problems.add("study-predicted", file.place("predicted", condition), of_policies, what="table", nearest="")
            continue
        for policy, signs in of_policies.items():
            place = file.place("predicted", condition, policy)
            if policy not in policies or not isinstance(signs, dict):
                problems.add("study-predicted", place, what="policy", nearest=nearest_name(policy, policies))
                continue
            for outcome, sign in signs.items():
                if outcome not in watched or sign not in (-1, 1) or isinstance(sign, bool):
                    problems.add("study-sign", place, sign)
                else:
                    predicted[condition, policy, outcome] = sign
    return Crossing(tuple(conditions), tuple(policies), frozenset(relative), smallest, predicted)
