"""The ODD page is current and whole, and no link or source id on any page leads nowhere."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from keliling import __version__
from keliling.experiments.analysis.paired_outcomes import PAIRED_OUTCOMES
from keliling.sim.model import CoproductionModel
from keliling.sim.outcomes import outcomes
from keliling.sim.parameters import data_text, permits, register
from keliling.sim.rng import Draw
from keliling.sim.scenario import shipped
from tests.docs import odd_tables

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "sim/ODD.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ODD = odd_tables.PAGE.read_text(encoding="utf-8")


def test_every_table_is_current() -> None:
    assert odd_tables.rendered(ODD) == ODD, "run `make odd`"


def test_every_table_has_its_place() -> None:
    assert sorted(block[2] for block in odd_tables.BLOCK.finditer(ODD)) == sorted(odd_tables.tables())


def test_a_stale_table_is_noticed() -> None:
    stale = ODD.replace("| No. | Law |", "| No. | Rule |")
    assert stale != ODD
    assert odd_tables.rendered(stale) == ODD


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("parameters", list(register())),
        ("outcomes", [*outcomes(), *(measure.name for measure in PAIRED_OUTCOMES)]),
        ("draws", [name for name in vars(Draw) if name.isupper()]),
        ("permits", [permit.name for permit in permits()]),
        ("scenarios", [one.name for one in shipped()]),
    ],
)
def test_everything_is_in_its_table(table: str, names: list[str]) -> None:
    text = odd_tables.tables()[table]
    assert len(names) >= 4
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_purpose_is_in_the_table_by_its_number() -> None:
    text = odd_tables.tables()["draws"]
    assert [n for n in vars(Draw) if n.isupper() and f"| {getattr(Draw, n)} | `{n}` |" not in text] == []


def test_every_pattern_has_a_row() -> None:
    own = odd_tables.own_words(ODD)
    ids = [row["id"] for row in csv.DictReader(data_text("patterns.csv").splitlines())]
    assert [id_ for id_ in ids if own.count(f"\n| {id_} ") != 1] == []


def test_every_submodel_parameter_named_in_the_words_exists() -> None:
    """A word in `code` that looks like a parameter is one, or is something else that the model has by that name."""
    known = {*register(), *outcomes(), *odd_tables.PERMIT_UNITS, *(measure.name for measure in PAIRED_OUTCOMES)}
    known |= {word for parameter in register().values() for word in parameter.choices}
    source = "\n".join(path.read_text(encoding="utf-8") for path in odd_tables.SIM.rglob("*.py"))
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", odd_tables.own_words(ODD)))
    assert len(named) > 60
    assert sorted(name for name in named - known if not re.search(rf"\b{name}\b", source)) == []


def test_the_day_is_told_as_the_model_tells_it() -> None:
    routine = re.compile(r"^\s*([1-6])\. .*?`+(\w+)`+\)", re.MULTILINE | re.DOTALL)
    section = ODD.split("## 3. Process overview", 1)[1].split("\n## ", 1)[0]
    told, lived = routine.findall(section), routine.findall(CoproductionModel.__doc__ or "")
    assert [number for number, _ in lived] == list("123456")
    assert told == lived


def test_the_citation_is_of_this_version() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_law_is_a_sentence() -> None:
    found = odd_tables.laws()
    assert len(found) >= 20
    assert all("{" not in law and len(law) > 10 for law in found)
    source = (odd_tables.SIM / "laws.py").read_text(encoding="utf-8")
    assert len(re.findall(r"\b_(?:law|rows)\(\s*f?\"", source)) <= len(found)
    assert [law for law in re.findall(r"the law '([^'{]+)' is broken", source) if law not in found] == []
    assert "the IKM stays within 25 and 100" in found


def test_every_source_that_is_cited_exists() -> None:
    known = odd_tables.source_texts()
    cited = set(odd_tables.cited_in_data())
    for page in PAGES:
        cited |= set(odd_tables.SOURCE_ID.findall(odd_tables.own_words(page.read_text(encoding="utf-8"))))
    assert len(cited) > 40
    assert sorted(cited - set(known)) == []


def test_several_sources_in_one_cell_are_told_apart() -> None:
    assert odd_tables.SOURCE_ID.findall("S30, S43 (0.4-4); 2018 assumed low") == ["S30", "S43"]
    assert odd_tables.SOURCE_ID.findall("S0 (from Q1 and Q2: no test)") == ["S0"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_internal_link_resolves(page: Path) -> None:
    broken = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual hosts of Markdown make them."""
    found: dict[str, int] = {}
    inside = False
    every = set()
    for line in page.read_text(encoding="utf-8").splitlines():
        inside = inside != line.lstrip().startswith("```")
        if inside or not (heading := re.match(r"#{1,6} (.*)", line)):
            continue
        slug = re.sub(r"[^\w\- ]", "", heading[1].strip().lower()).replace(" ", "-")
        again = found.get(slug, 0)
        found[slug] = again + 1
        every.add(f"{slug}-{again}" if again else slug)
    return every
