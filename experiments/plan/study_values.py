"""What a study file gives, value by value: checked, with the line on which each stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keliling.experiments.plan.study import Goal, Precision
from keliling.sim.faults import Place, Problems, nearest_name
from keliling.sim.located import Located
from keliling.sim.outcomes import NEITHER, outcomes

WHOLE = {"points": (1, 1_000_000), "replicates": (1, 100_000), "seed": (0, 2**32 - 1), "year": (1900, 2200)}
TEXTS = ("title", "question", "kind", "baseline", "from")
TABLES = ("policies", "factors", "parameters", "precision", "goal")
LARGEST = 1e300  # of any number; infinity and no number at all are none
KEYS = (*TEXTS, *WHOLE, "outcomes", "size", "worth", *TABLES)
"""Keys that every kind of study may have; those that only some have are theirs (``Kind.own_keys``)."""
PRECISION = ("outcome", "half_width", "least", "most", "look_ahead")
DEFAULT_OUTCOMES = ("rejected_share", "delayed_share", "satisfaction", "ikm", "complaints_expected", "broker_share")

STUDY_RULES = {
    "study-unknown": "no study of this name is shipped (a file of your own ends in .toml)",
    "study-key-unknown": "is not a key of a study here",
    "study-missing": "this study needs {key}",
    "study-year": "is not a reported year: the baseline reports {first} to {last}",
    "study-power": "a sobol study has a power of two of base points, such as 256 or 512",
    "study-positive": "must be above 0",
    "study-most": "must be at least least + look_ahead, and at most {high:,}",
    "study-outcome": "is not an outcome",
    "study-outcomes": "must be a list of outcomes, the first the one by which policies are ranked",
    "study-direction": "ranks policies, so it must be an outcome of which more or less is better",
    "study-goal": "a goal is an outcome and either at_most or at_least, a number",
    "study-goal-way": "is the wrong way round for this outcome",
    "study-condition": "a condition is a table of parameters, perhaps with a hypothesis; it may be empty",
    "study-condition-moved": "a policy or the baseline moves it, so that this condition would not hold",
    "study-conditions": "a crossed study needs at least two conditions",
    "study-relative": "must be a list of outcomes of this study",
    "study-smallest": "is not an outcome of this study",
    "study-predicted": "is no {what} of this study whose sign can be predicted",
    "study-sign": "a prediction is +1 or -1 for an outcome of this study",
    "study-crossed-policy": "in a crossed study a policy is a table of levers",
    "study-policy": "a policy is the name of a scenario in quotes, or a table of levers",
    "study-policy-name": "is no name of a policy: at most {most} characters, without / and \\, on one line",
    "study-policy-district": "is of another district, size or population than the baseline, so nobody can be paired",
    "study-policy-years": "must begin in {begins} as the baseline does, and report {year}; it begins in {began} and "
    "reports {first} to {last}",
    "study-against": "is no policy of this study",
    "study-lever": "is not a lever, so no policy can move it",
    "study-levels": "must be a list of values, such as [0, 1, 2]",
    "study-name-twice": "two policies have this name",
    "study-factor-kind": "cannot be a factor: it is a list or a constant (kind: {kind})",
    "study-factor-form": "a factor is true (all its range), [low, high], or a list of at least two of its choices",
    "study-tornado-ends": "has {count} choices, and a tornado two ends: name two of them",
    "study-table-empty": "needs a row of names and at least one row of values",
    "study-table-row": "has {cells} cells under {columns} names",
    "study-table-factors": "the design points of a table study are its rows; leave [factors] out",
    "study-unused": "is not used by a study of this kind ({kind}){why}",
    "study-replicates": "is more than the {most} that a design point can have where each has its own",
    "study-precision": "a precision needs policies and replicates, which a study of this kind ({kind}) does not have",
}


class StudyValues:
    """One study file and what the command sets over it; every fault goes into ``problems``."""

    def __init__(self, located: Located, problems: Problems, set_: tuple[str, ...], options: dict[str, Any]) -> None:
        self.located, self.problems, self.set_, self.options = located, problems, set_, options
        self.tables = located.tables

    def place(self, *keys: str | int) -> Place:
        """Where a key stands; an option stands at its own name."""
        if len(keys) == 1 and keys[0] in self.options:
            return Place(f"--{keys[0]}", key=str(keys[0]))
        return self.located.place(*keys)

    def given(self, key: str) -> Any:
        """A value of the options, else of the file."""
        return self.options.get(key, self.tables.get(key))

    def whole(self, key: str) -> int | None:
        """A whole number within its bounds."""
        value, (low, high) = self.given(key), WHOLE[key]
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.problems.add("whole-expected", self.place(key), value, unit=key)
        elif not low <= value <= high:
            self.problems.add("seed-range", self.place(key), value, low=low, high=high)
        else:
            return value
        return None

    def number(self, key: str, *table: str) -> float | None:
        """A number, perhaps within a table."""
        source = self.tables
        for name in table:
            source = source.get(name, {})
        value = source.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
            self.problems.add("number-expected", self.place(*table, key), value, unit=key.replace("_", " "))
            return None
        return float(value)

    def positive(self, key: str) -> float | None:
        """A number above 0."""
        value = self.number(key)
        if value is not None and not value > 0:
            self.problems.add("study-positive", self.place(key), value)
        return value

    def outcome(self, value: Any, *keys: str | int) -> str | None:
        """The name of an outcome."""
        if isinstance(value, str) and value in outcomes():
            return value
        nearest = nearest_name(str(value), outcomes())
        self.problems.add("study-outcome", self.place(*keys), value, nearest=nearest)
        return None

    def outcomes(self, *, ranks: bool = True) -> tuple[str, ...]:
        """The outcomes that are reported; where the first ranks policies it must have a better direction."""
        given = self.tables.get("outcomes", list(DEFAULT_OUTCOMES))
        if not isinstance(given, list) or not given:
            self.problems.add("study-outcomes", self.place("outcomes"), given)
            return ()
        names = [self.outcome(value, "outcomes", at) for at, value in enumerate(given)]
        found = tuple(dict.fromkeys(name for name in names if name))
        if ranks and found and outcomes()[found[0]].better == NEITHER:
            self.problems.add("study-direction", self.place("outcomes", 0), found[0])
        return found

    def precision(self) -> Precision | None:
        """The rule by which replicates are added."""
        table = self.tables.get("precision", {})
        for key in table:
            if key not in PRECISION:
                self.problems.add(
                    "study-key-unknown", self.place("precision", key), nearest=nearest_name(key, PRECISION)
                )
        asked = self.options.get("precision")
        half_width = asked[1] if asked else self.number("half_width", "precision")
        if half_width is None:
            if "precision" in self.tables:
                self.problems.add("study-missing", self.place("precision", "half_width"), key="half_width")
            return None
        watched = self.outcomes()
        name = asked[0] if asked else table.get("outcome", watched[0] if watched else "")
        outcome = self.outcome(name, *(("precision",) if asked else ("precision", "outcome")))
        numbers = {}
        for key in ("least", "most", "look_ahead"):
            value = table.get(key, getattr(Precision, key))
            if isinstance(value, bool) or not isinstance(value, int) or value < (0 if key == "look_ahead" else 2):
                self.problems.add("whole-expected", self.place("precision", key), value, unit="replicates, at least 2")
            else:
                numbers[key] = value
        if not half_width > 0:
            place = self.place("precision") if asked else self.place("precision", "half_width")
            self.problems.add("study-positive", place, half_width)
        if outcome is None or len(numbers) < 3:
            return None
        if not numbers["least"] + numbers["look_ahead"] <= numbers["most"] <= WHOLE["replicates"][1]:
            place = self.place("precision", "most")
            self.problems.add("study-most", place, numbers["most"], high=WHOLE["replicates"][1])
            return None
        return Precision(outcome, half_width, **numbers)

    def goal(self) -> Goal | None:
        """The level to be reached."""
        table = self.tables.get("goal")
        if table is None:
            return None
        outcome = self.outcome(table.get("outcome"), "goal", "outcome")
        bounds = {"at_most": self.number("at_most", "goal"), "at_least": self.number("at_least", "goal")}
        given = [(key, value) for key, value in bounds.items() if value is not None]
        unknown = set(table) - {"outcome", *bounds}
        if outcome is None or len(given) != 1 or unknown:
            self.problems.add("study-goal", self.place("goal"))
            return None
        if (given[0][0] == "at_least") != (outcomes()[outcome].better == 1):
            self.problems.add("study-goal-way", self.place("goal", given[0][0]))
        return Goal(outcome, given[0][1])


def from_anywhere(text: str) -> str:
    """A ``name=value`` text that means the same in every folder: a file that it names, by its whole path."""
    name, _, value = text.partition("=")
    file, colon, function = value.strip().partition(".py:")
    if colon and Path(f"{file}.py").is_file():
        return f"{name}={Path(f'{file}.py').resolve()}:{function}"
    is_file = value.strip().endswith(".toml") and Path(value.strip()).is_file()
    return f"{name}={Path(value.strip()).resolve()}" if is_file else text
