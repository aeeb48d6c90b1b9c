"""Reads study files: TOML into a checked ``Study``, with every problem at once and the line it stands on.

What only some kinds of study have is read by them (``FileKind`` below says what the reader asks of a kind); the kinds
that there are, are handed to ``load_study``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.points import BASE, DesignPoint
from keliling.experiments.plan.study import MOST_OWN, NOW, Arm, Precision, Study
from keliling.experiments.plan.study_values import KEYS, STUDY_RULES, TABLES, TEXTS, WHOLE, StudyValues, from_anywhere
from keliling.experiments.plan.varied import factors_of
from keliling.sim.errors import InvalidInput
from keliling.sim.faults import RULES, Place, Problems, nearest_name
from keliling.sim.hypothesis import hypotheses
from keliling.sim.located import read_toml
from keliling.sim.parameters import Value, register
from keliling.sim.scenario import Scenario, load
from keliling.sim.scenario_file import NAMED, SETTINGS, check_lever
from keliling.sim.values import levers

DEFAULT_REPLICATES = 10
LONGEST_NAME = 60  # of a policy: it becomes a part of file names


class FileKind(Protocol):
    """What the reader asks of a kind of study."""

    name: str
    own_keys: Mapping[str, type]
    """Keys of a study's file that this kind has besides those that all may have; dict for a table, str for a text."""
    needs: tuple[str, ...]
    """Keys that it cannot do without."""
    refuses: tuple[str, ...]
    """Keys that all may have but this kind."""
    luck: bool
    """Whether every design point comes with its luck, so that there are no replicates to be asked for."""
    default_points: int
    """Points of a design over factors where the file says nothing; 0 where the kind says itself how many there are."""
    keeps: tuple[str, ...]
    """What it keeps of every run."""
    ranks: bool
    """Whether its first outcome ranks policies, so that more or less of it must be better."""

    def beside(self, file: StudyFile) -> Any:
        """What is read beside the file, such as a table."""

    def arms(self, file: StudyFile, beside: Any) -> tuple[Sequence[Arm], Any]:
        """The baseline and the policies, and what it declares besides, as it is kept in ``Study.details``."""

    def check(self, file: StudyFile, arms: Sequence[Arm], factors: Sequence[Factor], details: Any) -> None:
        """Tell the file's problems of what it cannot do without, or cannot do with."""

    def design(self, factors: Sequence[Factor], points: int, seed: int, details: Any) -> Sequence[DesignPoint]:
        """The design points, such that more points only add some behind those there are."""

    def own_luck(self, factors: Sequence[Factor], details: Any) -> bool:
        """Whether every design point has replicates of its own."""


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


def read_study(
    name_or_path: str | Path, kinds: Mapping[str, FileKind], set_: Iterable[str] = (), **options: Any
) -> Study:
    """The study of a shipped name or a file; ``options`` (points, replicates, seed, ...) go over those of the file.

    ``kinds`` are those that there are, by name, and ``set_`` ``name=value`` texts for every arm. Raises InvalidInput
    with every problem.
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
    return StudyFile(located, problems, tuple(set_), given).study(kinds)


class StudyFile(StudyValues):
    """One file on its way to a study; ``base``, ``year`` and ``watched`` are there once a kind is asked."""

    base: Scenario
    """The baseline."""
    year: int
    watched: tuple[str, ...]
    """Outcomes, the first the one by which policies are ranked."""

    def study(self, kinds: Mapping[str, FileKind]) -> Study:
        """The study; raises InvalidInput with all problems."""
        tables, problems = self.tables, self.problems
        kind = self.kind(kinds)
        whole = {key: self.whole(key) for key in WHOLE}
        baseline = self.baseline()
        factors = factors_of(self)
        beside = kind.beside(self)
        self.watched = self.outcomes(ranks=kind.ranks)
        precision, goal = self.precision(), self.goal()
        worth = self.positive("worth")
        problems.raise_if_any()
        assert baseline is not None
        years = baseline.reported_years
        self.base, self.year = baseline, years[-1] if whole["year"] is None else whole["year"]
        arms, details = kind.arms(self, beside)
        factors = self.unowned(factors, arms)
        self.check(kind, kinds, arms, factors, precision)
        kind.check(self, arms, factors, details)
        if self.year not in years:
            problems.add("study-year", self.place("year"), self.year, first=years[0], last=years[-1])
        else:
            self.check_years(arms)
        problems.raise_if_any()
        seed = 1 if whole["seed"] is None else whole["seed"]
        points = whole["points"] or kind.default_points if factors else 1
        study = Study(
            name=self.located.path.stem,
            title=tables["title"],
            question=tables["question"],
            kind=kind.name,
            arms=tuple(arms),
            factors=tuple(factors),
            points=points or 1,
            replicates=1 if kind.luck else whole["replicates"] or DEFAULT_REPLICATES,
            seed=seed,
            year=self.year,
            outcomes=self.watched,
            precision=precision,
            goal=goal,
            worth=worth,
            design=tuple(kind.design(factors, points or 1, seed, details)) or (BASE,),
            own_luck=kind.own_luck(factors, details),
            details=details,
            keeps=kind.keeps,
            path=str(self.located.path.resolve()),
            text=self.located.path.read_text(encoding="utf-8"),
            options={"set": [from_anywhere(text) for text in self.set_], **self.options},
        )
        if study.own_luck and study.replicates > MOST_OWN:
            problems.add("study-replicates", self.place("replicates"), study.replicates, most=MOST_OWN)
        problems.raise_if_any()
        return study

    def kind(self, kinds: Mapping[str, FileKind]) -> FileKind:
        """The kind of the study; raises InvalidInput when the file has keys or types that no study has."""
        tables, problems = self.tables, self.problems
        own = {key: form for kind in kinds.values() for key, form in kind.own_keys.items()}
        known = (*KEYS, *own)
        for key in tables:
            if key not in known:
                problems.add("study-key-unknown", self.place(key), nearest=nearest_name(key, known))
        for key in ("title", "question", "kind", "baseline"):
            if not tables.get(key):
                problems.add("study-missing", self.place(key), key=key)
        for key in (*TEXTS, *(key for key, form in own.items() if form is str)):
            if key in tables and not isinstance(tables[key], str):
                problems.add("text-expected", self.place(key), tables[key])
        for key in (*TABLES, *(key for key, form in own.items() if form is dict)):
            if key in tables and not isinstance(tables[key], dict):
                problems.add("table-expected", self.place(key), tables[key], table=key)
        name = tables.get("kind", "")
        if isinstance(name, str) and name and name not in kinds:
            nearest = nearest_name(name, kinds)
            problems.add("choice-unknown", self.place("kind"), name, nearest=nearest, choices=", ".join(kinds))
        problems.raise_if_any()  # what follows is read by what these say
        return kinds[name]

    # -- scenarios

    def baseline(self) -> Scenario | None:
        """The base scenario, with what the file and the options set in every arm."""
        names = (*SETTINGS, "size", *NAMED, *register())
        for key in self.tables.get("parameters", {}):
            if key not in names:
                place = self.place("parameters", key)
                self.problems.add("setting-unknown", place, nearest=nearest_name(key, names))
        return self.scenario_at("baseline")

    def scenario_at(self, *keys: str) -> Scenario | None:
        """The scenario that is named at a place of the file; None when there is none that can be."""
        name: Any = self.tables
        for key in keys:
            name = name[key]
        if not isinstance(name, str):
            self.problems.add("text-expected", self.place(*keys), name)
            return None
        try:
            return self.scenario(name)
        except InvalidInput as error:
            self.moved(error, *keys)
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

    @property
    def month(self) -> Any:
        """The month from which policies move levers, unless they say another."""
        years = self.base.reported_years
        return self.tables.get("from", f"{min(max(self.year, years[0]), years[-1])}-01")

    def now(self, baseline: Scenario | None = None) -> Arm:
        """The baseline as an arm."""
        one = baseline or self.base
        return Arm(NOW, one.title, one)

    def policies(self, baseline: Scenario | None = None) -> list[Arm]:
        """The policies that the file names, over the study's baseline or another one."""
        found: list[Arm] = []
        for name, value in self.tables.get("policies", {}).items():
            if len(name) > LONGEST_NAME or not name.isprintable() or set(name) & set("/\\"):
                self.problems.add("study-policy-name", self.place("policies", name), most=LONGEST_NAME)
            elif isinstance(value, str):
                one = self.scenario_at("policies", name)
                found += [] if one is None else [Arm(name, one.title, one)]
            elif isinstance(value, dict) and value:
                levels = {key: one for key, one in value.items() if key != "from"}
                title, when = name.replace("_", " "), value.get("from", self.month)
                made = self.arm(name, title, levels, "policies", name, baseline=baseline, month=when)
                found += [replace(arm, levels={}) for arm in made]  # those of a frequency or grid are its own
            else:
                self.problems.add("study-policy", self.place("policies", name), value)
        return found

    def arm(
        self,
        name: str,
        title: str,
        levels: dict[str, Value],
        *keys: str | int,
        baseline: Scenario | None = None,
        month: Any = None,
    ) -> list[Arm]:
        """A policy that moves levers from a month on, given under ``keys``; none when they do not fit."""
        wrong = [key for key in levels if key not in levers()]
        for key in wrong:
            self.problems.add("study-lever", self.place(*keys, key), nearest=nearest_name(key, levers()))
        if wrong:
            return []
        try:
            changed = (baseline or self.base).with_change(month or self.month, **levels)
            scenario = changed.with_(name=name, title=title)
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

    def check(
        self,
        kind: FileKind,
        kinds: Mapping[str, FileKind],
        arms: Sequence[Arm],
        factors: Sequence[Factor],
        precision: Precision | None,
    ) -> None:
        """Tell what a kind needs and has not, and what it has and does not use."""
        names = [arm.name for arm in arms]
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                self.problems.add("study-name-twice", self.place("policies", name), name)
        for key in kind.needs:
            if self.tables.get(key, {}) == {} or (key == "factors" and not factors):
                shown_as = f"[{key}]" if kind.own_keys.get(key, dict) is dict and key in TABLES else key
                self.problems.add("study-missing", self.place(key), key=shown_as)
        for key in dict.fromkeys(key for one in kinds.values() for key in one.own_keys):
            if self.given(key) is not None and key not in kind.own_keys:
                self.problems.add("study-unused", self.place(key), kind=kind.name, why="")
        if self.given("replicates") is not None and kind.luck:
            why = ": every design point comes with its luck"
            self.problems.add("study-unused", self.place("replicates"), kind=kind.name, why=why)
        if self.given("points") is not None and not (factors and kind.default_points):
            why = " without factors to be drawn"
            self.problems.add("study-unused", self.place("points"), kind=kind.name, why=why)
        for key in kind.refuses:
            if self.given(key):
                self.problems.add("study-unused", self.place(key), kind=kind.name, why="")
        if precision and (len(arms) < 2 or factors):
            self.problems.add("study-precision", self.place("precision"), kind=kind.name)

    def unowned(self, factors: Sequence[Factor], arms: Sequence[Arm]) -> list[Factor]:
        """The factors without those that a hypothesis owns; one that the file names, by itself, is refused."""
        given = self.tables.get("factors", {})
        named = {factor.name: self.place("factors", factor.name) for factor in factors if factor.name in given}
        owned = self.check_owned(named, arms, factors)
        return [factor for factor in factors if factor.name not in owned]

    def check_owned(self, named: Mapping[str, Place], arms: Sequence[Arm], factors: Sequence[Factor] = ()) -> set[str]:
        """Refuse what is ``named`` and a hypothesis of the arms or factors owns; returns all that they own."""
        accounts = {arm.scenario.hypothesis.name: arm.scenario.hypothesis for arm in arms}
        for factor in factors:
            if factor.name == "hypothesis":
                accounts |= {str(name): hypotheses()[str(name)] for name in factor.choices if name in hypotheses()}
        sets = {name: (account, value) for account in accounts.values() for name, value in account.overrides.items()}
        for name in sorted(sets.keys() & named.keys()):
            account, value = sets[name]
            self.problems.add("hypothesis-owns", named[name], hypothesis=account.name, sets=as_written(value))
        return set(sets)

    def check_years(self, arms: Sequence[Arm]) -> None:
        """Policies of their baseline's people that begin with it share its luck month by month; all report the year."""
        named = {arm.name: arm for arm in reversed(arms)}
        for arm in (arm for arm in arms[1:] if arm.name != NOW):
            baseline, one = named[arm.baseline].scenario, arm.scenario
            begins, began = (each.first_year - each.warmup_years for each in (baseline, one))
            people = [(each.profile.content(), each.size, each.population_seed) for each in (baseline, one)]
            years = one.reported_years
            place = self.place("policies", arm.name)
            if arm.baseline == arm.name:  # told where the first policy that is set against it says so
                place = self.place(
                    "against", next(each.name for each in arms if each.baseline == arm.name != each.name)
                )
            if people[0] != people[1]:
                self.problems.add("study-policy-district", place, arm.name)
            elif began != begins or self.year not in years:
                words: dict[str, Any] = {"begins": begins, "year": self.year, "began": began}
                self.problems.add("study-policy-years", place, arm.name, **words, first=years[0], last=years[-1])


def as_written(value: Value) -> str:
    return (
        f"{value:.10g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
    )
