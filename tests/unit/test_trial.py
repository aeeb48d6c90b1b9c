"""Trials inside the model: what is put in comes out, nothing does nothing, and luck is shared to the bit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner, Result

from keliling.experiments.cli import cli
from keliling.experiments.trials.trial import ALL, Trial, TrialResult, inputs, measure, reference
from keliling.sim import state
from keliling.sim.cohort import (
    FOLLOWED,
    HELP,
    INFORMATION,
    NOTHING,
    Cohort,
    Target,
    Treatment,
    assigned,
    live_arm,
    open_needs,
)
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.kernels.treating import announce, inform_all, visit_all
from keliling.sim.memory import grown
from keliling.sim.model import CoproductionModel
from keliling.sim.parameters import permits
from keliling.sim.rng import Draw, uniform
from keliling.sim.scenario import load
from keliling.sim.state import OPEN, Ints, World
from tests.fingerprint import fingerprint
from tests.statistics import assert_mean
from tests.twins.twins import first_difference

pytestmark = pytest.mark.usefixtures("unchecked")

PERMITS = [permit.name for permit in permits()]
REPLICATES = 40


def plan(size: float = 0.1, *set_: str) -> Trial:
    return reference(load("kebon-jeruk-2018", size=size, set_=list(set_)))


def effects(found: TrialResult, arm: str, outcome: str = "granted") -> list[float]:
    """The effect in every replicate, in points."""
    return [one[arm][ALL][outcome] - one[NOTHING.name][ALL][outcome] for one in found.replicates]


@pytest.fixture(scope="module")
def measured() -> TrialResult:
    return measure(plan(), REPLICATES, workers=2)


# -- what is put in comes out


@pytest.mark.parametrize(("arm", "effect"), [(INFORMATION, 3.39), (HELP, 8.31)], ids=["information", "help"])
def test_effects_on_receiving_are_those_put_in(measured: TrialResult, arm: Treatment, effect: float) -> None:
    """A tenth of Kebon Jeruk, 40 replicates: 1.3 points would be found; false-positive rate 1e-6."""
    assert inputs(measured.trial)[arm.name] == pytest.approx(effect)
    assert_mean(effects(measured, arm.name), effect, detect=1.3)


def test_information_moves_those_who_know_next_to_nothing() -> None:
    """By less than 0.3 points, in the mean of 40 replicates of a tenth of Kebon Jeruk; 0.8 would be found, a quarter of
    what it does in all. At full size: ``tests/statistical/test_verify.py``."""
    aware = replace(plan(), arms=(INFORMATION,), target=Target(traits={"aware": (1, 1)}))
    assert_mean(effects(measure(aware, REPLICATES, workers=2), "information"), 0.0, detect=0.8, bias=0.3)


def test_what_is_attempted_filed_and_decided_rises_too(measured: TrialResult) -> None:
    """More file than are granted, and more attempt than file; help moves all of them by more than information."""
    for arm in (INFORMATION, HELP):
        rises = [measured.effect(arm.name, outcome).mean for outcome in ("attempted", "filed", "granted")]
        assert rises == sorted(rises, reverse=True)
        assert rises[-1] > 0.0
    for outcome in ("attempted", "filed", "decided", "granted"):
        assert measured.effect("help", outcome, against="information").interval[0] > 0.0
    levels = [measured.level("help", outcome).mean for outcome in ("attempted", "filed", "decided", "granted")]
    assert levels == sorted(levels, reverse=True)


def test_what_came_of_all_is_what_came_of_the_permits(measured: TrialResult) -> None:
    for one in measured.replicates:
        for arm in ("nothing", "information", "help"):
            sizes = np.array([one[arm][name]["size"] for name in PERMITS])
            assert sizes.sum() == one[arm][ALL]["size"] == one["nothing"][ALL]["size"]
            for outcome in FOLLOWED:
                shares = np.array([one[arm][name][outcome] for name in PERMITS])
                assert (sizes @ shares) / sizes.sum() == pytest.approx(one[arm][ALL][outcome])


# -- nothing does nothing


def test_nothing_done_in_both_arms_has_no_effect() -> None:
    same = replace(plan(0.05), arms=(Treatment("same"),))
    found = measure(same, 3, workers=1)
    for permit in (ALL, *PERMITS):
        for outcome in FOLLOWED:
            estimate = found.effect("same", outcome, permit)
            assert (estimate.mean, *estimate.interval) == (0.0, 0.0, 0.0)


def test_the_same_result_for_any_workers_and_of_a_replicate_alone() -> None:
    trial = plan(0.05)
    one, two = measure(trial, 3, workers=1), measure(trial, 3, workers=3)
    assert one.replicates == two.replicates
    assert measure(trial, 1, workers=1).replicates[0] == one.replicates[0] != one.replicates[1]
    assert measure(trial, 1, seed=2, workers=1).replicates != measure(trial, 1, workers=1).replicates


def test_a_share_of_none_treats_nobody() -> None:
    found = measure(replace(plan(0.05), share=0.0), 1, workers=1)
    (one,) = found.replicates
    assert {arm: shares[ALL]["size"] for arm, shares in one.items()} == {
        "nothing": 0.0,
        "information": 0.0,
        "help": 0.0,
    }
    assert all(math.isnan(one["help"][ALL][outcome]) for outcome in FOLLOWED)
    simulation, cohort = morning(plan(0.05))
    plain = lived(simulation, cohort, np.empty(0, np.int64), NOTHING)
    assert fingerprint(lived(simulation, cohort, np.empty(0, np.int64), HELP)) == fingerprint(plain)


# -- who is in it


def morning(trial: Trial, day: int = 0) -> tuple[Simulation, Cohort]:
    simulation = Simulation(trial.scenario)
    simulation.live(day)
    return simulation, open_needs(simulation, trial.target)


def lived(simulation: Simulation, cohort: Cohort, treated: Ints, arm: Treatment) -> World:
    """The state at the end of a window that begins now, with luck shared."""
    return live_arm(Simulation.resume(simulation.snapshot()), cohort, treated, arm, 63, 0.5)


def test_a_target_of_a_permit_or_of_a_trait_is_those_needs_alone() -> None:
    trial = plan()
    simulation, everybody = morning(trial)
    needs, population = simulation.world.needs, simulation.ground.population
    assert (needs.status[everybody.need] == OPEN).all()
    assert everybody.need.size == simulation.world.stock.open.sum()
    imb = open_needs(simulation, Target(permits=("imb",)))
    assert set(imb.permit.tolist()) == {PERMITS.index("imb")}
    two = open_needs(simulation, Target(permits=("imb", "iumk")))
    assert two.need.size == simulation.world.stock.open[[PERMITS.index("imb"), PERMITS.index("iumk")]].sum()
    aware = open_needs(simulation, Target(traits={"aware": (1, 1)}))
    unaware = open_needs(simulation, Target(traits={"aware": (0, 0)}))
    assert sorted([*aware.need, *unaware.need]) == sorted(everybody.need)
    assert unaware.need.size == simulation.world.stock.unaware.sum() > 0
    low = open_needs(simulation, Target(permits=("imb",), traits={"literacy": (0.0, 0.5), "at_work": (1, 1)}))
    holder = needs.resident[imb.need]
    wanted = (population.literacy[holder] <= 0.5) & (population.at_work[holder] == 1)
    assert sorted(low.need) == sorted(imb.need[wanted])
    for cohort in (everybody, imb, aware, low):
        assert (np.diff(needs.key[cohort.need]) > 0).all()


@pytest.mark.parametrize(("unit", "share"), [("person", 0.5), ("rw", 0.5), ("person", 1.0), ("rw", 1.0)])
def test_assignment_goes_by_persons_or_by_whole_rws(unit: str, share: float) -> None:
    trial = plan(0.3)
    simulation, cohort = morning(trial)
    treated = assigned(simulation, cohort, unit, share)
    resident = simulation.world.needs.resident[cohort.need]
    of = resident if unit == "person" else simulation.ground.population.rw[resident]
    assert not set(of[treated].tolist()) & set(np.delete(of, treated).tolist()), "one unit is in both arms"
    if share == 1.0:
        assert treated.tolist() == list(range(cohort.need.size))
    else:
        assert 0.2 < treated.size / cohort.need.size < 0.8
    other = Simulation.resume(simulation.snapshot())
    assert assigned(other, cohort, unit, share).tolist() == treated.tolist()


@pytest.mark.parametrize(("unit", "share"), [("person", 0.004), ("rw", 0.4)])
@pytest.mark.parametrize("arm", [INFORMATION, HELP], ids=["information", "help"])
def test_in_rws_without_anybody_treated_nothing_changes(unit: str, share: float, arm: Treatment) -> None:
    """To the bit: where all ties are within the RW, at a desk without queue, a treatment stays in its RW."""
    trial = plan(0.2, "ties_district=0")
    simulation, cohort = morning(trial)
    treated = assigned(simulation, cohort, unit, share)
    population, needs = simulation.ground.population, simulation.world.needs
    hosts = np.unique(population.rw[needs.resident[cohort.need[treated]]])
    assert 0 < hosts.size < population.rw_head.size
    plain, given = lived(simulation, cohort, treated, NOTHING), lived(simulation, cohort, treated, arm)
    far = ~np.isin(population.rw, hosts)
    for table, rows in (("residents", far), ("motives", far), ("needs", far[needs.resident])):
        for name in getattr(plain, table)._fields:
            if name in ("after", "before"):  # neighbours in the list of a day, wherever they live
                continue
            one, other = (getattr(getattr(world, table), name)[rows] for world in (plain, given))
            assert one.tobytes() == other.tobytes(), f"{table}.{name}"
    assert files_of(plain, far) == files_of(given, far)
    assert files_of(plain, ~far) != files_of(given, ~far)


def files_of(world: World, residents: np.ndarray) -> set[tuple[float, ...]]:
    """All applications of some residents, by what does not depend on the row where they stand."""
    used, a = world.counts.applications.item(0), world.applications
    names = ("need", "ordinal", "attempt", "channel", "defects", "submitted", "decided", "outcome", "satisfaction")
    columns = [getattr(a, name)[:used].tolist() for name in names]
    return {
        row for row, who in zip(zip(*columns, strict=True), a.resident[:used].tolist(), strict=True) if residents[who]
    }


# -- the arms


def test_information_without_a_place_to_file_is_no_event_to_file_at() -> None:
    simulation, cohort = morning(plan(0.1))
    everybody = np.arange(cohort.need.size)
    told, helped = (lived(simulation, cohort, everybody, arm) for arm in (INFORMATION, HELP))
    assert told.events.places[: told.counts.events.item(0)].tolist() == [0] * told.counts.events.item(0)
    assert told.events.served.sum() == 0 < helped.events.served.sum()
    assert (told.needs.visit_day[cohort.need] == state.NEVER).all()
    seen = helped.needs.visit_day[cohort.need]
    assert (seen[helped.needs.ordinal[cohort.need] == cohort.ordinal] < 10).all()
    assert helped.events.delivery_day[: helped.counts.events.item(0)].tolist() == [10] * helped.counts.events.item(0)


def test_a_trial_may_begin_on_a_later_day_and_within_a_programme() -> None:
    scenario = load("kebon-jeruk-weekly", size=0.1)
    found = measure(Trial(scenario, arms=(HELP,), day=300, window=42, skill=0.6, unit="rw", share=0.5), 2, workers=1)
    assert found.size() > 0
    assert found.effect("help", "filed").mean > 0.0


# -- both engines


def treat_by_day(
    engine: CoproductionModel | Simulation, cohort: Cohort, treated: Ints, days: int, skill: float
) -> Iterator[int]:
    """What ``live_arm`` does for help, to either engine, stopping after every day."""
    inputs, day = engine.inputs, engine.day
    population, rows = engine.ground.population, cohort.need[treated]
    rw = population.rw[engine.world.needs.resident[rows]]
    hosts = np.unique(rw)
    room = engine.world.events.rw.size + hosts.size
    world = engine.world._replace(events=grown(engine.world.events, room))
    if isinstance(engine, CoproductionModel):
        engine.world = world
    else:
        engine.rows = state.rows_of(world)

    def now() -> state.Rows:
        return state.rows_of(engine.world) if isinstance(engine, CoproductionModel) else engine.rows

    event_of = {host: announce(inputs, now(), day, host, day + 10, rows.size, skill) for host in hosts.tolist()}
    events = np.array([event_of[host] for host in rw.tolist()], np.int64)
    keys = engine.world.needs.key[rows] >> 3
    marks = np.array([uniform(1, 0, Draw.VISIT_ORDER, key, 0, 0) for key in keys.tolist()])
    visit_day = day + (marks * 10).astype(np.int64)
    inform_all(inputs, now(), day, rows, events)
    for today in range(day, day + days):
        still = (visit_day == today) & (engine.world.needs.status[rows] == OPEN)
        still &= engine.world.needs.ordinal[rows] == cohort.ordinal[treated]
        visit_all(inputs, now(), today, rows[still], events[still], skill)
        if isinstance(engine, CoproductionModel):
            engine.step()
        else:
            engine.live(today + 1)
        yield today


@pytest.mark.parametrize(("name", "day"), [("kebon-jeruk-2018", 0), ("kebon-jeruk-weekly", 260)])
def test_treatments_give_the_same_bits_in_the_agents_engine(name: str, day: int) -> None:
    scenario = load(name, size=0.05)
    if day == 0:
        scenario = reference(scenario).scenario
    model, simulation = CoproductionModel(scenario), Simulation(scenario)
    while model.day < day:
        model.step()
    simulation.live(day)
    cohort = open_needs(simulation, Target())
    treated = assigned(simulation, cohort, "person", 0.7)
    assert treated.size > 100
    start = simulation.snapshot()
    pair = zip(
        treat_by_day(model, cohort, treated, 63, 0.5), treat_by_day(simulation, cohort, treated, 63, 0.5), strict=True
    )
    for today, _ in pair:
        assert first_difference(model.world, simulation.world) == "", f"day {today}"
    assert simulation.world.needs.obstacle[cohort.need].sum() < start.rows.needs["obstacle"][cohort.need].sum()
    whole = live_arm(Simulation.resume(start), cohort, treated, HELP, 63, 0.5)
    assert first_difference(whole, simulation.world) == "", "the arm itself"
    model.close()


# -- the command


def keliling(*words: object, code: int = 0) -> Result:
    """The result of ``keliling trial reference`` with these words; it ends with this code and without a traceback."""
    result = CliRunner().invoke(cli, ["trial", "reference", *(str(word) for word in words)])
    told = result.stdout + result.stderr
    assert result.exit_code == code, told
    assert "Traceback" not in told
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


SMALL = ("--size", 0.05, "--replicates", 2)


def test_the_command_writes_json() -> None:
    content = json.loads(keliling(*SMALL, "--json").stdout)
    again = json.loads(keliling("kebon-jeruk-2018", *SMALL, "--json", "--workers", 1).stdout)
    assert content == again
    assert (content["scenario"], content["seed"], content["replicates"]) == ("kebon-jeruk-2018", 1, 2)
    assert (content["window"], content["unit"]) == (63, "points")
    assert content["input"] == pytest.approx({"information": 3.39, "help": 8.31})
    assert set(content["by_permit"]) == set(PERMITS)
    for part in (content, *content["by_permit"].values()):
        assert (
            set(part["nothing"]) == set(part["effect"]["information"]) == set(part["effect"]["help"]) == set(FOLLOWED)
        )
    for said in (content["effect"]["information"]["granted"], content["effect"]["help"]["filed"]):
        assert said["interval"][0] < said["mean"] < said["interval"][1]
    found = measure(plan(0.05), 2, workers=1)
    assert content["effect"]["help"]["granted"]["mean"] == found.effect("help", "granted").mean
    assert content["by_permit"]["iumk"]["effect"]["help"]["filed"]["mean"] == found.effect("help", "filed", "iumk").mean
    assert content["needs"] == found.size()


def test_the_command_shows_a_table() -> None:
    result = keliling("grogol-petamburan-2018", *SMALL, "--set", "assistance_effect=0.12")
    for words in (
        "the reference trial",
        "Nothing, %",
        "Information",
        "Help",
        "granted",
        "+12.00 points",
        "not a forecast",
    ):
        assert words in result.stdout
    assert "keliling trial reference grogol-petamburan-2018" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("kebon-jeruk-20181",), "Did you mean 'kebon-jeruk-2018'"),
        (("--replicates", 0), "0 is not in the range"),
        (("--set", "assistance_effect=0.5"), "assistance_effect"),
        (("--set", "help_effect=0.1"), "help_effect"),
        (("--size", 0), "size"),
        (("--size", 0.03, "--set", "unthanked_odds=1.0"), "unthanked_odds: motives alone"),
    ],
)  # fmt: skip
def test_faulty_words_are_told_to_people(words: tuple[object, ...], said: str) -> None:
    result = keliling(*words, code=2)
    assert said in result.stdout + result.stderr
