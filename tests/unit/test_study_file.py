"""Study files: every rule of the door with its place, and what every kind of study is read as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from keliling.experiments.kinds import KINDS
from keliling.experiments.plan.factors import DECIDED_ELSEWHERE, Factor
from keliling.experiments.plan.points import DesignPoint
from keliling.experiments.plan.study import NOW, Goal, Precision, Study
from keliling.experiments.plan.study_file import shipped_studies, titles
from keliling.experiments.plan.study_values import DEFAULT_OUTCOMES, STUDY_RULES
from keliling.experiments.reading import load_study
from keliling.sim.faults import RULES
from keliling.sim.hypothesis import hypotheses
from keliling.sim.parameters import register
from keliling.sim.scenario import load
from tests.faults import fits, problems_of

SAMPLED = ("latin", "morris", "sobol", "pawn")
HEAD = 'title = "Mine"\nquestion = "Which?"\n'
BASE = 'baseline = "kebon-jeruk-2018"\nsize = 0.01\n'


def of_kind(kind: str) -> str:
    """The first five lines of a study; what follows begins at line 6."""
    return HEAD + f'kind = "{kind}"\n' + BASE


FREQUENCY = of_kind("frequency") + "events_per_month = [0, 1, 4]\n"  # what follows begins at line 7
GRID = of_kind("grid") + "[levers]\nofficers = [4, 8]\n"  # line 8
LATIN = of_kind("latin") + "[factors]\ntrust_mean = true\n"  # line 8
TABLE = of_kind("table") + 'table = "rows.csv"\n'  # line 7
CROSSED = of_kind("crossed") + "[policies]\na = { pay = 9.0 }\n[conditions]\none = {}\ntwo = { thanks = false }\n"  # 11
SIGNS = of_kind("signs") + (
    '[factors]\ndesk_load = true\n[policies]\nhere = "kebon-jeruk-2019"\nthere = "grogol-petamburan-2019"\n[against]\n'
    'there = "grogol-petamburan-2018"\n'
)  # line 13
SCENARIO = 'title = "Own"\nwhy = "To see where its faults are shown."\nprofile = "kebon-jeruk"\n'


@dataclass(frozen=True)
class Case:
    """A broken study: ``text`` is mine.toml; the only fault is expected in ``file`` at ``line``, about ``key``."""

    rule: str
    text: str
    line: int
    key: str
    nearest: str = ""
    given: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    file: str = "mine.toml"


def rows(text: str) -> dict[str, str]:
    """The table beside the study."""
    return {"rows.csv": text}


CASES = [
    # keys
    Case("study-key-unknown", FREQUENCY + "reps = 3\n", 7, "reps"),
    Case("study-key-unknown", FREQUENCY + "replicate = 3\n", 7, "replicate", "replicates"),
    Case("study-key-unknown", FREQUENCY + "[precision]\nhalf_width = 1.0\nleats = 3\n", 9, "precision.leats", "least"),
    Case("study-missing", FREQUENCY.replace('title = "Mine"\n', ""), 1, "title"),
    Case("study-missing", FREQUENCY.replace('"Which?"', '""'), 2, "question"),
    Case("study-missing", FREQUENCY.replace('kind = "frequency"\n', ""), 1, "kind"),
    Case("study-missing", FREQUENCY.replace('baseline = "kebon-jeruk-2018"\n', ""), 1, "baseline"),
    Case("study-missing", of_kind("frequency"), 1, "events_per_month"),
    Case("study-missing", of_kind("frequency") + "[policies]\nweekly = { events_per_month = 4.0 }\n", 1, "events_per_month"),
    Case("study-missing", of_kind("grid"), 1, "levers"),
    Case("study-missing", of_kind("grid") + "[levers]\n", 6, "levers"),
    Case("study-missing", of_kind("table"), 1, "table"),
    *(Case("study-missing", of_kind(kind), 1, "factors") for kind in (*SAMPLED, "tornado")),
    *(Case("study-missing", of_kind(kind) + "[factors]\ntrust_mean = false\n", 6, "factors") for kind in (*SAMPLED, "tornado")),
    Case("study-missing", FREQUENCY + "[precision]\nleast = 4\n", 7, "precision.half_width"),
    Case("text-expected", FREQUENCY.replace('"Mine"', "3"), 1, "title", given="3"),
    Case("text-expected", HEAD + "kind = 3\n" + BASE, 3, "kind", given="3"),
    Case("text-expected", FREQUENCY + "from = 504\n", 7, "from", given="504"),
    Case("table-expected", FREQUENCY + 'policies = "weekly"\n', 7, "policies", given='"weekly"'),
    Case("choice-unknown", HEAD + 'kind = "frequence"\n' + BASE, 3, "kind", "frequency", '"frequence"'),
    # numbers
    Case("whole-expected", FREQUENCY + "replicates = 2.5\n", 7, "replicates", given="2.5"),
    Case("whole-expected", FREQUENCY + "seed = true\n", 7, "seed", given="true"),
    Case("whole-expected", FREQUENCY + "[precision]\nhalf_width = 1\nleast = 1\n", 9, "precision.least", given="1"),
    Case("whole-expected", FREQUENCY + "[precision]\nhalf_width = 1\nlook_ahead = -1\n", 9, "precision.look_ahead", given="-1"),
    Case("seed-range", FREQUENCY + "seed = -1\n", 7, "seed", given="-1"),
    Case("seed-range", LATIN.replace("[factors]", "points = 0\n[factors]"), 6, "points", given="0"),
    Case("number-expected", FREQUENCY + 'worth = "much"\n', 7, "worth", given='"much"'),
    Case("number-expected", FREQUENCY + "worth = inf\n", 7, "worth", given="inf"),
    Case("number-expected", FREQUENCY + f"worth = {'9' * 400}\n", 7, "worth", given="9" * 57 + "..."),
    Case("study-positive", FREQUENCY + "worth = 0\n", 7, "worth", given="0.0"),
    Case("study-positive", FREQUENCY + "[precision]\nhalf_width = 0\n", 8, "precision.half_width", given="0.0"),
    Case("study-year", FREQUENCY + "year = 2017\n", 7, "year", given="2017"),
    Case("study-power", LATIN.replace("latin", "sobol").replace("[factors]", "points = 100\n[factors]"), 6, "points", given="100"),
    # outcomes
    Case("study-outcomes", FREQUENCY + 'outcomes = "ikm"\n', 7, "outcomes", given='"ikm"'),
    Case("study-outcomes", FREQUENCY + "outcomes = []\n", 7, "outcomes", given="[]"),
    Case("study-outcome", FREQUENCY + 'outcomes = [\n  "ikm",\n  "satisfation",\n]\n', 9, "outcomes[2]", "satisfaction", '"satisfation"'),
    Case("study-outcome", FREQUENCY + "outcomes = [[1]]\n", 7, "outcomes[1]", given="[1]"),
    Case("study-outcome", FREQUENCY + '[precision]\nhalf_width = 1\noutcome = "ikn"\n', 9, "precision.outcome", "ikm", '"ikn"'),
    Case("study-direction", FREQUENCY + 'outcomes = ["utilisation", "ikm"]\n', 7, "outcomes[1]", given='"utilisation"'),
    Case("study-goal", FREQUENCY + '[goal]\noutcome = "ikm"\n', 7, "goal"),
    Case("study-goal", FREQUENCY + '[goal]\noutcome = "ikm"\nat_least = 80\nat_most = 90\n', 7, "goal"),
    Case("study-goal", FREQUENCY + '[goal]\noutcome = "ikm"\nat_least = 80\nyear = 2019\n', 7, "goal"),
    Case("study-goal-way", FREQUENCY + '[goal]\noutcome = "ikm"\nat_most = 80\n', 9, "goal.at_most"),
    Case("study-goal-way", FREQUENCY + '[goal]\noutcome = "rejected_share"\nat_least = 80\n', 9, "goal.at_least"),
    # policies
    # crossed
    Case("study-condition", CROSSED + "three = 3\n", 11, "conditions.three", given="3"),
    Case("study-condition-moved", CROSSED + "three = { pay = 1.0 }\n", 11, "conditions.three.pay"),
    Case("parameter-unknown", CROSSED + "three = { thank = false }\n", 11, "conditions.three.thank", "thanks"),
    Case("too-high", CROSSED + "three = { officers = 99 }\n", 11, "conditions.three.officers", given="99"),
    Case("hypothesis-unknown", CROSSED + 'three = { hypothesis = "mixt" }\n', 11, "hypothesis", "mixed", '"mixt"'),
    Case("study-conditions", of_kind("crossed") + "[policies]\na = { pay = 9.0 }\n[conditions]\none = {}\n", 8, "conditions"),
    Case("study-missing", of_kind("crossed") + "[conditions]\none = {}\ntwo = { thanks = false }\n", 1, "policies"),
    Case("study-crossed-policy", of_kind("crossed") + '[policies]\na = "kebon-jeruk-weekly"\n', 7, "policies.a", given='"kebon-jeruk-weekly"'),
    Case("study-relative", CROSSED.replace("[policies]", 'relative = ["ikn"]\n[policies]'), 6, "relative", given="['ikn']"),
    Case("study-smallest", CROSSED + "[smallest]\nikn = 1.0\n", 12, "smallest.ikn", "ikm"),
    Case("study-positive", CROSSED + "[smallest]\nikm = 0.0\n", 12, "smallest.ikm", given="0.0"),
    Case("study-predicted", CROSSED + "[predicted.one]\na = { ikm = 1 }\n", 11, "predicted.one"),
    Case("study-predicted", CROSSED + "[predicted.two]\nb = { ikm = 1 }\n", 12, "predicted.two.b"),
    Case("study-sign", CROSSED + "[predicted.two]\na = { ikm = 2 }\n", 12, "predicted.two.a", given="2"),
    Case("study-unused", FREQUENCY + "[conditions]\none = {}\n", 7, "conditions"),
    Case("study-unused", CROSSED + "[factors]\nthanks_effect = true\n", 11, "factors"),
    Case("study-unused", CROSSED + '[goal]\noutcome = "ikm"\nat_least = 80.0\n', 11, "goal"),
    Case("study-unused", CROSSED + "[precision]\nhalf_width = 1.0\n", 11, "precision"),
    Case("study-unused", CROSSED.replace("[policies]", "worth = 2.0\n[policies]"), 6, "worth"),
    Case("study-predicted", CROSSED + "[predicted]\ntwo = 1\n", 12, "predicted.two", given="1"),
    Case("hypothesis-owns", CROSSED + 'three = { hypothesis = "mixed", share_decisive = 0.0 }\n', 11, "conditions.three.share_decisive", given="0.0"),
    Case("study-policy", FREQUENCY + "[policies]\nweekly = 4\n", 8, "policies.weekly", given="4"),
    Case("study-policy", FREQUENCY + "[policies.weekly]\n", 7, "policies.weekly", given="{}"),
    Case("study-policy-years", FREQUENCY + '[policies]\nown = "own.toml"\n', 8, "policies.own", given='"own"', files={"own.toml": SCENARIO + "years = 1\n"}),
    Case("study-against", SIGNS + 'yearly = "kebon-jeruk-2018"\n', 13, "against.yearly", given='"yearly"'),
    Case("text-expected", SIGNS.replace('"grogol-petamburan-2018"', "3"), 12, "against.there", given="3"),
    Case("study-policy-district", SIGNS.replace('"grogol-petamburan-2018"', '"kebon-jeruk-no-outreach"'), 10, "policies.there", given='"there"'),
    Case("study-policy-years", SIGNS.replace("grogol-petamburan-2019", "kebon-jeruk-2019").replace('"grogol-petamburan-2018"', '"own.toml"'), 12, "against.there", given='"now (own)"', files={"own.toml": SCENARIO + "years = 1\n"}),
    Case("study-policy-years", FREQUENCY + '[policies]\nown = "own.toml"\n', 8, "policies.own", given='"own"', files={"own.toml": SCENARIO + "warmup_years = 2\n"}),
    Case("study-lever", FREQUENCY + "[policies]\nfair = { trust_mean = 0.6 }\n", 8, "policies.fair.trust_mean"),
    Case("study-lever", FREQUENCY + "[policies.fair]\nthanks = true\noficers = 3\n", 9, "policies.fair.oficers", "officers"),
    Case("study-lever", FREQUENCY + "[policies]\nfair = { when = 3 }\n", 8, "policies.fair.when"),
    Case("study-lever", of_kind("grid") + "[levers]\npay = [0, 1]\noficers = [3, 4]\n", 8, "levers.oficers", "officers", '"oficers"'),
    Case("study-levels", of_kind("frequency") + "events_per_month = 4\n", 6, "events_per_month", given="4"),
    Case("study-levels", of_kind("frequency") + "events_per_month = []\n", 6, "events_per_month", given="[]"),
    Case("study-levels", of_kind("grid") + "[levers]\nofficers = 4\n", 7, "levers.officers", given="4"),
    Case("too-high", of_kind("frequency") + "events_per_month = [\n 1,\n 40,\n]\n", 8, "events_per_month[2]", given="40"),
    Case("study-name-twice", FREQUENCY + '[policies]\n"events-4" = "kebon-jeruk-weekly"\n', 8, "policies.events-4", given='"events-4"'),
    Case("study-name-twice", LATIN + '[policies]\nnow = "kebon-jeruk-weekly"\n', 9, "policies.now", given='"now"'),
    # factors
    Case("switch-expected", of_kind("latin") + "[factors]\nall = 1\n", 7, "factors.all", given="1"),
    Case("parameter-unknown", LATIN + "trust_meen = true\n", 8, "factors.trust_meen", "trust_mean"),
    Case("study-factor-kind", LATIN + "target_list = true\n", 8, "factors.target_list"),
    Case("study-factor-kind", LATIN + "prompt_memory = [63, 252]\n", 8, "factors.prompt_memory"),
    Case("study-factor-form", LATIN + "officers = 3\n", 8, "factors.officers", given="3"),
    Case("study-factor-form", LATIN + "officers = [3]\n", 8, "factors.officers", given="[3]"),
    Case("study-factor-form", LATIN + "officers = [8, 3]\n", 8, "factors.officers", given="[8, 3]"),
    Case("study-factor-form", LATIN + "officers = [3, 5, 8]\n", 8, "factors.officers", given="[3, 5, 8]"),
    Case("study-factor-form", LATIN + "brokers = [true, true]\n", 8, "factors.brokers", given="[True, True]"),
    Case("study-factor-form", LATIN + 'hypothesis = "mixed"\n', 8, "factors.hypothesis", given='"mixed"'),
    Case("study-factor-form", LATIN + 'hypothesis = ["mixed", "mixed"]\n', 8, "factors.hypothesis", given="['mixed', 'mixed']"),
    Case("hypothesis-unknown", LATIN + 'hypothesis = ["mixed", "two-type"]\n', 8, "factors.hypothesis", "two-types", '"two-type"'),
    Case("hypothesis-unknown", LATIN + 'hypothesis = ["mixed", [1]]\n', 8, "factors.hypothesis", given="[1]"),
    Case("too-high", LATIN + "officers = [3, 99]\n", 8, "factors.officers", given="99"),
    # tables
    Case("file-unreadable", TABLE, 6, "table", given='"rows.csv"'),
    Case("study-table-empty", TABLE, 1, "rows.csv", files=rows("officers\n"), file="rows.csv"),
    Case("study-table-empty", TABLE, 1, "rows.csv", files=rows("officers\n\n ,\n"), file="rows.csv"),
    Case("study-table-row", TABLE, 4, "rows.csv", files=rows("officers,pay\n3,1\n\n4\n"), file="rows.csv"),
    Case("study-tornado-ends", of_kind("tornado") + "[factors]\nhypothesis = true\n", 7, "factors.hypothesis"),
    Case("study-policy-name", LATIN + '[policies]\n"a/b" = { pay = 1.0 }\n', 9, "policies.'a/b'"),
    Case("study-policy-name", LATIN + f'[policies]\n{"a" * 61} = {{ pay = 1.0 }}\n', 9, f"policies.{'a' * 61}"),
    Case("study-policy-district", LATIN + '[policies]\nx = "grogol-petamburan-2018"\n', 9, "policies.x", given='"x"'),
    Case("study-most", FREQUENCY + "[precision]\nhalf_width = 1\nleast = 10\nmost = 6\n", 10, "precision.most", given="6"),
    Case("study-table-factors", TABLE + "[factors]\ntrust_mean = true\n", 7, "factors", files=rows("officers\n3\n")),
    Case("parameter-unknown", TABLE, 1, "oficers", "officers", files=rows("oficers\n3\n"), file="rows.csv"),
    Case("key-twice", TABLE, 1, "officers", files=rows("officers,officers\n3,4\n"), file="rows.csv"),
    Case("whole-expected", TABLE, 3, "officers", given="2.5", files=rows("officers\n3\n2.5\n"), file="rows.csv"),
    Case("whole-expected", TABLE, 2, "officers", given='""', files=rows("officers,pay\n,1\n"), file="rows.csv"),
    # what a kind does not use
    Case("study-unused", LATIN.replace("[factors]", "replicates = 3\n[factors]"), 6, "replicates"),
    Case("study-unused", LATIN.replace("[factors]", "events_per_month = [1]\n[factors]"), 6, "events_per_month"),
    Case("study-unused", FREQUENCY + "[levers]\npublicity = [0.1]\n", 7, "levers"),
    Case("study-unused", FREQUENCY + "points = 4\n", 7, "points"),
    # a precision has no place
    Case("study-precision", LATIN + "[precision]\nhalf_width = 1\n", 8, "precision"),
    Case("study-precision", FREQUENCY + "[precision]\nhalf_width = 1\n[factors]\ntrust_mean = true\n", 7, "precision"),
    Case("study-precision", TABLE + "[precision]\nhalf_width = 1\n", 7, "precision", files=rows("trust_mean\n0.5\n")),
    Case("study-replicates", TABLE + "replicates = 4097\n", 7, "replicates", given="4097", files=rows("trust_mean\n0.5\n0.6\n")),
    # scenarios
    Case("scenario-unknown", FREQUENCY.replace("2018", "2108"), 4, "scenario", "kebon-jeruk-2018", '"kebon-jeruk-2108"'),
    Case("file-missing", FREQUENCY.replace("kebon-jeruk-2018", "own.toml"), 4, "own.toml"),
    Case("too-high", FREQUENCY.replace("kebon-jeruk-2018", "own.toml"), 5, "parameters.officers", given="99",
         files={"own.toml": SCENARIO + "[parameters]\nofficers = 99\n"}, file="own.toml"),
    Case("scenario-unknown", LATIN + '[policies]\nweekly = "kebon-jeruk-weakly"\n', 9, "scenario", "kebon-jeruk-weekly", '"kebon-jeruk-weakly"'),
    Case("file-missing", LATIN + '[policies]\n"every week" = "own.toml"\n', 9, "own.toml"),
    Case("size-range", FREQUENCY.replace("0.01", "1.5"), 5, "size", given="1.5"),
    Case("too-high", FREQUENCY + "[parameters]\npay = 1.0\nofficers = 99\n", 9, "officers", given="99"),
    Case("setting-unknown", FREQUENCY + "[parameters]\noficers = 3\n", 8, "parameters.oficers", "officers"),
    Case("setting-unknown", FREQUENCY + "[parameters]\nset_ = 3\n", 8, "parameters.set_"),
    Case("month-outside", FREQUENCY + 'from = "2031-01"\n', 7, "month", given='"2031-01"'),
    Case("month-malformed", LATIN + "[policies.often]\nevents_per_month = 4\nfrom = \"May\"\n", 10, "month", given='"May"'),
    Case("too-high", LATIN + "[policies.often]\nthanks = true\nevents_per_month = 40\n", 10, "events_per_month", given="40"),
    Case("change-empty", LATIN + '[policies]\noften = { from = "2019-01" }\n', 9, "month", given='"2019-01"'),
]  # fmt: skip


def written(folder: Path, text: str, **files: str) -> Path:
    """A study and the files beside it; names of files are written with a _ for the dot."""
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    path = folder / "mine.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.key!a}")
def test_a_broken_study_is_reported_at_its_place(case: Case, tmp_path: Path) -> None:
    """One mistake is one problem, with file, line, key, what was given, the sentence and the nearest name."""
    for name, text in case.files.items():
        (tmp_path / name).write_text(text)
    problems = problems_of(lambda: load_study(written(tmp_path, case.text)))
    assert [one.id for one in problems] == [case.rule], [str(one) for one in problems]
    (problem,) = problems
    assert (Path(problem.file).name, problem.line, problem.key) == (case.file, case.line, case.key)
    assert (problem.nearest, problem.given) == (case.nearest, case.given)
    assert problem.column >= 1
    assert fits({**RULES, **STUDY_RULES}[case.rule], problem.rule)
    assert "\n" not in str(problem) and problem.rule in str(problem)


CALLS: list[tuple[str, str, str, str, Callable[[Path], Any]]] = [
    ("study-unknown", "screning", "study", "screening", lambda _: load_study("screning")),
    ("file-missing", "nowhere.toml", "nowhere.toml", "", lambda folder: load_study(folder / "nowhere.toml")),
    ("seed-range", "--points", "points", "", lambda folder: load_study(written(folder, LATIN), points=0)),
    ("study-power", "--points", "points", "", lambda folder: load_study(written(folder, LATIN.replace("latin", "sobol")), points=3)),
    ("seed-range", "--seed", "seed", "", lambda folder: load_study(written(folder, LATIN), seed=-1)),
    ("study-positive", "--precision", "precision", "", lambda folder: load_study(written(folder, FREQUENCY), precision=("ikm", -1.0))),
    ("study-outcome", "--precision", "precision", "ikm", lambda folder: load_study(written(folder, FREQUENCY), precision=("ikn", 1.0))),
    ("study-precision", "--precision", "precision", "", lambda folder: load_study(written(folder, LATIN), precision=("ikm", 1.0))),
    ("study-year", "--year", "year", "", lambda folder: load_study(written(folder, FREQUENCY), year=2016)),
    ("size-range", "--size", "size", "", lambda folder: load_study(written(folder, FREQUENCY), size=2.0)),
    ("too-high", "--set", "officers", "", lambda folder: load_study(written(folder, FREQUENCY), ["officers=99"])),
    ("set-form", "--set", "officers", "", lambda folder: load_study(written(folder, FREQUENCY), ["officers"])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "file", "key", "nearest", "call"), CALLS, ids=[f"{rule}-{key}" for rule, _, key, *_ in CALLS]
)
def test_a_broken_option_is_reported_by_its_name(
    rule: str, file: str, key: str, nearest: str, call: Callable[[Path], Any], tmp_path: Path
) -> None:
    """A fault outside the file has no line, but the name of the option that it came with."""
    (problem,) = problems_of(lambda: call(tmp_path))
    assert (problem.id, Path(problem.file).name, problem.line) == (rule, file, 0)
    assert (problem.key, problem.nearest) == (key, nearest)
    assert fits({**RULES, **STUDY_RULES}[rule], problem.rule)


def test_every_rule_is_exercised_here() -> None:
    """No rule of studies is without a case, and none hides a rule of scenarios."""
    exercised = {case.rule for case in CASES} | {rule for rule, *_ in CALLS}
    assert exercised - set(RULES) == set(STUDY_RULES)
    assert not set(RULES) & set(STUDY_RULES)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """What can be read is checked to the end, and everything is told."""
    text = (
        of_kind("grid") + 'replicates = 0\nworth = -1\noutcomes = ["ikn"]\n'
        "[levers]\nofficers = 4\n[parameters]\npay = -3.0\nyeers = 1\n"
        '[factors]\ntrust = true\nbrokers = 3\n[goal]\noutcome = "ikm"\n'
    )
    problems = problems_of(lambda: load_study(written(tmp_path, text), ["pay"]))
    assert sorted((Path(one.file).name, one.line, one.id) for one in problems) == [
        ("--set", 0, "set-form"),
        ("mine.toml", 6, "seed-range"),
        ("mine.toml", 7, "study-positive"),
        ("mine.toml", 8, "study-outcome"),
        ("mine.toml", 12, "too-low"),
        ("mine.toml", 13, "setting-unknown"),
        ("mine.toml", 15, "parameter-unknown"),
        ("mine.toml", 16, "study-factor-form"),
        ("mine.toml", 17, "study-goal"),
    ]
    text = FREQUENCY + "reps = 1\nlevers = 3\n"
    problems = problems_of(lambda: load_study(written(tmp_path, text.replace('"Which?"', '""'))))
    assert [(one.line, one.id) for one in problems] == [
        (7, "study-key-unknown"),
        (2, "study-missing"),
        (8, "table-expected"),
    ]
    levels = of_kind("grid") + "[levers]\nofficers = [0, 4, 99]\npai = [1]\n"
    assert [(one.line, one.id) for one in problems_of(lambda: load_study(written(tmp_path, levels)))] == [
        (7, "too-low"),
        (7, "too-high"),
        (8, "study-lever"),
    ]


def test_faults_of_what_only_a_kind_has_come_with_the_others(tmp_path: Path) -> None:
    """The rows of a table, and what a crossed study declares, are checked together with what every study has."""
    text = TABLE + 'worth = 0\n[goal]\noutcome = "ikm"\n'
    problems = problems_of(lambda: load_study(written(tmp_path, text, rows_csv="officers\n2.5\n")))
    assert sorted((Path(one.file).name, one.line, one.id) for one in problems) == [
        ("mine.toml", 7, "study-positive"),
        ("mine.toml", 8, "study-goal"),
        ("rows.csv", 2, "whole-expected"),
    ]
    text = CROSSED.replace("[policies]\n", 'year = 2010\nrelative = ["ikn"]\n[policies]\nb = { oficers = 3 }\n')
    problems = problems_of(lambda: load_study(written(tmp_path, text + "[factors]\nthanks_effect = true\n")))
    assert sorted((one.line, one.id) for one in problems) == [
        (6, "study-year"),
        (7, "study-relative"),
        (9, "study-lever"),
        (14, "study-unused"),
    ]


def test_a_fault_of_every_arm_is_told_once(tmp_path: Path) -> None:
    """A month that lies outside for nine policies is one problem."""
    text = of_kind("frequency") + 'events_per_month = [0, 1, 2, 3, 4, 5, 6, 7, 8]\nfrom = "2029-01"\n'
    (problem,) = problems_of(lambda: load_study(written(tmp_path, text)))
    assert (problem.id, problem.line) == ("month-outside", 7)


def test_a_problem_reads_as_a_sentence(tmp_path: Path) -> None:
    """Place, key, sentence, what was given and the nearest name, in this order."""
    path = written(tmp_path, FREQUENCY + '[precision]\nhalf_width = 0.1\noutcome = "ikn"\n')
    (problem,) = problems_of(lambda: load_study(path))
    assert str(problem) == (
        f'{path}:9:1: precision.outcome: is not an outcome (given: "ikn"). Did you mean \'ikm\'?'
    )  # fmt: skip


# -- what every kind is read as


def arms_of(study: Study) -> list[str]:
    return [arm.name for arm in study.arms]


MINIMAL: dict[str, tuple[str, list[str], int, list[str], int, int]] = {
    # text, arms, factors, factors' names, points, jobs
    "frequency": (FREQUENCY, [NOW, "events-0", "events-1", "events-4"], 0, [], 1, 10),
    "grid": (
        GRID + "pay = [0, 2.5]\n",
        [NOW, "officers-4-pay-0", "officers-4-pay-2.5", "officers-8-pay-0", "officers-8-pay-2.5"], 0, [], 1, 10,
    ),
    "crossed": (CROSSED, [NOW, "a", "two", "two: a"], 0, [], 1, 10),
    "latin": (LATIN, [NOW], 1, ["trust_mean"], 128, 128),
    "table": (TABLE, [NOW], 0, [], 3, 30),
    "tornado": (LATIN.replace("latin", "tornado") + "brokers = true\n", [NOW], 2, ["trust_mean", "brokers"], 5, 50),
    "morris": (LATIN.replace("latin", "morris"), [NOW], 1, ["trust_mean"], 20 * 3, 20 * 3),
    "sobol": (LATIN.replace("latin", "sobol"), [NOW], 1, ["trust_mean"], 512 * 4, 512 * 4),
    "signs": (SIGNS, [NOW, "here", "now (grogol-petamburan-2018)", "there"], 1, ["desk_load"], 64, 64),
    "pawn": (LATIN.replace("latin", "pawn"), [NOW], 1, ["trust_mean"], 512, 512),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_loads_from_a_minimal_file(kind: str, tmp_path: Path) -> None:
    """Arms, factors, points and jobs of each kind, with what is not said at its default."""
    text, arms, factors, names, points, jobs = MINIMAL[kind]
    study = load_study(written(tmp_path, text, rows_csv="trust_mean,officers\n0.4,3\n0.5,4\n\n0.6,5\n"))
    assert (study.kind, study.name, study.title, study.question) == (kind, "mine", "Mine", "Which?")
    assert arms_of(study) == arms
    assert (len(study.factors), [one.name for one in study.factors]) == (factors, names)
    assert (len(study.design), len(study.jobs())) == (points, jobs)
    assert study.replicates == (1 if kind in (*SAMPLED, "signs") else 10)
    assert (study.seed, study.year, study.outcomes) == (1, 2019, DEFAULT_OUTCOMES)
    assert (study.precision, study.goal, study.worth, study.lucky) == (None, None, None, kind in SAMPLED)
    assert (study.path, study.text) == (str(tmp_path / "mine.toml"), text)
    assert all(arm.scenario.size == 0.01 for arm in study.arms)


def test_levels_move_levers_from_the_last_year_on(tmp_path: Path) -> None:
    """The arms of a frequency or grid study differ from the baseline in those levers and from that month only."""
    study = load_study(written(tmp_path, FREQUENCY))
    now, *policies = (arm.scenario for arm in study.arms)
    assert [dict(arm.levels) for arm in study.arms] == [{}, *({"events_per_month": one} for one in (0.0, 1.0, 4.0))]
    for policy, events in zip(policies, (0.0, 1.0, 4.0), strict=True):
        assert policy.values == now.values and now.changes == ()
        (change,) = policy.changes
        assert (change.when, dict(change.values)) == ("2019-01", {"events_per_month": events})
    assert study.arms[2].title == "1 events a month"
    study = load_study(written(tmp_path, GRID.replace("[levers]", 'from = "2018-07"\n[levers]') + "thanks = [true]\n"))
    assert arms_of(study) == [NOW, "officers-4-thanks-true", "officers-8-thanks-true"]
    assert {arm.scenario.changes[0].when for arm in study.policies} == {"2018-07"}
    assert study.arms[1].title == "officers 4, thanks true"


def test_equal_levels_are_one_policy(tmp_path: Path) -> None:
    """1 and 1.0 are one frequency."""
    study = load_study(written(tmp_path, of_kind("frequency") + "events_per_month = [1, 1.0, 2]\n"))
    assert arms_of(study) == [NOW, "events-1", "events-2"]


def test_policies_are_scenarios_or_tables_of_levers(tmp_path: Path) -> None:
    """A scenario by its name or beside the study; a table of levers, from its own month or day, or from the study's."""
    text = LATIN.replace("[factors]", 'from = "2019-03"\n[factors]') + (
        '[parameters]\nofficers = 5\n[policies]\nweekly = "kebon-jeruk-weekly"\nown = "own.toml"\n'
        'later = { pay = 2.0, thanks = false, from = "2019-07" }\nsome = { pay = 1 }\nday = { pay = 1, from = 300 }\n'
    )
    study = load_study(written(tmp_path, text, own_toml=SCENARIO + "[parameters]\ntraining_hours = 9.0\n"))
    assert arms_of(study) == [NOW, "weekly", "own", "later", "some", "day"]
    _, weekly, own, later, some, day = study.arms
    assert (weekly.title, weekly.scenario.name) == (load("kebon-jeruk-weekly").title, "kebon-jeruk-weekly")
    assert (own.title, own.scenario.values["training_hours"]) == ("Own", 9.0)
    assert (later.title, later.scenario.changes[0].when) == ("later", "2019-07")
    assert dict(later.scenario.changes[0].values) == {"pay": 2.0, "thanks": False}
    assert (some.scenario.changes[0].when, day.scenario.changes[0].day) == ("2019-03", 300)
    # What is set for every arm holds in all of them.
    assert {arm.scenario.values["officers"] for arm in study.arms} == {5}
    assert {arm.scenario.size for arm in study.arms} == {0.01}


def test_paths_are_read_from_the_folder_of_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A baseline and a table beside the study are found, wherever the command was given."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "deep" / "own.toml").write_text(SCENARIO)
    text = TABLE.replace("kebon-jeruk-2018", "own.toml").replace("rows.csv", "../rows.csv")
    (tmp_path / "rows.csv").write_text("\ufeffofficers , brokers,targeting\n3,true,need\n4,FALSE,random\n", "utf-8")
    written(tmp_path / "deep", text)
    monkeypatch.chdir(tmp_path / "elsewhere")
    study = load_study("../deep/mine.toml")
    assert (study.arms[0].title, study.path) == ("Own", str(tmp_path / "deep" / "mine.toml"))
    assert [dict(arm.levels) for arm in study.policies] == [
        {"officers": 3, "brokers": True, "targeting": "need"},
        {"officers": 4, "brokers": False, "targeting": "random"},
    ]


def test_a_table_of_levers_makes_policies_and_any_other_design_points(tmp_path: Path) -> None:
    """Rows that only levers fill are policies at one point; with an uncertainty among them they are design points."""
    study = load_study(written(tmp_path, TABLE, rows_csv="officers,thanks\n3,true\n4,false\n"))
    assert (arms_of(study), study.design, study.own_luck) == ([NOW, "row-1", "row-2"], (DesignPoint(0, {}),), False)
    assert study.arms[1].title == "row 1: officers 3, thanks true"
    study = load_study(written(tmp_path, TABLE, rows_csv="officers,trust_mean\n3,0.4\n4,0.5\n"))
    assert (arms_of(study), study.own_luck) == ([NOW], True)
    assert [dict(point.values) for point in study.design] == [
        {"officers": 3, "trust_mean": 0.4},
        {"officers": 4, "trust_mean": 0.5},
    ]
    assert study.arms[0].at(study.design[1]).values["trust_mean"] == 0.5


# -- factors


def test_factors_as_they_are_given(tmp_path: Path) -> None:
    """The whole range, a part of it, all choices, some of them, or left out."""
    text = of_kind("latin") + (
        "[factors]\ntrust_mean = true\nofficers = [3, 8]\ndetection_rate = [0.1, 0.2]\nbrokers = true\n"
        'targeting = ["need", "random", "need"]\nonline = [true, false]\nthanks = false\niumk_requirements = true\n'
    )
    assert load_study(written(tmp_path, text)).factors == (
        Factor("trust_mean", 0.3, 0.8),
        Factor("officers", 3, 8, whole=True),
        Factor("detection_rate", 0.1, 0.2),
        Factor("brokers", choices=(False, True)),
        Factor("targeting", choices=("need", "random")),
        Factor("online", choices=(True, False)),
        Factor("iumk_requirements", 3, 6, whole=True),
    )


def test_the_hypothesis_is_a_factor(tmp_path: Path) -> None:
    """All shipped accounts of willingness, or those named, each in force at its points."""
    every = load_study(written(tmp_path, of_kind("latin") + "[factors]\nhypothesis = true\n"))
    assert every.factors == (Factor("hypothesis", choices=tuple(hypotheses())),)
    text = of_kind("tornado") + '[factors]\nhypothesis = ["mixed", "social-only"]\n'
    study = load_study(written(tmp_path, text))
    assert [study.arms[0].at(point).hypothesis.name for point in study.design] == [
        study.arms[0].scenario.hypothesis.name,
        "mixed",
        "social-only",
    ]
    none = load_study(written(tmp_path, LATIN + "hypothesis = false\n"))
    assert [one.name for one in none.factors] == ["trust_mean"]


def test_all_factors_but_those_that_are_named(tmp_path: Path) -> None:
    """Every uncertainty that is a number, but for those that the study or an option sets, and those of the survey."""
    text = of_kind("morris") + "[factors]\nall = true\n"
    every = [one.name for one in load_study(written(tmp_path, text)).factors]
    assert set(every) == {
        one.name
        for one in register().values()
        if one.kind == "uncertainty" and one.low < one.high and one.name not in DECIDED_ELSEWHERE
    }
    assert {"trust_mean", "imb_requirements"} <= set(every) and "iptm_validity_days" not in every
    text += "detection_rate = false\nofficers = [3, 8]\nliteracy_sd = [0.1, 0.2]\n[parameters]\ntrust_mean = 0.5\n"
    study = load_study(written(tmp_path, text), ["internet_share = 0.85"])
    names = [one.name for one in study.factors]
    assert set(every) - set(names) == {"detection_rate", "trust_mean", "internet_share"}
    assert set(names) - set(every) == {"officers"} and len(names) == len(set(names))
    assert next(one for one in study.factors if one.name == "literacy_sd").high == 0.2
    assert study.arms[0].scenario.values["trust_mean"] == 0.5


# -- settings and options


def test_what_a_file_sets(tmp_path: Path) -> None:
    """Seed, year, replicates, outcomes, a precision, a goal and a worth."""
    text = FREQUENCY + (
        'seed = 0\nyear = 2018\nfrom = "2018-01"\nreplicates = 7\nworth = 3\noutcomes = ["ikm", "cost", "ikm"]\n'
        '[precision]\nhalf_width = 0.25\nmost = 40\nlook_ahead = 0\n[goal]\noutcome = "rejected_share"\nat_most = 13\n'
    )
    study = load_study(written(tmp_path, text))
    assert (study.seed, study.year, study.replicates, study.worth) == (0, 2018, 7, 3.0)
    assert study.outcomes == ("ikm", "cost")
    assert study.precision == Precision("ikm", 0.25, least=5, most=40, look_ahead=0)
    assert study.goal == Goal("rejected_share", 13.0)
    assert study.goal.text == "Rejected share at most 13.00 %"
    assert study.goal.met(13.0) and not study.goal.met(13.1)


def test_options_go_over_the_file(tmp_path: Path) -> None:
    """Points, seed, size and --set of the command win, and are kept with the study."""
    path = written(
        tmp_path, LATIN.replace("[factors]", "points = 8\nseed = 4\n[factors]") + "[parameters]\nofficers = 5\n"
    )
    before = load_study(path, points=None, seed=None, size=None, precision=None)
    assert (before.points, before.seed, before.arms[0].scenario.size, before.options) == (8, 4, 0.01, {"set": []})
    study = load_study(path, ["officers=6", "targeting=need"], points=16, seed=0, size=0.02)
    assert (study.points, len(study.design), study.seed) == (16, 16, 0)
    assert (study.arms[0].scenario.size, study.arms[0].scenario.values["targeting"]) == (0.02, "need")
    assert study.options == {"set": ["officers=6", "targeting=need"], "points": 16, "seed": 0, "size": 0.02}


def test_options_of_replicates_and_precision(tmp_path: Path) -> None:
    """Replicates and a precision of the command win over those of the file, the rest of the file's rule stays."""
    path = written(tmp_path, FREQUENCY + "replicates = 3\n[precision]\nhalf_width = 1.0\nmost = 20\n")
    study = load_study(path, replicates=4, precision=("ikm", 0.5))
    assert (study.replicates, len(study.jobs()), len(study.jobs(6))) == (4, 4, 6)
    assert study.precision == Precision("ikm", 0.5, most=20)
    path = written(tmp_path, FREQUENCY)
    assert load_study(path, precision=["cost", 0.5]).precision == Precision("cost", 0.5)


def test_size_may_stand_among_the_parameters(tmp_path: Path) -> None:
    """Settings of the scenario may be set for every arm; the study's own size and an option go over that."""
    text = LATIN.replace("size = 0.01\n", "") + '[parameters]\nsize = 0.02\nyears = 1\nhypothesis = "mixed"\n'
    study = load_study(written(tmp_path, text))
    scenario = study.arms[0].scenario
    assert (scenario.size, scenario.years, scenario.hypothesis.name, study.year) == (0.02, 1, "mixed", 2018)
    assert load_study(tmp_path / "mine.toml", size=0.01).arms[0].scenario.size == 0.01
    assert load_study(written(tmp_path, LATIN + "[parameters]\nsize = 0.02\n")).arms[0].scenario.size == 0.01


# -- what is shipped


@pytest.mark.parametrize("name", shipped_studies())
def test_every_shipped_study_loads(name: str) -> None:
    """It loads by its name, asks something, varies something, and is listed as what it is."""
    study = load_study(name)
    assert study.name == name
    assert len(study.title) > 10 and study.question.endswith("?")
    assert titles()[name] == (study.kind, study.question)
    assert len(study.arms) > 1 or study.factors


def test_studies_are_shipped() -> None:
    """Both districts have a study of outreach frequency, and the list has no more than there is."""
    assert {"outreach-frequency-kebon-jeruk", "outreach-frequency-grogol-petamburan", "screening"} <= set(titles())
    assert set(titles()) == set(shipped_studies())


def test_a_reform_is_a_level_and_no_lever_of_a_table(tmp_path: Path) -> None:
    """A grid may bring requirements below what is plausible today; a table with them holds points, as they are uncertain."""
    grid = load_study(written(tmp_path, of_kind("grid") + "[levers]\nimb_requirements = [7, 10]\n"))
    assert [arm.levels for arm in grid.policies] == [{"imb_requirements": 7}, {"imb_requirements": 10}]
    table = load_study(written(tmp_path, TABLE, rows_csv="imb_requirements,imb_review_days\n9,1\n12,10\n"))
    assert (len(table.arms), len(table.design)) == (1, 2)
