"""``keliling scenarios``, ``parameters``, ``outcomes`` and ``districts``: what there is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import rich_click as click

from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import heading, next_step, sentence, table, write_json

if TYPE_CHECKING:
    from keliling.sim.outcomes import Outcome
    from keliling.sim.parameters import Parameter

KINDS = ("lever", "uncertainty", "constant")
GRADES = ("A", "B", "C", "D")


@click.command()
@click.argument("search", required=False, default="")
@options.added(options.as_json, options.quiet)
def scenarios(search: str, as_json: bool, quiet: bool) -> None:
    """List the shipped scenarios, those that mention SEARCH, with what each is for.

    \b
    Examples:
      keliling scenarios
      keliling scenarios weekly
      keliling scenarios --json
    """
    from keliling.sim.scenario import shipped

    found = [one for one in shipped() if mentions(search, one.name, one.title, one.why)]
    if as_json:
        write_json([{"name": one.name, "title": one.title, "why": one.why} for one in found])
        return
    _nothing(found, "scenario", search, "keliling scenarios")
    table(["Name", "Title", "Why"], [[one.name, one.title, one.why] for one in found])
    next_step(f"keliling run {found[0].name} --size 0.1", quiet=quiet)


@click.command()
@click.argument("search", required=False, default="")
@options.added(options.as_json, options.quiet)
def districts(search: str, as_json: bool, quiet: bool) -> None:
    """List the districts, with their people and neighbourhoods; those that mention SEARCH.

    \b
    Examples:
      keliling districts
      keliling districts barat
    """
    from keliling.sim.profile import load_profile, profiles

    every = [load_profile(slug) for slug in profiles()]
    found = [one for one in every if mentions(search, one.slug, one.name, one.city)]
    if as_json:
        write_json(
            [
                {
                    "slug": one.slug,
                    "name": one.name,
                    "city": one.city,
                    "population": one.population,
                    "kelurahan": len(one.kelurahan),
                    "rw": one.n_rw,
                    "rt": one.n_rt,
                    "sources": dict(one.sources),
                }
                for one in found
            ]
        )
        return
    _nothing(found, "district", search, "keliling districts")
    table(
        ["Profile", "Name", "City", "People", "Kelurahan", "RW", "RT"],
        [
            [
                one.slug,
                one.name,
                one.city,
                f"{one.population:,}",
                str(len(one.kelurahan)),
                f"{one.n_rw:,}",
                f"{one.n_rt:,}",
            ]
            for one in found
        ],
        right=(3, 4, 5, 6),
    )
    next_step(f"keliling run kebon-jeruk-2018 --set profile={found[0].slug} --size 0.1", quiet=quiet)


@click.command()
@click.argument("search", required=False, default="")
@click.option("--kind", type=click.Choice(KINDS), help="Only those of this kind.")
@click.option("--grade", type=click.Choice(GRADES, case_sensitive=False), help="Only those of this grade.")
@click.option("--source", "with_source", is_flag=True, help="Also the text of each source that is cited.")
@options.added(options.as_json, options.quiet)
def parameters(search: str, kind: str | None, grade: str | None, with_source: bool, as_json: bool, quiet: bool) -> None:
    """List the parameters: default, bounds, unit, source, grade of evidence and meaning.

    SEARCH looks in names, sections and meanings; a whole name shows all about that one.

    \b
    Examples:
      keliling parameters events
      keliling parameters --kind lever
      keliling parameters officers --source
      keliling parameters --grade A --json
    """
    from keliling.sim.parameters import GRADES as MEANINGS
    from keliling.sim.parameters import register

    known = register()
    named = [known[search]] if search in known else list(known.values())
    found = [
        one
        for one in named
        if (search in known or mentions(search, one.name, one.section, one.meaning))
        and kind in (None, one.kind)
        and (grade is None or one.grade == grade.upper())
    ]
    if as_json:
        write_json([_as_dict(one, with_source=with_source) for one in found])
        return
    _nothing(found, "parameter", search, "keliling parameters", names=known)
    if search in known or with_source:
        for one in found:
            _detail(one, MEANINGS, with_source=with_source)
    else:
        table(
            ["Name", "Default", "Bounds", "Unit", "Kind", "Source", "Grade", "Meaning"],
            [
                [one.name, _value(one.default), _bounds(one), one.unit, one.kind, one.source, one.grade, one.meaning]
                for one in found
            ],
            right=(1,),
        )
    default = found[0].default
    next_step(f"keliling run kebon-jeruk-2019 --size 0.1 --set {found[0].name}={_value(default)}", quiet=quiet)


@click.command()
@click.argument("search", required=False, default="")
@options.added(options.as_json, options.quiet)
def outcomes(search: str, as_json: bool, quiet: bool) -> None:
    """List the outcomes, with what each means in plain words: what is counted, of what, and when.

    SEARCH looks in names, titles and meanings; a whole name shows all about that one. Those of a comparison exist only
    between a policy and its baseline.

    \b
    Examples:
      keliling outcomes
      keliling outcomes delayed
      keliling outcomes ikm --json
    """
    from keliling.experiments.analysis.paired_outcomes import every_outcome

    told = {one.name: (of, one) for of, one in every_outcome()}
    named = [told[search]] if search in told else list(told.values())
    found = [(of, one) for of, one in named if mentions(search, one.name, one.title, one.meaning)]
    if as_json and found:
        write_json([_outcome(one, of) for of, one in found])
        return
    _nothing(found, "outcome", search, "keliling outcomes", names=told)
    for of, one in found:
        heading(f"{one.title} ({one.name})")
        facts = [one.unit, "neither way is better" if _better(one) == "neither" else f"{_better(one)} is better"]
        facts += ["only between a policy and its baseline"] if of == "comparison" else []
        facts += [one.definition] if search in told else []
        sentence(one.meaning)
        sentence("; ".join(facts))
    next_step("keliling run kebon-jeruk-2019 --size 0.1 --all", quiet=quiet)


def _better(one: Outcome) -> str:
    from keliling.sim.outcomes import BETTER

    return next(word for word, way in BETTER.items() if way == one.better)


def _outcome(one: Outcome, of: str) -> dict[str, str]:
    return {
        "name": one.name,
        "title": one.title,
        "meaning": one.meaning,
        "unit": one.unit,
        "definition": one.definition,
        "better": _better(one),
        "of": of,
    }


def mentions(search: str, *texts: str) -> bool:
    """Whether any of the texts holds what is looked for, in whatever case."""
    return any(search.lower() in text.lower() for text in texts)


def _nothing(found: list[Any], what: str, search: str, command: str, names: Iterable[str] = ()) -> None:
    """Raise InvalidInput when nothing was found, with the name that is nearest by itself or by one of its words."""
    if not found:
        from keliling.sim.errors import InvalidInput, Problem
        from keliling.sim.faults import nearest_name

        words = {word: name for name in reversed(list(names)) for word in (*name.split("_"), name)}
        near = words.get(nearest_name(search.lower(), words), "")
        rule = f"no {what} is like this (`{command}` lists all)"
        raise InvalidInput([Problem(what, 0, 0, search or "options", "", rule, near)])


def _value(value: Any) -> str:
    """A value as it is written in a scenario or after --set."""
    from keliling.sim.scenario_text import written

    return value if isinstance(value, str) else written(value)


def _bounds(one: Parameter) -> str:
    if one.type in ("whole number", "number"):
        reform = "" if one.reform_low is None else f"; by a dated change from {one.reform_low:g}"
        return f"{one.low:g} to {one.high:g}{reform}"
    return {"switch": "true, false", "choice": ", ".join(one.choices), "list": "-"}[one.type]


def _detail(one: Parameter, grades: dict[str, str], *, with_source: bool) -> None:
    heading(one.name)
    lines = [
        ("Meaning", one.meaning),
        ("Default", _value(one.default)),
        ("Bounds", _bounds(one)),
        ("Unit", one.unit),
        ("Type", one.type),
        ("Kind", one.kind),
        ("Section", one.section),
        ("Source", one.source),
        ("Grade", f"{one.grade}: {grades.get(one.grade, '')}"),
    ]
    for name, text in lines:
        click.echo(f"  {name:8} {text}")
    if with_source:
        for id_, text in sources_of(one.source).items():
            click.echo(f"  {id_:8} {text}")
    click.echo()


def sources_of(cited: str) -> dict[str, str]:
    """The texts of the sources that are cited by id, such as "S30, S43 (0.4-4)"."""
    import csv

    from keliling.sim.parameters import data_text

    known: dict[str, str] = {}
    for file in ("sources.csv", "dki-jakarta-sources.csv"):
        known |= {row["id"]: row["source"] for row in csv.DictReader(data_text(file).splitlines())}
    return {id_: known[id_] for id_ in dict.fromkeys(re.findall(r"\b[A-Z]\d+\b", cited)) if id_ in known}


def _as_dict(one: Parameter, *, with_source: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": one.name,
        "section": one.section,
        "kind": one.kind,
        "type": one.type,
        "default": one.default,
        "low": one.low if one.type in ("number", "whole number") else None,
        "high": one.high if one.type in ("number", "whole number") else None,
        "dated": one.dated,
        "reform_low": one.reform_low,
        "choices": list(one.choices),
        "unit": one.unit,
        "source": one.source,
        "grade": one.grade,
        "meaning": one.meaning,
    }
    return found | {"sources": sources_of(one.source)} if with_source else found
