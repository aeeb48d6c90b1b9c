"""Reads and checks a district profile file: all its problems at once, each at its line."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

from keliling.sim.faults import Place, Problems, nearest_name
from keliling.sim.located import Located, parse_toml, read_toml
from keliling.sim.parameters import GRADES, Value, data_text
from keliling.sim.profile import AgeBand, Kelurahan, Profile, Source, ages_source, default_ages
from keliling.sim.values import check_value, find_parameter

MOST_ADULTS = 1 << 20  # a resident's number within the district has 20 bits

MEASURED_HERE = "measured here"
KEYS = ("name", "code", "city", "population", "rw", "rt", "kelurahan", "ages", "parameters")
_KELURAHAN = ("name", "weight", "rw", "rt", "source", "grade")
_AGES = ("from", "to", "share", "source", "grade")
_SOURCE_ID = re.compile(r"\b[SEK]\d+\b")


def read_profile(path: Path, problems: Problems) -> Profile | None:
    """The profile in a file; None when ``problems`` has any of it."""
    located = read_toml(path, problems)
    return _Reader(located, problems).profile(path.stem) if located else None


def profile_from_text(text: str, path: Path, problems: Problems) -> Profile | None:
    """The profile that ``text`` would be if it stood in ``path``."""
    located = parse_toml(text, path, problems)
    return _Reader(located, problems).profile(path.stem) if located else None


@cache
def known_sources() -> frozenset[str]:
    """Ids of the tables of sources."""
    tables = ("sources.csv", "dki-jakarta-sources.csv")
    return frozenset(row["id"] for table in tables for row in csv.DictReader(data_text(table).splitlines()))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9


class _Reader:
    def __init__(self, located: Located, problems: Problems) -> None:
        self.located = located
        self.tables = located.tables
        self.problems = problems
        self.sources: dict[str, Source] = {}

    def profile(self, slug: str) -> Profile | None:
        before = len(self.problems.found)
        for key in self.tables:
            if key not in KEYS:
                self.add("profile-key-unknown", key, nearest=nearest_name(key, KEYS))
        name = self.text("name")
        city = self.text("city") if "city" in self.tables else ""
        code = self.code()
        kelurahan = self.kelurahan()
        population = self.population(sum(village.rt for village in kelurahan))
        for key in ("rw", "rt"):
            self.total(key, sum(getattr(village, key) for village in kelurahan))
        ages = self.ages()
        values = self.parameters()
        if len(self.problems.found) > before:
            return None
        profile = Profile(slug, name, code, city, population, kelurahan, ages, values, self.sources)
        adults = round(population * profile.adult_share)
        if adults > MOST_ADULTS:
            self.add("adults-many", "population", adults=adults, most=MOST_ADULTS)
            return None
        return profile

    def add(self, rule: str, *keys: str | int, nearest: str = "", **words: Any) -> None:
        value: Any = self.tables
        for key in keys:
            value = value[key] if isinstance(key, int) else value.get(key) if isinstance(value, dict) else None
        place = self.located.place(*keys)
        if value is None or (isinstance(value, (dict, list)) and rule != "figure-form"):
            self.problems.add(rule, place, nearest=nearest, **words)
        else:
            self.problems.add(rule, place, value, nearest=nearest, **words)

    def text(self, *keys: str | int) -> str:
        table: Any = self.tables
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else table[key]
        if table is None:
            self.add("profile-key-missing", *keys)
        elif not isinstance(table, str) or not table.strip():
            self.add("text-expected", *keys)
        else:
            return table
        return ""

    def code(self) -> int:
        code = self.tables.get("code")
        if code is None:
            self.add("profile-key-missing", "code")
        elif not _whole(code) or not 1 <= code <= 4095:
            self.add("code-range", "code")
        else:
            return int(code)
        return 0

    def figure(self, name: str, *keys: str) -> tuple[bool, Any, str]:
        """Whether ``{ value, source, grade }`` stands at ``keys``, its value, and its grade; notes its source."""
        figure: Any = self.tables
        for key in keys:
            figure = figure[key]
        if not isinstance(figure, dict) or "value" not in figure or set(figure) - {"value", "source", "grade"}:
            self.add("figure-form", *keys)
            return False, None, ""
        return True, figure["value"], self.source(name, figure, *keys)[1]

    def source(self, name: str, table: dict[str, Any], *keys: str | int) -> Source:
        source, grade = table.get("source"), table.get("grade")
        if not isinstance(source, str) or not source.strip():
            self.add("source-missing", *keys, "source")
            source = ""
        for found in _SOURCE_ID.findall(source):
            if found not in known_sources():
                self.add("source-unknown", *keys, "source", source=found)
        if not isinstance(grade, str) or grade not in GRADES:
            nearest = nearest_name(grade, GRADES) if isinstance(grade, str) else ""
            self.add("grade-unknown", *keys, "grade", nearest=nearest, grades=", ".join(GRADES))
            grade = ""
        self.sources[name] = (source, grade)
        return source, grade

    def population(self, n_rt: int) -> int:
        if "population" not in self.tables:
            self.add("profile-key-missing", "population")
            return 0
        there, people, _ = self.figure("population", "population")
        if there and not (_whole(people) and max(n_rt, 1) <= people <= 1_400_000):
            self.add("population-range", "population", "value")
        return people if _whole(people) else 0

    def total(self, key: str, count: int) -> None:
        """The district's own total of RWs or RTs, when it is given, against the sum over its kelurahan."""
        if key in self.tables:
            there, total, _ = self.figure(key, key)
            if there and (not _whole(total) or total != count) and not self.problems.about(key):
                self.add("total-differs", key, "value", sum=count)

    def list_of_tables(self, key: str) -> list[dict[str, Any]]:
        tables = self.tables.get(key, [])
        if isinstance(tables, list) and all(isinstance(table, dict) for table in tables):
            return tables
        self.add("table-expected", key, table=f"[{key}]")
        return []

    def unknown_keys(self, table: dict[str, Any], known: tuple[str, ...], *keys: str | int) -> None:
        for key in table:
            if key not in known:
                self.add("profile-key-unknown", *keys, key, nearest=nearest_name(key, known))

    def kelurahan(self) -> tuple[Kelurahan, ...]:
        tables = self.list_of_tables("kelurahan")
        if not tables:
            self.add("kelurahan-missing", "kelurahan")
        found: list[Kelurahan] = []
        for index, table in enumerate(tables):
            at = ("kelurahan", index)
            self.unknown_keys(table, _KELURAHAN, *at)
            name = self.text(*at, "name")
            if name and name in [village.name for village in found]:
                self.add("kelurahan-twice", *at, "name")
            weight: Any = table.get("weight")
            rw: Any = table.get("rw")
            rt: Any = table.get("rt")
            if not _number(weight) or weight <= 0:
                self.add("weight-positive", *at, "weight")
                weight = 1.0
            if not _whole(rw) or rw < 1:
                self.add("rw-positive", *at, "rw")
                rw = 1
            if not _whole(rt) or rt < rw:
                self.add("rt-fewer", *at, "rt", rw=rw)
                rt = rw
            self.source(f"kelurahan {name}", table, *at)
            found.append(Kelurahan(name, float(weight), rw, rt))
        return tuple(found)

    def ages(self) -> tuple[AgeBand, ...]:
        tables = self.list_of_tables("ages")
        if not tables:
            self.sources["ages"] = ages_source()
            return default_ages()
        found: list[AgeBand] = []
        for index, table in enumerate(tables):
            at = ("ages", index)
            self.unknown_keys(table, _AGES, *at)
            low: Any = table.get("from")
            high: Any = table.get("to")
            share: Any = table.get("share")
            self.source(f"ages {low}-{high}", table, *at)
            if not (_whole(low) and _whole(high) and 0 <= low <= high <= 120):
                self.add("age-band", *at, "to" if _whole(low) else "from")
            elif not _number(share) or not 0 <= share <= 1:
                self.add("age-share", *at, "share")
            elif any(low <= band.high and band.low <= high for band in found):
                self.add("ages-overlap", *at)
            else:
                found.append(AgeBand(low, high, float(share)))
        whole = sum(band.share for band in found)
        grown = sum(band.share for band in found if band.high >= 17)
        # Rounded shares may pass 1 by a little; they are taken in proportion.
        if len(found) == len(tables) and not (whole <= 1.001 and grown > 0):
            self.add("ages-sum", "ages", sum=f"{whole:g}")
        return tuple(sorted(found, key=lambda band: band.low))

    def parameters(self) -> dict[str, Value]:
        tables = self.tables.get("parameters", {})
        values: dict[str, Value] = {}
        if not isinstance(tables, dict):
            self.add("table-expected", "parameters", table="parameters")
            return values
        for name in tables:
            parameter = find_parameter(name, self.located.place("parameters", name), self.problems)
            there, given, grade = self.figure(name, "parameters", name)
            if parameter is None or not there:
                continue
            place = self.place_of_value(name)
            # What an office measured may lie outside what is plausible in general.
            value = check_value(parameter, given, place, self.problems, possible=grade == MEASURED_HERE)
            if value is not None:
                values[name] = value
        return values

    def place_of_value(self, name: str) -> Place:
        place = self.located.place("parameters", name, "value")
        return Place(place.file, place.line, place.column, f"parameters.{name}")
