"""Scenarios: one frozen, validated plan of a run, from TOML files, options and calls from Python.

Values come in layers, the later winning: the register's defaults, the district's profile, the hypothesis (what it sets
is its own, and refused in the rest), the scenario's [parameters] (a child's over its parent's), options such as --set.
Dated changes then move levers. Until somebody sets ``events_per_month`` it is what the office has held so far
(``past_events``), which nobody counted.
The door is ``load`` and ``Scenario.with_``; both report every problem at once.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from keliling.sim.errors import InvalidInput, Problem
from keliling.sim.faults import Place, Problems, nearest_name, shown
from keliling.sim.hypothesis import BASE, Hypothesis, hypotheses
from keliling.sim.parameters import Value, defaults, permits
from keliling.sim.profile import Profile, Province, load_profile
from keliling.sim.scenario_file import (
    SETTINGS,
    CheckedValue,
    Draft,
    DraftChange,
    read_scenario,
    scenario_path,
    shipped_paths,
)
from keliling.sim.scenario_fit import HORIZON, MONTH_DAYS, YEAR_DAYS, YEAR_MONTHS, check_fit, dated, month_label
from keliling.sim.scenario_options import (
    Change,
    apply_option,
    checked_change,
    find_named_hypothesis,
    find_place,
    option_value,
    when_of,
)


@dataclass(frozen=True)
class Scenario:
    """One plan of a run; make it with ``load``, vary it with ``with_`` and ``with_change``."""

    name: str
    title: str
    why: str
    profile: Profile
    """The district; for a province its districts pooled, which are run one by one (``for_district``)."""
    province: Province | None = None
    population_seed: int = 1
    warmup_years: int = 1
    """Years before those that are reported."""
    years: int = 2
    first_year: int = 2018
    """Calendar year of the first reported year."""
    size: float = 1.0
    """Share of the district's RWs that is kept, whole."""
    values: Mapping[str, Value] = field(default_factory=defaults)
    """Every parameter at day 0, before changes."""
    changes: tuple[Change, ...] = ()
    """Sorted by day, one for each."""
    hypothesis: Hypothesis = field(default_factory=lambda: hypotheses()[BASE])
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each value and setting that is not the default came from: a file and line, a profile, an option."""
    lineage: tuple[str, ...] = ()
    """File names of the ``extends`` chain, the oldest first."""
    given: Mapping[str, Value] = field(default_factory=dict)
    """The part of ``values`` that the scenario itself sets, over profile and hypothesis."""

    @property
    def days(self) -> int:
        """Working days of the run, warm-up included."""
        return (self.warmup_years + self.years) * YEAR_DAYS

    @property
    def months(self) -> int:
        """Months of the run, warm-up included."""
        return (self.warmup_years + self.years) * YEAR_MONTHS

    @property
    def reported_years(self) -> list[int]:
        """Calendar years that are reported: those after the warm-up."""
        return list(range(self.first_year, self.first_year + self.years))

    def timeline(self) -> list[tuple[int, dict[str, Value]]]:
        """All values from day 0, and again from the day of each change."""
        now = dict(self.values)
        steps = {0: now}
        for change in self.changes:
            now = {**now, **change.values}
            steps[change.day] = now
        return list(steps.items())

    def with_(self, **changes: Any) -> Scenario:
        """This scenario with other settings or parameters, validated anew; parameters are those of day 0.

        Also takes ``profile``, ``hypothesis``, ``name``, ``title``, ``why`` and ``changes`` (all the dated changes).
        Changes dated by month keep their month when the calendar moves. Raises InvalidInput.
        """
        problems = Problems()
        draft = _draft_of(self)
        for key, value in changes.items():
            apply_option(draft, key, value, Place("with_()", key=key), problems)
        return _build(draft, problems)

    def with_change(self, when: str | int, **levers: Any) -> Scenario:
        """This scenario with levers moved from a month ("2019-01") or a day on. Raises InvalidInput."""
        problems = Problems()
        draft = _draft_of(self)
        draft.changes += checked_change(when, levers, Place("with_change()"), problems)
        return _build(draft, problems)

    def for_district(self, slug: str) -> Scenario:
        """A province's scenario in one of its districts. Raises InvalidInput."""
        place = Place(self.name, key="district")
        problems = Problems()
        if self.province is None:
            problems.add("no-province", place, slug)
        elif slug not in self.province.districts:
            problems.add("district-unknown", place, slug, nearest=nearest_name(slug, self.province.districts))
        problems.raise_if_any()
        return self.with_(profile=load_profile(slug), name=f"{self.name}.{slug}")

    def label_of_month(self, month: int) -> str:
        """Label such as "2019-03" of a month counted from day 0."""
        return month_label(month, self.first_year - self.warmup_years)

    def first_month_of(self, year: int) -> int:
        """Number, from day 0, of the first month of a calendar year."""
        return (year - self.first_year + self.warmup_years) * YEAR_MONTHS

    def first_day_of(self, year: int) -> int:
        """The first working day of a calendar year, from day 0."""
        return self.first_month_of(year) * MONTH_DAYS

    def first_difference(self, other: Scenario) -> int:
        """First day on which the two can differ: 0 when they are not built alike, ``days`` when they never do."""
        if self._built_on() != other._built_on() or self.days != other.days:
            return 0
        days = sorted({change.day for change in (*self.changes, *other.changes)} | {0})
        return next((day for day in days if self._on(day) != other._on(day)), self.days)

    def digest(self) -> str:
        """Hexadecimal digest of all that determines results: no names, titles, sources or origins.

        Equal for two ways of writing the same plan: changes that change nothing are left out.
        """
        return self._digest

    @cached_property
    def _digest(self) -> str:
        content: dict[str, Any] = {"built_on": self._built_on(), "days": self.days}
        if self.province is None:
            steps: list[tuple[int, dict[str, Value]]] = []
            for day, values in self.timeline():
                if not steps or values != steps[-1][1]:
                    steps.append((day, values))
            content["timeline"] = steps
        else:
            content["districts"] = [self.for_district(slug).digest() for slug in self.province.districts]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _on(self, day: int) -> dict[str, Value]:
        return [values for start, values in self.timeline() if start <= day][-1]

    def _built_on(self) -> dict[str, Any]:
        """What is fixed for the whole run, apart from parameters."""
        return {
            "profile": self.profile.content(),
            "permits": [[permit.name, permit.who, permit.enforced, permit.credit] for permit in permits()],
            "population_seed": self.population_seed,
            "warmup_years": self.warmup_years,
            "first_year": self.first_year,
            "size": self.size,
            "willingness": [self.hypothesis.function, self.hypothesis.source],
        }


@dataclass(frozen=True)
class ScenarioInfo:
    """A shipped scenario as it is listed."""

    name: str
    title: str
    why: str
    path: Path


def shipped() -> list[ScenarioInfo]:
    """The shipped scenarios by name."""
    found = []
    for name, path in shipped_paths().items():
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError:  # a file in the middle of an edit is listed too; loading it says what is wrong
            tables = {}
        found.append(ScenarioInfo(name, str(tables.get("title", "")), str(tables.get("why", "")), path))
    return found


def load(name_or_path: str | Path, set_: Iterable[str] = (), **settings: Any) -> Scenario:
    """The scenario of a shipped name or a file, with ``name=value`` texts and settings on top of it.

    Raises InvalidInput with every problem of the file, of those that it extends and of the options.
    """
    problems = Problems()
    path = scenario_path(name_or_path, problems)
    draft = (
        read_scenario(path, problems) if path else Draft(str(name_or_path), here=Place(str(name_or_path)), broken=True)
    )
    for text in set_:
        key, equals, value = text.partition("=")
        if equals and key.strip():
            apply_option(draft, key.strip(), option_value(value), Place("--set", key=key.strip()), problems)
        else:
            problems.add("set-form", Place("--set", key=text or "--set"))
    for key, value in settings.items():
        apply_option(draft, key, value, Place("options", key=key), problems)
    return _build(draft, problems)


def check(path: str | Path) -> list[Problem]:
    """Every problem of a scenario file; empty when it can be run."""
    try:
        load(path)
    except InvalidInput as error:
        return error.problems
    return []


def _draft_of(scenario: Scenario) -> Draft:
    """The draft that would build this scenario, to vary it."""

    def given(name: str, value: Any) -> CheckedValue:
        return CheckedValue(value, Place(scenario.origins.get(name, scenario.name), key=name))

    draft = Draft(scenario.name, Place(scenario.name), scenario.title, scenario.why, lineage=scenario.lineage)
    for key in (*SETTINGS, "size"):
        if key in scenario.origins:
            draft.settings[key] = given(key, getattr(scenario, key))
    draft.settings["profile"] = given("profile", scenario.province or scenario.profile)
    draft.settings["hypothesis"] = given("hypothesis", scenario.hypothesis)
    draft.parameters = {name: given(name, value) for name, value in scenario.given.items()}
    for change in scenario.changes:
        values = {name: given(name, value) for name, value in change.values.items()}
        draft.changes.append(DraftChange(CheckedValue(when_of(change), Place(scenario.name, key="change")), values))
    return draft


def _build(draft: Draft, problems: Problems) -> Scenario:
    """The scenario of a draft; raises InvalidInput with all problems, those found before included."""
    settings: dict[str, Any] = {key: draft.settings[key].value for key in (*SETTINGS, "size") if key in draft.settings}
    origins = {key: given.place.origin for key, given in draft.settings.items()}
    place = find_place(draft, problems)
    hypothesis = find_named_hypothesis(draft, problems) or hypotheses()[BASE]
    for name in hypothesis.overrides.keys() & draft.parameters.keys():
        one, sets = draft.parameters[name], shown(hypothesis.overrides[name])
        problems.add("hypothesis-owns", one.place, one.value, hypothesis=hypothesis.name, sets=sets)
    given = {name: one.value for name, one in draft.parameters.items()}
    profile_values = place[0].values if place else {}
    values = {**defaults(), **profile_values, **hypothesis.overrides, **given}
    if "events_per_month" not in {**profile_values, **hypothesis.overrides, **given}:
        values["events_per_month"] = values["past_events"]
    if place:
        origins |= dict.fromkeys(profile_values, f"profile {place[0].slug}")
    origins |= dict.fromkeys(hypothesis.overrides, f"hypothesis {hypothesis.name}")
    origins |= {name: one.place.origin for name, one in draft.parameters.items()}
    horizon = {key: settings.get(key, getattr(Scenario, key)) for key in HORIZON}
    start_year = horizon["first_year"] - horizon["warmup_years"]
    months = (horizon["years"] + horizon["warmup_years"]) * YEAR_MONTHS
    changes = dated(draft.changes, start_year, months, problems)
    check_fit(draft, values, changes, place, settings.get("size", Scenario.size), problems)
    problems.raise_if_any()
    assert place is not None  # a missing profile is a problem
    return Scenario(
        name=draft.name,
        title=draft.title,
        why=draft.why,
        profile=place[0],
        province=place[1],
        values=values,
        changes=tuple(_change(day, change) for day, change in changes.items()),
        hypothesis=hypothesis,
        origins=origins,
        lineage=draft.lineage,
        given=given,
        **settings,
    )


def _change(day: int, change: DraftChange) -> Change:
    when = change.when.value if isinstance(change.when.value, str) else f"day {day}"
    return Change(day, {name: given.value for name, given in change.values.items()}, when)


__all__ = ["MONTH_DAYS", "YEAR_DAYS", "YEAR_MONTHS", "Change", "Scenario", "ScenarioInfo", "check", "load", "shipped"]
