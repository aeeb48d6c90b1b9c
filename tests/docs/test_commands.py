"""Documentation is executed: every ``$ keliling`` line and every Python block of README.md and docs/*.md runs.

The blocks of a page run in their order, in one temporary folder, and Python blocks share their names. A comment before
a block says what else it is: ``<!-- file: NAME -->`` writes it into the folder under that name (a Python one runs as
well); ``<!-- exits: N -->`` expects that exit code, and the lines shown under the command in its output.

Long commands are made small, and only here: a ``run``, ``compare``, ``trace`` or ``signs`` without ``--size`` gets
``--size 0.03``; ``signs`` gets ``--draws 2``, ``study`` gets ``--points 2`` or a wide ``--precision``; a ``run`` or
``compare`` without ``--replicates`` gets ``--replicates 2``, and one worker, which is the quickest for so little. Only a
``run`` is held to the laws of every day. ``make`` lines are not run, but their targets must exist.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from keliling.experiments.cli import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SIZED, REPEATED = ("run", "compare", "trace", "signs", "study", "trial", "ikm"), ("run", "compare", "trial", "ikm")
NOTE = re.compile(r"<!-- (file|exits): (.+?) -->")


@dataclass
class Block:
    """One fenced block: its language, its lines without the fence's indent, and the comments before it."""

    line: int
    language: str
    lines: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Every command with the output lines that the page shows under it."""
        found: list[tuple[str, list[str]]] = []
        for line in self.lines:
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found and line.strip():
                found[-1][1].append(line)
        yield from found


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page in order."""
    found: list[Block] = []
    notes: dict[str, str] = {}
    current: Block | None = None
    indent = 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = re.match(r"( *)```(\w*)", line)
        if fence and current is None:
            current, indent = Block(number, fence[2], notes=notes), len(fence[1])
            notes = {}
        elif fence and current is not None:
            found.append(current)
            current = None
        elif current is not None:
            current.lines.append(line[indent:])
        elif note := NOTE.fullmatch(line.strip()):
            notes[note[1]] = note[2]
        elif line.strip():
            notes = {}
    assert current is None, f"{page.name}: a block is not closed"
    return found


def made_small(arguments: list[str]) -> list[str]:
    """The arguments of a command that this test can afford."""
    if arguments[0] in SIZED and "--size" not in arguments:
        arguments = [*arguments, "--size", "0.03"]
    if arguments[0] == "signs":
        arguments = [*arguments, "--draws", "2"]  # the last one given counts
    if "--dry-run" in arguments:
        return arguments
    if arguments[0] == "study" and arguments[1] in ("screening", "variance", "which-assumptions-flip-the-advice"):
        arguments = [*arguments, "--points", "2"]
    elif arguments[0] == "study":
        arguments = [*arguments, "--precision", "rejected_share=9"]
    if arguments[0] in REPEATED and "--replicates" not in arguments:
        arguments = [*arguments, "--replicates", "2", "--workers", "1"]
    return arguments


def keliling(arguments: list[str]) -> tuple[int, str]:
    """Exit code and everything that was written; in this process, since each of its own takes seconds to begin."""
    more = {"COLUMNS": "200"} | ({} if arguments[0] == "run" else {"KELILING_CHECKED": "0"})
    done = CliRunner().invoke(cli, arguments, prog_name="keliling", env=more)
    return done.exit_code, done.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_example_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__example__"}
    for block in blocks(page):
        where = f"{page.name}, line {block.line}"
        if "file" in block.notes:
            (tmp_path / block.notes["file"]).write_text(block.text, encoding="utf-8")
        if block.language == "python":
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("KELILING_CHECKED", "0")  # as for commands of many runs
                exec(compile(block.text, where, "exec"), names)
        elif block.language == "console":
            for command, shown in block.commands():
                program, *arguments = shlex.split(command)
                if program == "make":
                    assert arguments[0] in targets(), f"{where}: the Makefile has no target {arguments[0]}"
                elif program == "keliling":
                    code, said = keliling(made_small(arguments))
                    assert code == int(block.notes.get("exits", "0")), f"{where}: {command}\n{said}"
                    if "exits" in block.notes:
                        for line in shown:
                            assert line in said, f"{where}: {command} does not say: {line}\n{said}"
                else:
                    pytest.fail(f"{where}: do not know how to try `{command}`")
    capsys.readouterr()


def test_the_pages_have_something_to_run() -> None:
    """An extraction that finds nothing would let every page pass."""
    counted = {
        page.name: sum(
            line.startswith("$ keliling")
            for block in blocks(page)
            if block.language == "console"
            for line in block.lines
        )
        for page in PAGES
    }
    assert counted["README.md"] >= 8
    assert counted["scenarios.md"] >= 4
    assert all(
        "$ keliling" not in block.text for page in PAGES for block in blocks(page) if block.language != "console"
    )
    assert {"README.md", "hypotheses.md"} <= {
        page.name for page in PAGES for block in blocks(page) if block.language == "python"
    }


def test_every_command_of_the_command_line_is_shown_in_the_readme() -> None:
    shown = {
        shlex.split(command)[1]
        for block in blocks(ROOT / "README.md")
        if block.language == "console"
        for command, _ in block.commands()
        if command.startswith("keliling ")
    }
    assert set(cli.commands) - shown == set()


def targets() -> set[str]:
    """Targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
