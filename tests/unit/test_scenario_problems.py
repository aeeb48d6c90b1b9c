"""Every rule of the door, one case each: the place, the key, the sentence, the nearest name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from keliling.sim.errors import Problem
from keliling.sim.faults import RULES
from keliling.sim.hypothesis import WILLINGNESS
from keliling.sim.kernels.willingness import willingness_of
from keliling.sim.new_office import new_office
from keliling.sim.profile import load_profile
from keliling.sim.scenario import check, load
from tests.faults import fits, problems_of

HEAD = 'title = "Mine"\nwhy = "To see what a fault looks like."\n'
GOOD = HEAD + 'profile = "kebon-jeruk"\n'  # three lines, so that what follows begins at line 4
PARAMETERS = GOOD + "[parameters]\n"  # what follows begins at line 5
CHANGE = GOOD + "[[change]]\n"
PROFILE = HEAD + 'profile = "here.toml"\n'
TAKES = ", ".join(WILLINGNESS)
RULE = f"def rule({TAKES}):\n    return 0.0\n"

HERE = """\
name = "Here"
code = 100
population = { value = 9000, source = "the office", grade = "measured here" }
[[kelurahan]]
name = "One"
weight = 1.0
rw = 2
rt = 9
source = "the office"
grade = "measured here"
[[kelurahan]]
name = "Two"
weight = 2.0
rw = 3
rt = 11
source = "the office"
grade = "measured here"
"""


def here(old: str, new: str) -> dict[str, str]:
    """The district file above with one place changed."""
    assert HERE.count(old) >= 1
    return {"here.toml": HERE.replace(old, new, 1)}


def ages(*bands: str) -> dict[str, str]:
    """The district file with age bands of its own; the first stands at line 18."""
    tail = 'source = "S11"\ngrade = "A"\n'
    return {"here.toml": HERE + "".join(f"[[ages]]\n{band}\n{tail}" for band in bands)}


CHAIN = {f"s{number}.toml": HEAD + f'extends = "s{number + 1}.toml"\n' for number in range(150)}
CROWD = {"here.toml": ages("from = 20\nto = 90\nshare = 1.0")["here.toml"].replace("9000", "1400000")}


@dataclass(frozen=True)
class Case:
    """A broken input: ``text`` is mine.toml; the fault is expected in ``file`` at ``line``, about ``key``."""

    rule: str
    text: str | bytes
    line: int
    key: str
    nearest: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    file: str = "mine.toml"


CASES = [
    # files
    Case("file-not-text", HEAD.encode() + b"profile = \"\xff\"\n", 3, "mine.toml"),
    Case("toml-syntax", HEAD + "profile = kebon-jeruk\n", 3, "mine.toml"),
    Case("toml-syntax", HEAD + 'profile = "kebon', 3, "mine.toml"),
    Case("key-twice", GOOD + "years = 2\n  years = 3\n", 5, "years"),
    Case("key-twice", PARAMETERS + "officers = 3\n[parameters]\n", 6, "[parameters]"),
    # values
    Case("number-expected", PARAMETERS + 'event_hours = "4"\n', 5, "parameters.event_hours"),
    Case("number-expected", PARAMETERS + "event_hours = true\n", 5, "parameters.event_hours"),
    Case("number-expected", GOOD + "size = []\n", 4, "size"),
    Case("number-expected", GOOD + "size = nan\n", 4, "size"),
    Case("whole-expected", PARAMETERS + "officers = 2.5\n", 5, "parameters.officers"),
    Case("whole-expected", PARAMETERS + "officers = false\n", 5, "parameters.officers"),
    Case("whole-expected", GOOD + "years = 2.0\n", 4, "years"),
    Case("switch-expected", PARAMETERS + "thanks = 1\n", 5, "parameters.thanks"),
    Case("text-expected", PARAMETERS + "targeting = 3\n", 5, "parameters.targeting"),
    Case("text-expected", GOOD.replace('"Mine"', "7"), 1, "title"),
    Case("text-expected", GOOD.replace('"To see what a fault looks like."', "7"), 2, "why"),
    Case("text-expected", HEAD + "profile = 3\n", 3, "profile"),
    Case("text-expected", GOOD + 'extends = ["kebon-jeruk-2018"]\n', 4, "extends"),
    Case("text-expected", GOOD + "hypothesis = 1979-05-27\n", 4, "hypothesis"),
    Case("list-expected", PARAMETERS + 'target_list = 3\n', 5, "parameters.target_list"),
    Case("list-entries", PARAMETERS + 'target_list = [1, "2"]\n', 5, "parameters.target_list"),
    Case("not-finite", PARAMETERS + "pay = inf\n", 5, "parameters.pay"),
    Case("not-finite", CHANGE + 'month = "2019-01"\nevents_per_month = nan\n', 6, "change[1].events_per_month"),
    Case("too-low", PARAMETERS + "officers = 0\n", 5, "parameters.officers"),
    Case("too-high", PARAMETERS + "# four a month\n\nevents_per_month = 40\n", 7, "parameters.events_per_month"),
    Case("too-high", PARAMETERS + f"officers = 0x{'f' * 5000}\n", 5, "parameters.officers"),
    Case("choice-unknown", PARAMETERS + 'targeting = "needs"\n', 5, "parameters.targeting", "need"),
    Case("table-expected", GOOD + "parameters = 3\n", 4, "parameters"),
    # names of keys
    Case("key-unknown", GOOD + "yeers = 2\n", 4, "yeers", "years"),
    Case("key-unknown", GOOD + "[change_]\nofficers = 2\n", 4, "change_", "change"),
    Case("parameter-misplaced", GOOD + "officers = 3\n", 4, "officers"),
    Case("parameter-unknown", PARAMETERS + "oficers = 3\n", 5, "parameters.oficers", "officers"),
    Case("parameter-unknown", PARAMETERS + "wight_fee = 1.0\n", 5, "parameters.wight_fee", "weight_fee"),
    Case("permit-unknown", PARAMETERS + "siup_fee = 1.0\n", 5, "parameters.siup_fee"),
    Case("parameter-unknown", PARAMETERS + "iunk_stock = 0.1\n", 5, "parameters.iunk_stock", "iumk_stock"),
    # what a scenario must say
    Case("title-missing", GOOD.replace('title = "Mine"\n', ""), 1, "title"),
    Case("title-missing", GOOD.replace('"Mine"', '""'), 1, "title"),
    Case("title-missing", 'extends = "kebon-jeruk-2018"\nwhy = "A child needs a title of its own."\n', 1, "title"),
    Case("why-missing", 'title = "Mine"\nprofile = "kebon-jeruk"\n', 1, "why"),
    Case("why-short", GOOD.replace("To see what a fault looks like.", "because"), 2, "why"),
    Case("profile-missing", HEAD, 1, "profile"),
    Case("profile-unknown", HEAD + 'profile = "kebun-jeruk"\n', 3, "profile", "kebon-jeruk"),
    Case("profile-unknown", HEAD + 'profile = "dki-jakata"\n', 3, "profile", "dki-jakarta"),
    Case("extends-unknown", HEAD + 'extends = "kebon-jeruk-2017"\n', 3, "extends", "kebon-jeruk-2019"),
    Case("extends-unknown", HEAD + 'extends = "other.toml"\n', 3, "extends"),
    Case("extends-unknown", HEAD + 'extends = "\\u0000.toml"\n', 3, "extends"),
    Case("extends-deep", HEAD + 'extends = "s0.toml"\n', 3, "extends", files=CHAIN, file="s99.toml"),
    Case("extends-cycle", HEAD + 'extends = "mine.toml"\n', 3, "extends"),
    Case(
        "extends-cycle", HEAD + 'extends = "a.toml"\n', 3, "extends", file="b.toml",
        files={"a.toml": HEAD + 'extends = "b.toml"\n', "b.toml": HEAD + 'extends = "a.toml"\n'},
    ),
    Case("hypothesis-unknown", GOOD + 'hypothesis = "two-type"\n', 4, "hypothesis", "two-types"),
    Case(
        "hypothesis-owns", GOOD + 'hypothesis = "intrinsic-only"\n[parameters]\nweight_social = 0.3\n', 6,
        "parameters.weight_social",
    ),
    # settings
    Case("years-range", GOOD + "years = 0\n", 4, "years"),
    Case("years-range", GOOD + "years = 31\n", 4, "years"),
    Case("warmup-range", GOOD + "warmup_years = -1\n", 4, "warmup_years"),
    Case("first-year-range", GOOD + "first_year = 19\n", 4, "first_year"),
    Case("seed-range", GOOD + "population_seed = 4294967296\n", 4, "population_seed"),
    Case("seed-range", GOOD + "population_seed = -1\n", 4, "population_seed"),
    Case("size-range", GOOD + "size = 0\n", 4, "size"),
    Case("size-range", GOOD + "size = 1.5\n", 4, "size"),
    # changes
    Case("changes-expected", GOOD + "[change]\nofficers = 2\n", 4, "change"),
    Case("changes-expected", GOOD + "change = [1]\n", 4, "change"),
    Case("change-undated", CHANGE + "officers = 2\n", 4, "change[1]"),
    Case("change-dated-twice", CHANGE + 'month = "2019-01"\nday = 504\nofficers = 2\n', 4, "change[1]"),
    Case("change-empty", CHANGE + 'month = "2019-01"\n', 4, "change[1]"),
    Case("change-not-lever", CHANGE + "day = 9\ntrust_mean = 0.5\n", 6, "change[1].trust_mean"),
    Case("too-low", CHANGE + "day = 9\nimb_requirements = 0\n", 6, "change[1].imb_requirements"),
    Case("too-low", PARAMETERS + "imb_requirements = 8\n", 5, "parameters.imb_requirements"),
    Case("change-key-unknown", CHANGE + "day = 9\nevent_per_month = 1\n", 6, "change[1].event_per_month", "events_per_month"),
    Case("change-key-unknown", CHANGE + 'day = 9\nofficers = 2\n[change.more]\nmonht = 1\n', 7, "change[1].more"),
    Case("change-same-day", CHANGE + 'day = 504\nofficers = 3\n[[change]]\nmonth = "2019-01"\npay = 1.0\n', 8, "change[2].month"),
    Case("month-malformed", CHANGE + 'month = "2019-13"\nofficers = 3\n', 5, "change[1].month"),
    Case("month-malformed", CHANGE + "month = 2019-01-01\nofficers = 3\n", 5, "change[1].month"),
    Case("month-outside", CHANGE + 'month = "2020-01"\nofficers = 3\n', 5, "change[1].month"),
    Case("month-outside", CHANGE + 'month = "2016-12"\nofficers = 3\n', 5, "change[1].month"),
    Case("day-not-whole", CHANGE + 'day = "504"\nofficers = 3\n', 5, "change[1].day"),
    Case("day-negative", CHANGE + "day = -1\nofficers = 3\n", 5, "change[1].day"),
    Case("day-after-end", CHANGE + "day = 756\nofficers = 3\n", 5, "change[1].day"),
    # what does not fit together
    Case("rw-unknown", PARAMETERS + 'targeting = "list"\ntarget_list = [70, 71]\n', 6, "parameters.target_list[2]"),
    Case("rw-unknown", PARAMETERS + 'targeting = "list"\ntarget_list = [0]\n', 6, "parameters.target_list[1]"),
    Case("rw-dropped", GOOD + 'size = 0.02\n[parameters]\ntargeting = "list"\ntarget_list = [1, 70]\n', 7, "parameters.target_list[2]"),
    Case("sought-few", PARAMETERS + "coproducers_sought = 3\nleast_joined = 4\n", 5, "parameters.coproducers_sought"),
    Case("sought-few", CHANGE + "day = 9\ncoproducers_sought = 1\n", 6, "change[1].coproducers_sought"),
    Case("rw-twice", PARAMETERS + 'targeting = "list"\ntarget_list = [3, 4, 3]\n', 6, "parameters.target_list"),
    Case("list-empty", PARAMETERS + 'targeting = "list"\n', 5, "parameters.targeting"),
    Case("list-empty", CHANGE + 'day = 9\ntargeting = "list"\n', 6, "change[1].targeting"),
    Case("list-unused", PARAMETERS + "target_list = [1]\n", 5, "parameters.target_list"),
    Case("list-unused", CHANGE + "day = 9\ntarget_list = [1]\n", 6, "change[1].target_list"),
    Case(
        "province-list", HEAD + 'profile = "dki-jakarta"\n[parameters]\ntargeting = "list"\ntarget_list = [1]\n',
        6, "parameters.target_list",
    ),
    Case("officers-exceeded", PARAMETERS + "officers = 1\n", 5, "parameters.officers"),
    Case("officers-exceeded", CHANGE + "day = 9\nofficers_per_event = 9\n", 6, "change[1].officers_per_event"),
    Case("survey-few", PARAMETERS + "survey_n = 1\n", 5, "parameters.survey_n"),
    Case("survey-many", PROFILE + "[parameters]\nsurvey_n = 3000\n", 5, "parameters.survey_n",
         files=here("value = 9000", "value = 2999")),
    # a user's own willingness function
    Case("function-form", GOOD + 'hypothesis = "rule.py"\n', 4, "hypothesis"),
    Case("function-file-missing", GOOD + 'hypothesis = "rule.py:rule"\n', 4, "hypothesis"),
    Case("function-file-missing", GOOD + 'hypothesis = "\\u0000.py:rule"\n', 4, "hypothesis"),
    Case("function-syntax", GOOD + 'hypothesis = "rule.py:rule"\n', 4, "hypothesis", files={"rule.py": "def rule(:\n"}),
    Case("function-syntax", GOOD + 'hypothesis = "rule.py:rule"\n', 4, "hypothesis", files={"rule.py": "a = '\0'\n"}),
    Case("function-unknown", GOOD + 'hypothesis = "rule.py:rules"\n', 4, "hypothesis", "rule", files={"rule.py": RULE}),
    Case(
        "function-parameters", GOOD + 'hypothesis = "rule.py:rule"\n', 4, "hypothesis",
        files={"rule.py": RULE.replace("intrinsic, social", "social, intrinsic")},
    ),
    Case(
        "function-parameters", GOOD + 'hypothesis = "rule.py:rule"\n', 4, "hypothesis",
        files={"rule.py": RULE.replace("weights)", "weights, *more)")},
    ),
    # district profiles
    Case("profile-key-unknown", PROFILE, 1, "nam", "name", here("name =", "nam ="), "here.toml"),
    Case("profile-key-unknown", PROFILE, 5, "kelurahan[1].weigt", "weight", here('name = "One"', 'weigt = 1\nname = "One"'), "here.toml"),
    Case("profile-key-missing", PROFILE, 1, "name", "", here("name =", "nam ="), "here.toml"),
    Case("profile-key-missing", PROFILE, 1, "code", "", here("code = 100\n", ""), "here.toml"),
    Case("profile-key-missing", PROFILE, 4, "kelurahan[1].name", "", here('name = "One"\n', ""), "here.toml"),
    Case("text-expected", PROFILE, 1, "name", "", here('"Here"', "5"), "here.toml"),
    Case("code-range", PROFILE, 2, "code", "", here("100", "4096"), "here.toml"),
    Case("code-range", PROFILE, 2, "code", "", here("100", '"18"'), "here.toml"),
    Case("figure-form", PROFILE, 3, "population", "", here('{ value = 9000, source = "the office", grade = "measured here" }', "9000"), "here.toml"),
    Case("source-missing", PROFILE, 3, "population.source", "", here('source = "the office", ', ""), "here.toml"),
    Case("source-unknown", PROFILE, 3, "population.source", "", here('"the office"', '"S6 and S99"'), "here.toml"),
    Case("grade-unknown", PROFILE, 3, "population.grade", "measured here", here('"measured here"', '"measured her"'), "here.toml"),
    Case("grade-unknown", PROFILE, 4, "kelurahan[1].grade", "", here('grade = "measured here"\n', ""), "here.toml"),
    Case("population-range", PROFILE, 3, "population.value", "", here("9000", "-3"), "here.toml"),
    Case("population-range", PROFILE, 3, "population.value", "", here("9000", "19"), "here.toml"),
    Case("kelurahan-missing", PROFILE, 1, "kelurahan", "", {"here.toml": HERE[: HERE.index("[[kel")]}, "here.toml"),
    Case("kelurahan-twice", PROFILE, 12, "kelurahan[2].name", "", here('"Two"', '"One"'), "here.toml"),
    Case("weight-positive", PROFILE, 13, "kelurahan[2].weight", "", here("2.0", "0"), "here.toml"),
    Case("weight-positive", PROFILE, 6, "kelurahan[1].weight", "", here("1.0", "nan"), "here.toml"),
    Case("rw-positive", PROFILE, 7, "kelurahan[1].rw", "", here("rw = 2", "rw = 0"), "here.toml"),
    Case("rt-fewer", PROFILE, 8, "kelurahan[1].rt", "", here("rt = 9", "rt = 1"), "here.toml"),
    Case("total-differs", PROFILE, 2, "rw.value", "",
         here("code = 100", 'rw = { value = 6, source = "S8", grade = "A" }\ncode = 100'), "here.toml"),
    Case("table-expected", PROFILE, 2, "parameters", "", here("code = 100", "parameters = 1\ncode = 100"), "here.toml"),
    Case("table-expected", PROFILE, 2, "ages", "", here("code = 100", "ages = 1\ncode = 100"), "here.toml"),
    Case("parameter-unknown", PROFILE, 19, "parameters.oficers", "officers",
         {"here.toml": HERE + '[parameters]\noficers = { value = 3, source = "S27", grade = "A" }\n'}, "here.toml"),
    Case("too-high", PROFILE, 19, "parameters.ikm_base", "",
         {"here.toml": HERE + '[parameters]\nikm_base = { value = 90, source = "S0", grade = "A" }\n'}, "here.toml"),
    Case("too-high", PROFILE, 19, "parameters.ikm_base", "",
         {"here.toml": HERE + '[parameters]\nikm_base = { value = 101, source = "x", grade = "measured here" }\n'}, "here.toml"),
    Case("adults-many", PROFILE, 3, "population", files=CROWD, file="here.toml"),
    Case("age-band", PROFILE, 20, "ages[1].to", "", ages("from = 20\nto = 19\nshare = 0.5"), "here.toml"),
    Case("age-share", PROFILE, 21, "ages[1].share", "", ages("from = 20\nto = 29\nshare = 50"), "here.toml"),
    Case("ages-overlap", PROFILE, 24, "ages[2]", "", ages("from = 20\nto = 29\nshare = 0.5", "from = 29\nto = 30\nshare = 0.1"), "here.toml"),
    Case("ages-sum", PROFILE, 18, "ages", "", ages("from = 0\nto = 29\nshare = 0.5", "from = 30\nto = 90\nshare = 0.502"), "here.toml"),
    Case("ages-sum", PROFILE, 18, "ages", "", ages("from = 0\nto = 16\nshare = 0.5"), "here.toml"),
    Case("toml-syntax", PROFILE, 1, "here.toml", "", {"here.toml": "name ="}, "here.toml"),
    Case("file-missing", PROFILE, 0, "here.toml", "", {}, "here.toml"),
]  # fmt: skip


def assert_reported(problems: list[Problem], case: Case) -> None:
    found = [problem for problem in problems if problem.id == case.rule and problem.key == case.key]
    assert found, [str(problem) for problem in problems]
    problem = found[0]
    assert Path(problem.file).name == case.file
    assert problem.line == case.line
    assert problem.column >= 1 or not case.line
    assert problem.nearest == case.nearest
    assert fits(RULES[case.rule], problem.rule)
    assert len(problem.given) <= 60
    assert "\n" not in str(problem) and problem.rule in str(problem) and problem.key in str(problem)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.key}")
def test_a_broken_file_is_reported_at_its_place(case: Case, tmp_path: Path) -> None:
    for name, text in case.files.items():
        (tmp_path / name).write_text(text)
    mine = tmp_path / "mine.toml"
    mine.write_bytes(case.text if isinstance(case.text, bytes) else case.text.encode())
    problems = check(mine)
    assert_reported(problems, case)
    # One mistake is one problem, but for those that follow from a key that is misspelt.
    others = [problem for problem in problems if problem.id != case.rule]
    assert all(
        problem.id in {"profile-key-missing", "profile-key-unknown", "parameter-unknown"} for problem in others
    ), others


OFFICE = {"name": "There", "population": 90_000, "rw": 20, "rt": 200}

CALLS: list[tuple[str, str, str, str, Callable[[Path], Any]]] = [
    ("file-missing", "nowhere.toml", "nowhere.toml", "", lambda folder: load(folder / "nowhere.toml")),
    ("file-folder", "district", "district", "", lambda folder: load(_made(folder / "district"))),
    ("file-unreadable", f"{'n' * 300}.toml", f"{'n' * 300}.toml", "", lambda folder: load(folder / f"{'n' * 300}.toml")),
    ("file-unreadable", "pipe.toml", "pipe.toml", "", lambda folder: (os.mkfifo(folder / "pipe.toml"), load(folder / "pipe.toml"))),
    ("file-unreadable", "\0.toml", "\0.toml", "", lambda folder: load(folder / "\0.toml")),
    ("scenario-unknown", "kebon-jeruk-2108", "scenario", "kebon-jeruk-2018", lambda _: load("kebon-jeruk-2108")),
    ("profile-unknown", "tambura", "profile", "tambora", lambda _: load_profile("tambura")),
    ("set-form", "--set", "officers", "", lambda _: load("kebon-jeruk-2018", ["officers"])),
    ("set-form", "--set", "=3", "", lambda _: load("kebon-jeruk-2018", ["=3"])),
    ("setting-unknown", "--set", "oficers", "officers", lambda _: load("kebon-jeruk-2018", ["oficers=3"])),
    ("setting-unknown", "options", "year", "years", lambda _: load("kebon-jeruk-2018", year=1)),
    ("too-high", "--set", "officers", "", lambda _: load("kebon-jeruk-2018", ["officers=61"])),
    ("whole-expected", "--set", "officers", "", lambda _: load("kebon-jeruk-2018", ["officers="])),
    ("choice-unknown", "--set", "targeting", "need", lambda _: load("kebon-jeruk-2018", ["targeting=needs"])),
    ("years-range", "options", "years", "", lambda _: load("kebon-jeruk-2018", years=0)),
    ("too-low", "with_()", "officers", "", lambda _: load("kebon-jeruk-2018").with_(officers=0)),
    ("text-expected", "with_()", "title", "", lambda _: load("kebon-jeruk-2018").with_(title="")),
    ("changes-expected", "with_()", "changes", "", lambda _: load("kebon-jeruk-2018").with_(changes=3)),
    ("month-outside", "kebon-jeruk-2019", "change", "", lambda _: load("kebon-jeruk-2019").with_(years=1)),
    ("month-malformed", "with_change()", "month", "", lambda _: load("kebon-jeruk-2018").with_change("2019", pay=1.0)),
    ("change-empty", "with_change()", "month", "", lambda _: load("kebon-jeruk-2018").with_change("2019-01")),
    ("no-province", "kebon-jeruk-2018", "district", "", lambda _: load("kebon-jeruk-2018").for_district("tambora")),
    ("district-unknown", "dki-jakarta-2018", "district", "tambora", lambda _: load("dki-jakarta-2018").for_district("tambor")),
    ("function-broken", "rule.py", "rule", "", lambda folder: _own(folder, "import nowhere\n").hypothesis.load()),
    ("function-fails", "rule.py:rule", "willingness", "", lambda folder: _called(folder, "1 / 0")),
    ("function-fails", "rule.py:rule", "willingness", "", lambda folder: _called(folder, "exit()")),
    ("function-not-compiled", "rule.py:rule", "willingness", "", lambda folder: _compiled(folder, "open('x').read()")),
    ("function-value", "rule.py:rule", "willingness", "", lambda folder: _called(folder, "float('nan')")),
    ("function-value", "rule.py:rule", "willingness", "", lambda folder: _called(folder, "1e300")),
    ("function-value", "rule.py:rule", "willingness", "", lambda folder: _called(folder, "'much'")),
    ("office-figure-missing", "new office", "rt", "", lambda folder: _office(folder, rt=None)),
    ("office-figure-unknown", "new office", "oficers", "officers", lambda folder: _office(folder, oficers=3)),
    ("office-file-exists", "made.toml", "path", "", lambda folder: new_office(OFFICE, _made(folder / "made.toml"))),
    ("office-file-fails", "new.toml", "path", "", lambda folder: new_office(OFFICE, _file(folder / "file") / "new.toml")),
    ("number-expected", "new office", "files_per_day", "", lambda folder: _office(folder, files_per_day="many")),
    ("whole-expected", "new office", "population", "", lambda folder: _office(folder, population="many")),
    ("whole-expected", "new office", "kelurahan", "", lambda folder: _office(folder, kelurahan=0)),
    ("text-expected", "new office", "name", "", lambda folder: _office(folder, name="\ud800")),
    ("text-expected", "new office", "kelurahan", "", lambda folder: _office(folder, kelurahan=[3])),
    ("rw-positive", "new office", "kelurahan[3].rw", "", lambda folder: _office(folder, rw=2, kelurahan=3)),
    ("too-low", "new office", "parameters.officers", "", lambda folder: _office(folder, officers=0)),
]  # fmt: skip


def _called(folder: Path, body: str) -> float:
    """What a user's rule with this body gives, called as the model calls it."""
    (folder / "rule.py").write_text(f"def rule({', '.join(WILLINGNESS)}):\n    return {body}\n")
    (folder / "mine.toml").write_text(GOOD + 'hypothesis = "rule.py:rule"\n')
    rule = load(folder / "mine.toml").hypothesis.load()
    assert rule is not None
    return rule(*range(len(WILLINGNESS)))


def _compiled(folder: Path, body: str) -> object:
    """A user's rule with this body as the compiled engine takes it."""
    (folder / "rule.py").write_text(f"def rule({', '.join(WILLINGNESS)}):\n    return {body}\n")
    (folder / "mine.toml").write_text(GOOD + 'hypothesis = "rule.py:rule"\n')
    return willingness_of(load(folder / "mine.toml").hypothesis)


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def _file(path: Path) -> Path:
    path.write_text("")
    return path


def _office(folder: Path, **figures: Any) -> Path:
    return new_office({**OFFICE, **figures}, folder / "new.toml")


def _own(folder: Path, before: str) -> Any:
    (folder / "rule.py").write_text(before + RULE)
    (folder / "mine.toml").write_text(GOOD + 'hypothesis = "rule.py:rule"\n')
    return load(folder / "mine.toml")


@pytest.mark.parametrize(
    ("rule", "file", "key", "nearest", "call"), CALLS, ids=[f"{rule}-{key[:20]!a}" for rule, _, key, *_ in CALLS]
)
def test_a_broken_call_is_reported(
    rule: str, file: str, key: str, nearest: str, call: Callable[[Path], Any], tmp_path: Path
) -> None:
    problems = problems_of(lambda: call(tmp_path))
    assert [problem.id for problem in problems] == [rule], [str(problem) for problem in problems]
    assert (Path(problems[0].file).name, problems[0].key, problems[0].nearest) == (file, key, nearest)
    assert problems[0].line == 0 and fits(RULES[rule], problems[0].rule)


def test_all_problems_come_at_once_from_every_file_of_the_chain(tmp_path: Path) -> None:
    (tmp_path / "here.toml").write_text(HERE.replace("rw = 2", "rw = 0").replace("code = 100", "code = 0"))
    (tmp_path / "parent.toml").write_text(PROFILE + "years = 0\n[parameters]\nofficers = 99\n")
    (tmp_path / "mine.toml").write_text(
        'title = "Mine"\nextends = "parent.toml"\nyers = 1\nsize = 2.0\nhypothesis = "none"\n'
        "[parameters]\nthanks = 3\npay = -1.0\n[[change]]\npay = 3.0\nofficrs = 2\n"
    )
    problems = problems_of(lambda: load(tmp_path / "mine.toml", ["pay=x", "y"], first_year=0))
    assert sorted((Path(problem.file).name, problem.line, problem.id) for problem in problems) == [
        ("--set", 0, "number-expected"),
        ("--set", 0, "set-form"),
        ("here.toml", 2, "code-range"),
        ("here.toml", 7, "rw-positive"),
        ("mine.toml", 1, "why-missing"),
        ("mine.toml", 3, "key-unknown"),
        ("mine.toml", 4, "size-range"),
        ("mine.toml", 5, "hypothesis-unknown"),
        ("mine.toml", 7, "switch-expected"),
        ("mine.toml", 8, "too-low"),
        ("mine.toml", 9, "change-undated"),
        ("mine.toml", 11, "change-key-unknown"),
        ("options", 0, "first-year-range"),
        ("parent.toml", 4, "years-range"),
        ("parent.toml", 6, "too-high"),
    ]


def test_a_problem_reads_as_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(PARAMETERS + "  oficers = 3\nthanks = 1\n")
    unknown, switch = check(tmp_path / "mine.toml")
    assert str(unknown) == (
        f"{tmp_path}/mine.toml:5:3: parameters.oficers: is not a parameter (`keliling parameters` lists them)."
        " Did you mean 'officers'?"
    )
    assert str(switch).endswith(":6:1: parameters.thanks: must be true or false, without quotes (given: 1).")


def test_deep_nesting_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("a = " + "[" * 5000)
    assert [problem.id for problem in check(tmp_path / "mine.toml")] == ["toml-syntax"]


def test_every_rule_is_exercised_here() -> None:
    assert len(RULES) >= 45
    assert {case.rule for case in CASES} | {rule for rule, *_ in CALLS} == set(RULES)
