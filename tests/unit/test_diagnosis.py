"""Alford's factors and Nabatchi's cell, from totals made by hand and from one small run."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from keliling.sim.diagnosis import (
    ABSENT,
    COLLECTIVE,
    GROUP,
    INDIVIDUAL,
    NO_PHASE,
    NOBODY,
    NOT_MEASURABLE,
    PARTLY,
    PRESENT,
    Diagnosis,
    diagnose,
)
from keliling.sim.parameters import defaults, permits
from keliling.sim.run import run
from keliling.sim.scenario import load


def totals(**given: float) -> dict[str, float]:
    """A year with ten events at which all went well; ``given`` (dots written as __) changes it."""
    t: dict[str, float] = {
        "months": 12,
        "planned": 10,
        "proposals": 12,
        "declined": 2,
        "events.held": 10,
        "joined": 60,
        "joined.uninvited": 3,
        "invited": 100,
        "coproducer_hours": 600,
        "visits": 800,
        "served": 300,
        "informed": 500,
        "submitted.coproduced": 400,
        "submitted.displaced": 200,
        "paid": 0,
        "decided.helped": 400,
        "rejected.helped": 20,
        "meetings": 10,
        "meetings.due": 10,
        "complaints": 4,
    }
    for name in ("commissioning", "designing", "delivery", "assessment"):
        t[f"phase.{name}"], t[f"phase_events.{name}"] = 60, 10
    for permit in permits():
        t |= {f"submitted.{permit.name}.{channel}": 250.0 for channel in ("online", "counter", "broker")}
        t |= {f"submitted.{permit.name}.event": 75.0, f"decided.{permit.name}": 800.0}
        t[f"rejected.{permit.name}"] = 100.0
    t |= {name.replace("__", "."): value for name, value in given.items()}
    t["submitted.event"] = sum(t[f"submitted.{permit.name}.event"] for permit in permits())
    return t | {"submitted": 4 * 750.0 + t["submitted.event"], "decided": 3200.0, "rejected": 400.0}


NO_OUTREACH = {
    "planned": 0,
    "proposals": 0,
    "declined": 0,
    "events__held": 0,
    "joined": 0,
    "joined__uninvited": 0,
    "invited": 0,
    "coproducer_hours": 0,
    "visits": 0,
    "served": 0,
    "informed": 0,
    "submitted__coproduced": 0,
    "submitted__displaced": 0,
    "decided__helped": 0,
    "rejected__helped": 0,
    "meetings": 0,
    "meetings__due": 0,
}
ALL_DECLINED = NO_OUTREACH | {"planned": 10, "proposals": 700, "declined": 700}


def verdicts(**given: float) -> list[str]:
    return [factor.verdict for factor in diagnose(totals(**given)).factors]


def said(diagnosis: Diagnosis, factor: int) -> str:
    return " ".join(diagnosis.factors[factor - 1].evidence)


# Alford's factors


def test_all_three_factors_are_present_when_all_went_well() -> None:
    diagnosis = diagnose(totals())
    assert verdicts() == [PRESENT] * 3
    assert diagnosis.coproduced
    assert "60 times and gave 600 hours" in said(diagnosis, 1)
    assert "400 of the 3,300 applications (12.1%)" in said(diagnosis, 1)
    assert "57 joined by invitation, of 100 invited; 43 declined" in said(diagnosis, 2)
    assert "3 came uninvited (5.0%" in said(diagnosis, 2)
    assert "380 permits were granted" in said(diagnosis, 3)
    assert "Rejected: 5.0% of the applications that were checked, 13.6% of all the others" in said(diagnosis, 3)
    assert "of the same mix, 12.5% is rejected overall" in said(diagnosis, 3)
    assert "1.2 per 1,000 decided" in said(diagnosis, 3)


def test_without_outreach_nothing_is_coproduced() -> None:
    diagnosis = diagnose(totals(**NO_OUTREACH))
    assert [factor.verdict for factor in diagnosis.factors] == [ABSENT, NOT_MEASURABLE, NOT_MEASURABLE]
    assert (diagnosis.cell.level, diagnosis.cell.phase, diagnosis.cell.phases) == (NOBODY, NO_PHASE, ())
    assert not diagnosis.coproduced
    assert "Nothing is co-produced" in "\n".join(diagnosis.lines())


def test_outreach_that_everybody_declines_is_no_active_part() -> None:
    diagnosis = diagnose(totals(**ALL_DECLINED))
    assert [factor.verdict for factor in diagnosis.factors] == [ABSENT, NOT_MEASURABLE, NOT_MEASURABLE]
    assert "700 heads declined" in said(diagnosis, 1)


def test_lending_a_place_and_spreading_the_word_is_an_active_part_only_in_part() -> None:
    assert verdicts(visits=0, served=0)[0] == PARTLY


def test_everybody_accepting_does_not_show_that_one_could_refuse() -> None:
    assert "whether one could refuse does not show" in said(diagnose(totals(joined=100, joined__uninvited=0)), 2)


# An hour is worth Rp 0.3 / 12 million, so 600 hours are worth Rp 15 million.
@pytest.mark.parametrize(("paid", "verdict"), [(0.0, PRESENT), (0.1, PARTLY), (14.9, PARTLY), (15.0, ABSENT)])
def test_pay_makes_the_work_less_voluntary(paid: float, verdict: str) -> None:
    assert verdicts(paid=paid)[1] == verdict


@pytest.mark.parametrize(
    ("helped", "rejected", "verdict"),
    [
        (0, 0, NOT_MEASURABLE),
        (400, 49, PRESENT),  # 12.25%, below the 12.5% of the same mix of permits
        (400, 50, PARTLY),  # as many as without help
        (400, 400, ABSENT),
        (29, 0, PARTLY),  # too few to say
        (30, 0, PRESENT),
    ],
)
def test_value_is_measured_against_the_same_mix_of_permits(helped: int, rejected: int, verdict: str) -> None:
    assert verdicts(decided__helped=helped, rejected__helped=rejected)[2] == verdict


def test_without_event_files_the_rest_is_the_measure() -> None:
    given = {f"submitted__{permit.name}__event": 0.0 for permit in permits()}
    assert verdicts(**given)[2] == PRESENT
    assert verdicts(**given, rejected__helped=60)[2] == PARTLY
    assert "handed in at events" not in said(diagnose(totals(**given)), 3)


def test_hours_saved_are_those_of_the_scenario() -> None:
    assert "saved their applicants some 400 hours" in said(diagnose(totals()), 3)
    values = defaults() | {"counter_hours": 6.0}
    assert "saved their applicants some 1,000 hours" in said(diagnose(totals(), values), 3)


# the cell


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({}, COLLECTIVE),
        ({"visits": 0, "submitted__coproduced": 0}, COLLECTIVE),  # by word: 500 heard, 60 joined
        ({"visits": 60, "submitted__coproduced": 40, "informed": 60}, GROUP),
        ({"visits": 61, "submitted__coproduced": 40, "informed": 0}, COLLECTIVE),
        (ALL_DECLINED, INDIVIDUAL),
        (ALL_DECLINED | {"submitted__coproduced": 2}, INDIVIDUAL),  # left over from the year before
        (NO_OUTREACH, NOBODY),
    ],
)
def test_level(given: dict[str, float], level: str) -> None:
    assert diagnose(totals(**given)).cell.level == level


@pytest.mark.parametrize(
    ("given", "cell"),
    [
        ({}, "Collective x Assessment"),
        ({"meetings": 6}, "Collective x Assessment"),
        ({"meetings": 5}, "Collective x Delivery"),
        ({"meetings": 0, "phase_events__delivery": 5}, "Collective x Designing"),
        ({"meetings": 0, "phase_events__delivery": 5, "phase_events__designing": 0}, "Collective x Commissioning"),
        (ALL_DECLINED, "Individual, no phase reached"),
        (NO_OUTREACH, "no cell: nothing is co-produced"),
    ],
)
def test_a_phase_is_reached_at_a_majority_of_events(given: dict[str, float], cell: str) -> None:
    assert diagnose(totals(**given)).cell.name == cell


def test_assessment_at_some_events_says_at_how_many() -> None:
    assert "Assessment reached, but at only 60% of events (6 of 10" in "\n".join(diagnose(totals(meetings=6)).lines())
    assert "at 2 of 10 cycles that ended" in "\n".join(diagnose(totals(meetings=2)).lines())


# the whole


def test_a_diagnosis_is_frozen_plain_data() -> None:
    diagnosis = diagnose(totals())
    plain: dict[str, Any] = diagnosis.as_dict()
    assert plain["cell_name"] == "Collective x Assessment"
    assert plain["factors"][1]["verdict"] == PRESENT
    with pytest.raises(FrozenInstanceError):
        diagnosis.cell = diagnosis.cell  # type: ignore[misc]


def test_the_programme_of_2019_is_collective_assessment_as_the_paper_says() -> None:
    scenario = load("kebon-jeruk-2019", size=0.1)
    programme = run(scenario)
    diagnosis = diagnose(programme.totals(2019), scenario.values)
    assert diagnosis.cell.name == "Collective x Assessment"
    assert [factor.verdict for factor in diagnosis.factors[:2]] == [PRESENT, PRESENT]
    assert diagnosis.coproduced


def test_a_run_without_outreach_coproduces_nothing() -> None:
    diagnosis = diagnose(run(load("kebon-jeruk-no-outreach", size=0.05, years=1)).totals())
    assert not diagnosis.coproduced
    assert diagnosis.cell.level == NOBODY


def test_a_paid_programme_that_was_lived_is_diagnosed() -> None:
    """From the records of a run: what an hour is worth is the scenario's, whatever the records hold."""
    scenario = load("kebon-jeruk-paid", size=0.1, set_=["events_per_month=8"])
    totals = run(scenario).totals(2019)
    assert totals["joined"] > 0
    assert totals["paid"] > 0
    _, voluntary, _ = diagnose(totals, scenario.values).factors
    worth = totals["coproducer_hours"] * float(scenario.values["resident_hour"])  # type: ignore[arg-type]
    assert f"{100 * totals['paid'] / worth:,.0f}% of what an hour" in voluntary.evidence[-1]
