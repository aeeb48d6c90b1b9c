"""Tables too wide for prose: accounts of motivation by levers, what each mechanism moves, who is asked for the IKM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keliling.sim.outcomes import outcomes
from tests.docs.findings.declared import block, sentence
from tests.docs.findings.found import Found

ACCOUNTS, ABLATION, REFORMS = "account-by-lever", "ablation", "reforms"
STUDIES = "docs/studies.md"
HYPOTHESES, ODD = "docs/hypotheses.md", "sim/ODD.md"
OFFICE = ("rejected_share", "not_granted_share_cohort", "granted")


def cells(found: Found, part: str, outcome: str) -> tuple[list[str], list[str], Mapping[str, Mapping[str, Any]]]:
    """Conditions, policies, and what stands in each cell of an outcome."""
    of: Mapping[str, Mapping[str, Any]] = found.part(part)["crossed"][outcome]
    return list(of), list(next(iter(of.values()))), of


def text(one: Mapping[str, Any], decimals: int) -> str:
    """A cell: its middle and half its interval, bold where the study calls it clear; "same" where nothing differs."""
    if one["mark"] == "same":
        return "same"
    half = (one["high"] - one["low"]) / 2.0
    words = f"{one['mean']:+.{decimals}f} ± {half:.{decimals}f}"
    return f"**{words}**" if one["mark"] == "clear" else words


def lines(header: list[str], rows: list[list[str]]) -> str:
    """A table of a page."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, ["---"] * len(header), *rows))


def matrix(found: Found, outcome: str, decimals: int) -> str:
    """Levers in rows, accounts in columns: the first account's effect, and how far the others' lie apart from it."""
    conditions, policies, of = cells(found, ACCOUNTS, outcome)
    policies = [one for one in policies if one]
    rows = [
        [policy.replace("-", " "), *(text(of[condition][policy], decimals) for condition in conditions)]
        for policy in policies
    ]
    return lines(["Lever", f"{conditions[0]}: effect", *conditions[1:]], rows)


@block(HYPOTHESES, "matrix-active")
def matrix_active(found: Found) -> str:
    """Active co-producers, in per cent."""
    return matrix(found, "active_coproducers", 1)


@block(HYPOTHESES, "matrix-retention")
def matrix_retention(found: Found) -> str:
    """Retention, in points."""
    return matrix(found, "retention", 1)


@block(HYPOTHESES, "matrix-coverage")
def matrix_coverage(found: Found) -> str:
    """RTs with an active co-producer, in points."""
    return matrix(found, "rt_coverage", 1)


@block(HYPOTHESES, "matrix-office")
def matrix_office(found: Found) -> str:
    """What reaches the office's outcomes, under standing help, which moves them most."""
    rows = []
    for outcome in OFFICE:
        conditions, _policies, of = cells(found, ACCOUNTS, outcome)
        decimals = 1 if outcome == "granted" else 2
        unit = "% of permits" if outcome == "granted" else "points"
        rows.append(
            [f"{outcomes()[outcome].title}, {unit}", *(text(of[one]["standing-2h"], decimals) for one in conditions)]
        )
    return lines(["Outcome, under standing help", f"{conditions[0]}: effect", *conditions[1:]], rows)


@block(HYPOTHESES, "told-apart")
def told_apart(found: Found) -> str:
    """Every two accounts, and the lever and outcome that tell them apart best."""
    rows = []
    for one in found.part(ACCOUNTS)["pairs"]:
        if not one["policy"]:
            rows.append([one["one"], one["other"], "nothing here", "-"])
            continue
        title = outcomes()[one["outcome"]].title.lower()
        rows.append([
            one["one"], one["other"], f"{one['policy'].replace('-', ' ')}: {title}",
            f"{one['apart']:+.1f} [{one['low']:+.1f}, {one['high']:+.1f}]",
        ])  # fmt: skip
    return lines(["One", "Other", "Lever and outcome", "Difference of effects"], rows)


@sentence(HYPOTHESES, "Every two of these accounts are told apart by some lever.")
def all_are_told_apart(found: Found) -> bool:
    """No pair is without one."""
    return all(one["policy"] for one in found.part(ACCOUNTS)["pairs"])


@sentence(HYPOTHESES, "Under levers other than pay crowding-out is the base account to the last bit:")
def crowding_out_needs_pay(found: Found) -> bool:
    """And not under tied pay."""
    same = {
        policy: all(of["crowding-out"][policy]["mark"] == "same" for of in found.part(ACCOUNTS)["crossed"].values())
        for policy in next(iter(found.part(ACCOUNTS)["crossed"].values()))["crowding-out"]
    }
    return [policy for policy, alike in same.items() if not alike] == ["tied-pay"]


@sentence(
    HYPOTHESES, "Pay by itself moves the flexible alone, so accounts without them do not answer to it in one replicate;"
)
def pay_moves_the_flexible(found: Found) -> bool:
    """What lies apart from the base account's effect is the whole of that effect, with its interval."""
    of = found.part(ACCOUNTS)["crossed"]["active_coproducers"]
    base = of["two-types"]["free-pay"]
    there = [of[name]["free-pay"] for name in ("mixed", "intrinsic-only", "social-only", "normative-only")]
    return all(abs(one["mean"] + base["mean"]) + abs(one["low"] + base["high"]) < 1e-6 for one in there)


@sentence(
    HYPOTHESES,
    "the most that two of them differ by is some eight tenths of a per cent of the permits, where standing helpers ask "
    "others to join.",
)
def accounts_hardly_reach_the_office(found: Found) -> bool:
    """The widest spread of a lever's effect over the accounts, the base among them."""
    rows = list(found.part(ACCOUNTS)["crossed"]["granted"].items())[1:]
    effects = {policy: [row[policy]["mean"] for _, row in rows] + [0.0] for policy in rows[0][1] if policy}
    spread = {policy: max(one) - min(one) for policy, one in effects.items()}
    widest = max(spread, key=lambda policy: spread[policy])
    return widest == "standing-and-asking" and 0.75 < spread[widest] < 0.9


@block(HYPOTHESES, "predictions")
def predictions(found: Found) -> str:
    """How many of the declared signs came out."""
    said = found.part(ACCOUNTS)["predicted"]
    counts = {words: [name for name, word in said.items() if word == words] for words in dict.fromkeys(said.values())}
    parts = [f"{len(names)} {words}" for words, names in counts.items()]
    against = counts.get("against what was predicted", [])
    more = f" Against: {'; '.join(against)}." if against else ""
    return f"Of {len(said)} signs declared: {', '.join(parts)}.{more}"


@block("docs/outcomes.md", "asked")
def asked(found: Found) -> str:
    """How often the IKM changes so much by luck, by who is asked and how many."""
    part = found.part("asked")
    rows = [
        [
            one["frame"], f"{one['before']:,.0f}", f"{one['there']:,.0f}", str(one["asked"]), f"{one['sd']:.2f}",
            *(f"{100.0 * share:.1f}%" if share >= 0.0005 else "<0.1%" for share in one["of_changes"]),
        ]
        for one in part["chances"]
    ]  # fmt: skip
    return lines(
        ["Frame", "Files before", "Files", "Asked", "Spread", *(f"{one:+g} or more" for one in part["changes"])], rows
    )


@block("docs/outcomes.md", "ceiling")
def ceiling(found: Found) -> str:
    """How high a perfect office would get."""
    named = {one["frame"]: one for one in found.part("asked")["frames"]}
    words = {"all": "all decided", "counter": "those who came to a counter or an event", "event": "those at events"}
    parts = [f"{one['ceiling'] - one['level']:+.1f} of {words[frame]}" for frame, one in named.items()]
    return f"it is {', '.join(parts)}"


@block(ODD, "ablation")
def ablation(found: Found) -> str:
    """One table a programme: what the model without a mechanism gives, less the whole model."""
    names = list(found.part(ABLATION)["crossed"])
    tables = []
    for policy in ("", "monthly", "weekly", "standing"):
        rows = []
        conditions = cells(found, ABLATION, names[0])[0]
        for condition in conditions[1:]:
            row = [f"`{condition}`"]
            for outcome in names:
                one = found.part(ABLATION)["crossed"][outcome][condition][policy]
                row.append(text(one, 3 if outcome == "satisfaction" else 2))
            rows.append(row)
        header = [f"*{policy or 'no programme'}*: under", *(_head(name) for name in names)]
        tables.append(lines(header, rows))
    return "\n\n".join(tables)


@sentence("docs/outcomes.md", "So a rise of six points is more than a perfect office would bring:")
def six_points_are_more(found: Found) -> bool:
    """Than the room above of any frame."""
    return all(one["ceiling"] - one["level"] < 6.0 for one in found.part("asked")["frames"])


def _ablated(found: Found, condition: str, outcome: str) -> list[Mapping[str, Any]]:
    """What a mechanism moves, under the monthly, the weekly and the standing programme."""
    of = found.part(ABLATION)["crossed"][outcome][condition]
    return [of[policy] for policy in ("monthly", "weekly", "standing")]


@sentence(ODD, "Waiting: the desk is far from full, so nobody has to mind it;")
def waiting_moves_nothing(found: Found) -> bool:
    """Not one replicate differs without it."""
    return all(
        one["mark"] == "same" for of in found.part(ABLATION)["crossed"].values() for one in of["no-waiting"].values()
    )


@sentence(ODD, "Meetings (P17, P18), prompts by ties and, without standing help, fatigue move hardly anything:")
def little_hangs_on_them(found: Found) -> bool:
    """Below half a per mille of the permits, and half a per cent of those who are active."""
    return all(
        abs(one["mean"]) < most
        for condition in ("no-meetings", "no-prompt-by-ties", "no-fatigue")
        for outcome, most in (("granted", 0.05), ("active_coproducers", 0.5))
        for one in _ablated(found, condition, outcome)[: 2 if condition == "no-fatigue" else 3]
    )


@sentence(ODD, "Elections move the count of active co-producers less than its own luck.")
def elections_move_little(found: Found) -> bool:
    """No interval excludes zero."""
    return not any(one["mark"] == "clear" for one in _ablated(found, "no-elections", "active_coproducers"))


@sentence(
    ODD,
    "Motives, thanks, training and pay move how many co-produce, by about a tenth each, and reach the office only "
    "through standing help.",
)
def motives_reach_the_office_by_standing_help(found: Found) -> bool:
    """Active co-producers by 5 to 20%; the permits clearly under standing help, and by less than 0.2% without."""
    named = ("no-motives", "no-thanks", "no-training", "with-pay")
    active = [one for condition in named for one in _ablated(found, condition, "active_coproducers")]
    permits = [_ablated(found, condition, "granted") for condition in named]
    return (
        all(one["mark"] == "clear" and 5.0 < abs(one["mean"]) < 20.0 for one in active)
        and all(standing["mark"] == "clear" for _, _, standing in permits)
        and all(abs(one["mean"]) < 0.2 for monthly, weekly, _ in permits for one in (monthly, weekly))
    )


@sentence(ODD, "Publicity and awareness move the permits.")
def publicity_moves_permits(found: Found) -> bool:
    """Clearly, under weekly events."""
    return all(_ablated(found, one, "granted")[1]["mark"] == "clear" for one in ("no-publicity", "fewer-unaware"))


@sentence(ODD, "Where no attempt failed, more than a per cent more permits would be granted under every programme.")
def failed_attempts_cost_permits(found: Found) -> bool:
    """The whole interval lies above it."""
    return all(one["low"] > 1.0 for one in _ablated(found, "attempts-succeed", "granted"))


@sentence(ODD, "Expectation moves satisfaction and complaints.")
def expectation_moves_satisfaction(found: Found) -> bool:
    """Clearly, under every programme."""
    named = ("satisfaction", "complaints_expected")
    return all(one["mark"] == "clear" for name in named for one in _ablated(found, "expectation-fixed", name))


@block(STUDIES, "reforms-effects")
def reforms(found: Found) -> str:
    """One table a desk: what each reform brings by itself and beside weekly events."""
    crossed = found.part(REFORMS)["crossed"]
    conditions, policies, _ = cells(found, REFORMS, next(iter(crossed)))
    tables = []
    for condition in conditions:
        rows = [
            [policy.replace("-", " "), *(_effect(crossed[name][condition][policy], name) for name in crossed)]
            for policy in policies
            if policy
        ]
        tables.append(lines([f"*{condition.replace('-', ' ')}*", *(_head(name) for name in crossed)], rows))
    return "\n\n".join(tables)


def _reform(found: Found, desk: str, policy: str, outcome: str) -> tuple[float, float, float]:
    """The effect of a policy at a desk, with its interval."""
    one = found.part(REFORMS)["crossed"][outcome][desk][policy]
    mean, low, high = one.get("effect") or (one["mean"], one["low"], one["high"])
    return mean, low, high


@sentence(STUDIES, "Events bring permits, reforms fewer rejections.")
def events_bring_permits(found: Found) -> bool:
    """At the usual desk events by about as many permits as the best of the reforms, and fewer rejections by less than half
    a point; the reforms that are about papers by more than one."""
    papers = ("fewer-requirements", "second-correction", "counter-advice")
    return (
        _reform(found, "usual-desk", "weekly-events", "granted")[1] > 1.5
        and _reform(found, "usual-desk", "weekly-events", "rejected_share")[1] > -0.5
        and all(_reform(found, "usual-desk", one, "rejected_share")[2] < -1.0 for one in papers)
    )


@sentence(
    STUDIES, "At the nearly full desk weekly events cost permits and satisfaction, and beside advice at the counter"
)
def events_cost_at_a_full_desk(found: Found) -> bool:
    """By events alone, and clearly more with advice; neither with half the time."""
    desk, harmed = "crowded-desk", ("granted", "satisfaction")
    return all(
        _reform(found, desk, "weekly-events", one)[2] < 0.0
        and _reform(found, desk, "counter-advice-and-events", one)[2] < _reform(found, desk, "weekly-events", one)[1]
        and _reform(found, desk, "half-the-time-and-events", one)[1] > 0.0
        for one in harmed
    )


def _effect(one: Mapping[str, Any], outcome: str) -> str:
    """The effect of a policy under its condition, bold where its interval excludes zero."""
    mean, low, high = one.get("effect") or (one["mean"], one["low"], one["high"])
    mark = "same" if mean == low == high == 0.0 else "clear" if low * high > 0.0 else ""
    return text({"mean": mean, "low": low, "high": high, "mark": mark}, 1 if outcome == "utilisation" else 2)


def _head(outcome: str) -> str:
    relative = outcome in ("granted", "active_coproducers", "complaints_expected")
    unit = (
        "%" if relative else {"%": "points", "25-100": "points"}.get(outcomes()[outcome].unit, outcomes()[outcome].unit)
    )
    return f"{outcomes()[outcome].title}, {unit}"
