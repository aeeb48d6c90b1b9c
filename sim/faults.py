"""Every fault an input can have, once: a stable id and a sentence; and the list that collects them.

A sentence reads after the key it is about: "parameters.officers: must be at least 1 (officers)". Nothing raises at
the first fault: checkers add to one ``Problems`` list, and the door raises once, with all of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from keliling.sim.errors import InvalidInput, Problem

RULES = {
    # files
    "file-missing": "there is no such file",
    "file-folder": "this is a folder; name the file in it",
    "file-unreadable": "the file cannot be read: {reason}",
    "file-not-text": "the file is not UTF-8 text; save it as UTF-8",
    "toml-syntax": "the file is not valid TOML here: {reason}",
    "key-twice": "is given twice in this file",
    # values
    "number-expected": "must be a number ({unit})",
    "whole-expected": "must be a whole number ({unit})",
    "switch-expected": "must be true or false, without quotes",
    "text-expected": "must be text in quotes",
    "list-expected": "must be a list of whole numbers, such as [3, 1, 2]",
    "list-entries": "every entry of the list must be a whole number",
    "not-finite": "must be a finite number ({unit})",
    "too-low": "must be at least {low} ({unit})",
    "too-high": "must be at most {high} ({unit})",
    "choice-unknown": "must be one of {choices}",
    "table-expected": "must be a table, written [{table}]",
    # names of keys
    "key-unknown": "is not a key of a scenario",
    "parameter-misplaced": "is a parameter; move it under [parameters]",
    "parameter-unknown": "is not a parameter (`keliling parameters` lists them)",
    "permit-unknown": "looks like a permit's parameter, but the permits are {permits}",
    # what a scenario must say
    "scenario-unknown": "no scenario of this name is shipped (a file of your own ends in .toml)",
    "title-missing": "a scenario needs a title",
    "why-missing": "a scenario needs a why: the reason it exists, in a sentence",
    "why-short": "say why in at least {least} characters",
    "profile-missing": "a scenario needs a profile, its own or one inherited through extends",
    "profile-unknown": "no district or province of this name is known (a file of your own ends in .toml)",
    "extends-unknown": "the scenario it extends does not exist: a shipped name, or the path of a .toml file",
    "extends-deep": "the chain of scenarios that extend each other is longer than {most}",
    "extends-cycle": "the scenarios extend each other in a circle: {circle}",
    "hypothesis-unknown": "no hypothesis of this name is shipped (your own is written file.py:function)",
    "hypothesis-owns": "belongs to the hypothesis {hypothesis}, which sets {sets}: leave it out, or take another",
    # settings
    "years-range": "must be between {low} and {high} years",
    "warmup-range": "must be between {low} and {high} years of warm-up",
    "first-year-range": "must be a calendar year from {low} to {high}",
    "seed-range": "must be between {low} and {high}",
    "size-range": "must be above 0 and at most 1 (the share of the district's RWs that is kept)",
    "setting-unknown": "is neither a setting nor a parameter",
    "set-form": "--set takes name=value, such as officers=3",
    # changes
    "changes-expected": "changes are written as tables, each under its own [[change]]",
    "change-undated": 'a change needs a month ("2019-01") or a day (504)',
    "change-dated-twice": "a change has a month or a day, not both",
    "change-empty": "the change changes nothing: add a lever",
    "change-not-lever": "is not a lever (kind: {kind}): it holds for the whole run; move it under [parameters]",
    "change-key-unknown": "is neither month, day nor a lever",
    "change-same-day": "another change of this file falls on the same day ({day}); join them",
    "month-malformed": 'must be a month such as "2019-01"',
    "month-outside": "lies outside the run, which goes from {first} to {last}",
    "day-not-whole": "must be a whole number of working days from the start",
    "day-negative": "must not be negative: day 0 is the first",
    "day-after-end": "lies after the end of the run; the last day is {last}",
    # what does not fit together
    "rw-unknown": "{district} has RWs 1 to {count}; there is no RW {number}",
    "rw-dropped": "RW {number} is not among the RWs that size = {size} keeps: {kept}",
    "rw-twice": "RW {number} is listed twice",
    "list-empty": 'targeting = "list" needs a target_list with at least one RW',
    "list-unused": 'a target_list is only used with targeting = "list"',
    "province-list": "RW numbers differ between districts, so a province cannot have a target_list",
    "officers-exceeded": "an event would take {asked} officers, but the office has {officers} (see desk_protected)",
    "sought-few": "fewer co-producers would be sought than an event needs (least_joined = {least})",
    "survey-few": "must be 0 (the size of the regulation's table) or at least 2, one respondent each half-year",
    "survey-many": "is more than the district's {population} people",
    "district-unknown": "is not a district of this scenario's province",
    "no-province": "the scenario is of one district, not of a province",
    # a user's own willingness function
    "function-form": "a function of your own is written file.py:function",
    "function-file-missing": "there is no such Python file",
    "function-syntax": "the Python file does not parse: line {at}: {reason}",
    "function-unknown": "the file has no function {function}",
    "function-parameters": "line {at}: the function must take exactly ({expected})",
    "function-fails": "the function fails when it is called: {reason}",
    "function-value": "the function must return a finite number, on the logit scale (within +-1000)",
    "function-not-compiled": "the function cannot be compiled, so only --engine agents takes it: {reason}",
    "function-broken": "the Python file cannot be loaded: {reason}",
    # district profiles
    "profile-key-unknown": "is not a key of a district profile",
    "profile-key-missing": "a district profile needs this",
    "code-range": "must be a whole number between 1 and 4095, unique to the district",
    "figure-form": 'must be written {{ value = ..., source = "...", grade = "..." }}',
    "source-missing": "a figure needs its source, as text",
    "source-unknown": "the source {source} is in no table of sources",
    "grade-unknown": "must be one of {grades}",
    "population-range": "must be a whole number of people, from one a neighbourhood unit (RT) to 1.4 million; "
    "a larger area is several districts",
    "adults-many": "has {adults} adults; a district may have {most} (a larger area is several districts)",
    "kelurahan-missing": "a district needs at least one [[kelurahan]]",
    "kelurahan-twice": "another kelurahan has this name",
    "weight-positive": "must be a number above 0 (in proportion to the kelurahan's people)",
    "rw-positive": "must be a whole number, at least 1",
    "rt-fewer": "must be a whole number, at least one RT to each of the {rw} RWs",
    "total-differs": "the kelurahan add up to {sum}",
    "age-band": "an age band goes from one whole age to the same or a later one, within 0 to 120",
    "age-share": "must be a number from 0 to 1 (share of all people)",
    "ages-overlap": "the age band overlaps another one",
    "ages-sum": "the shares of the age bands add up to {sum}; they must leave adults (17 or more) and not pass 1",
    # a new office
    "office-figure-missing": "a new office needs its name, population, rw and rt",
    "office-figure-unknown": "is neither a figure of an office nor a parameter",
    "office-file-exists": "there is a file already; choose another path",
    "office-file-fails": "the file cannot be written: {reason}",
}


@dataclass(frozen=True)
class Place:
    """Where a value was given; line 0 means outside a file (an option, or a call from Python)."""

    file: str
    line: int = 0
    column: int = 0
    key: str = ""

    @property
    def origin(self) -> str:
        """Short form for records: the file's own name and line, or the option."""
        if not self.line:
            return self.file
        return f"{self.file.replace(chr(92), '/').rsplit('/', 1)[-1]}:{self.line}"


def shown(value: Any) -> str:
    """A given value as the user wrote it, cut to 60 characters."""
    try:
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, str):
            text = f'"{value}"'
        elif isinstance(value, (int, float, list, tuple, dict)):
            text = repr(value)
        else:
            text = str(value)
    except (ValueError, RecursionError):  # Python prints no whole number of more than 4,300 digits
        text = "a value too large to print"
    text = text.encode("unicode_escape", "backslashreplace").decode("ascii") if not text.isprintable() else text
    return text if len(text) <= 60 else text[:57] + "..."


def nearest_name(name: str, names: Iterable[str]) -> str:
    """The most similar of ``names``, or empty when none is close."""
    found = difflib.get_close_matches(name[:80], list(names), n=1, cutoff=0.6)
    return found[0] if found else ""


_NOT_GIVEN = object()


@dataclass
class Problems:
    """The faults found so far; ``raise_if_any`` is the only place where they become an exception."""

    found: list[Problem] = field(default_factory=list)
    rules: Mapping[str, str] = field(default_factory=lambda: RULES)

    def add(self, rule: str, place: Place, given: Any = _NOT_GIVEN, *, nearest: str = "", **words: Any) -> None:
        """Note that ``place`` broke ``rule``; ``words`` fill the sentence."""
        text = "" if given is _NOT_GIVEN else shown(given)
        problem = Problem(
            place.file, place.line, place.column, place.key, text, self.rules[rule].format(**words), nearest, rule
        )
        # Two children of one broken parent, or one broken profile named twice, are one problem.
        if problem not in self.found:
            self.found.append(problem)

    def extend(self, problems: Iterable[Problem], *, file: str | None = None) -> None:
        """Take over problems found elsewhere; ``file`` renames their place and drops the line."""
        for problem in problems:
            self.found.append(problem if file is None else replace(problem, file=file, line=0, column=0))

    def about(self, *names: str) -> bool:
        """Whether a problem already concerns a key of one of these names, so that follow-on faults stay quiet."""
        return any(problem.key.rsplit(".", 1)[-1].split("[")[0] in names for problem in self.found)

    def raise_if_any(self) -> None:
        """Raise InvalidInput with every problem, in the order of files and lines in which they were found."""
        if self.found:
            raise InvalidInput(self.found)
