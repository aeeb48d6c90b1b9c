"""A need opens: what it is, and the hidden luck of those who hold it. Both engines call it, and the start."""

from __future__ import annotations

from keliling.sim import rng
from keliling.sim.compiled import compiled, inner
from keliling.sim.rng import Draw, uniform
from keliling.sim.rules.choice import BROKER, COUNTER, EVENT, ONLINE, taste
from keliling.sim.rules.influence import days_until, waited
from keliling.sim.state import NEVER

AWARE, OBSTACLE, LEARNS, HEADS_KNOW = Draw.AWARE, Draw.OBSTACLE, Draw.LEARNS, Draw.HEADS_KNOW
THRESHOLD, ENDS, TASTE, PATROL = Draw.THRESHOLD, Draw.ENDS, Draw.TASTE, Draw.PATROL

packed = inner(rng.packed)


@compiled
def begin(seed, replicate, who, needs, i, day, solved, permit, known_share, detection_rate):
    """Begin a spell of need ``i``: hidden thresholds of acting and ending, and for a new one what it is.

    A need that comes up again is known, and has the obstacle that it had. ``who`` is the holder's key, ``solved`` and
    ``permit`` the numbers of the permit; ``detection_rate`` is a year's. The status is not touched.
    """
    need = needs[i]
    occasion = packed(need.permit, need.ordinal, need.attempt)
    if need.attempt == 0:
        need.aware = int(uniform(seed, replicate, AWARE, who, occasion, 0) >= solved.unaware)
        need.obstacle = int(uniform(seed, replicate, OBSTACLE, who, occasion, 0) < solved.obstacle_birth)
        need.learns = day
        if need.aware == 0:
            need.learns += days_until(waited(uniform(seed, replicate, LEARNS, who, occasion, 0)), solved.learn_rate)
        need.known = int(uniform(seed, replicate, HEADS_KNOW, who, occasion, 0) < known_share)
        need.failures, need.noticed = 0, 0
        need.visit_day, need.felt_day = NEVER, NEVER
        need.works_until, need.patrol_day = -1, -1
        if permit.enforced > 0:
            need.works_until = day + permit.works_days
            found = day + days_until(waited(uniform(seed, replicate, PATROL, who, occasion, 0)), detection_rate / 252.0)
            need.patrol_day = found if found < need.works_until else -1
    need.hazard, need.prompted, need.rate, need.skill = 0.0, 0.0, 0.0, 0.0
    need.pending, need.news = 0.0, 0.0
    need.anchor, need.event, need.expiry, need.online_failed = day, -1, -1, 0
    hide(seed, replicate, who, occasion, packed(need.permit, need.ordinal, 0), needs, i, day, solved.ends)


@compiled
def hide(seed, replicate, who, occasion, tastes, needs, i, day, ends):
    """The luck of a spell: the threshold of acting, the day on which the need ends at rate ``ends``, and tastes.

    Tastes stay the same over the attempts at a need; ``tastes`` is the occasion of the first.
    """
    need = needs[i]
    need.threshold = waited(uniform(seed, replicate, THRESHOLD, who, occasion, 0))
    need.ends = day + days_until(waited(uniform(seed, replicate, ENDS, who, occasion, 0)), ends)
    need.taste_online = taste(uniform(seed, replicate, TASTE, who, tastes, ONLINE))
    need.taste_counter = taste(uniform(seed, replicate, TASTE, who, tastes, COUNTER))
    need.taste_broker = taste(uniform(seed, replicate, TASTE, who, tastes, BROKER))
    need.taste_event = taste(uniform(seed, replicate, TASTE, who, tastes, EVENT))
