"""What the shipped studies found: a paragraph a study, by its kind, with conclusions that the numbers choose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from keliling.sim.outcomes import outcomes
from keliling.sim.parameters import register
from keliling.sim.scenario import load
from tests.docs.findings.declared import block
from tests.docs.findings.found import Found, Index, Studied
from tests.docs.findings.plan import PLAN, WAITING, Study
from tests.docs.findings.words import (
    by_finding,
    capital,
    counted,
    does,
    falls,
    how_many,
    listed,
    moves,
    per_cent,
    rises,
    size,
    with_interval,
)

PAGE = "docs/studies.md"
OFTEN = {"events-1": "one a month", "events-2": "two a month", "events-4": "one a week", "events-8": "two a week"}
"""Frequencies that the prose names, most of them 4 or 8 a month."""
MOST = 5  # factors that a paragraph names
SILENT = ("no clear answer", "returns not seen to diminish")
"""Findings of an answer that call for no words of their own."""
SAID = {"granted": "number of permits granted", "applications": "number of applications"}
"""Titles that a sentence cannot take as they are."""
SHOWN = 0.005  # worth that two decimals show


def how_large(study: Studied) -> str:
    """The size of its runs, with the adults that it leaves."""
    share = float(study.plan.declares().get("size", 1.0))
    return f"full size, {study.results['adults']:,} adults" if share == 1.0 else f"{study.results['adults']:,} adults"


def lower(title: str) -> str:
    """A title within a sentence; what is written in capitals stays."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def named(factor: str, index: Index, decimals: int = 2, unit: str = "") -> str:
    """A factor with what it is and how much it does."""
    what = f" ({what_is(factor)})" if factor in register() else ""
    return f"{short(factor)}{what} {with_interval(index.value, index.low, index.high, decimals, unit)}"


def what_is(factor: str) -> str:
    """The meaning of a parameter, up to its first remark."""
    return register()[factor].meaning.split(";")[0]


def short(factor: str) -> str:
    """A factor alone: luck is none of the register's."""
    return f"`{factor}`" if factor in register() else factor


# -- how often


def frequency(found: Found, name: str, also: tuple[tuple[str, str], ...] = ()) -> str:
    """What more events a month do to the rejected share and to other outcomes, and where they do harm."""
    study = found.study(name)
    baseline = load(study.plan.declares()["baseline"])
    today = float(baseline.timeline()[-1][1]["events_per_month"])  # type: ignore[arg-type]
    none = moves(study["events-0", "rejected_share"], "points")
    parts = [
        f"**`{name}`** ({how_large(study)}, a desk that is {study.now('utilisation'):.0f}% used now; "
        f"{replicates(study)}, {study.results['runs']:,} runs).",
        f"Against today's {today:g} events a month {answers(study, 'rejected_share', 'points')}; with none at all it "
        f"{none}.",
        *(f"{capital(answers(study, outcome, unit))}." for outcome, unit in also),
        harm(study),
        cost(study),
    ]
    return " ".join(parts)


def replicates(study: Studied) -> str:
    """How many replicates it took, by the rule of the study's file where it has one."""
    rule, kept = study.plan.declares().get("precision"), study.results.get("replicates")
    if rule is None or kept is None:
        return f"{study.results['runs'] // len(study.results['ranking'])} replicates"
    width = f"a half width of {rule['half_width']:g}"
    if kept["enough"] is None:
        return f"{kept['lived']} replicates, the most allowed, were not enough for {width}"
    return f"{kept['enough']} replicates were enough for {width}, {kept['lived']} were lived"


def answers(study: Studied, outcome: str, unit: str) -> str:
    """How an outcome moves at the frequencies that have a name."""
    there = {arm: study[arm, outcome] for arm in OFTEN if arm in study.results["policies"]}
    title = f"the {SAID.get(outcome, lower(outcomes()[outcome].title))}"
    for clearly, word in ((falls, "falls"), (rises, "rises")):
        if all(clearly(one) for one in there.values()):
            (first, least), *more = there.items()
            texts = [f"{size(least, unit)} at {OFTEN[first]}", *(f"{size(one)} at {OFTEN[arm]}" for arm, one in more)]
            return f"{title} {word} by {listed(texts)}"
    return f"{title} {listed([f'{moves(one, unit)} at {OFTEN[arm]}' for arm, one in there.items()])}"


def harm(study: Studied) -> str:
    """Where returns diminish and where more events do harm."""
    texts = {name: answer["text"] or "" for name, answer in study.results["answers"].items()}
    told = {name: text for name, text in texts.items() if text and not any(one in text for one in SILENT)}
    most = max(float(arm.split("-")[1]) for arm in study.results["policies"])
    if not told:
        return (
            f"Returns hold to {counted(int(most))} a month: no outcome answers less than half as much to the last "
            "events as to the first, and none turns."
        )
    sentences = [
        f"{capital(listed([lower(outcomes()[name].title) for name in names]))}: {text}."
        for text, names in by_finding(told).items()
    ]
    held = [lower(outcomes()[name].title) for name, text in texts.items() if SILENT[1] in text]
    if held:
        sentences.append(f"Returns hold to {counted(int(most))} a month for {listed(held)}.")
    return " ".join(sentences)


def cost(study: Studied) -> str:
    """What the most events cost."""
    arm = max(OFTEN, key=lambda one: float(one.split("-")[1]) if one in study.results["policies"] else 0.0)
    one = study[arm, "cost"]
    return f"{capital(OFTEN[arm])} cost{'s' if arm == 'events-1' else ''} Rp {size(one)} million more a year."


def crowded(found: Found, name: str) -> str:
    """The frequency study in which crowding turns the advice."""
    study = found.study(name)
    weekly = study["events-4", "rejected_share"], study["events-4", "ikm"]
    end = found.claim(
        falls(weekly[0]) and falls(weekly[1]), "So fewer rejections and a lower index come from the same events."
    )
    return f"{frequency(found, name, (('ikm', 'points'), ('granted', 'a year')))} {end}"


# -- what matters


def screening(found: Found, name: str) -> str:
    """Which factors move the effect of a weekly event most, by Morris."""
    study = found.study(name)
    of_target = study.sensitivity("rejected_share", "weekly")
    fewest, most = of_target.get("rests_on", (0, 0))
    head = (
        f"**`{name}`** (Morris, {study.results['factors']} uncertainties and luck, {of_target['points']} trajectories"
        + (f", a factor's effects on {fewest} to {most} of them since not all points can be" if most else "")
        + f", {study.results['runs']:,} runs of {study.results['adults']:,} adults)."
    )
    factors = study.factors("rejected_share", "weekly")
    first = listed([named(one, of["mu_star"]) for one, of in list(factors.items())[:MOST]])
    ikm = list(study.factors("ikm", "weekly").items())[:MOST]
    also = listed([f"{short(one)} {with_interval(*interval(of['mu_star']), 1)}" for one, of in ikm])
    curved = sum(of["sigma"].value > of["mu_star"].value for of in factors.values()) / len(factors)
    values = [of["mu_star"] for of in factors.values()]
    settled = values[0].low > values[-1].high
    return (
        f"{head} Of the effect of a weekly event on the rejected share, most is moved, in points over its range (mu*), "
        f"by {first}. Of the effect on the IKM: {also}. Sigma is greater than mu* for {how_many(curved)} of the first "
        f"{counted(len(factors)) if len(factors) <= 10 else len(factors)}"
        + (": what a factor does depends on the others. " if curved > 0.5 else ". ")
        + ("The first is told from the last of them." if settled else "Intervals are wide: the order is not settled.")
    )


def variance(found: Found, name: str) -> str:
    """Shares of the variance, by Sobol."""
    study = found.study(name)
    chosen = list(study.plan.declares()["factors"])
    order = [one for one in found.study("screening").factors("rejected_share", "weekly") if one in register()]
    number = counted(len(chosen))
    found.claim(
        set(order[: len(chosen)]) == set(chosen),
        f"the {number} uncertainties that the screening puts first ({study.plan.file.name}: choose them by the screening)",
    )
    target = study.sensitivity("rejected_share", "weekly")
    factors = study.factors("rejected_share", "weekly")
    told = {one: of["ST"] for one, of in factors.items() if of["ST"].told}
    rest = len(study.factors("rejected_share", "weekly")) - len(told)
    shares = listed([f"{short(one)} {with_interval(*interval(of))}" for one, of in told.items()]) if told else "none"
    alone, dropped = target["sums"]["S1"], target["dropped"]
    left_out = f" and {dropped} more left out, where a point cannot be" if dropped else ""
    return (
        f"**`{name}`** (Sobol, the first {number} of these and luck, {target['points']} base points"
        f"{left_out}, "
        f"{study.results['runs']:,} runs). Total order of the effect of a weekly event on the rejected share: "
        f"{shares}; the other {counted(rest)} {'is' if rest == 1 else 'are'} not told from a dummy. First orders add up "
        f"to {alone:.1f}{': much of it is interaction' if alone < 0.8 else ''}. {settling(study)} Over these ranges a "
        f"weekly event {does(study['weekly', 'rejected_share'], 'the rejected share', 'points')} and raises it in "
        f"{per_cent(study.standing('weekly', 'rejected_share')['worse_than_now'])} of the sample; it "
        f"{does(study['weekly', 'ikm'], 'the IKM', 'points')} on average. {worth(study)}"
    )


def settling(study: Studied) -> str:
    """Which indices still moved when the points were doubled for the last time."""
    stages = sorted(study.results["settling"].items(), key=lambda one: int(one[0]))
    if len(stages) < 2:
        return "There are too few points to say whether the indices had settled."
    (half, before), (whole, after) = stages[-2:]
    moved = [
        short(one)
        for one, (value, *_) in after.items()
        if one in before and before[one][1] is not None and not before[one][1] <= value <= before[one][2]
    ]
    between = f"between {half} and {whole} points"
    if not moved:
        return f"All had settled {between}."
    return f"{capital(listed(moved))} had not settled {between}."


def worth(study: Studied) -> str:
    """What should be known before choosing, and so be recorded first."""
    ranked = {name: one["benefit"] for name, one in study.results["ranking"].items()}
    chosen = max(ranked, key=lambda one: ranked[one])
    told = [one for one in study.results.get("information", ()) if one["told"] and one["value"] >= SHOWN]
    if not told:
        return f"No factor by itself is worth knowing for this choice: `{chosen}` would be chosen whatever it is."
    first_outcome = outcomes()[study.plan.declares()["outcomes"][0]]
    unit = "Rp million a year" if "worth" in study.plan.declares() else first_outcome.unit_of_difference
    texts = [f"`{one['factor']}` ({with_interval(one['value'], one['low'], one['high'])})" for one in told[:MOST]]
    first = [f"`{one['factor']}` ({what_is(one['factor'])})" for one in told[:2]]
    return (
        f"Worth knowing before choosing, in {unit}: {listed(texts)}. So an office should first record {listed(first)}."
    )


def flips(found: Found, name: str) -> str:
    """Which assumptions turn the advice round, by an even sample of all of them."""
    study = found.study(name)
    results = study.results
    ranking = {one: per_cent(study.ranking(one)["best"]) for one in ("now", "monthly", "weekly")}
    return (
        f"**`{name}`** (latin, from 3 to 8 officers and every uncertainty but those that set how many files come in, "
        f"which were counted; {results['worlds']:,} design points, {results['runs']:,} runs of {results['adults']:,} adults). "
        f"A weekly event {does(study['weekly', 'rejected_share'], 'the rejected share', 'points')} on average and "
        f"{does(study['weekly', 'delayed_share'], 'the delayed share', 'points')}, and it "
        f"{does(study['weekly', 'ikm'], 'the IKM', 'points')}, which is lower in "
        f"{per_cent(study.standing('weekly', 'ikm')['worse_than_now'])} of design points. {by_use(study)} By the IKM doing as "
        f"now ranks first in {ranking['now']} of design points, an event a month in {ranking['monthly']}, one a week in "
        f"{ranking['weekly']}. {turned(study)} {worth(study)} {before_more(found, study)}"
    )


def by_use(study: Studied) -> str:
    """What a weekly event adds to the IKM by how full the desk is now."""
    bands = study.results["splits"]["used"]["weekly"]
    words = {"less": "less than 80% now", "busy": "80 to 99%", "full": "more than 99%"}
    texts = [
        f"{with_interval(one['mean'], one['low'], one['high'], 1)} in the {one['n']:,} design points where the desk is used "
        f"{words[key]}"
        for key, one in ((key, bands[key]) for key in words if key in bands)
    ]
    return f"The change is {listed(texts)}."


def turned(study: Studied) -> str:
    """Which assumptions flip the sign, and what the number of officers does to it."""
    title = "Whether weekly is better than now"
    indices = study.results["sensitivity"].get(title, {}).get("factors", {})
    told = [one for one, of in indices.items() if of["pawn"][3] and one in register()]
    texts = [f"`{one}` (PAWN {with_interval(*indices[one]['pawn'][:3])})" for one in told]
    text = (
        f"What is told to flip that sign: {listed(texts)}."
        if told
        else "No assumption alone is told to flip that sign."
    )
    staff = study.results["splits"].get("officers", {}).get("weekly", {})
    if not staff:
        return text
    few, *_, many = sorted(staff, key=float)
    return (
        f"{text} A weekly event raises the IKM in {per_cent(staff[few]['rises'])} of design points with {counted(int(few))} "
        f"officers and in {per_cent(staff[many]['rises'])} with {counted(int(many))}."
    )


def before_more(found: Found, study: Studied) -> str:
    """The advice."""
    bands = study.results["splits"]["used"]["weekly"]
    worst = min(bands, key=lambda one: bands[one]["mean"])
    return found.claim(
        worst != "less" and bands[worst]["high"] < 0.0,
        "Before more outreach an office should know how full its desk is.",
    )


def general(found: Found, name: str) -> str:
    """Any other study: how its policies rank, and what each does to the outcome that they are ranked by."""
    study = found.study(name)
    outcome = study.plan.declares().get("outcomes", ["rejected_share"])[0]
    rows = study.results.get("ranking", {})
    policies = [one for one in rows if one != "now"]
    texts = [
        f"`{one}` {does(study[one, outcome], f'the {lower(outcomes()[outcome].title)}', 'points')} and ranks first in "
        f"{per_cent(rows[one]['best'])}"
        for one in policies
    ]
    what = f"{'; '.join(texts)}." if texts else "it has no fair sample, so nothing is ranked."
    return (
        f"**`{name}`** ({study.results['kind']}, {how_large(study)}; {study.results['worlds']:,} design points, "
        f"{study.results['runs']:,} runs). {capital(what)}"
    )


def interval(index: Index) -> tuple[float, float, float]:
    """A value with its bounds."""
    return index.value, index.low, index.high


TABLES = {
    "reforms": "The tables stand [below](#reforms-beside-the-programme).",
    "ablation": "The table is in the model's description, *What each mechanism moves*.",
    "account-by-lever": "The tables are among [the hypotheses](hypotheses.md#what-would-tell-them-apart).",
}
"""Where a study's tables stand that are too large for a paragraph."""


def crossed(found: Found, name: str) -> str:
    """What was lived, and in how many cells something clearly moves."""
    study = found.study(name)
    cells = [cell for of in study.results["crossed"].values() for row in list(of.values())[1:] for cell in row.values()]
    first = next(iter(study.results["crossed"].values()))
    clear, same = (sum(cell["mark"] == mark for cell in cells) for mark in ("clear", "same"))
    return (
        f"**`{name}`** ({how_large(study)}, {study.results['runs']:,} runs, {len(first)} conditions by "
        f"{len(next(iter(first.values())))} arms). Of {len(cells):,} cells {clear} are clear and {same} do not differ in "
        f"one replicate. {TABLES.get(name, '')}".rstrip()
    )


BY_KIND: dict[str, Callable[[Found, str], str]] = {
    "frequency": frequency,
    "morris": screening,
    "sobol": variance,
    "crossed": crossed,
}
OWN: dict[str, Callable[[Found, str], str]] = {
    "outreach-frequency-crowded-desk": crowded,
    "which-assumptions-flip-the-advice": flips,
}
"""Studies whose paragraph says more than their kind's."""


def paragraph(found: Found, name: str) -> str:
    """What a study found."""
    kind = found.part(name)["kind"]
    return OWN.get(name, BY_KIND.get(kind, general))(found, name)


def _declare(name: str) -> None:
    block(PAGE, name)(lambda found: paragraph(found, name))


STUDIES = tuple(name for name, part in PLAN.items() if isinstance(part, Study))
for _name in STUDIES:
    _declare(_name)


@block(PAGE, "adults")
def adults(found: Found) -> str:
    """Adults of a fifth of Kebon Jeruk."""
    return f"{found.part('variance')['adults']:,}"


@block(PAGE, "measured-on")
def measured_on(found: Found) -> str:
    """The day, or the days, on which the studies were measured, but for those that wait."""
    days = sorted({found.measured_on(name) for name in STUDIES if name not in WAITING})
    first, last = (date.fromisoformat(one) for one in (days[0], days[-1]))
    words = [f"{one.day} {one:%B %Y}" for one in (first, last)]
    return f"on {words[0]}" if first == last else f"from {words[0]} to {words[1]}"
