"""The desk: officer time of a file, how crowded the office is, and what the examination finds."""

from __future__ import annotations

import math

from keliling.sim.compiled import compiled
from keliling.sim.rules.choice import COUNTER, EVENT, ONLINE

GRANTED, REJECTED, WITHDRAWN, RETURNED, UNDER_REVIEW = 1, 2, 3, 4, 5


@compiled
def hours_asked(intake, examination, returns, channel, online, advice):
    """Mean officer hours that a file asks of the desk when it comes in: examination, and intake the first time.

    Online, intake takes the share ``online``; at an event it is taken in there. ``advice`` are the hours that the
    counter gives to checking papers before it takes them in.
    """
    if returns > 0 or channel == EVENT:
        return examination
    if channel == ONLINE:
        return examination + intake * online
    if channel == COUNTER:
        return examination + intake + advice
    return examination + intake


@compiled
def service_hours(mean, spread, draw):
    """Officer hours of one piece of work: ``mean`` times a mixture of 1 and a unit exponential."""
    return mean * ((1.0 - spread) - spread * math.log1p(-draw))


@compiled
def worked(used, open_hours, remaining):
    """Hours that an officer who has worked ``used`` today gives to a file that needs ``remaining``."""
    return min(open_hours - used, remaining)


@compiled
def examined(defects, requirements, returns, allowed, reviewed):
    """What an examination leads to: returned or rejected for defects, else to technical review or granted.

    ``defects`` has a bit for each document; one that is no longer among the ``requirements`` is not looked at.
    """
    if defects & ((1 << requirements) - 1) > 0:
        if returns < allowed:
            return RETURNED
        return REJECTED
    if reviewed > 0:
        return UNDER_REVIEW
    return GRANTED


@compiled
def crowding(backlog_hours, officer_hours):
    """Crowding in [0, 1) from the work that waits, in days of the whole desk."""
    if officer_hours <= 0.0:
        return 1.0
    return 1.0 - math.exp(-backlog_hours / officer_hours)


@compiled
def net_capacity(gross, outreach, least):
    """Officer hours a day left at the desk: ``gross`` less the mean of ``outreach``, the share ``least`` at least."""
    return max(gross - outreach, least * gross)


@compiled
def crowded(backlog_hours, capacity, above):
    """Whether the work that waits is more than ``above`` days of the desk's net capacity (officer hours a day)."""
    return backlog_hours > above * capacity


@compiled
def desk_wait(backlog_hours, capacity, reference):
    """Days of net capacity that the work waiting comes to, beyond the ``reference`` that nobody minds."""
    return max(backlog_hours / capacity - reference, 0.0)
