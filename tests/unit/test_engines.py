"""The compiled engine as its user meets it: the same results, snapshots, branches, rules of one's own, errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keliling.experiments.kinds.replicated import Replicated, replicated
from keliling.experiments.run.executors import Execution, Stop, live_batch
from keliling.experiments.run.runner import spread
from keliling.sim.errors import CheckFailed, InvalidInput
from keliling.sim.hypothesis import WILLINGNESS
from keliling.sim.kernels.simulation import Simulation
from keliling.sim.model import CoproductionModel
from keliling.sim.run import run, run_together
from keliling.sim.scenario import Scenario, load
from tests.ensembles import ensembles
from tests.fingerprint import fingerprint
from tests.histories import plain

pytestmark = pytest.mark.usefixtures("unchecked")

SMALL = 0.03
BUSY = load("kebon-jeruk-2018", size=0.06, set_=["events_per_month=8"])
RULE = f"def rule({', '.join(WILLINGNESS)}):\n    return "


@pytest.fixture
def weekly() -> Scenario:
    """Weekly events from the second reported year on, so that there is a past to share."""
    return load("kebon-jeruk-2018", size=SMALL).with_change("2019-01", events_per_month=8.0)


def own(folder: Path, body: str) -> Scenario:
    """A scenario whose willingness is a user's own rule with this body."""
    (folder / "rule.py").write_text("import math\n\n\n" + RULE + body + "\n")
    return BUSY.with_(hypothesis=f"{folder / 'rule.py'}:rule")


def test_a_run_is_the_same_in_both_engines() -> None:
    scenario = load("kebon-jeruk-2019", size=SMALL)
    kernel, agents = (run(scenario, seed=3, replicate=1, engine=engine) for engine in ("kernel", "agents"))
    assert kernel.records == agents.records
    assert plain(kernel.districts[0]) == plain(agents.districts[0])
    assert (kernel.provenance["engine"], agents.provenance["engine"]) == ("kernel", "agents")


def test_what_became_of_a_months_applications_is_counted_when_they_end() -> None:
    """Earlier months' rows go on, in their cohort alone; both engines tell it as it stands on any day."""
    scenario = load("kebon-jeruk-crowded-2018", size=SMALL)
    simulation, model = Simulation(scenario), CoproductionModel(scenario)
    simulation.live(63)
    for _ in range(63):
        model.step()
    then = simulation.records
    assert then == model.records
    simulation.live(126)
    now = simulation.records[:3]
    moved = {name for one, other in zip(then, now, strict=True) for name in one if one[name] != other[name]}
    assert moved
    assert moved <= {"cohort.decided", "cohort.rejected", "cohort.withdrawn"}
    model.close()


def test_an_engine_that_there_is_not() -> None:
    with pytest.raises(InvalidInput, match="must be one of kernel, agents"):
        run(load("kebon-jeruk-2018", size=SMALL), engine="turbo")


def test_the_compiled_engine_needs_no_mesa() -> None:
    code = (
        "import sys\n"
        "from experiments.cli import cli\n"
        "cli(['run', 'kebon-jeruk-2018', '--size', '0.01', '--set', 'years=1', '--quiet'], standalone_mode=False)\n"
        "print('mesa' in sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.split()[-1] == "False"


# -- snapshots and branches


def test_a_run_goes_on_from_a_snapshot_as_though_it_had_not_stopped(weekly: Scenario) -> None:
    whole, half = Simulation(weekly), Simulation(weekly)
    whole.live()
    half.live(530)
    snapshot = half.snapshot()
    half.live()  # what happens afterwards leaves the snapshot as it is
    again = Simulation.resume(snapshot)
    assert again.day == 530
    again.live()
    assert plain(again.history) == plain(half.history) == plain(whole.history)
    assert fingerprint(again.world) == fingerprint(whole.world)


def test_a_policy_branches_from_the_past_that_it_shares(weekly: Scenario) -> None:
    base = load("kebon-jeruk-2018", size=SMALL)
    past = Simulation(base, seed=2)
    past.live(weekly.changes[0].day)
    branch = Simulation.resume(past.snapshot(), weekly)
    branch.live()
    assert plain(branch.history) == plain(run(weekly, seed=2).districts[0])


def test_a_snapshot_of_another_past_is_refused(weekly: Scenario) -> None:
    past = Simulation(weekly)
    past.live(weekly.changes[0].day + 1)
    with pytest.raises(InvalidInput, match=f"differs from kebon-jeruk-2018 on day {weekly.changes[0].day}"):
        Simulation.resume(past.snapshot(), load("kebon-jeruk-2018", size=SMALL))


def test_scenarios_that_share_a_past_live_it_once(weekly: Scenario) -> None:
    base = load("kebon-jeruk-2018", size=SMALL)
    later = base.with_change("2019-06", officers=3)
    other = base.with_(officers=4)  # differs from the first day on
    every = [base, weekly, later, weekly.with_change("2019-07", officers=2), base, other]
    lived: list[int] = []
    together = run_together(every, seed=5, replicate=1, progress=lived.append)
    alone = [run(one, seed=5, replicate=1) for one in every]
    assert [plain(one) for one in together] == [plain(one.districts[0]) for one in alone]
    assert [one.records for one in together] == [one.records for one in alone]
    assert sum(lived) == sum(one.days for one in every)


def test_tasks_share_a_past_only_where_that_leaves_no_worker_idle(weekly: Scenario) -> None:
    base = load("kebon-jeruk-2018", size=SMALL)
    jobs = Replicated().round(replicated([base, weekly], 3), 3).jobs
    for place, arms in (
        (Execution(workers=2), [2] * 3),
        (Execution(workers=6), [1] * 6),
        (Execution("agents", 2), [1] * 6),
    ):
        assert [len(job.arms) for job in spread(jobs, place)] == arms
    places = (Execution(workers=1), Execution(workers=2), Execution(workers=6), Execution("agents", 2))
    found = [[ensembles([base, weekly], 3, execution=place)] for place in places]
    first, *others = [[plain(run.districts[0]) for one in every for run in one.runs] for (every,) in found]
    assert all(other == first for other in others)


def test_a_worker_stops_when_it_is_asked_to(weekly: Scenario) -> None:
    """At the end of its month; what it had finished by then is handed over, and nothing of the run that it was at."""
    study, lived = replicated([weekly], 3), list[int]()

    def stop(days: int) -> None:
        lived.append(days)
        if sum(lived) > weekly.days:
            raise Stop

    batch = live_batch(study, Replicated().round(study, 3).jobs, Execution(), stop)
    assert (batch.jobs, len(batch.rows)) == (1, 1)
    assert weekly.days < batch.days == sum(lived) <= weekly.days + 21


# -- rules of one's own


@pytest.mark.parametrize("body", ["2.0 * company * social - hours", "math.exp(-fatigue) + weights[0] * stake - 1"])
def test_a_rule_of_ones_own_is_the_same_in_both_engines(tmp_path: Path, body: str) -> None:
    scenario = own(tmp_path, body)
    kernel, agents = (run(scenario, engine=engine) for engine in ("kernel", "agents"))
    assert kernel.records == agents.records
    assert kernel.records != run(BUSY).records


def test_a_rule_that_cannot_be_compiled_is_told_and_the_agents_take_it(tmp_path: Path) -> None:
    scenario = own(tmp_path, "float(str(round(social, 2)).strip('x')) - hours")
    with pytest.raises(InvalidInput, match="cannot be compiled, so only --engine agents takes it"):
        run(scenario)
    assert run(scenario, engine="agents").records


@pytest.mark.parametrize("engine", ["kernel", "agents"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("1.0 / (1.0 - decisive)", "ZeroDivisionError"),
        ("math.inf * fatigue if fatigue > 0.0 else 0.0", "must return a finite number"),
    ],
)
def test_a_rule_that_fails_is_told_alike_by_both_engines(tmp_path: Path, engine: str, body: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        run(own(tmp_path, body), engine=engine)


# -- laws


def test_a_law_that_is_broken_in_the_compiled_engine_is_named() -> None:
    simulation = Simulation(load("kebon-jeruk-2018", size=SMALL), checked=True)
    simulation.live(5)
    simulation.world.residents.trust[3] = 1.5
    with pytest.raises(CheckFailed, match=r"day 5: the law 'trust stays within 0 and 1' is broken, first at 3"):
        simulation.live(6)
