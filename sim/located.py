"""TOML files with places: which line and column a key stands at, so that a fault can be shown where it is.

The standard library's parser says what a file means, and a small scanner, which runs only on what that parser has
accepted, notes where each key and list entry begins.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keliling.sim.faults import Place, Problems

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_AT = re.compile(r"^(.*) \(at line (\d+), column (\d+)\)$", re.DOTALL)
# What the parser says when a key or table comes twice (its wording, in every version so far).
_TWICE = ("Cannot overwrite", "Cannot declare", "Duplicate inline table key", "Cannot mutate", "Cannot redefine")


@dataclass(frozen=True)
class Located:
    """A parsed file: its tables, and the (line, column) of every key path, both counted from 1."""

    path: Path
    file: str
    tables: dict[str, Any]
    places: dict[KeyPath, tuple[int, int]]

    def place(self, *keys: str | int) -> Place:
        """Place of a key path such as ``("change", 1, "month")``; of its nearest known parent when it is absent."""
        for length in range(len(keys), 0, -1):
            if keys[:length] in self.places:
                line, column = self.places[keys[:length]]
                return Place(self.file, line, column, key_text(keys))
        return Place(self.file, 1, 1, key_text(keys))


def key_text(keys: KeyPath) -> str:
    """A key path as people write it; list entries count from 1: ``change[2].month``."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key + 1}]"
        else:
            text += ("." if text else "") + (key if _BARE.fullmatch(key) else ascii(key))
    return text


def file_text(path: Path) -> str:
    """A path as it is shown: from the working folder when it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError, RuntimeError):  # elsewhere, a name that cannot be, links in a circle
        return str(path)


def read_toml(path: Path, problems: Problems) -> Located | None:
    """Read and parse ``path``; None when it cannot be, with the reason added to ``problems``."""
    file = file_text(path)
    text = _read_text(path, Place(file, key=path.name), problems)
    return None if text is None else parse_toml(text, path, problems)


def parse_toml(text: str, path: Path, problems: Problems) -> Located | None:
    """Parse TOML text that is said to come from ``path``; None when it is no TOML."""
    file = file_text(path)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        problems.add("toml-syntax", Place(file, 1, 1, path.name), reason="it is nested too deeply")
        return None
    except ValueError as error:  # TOMLDecodeError, and whole numbers of more digits than Python reads
        found = _AT.match(str(error))
        reason, line, column = (found[1], int(found[2]), int(found[3])) if found else (str(error), 0, 0)
        lines = text.split("\n")
        if not line:
            line, column = len(lines), len(lines[-1]) + 1
        if reason.startswith(_TWICE):
            # The parser stops behind the value; the key it is about begins the line.
            written = lines[line - 1]
            key = written.split("=")[0].strip() or path.name
            problems.add("key-twice", Place(file, line, len(written) - len(written.lstrip()) + 1, key))
        else:
            problems.add("toml-syntax", Place(file, line, column, path.name), reason=reason[:1].lower() + reason[1:])
        return None
    return Located(path, file, tables, _places(text))


def _read_text(path: Path, place: Place, problems: Problems) -> str | None:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe or a device may never end
            problems.add("file-unreadable", place, reason="it is no file")
            return None
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        problems.add("file-missing", place)
    except IsADirectoryError:
        problems.add("file-folder", place)
    except (OSError, ValueError) as error:
        problems.add("file-unreadable", place, reason=getattr(error, "strerror", None) or str(error))
    else:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            problems.add("file-not-text", Place(place.file, line, column, place.key))
    return None


def _places(text: str) -> dict[KeyPath, tuple[int, int]]:
    scanner = _Scanner(text)
    scanner.scan()
    starts = [0] + [found.end() for found in re.finditer("\n", text)]
    places: dict[KeyPath, tuple[int, int]] = {}
    line = 0
    for keys, at in sorted(scanner.found.items(), key=lambda item: item[1]):
        while line + 1 < len(starts) and starts[line + 1] <= at:
            line += 1
        places[keys] = (line + 1, at - starts[line] + 1)
    return places


class _Scanner:
    """Walks over valid TOML and notes the offset at which each key path begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, int] = {}
        self.entries: dict[KeyPath, int] = {}  # tables seen so far under each [[name]]

    def scan(self) -> None:
        table: KeyPath = ()
        self.skip(" \t\n")
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(" \t\n")

    def header(self) -> KeyPath:
        start = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        names = self.names()
        self.at += 2 if many else 1
        path: KeyPath = ()
        for name in names[:-1]:
            path += (name,)
            self.found.setdefault(path, start)
            if path in self.entries:
                path += (self.entries[path] - 1,)
        path += (names[-1],)
        self.found.setdefault(path, start)
        if many:
            self.entries[path] = self.entries.get(path, 0) + 1
            path += (self.entries[path] - 1,)
            self.found[path] = start
        return path

    def pair(self, table: KeyPath) -> None:
        start = self.at
        path = table
        for name in self.names():
            path += (name,)
            self.found.setdefault(path, start)
        self.at += 1  # the equals sign
        self.skip(" \t")
        self.value(path)

    def names(self) -> list[str]:
        """A dotted key; leaves the scanner behind it and the spaces that follow."""
        names = []
        while True:
            self.skip(" \t")
            start = self.at
            if self.text[start] in "\"'":
                self.string()
                names.append(tomllib.loads("k = " + self.text[start : self.at])["k"])
            else:
                while self.text[self.at] not in " \t.=]":
                    self.at += 1
                names.append(self.text[start : self.at])
            self.skip(" \t")
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self.string()
        elif opening in "[{":
            self.at += 1
            self.skip(" \t\n,")
            index = 0
            while self.text[self.at] not in "]}":
                if opening == "{":
                    self.pair(path)
                else:
                    self.found[(*path, index)] = self.at
                    self.value((*path, index))
                    index += 1
                self.skip(" \t\n,")
            self.at += 1
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}\n#":
                self.at += 1

    def string(self) -> None:
        quote = self.text[self.at]
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(mark)
        while not self.text.startswith(mark, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(mark)
        # A long string may end in one or two quotes of its own.
        while len(mark) == 3 and self.text.startswith(quote, self.at):
            self.at += 1

    def skip(self, blanks: str) -> None:
        """Go over blanks, and over comments where line ends count as blanks."""
        while self.at < len(self.text):
            if self.text[self.at] in blanks:
                self.at += 1
            elif self.text[self.at] == "#" and "\n" in blanks:
                while self.at < len(self.text) and self.text[self.at] != "\n":
                    self.at += 1
            else:
                return
