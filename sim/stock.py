"""Who is in the stock of open needs on day 0, drawn pair by pair from its stationary distribution (``sim.balance``)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from keliling.sim.balance import Balance, Known, cells_of
from keliling.sim.compiled import compiled, loop, with_fields
from keliling.sim.eligible import Eligible
from keliling.sim.prospect import StockSample
from keliling.sim.rng import Draw, holder_of, uniform
from keliling.sim.rules.choice import BROKER, EVENT, ONLINE, taste, threat
from keliling.sim.rules.start import AWARE_WORKS, NOT_OPEN, STUCK, UNAWARE_WORKS, stock_cell

Floats = NDArray[np.float64]
TASTE, STOCK = Draw.TASTE, Draw.STOCK
ENOUGH = 6000  # needs in the sample for which strengths are solved
MOST_DRAWS = 10  # of the start, until there are enough

SOLVED = np.dtype(
    [(name, np.float64) for name in (*Known._fields, *(name for name in Balance._fields if name not in Known._fields))]
)


def solved_record(balances: tuple[Balance, ...]) -> NDArray[np.void]:
    """The balances of all permits as records, for compiled loops."""
    rows = np.zeros(len(balances), SOLVED)
    for at, one in enumerate(balances):
        for name, value in (one._asdict() | one.known._asdict()).items():
            if name != "known":
                rows[name][at] = value
    return with_fields(rows)


@compiled
def drawn(seed, replicate, who, k, keen, often, solved):
    """Where the draw of resident ``who`` for permit ``k`` falls: the cell of the stock, the open share, the draw.

    ``often`` is how often needs arise for this pair, over the mean of the permit.
    """
    one = solved[k]
    rate = one.base_rate * keen
    clear, _acts = cells_of(rate, one, one.learn_rate, 0)
    stuck = clear
    if one.obstacle_birth > 0.0:
        stuck, _acts = cells_of(rate, one, one.learn_rate, 1)
    mark = uniform(seed, replicate, STOCK, who, k << 24, 0)
    cell, share = stock_cell(mark, one.opening_rate * often, clear, stuck, one.obstacle_birth)
    return cell, share, mark


@loop
def _open_pairs(seed, replicate, key, permit, keen_of, often, solved):
    """Places of the pairs that are open, and the cell of each."""
    place, cells, size = np.empty(permit.size, np.int64), np.empty(permit.size, np.int64), 0
    for i in range(permit.size):
        cell, _share, _mark = drawn(seed, replicate, holder_of(key[i]), permit[i], keen_of[i], often[i], solved)
        if cell != NOT_OPEN:
            place[size], cells[size] = i, cell
            size += 1
    return place[:size], cells[:size]


@loop
def _tastes(seed, replicate, key, permit, place):
    """Tastes of the first need of the pairs in these places, by channel's code."""
    found = np.zeros((place.size, EVENT + 1))
    for n in range(place.size):
        who, occasion = holder_of(key[place[n]]), permit[place[n]] << 24
        for channel in range(ONLINE, EVENT + 1):
            found[n, channel] = taste(uniform(seed, replicate, TASTE, who, occasion, channel))
    return found


def sample(
    seed: int,
    pairs: Eligible,
    keen_of: Callable[[int], Floats],
    solved: NDArray[np.void],
    p: SimpleNamespace,
    online: float,
    broker: float,
    event: float,
) -> StockSample:
    """Needs open at the start as the seed's own luck would draw them, over and over until there are enough.

    ``keen_of`` gives the keenness of every pair under the luck of a replicate; the last three are channels' constants.
    """
    places, cells, tastes = [], [], []
    for replicate in range(MOST_DRAWS):
        place, cell = _open_pairs(seed, replicate, pairs.key, pairs.permit, keen_of(replicate), pairs.openings, solved)
        places.append(place)
        cells.append(cell)
        tastes.append(_tastes(seed, replicate, pairs.key, pairs.permit, place))
        if sum(one.size for one in places) >= ENOUGH:
            break
    place, cell, liking = np.concatenate(places), np.concatenate(cells), np.concatenate(tastes)
    for channel, constant in ((ONLINE, online), (BROKER, broker), (EVENT, event)):
        liking[:, channel] += constant
    works = np.isin(cell % STUCK, (UNAWARE_WORKS, AWARE_WORKS))
    sanction = p.weight_sanction * threat(1, 0, p.detection_rate) if p.patrols else 0.0
    return StockSample(
        resident=pairs.resident[place],
        permit=pairs.permit[place],
        obstacle=(cell >= STUCK).astype(np.int64),
        aware=(cell % STUCK >= AWARE_WORKS).astype(np.int64),
        sanction=np.where(works, sanction, 0.0),
        tastes=liking,
    )
