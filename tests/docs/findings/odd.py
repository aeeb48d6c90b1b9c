"""The ODD's numbers: the table of what the model gives, and the results that its words quote.

A row's block spans two cells, status and where; so each returns both with a bar between them.
"""

from __future__ import annotations

import math

from keliling.sim.ground import ground
from keliling.sim.parameters import permits, register
from keliling.sim.rules.satisfaction import COMPLAINTS
from keliling.sim.scenario import YEAR_DAYS, load
from keliling.sim.supply import measured
from tests.docs.findings.declared import block, sentence
from tests.docs.findings.found import Found
from tests.docs.findings.plan import PLAN, Pair
from tests.docs.findings.readme import RISE_OF_IKM, decided, greatest_rise_of_ikm
from tests.docs.findings.words import about, counted, falls, listed, moves, per_cent, rises, unclear, with_interval

PAGE = "sim/ODD.md"
FALL_OF_IKM = 6.71  # points, at Grogol Petamburan; the paper's (pattern Q1)
OBSERVED = (9.0, 24.0)  # rejected share, in per cent; S15, S16, S24
SITES = {"kebon-jeruk": "Kebon Jeruk", "grogol-petamburan": "Grogol Petamburan"}
TITLES = {**SITES, "crowded": "Crowded", "weekly-reduced": "Weekly, reduced"}
NOTES = {"crowded": ": 3 officers, two events a month", "weekly-reduced": ""}
AS_PUT_IN = 0.4  # points within which an effect is the one put in
SIZES = {1.0: "full size", 0.1: "a tenth of the size", 0.2: "a fifth of the size"}


def both(found: Found, outcome: str, unit: str = "points") -> tuple[str, str]:
    """Where an outcome falls at base, as a status, and how much at each site."""
    rows = {name: found.pair(name)[outcome] for name in SITES}
    where = [SITES[name] for name, one in rows.items() if falls(one)]
    status = "at base" if len(where) == len(SITES) else f"at base at {where[0]} only" if where else "not reproduced"
    texts = [f"{SITES[name]} {one.text} {unit}, in {one.better_text} replicates" for name, one in rows.items()]
    return status, "; ".join(texts)


@block(PAGE, "carried")
def carried(_: Found) -> str:
    """The share of the log odds of leaving that motives carry, as it is solved."""
    base = load("kebon-jeruk-2018")
    thanks, training = measured(base, ground(base)).carried
    return f"{per_cent(thanks)} and {per_cent(training)}"


@block(PAGE, "comparisons")
def comparisons(found: Found) -> str:
    """The comparisons of the table, from the plan."""
    lines = []
    for name, title in TITLES.items():
        pair = PLAN[name]
        assert isinstance(pair, Pair)
        size = SIZES[pair.size]
        lines.append(
            f"- *{title}:* `{pair.policy}` against `{pair.baseline}`{NOTES.get(name, '')}; {size}, replicates 0 to "
            f"{pair.replicates - 1} of seed {pair.seed}."
        )
    return "\n".join(lines)


@block(PAGE, "reference")
def reference(found: Found) -> str:
    """How near the effects of the reference trial come to what was put in, and what else came of it."""
    texts = []
    for name, title in SITES.items():
        part = found.part(f"reference-{name}")
        effects = []
        for arm, put_in in part["input"].items():
            granted = part["effect"][arm]["granted"]
            found.claim(abs(granted["mean"] - put_in) < AS_PUT_IN, f"at {title} {arm} moves receiving as it was put in")
            effects.append(f"{arm} by {with_interval(granted['mean'], *granted['interval'])} for {put_in:.2f}")
        texts.append(f"at {title} {' and '.join(effects)}")
    here = found.part("reference-kebon-jeruk")
    helped = {outcome: one["mean"] for outcome, one in here["effect"]["help"].items()}
    permits_ = listed([
        f"{name} {one['effect']['help']['granted']['mean']:.1f}" for name, one in here["by_permit"].items()
    ])  # fmt: skip
    return (
        f"In {here['replicates']} replicates at full size receiving moves, in points, {'; '.join(texts)}. At Kebon Jeruk "
        f"help adds {helped['attempted']:.2f} points of attempts, {helped['filed']:.2f} of files and "
        f"{helped['granted']:.2f} of grants, so {helped['filed'] / helped['granted']:.2f} files to a grant. Grants by "
        f"permit: {permits_}."
    )


@block(PAGE, "q1")
def q1(found: Found) -> str:
    """IKM at Grogol Petamburan falls by 6.71."""
    site, crowded = found.pair("grogol-petamburan"), found.pair("crowded")
    sign = "by a shipped scenario, or only with the site shock" if falls(crowded["ikm"]) else "only with the site shock"
    found.claim(site["ikm"].low > -FALL_OF_IKM, "not reproduced in size")
    return (
        f"not reproduced in size; the sign {'at base' if falls(site['ikm']) else sign} | "
        f"Grogol Petamburan: IKM {site['ikm'].text}, true mean satisfaction {site['satisfaction'].text}. "
        f"Crowded: IKM {crowded['ikm'].text}"
    )


@block(PAGE, "q2")
def q2(found: Found) -> str:
    """IKM at Kebon Jeruk rises by 6.08."""
    site = found.pair("kebon-jeruk")
    up = [outcome for outcome in ("satisfaction", "ikm") if rises(site[outcome])]
    reach = found.claim(
        greatest_rise_of_ikm(found) < RISE_OF_IKM,
        "+6.08 is out of reach of outreach alone: sampling, a dated reform or the site shock must do the rest",
    )
    return (
        f"not reproduced in size; the sign {'at base' if up else 'only with the site shock'} | "
        f"Kebon Jeruk: true mean satisfaction {site['satisfaction'].text} IKM points, IKM {site['ikm'].text}. {reach}"
    )


@block(PAGE, "q3")
def q3(found: Found) -> str:
    """Rejected share falls at both."""
    status, texts = both(found, "rejected_share")
    lost = found.claim(
        luck_of_two_years(found) > abs(found.pair("kebon-jeruk")["rejected_share"].difference),
        "What the paper saw, 2019 minus 2018 at one place, is lost in the luck of the years",
    )
    against = "" if status == "not reproduced" else ", against no programme; not from one year to the next"
    return (
        f"{status}{against} | {texts}. {lost}: the luck of about "
        f"{about(decided(found), 3)} decisions a year alone gives that difference a standard deviation of about "
        f"{about(luck_of_two_years(found), 1)} points"
    )


def luck_of_two_years(found: Found) -> float:
    """Standard deviation, in points, that binomial luck gives the rejected share of one year less another's."""
    share = found.pair("kebon-jeruk")["rejected_share"].baseline_mean / 100.0
    return 100.0 * math.sqrt(2.0 * share * (1.0 - share) / decided(found))


@block(PAGE, "q4")
def q4(found: Found) -> str:
    """Delayed share falls at Kebon Jeruk."""
    here, there = (found.pair(name)["delayed_share"] for name in SITES)
    return (
        f"{'at base' if falls(here) else 'not reproduced'} | Kebon Jeruk {here.text} points, in {here.better_text}. "
        f"Grogol Petamburan {there.text}: unknown there, so no test"
    )


@block(PAGE, "q6")
def q6(found: Found) -> str:
    """Ombudsman's mix."""
    pair = found.pair("kebon-jeruk")
    rates = {name: pair[f"complaints_{name}"].baseline_mean for name in COMPLAINTS}
    rarest = min(rates, key=lambda one: rates[one])
    why = ", since the desk is seldom late" if rarest == "delay" and pair["late_share"].baseline_mean < 5.0 else ""
    return f"not a test; not reproduced | a national mix. Here the rarest class is {COMPLAINTS[rarest]}{why}"


@block(PAGE, "p1")
def p1(found: Found) -> str:
    """IKM can fall while rejections fall."""
    pair = found.pair("crowded")
    shown = falls(pair["ikm"]) and falls(pair["rejected_share"])
    used, late = pair["utilisation"], pair["late_share"]
    return (
        f"{'by a shipped scenario' if shown else 'not reproduced'} | Crowded, without the site shock: rejected share "
        f"{pair['rejected_share'].text} points and IKM {pair['ikm'].text}, as utilisation goes from "
        f"{used.baseline_mean:.1f} to {used.policy_mean:.1f}% and the late share from {late.baseline_mean:.0f} to "
        f"{late.policy_mean:.0f}%"
    )


@block(PAGE, "p2")
def p2(found: Found) -> str:
    """The IKM covers the whole office."""
    share = found.pair("kebon-jeruk")["event_share"].policy_mean
    return (
        "by design | respondents are drawn from all decided, so the effect is diluted: with one event a month some "
        f"{about(share, 1)}% of files come from events"
    )


@block(PAGE, "p3")
def p3(found: Found) -> str:
    """Complaints fall."""
    pair, weekly = found.pair("kebon-jeruk"), found.pair("weekly-reduced")["complaints_expected"]
    rate, number = falls(pair["complaints_expected"]), rises(pair["complaints_avoided"])
    status = "at base" if rate and number else "at base in rate, not in number" if rate else "not reproduced"
    show = weekly.outcome.text
    return (
        f"{status} | expected complaints per 1,000 decided: Kebon Jeruk {pair['complaints_expected'].text}; weekly, "
        f"reduced: {show(weekly.baseline_mean)} to {show(weekly.policy_mean)}. More apply, and the number "
        f"{'falls too' if number else 'does not fall'}. At about {about(complaints(found))} complaints a year at Kebon "
        "Jeruk nobody could count the difference"
    )


def complaints(found: Found) -> float:
    """Expected complaints a year at Kebon Jeruk, without the programme."""
    return found.pair("kebon-jeruk")["complaints_expected"].baseline_mean * decided(found) / 1000.0


@block(PAGE, "p4")
def p4(found: Found) -> str:
    """Rejection comes from requirement errors, worst for IMB."""
    pair = found.pair("kebon-jeruk")
    shares = {permit.name: pair[f"rejected_share_{permit.name}"].baseline_mean for permit in permits()}
    imb = shares.pop("imb")
    return (
        f"{'at base' if imb > max(shares.values()) else 'not reproduced'} | rejected share of IMB about {imb:.0f}%, of "
        f"the others {min(shares.values()):.0f} to {max(shares.values()):.0f}%"
    )


@block(PAGE, "p5")
def p5(found: Found) -> str:
    """Online filing is hard for part of the public."""
    gap = found.pair("kebon-jeruk")["equity_gap"]
    more = found.claim(gap.baseline_mean > 0.0, "the least literate are rejected more often")
    return (
        f"by design | literacy enters worth, defects and failures; by `equity_gap` {more} than the most literate, at "
        f"base by {gap.outcome.text(gap.baseline_mean)} points"
    )


@block(PAGE, "p6")
def p6(found: Found) -> str:
    """Preparation makes files complete."""
    pair = found.pair("weekly-reduced")
    return (
        f"by design | weekly, reduced: of the files with checked papers "
        f"{pair['rejected_share_helped'].policy_mean:.1f}% are rejected, of all files "
        f"{pair['rejected_share'].policy_mean:.1f}%. Help brings building permits and needs with an obstacle, so the two "
        "do not compare like with like"
    )


@block(PAGE, "p8")
def p8(found: Found) -> str:
    """No head, no event."""
    none = found.claim(
        found.pair("heads-decline")["events_held"].policy_mean == 0.0,
        "`kebon-jeruk-heads-decline` holds no event from 2019",
    )
    return f"by design | a law of the model; {none}"


@block(PAGE, "p9")
def p9(found: Found) -> str:
    """Joining follows invitation."""
    share = found.pair("kebon-jeruk")["uninvited_share"].policy_mean
    return f"by design | uninvited: {share:.1f}% of those who joined"


@block(PAGE, "p14")
def p14(found: Found) -> str:
    """Sanction drives IMB demand."""
    pair = found.pair("unpatrolled")
    filed, covered = pair["applications_imb"], pair["coverage_imb"]
    return (
        f"by design | threat and notice. At {SIZES[pair.plan.size]}, with `patrols = false` against base "
        f"({counted(pair.plan.replicates)} replicates): the number of IMB applications {moves(filed, 'a year')} of "
        f"{filed.outcome.text(filed.baseline_mean)}, the share of need for IMB that is covered "
        f"{moves(covered, 'points')}"
    )


@block(PAGE, "p15")
def p15(found: Found) -> str:
    """Broker use falls."""
    status, texts = both(found, "broker_share")
    return f"{status} | {texts}"


@block(PAGE, "p16")
def p16(found: Found) -> str:
    """Self-application rises over time."""
    share = found.pair("kebon-jeruk")["self_share"]
    status = "at base, against no programme" if rises(share) else "not reproduced"
    return f"{status} | the other side of P15: {share.text} points. A trend over several years is not claimed"


@block(PAGE, "p20")
def p20(found: Found) -> str:
    """Lasting benefit not shown."""
    weekly, monthly = found.pair("weekly-reduced")["coverage"], found.pair("kebon-jeruk")["coverage"]
    little = found.claim(max(abs(weekly.difference), abs(monthly.difference)) < 1.0, "Coverage changes little")
    return (
        "not a test | nothing is claimed beyond the programme's year; `kebon-jeruk-weekly-stopped` lets the events stop. "
        f"{little}: weekly, reduced {weekly.outcome.text(weekly.difference, signed=True)} points of "
        f"{weekly.baseline_mean:.0f}; at one event a month, full size, "
        f"{monthly.outcome.text(monthly.difference, signed=True)}"
    )


# -- results that the words quote


@block(PAGE, "online-share")
def online_share(found: Found) -> str:
    """What becomes of first choices."""
    share = found.pair("kebon-jeruk")["online_share"].baseline_mean
    first = 100.0 * float(register()["online_share"].default) * (1.0 - float(register()["broker_share"].default))  # type: ignore[arg-type]
    found.claim(share < first, "so of the files handed in at base fewer are online")
    return f"some {share:.0f}%, not {first:.0f}%"


@block(PAGE, "complaints-a-year")
def complaints_a_year(found: Found) -> str:
    """How few complaints there are."""
    return f"about {about(complaints(found))} a year"


@block(PAGE, "named-permits")
def named_permits(found: Found) -> str:
    """Applications a day of the permits that have a name."""
    pair = found.pair("kebon-jeruk")
    named = [pair[f"applications_{one.name}"].baseline_mean for one in permits() if one.name != "other"]
    return f"some {about(sum(named) / YEAR_DAYS, 2)} applications a day"


@sentence(PAGE, "so 50 a day is an upper reading")
def load_of_the_desk(found: Found) -> bool:
    """To the nearest ten."""
    return 45.0 <= found.pair("kebon-jeruk")["applications"].baseline_mean / YEAR_DAYS < 55.0


@block(PAGE, "desk")
def desk(found: Found) -> str:
    """How much of its time the desk works at base."""
    return f"about {found.pair('kebon-jeruk')['utilisation'].baseline_mean / 100.0:.1f}"


@sentence(PAGE, "With 3 officers (S27) it is near its limit.")
def crowded_desk(found: Found) -> bool:
    """The crowded office works nine tenths of its time or more."""
    return found.pair("crowded")["utilisation"].baseline_mean >= 90.0


@block(PAGE, "rejected-share")
def rejected_share(found: Found) -> str:
    """Where the chosen errors and corrections lead."""
    share = found.pair("kebon-jeruk")["rejected_share"].baseline_mean
    low, high = OBSERVED
    inside = found.claim(low <= share <= high, "inside the observed 9 to 24%")
    return f"about {share:.0f}%, {inside}"


@block(PAGE, "base-utilisation")
def base_utilisation(found: Found) -> str:
    """The same in per cent."""
    return f"about {about(found.pair('kebon-jeruk')['utilisation'].baseline_mean, 1)}%"


@sentence(
    PAGE,
    "Crowding, the one road by which outreach can lower satisfaction here, is then inert. Which road was taken in 2019 "
    "cannot be told from the paper.",
)
def crowding_is_inert(found: Found) -> bool:
    """The programme makes nobody late and does not lower satisfaction."""
    pair = found.pair("kebon-jeruk")
    return pair["late_share"].policy_mean < 1.0 and not falls(pair["satisfaction"])


@sentence(
    PAGE,
    "One event a month touches some three per cent of the office's files. Effects of fractions of a point are what that can "
    "give.",
)
def fractions_of_a_point(found: Found) -> bool:
    """Of the shares that the programme moves."""
    pair = found.pair("kebon-jeruk")
    shares = ("rejected_share", "delayed_share", "broker_share")
    return pair["event_share"].policy_mean < 10.0 and all(abs(pair[one].difference) < 1.0 for one in shares)


@block(PAGE, "extra-applications")
def extra_applications(found: Found) -> str:
    """How many more apply."""
    more = found.pair("kebon-jeruk")["applications"]
    found.claim(rises(more), "More applicants come")
    return f"{more.outcome.text(more.difference, signed=True)} applications a year"


@sentence(PAGE, "So the *number* rejected does not fall while the *share* does.")
def number_and_share(found: Found) -> bool:
    """At one event a month."""
    pair = found.pair("kebon-jeruk")
    return not falls(pair["rejected_number"]) and falls(pair["rejected_share"])


@sentence(PAGE, "Two years at one place cannot show effects of this size.")
def two_years(found: Found) -> bool:
    """The luck of the years is larger than the effect, and no onlooker at Kebon Jeruk can be sure of its sign."""
    pair = found.pair("kebon-jeruk")
    effect = abs(pair["rejected_share"].difference)
    return luck_of_two_years(found) > effect and unclear(pair.alone("rejected_share", policy=False))


@block(PAGE, "signs")
def signs(found: Found) -> str:
    """How often the signs of the paper come out."""
    results, plan = found.part("signs"), PLAN["signs"]
    wanted = {("kebon-jeruk", "satisfaction"): 1, ("grogol-petamburan", "satisfaction"): -1}

    def share(holds: dict[tuple[str, str], int]) -> str:
        worlds = 0
        for one in results["combinations"]:
            signs_of = {(name.split("-2019")[0], outcome): sign for name, outcome, sign in one["signs"]}
            worlds += one["worlds"] if all(signs_of[key] == sign for key, sign in holds.items()) else 0
        return per_cent(worlds / results["worlds"])

    fall = dict.fromkeys([(site, "rejected_share") for site in SITES], -1)
    return (
        f"In {results['worlds']} worlds at {SIZES[plan.size]} rejections fell at both sites in "  # type: ignore[union-attr]
        f"{share(fall)}, and the published combination came out in {share(fall | wanted)}"
    )
