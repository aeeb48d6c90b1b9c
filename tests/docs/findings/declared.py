"""What the prose modules declare: the blocks that are written, and the sentences that are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.docs.findings.found import Check, Prose


@dataclass(frozen=True)
class Block:
    """What stands between the markers of a name on a page."""

    page: str
    name: str
    prose: Prose


@dataclass(frozen=True)
class Sentence:
    """A sentence of a page that is written by hand, and what must hold for it to be true."""

    page: str
    words: str
    holds: Check


blocks: dict[tuple[str, str], Block] = {}
sentences: list[Sentence] = []


def block(page: str, name: str) -> Callable[[Prose], Prose]:
    """Declare the prose of a block: ``@block("README.md", "adults")``."""

    def declare(prose: Prose) -> Prose:
        assert (page, name) not in blocks, f"{page} has two blocks {name}"
        blocks[page, name] = Block(page, name, prose)
        return prose

    return declare


def sentence(page: str, words: str) -> Callable[[Check], Check]:
    """Declare what must hold for a sentence of a page: ``@sentence("README.md", "More residents apply.")``."""

    def declare(holds: Check) -> Check:
        sentences.append(Sentence(page, words, holds))
        return holds

    return declare
