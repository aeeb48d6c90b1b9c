"""What of a scenario must fit together: changes with the calendar, levers with each other and with the district."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from keliling.sim.faults import Place, Problems
from keliling.sim.parameters import Value
from keliling.sim.profile import Profile, Province
from keliling.sim.scenario_file import CheckedValue, Draft, DraftChange

MONTH_DAYS = 21  # working days
YEAR_MONTHS = 12  # in a year
YEAR_DAYS = MONTH_DAYS * YEAR_MONTHS

HORIZON = ("years", "warmup_years", "first_year")


def month_label(month: int, start_year: int) -> str:
    """Label such as "2019-03" of a month counted from day 0, which is in January of ``start_year``."""
    return f"{start_year + month // YEAR_MONTHS}-{month % YEAR_MONTHS + 1:02d}"


def month_number(label: str, start_year: int) -> int:
    """Number of the month from day 0; ``label`` is well formed."""
    return (int(label[:4]) - start_year) * YEAR_MONTHS + int(label[5:]) - 1


def dated(changes: Sequence[DraftChange], start_year: int, months: int, problems: Problems) -> dict[int, DraftChange]:
    """Changes by day, in order; of changes on one day the later in ``changes`` wins, key by key.

    Two changes of one file on one day are a fault: nothing says which was meant.
    """
    found: dict[int, DraftChange] = {}
    files: set[tuple[int, str]] = set()
    # When the horizon itself is at fault, what lies outside it cannot be said.
    certain = not problems.about(*HORIZON)
    for change in changes:
        when, place = change.when.value, change.when.place
        if isinstance(when, str):
            month = month_number(when, start_year)
            day = month * MONTH_DAYS
            if not 0 <= month < months:
                if certain:
                    first, last = month_label(0, start_year), month_label(months - 1, start_year)
                    problems.add("month-outside", place, when, first=first, last=last)
                continue
        else:
            day = when
            if day >= months * MONTH_DAYS:
                if certain:
                    problems.add("day-after-end", place, when, last=months * MONTH_DAYS - 1)
                continue
        if (day, place.file) in files:
            problems.add("change-same-day", place, when, day=f"day {day}")
        files.add((day, place.file))
        earlier = found[day].values if day in found else {}
        found[day] = DraftChange(change.when, {**earlier, **change.values})
    return dict(sorted(found.items()))


def check_fit(
    draft: Draft,
    values: Mapping[str, Value],
    changes: Mapping[int, DraftChange],
    place: tuple[Profile, Province | None] | None,
    size: float,
    problems: Problems,
) -> None:
    """Check what no single value shows; ``values`` are those of day 0, ``place`` the district if it is known.

    ``size`` is the share of RWs that is kept.
    """
    where = dict(draft.parameters)
    now = dict(values)
    listed = _check_segment(draft, now, where, problems)
    for change in changes.values():
        where.update(change.values)
        now.update({name: given.value for name, given in change.values.items()})
        listed = _check_segment(draft, now, where, problems) or listed
    at_start = CheckedValue(values["target_list"], _latest(draft, draft.parameters, "target_list"))
    later = [change.values["target_list"] for change in changes.values() if "target_list" in change.values]
    for given in (at_start, *later):
        if given.value:
            if not listed and not problems.about("targeting"):
                problems.add("list-unused", given.place, given.value)
            _check_list(given, place, float(size), problems)
    _check_survey(draft, values, place, problems)


def _check_segment(
    draft: Draft, now: Mapping[str, Value], where: Mapping[str, CheckedValue], problems: Problems
) -> bool:
    """Check the levers that hold from one change to the next; whether RWs are picked from a list then."""
    listed = now["targeting"] == "list"
    if listed and not now["target_list"] and not problems.about("target_list"):
        problems.add("list-empty", _latest(draft, where, "targeting"))
    asked, officers = now["officers_per_event"], now["officers"]
    assert isinstance(asked, int)
    assert isinstance(officers, int)
    if asked > officers and not now["desk_protected"]:
        place = _latest(draft, where, "officers_per_event", "officers")
        if not problems.about("officers", "officers_per_event", "desk_protected"):
            problems.add("officers-exceeded", place, asked=asked, officers=officers)
    sought, least = now["coproducers_sought"], now["least_joined"]
    assert isinstance(sought, int)
    assert isinstance(least, int)
    if sought < least and not problems.about("coproducers_sought", "least_joined"):
        problems.add("sought-few", _latest(draft, where, "coproducers_sought", "least_joined"), sought, least=least)
    return listed


def _latest(draft: Draft, where: Mapping[str, CheckedValue], *names: str) -> Place:
    """Where the first of ``names`` that was given at all was given; the scenario itself when none was."""
    for name in names:
        if name in where:
            return where[name].place
    return replace(draft.here, key=f"parameters.{names[0]}")


def _check_list(
    given: CheckedValue, place: tuple[Profile, Province | None] | None, size: float, problems: Problems
) -> None:
    if place is None:
        return
    profile, province = place
    if province is not None:
        problems.add("province-list", given.place, given.value)
        return
    for index, number in enumerate(given.value):
        if not 1 <= number <= profile.n_rw:
            entry = replace(given.place, key=f"{given.place.key}[{index + 1}]")
            problems.add("rw-unknown", entry, number, district=profile.name, count=profile.n_rw, number=number)
        elif 0.0 < size <= 1.0 and number not in (kept := profile.kept_rws(size)):
            entry = replace(given.place, key=f"{given.place.key}[{index + 1}]")
            shown = ", ".join(str(one) for one in kept[:12]) + (", ..." if len(kept) > 12 else "")
            problems.add("rw-dropped", entry, number, number=number, size=size, kept=shown)


def _check_survey(
    draft: Draft, values: Mapping[str, Value], place: tuple[Profile, Province | None] | None, problems: Problems
) -> None:
    number = values["survey_n"]
    assert isinstance(number, int)
    at = _latest(draft, draft.parameters, "survey_n")
    if number == 1:
        problems.add("survey-few", at, number)
    elif place is not None and number > place[0].population:
        problems.add("survey-many", at, number, population=place[0].population)
