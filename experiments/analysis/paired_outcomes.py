"""Outcomes that only exist between two runs: a policy against its baseline."""

from __future__ import annotations

from keliling.sim.outcomes import HIGHER, LOWER, NEITHER, Outcome, outcomes

COSTS = ("cost", "desk_cost")
"""What a policy costs: the programme, and officers that it adds to the desk or takes from it."""

STANDARDISED = Outcome(
    "rejected_share_standardised",
    "Rejected share, baseline's permit mix",
    "%",
    "rejected / decided, each permit weighted as among the baseline's decisions",
    LOWER,
    meaning="The rejected share if each permit had its part of the baseline's decisions of the year, so that it counts "
    "for nothing to bring in permits that are seldom rejected.",
    explained=True,
)
EXTRA = Outcome(
    "extra_permits",
    "Extra permits, at once",
    "a year",
    "granted under the policy minus under the baseline",
    HIGHER,
    0,
    meaning="Applications granted in the year under the policy, less those under the baseline. Some of them would only "
    "have been granted later.",
    explained=True,
)
EXTRA_NET = Outcome(
    "extra_permits_net",
    "Extra permits, net of later years",
    "in all",
    "granted under the policy minus under the baseline, summed over the reported years from the first on which the two "
    "can differ to the end; not defined when the year compared is the last",
    HIGHER,
    0,
    meaning="Applications granted under the policy, less those under the baseline, over all years from the first that "
    "differs to the end of the run: a permit that only came earlier is taken off again.",
    explained=True,
)
COST_PER_EXTRA = Outcome(
    "cost_per_extra_permit",
    "Cost per extra permit, at once",
    "Rp million",
    "mean difference in programme cost and cost of the desk / mean difference in permits granted; not defined without "
    "extra permits",
    NEITHER,
    meaning="What the programme and the desk cost more in the year than the baseline's, for each extra permit of the "
    "year. A reform has no price of its own: what it takes of officers' time shows in the utilisation of the desk.",
)
COST_PER_EXTRA_NET = Outcome(
    "cost_per_extra_permit_net",
    "Cost per extra permit, net of later years",
    "Rp million",
    "the same, both summed over the reported years from the first on which the two can differ to the end",
    NEITHER,
    meaning="What the programme and the desk cost more than the baseline's over all years from the first that differs "
    "to the end of the run, for each extra permit net of later years.",
)
DISPLACED = Outcome(
    "displaced_paired",
    "Event applications filed anyway",
    "%",
    "applications at events under the policy that were filed under the baseline too (same resident, need and attempt), "
    "before or within 63 working days / applications at events under the policy that a quarter of the run follows",
    NEITHER,
    1,
    meaning="Of the applications filed at events in the year under the policy, the share that the same residents filed "
    "for the same need under the baseline too, before or within a quarter after.",
    explained=True,
)
REPLACED = Outcome(
    "replaced_share",
    "Event applications missing elsewhere, net",
    "%",
    "1 - extra applications / extra event applications",
    NEITHER,
    1,
    meaning="Of the event applications of the year beyond the baseline's, the share that the other channels lost on "
    "balance: visits and word of mouth bring them more, so it is below those filed anyway.",
    explained=True,
)
PRIVATE = Outcome(
    "private_value",
    "Private value: saved by applicants",
    "Rp million a year",
    "fall in applicants' own cost of an application x the policy's applications",
    HIGHER,
    1,
    meaning="What the policy's applicants of the year save together, since an application costs them less (hours, "
    "fees, brokers) than under the baseline.",
)
AVOIDED = Outcome(
    "complaints_avoided",
    "Public value: expected complaints avoided",
    "a year",
    "expected complaints under the baseline minus under the policy",
    HIGHER,
    meaning="Complaints to be expected in the year under the baseline, less those under the policy. More decisions "
    "bring more complaints, also where each of them brings fewer.",
)
TRUST = Outcome(
    "trust_gained",
    "Public value: trust gained",
    "0-1",
    "trust under the policy minus under the baseline",
    HIGHER,
    4,
    meaning="Mean trust of all adults in the office over the year, under the policy less under the baseline.",
)
VALUE = (EXTRA, EXTRA_NET, COST_PER_EXTRA, COST_PER_EXTRA_NET, DISPLACED, REPLACED, PRIVATE, AVOIDED, TRUST)
"""What a policy gives, and what that costs."""
PAIRED_OUTCOMES = (STANDARDISED, *VALUE)
"""All of them, in the order in which they are shown."""


def every_outcome() -> list[tuple[str, Outcome]]:
    """All outcomes, each with "run" or, when it only exists between two, "comparison"."""
    return [*(("run", one) for one in outcomes().values()), *(("comparison", one) for one in PAIRED_OUTCOMES)]
