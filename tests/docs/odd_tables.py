"""Writes the generated tables of ``sim/ODD.md`` from the register, the catalogues and the sources of the model.

A table stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. ``python -m tests.docs.odd_tables`` rewrites
all of them and says which changed; ``test_odd.py`` fails while the page is behind.
"""

from __future__ import annotations

import ast
import csv
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from keliling.experiments.analysis.paired_outcomes import PAIRED_OUTCOMES
from keliling.sim.hypothesis import BASE, hypotheses
from keliling.sim.outcomes import BETTER, outcomes
from keliling.sim.parameters import GRADES, KINDS, PERMIT_UNITS, Parameter, Value, data_text, permits, register
from keliling.sim.profile import load_profile, profiles
from keliling.sim.rng import Draw
from keliling.sim.scenario import shipped

SIM = Path(__file__).resolve().parents[2] / "sim"
PAGE = SIM / "ODD.md"
BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
SOURCE_ID = re.compile(r"\b[SEKT]\d+\b")
SOURCE_FILES = ("sources.csv", "dki-jakarta-sources.csv")
TYPES = {"Floats": "number", "Ints": "whole number", "Flags": "small whole number"}


def tables() -> dict[str, str]:
    """Every generated table by the name in its marker, as Markdown."""
    return {
        "parameters": _parameters(),
        "permits": _permits(),
        "outcomes": _outcomes(),
        "draws": _draws(),
        "state": _state(),
        "satisfaction": _satisfaction(),
        "scenarios": _scenarios(),
        "hypotheses": _hypotheses(),
        "laws": _table(("No.", "Law"), [(str(at), text) for at, text in enumerate(laws(), start=1)]),
        "constants": _constants(),
        "sources": _sources(),
    }


def rendered(text: str) -> str:
    """The page with every generated table as it is now. Raises KeyError on a marker of no table."""
    known = tables()
    return BLOCK.sub(lambda block: f"{block[1]}\n{known[block[2]]}\n\n{block[3]}", text)


def own_words(text: str) -> str:
    """The page without its generated tables."""
    return BLOCK.sub("", text)


# -- the tables


def _parameters() -> str:
    parts = []
    by_section: dict[str, list[Parameter]] = {}
    for parameter in register().values():
        by_section.setdefault(parameter.section, []).append(parameter)
    for section, found in by_section.items():
        rows = [
            (f"`{p.name}`", value(p.default), bounds(p), p.unit, p.kind, p.grade, p.source, p.meaning) for p in found
        ]
        head = ("Name", "Default", "Bounds", "Unit", "Kind", "Grade", "Source", "Meaning")
        parts.append(f"#### Parameters: {section.replace('_', '-')}\n\n{_table(head, rows)}")
    legend = [f"- {kind}: {meaning}" for kind, meaning in KINDS.items()]
    legend += [f"- grade {grade}: {meaning}" for grade, meaning in GRADES.items()]
    return "\n".join(legend) + "\n\n" + "\n\n".join(parts)


def _of_permit(known: Mapping[str, Parameter], permit: str, field: str) -> str:
    """A number of a permit; what the load leaves has no need rate of its own."""
    name = f"{permit}_{field}"
    return value(known[name].default) if name in known else "what the load leaves"


def _permits() -> str:
    catalogue = permits()
    known = register()
    rows: list[Sequence[str]] = [
        ("may need it", *(permit.who for permit in catalogue)),
        ("works without it are looked for", *(_yes(permit.enforced) for permit in catalogue)),
        ("opens bank credit", *(_yes(permit.credit) for permit in catalogue)),
    ]
    for field, (unit, _) in PERMIT_UNITS.items():
        rows.append((f"`{field}` ({unit})", *(_of_permit(known, k.name, field) for k in catalogue)))
    return _table(("", *(f"{permit.title}: `{permit.name}`" for permit in catalogue)), rows)


def _outcomes() -> str:
    words = {code: word for word, code in BETTER.items()}
    rows = [
        (f"`{o.name}`", o.title, o.unit, o.meaning, o.definition, words[o.better], "yes" if o.headline else "")
        for o in (*outcomes().values(), *PAIRED_OUTCOMES)
    ]
    head = ("Name", "Title", "Unit", "Meaning", "Definition, before scaling to the unit", "Better", "Headline")
    return _table(head, rows)


def _draws() -> str:
    used = _purposes_used()
    group, rows = "", []
    said = comments(SIM / "rng.py")
    for name, number, line in _purposes():
        for above in range(line - 1, 0, -1):
            if above in said:
                group = said[above]
                break
        rows.append((str(number), f"`{name}`", group, ", ".join(used.get(name, ())) or "none: kept free"))
    return _table(("Number", "Purpose", "Group", "Drawn in"), rows)


def _state() -> str:
    spoken = _attributes()
    parts = []
    for path, names in (
        ("population.py", ("Population",)),
        (
            "state.py",
            (
                "Residents",
                "Motives",
                "Needs",
                "Applications",
                "CoProducers",
                "Neighbourhoods",
                "Events",
                "Parts",
                "Office",
                "Stock",
                "Tally",
                "Counts",
            ),
        ),
    ):
        tree, said = ast.parse((SIM / path).read_text(encoding="utf-8")), comments(SIM / path)
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        for name in names:
            rows = []
            for field in classes[name].body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    column = field.target.id
                    meaning = said.get(field.lineno) or spoken.get(column, "")
                    rows.append((f"`{column}`", TYPES[ast.unparse(field.annotation)], meaning))
            what = (ast.get_docstring(classes[name]) or "").split("\n")[0]
            parts.append(f"#### State: {name}\n\n{what}\n\n{_table(('Column', 'Type', 'Meaning'), rows)}")
    return "\n\n".join(parts)


def _satisfaction() -> str:
    rows = list(csv.reader(io.StringIO(data_text("satisfaction.csv"))))
    titles = {row["code"]: row["english"] for row in csv.DictReader(io.StringIO(data_text("ikm_elements.csv")))}
    body = [(f"{row[0]} {titles.get(row[0], '')}".strip(), *row[1:]) for row in rows[1:]]
    return _table(tuple(rows[0]), body)


def _scenarios() -> str:
    return _table(("Name", "Title", "Why"), [(f"`{one.name}`", one.title, one.why) for one in shipped()])


def _hypotheses() -> str:
    rows = []
    for name, one in hypotheses().items():
        sets = ", ".join(f"`{key}` = {value(given)}" for key, given in one.overrides.items())
        rows.append((f"`{name}`", one.title, one.why, sets or ("nothing: the base" if name == BASE else "nothing")))
    return _table(("Name", "Title", "Why", "Sets"), rows)


def _constants() -> str:
    from tests.docs.constants import constants

    rows = [(f"`{one.name}`", f"{one.value:g}", f"`{one.file}`", one.reason) for one in constants()]
    return _table(("Number", "Value", "Where", "Why"), rows)


def laws() -> list[str]:
    """The sentences of ``sim/laws.py``, of the day and then of the month; a loop over names is written out."""
    tree = ast.parse((SIM / "laws.py").read_text(encoding="utf-8"))
    checks = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return list(dict.fromkeys((*_laws_of(checks["check"].body, {}), *_laws_raised(checks["check_record"]))))


def _sources() -> str:
    cited = cited_in_data()
    texts = source_texts()
    page = set(SOURCE_ID.findall(own_words(PAGE.read_text(encoding="utf-8")))) if PAGE.exists() else set()
    code = {found for path in SIM.rglob("*.py") for found in SOURCE_ID.findall(path.read_text(encoding="utf-8"))}
    rows = []
    for id_, text in texts.items():
        where = [f"{cited[id_]} figures" if cited[id_] > 1 else "1 figure"] if id_ in cited else []
        where += ["this page"] if id_ in page else []
        where += ["the code"] if id_ in code else []
        if where:
            rows.append((id_, text, ", ".join(where)))
    return _table(("Id", "Source", "Used by"), rows)


# -- what the test also asks


def source_texts() -> dict[str, str]:
    """The text of every source by id, from both tables of sources."""
    return {row["id"]: row["source"] for file in SOURCE_FILES for row in csv.DictReader(io.StringIO(data_text(file)))}


def cited_in_data() -> dict[str, int]:
    """How many figures of the data files cite each source; "S30, S43 (0.4-4)" cites two."""
    count: dict[str, int] = {}
    for text in _source_cells():
        for id_ in dict.fromkeys(SOURCE_ID.findall(text)):
            count[id_] = count.get(id_, 0) + 1
    return count


def _source_cells() -> Iterator[str]:
    yield from (parameter.source for parameter in register().values())
    for slug in profiles():
        yield from (source for source, _ in load_profile(slug).sources.values())


# -- from the sources of the model


def _purposes() -> list[tuple[str, int, int]]:
    tree = ast.parse((SIM / "rng.py").read_text(encoding="utf-8"))
    draw = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Draw")
    lines = {
        target.id: node.lineno
        for node in draw.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [(name, getattr(Draw, name), line) for name, line in lines.items()]


def _purposes_used() -> dict[str, list[str]]:
    """Modules that draw for each purpose. A purpose may be drawn by its offset from another, as the motives are."""
    found: dict[str, list[str]] = {}
    for path in sorted(SIM.rglob("*.py")):
        if path.name == "rng.py":
            continue
        text = path.read_text(encoding="utf-8")
        for name in dict.fromkeys(re.findall(r"\bDraw\.([A-Z_]+)\b", text)):
            found.setdefault(name, []).append(f"`{path.relative_to(SIM)}`")
        if "INTRINSIC + motive" in text:
            for name in ("SOCIAL", "NORMATIVE"):
                found.setdefault(name, []).append(f"`{path.relative_to(SIM)}`")
    return found


def _attributes() -> dict[str, str]:
    """Meanings that the agents give to the columns they show, for columns without a comment of their own."""
    found: dict[str, str] = {}
    for path in sorted(SIM.glob("agents/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Call)
                and isinstance(node.value.func, ast.Name)
                and node.value.func.id in ("Column", "Fading", "Trait")
            ):
                last = node.value.args[-1]
                if isinstance(last, ast.Constant) and isinstance(last.value, str):
                    found.setdefault(node.targets[0].id, last.value.rstrip("."))
    return found


def comments(path: Path) -> dict[int, str]:
    with path.open("rb") as file:
        return {
            token.start[0]: token.string.lstrip("# ")
            for token in tokenize.tokenize(file.readline)
            if token.type == tokenize.COMMENT
        }


def _laws_of(body: Iterable[ast.stmt], words: dict[str, str]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.For):
            if isinstance(node.iter, ast.Tuple) and isinstance(node.target, ast.Name):
                for one in node.iter.elts:
                    yield from _laws_of(node.body, {**words, node.target.id: ast.literal_eval(one)})
            else:
                yield from _laws_of(node.body, words)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            if isinstance(call.func, ast.Name) and call.func.id in ("_law", "_rows"):
                yield _sentence(call.args[0], words)


def _laws_raised(check: ast.FunctionDef) -> list[str]:
    """Laws that a function names in the messages of its own errors, in their order."""
    texts = [
        "".join(part.value for part in node.values if isinstance(part, ast.Constant))  # type: ignore[misc]
        for node in ast.walk(check)
        if isinstance(node, ast.JoinedStr)
    ]
    return [law for text in texts for law in re.findall(r"the law '(.+?)' is broken", text)]


def _sentence(node: ast.expr, words: dict[str, str]) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            words[part.value.id] if isinstance(part, ast.FormattedValue) else part.value  # type: ignore[attr-defined]
            for part in node.values
        )
    return str(ast.literal_eval(node))


# -- cells


def value(given: Value) -> str:
    """A value as it is written in a scenario."""
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, tuple):
        return "[" + ", ".join(map(str, given)) + "]"
    return f"{given:g}" if isinstance(given, float) else str(given)


def bounds(parameter: Parameter) -> str:
    """What a value may be."""
    if parameter.type in ("number", "whole number"):
        return f"{parameter.low:g} to {parameter.high:g}"
    return {"switch": "true, false", "choice": ", ".join(parameter.choices), "list": "-"}[parameter.type]


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    """Rewrite the page and name the tables that changed."""
    text = PAGE.read_text(encoding="utf-8")
    new = rendered(text)
    before = {block[2]: block[0] for block in BLOCK.finditer(text)}
    changed = [block[2] for block in BLOCK.finditer(new) if before[block[2]] != block[0]]
    if changed:
        PAGE.write_text(new, encoding="utf-8")
    print(f"{PAGE.name}: " + (f"rewrote {', '.join(changed)}" if changed else "every table is current"))


if __name__ == "__main__":
    main()
