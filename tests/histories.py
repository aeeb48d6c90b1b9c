"""Histories of runs as plain data, so that two can be compared whole."""

from __future__ import annotations

from typing import Any

from keliling.sim.history import History


def plain(one: History) -> tuple[Any, ...]:
    """All that a run leaves behind, as lists."""
    filings = [column.tolist() for column in one.filings]
    assert sorted(filings[0]) == filings[0]
    invitations = [column.tolist() for column in one.invitations]
    return one.district, one.records, one.rws.tolist(), one.by_rw.tolist(), filings, invitations
