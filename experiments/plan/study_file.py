"""Reads study files: TOML into a checked ``Study``, with every problem at once and the line it stands on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from keliling.experiments.plan.crossing import conditions_of, crossed, crossing_of
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.study import KINDS, MOST_OWN, NOW, SAMPLED, Arm, Crossing, Precision, Study
from keliling.experiments.plan.study_values import KEYS, STUDY_RULES, TABLES, TEXTS, WHOLE, Given
from keliling.experiments.plan.varied import all_levers, factors_of, rows_of
from keliling.sim.errors import InvalidInput
from keliling.sim.faults import RULES, Place, Problems, nearest_name
from keliling.sim.hypothesis import hypotheses
from keliling.sim.located import read_toml
from keliling.sim.parameters import Value, register
from keliling.sim.scenario import Scenario, load
from keliling.sim.scenario_file import NAMED, SETTINGS, check_lever
from keliling.sim.values import levers

DEFAULT_POINTS = {"sobol": 512, "morris": 20, "latin": 128, "pawn": 512}
DEFAULT_REPLICATES = 10
LONGEST_NAME = 60  # of a policy: it becomes a part of file names
OF_CROSSED = ("conditions", "smallest", "predicted", "relative")
OF_KINDS = {
    "events_per_month": ("frequency",),
    "levers": ("grid",),
    "table": ("table",),
    **dict.fromkeys(OF_CROSSED, ("crossed",)),
}


@cache
def shipped_folder() -> Path:
    """Folder of the shipped studies, installed or in a checkout."""
    return Path(__file__).parents[1] / "studies"


def shipped_studies() -> dict[str, Path]:
    """Files of the shipped studies by name."""
    return {path.stem: path for path in sorted(shipped_folder().glob("*.toml"))}


def titles() -> dict[str, tuple[str, str]]:
    """Kind and question of every shipped study, by name."""
    found = {}
    for name, path in shipped_studies().items():
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        found[name] = str(tables["kind"]), str(tables["question"])
    return found


def load_study(name_or_path: str | Path, set_: Iterable[str] = (), **options: Any) -> Study:
    """The study of a shipped name or a file; ``options`` (points, replicates, seed, ...) go over those of the file.

    ``set_`` are ``name=value`` texts for every arm. Raises InvalidInput with every problem.
    """
    problems = Problems(rules={**RULES, **STUDY_RULES})
    text = str(name_or_path)
    path = Path(text)
    if not text.endswith(".toml") and "/" not in text and "\\" not in text:
        if text not in shipped_studies():
            nearest = nearest_name(text, shipped_studies())
            problems.add("study-unknown", Place(text, key="study"), text, nearest=nearest)
            problems.raise_if_any()
        path = shipped_studies()[text]
    located = read_toml(path, problems)
    if located is None:
        raise InvalidInput(problems.found)
    given = {key: value for key, value in options.items() if value is not None}
    return _Reader(located, problems, tuple(set_), given).study()


class _Reader(Given):
    """One file on its way to a study."""

    def study(self) -> Study:
        """The study; raises InvalidInput with all problems."""
        tables, problems = self.tables, self.problems
        for key in tables:
            if key not in KEYS:
                problems.add("study-key-unknown", self.place(key), nearest=nearest_name(key, KEYS))
        for key in ("title", "question", "kind", "baseline"):
            if not tables.get(key):
                problems.add("study-missing", self.place(key), key=key)
        for key in TEXTS:
            if key in tables and not isinstance(tables[key], str):
                problems.add("text-expected", self.place(key), tables[key])
        for key in TABLES:
            if key in tables and not isinstance(tables[key], dict):
                problems.add("table-expected", self.place(key), tables[key], table=key)
        kind = str(tables.get("kind", ""))
        if kind not in KINDS and isinstance(tables.get("kind"), str) and kind:
            nearest = nearest_name(kind, KINDS)
            problems.add("choice-unknown", self.place("kind"), kind, nearest=nearest, choices=", ".join(KINDS))
        problems.raise_if_any()  # what follows is read by what these say
        whole = {key: self.whole(key) for key in WHOLE}
        baseline = self.baseline()
        factors = factors_of(self)
        rows = rows_of(self) if kind == "table" else ()
        watched = self.outcomes()
        precision, goal = self.precision(), self.goal()
        worth = self.positive("worth")
        problems.raise_if_any()
        assert baseline is not None
        year = whole["year"] if whole["year"] is not None else baseline.reported_years[-1]
        arms, crossing = self.arms(kind, baseline, rows, year, watched)
        worlds = tuple(row for row in rows if not all_levers(rows))
        factors = self.unowned(factors, arms, worlds)
        self.check(kind, arms, [*factors, *worlds], precision)
        if year not in baseline.reported_years:
            first, last = baseline.reported_years[0], baseline.reported_years[-1]
            problems.add("study-year", self.place("year"), year, first=first, last=last)
        else:
            self.check_years(arms, year)
        problems.raise_if_any()
        points = whole["points"] or (DEFAULT_POINTS.get(kind, 32) if factors else 1)
        if kind == "sobol" and points & (points - 1):
            problems.add("study-power", self.place("points"), points)
        study = Study(
            name=self.located.path.stem,
            title=tables["title"],
            question=tables["question"],
            kind=kind,
            arms=arms,
            factors=tuple(factors),
            points=points if factors or kind in SAMPLED else 1,
            replicates=1 if kind in SAMPLED else whole["replicates"] or DEFAULT_REPLICATES,
            seed=1 if whole["seed"] is None else whole["seed"],
            year=year,
            outcomes=watched,
            precision=precision,
            goal=goal,
            worth=worth,
            rows=worlds,
            crossing=crossing,
            path=str(self.located.path.resolve()),
            text=self.located.path.read_text(encoding="utf-8"),
            options={"set": list(self.set_), **self.options},
        )
        if study.own_luck and study.replicates > MOST_OWN:
            problems.add("study-replicates", self.place("replicates"), study.replicates, most=MOST_OWN)
        problems.raise_if_any()
        return study

    # -- scenarios

    def baseline(self) -> Scenario | None:
        """The base scenario, with what the file and the options set in every arm."""
        names = (*SETTINGS, "size", *NAMED, *register())
        for key in self.tables.get("parameters", {}):
            if key not in names:
                place = self.place("parameters", key)
                self.problems.add("setting-unknown", place, nearest=nearest_name(key, names))
        try:
            return self.scenario(self.tables["baseline"])
        except InvalidInput as error:
            self.moved(error, "baseline")
        return None

    def scenario(self, name: str) -> Scenario:
        """A scenario by its shipped name, or by a path from the study's folder, with what is set in every arm."""
        path = self.located.path.parent / name if name.endswith(".toml") else name
        given = self.tables.get("parameters", {})
        settings = {key: value for key, value in given.items() if key in (*SETTINGS, "size", *NAMED, *register())}
        if self.given("size") is not None:
            settings["size"] = self.given("size")
        return load(path, self.set_, **settings)

    def moved(self, error: InvalidInput, *keys: str | int) -> None:
        """Tell the problems of a scenario at the line that asked for it, unless they have a place of their own."""
        for problem in error.problems:
            found = problem
            if not problem.line and problem.file != "--set":
                place = self.asked("from" if problem.key == "month" else problem.key, *keys)
                found = replace(problem, file=place.file, line=place.line, column=place.column)
            if found not in self.problems.found:
                self.problems.extend([found])

    def asked(self, key: str, *keys: str | int) -> Place:
        """Where the file or an option gave a value of a scenario: under ``keys``, for every arm, or not at all."""
        for path in ((*keys, key), ("parameters", key), (key,)):
            if path in self.located.places or (path == (key,) and key in self.options):
                return self.place(*path)
        return self.place(*keys)

    def arms(
        self, kind: str, baseline: Scenario, rows: Sequence[Mapping[str, Value]], year: int, watched: tuple[str, ...]
    ) -> tuple[tuple[Arm, ...], Crossing | None]:
        """The baseline and the policies; of a crossed study under each of its conditions."""
        if kind != "crossed":
            return (Arm(NOW, baseline.title, baseline), *self.policies(baseline, rows, year)), None
        for name, value in self.tables.get("policies", {}).items():
            if not isinstance(value, dict):
                self.problems.add("study-crossed-policy", self.place("policies", name), value)
        under = conditions_of(self, baseline)
        self.problems.raise_if_any()
        if len(under) < 2:
            self.problems.add("study-conditions", self.place("conditions"))
        if not self.tables.get("policies"):
            self.problems.add("study-missing", self.place("policies"), key="[policies]")
        self.problems.raise_if_any()
        arms = {name: [Arm(NOW, one.title, one), *self.policies(one, rows, year)] for name, one in under.items()}
        policies = [one.name for one in next(iter(arms.values()))[1:]]
        return tuple(crossed(arms)), crossing_of(self, list(under), policies, watched)

    def policies(self, baseline: Scenario, rows: Sequence[Mapping[str, Value]], year: int) -> list[Arm]:
        """The policies that the kind and the file make."""
        month = self.tables.get("from", f"{min(max(year, baseline.reported_years[0]), baseline.reported_years[-1])}-01")
        kind, tables = self.tables["kind"], self.tables
        found: list[Arm] = []
        if kind == "frequency" and "events_per_month" in tables:
            for at, value in enumerate(self.levels("events_per_month", tables["events_per_month"])):
                levels: dict[str, Value] = {"events_per_month": value}
                title = f"{_shown(value)} events a month"
                found += self.arm(f"events-{_shown(value)}", title, baseline, month, levels, "events_per_month", at)
        elif kind == "grid":
            names = list(tables.get("levers", {}))
            every = [self.levels(name, tables["levers"][name], "levers") for name in names]
            for values in product(*every) if every else ():
                levels = dict(zip(names, values, strict=True))
                name = "-".join(f"{name}-{_shown(value)}" for name, value in levels.items())
                found += self.arm(name, _words(levels), baseline, month, levels, "levers")
        elif kind == "table" and all_levers(rows):
            for at, row in enumerate(rows):
                found += self.arm(f"row-{at + 1}", f"row {at + 1}: {_words(row)}", baseline, month, dict(row), "table")
        for name, value in tables.get("policies", {}).items():
            if len(name) > LONGEST_NAME or not name.isprintable() or set(name) & set("/\\"):
                self.problems.add("study-policy-name", self.place("policies", name), most=LONGEST_NAME)
            elif isinstance(value, str):
                try:
                    one = self.scenario(value)
                    found.append(Arm(name, one.title, one))
                except InvalidInput as error:
                    self.moved(error, "policies", name)
            elif isinstance(value, dict) and value:
                levels = {key: one for key, one in value.items() if key != "from"}
                when = value.get("from", month)
                made = self.arm(name, name.replace("_", " "), baseline, when, levels, "policies", name)
                found += [replace(one, levels={}) for one in made]  # those of a frequency or grid are its own
            else:
                self.problems.add("study-policy", self.place("policies", name), value)
        return found

    def arm(
        self, name: str, title: str, baseline: Scenario, month: Any, levels: dict[str, Value], *keys: str | int
    ) -> list[Arm]:
        """A policy that moves levers from a month on; none when they do not fit."""
        wrong = [key for key in levels if key not in levers()]
        for key in wrong:
            self.problems.add("study-lever", self.place(*keys, key), nearest=nearest_name(key, levers()))
        if wrong:
            return []
        try:
            scenario = baseline.with_change(month, **levels).with_(name=name, title=title)
        except InvalidInput as error:
            self.moved(error, *keys)
            return []
        return [Arm(name, title, scenario, levels)]

    def levels(self, name: str, given: Any, *table: str) -> list[Value]:
        """The values of a lever that a frequency or grid study sets."""
        place = self.place(*table, name)
        if name not in levers():
            self.problems.add("study-lever", place, name, nearest=nearest_name(name, levers()))
            return []
        if not isinstance(given, list) or not given:
            self.problems.add("study-levels", place, given)
            return []
        checked = [
            check_lever(name, value, self.place(*table, name, at), self.problems) for at, value in enumerate(given)
        ]
        return list(dict.fromkeys(value for value in checked if value is not None))

    def check(self, kind: str, arms: Sequence[Arm], varied: Sequence[Any], precision: Precision | None) -> None:
        """What a kind of study cannot do without, or cannot do with; ``varied`` are its factors or rows of worlds."""
        names = [arm.name for arm in arms]
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                self.problems.add("study-name-twice", self.place("policies", name), name)
        needs = {"frequency": "events_per_month", "grid": "levers"}.get(kind)
        if needs and (needs not in self.tables or self.tables[needs] == {}):
            self.problems.add("study-missing", self.place(needs), key=needs)
        if kind in (*SAMPLED, "tornado") and not varied:
            self.problems.add("study-missing", self.place("factors"), key="[factors]")
        for factor in varied if kind == "tornado" else ():
            if len(factor.choices) > 2:
                place = self.place("factors", factor.name)
                self.problems.add("study-tornado-ends", place, count=len(factor.choices))
        if kind == "table" and self.tables.get("factors"):
            self.problems.add("study-table-factors", self.place("factors"))
        for key, kinds in OF_KINDS.items():
            if self.given(key) is not None and kind not in kinds:
                self.problems.add("study-unused", self.place(key), kind=kind, why="")
        if self.given("replicates") is not None and kind in SAMPLED:
            self.problems.add("study-unused", self.place("replicates"), kind=kind, why=": luck is one of its factors")
        if self.given("points") is not None and (not varied or kind in ("tornado", "table")):
            self.problems.add("study-unused", self.place("points"), kind=kind, why=" without factors to be drawn")
        for key in ("factors", "goal", "worth", "precision") if kind == "crossed" else ():
            if self.given(key):
                self.problems.add("study-unused", self.place(key), kind=kind, why="")
        if precision and (len(arms) < 2 or varied):
            self.problems.add("study-precision", self.place("precision"), kind=kind)

    def unowned(
        self, factors: Sequence[Factor], arms: Sequence[Arm], worlds: Sequence[Mapping[str, Value]]
    ) -> list[Factor]:
        """The factors without those that a hypothesis owns; one that the file names, by itself, is refused."""
        accounts = {arm.scenario.hypothesis.name: arm.scenario.hypothesis for arm in arms}
        for factor in factors:
            if factor.name == "hypothesis":
                accounts |= {str(name): hypotheses()[str(name)] for name in factor.choices if name in hypotheses()}
        sets = {name: (account, value) for account in accounts.values() for name, value in account.overrides.items()}
        given = self.tables.get("factors", {})
        named = {factor.name: self.place("factors", factor.name) for factor in factors if factor.name in given}
        named |= {name: self.place("table") for row in worlds[:1] for name in row}
        for name in sets.keys() & named.keys():
            account, value = sets[name]
            self.problems.add("hypothesis-owns", named[name], hypothesis=account.name, sets=_shown(value))
        return [factor for factor in factors if factor.name not in sets]

    def check_years(self, arms: Sequence[Arm], year: int) -> None:
        """Policies of the baseline's people that begin with it share its luck month by month, and report the year."""
        begins = arms[0].scenario.first_year - arms[0].scenario.warmup_years
        for arm in arms[1:]:
            years, began = arm.scenario.reported_years, arm.scenario.first_year - arm.scenario.warmup_years
            people = [
                (one.profile.content(), one.size, one.population_seed) for one in (arms[0].scenario, arm.scenario)
            ]
            if people[0] != people[1]:
                self.problems.add("study-policy-district", self.place("policies", arm.name), arm.name)
            elif began != begins or year not in years:
                words: dict[str, Any] = {
                    "begins": begins,
                    "year": year,
                    "began": began,
                    "first": years[0],
                    "last": years[-1],
                }
                self.problems.add("study-policy-years", self.place("policies", arm.name), arm.name, **words)


def _words(levels: Mapping[str, Value]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in levels.items())


def _shown(value: Value) -> str:
    return (
        f"{value:.10g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
    )
