"""What a perfect office would be told: the decisions of a finished run, scored once more by the model's own rules."""

from __future__ import annotations

from keliling.sim.compiled import loop
from keliling.sim.kernels.experiencing import score_of
from keliling.sim.rules.serving import GRANTED, REJECTED
from keliling.sim.terms import step_on


@loop
def judge_as_perfect(inputs, rows, day):
    """Tick the boxes of every decided file as if it had been granted at once, never returned, and nobody had queued.

    ``rows`` are changed: hand in a copy. What the applicant brought (channel, fee, help, expectation) stays.
    """
    p = inputs.levers[step_on(inputs, day)]
    for i in range(rows.counts[0].applications):
        a = rows.applications[i]
        if a.outcome == GRANTED or a.outcome == REJECTED:
            a.returns, a.outcome, a.crowd = 0, GRANTED, 0.0
            score_of(inputs, p, a, inputs.fixed[0].base_score, 1.0)
