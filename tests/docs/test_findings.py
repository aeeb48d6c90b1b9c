"""The record is current, the pages say what it says, and the machinery that sees to both can bite.

What the first two tests ask for takes some forty minutes (``make findings``); all others live small runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keliling.experiments.analysis import decision, differences
from keliling.experiments.analysis.crossed import Crossing
from keliling.experiments.reading import load_study
from tests.docs.findings import __main__ as command
from tests.docs.findings import digest, measure, pages, record, trials
from tests.docs.findings.declared import Block, Sentence
from tests.docs.findings.found import Found
from tests.docs.findings.plan import PLAN, WAITING, Pair, Part, Signs, Study
from tests.docs.findings.words import about, does, how_many, listed, moves

ROOT = pages.ROOT
TINY = Pair("kebon-jeruk-crowded-2018", "kebon-jeruk-crowded-2019", size=0.05, replicates=2)


pytestmark = pytest.mark.usefixtures("unchecked")


# -- what the pages say


def test_every_part_is_current() -> None:
    """But for those that are said to wait, of which nothing old is kept or shown."""
    measured = record.read()
    assert set(measured).isdisjoint(WAITING)
    behind = digest.stale({name: part for name, part in PLAN.items() if name not in WAITING}, measured)
    assert behind == {}, "run `make findings`: " + "; ".join(f"{name} {why}" for name, why in behind.items())


@pytest.mark.parametrize("page", pages.pages())
def test_every_page_says_what_was_measured(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = pages.rendered(page, text, record.read())
    assert found.wrong == []
    assert found.text == text, "run `make findings`"


def test_the_demonstration_of_the_plan_is_that_of_make() -> None:
    made = re.search(r"^demo:.*\n\t.*keliling (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert made is not None
    demo = PLAN["kebon-jeruk"]
    assert isinstance(demo, Pair)
    assert demo.shown and (demo.size, demo.seed) == (1.0, 1)
    assert made[1] == f"compare {demo.baseline} {demo.policy} --replicates {demo.replicates}"


def test_every_shipped_study_has_its_paragraph() -> None:
    text = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    names = [name for name, part in PLAN.items() if isinstance(part, Study)]
    assert len(names) >= 6
    assert [name for name in names if f"<!-- found: {name} -->" not in text] == []


# -- the prose


def made_up(part: Study) -> dict[str, Any]:
    """The record of a crossed study with its own conditions, policies and outcomes, which its tables name."""
    study = load_study(part.file)
    crossing = study.details
    assert isinstance(crossing, Crossing)
    cell = {"mean": -0.1234, "low": -0.2, "high": 0.1, "mark": "clear"}
    under = dict.fromkeys(("", *crossing.policies), cell)
    pair = {"one": "a", "other": "b", "policy": "paid", "outcome": "retention", "apart": 1.0, "low": 0.5, "high": 1.5}
    return {
        "kind": "crossed",
        "adults": 1000,
        "runs": 20,
        "crossed": {outcome: dict.fromkeys(crossing.conditions, under) for outcome in study.outcomes},
        "pairs": [pair, {**pair, "policy": None}],
        "predicted": {", ".join(key): "as predicted" for key in crossing.predicted},
    }


@pytest.fixture(scope="module")
def sample() -> dict[str, Any]:
    """A record of the whole plan, from the trials: every part is there, and the numbers mean nothing."""

    def small(name: str, part: Part) -> Any:
        if isinstance(part, Study) and part.declares()["kind"] == "crossed":
            return made_up(part)
        if isinstance(part, Study):
            return digest.results_of_kind(part.declares()["kind"])
        return digest.results_when_small(part, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KELILING_CHECKED", "0")
        results = {name: small(name, part) for name, part in PLAN.items()}
    return {name: {"measured": "2026-11-28", "results": one} for name, one in record.plain(results).items()}


@pytest.mark.parametrize("block", pages.blocks.values(), ids=lambda block: f"{block.page}-{block.name}")
def test_every_block_can_be_written(block: Block, sample: dict[str, Any]) -> None:
    prose = block.prose(Found(sample))
    words = prose.split("```")[0]
    assert prose
    assert not re.search(r"\b(nan|None|n/a|inf)\b|  |\.\.| \.", words), words
    text = (ROOT / block.page).read_text(encoding="utf-8")
    before, after = text.split(f"<!-- found: {block.name} -->")
    if not after.startswith("\n"):
        assert "\n" not in prose
        # A line that begins with a comment ends the paragraph that it stands in.
        assert before.rpartition("\n")[2].strip()


@pytest.mark.parametrize("one", pages.sentences, ids=lambda one: one.words[:40])
def test_every_sentence_can_be_checked(one: Sentence, sample: dict[str, Any]) -> None:
    assert one.holds(Found(sample)) in (True, False)


@pytest.mark.parametrize("kind", ["crossed", "grid", "latin", "tornado", "table"])
def test_a_study_of_another_kind_has_words_too(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.docs.findings import studies

    study = Study(trials.written(kind, tmp_path))
    monkeypatch.setattr("tests.docs.findings.found.PLAN", {"mine": study})
    results = digest.results_of_kind(kind)
    prose = studies.paragraph(Found({"mine": {"results": record.plain(results)}}), "mine")
    assert prose.startswith("**`mine`**") and f"{results['runs']:,} runs" in prose


def a_page(text: str, parts: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *declared: Block | Sentence) -> Any:
    """A page with blocks and sentences of its own, rendered."""
    own = {(one.page, one.name): one for one in declared if isinstance(one, Block)}
    monkeypatch.setattr(pages, "blocks", own)
    monkeypatch.setattr(pages, "sentences", [one for one in declared if isinstance(one, Sentence)])
    return pages.rendered("page.md", text, parts)


def rejected(found: Found) -> str:
    return found.pair("kebon-jeruk")["rejected_share"].text


def kept(low: float, high: float) -> dict[str, Any]:
    row = {
        "baseline": 13.5,
        "policy": 13.3,
        "mean": (low + high) / 2,
        "low": low,
        "high": high,
        "better_in": 9,
        "n": 10,
    }
    return {"kebon-jeruk": {"results": {"outcomes": {"rejected_share": row}}}}


def test_a_block_is_written_on_its_line_or_as_paragraphs(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "| a | <!-- found: one -->old<!-- end --> |\n\n<!-- found: two -->\n\nold\n\n<!-- end -->\n"
    long = Block("page.md", "two", lambda found: f"{'word ' * 40}{rejected(found)}")
    found = a_page(text, kept(-0.3, -0.1), monkeypatch, Block("page.md", "one", rejected), long)
    assert found.wrong == [] and found.missing == []
    assert "| a | <!-- found: one -->-0.20 [-0.30, -0.10]<!-- end --> |" in found.text
    assert max(len(line) for line in found.text.splitlines()) <= pages.WIDTH
    assert pages.rendered("page.md", found.text, kept(-0.3, -0.1)).text == found.text


def test_prose_that_the_numbers_contradict_is_named_and_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def prose(found: Found) -> str:
        return found.claim(found.pair("kebon-jeruk")["rejected_share"].high < 0, "So it falls.")

    text = "<!-- found: one -->old<!-- end -->"
    good = a_page(text, kept(-0.3, -0.1), monkeypatch, Block("page.md", "one", prose))
    bad = a_page(text, kept(-0.3, 0.1), monkeypatch, Block("page.md", "one", prose))
    assert good.text == "<!-- found: one -->So it falls.<!-- end -->" and good.wrong == []
    assert bad.text == text
    (named,) = bad.wrong
    assert "page.md, block `one`" in named and '"So it falls."' in named and "test_findings.py, line" in named


def test_a_sentence_of_the_page_is_held_to_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def holds(found: Found) -> bool:
        return found.pair("kebon-jeruk")["rejected_share"].high < 0

    one = Sentence("page.md", "So the share falls.", holds)
    wrapped = "More apply. So the\n  share falls. That is all.\n"
    assert a_page(wrapped, kept(-0.3, -0.1), monkeypatch, one).wrong == []
    assert 'contradict "So the share falls."' in a_page(wrapped, kept(-0.3, 0.1), monkeypatch, one).wrong[0]
    assert "does not say" in a_page("So it falls.\n", kept(-0.3, -0.1), monkeypatch, one).wrong[0]
    asks = Sentence("page.md", "So the share falls.", lambda found: bool(found.pair("kebon-jeruk")["rejected_shares"]))
    assert (
        "has no rejected_shares; did you mean rejected_share?"
        in a_page(wrapped, kept(-0.3, -0.1), monkeypatch, asks).wrong[0]
    )
    missing = a_page(wrapped, {}, monkeypatch, one)
    assert missing.wrong == [] and "was not measured: run `make findings`" in missing.missing[0]


def test_markers_and_blocks_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Block("page.md", "one", rejected), Block("page.md", "two", rejected)
    text = "<!-- found: one -->a<!-- end --> <!-- found: one -->b<!-- end --> <!-- found: other -->c<!-- end -->"
    assert a_page(text, kept(-0.3, -0.1), monkeypatch, one, two).wrong == [
        "page.md has a block `other` that nothing writes",
        "page.md has no block `two`",
        "page.md has block `one` twice",
    ]


@pytest.mark.parametrize(
    ("low", "high", "moved", "done"),
    [
        (-0.3, -0.1, "falls by 0.20 points [0.10, 0.30]", "lowers it by 0.20 points [0.10, 0.30]"),
        (0.1, 0.3, "rises by 0.20 points [0.10, 0.30]", "raises it by 0.20 points [0.10, 0.30]"),
        (-0.3, 0.1, "does not clearly move (-0.10 [-0.30, +0.10])", "does not clearly move it (-0.10 [-0.30, +0.10])"),
        (0.0, 0.0, "stays the same", "leaves it as it is"),
    ],
)
def test_words_are_chosen_by_numbers(low: float, high: float, moved: str, done: str) -> None:
    one = Found(kept(low, high)).pair("kebon-jeruk")["rejected_share"]
    assert (moves(one, "points"), does(one, "it", "points")) == (moved, done)


def test_numbers_in_words() -> None:
    assert [about(one, digits) for one, digits in ((283743, 3), (17.4, 2), (0.43, 1), (39.2, 1), (0.0, 2))] == [
        "284,000",
        "17",
        "0.4",
        "40",
        "0",
    ]
    assert listed(["a"]) == "a" and listed(["a", "b", "c"]) == "a, b and c"
    assert [how_many(share) for share in (0.0, 0.5, 0.95, 1.0)] == ["none", "half", "nearly all", "all"]


# -- what a part depends on


def test_words_of_a_file_are_no_inputs_and_values_are(tmp_path: Path) -> None:
    path = trials.written("latin", tmp_path)
    text, before = path.read_text(encoding="utf-8"), digest.inputs(Study(path))

    def inputs_of(changed: str) -> str:
        assert changed != text
        path.write_text(changed, encoding="utf-8")
        return digest.inputs(Study(path))

    assert inputs_of(text.replace("A trial", "Another title") + "# a remark\n") == before
    assert inputs_of(text.replace("points = 50", "points = 60")) != before
    assert inputs_of(text.replace("[3, 8]", "[3, 9]")) != before
    assert inputs_of(text.replace('"kebon-jeruk-2018"', '"grogol-petamburan-2018"')) != before


@pytest.mark.parametrize(
    "change", [{"policy": "kebon-jeruk-crowded-2018"}, {"size": 0.04}, {"replicates": 3}, {"seed": 2}]
)
def test_the_plan_is_an_input(change: dict[str, Any]) -> None:
    assert digest.inputs(replace(TINY, **change)) != digest.inputs(TINY)


def test_formulas_ranges_and_golden_runs_count(monkeypatch: pytest.MonkeyPatch) -> None:
    signs, study = PLAN["signs"], PLAN["screening"]
    before = digest.inputs(TINY), digest.inputs(signs), digest.inputs(study)
    golden = digest.golden_digest()
    monkeypatch.setattr(digest, "formulas", lambda: [["rejected_share", "lower", "200", "rejected", "decided"]])
    assert all(one != other for one, other in zip(before, map(digest.inputs, (TINY, signs, study)), strict=True))
    monkeypatch.undo()
    monkeypatch.setattr(digest, "varied", lambda: [["document_error", "uncertainty", "number", 0.06, 0.0, 0.5, []]])
    after = digest.inputs(TINY), digest.inputs(signs), digest.inputs(study)
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, False]
    kept_runs = digest.golden.kept
    monkeypatch.setattr(digest.golden, "kept", lambda name: moved(kept_runs(name)))
    assert digest.golden_digest.__wrapped__() != golden


def moved(sums: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    sums["year 1"]["decided"] += 1.0
    return sums


def twice_as_wide(interval: Callable[..., tuple[float, float]]) -> Callable[..., tuple[float, float]]:
    def wider(values: Any, *more: Any) -> tuple[float, float]:
        low, high = interval(values, *more)
        return low - (high - low) / 2, high + (high - low) / 2

    return wider


def test_the_analysis_counts_though_no_golden_run_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hole that the trials close: other intervals from the same runs."""
    pair, kind = digest.results_when_small.__wrapped__, digest.results_of_kind.__wrapped__
    before = digest.digest(pair(TINY, "tiny")), digest.digest(kind("frequency"))
    assert before == (digest.digest(pair(TINY, "tiny")), digest.digest(kind("frequency")))
    for module in (differences, decision):
        monkeypatch.setattr(module, "interval", twice_as_wide(module.interval))
    assert digest.digest(pair(TINY, "tiny")) != before[0]
    assert digest.digest(kind("frequency")) != before[1]


def test_a_digest_is_as_close_as_golden_runs_are_compared() -> None:
    assert digest.digest({"a": [0.1 + 0.2, 1]}) == digest.digest({"a": (0.3, 1)})
    assert digest.digest(0.3) != digest.digest(0.3 * (1 + 1e-8))
    assert digest.digest(float("nan")) != digest.digest(0.0)


# -- measuring


@pytest.fixture
def plan(tmp_path: Path) -> dict[str, Part]:
    """Three parts that take a second each."""
    return {
        "pair": TINY,
        "signs": Signs((("kebon-jeruk-2018", "kebon-jeruk-2019-weekly.toml"),), draws=2, size=0.05),
        "study": Study(trials.written("frequency", tmp_path), ("--seed", "3")),
    }


def test_a_plan_is_measured_kept_and_found_current(plan: dict[str, Part], tmp_path: Path) -> None:
    file, folder = tmp_path / "findings.json", tmp_path / "lived"
    command.measure(plan, file=file, folder=folder)
    found = record.read(file)
    assert list(found) == list(plan)
    assert found["pair"]["plan"]["policy"] == TINY.policy and found["pair"]["plan"]["size"] == 0.05
    row = found["pair"]["results"]["outcomes"]["rejected_share"]
    assert {"mean", "low", "high", "better_in", "n", "baseline", "policy"} <= set(row) and row["n"] == 2
    assert row["mean"] == pytest.approx(row["policy"] - row["baseline"], abs=1e-7)
    assert sum(one["worlds"] for one in found["signs"]["results"]["combinations"]) == 2
    study = found["study"]["results"]
    assert study["replicates"]["lived"] >= study["replicates"]["enough"] >= 2
    assert study["runs"] == study["replicates"]["lived"] * len(study["ranking"])
    assert set(study["policies"]["events-8"]) == set(study["answers"]) and study["kind"] == "frequency"
    assert digest.stale(plan, found) == {}
    before = file.read_bytes()
    command.measure(plan, file=file, folder=folder)
    assert file.read_bytes() == before
    # What concerns one part leaves the others current.
    changed = plan | {"pair": replace(TINY, replicates=3)}
    assert list(digest.stale(changed, found)) == ["pair"]
    assert digest.stale(changed, found)["pair"].startswith(digest.CHANGED["inputs"])
    later = json.loads(before)
    later["parts"]["signs"]["depends_on"]["golden"] = "other"
    assert digest.stale(plan, later["parts"]) == {"signs": digest.CHANGED["golden"]}


def test_what_was_interrupted_goes_on(plan: dict[str, Part], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, folder = tmp_path / "findings.json", tmp_path / "lived"
    lived: list[str] = []

    def stopped_at(stop: str) -> None:
        def measured(part: Part, name: str, at: Path) -> dict[str, Any]:
            lived.append(name)
            if name == stop:
                raise measure.Stopped(130)
            return {"adults": 1}

        monkeypatch.setattr(command, "measured", measured)

    stopped_at("signs")
    with pytest.raises(measure.Stopped):
        command.measure(plan, file=file, folder=folder)
    assert lived == ["pair", "signs"] and list(record.read(file)) == ["pair"]
    stopped_at("nothing")
    command.measure(plan, file=file, folder=folder)
    assert lived == ["pair", "signs", "signs", "study"] and list(record.read(file)) == list(plan)
    command.measure(plan, only=["pair"], file=file, folder=folder)
    assert lived[-1] == "pair" and len(lived) == 5
    command.measure(plan, only=["pair"], file=file, folder=folder, dry_run=True)
    assert len(lived) == 5


def test_a_study_is_never_refused_for_runs_of_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = Study(trials.written("frequency", tmp_path))
    first = measure.study_command(study, "one", tmp_path)
    assert first == measure.study_command(study, "one", tmp_path)
    monkeypatch.setattr(measure, "rows_made_by", lambda: {"sim": "other"})
    assert measure.study_command(study, "one", tmp_path)[-1] != first[-1]
    monkeypatch.undo()
    monkeypatch.setattr(Study, "scenarios", lambda self: ["kebon-jeruk-2019"])
    assert measure.study_command(study, "one", tmp_path)[-1] != first[-1]


def test_a_command_that_fails_stops_the_measuring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(measure.Stopped) as stop:
        measure.measured(replace(TINY, policy="kebon-jeruk-crowded-2020"), "none", tmp_path)
    assert stop.value.code == 2
    assert "kebon-jeruk-crowded-2019" in capsys.readouterr().err


def test_the_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    parts = record.plain(
        {"a": {"x": [1, 2.5, None, "text", 1 / 3], "y": {"nan": float("nan"), "many": list(range(90))}}}
    )
    record.write(parts, tmp_path / "findings.json")
    assert record.read(tmp_path / "findings.json") == parts
    assert parts["a"]["x"][4] == 0.3333333333 and parts["a"]["y"]["nan"] is None
    assert record.read(tmp_path / "none.json") == {}
