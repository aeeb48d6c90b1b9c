"""The desk: officer time of a file, who looks at it next, and what the examination finds."""

from __future__ import annotations

import math

from sim.compiled import compiled

GRANTED, REJECTED, WITHDRAWN, RETURNED, UNDER_REVIEW = 1, 2, 3, 4, 5


@compiled
def service_hours(mean, spread, draw):
    """Officer hours of one piece of work: ``mean`` times a mixture of 1 and a unit exponential."""
    return mean * ((1.0 - spread) - spread * math.log1p(-draw))


@compiled
def worked(used, open_hours, remaining):
    """Hours that an officer who has worked ``used`` today gives to a file that needs ``remaining``."""
    return min(open_hours - used, remaining)


@compiled
def examined(defects, returns, allowed, reviewed):
    """What an examination leads to: returned or rejected for defects, else to technical review or granted."""
    if defects > 0:
        if returns < allowed:
            return RETURNED
        return REJECTED
    if reviewed > 0:
        return UNDER_REVIEW
    return GRANTED


@compiled
def crowding(backlog_hours, officer_hours):
    """Crowding in [0, 1) from the work that waits, in days of today's desk."""
    if officer_hours <= 0.0:
        return 1.0
    return 1.0 - math.exp(-backlog_hours / officer_hours)
