"""Puts the prose of the findings into the pages, between ``<!-- found: NAME -->`` and ``<!-- end -->``.

A block stands on lines of its own, or within a sentence or a row of a table: then it stays on its line. Sentences that
are written in the page by hand and draw a conclusion are *checked*: each must stand there word for word, and the
numbers must bear it out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.docs.findings import crossed, odd, readme, studies
from tests.docs.findings.declared import blocks, sentences
from tests.docs.findings.found import Found, NotFound, NotMeasured
from tests.docs.findings.plan import WAITING

PROSE = (crossed, odd, readme, studies)
"""The modules whose import declares all that there is."""
ROOT = Path(__file__).resolve().parents[3]
BLOCK = re.compile(r"(<!-- found: ([a-z0-9-]+) -->)(.*?)(<!-- end -->)", re.DOTALL)
WIDTH = 120
NOT_YET = "*not measured since the model last changed: `make findings` does it*"


@dataclass(frozen=True)
class Rendered:
    """A page as it should be; ``wrong`` names what contradicts the numbers, ``missing`` what was not measured."""

    text: str
    wrong: list[str]
    missing: list[str]


def pages() -> list[str]:
    """The pages that quote numbers, as their names from the root."""
    return list(dict.fromkeys([page for page, _ in blocks] + [one.page for one in sentences]))


def rendered(page: str, text: str, parts: Mapping[str, Any]) -> Rendered:
    """The page with every block as the record has it. What is not measured, or contradicted, stays as it was."""
    wrong, missing = [], []

    def filled(match: re.Match[str]) -> str:
        begin, name, before, end = match.groups()
        if (page, name) not in blocks:
            wrong.append(f"{page} has a block `{name}` that nothing writes")
            return match[0]
        found = Found(parts)
        try:
            prose = blocks[page, name].prose(found)
        except NotMeasured as error:
            missing.append(f"{page}, block `{name}`: {error}")
            return _waits(begin, before, end) if error.part in WAITING else match[0]
        except (NotFound, KeyError) as error:
            wrong.append(f"{page}, block `{name}`: asks for what was not measured: {error}")
            return match[0]
        if found.wrong:
            wrong.extend(f"{page}, block `{name}`: the numbers contradict {one}" for one in found.wrong)
            return match[0]
        return f"{begin}\n\n{wrapped(prose)}\n\n{end}" if before.startswith("\n") else begin + prose + end

    new = BLOCK.sub(filled, text)
    there = [match[2] for match in BLOCK.finditer(text)]
    wrong += [f"{page} has no block `{name}`" for at, name in blocks if at == page and name not in there]
    wrong += [f"{page} has block `{name}` twice" for name in dict.fromkeys(there) if there.count(name) > 1]
    for one in (one for one in sentences if one.page == page):
        if _plain(one.words) not in _plain(new):
            wrong.append(f'{page} does not say "{one.words}" any more: check what it says now, or nothing')
            continue
        try:
            if not one.holds(Found(parts)):
                wrong.append(f'{page}: the numbers contradict "{one.words}"; rewrite it, and what is checked of it')
        except NotMeasured as error:
            missing.append(f'{page}, "{one.words}": {error}')
        except (NotFound, KeyError) as error:
            wrong.append(f'{page}, "{one.words}": asks for what was not measured: {error}')
    return Rendered(new, wrong, missing)


def render(parts: Mapping[str, Any], root: Path = ROOT) -> tuple[list[str], list[str], list[str]]:
    """Write every page anew; returns the pages that changed, what contradicts the numbers, and what is missing."""
    changed: list[str] = []
    wrong: list[str] = []
    missing: list[str] = []
    for page in pages():
        path = root / page
        text = path.read_text(encoding="utf-8")
        new = rendered(page, text, parts)
        wrong += new.wrong
        missing += new.missing
        if new.text != text:
            path.write_text(new.text, encoding="utf-8")
            changed.append(page)
    return changed, wrong, missing


def wrapped(text: str) -> str:
    """Paragraphs and items of a list at the width of the pages; fences and tables as they are."""
    return "\n\n".join(_paragraph(part) for part in text.strip().split("\n\n")) if "```" not in text else text.strip()


def _waits(begin: str, before: str, end: str) -> str:
    """A block of a part that waits, where it stands; one over two cells of a table stays so."""
    if before.startswith("\n"):
        return f"{begin}\n\n{NOT_YET}\n\n{end}"
    return f"{begin}{NOT_YET}{' | ' if ' | ' in before else ''}{end}"


def _paragraph(text: str) -> str:
    if text.startswith("|"):
        return text
    items: list[str] = []
    for line in text.split("\n"):
        if line.startswith("- ") or not items:
            items.append(line)
        else:
            items[-1] += " " + line.strip()
    hanging: Sequence[str] = ["  " if item.startswith("- ") else "" for item in items]
    return "\n".join(
        textwrap.fill(item, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        for item, indent in zip(items, hanging, strict=True)
    )


def _plain(text: str) -> str:
    """Words alone: without markers, and with one space between any two."""
    return " ".join(re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).split())
