"""Stories agree with the tables, what is alike is told once, and whom a policy touched is the same from both sides."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest

from keliling.experiments.trace.affected import NUMBER, REACHED, Affected, affected
from keliling.experiments.trace.narrator import STANDS, UNTIL_THEN, Entry, Witness, named
from keliling.experiments.trace.observer import Encounters, WatchedModel, live
from keliling.experiments.trace.story import days_of, merged, portrait, story
from keliling.sim.agents import Resident
from keliling.sim.errors import InvalidInput, KelilingError
from keliling.sim.ground import ground
from keliling.sim.model import CoproductionModel
from keliling.sim.rules.choice import COUNTER, ONLINE
from keliling.sim.rules.serving import GRANTED, REJECTED, WITHDRAWN
from keliling.sim.scenario import Scenario, load
from keliling.sim.state import OPEN, World
from tests.fingerprint import fingerprint

pytestmark = pytest.mark.usefixtures("unchecked")


@cache
def baseline() -> Scenario:
    """Four neighbourhoods without outreach, a year of warm-up and one more."""
    return load("kebon-jeruk-no-outreach", size=0.05, years=1)


@cache
def policy() -> Scenario:
    """The same with an event every other month in the four, from the second year on."""
    return baseline().with_change("2018-01", events_per_month=8.0).with_(name="many-events")


class Many:
    """Several watchers at one model."""

    def __init__(self, watchers: list[Any]) -> None:
        self.watchers = watchers

    def before(self, routine: str) -> None:
        for watcher in self.watchers:
            watcher.before(routine)

    def after(self, routine: str) -> None:
        for watcher in self.watchers:
            watcher.after(routine)


class Noting(Resident):
    """A resident who notes by row and day what comes of needs, from within the acts that a witness sees from without."""

    notes: ClassVar[list[tuple[int, int, str]]] = []
    told_by = ""

    def note(self, what: str) -> None:
        self.notes.append((self.row, self.model.day, what))

    def arise(self) -> None:
        self.told_by = "nobody"
        super().arise()

    def _noticed(self, need: int) -> None:
        self.told_by = "notice"
        super()._noticed(need)
        self.told_by = "nobody"

    def informed(self, need: int, event: int) -> None:
        self.told_by = "event"
        super().informed(need, event)

    def helped(self, need: int, event: int, skill: float) -> None:
        self.told_by = "visit"
        stood = self.model.world.needs.obstacle.item(need)
        super().helped(need, event, skill)
        if self.model.world.needs.obstacle.item(need) < stood:
            self.note("mended")

    def learns_of(self, need: int) -> None:
        if not self.model.world.needs.aware.item(need):
            self.note(f"learnt from {self.told_by}")
        super().learns_of(need)

    def _attempt(self, need: int, channel: int) -> None:
        needs = self.model.world.needs
        failures, ordinal = needs.failures.item(need), needs.ordinal.item(need)
        super()._attempt(need, channel)
        if needs.failures.item(need) > failures:
            past = needs.hazard.item(need) >= needs.threshold.item(need)
            after = "ended" if needs.ordinal.item(need) > ordinal else "elsewhere" if past else "later"
            self.note(f"failed {'online' if channel == ONLINE else 'at the counter'}, {after}")
            assert channel in (ONLINE, COUNTER)

    def close(self, need: int, *, granted: bool) -> None:
        needs = self.model.world.needs
        if needs.status.item(need) == OPEN and needs.ends.item(need) <= self.model.day:
            self.note("ended in time" if needs.aware.item(need) else "ended unknown")
        super().close(need, granted=granted)


@cache
def plain(arm: str) -> World:
    """The last state of the arm "baseline" or "policy", lived without a watcher."""
    return noted(arm)[0]


@cache
def noted(arm: str) -> tuple[World, list[tuple[int, int, str]]]:
    """The same, and what the residents noted."""
    Noting.notes.clear()
    model = CoproductionModel(baseline() if arm == "baseline" else policy(), resident_class=Noting)
    live(model, None)
    model.close()
    return model.world, list(Noting.notes)


def applications(world: World) -> Any:
    table: Any = world.applications
    return type(table)(*(column[: world.counts.applications.item(0)] for column in table))


def number(row: int) -> int:
    return int(ground(baseline()).population.key[row]) & NUMBER


@cache
def watched() -> tuple[World, dict[int, list[Entry]], Encounters]:
    """The policy's arm with a witness at some applicants, at some co-producers, and at some of every kind of note."""
    world = plain("policy")
    a = applications(world)
    stands = (a.outcome == REJECTED) & (a.defects == 0) & (world.needs.obstacle[a.need] == 1)
    masks = (a.skill > 0.0, a.repaired > 0, a.returns > 1, a.outcome == WITHDRAWN, stands)
    chosen = [np.flatnonzero(mask) for mask in masks]
    rows = set(np.concatenate([a.resident[rows[:4]] for rows in (*chosen, np.arange(0, a.need.size, 200))]).tolist())
    rows |= set(world.coproducers.resident[world.parts.coproducer[:10]].tolist())
    notes = noted("policy")[1]
    for kind in {what for _, _, what in notes}:
        rows |= set([row for row, _, what in notes if what == kind][-3:])
    model = WatchedModel(policy())
    witnesses, met = {row: Witness(model, row) for row in sorted(rows)}, Encounters(model)
    model.watcher = Many([met, *witnesses.values()])
    live(model, None)
    model.close()
    return model.world, {row: witness.entries for row, witness in witnesses.items()}, met


@cache
def both_ways() -> tuple[Affected, Affected]:
    return affected(baseline(), policy()), affected(policy(), baseline())


# a story


def test_watching_changes_nothing() -> None:
    world, _, _ = watched()
    assert fingerprint(world) == fingerprint(plain("policy"))


def test_every_application_is_told_on_its_days() -> None:
    world, stories, _ = watched()
    a = applications(world)
    assert len(stories) > 20
    for row, entries in stories.items():
        mine = np.flatnonzero(a.resident == row)

        def days(*words: str, entries: list[Entry] = entries) -> list[int]:
            return sorted(entry.day for entry in entries if any(entry.text.startswith(word) for word in words))

        assert days("filed for") == sorted(a.submitted[mine].tolist())
        assert days("the office granted") == sorted(a.decided[mine][a.outcome[mine] == GRANTED].tolist())
        assert days("the office rejected") == sorted(a.decided[mine][a.outcome[mine] == REJECTED].tolist())
        assert days("did not bring back") == sorted(a.decided[mine][a.outcome[mine] == WITHDRAWN].tolist())
        assert len(days("the office returned")) == a.returns[mine].sum()
        assert len(days("answered the IKM form")) == a.surveyed[mine].sum()
        assert len(days("was satisfied")) == np.isin(a.outcome[mine], (GRANTED, REJECTED)).sum()


def test_help_and_repairs_are_told() -> None:
    world, stories, met = watched()
    a = applications(world)
    told = [entry for entries in stories.values() for entry in entries]
    mine = np.isin(a.resident, list(stories))
    assert sum("papers checked by a co-producer" in entry.text for entry in told) == (mine & (a.skill > 0)).sum() > 0
    assert sum("completed on the spot" in entry.text for entry in told) == (mine & (a.repaired > 0)).sum() > 0
    for row, entries in stories.items():
        for word, way in (("was visited by", met.visited), ("heard of the event", met.heard)):
            days = {entry.day for entry in entries if entry.text.startswith(word)}
            assert days <= set(way.get(row, []))
        assert {entry.day for entry in entries if "was visited by" in entry.text} == set(met.visited.get(row, []))


# What an entry has to begin with and to hold to tell a note.
TOLD = {
    "learnt from nobody": ("found out, with nobody's help", ""),
    "learnt from notice": ("", f"notice given{UNTIL_THEN}"),
    "learnt from event": ("heard of the event", UNTIL_THEN),
    "learnt from visit": ("was visited by a co-producer", UNTIL_THEN),
    "mended": ("was visited by a co-producer", "what stood in the way was put right"),
    "failed online, ended": ("tried online", "the form failed; gave the need up"),
    "failed online, later": ("tried online", "the form failed; will try again later, from"),
    "failed online, elsewhere": ("tried online", "the form failed; will go elsewhere"),
    "failed at the counter, ended": ("went to the counter", "list of requirements; gave the need up"),
    "failed at the counter, later": ("went to the counter", "list of requirements; will try again later, from"),
    "failed at the counter, elsewhere": ("went to the counter", "list of requirements; will come back"),
    "ended in time": ("no longer needs", "the need ended before anything was filed"),
    "ended unknown": ("no longer needs", "and never knew of it"),
}


def test_what_comes_of_needs_is_told_as_it_was() -> None:
    _, stories, _ = watched()
    notes = Counter(note for note in noted("policy")[1] if note[0] in stories)
    told: Counter[tuple[int, int, str]] = Counter()
    for row, entries in stories.items():
        for entry in entries:
            for what, (begins, holds) in TOLD.items():
                if entry.text.startswith(begins) and holds in entry.text:
                    told[row, entry.day, what] += 1
    assert {what for _, _, what in notes} == set(TOLD)
    # Who hears of an event and is visited on the same day is told of by the visit.
    for row, day, what in list(notes):
        if what == "learnt from event" and (row, day, "learnt from visit") in told:
            notes[row, day, "learnt from visit"] += notes.pop((row, day, what))
    assert told == notes


def test_an_obstacle_is_met_at_review_and_ends_the_need() -> None:
    world, stories, _ = watched()
    a = applications(world)
    review = [
        (row, entry.day, STANDS in entry.text)
        for row, entries in stories.items()
        for entry in entries
        if "failed in technical review" in entry.text
    ]
    met = {(row, day) for row, day, stood in review if stood}
    assert met
    assert len(met) < len(review)
    for row, day in met:
        ends = [entry.text for entry in stories[row] if entry.day == day and entry.text.startswith("was satisfied")]
        assert any("gave the need up" in text for text in ends)
        mine = np.flatnonzero((a.resident == row) & (a.decided == day) & (a.outcome == REJECTED))
        assert (a.defects[mine] == 0).any()


def test_who_does_not_heed_a_visit_is_told_so() -> None:
    model = WatchedModel(baseline().with_(events_per_month=8.0, help_hours=0.05))
    model.strengths = model.strengths._replace(heeded=0.0, informed=0.0)
    needs = model.world.needs
    rows = np.unique(needs.resident[needs.status == OPEN])[::5].tolist()  # of all four
    witnesses = {row: Witness(model, row) for row in rows}
    model.watcher = Many(list(witnesses.values()))
    live(model, None, until=lambda: model.day >= 168)
    model.close()
    seen = {
        (needs.resident.item(need), needs.visit_day.item(need))
        for need in np.flatnonzero((needs.visit_day >= 0) & (needs.status == OPEN)).tolist()
    }
    told = [(row, entry) for row, witness in witnesses.items() for entry in witness.entries]
    unheeded = {(row, entry.day) for row, entry in told if entry.text.startswith("did not heed a co-producer")}
    assert {(row, day) for row, day in seen if row in witnesses} <= unheeded
    assert unheeded
    assert not any("was visited" in entry.text for _, entry in told)
    assert not any(entry.text.startswith("heard of") and UNTIL_THEN in entry.text for _, entry in told)


def test_coproducers_are_told_of_every_event_they_joined() -> None:
    world, stories, _ = watched()
    c, parts = world.coproducers, world.parts
    for row, entries in stories.items():
        helper = world.motives.coproducer.item(row)
        if helper >= 0:
            used = world.counts.parts.item(0)
            taken = ((parts.coproducer[:used] == helper) & (parts.joined[:used] == 1)).sum()
            assert sum(entry.text.startswith("joined the co-producers") for entry in entries) == taken
            assert sum(entry.text.startswith("had given") for entry in entries) == c.events.item(helper)
            if c.role.item(helper) == 0:
                assert any("agreed to host the event" in entry.text for entry in entries)


def test_an_untouched_resident_has_the_same_lines_in_both_arms() -> None:
    ours, theirs = plain("baseline"), plain("policy")
    same = np.ones(ours.residents.trust.size, bool)
    for mine, other in zip(ours.residents, theirs.residents, strict=True):
        same &= mine == other
    for name in ("event", "attempt", "ordinal", "status", "anchor", "hazard"):
        differs = getattr(ours.needs, name) != getattr(theirs.needs, name)
        same[ours.needs.resident[differs]] = False
    a = applications(ours)
    row = int(a.resident[same[a.resident] & (a.submitted >= 252)][0])
    text = story(baseline(), policy(), number(row))
    told = [line for line in text if " | " in line]
    assert told
    assert all(line.startswith(" in both | ") for line in told)
    assert any("filed for" in line for line in told)
    assert "The policy changed nothing for this resident: every line holds in both arms." in text


def test_the_story_of_one_who_was_touched() -> None:
    days: list[int] = []
    text = story(baseline(), policy(), progress=days.append)
    assert sum(days) == days_of(baseline(), policy(), None) == 4 * baseline().days
    chosen = both_ways()[0].pick()
    assert chosen is not None
    assert text[0].startswith(f"Resident {chosen.resident} of Kebon Jeruk")
    marks = [line.split(" | ")[0].strip() for line in text if " | " in line]
    assert {"policy"} < set(marks) <= {"in both", "baseline", "policy"}
    first = min(i for i, mark in enumerate(marks) if mark != "in both")
    assert all(mark == "in both" for mark in marks[:first])
    assert text[-1].startswith("Same luck in both arms")


def test_a_story_without_a_policy_is_of_the_first_who_is_rejected() -> None:
    text = story(baseline())
    a = applications(plain("baseline"))
    first = a.decided[(a.outcome == REJECTED) & (a.decided >= 252)].min()
    date = f"{baseline().label_of_month(first // 21)}, day {first % 21 + 1}"
    assert any(line.startswith(f"{date}: the office rejected") for line in text)
    assert not any(" | " in line for line in text)


def test_the_portrait_says_who() -> None:
    population = ground(baseline()).population
    head = population.rw_head.item(0)
    text = " ".join(portrait(baseline(), head))
    assert f"{population.age.item(head)} years old, of RW 1 (Duri Kepa)" in text
    assert "head of the RW" in text
    assert "one of the other licences and non-licences" in text


def test_entries_of_both_arms_are_merged_by_day() -> None:
    ours = [Entry(1, "a"), Entry(1, "a"), Entry(2, "b"), Entry(4, "d")]
    theirs = [Entry(1, "a"), Entry(2, "c"), Entry(2, "b"), Entry(3, "e")]
    assert [(mark, entry.day, entry.text) for mark, entry in merged(ours, theirs)] == [
        ("in both", 1, "a"),
        ("baseline", 1, "a"),
        ("in both", 2, "b"),
        ("policy", 2, "c"),
        ("policy", 3, "e"),
        ("baseline", 4, "d"),
    ]


@pytest.mark.parametrize(
    ("title", "within"),
    [
        ("Building permit (IMB)", "a building permit (IMB)"),
        ("Other licences", "one of the other licences"),
        ("Amusement licence", "an amusement licence"),
    ],
)
def test_permits_are_named_within_a_sentence(title: str, within: str) -> None:
    assert named(title) == within


# the affected


def test_who_is_spared_agrees_with_the_tables() -> None:
    found, _ = both_ways()
    ours, theirs = (applications(plain(arm)) for arm in ("baseline", "policy"))
    since = 252
    assert found.since == since
    assert found.since_label == "2018-01, day 1"

    def who(a: Any, outcome: int) -> set[int]:
        return {number(row) for row in a.resident[(a.outcome == outcome) & (a.decided >= since)].tolist()}

    assert {case.resident for case in found.spared} == who(ours, REJECTED) - who(theirs, REJECTED)
    assert {case.resident for case in found.harmed} == who(theirs, REJECTED) - who(ours, REJECTED)
    assert {case.resident for case in found.gained} == who(theirs, GRANTED) - who(ours, GRANTED)
    assert {case.resident for case in found.lost} == who(ours, GRANTED) - who(theirs, GRANTED)
    assert found.gained
    assert all(case.day >= since for case in found.gained)
    assert all("rejected" in case.baseline and "rejected" not in case.policy for case in found.spared)
    assert sum(found.reached("gained").values()) == len(found.gained)
    assert set(found.reached("gained")) == set(REACHED)


def test_affected_is_antisymmetric() -> None:
    there, back = both_ways()
    for one, other in (("spared", "harmed"), ("gained", "lost")):
        for ours, theirs in ((one, other), (other, one)):
            here = [(c.resident, c.permit, c.baseline, c.policy, c.reached, c.day) for c in getattr(there, ours)]
            turned = [(c.resident, c.permit, c.policy, c.baseline, c.reached, c.day) for c in getattr(back, theirs)]
            assert here == turned
    assert there.applications is not None
    assert back.applications is not None
    assert {(b, a): n for (a, b), n in there.applications.items()} == dict(back.applications)


def test_no_events_in_both_arms_touch_nobody() -> None:
    days: list[int] = []
    found = affected(baseline(), baseline().with_change("2018-01", publicity=0.9), progress=days.append)
    assert sum(days) == 2 * baseline().days
    assert not found.spared + found.harmed + found.gained + found.lost
    assert not found.applications
    assert "Nobody is affected" in found.lines()[-1]


def test_arms_that_cannot_differ_are_not_lived() -> None:
    days: list[int] = []
    found = affected(baseline(), baseline().with_(name="twin"), progress=days.append)
    assert days == []
    assert found.pick() is None
    assert "Nobody is affected" in found.lines()[-1]


def test_lines_are_a_short_table_with_the_next_command() -> None:
    found, _ = both_ways()
    chosen = found.pick()
    assert chosen is not None
    text = found.lines(1)
    assert f"  and {len(found.gained) - 1} more" in text
    assert f"  keliling trace kebon-jeruk-no-outreach many-events --resident {chosen.resident}" in "\n".join(text)
    assert sum(line.startswith(f"  {found.gained[0].resident} ") for line in text) >= 1
    assert max(len(line) for line in text) < 160
    plain_data = found.as_dict()
    assert len(plain_data["gained"]) == len(found.gained)
    assert all(set(one) == {"baseline", "policy", "count"} for one in plain_data["applications"])


# what cannot be traced


def test_a_resident_who_does_not_exist_is_a_problem() -> None:
    with pytest.raises(InvalidInput, match="resident: must be the number of an adult of Kebon Jeruk"):
        story(baseline(), None, 1_000_000)


def test_a_province_is_not_traced() -> None:
    with pytest.raises(InvalidInput, match="one district, not a province"):
        story(load("dki-jakarta-2018"))


@pytest.mark.parametrize(
    ("changes", "what"), [({"years": 2}, "days"), ({"first_year": 2020}, "first year"), ({"size": 0.1}, "residents")]
)
def test_arms_without_the_same_residents_and_days_are_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(KelilingError, match=f"do not have the same {what}"):
        affected(baseline(), baseline().with_(**changes))
