"""Who gains under a policy: rejected shares by third of digital literacy, and by RW."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keliling.experiments.analysis.decision import lived_jobs
from keliling.experiments.analysis.differences import Difference
from keliling.experiments.analysis.results import Floats, Results
from keliling.experiments.figures import style
from keliling.experiments.figures.sheet import Sheet, bounds, difference_of, footer, keep, marked, marks, sheet
from keliling.sim.outcomes import LOWER, Outcome

FEW = 20  # decisions of an RW below which its share says little
NORMAL = 1.96  # half width of a 95% interval in standard errors
THIRDS = ("low", "middle", "high")
SHARE = Outcome("rejected_share", "Rejected share", "%", "rejected / decided", LOWER)
GAP = Outcome("gap", "Low less high third", "%", "change of the low third less that of the high", LOWER)


class _Rw(NamedTuple):
    """One RW: its number in the district and the change of its rejected share, in points."""

    number: int
    difference: float
    low: float
    high: float
    decided_now: float
    decided_policy: float
    verdict: str

    @property
    def enough(self) -> bool:
        """Whether there are decisions enough to say anything."""
        return min(self.decided_now, self.decided_policy) >= FEW


def who_gains(folder: Path, results: Results, arm: int) -> list[Path]:
    """What a policy changes in the rejected share, by third of digital literacy and by RW."""
    policy = results.arms[arm]
    shares = {third: _shares(results, third) for third in (*THIRDS, "all")}
    thirds = {third: difference_of(results, SHARE, share[arm] - share[0]) for third, share in shares.items()}
    gap = difference_of(results, GAP, shares["low"][arm] - shares["low"][0] - shares["high"][arm] + shares["high"][0])
    rws = _by_rw(results, arm)
    under = "Rejected share under the policy minus now, in the same luck, with 95% intervals."
    if rws:
        under += (
            " By RW: all runs together, and rough intervals that take applications as independent; one RW in 20 would "
            f"seem clear by luck alone. Small and hollow, without an interval: RWs with fewer than {FEW} decisions, "
            "mostly noise."
        )
    with style.styled() as figures:
        one = sheet(figures, (12.2, 3.95), f"{policy.title}: {_finding(gap)}", under, footer(results))
        _by_third(one, thirds, {third: float(np.nanmean(share[0])) for third, share in shares.items()})
        _strip(one, rws)
        one.legend(marks([*(d.verdict for d in thirds.values()), *(rw.verdict for rw in rws)]))
        return keep(
            one.figure,
            folder,
            f"who-gains-{policy.name}",
            "group change_of_rejected_share_points interval_low interval_high decided_now decided_policy",
            [
                *(
                    (
                        third,
                        *bounds(d),
                        *(
                            float(np.nansum(_counts(results, "decided", third)[at][lived_jobs(results)]))
                            for at in (0, arm)
                        ),
                    )
                    for third, d in thirds.items()
                ),
                *((f"rw {rw.number}", *rw[1:-1]) for rw in rws),
            ],
        )


def _counts(results: Results, quantity: str, third: str) -> Floats:
    """Applications of a third by arm and job; the middle is what is neither low nor high."""
    values = results.values
    if third == "all":
        return values[quantity]
    if third == "middle":
        return values[quantity] - values[f"{quantity}_low"] - values[f"{quantity}_high"]
    return values[f"{quantity}_{third}"]


def _shares(results: Results, third: str) -> Floats:
    """Rejected share in per cent by arm and job; NaN where nothing was decided."""
    rejected, decided = _counts(results, "rejected", third), _counts(results, "decided", third)
    return np.divide(100.0 * rejected, decided, out=np.full(decided.shape, np.nan), where=decided > 0)


def _by_rw(results: Results, arm: int) -> list[_Rw]:
    """RWs by what the policy changes in them, the greatest fall first."""
    if "decided_by_rw" not in results.rws:
        return []
    used = lived_jobs(results)
    decided, rejected = (
        results.rws[f"{name}_by_rw"][[0, arm]][:, used].sum(axis=1).T for name in ("decided", "rejected")
    )
    found = []
    for at in np.flatnonzero((decided > 0).all(axis=1)).tolist():
        (n0, n1), (p0, p1) = decided[at].tolist(), (rejected[at] / decided[at]).tolist()
        half = 100.0 * NORMAL * math.sqrt(p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1)
        value = 100.0 * (p1 - p0)
        d = Difference("", SHARE, 100.0 * p0, 100.0 * p1, value, value - half, value + half, None, 2, 0, math.nan)
        # Shares of few decisions are far from normal, so no verdict stands on them.
        verdict = d.verdict if min(n0, n1) >= FEW else "unclear"
        found.append(_Rw(at + 1, value, d.low, d.high, n0, n1, verdict))
    return sorted(found, key=lambda rw: rw.difference)


def _finding(gap: Difference) -> str:
    """Who gains more, from the interval of the difference between the thirds' changes."""
    amount = f"{GAP.text(abs(gap.difference))} points"
    if gap.verdict == "better":
        return f"residents of low digital literacy gain more than those of high, by {amount} of rejected share"
    if gap.verdict == "worse":
        return f"residents of low digital literacy gain less than those of high, by {amount} of rejected share"
    return "no clear difference in gain between residents of low and of high digital literacy"


def _by_third(one: Sheet, thirds: dict[str, Difference], now: dict[str, float]) -> None:
    panel = one.panel(1.75, 0.85, 2.5, 2.75)
    panel.set_ylim(len(thirds) - 0.5, -0.5)
    panel.axvline(0.0, color=style.INK, linewidth=0.9)
    panel.axhline(len(THIRDS) - 0.5, color=style.FAINT, linewidth=1.2)
    for at, d in enumerate(thirds.values()):
        marked(panel, at, bounds(d), d.verdict)
        panel.text(1.05, at, d.text, transform=panel.get_yaxis_transform(), va="center", fontsize=8.2)
    names = [f"{name}, {SHARE.text(now[name])}% now" for name in thirds]
    panel.set_yticks(range(len(names)), names)
    panel.tick_params(axis="y", length=0, labelcolor=style.INK)
    panel.spines["left"].set_visible(False)
    panel.margins(x=0.1)
    panel.locator_params(axis="x", nbins=5)
    panel.set_xlabel("change of rejected share, points")
    panel.set_title("By third of digital literacy", x=-0.62, pad=8)


def _strip(one: Sheet, rws: list[_Rw]) -> None:
    panel = one.panel(6.85, 0.85, 4.7, 2.75)
    sure = [rw for rw in rws if rw.enough]
    enough = np.array([rw.difference for rw in sure])
    panel.set_title("By RW: " + (_spread(sure) if rws else "not counted in this study"), pad=8)
    if not rws:
        panel.set_axis_off()
        return
    panel.axhline(0.0, color=style.INK, linewidth=0.9)
    for at, rw in enumerate(rws):
        if rw.enough:
            marked(panel, at, (rw.difference, rw.low, rw.high), rw.verdict, upright=True, size=4.5)
        else:
            panel.plot([at], [rw.difference], marker="o", color=style.GREY, markerfacecolor="white", markersize=3)
    if enough.size:
        panel.axhline(float(np.median(enough)), color=style.INK, linewidth=1.0, linestyle=(0, (5, 2)), zorder=1)
        place = panel.get_yaxis_transform()
        panel.text(1.01, float(np.median(enough)), "median", transform=place, va="center", fontsize=7.8)
    panel.set_xticks([])
    panel.set_xlabel(f"the {len(rws)} RWs with decisions, from the greatest fall to the greatest rise")
    panel.set_ylabel("change of rejected share, points")
    panel.grid(axis="y", color=style.FAINT, linewidth=0.8)


def _spread(rws: Sequence[_Rw]) -> str:
    if not rws:
        return f"none has {FEW} decisions, so nothing can be said"
    gain, lose = (sum(rw.verdict == verdict for rw in rws) for verdict in ("better", "worse"))
    median = SHARE.text(float(np.median([rw.difference for rw in rws])), signed=True)
    return f"of {len(rws)} RWs {gain} gain clearly and {lose} lose, median {median} points"
