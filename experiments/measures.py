"""Measures that only exist between two runs: a policy against its baseline."""

from __future__ import annotations

from experiments.differences import Measure
from sim.outcomes import HIGHER, LOWER, NEITHER

STANDARDISED = Measure(
    "rejected_share_standardised",
    "Rejected share, baseline's permit mix",
    "%",
    "rejected / decided, each permit weighted as among the baseline's decisions",
    LOWER,
    meaning="The rejected share if each permit had the part that it has in the baseline's decisions of the year, so "
    "that a policy does not look better only for bringing in permits that are seldom rejected.",
    explained=True,
)
EXTRA = Measure(
    "extra_permits",
    "Extra permits granted",
    "a year",
    "granted under the policy minus under the baseline",
    HIGHER,
    0,
    meaning="Applications granted in the year under the policy, less those under the baseline.",
)
COST_PER_EXTRA = Measure(
    "cost_per_extra_permit",
    "Cost per extra permit",
    "Rp million",
    "mean difference in programme cost / mean difference in permits granted; not defined without extra permits",
    NEITHER,
    meaning="What the programme costs more in the year than the baseline's, for each extra permit of the year.",
)
REPLACED = Measure(
    "replaced_share",
    "Event applications that replace others",
    "%",
    "1 - extra applications / extra event applications",
    NEITHER,
    1,
    meaning="Of the applications that events bring in beyond the baseline's, the share that is missing in the other "
    "channels in the same year.",
)
PRIVATE = Measure(
    "private_value",
    "Private value: saved by applicants",
    "Rp million a year",
    "fall in applicants' own cost of an application x the policy's applications",
    HIGHER,
    1,
    meaning="What the policy's applicants of the year save together, since an application costs them less (hours, "
    "fees, brokers) than under the baseline.",
)
AVOIDED = Measure(
    "complaints_avoided",
    "Public value: expected complaints avoided",
    "a year",
    "expected complaints under the baseline minus under the policy",
    HIGHER,
    meaning="Complaints to be expected in the year under the baseline, less those under the policy. More decisions "
    "bring more complaints, also where each of them brings fewer.",
)
TRUST = Measure(
    "trust_gained",
    "Public value: trust gained",
    "0-1",
    "trust under the policy minus under the baseline",
    HIGHER,
    4,
    meaning="Mean trust of all adults in the office over the year, under the policy less under the baseline.",
)
VALUE = (EXTRA, COST_PER_EXTRA, REPLACED, PRIVATE, AVOIDED, TRUST)
"""What a policy gives, and what that costs."""
MEASURES = (STANDARDISED, *VALUE)
"""All of them, in the order in which they are shown."""
