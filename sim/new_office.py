"""Starts a district profile from the figures that an office has of itself."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from keliling.sim.faults import Place, Problems, nearest_name
from keliling.sim.parameters import GRADES, Parameter, register
from keliling.sim.profile import AgeBand, ages_source, default_ages, grown, split
from keliling.sim.profile_file import MEASURED_HERE, profile_from_text
from keliling.sim.scenario_text import quoted, written

NEEDED = ("name", "population", "rw", "rt")
OWN = (*NEEDED, "city", "kelurahan", "files_per_day", "ikm")
"""Figures apart from parameters; ``kelurahan`` is a count or a list of names, ``ikm`` another word for ikm_base."""

_SOURCE = "the office's own figures"
_GIVEN = f'source = "{_SOURCE}", grade = "{MEASURED_HERE}"'
_YEAR_DAYS = 252  # working days


def new_office(figures: Mapping[str, Any], path: str | Path) -> Path:
    """Write a starter profile of an office to ``path`` and return the path.

    ``figures`` must have ``name``, ``population``, ``rw`` and ``rt``; it may have ``city``, ``kelurahan``,
    ``files_per_day``, ``ikm`` and any parameter. What is given is graded "measured here"; every other parameter is
    written as a comment with the register's default, source and grade. Raises InvalidInput with every problem, and
    never writes over a file.
    """
    path = Path(path)
    problems = Problems()
    place = Place("new office", key="figures")
    for name in NEEDED:
        if figures.get(name) in (None, ""):
            problems.add("office-figure-missing", Place(place.file, key=name))
    for name in figures:
        if name not in OWN and name not in register():
            nearest = nearest_name(name, (*OWN, *register()))
            problems.add("office-figure-unknown", Place(place.file, key=name), figures[name], nearest=nearest)
    if path.exists():
        problems.add("office-file-exists", Place(str(path), key="path"))
    problems.raise_if_any()
    text = _text(figures, problems)
    problems.raise_if_any()
    found = Problems()
    profile_from_text(text, path, found)
    problems.extend(found.found, file=place.file)
    problems.raise_if_any()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        problems.add("office-file-fails", Place(str(path), key="path"), reason=str(error))
    problems.raise_if_any()
    return path


def code_of(name: str) -> int:
    """A district's number from its name, 100 to 4094; the numbers below are the shipped districts'."""
    return 100 + int.from_bytes(blake2b(name.strip().lower().encode(), digest_size=8).digest(), "big") % 3995


def _text(figures: Mapping[str, Any], problems: Problems) -> str:
    values = {name: _plain(value) for name, value in figures.items() if name in register() and value is not None}
    if figures.get("ikm") is not None:
        values.setdefault("ikm_base", _plain(figures["ikm"]))
    counts = _counts(figures, problems)
    names = _names(figures, problems)
    if figures.get("files_per_day") is not None and counts:
        own_files = _own_files(figures, problems)
        if own_files is not None:
            values.setdefault("own_files", own_files)
    texts = [("name", figures["name"]), ("city", figures.get("city") or "")]
    if figures.get("kelurahan") is not None:
        texts += [("kelurahan", name) for name in names]
    for key, given in texts:
        if not isinstance(given, str) or not given.isprintable():
            problems.add("text-expected", Place("new office", key=key), given)
    for name, value in values.items():
        if not isinstance(value, (bool, int, float, str, list, tuple)):
            problems.add("number-expected", Place("new office", key=name), value, unit=register()[name].unit)
    if problems.found:
        return ""
    lines = [
        "# District profile, begun from an office's own figures. Every figure has its source and grade:",
        *(f"#   {grade}: {meaning}" for grade, meaning in GRADES.items()),
        "# Lines that begin with # are defaults: replace one with your own figure, and take the # away.",
        f"name = {quoted(figures['name'])}",
        f"code = {code_of(figures['name'])} # unique number of the district, 1 to 4095: it keys the district's luck",
        f"city = {quoted(figures.get('city') or '')}"
        if figures.get("city")
        else '# city = "the city that the district belongs to"',
        *(f"{key} = {{ value = {written(counts[key])}, {_GIVEN} }}" for key in ("population", "rw", "rt")),
        "",
        "# weight is in proportion to the people of a kelurahan, for instance its area.",
    ]
    lines += _kelurahan(names, counts)
    lines += ["", "# Share of all people by age, the province's: replace all bands or none."]
    for band in default_ages():
        lines += _age_lines(band)
    lines += ["", "[parameters]"]
    for name, parameter in register().items():
        lines.append(_parameter_line(name, parameter, values))
    return "\n".join(lines) + "\n"


def _counts(figures: Mapping[str, Any], problems: Problems) -> dict[str, int]:
    counts = {}
    for key in ("population", "rw", "rt"):
        value = figures[key]
        if isinstance(value, Integral) and not isinstance(value, bool) and 1 <= int(value) <= 1_400_000:
            counts[key] = int(value)
        else:
            problems.add("whole-expected", Place("new office", key=key), value, unit="from 1 to 1.4 million")
    return counts if len(counts) == 3 else {}


def _names(figures: Mapping[str, Any], problems: Problems) -> list[Any]:
    """Names of the kelurahan: given, or numbered when only their count is, or one with the name of the office."""
    given = figures.get("kelurahan")
    if given is None:
        return [figures["name"]]
    if isinstance(given, (list, tuple)) and given:
        return list(given)
    if isinstance(given, Integral) and not isinstance(given, bool) and 1 <= int(given) <= 1000:
        return [f"Kelurahan {number + 1}" for number in range(int(given))]
    problems.add("whole-expected", Place("new office", key="kelurahan"), given, unit="a count, or a list of names")
    return []


def _kelurahan(names: list[str], counts: Mapping[str, int]) -> list[str]:
    rws = split(counts["rw"], [1.0] * len(names))
    rts = split(counts["rt"], [1.0] * len(names))
    lines = []
    for name, rw, rt in zip(names, rws, rts, strict=True):
        lines += ["[[kelurahan]]", f"name = {quoted(name)}", "weight = 1.0", f"rw = {rw}", f"rt = {rt}"]
        lines += ['source = "the office\'s totals split evenly"', 'grade = "D"', ""]
    return lines[:-1]


def _plain(value: Any) -> Any:
    """A number of another library as Python's own, so that it is written as plain digits."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def _age_lines(band: AgeBand) -> list[str]:
    source, grade = ages_source()
    figures = [f"from = {band.low}", f"to = {band.high}", f"share = {band.share}"]
    return [f"# {line}" for line in ("[[ages]]", *figures, f"source = {quoted(source)}", f"grade = {quoted(grade)}")]


def _parameter_line(name: str, parameter: Parameter, values: Mapping[str, Any]) -> str:
    note = f" # {parameter.unit}: {parameter.meaning}"
    if name in values:
        return f"{name} = {{ value = {written(values[name])}, {_GIVEN} }}{note}"
    known = f"source = {quoted(parameter.source)}, grade = {quoted(parameter.grade)}"
    return f"# {name} = {{ value = {written(parameter.default)}, {known} }}{note}"


def _own_files(figures: Mapping[str, Any], problems: Problems) -> float | None:
    """Files a year and 1,000 adults that come to as many as the office counts in a day."""
    files = figures["files_per_day"]
    if not isinstance(files, Real) or isinstance(files, bool) or not 0 < float(files) < 1e6:
        problems.add("number-expected", Place("new office", key="files_per_day"), files, unit="files a day")
        return None
    adults = float(figures["population"]) * sum(band.share for band in grown(default_ages()))
    return round(1000.0 * float(files) * _YEAR_DAYS / adults, 1)
