"""The README's numbers: what ``make demo`` prints, and what the page says of it."""

from __future__ import annotations

from tests.docs.findings.declared import block, sentence
from tests.docs.findings.found import Found
from tests.docs.findings.words import about, falls, rises

PAGE = "README.md"
RISE_OF_IKM = 6.08  # points, at Kebon Jeruk; the paper's (pattern Q2)


@block(PAGE, "adults")
def adults(found: Found) -> str:
    """Adults of the demonstration."""
    return about(found.pair("kebon-jeruk").adults, 3)


@block(PAGE, "demo-output")
def demo_output(found: Found) -> str:
    """What ``make demo`` prints, to the letter."""
    return "\n".join(["```text", *found.pair("kebon-jeruk").results["output"], "```"])


@sentence(PAGE, "More residents apply, so the number rejected does not fall though the share does.")
def rejected(found: Found) -> bool:
    """At one event a month."""
    pair = found.pair("kebon-jeruk")
    return rises(pair["applications"]) and not falls(pair["rejected_number"]) and falls(pair["rejected_share"])


@sentence(
    PAGE,
    "In the model, the programme of 2019 moves the rejected share by hardly a tenth of a point and the IKM by less than one.",
)
def small_effects(found: Found) -> bool:
    """At both offices."""
    pairs = [found.pair(name) for name in ("kebon-jeruk", "grogol-petamburan")]
    return all(
        abs(one["rejected_share"].difference) <= 0.12 and max(abs(one["ikm"].low), abs(one["ikm"].high)) < 1.0
        for one in pairs
    )


@sentence(PAGE, "A rise of 6.08 is out of reach of outreach alone.")
def out_of_reach(found: Found) -> bool:
    """Neither the programme nor any frequency of events raises the IKM by as much."""
    return greatest_rise_of_ikm(found) < RISE_OF_IKM


def greatest_rise_of_ikm(found: Found) -> float:
    """The upper end of the interval of the greatest rise, over the comparisons and frequencies at full size."""
    pairs = ("kebon-jeruk", "grogol-petamburan", "crowded")
    studies = ("kebon-jeruk", "grogol-petamburan", "crowded-desk")
    rises = [found.pair(name)["ikm"].high for name in pairs]
    for name in studies:
        study = found.study(f"outreach-frequency-{name}")
        rises += [study[policy, "ikm"].high for policy in study.results["policies"]]
    return max(rises)


def decided(found: Found) -> float:
    """Decisions a year at Kebon Jeruk, without the programme."""
    pair = found.pair("kebon-jeruk")
    return pair["granted"].baseline_mean + pair["rejected_number"].baseline_mean
