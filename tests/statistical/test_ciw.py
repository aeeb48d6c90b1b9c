"""The office alone against Ciw, an independent simulator of queues (Palmer et al. 2019).

Fed the same files both give the same days, file by file. Fed their own random files both have the same mean wait and
the same mean queue, within the joint interval of two independent runs: false-positive rate 1e-6, power 0.99 at the
deviation named in each test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ciw
import numpy as np
import pytest
from numpy.typing import NDArray

from keliling.sim.model import CoproductionModel
from keliling.sim.rules.choice import EVENT
from keliling.sim.scenario import load
from tests.statistics import assert_same_mean, batch_means

Floats = NDArray[np.float64]
IUMK = 1  # place in the permit catalogue
HOURS = 8.0
DAYS = 50_000


@pytest.fixture(scope="module")
def model() -> Iterator[CoproductionModel]:
    """A small district with nobody about and an office of full size."""
    model = CoproductionModel(load("kebon-jeruk-no-outreach", size=0.02), seed=22)
    yield model
    model.close()


def staff(model: CoproductionModel, officers: int, *, mean: float, spread: float) -> None:
    """An empty desk on day 0, for files of ``mean`` days of which the share ``spread`` is exponential."""
    model.day, model.handed_in = 0, []
    model.world.counts.applications[0] = 0
    for column in (model.world.office.first, model.world.office.last, model.world.office.owed):
        column[0] = 0
    p = model.p
    p.desk_officers, p.desk_hours, p.most_away, p.service_spread = officers, HOURS, 1.0, spread
    permit = model.permits[IUMK]
    permit.examination_hours, permit.technical_rejection, permit.review_days = mean * HOURS, 0.0, 0


def hand_in(model: CoproductionModel, hours: float | None = None) -> None:
    """A complete file without defects, at the tail; without ``hours`` it is taken in by the model's own draws."""
    row = model.new_application()
    a = model.world.applications
    a.ordinal[row], a.resident[row] = divmod(row, model.population.key.size)
    a.permit[row], a.channel[row], a.submitted[row], a.complete[row] = IUMK, EVENT, model.day, model.day
    a.attempt[row] = a.defects[row] = a.returns[row] = a.outcome[row] = 0
    a.looked[row] = a.decided[row] = a.due[row] = -1
    if hours is None:
        model.office.receive(row)
    else:
        a.remaining[row] = hours
        model.enqueue(row)


def serve(model: CoproductionModel) -> None:
    model.office.serve()
    model.decided_of.clear()
    model.day += 1


def simulated(arrivals: Any, batches: Any, services: Any, officers: int, until: float, seed: int) -> Floats:
    """Ciw's arrival, start and end of every file that it finished, in days, by the order of arrival."""
    network = ciw.create_network(
        arrival_distributions=[arrivals], batching_distributions=[batches], service_distributions=[services],
        number_of_servers=[officers],
    )  # fmt: skip
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(until)
    records = sorted(simulation.get_all_records(), key=lambda record: record.id_number)
    return np.array([(r.arrival_date, r.service_start_date, r.service_end_date) for r in records])


@pytest.mark.parametrize("officers", [1, 2, 4])
def test_the_same_files_get_the_same_days(model: CoproductionModel, officers: int) -> None:
    """Day looked at and day decided of every file are Ciw's; services are in 64ths of a day, so that sums are exact."""
    source = np.random.default_rng(officers)
    service = source.integers(1, 150, 800) / 64.0
    days = np.sort(source.integers(1, int(800 * 1.17 / (0.9 * officers)), 800))
    staff(model, officers, mean=1.0, spread=0.0)
    fresh = list(zip(days.tolist(), service.tolist(), strict=True))[::-1]
    while fresh or model.world.office.first.item(0) < model.world.office.last.item(0):
        while fresh and fresh[-1][0] == model.day:
            hand_in(model, fresh.pop()[1] * HOURS)
        serve(model)
    gaps = [float(days[0]), *np.diff(days).astype(float).tolist(), 1e9]
    found = simulated(
        ciw.dists.Sequential(gaps), ciw.dists.Deterministic(1), ciw.dists.Sequential(service.tolist()), officers,
        float(days[-1]) + 2000.0, 1,
    )  # fmt: skip
    a = model.world.applications
    assert found[:, 0].tolist() == a.submitted[:800].tolist() == days.tolist()
    assert np.floor(found[:, 1]).tolist() == a.looked[:800].tolist()
    assert (np.ceil(found[:, 2]) - 1).tolist() == a.decided[:800].tolist()
    assert np.count_nonzero(found[:, 1] > found[:, 0]) > 300, "hardly anybody waited: the case says nothing"


@pytest.mark.parametrize(
    ("officers", "files_a_day", "spread", "detect_wait", "detect_left"),
    [(2, 2.4, 1.0, 0.4, 0.25), (1, 1.2, 0.0, 0.32, 0.32)],
    ids=["two officers, exponential", "one officer, all alike"],
)
def test_mean_wait_and_queue_agree(
    model: CoproductionModel, officers: int, files_a_day: float, spread: float, detect_wait: float, detect_left: float
) -> None:
    """Poisson batches at the start of each day, files of half a day, load 0.6: exponential at two officers, all alike
    at one. Found: deviations of 40% and 32% of the mean wait, of 25% and 32% of the files left at the end of a day."""
    staff(model, officers, mean=0.5, spread=spread)
    for batch in np.random.default_rng(officers).poisson(files_a_day, DAYS).tolist():
        for _ in range(batch):
            hand_in(model)
        serve(model)
    a, used = model.world.applications, model.world.counts.applications.item(0)
    submitted, looked, decided = a.submitted[:used], a.looked[:used], a.decided[:used]
    # Files of one day take their places by lot, so rows are in the order of the days alone: enough for means.
    wait = (looked - submitted)[looked >= 0]
    left = np.cumsum(np.bincount(submitted, minlength=DAYS) - np.bincount(decided[decided >= 0], minlength=DAYS))

    services = ciw.dists.Exponential(2.0) if spread else ciw.dists.Deterministic(0.5)
    found = simulated(
        ciw.dists.Deterministic(1.0), ciw.dists.Poisson(files_a_day), services, officers, DAYS + 1.0, 40 + officers
    )
    # Ciw's first batch comes at time 1, so its day 1 is the desk's day 0.
    came = np.bincount(found[:, 0].astype(int), minlength=DAYS + 2)[1 : DAYS + 1]
    gone = np.bincount((np.ceil(found[:, 2]) - 1).astype(int), minlength=DAYS + 2)[1 : DAYS + 1]
    their_left = np.cumsum(came) - np.cumsum(gone)
    their_wait = np.floor(found[:, 1]) - found[:, 0]

    assert_same_mean(batch_means(wait, 80), batch_means(their_wait, 80), detect=detect_wait * float(wait.mean()))
    assert_same_mean(batch_means(left, 80), batch_means(their_left, 80), detect=detect_left * float(left.mean()))
