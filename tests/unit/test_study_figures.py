"""The figures of studies: whole and alike, their numbers beside them, titles that say what these say, words in frame."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from keliling.experiments.analysis.decision import decide
from keliling.experiments.analysis.information import Information, Worth
from keliling.experiments.analysis.results import Results
from keliling.experiments.analysis.sensitivity import ESTIMATORS, Index, Sensitivity
from keliling.experiments.figures import style
from keliling.experiments.figures.gains import who_gains
from keliling.experiments.figures.grid import heat_map
from keliling.experiments.figures.information import information_bars
from keliling.experiments.figures.policies import forest, frequency_response
from keliling.experiments.figures.screening import NAMED, morris_plane
from keliling.experiments.figures.sensitivity import convergence_lines, index_bars
from keliling.experiments.figures.sheet import footer
from keliling.experiments.figures.tornado import Bar, tornado
from keliling.experiments.kinds import KINDS
from keliling.experiments.plan.study import Arm, Study
from keliling.sim.outcomes import outcomes
from keliling.sim.parameters import register
from keliling.sim.scenario import load

FREQUENCIES = (0.0, 0.25, 1.0, 4.0, 8.0)
LEVERS = ("events_per_month", "publicity")
JOBS, RWS = 24, 40
FOOT = "A study: 960 runs of each of 3 arms, paired by luck, seed 1. keliling 0.1.0."
TARGET = "Rejected share: weekly minus now, points"
LONG = " ".join(["A policy of a title that goes on and on"] * 4)


@pytest.fixture(scope="module")
def base():
    return load("kebon-jeruk-2018")


@pytest.fixture
def drawn(monkeypatch):
    """Titles of the figures drawn, each of which is looked at: every word within the frame."""
    titles, save = [], style.save

    def looked_at(figure, folder, name):
        titles.append(figure.texts[0].get_text().replace("\n", " "))
        paths = save(figure, folder, name)
        _all_in_frame(figure)
        return paths

    monkeypatch.setattr(style, "save", looked_at)
    return titles


def _all_in_frame(figure):
    from matplotlib.text import Text

    figure.set_dpi(100)
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    # Ticks beyond the ends of an axis are there, but not drawn.
    axes = [axis for panel in figure.axes for axis in (panel.xaxis, panel.yaxis)]
    spans = [(axis, *sorted(axis.get_view_interval())) for axis in axes]
    beyond = {
        tick.label1 for axis, low, high in spans for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high
    }
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible() and text not in beyond:
            box = Text.get_window_extent(text, figure.canvas.get_renderer())
            assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height, (text.get_text(), box)


def _study(base, kind, levels, names, title=""):
    arms = [Arm(f"p{at}", title or f"policy {at}", base, level) for at, level in enumerate(levels, start=1)]
    of, arms = KINDS[kind], (Arm("now", "Now", base), *arms)
    design, own_luck = tuple(of.design((), 1, 1, None)), of.own_luck((), None)
    study = Study("s", "A study", "?", kind, arms, (), 1, JOBS, 1, 2019, tuple(names))
    return replace(study, design=design, own_luck=own_luck)


def _results(study, effect, *, rejected=(0.2, 0.16, 0.1), fall=0.0):
    """Results in which policies add ``effect`` by outcome and arm, with a little luck; thirds reject as said."""
    rng, arms = np.random.default_rng(7), len(study.arms)
    values = {}
    for name in outcomes():
        level = rng.normal(50, 5, JOBS)
        noise = rng.normal(0, 0.4, (arms, JOBS))
        values[name] = np.stack([level + (effect(name, at) + noise[at] if at else 0.0) for at in range(arms)])
    counts = {}
    for third, share in zip(("low", "middle", "high"), rejected, strict=True):
        decided = rng.integers(400, 600, (arms, JOBS))
        less = np.array([fall * (at > 0) * (third == "low") for at in range(arms)])[:, None]
        counts[third] = decided.astype(float), rng.binomial(decided, share - less).astype(float)
    for at, quantity in enumerate(("decided", "rejected")):
        values[quantity] = np.asarray(sum(count[at] for count in counts.values()))
        values |= {f"{quantity}_{third}": counts[third][at] for third in ("low", "high")}
    decided = rng.poisson(rng.integers(3, 300, RWS), (arms, RWS)) + 1
    rws = {name: np.zeros((arms, JOBS, RWS)) for name in ("decided_by_rw", "rejected_by_rw")}
    rws["decided_by_rw"][:, 0], rws["rejected_by_rw"][:, 0] = decided, rng.binomial(decided, 0.15)
    return Results(study, study.arms, np.zeros(JOBS, dtype=np.int64), np.arange(JOBS), values, 0, [], rws)


def _frequency(base, names, effect, title=""):
    return _results(_study(base, "frequency", [{LEVERS[0]: f} for f in FREQUENCIES], names, title), effect)


def _improves(name, at):
    return outcomes()[name].better * 2.0 * FREQUENCIES[at - 1] ** 0.5


def _nothing(name, at):
    return 0.0


def _rows(paths):
    assert [path.suffix for path in paths] == [".svg", ".png", ".csv"]
    assert len({path.stem for path in paths}) == 1
    assert ElementTree.parse(paths[0]).getroot().tag.endswith("svg")
    assert paths[1].read_bytes().startswith(b"\x89PNG")
    with paths[2].open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- policies


def test_frequencies(base, drawn, tmp_path):
    names = ("rejected_share", "complaints_expected", "utilisation", "cost", "desk_cost")
    results = _frequency(base, names, _improves)
    turning = {"rejected_share": "turns to harm beyond 4 a month; the desk is 93% used there, crowded"}
    rows = _rows(frequency_response(tmp_path, results, names, today=0.25, turning=turning))
    assert drawn[0].startswith(
        "At 8 events a month instead of 0.25, in the same luck, better: rejected share, expected"
    )
    assert len(rows) == len(names) * len(FREQUENCIES)
    differences = results.difference("rejected_share", 4)
    assert rows[3]["events_per_month"] == "4.0"
    assert float(rows[3]["difference"]) == pytest.approx(differences.mean(), abs=1e-12)
    assert float(rows[3]["runs_90_percent"]) == pytest.approx(np.percentile(differences, 90), abs=1e-12)
    assert rows[3]["verdict"] == "better"


def test_frequencies_that_do_nothing(base, drawn, tmp_path):
    results = _frequency(base, ("rejected_share",), lambda name, at: -1e-4 * at)
    frequency_response(tmp_path, results, ("rejected_share",), today=8.0, turning={})
    assert drawn == ["At 8 events a month instead of 8, in the same luck: no clear change for the better or the worse"]


def test_forest(base, drawn, tmp_path):
    names = ("rejected_share", "granted", "utilisation", "satisfaction", "ikm", "cost", "desk_cost", "broker_share")
    results = _frequency(base, names, lambda name, at: 1234.5 * _improves(name, at), LONG)
    standings = decide(results).standings
    rows = _rows(forest(tmp_path, standings, footer=footer(results)))
    assert drawn[0].startswith("Rejected share: best under A policy")
    assert drawn[0].endswith("4 of 5 policies clearly better")
    assert [float(row["difference"]) for row in rows] == [one.difference for one in standings]
    assert [row["unit_of_difference"] for row in rows[:2]] == ["points", "a year"]


def test_a_forest_of_nothing(base, drawn, tmp_path):
    results = _frequency(base, ("rejected_share",), _nothing)
    still = {name: np.repeat(level[:1], len(level), axis=0) for name, level in results.values.items()}
    same = Results(results.study, results.arms, results.point, results.replicate, still, 0, [], {})
    forest(tmp_path, decide(same).standings, footer="")
    assert drawn == ["Rejected share: the same under every policy, in every pair"]


@pytest.mark.parametrize(
    ("slope", "said"), [(-3.0, "best at"), (3.0, "nowhere clearly better"), (0.0, "no clear change")]
)
def test_heat_map(base, drawn, tmp_path, slope, said):
    levels = [dict(zip(LEVERS, (f, p), strict=True)) for f in (0.25, 1.0, 4.0) for p in (0.25, 0.5, 1.0)]
    study = _study(base, "grid", levels, ("rejected_share",))
    results = _results(study, lambda name, at: slope * levels[at - 1]["publicity"] * levels[at - 1][LEVERS[0]] + 1e-3)
    if not slope:
        results.values["rejected_share"][1:] = results.values["rejected_share"][0] + np.tile((-1.0, 1.0), JOBS // 2)
    rows = _rows(heat_map(tmp_path, results, "rejected_share", LEVERS))
    assert said in drawn[0]
    for at, row in enumerate(rows, start=1):
        assert {lever: float(row[lever]) for lever in LEVERS} == levels[at - 1]
        assert float(row["difference"]) == pytest.approx(results.difference("rejected_share", at).mean(), abs=1e-12)


@pytest.mark.parametrize(
    ("fall", "said"), [(0.06, "low digital literacy gain more"), (0.0, "no clear difference in gain")]
)
def test_who_gains(base, drawn, tmp_path, fall, said):
    study = _study(base, "frequency", [{LEVERS[0]: 8.0}], ("rejected_share",))
    results = _results(study, _improves, fall=fall)
    rows = _rows(who_gains(tmp_path, results, 1))
    assert said in drawn[0]
    assert [row["group"] for row in rows[:4]] == ["low", "middle", "high", "all"]
    middle = [
        100
        * (results.values["rejected"] - results.values["rejected_low"] - results.values["rejected_high"])[at]
        / (results.values["decided"] - results.values["decided_low"] - results.values["decided_high"])[at]
        for at in (0, 1)
    ]
    assert float(rows[1]["change_of_rejected_share_points"]) == pytest.approx((middle[1] - middle[0]).mean(), abs=1e-12)
    changes = [float(row["change_of_rejected_share_points"]) for row in rows[4:]]
    assert len(changes) == RWS and changes == sorted(changes)
    number = int(rows[4]["group"].removeprefix("rw ")) - 1
    rejected, decided = (results.rws[f"{name}_by_rw"].sum(axis=1)[:, number] for name in ("rejected", "decided"))
    shares = 100 * rejected / decided
    assert changes[0] == pytest.approx(shares[1] - shares[0], abs=1e-12)


def test_who_gains_in_a_province(base, drawn, tmp_path):
    study = _study(base, "frequency", [{LEVERS[0]: 8.0}], ("rejected_share",))
    results = _results(study, _improves)
    none = Results(study, study.arms, results.point, results.replicate, results.values, 3, ["broken"], {})
    assert len(_rows(who_gains(tmp_path, none, 1))) == 4


# -- factors


def _long_names(count):
    """Uncertainties with the longest words first, and luck."""
    there = [one for one in register().values() if one.kind == "uncertainty"]
    return ["luck", *(one.name for one in sorted(there, key=lambda one: -len(one.meaning))[: count - 1])]


def _sensitivity(kind, size, *, count=40, points=64, told=True):
    """Indices that fall off factor by factor, with an interval as wide as said."""
    names, found = _long_names(count), []
    for at, name in enumerate(names):
        value = 0.6 * 0.8**at
        for measure in {"sobol": ("S1", "ST"), "pawn": ("pawn",), "morris": ("mu_star",)}[kind]:
            mine = value * (0.7 if measure == "S1" else 1.0)
            found.append(Index(name, measure, mine, mine - size, mine + size, told and mine - size > 0.05, points))
        if kind == "morris":
            found += [
                Index(name, measure, value * 0.6, math.nan, math.nan, False, points) for measure in ("mu", "sigma")
            ]
    floor = {one.measure: 0.05 if one.measure not in ("mu", "sigma") else math.nan for one in found}
    return Sensitivity(kind, TARGET, ESTIMATORS[kind], tuple(names), tuple(found), floor, points, 1, "")


def _bars(size):
    effects = [(-3.0 * 0.85**at, 2.0 * 0.85**at) for at in range(26)]
    return [
        Bar(name, "least_reached", "1,234.5", low, (low - size, low + size), high, (high - size, high + size))
        for name, (low, high) in zip(_long_names(27)[1:], effects, strict=True)
    ]


@pytest.mark.parametrize(
    ("size", "said"), [(0.1, "and 18 more move it clearly"), (9.0, "no factor alone moves it clearly")]
)
def test_tornado(drawn, tmp_path, size, said):
    bars = _bars(size)
    rows = _rows(tornado(tmp_path, bars[::-1], outcome_title="Rejected share", unit="%", base=14.2, footer=FOOT))
    assert said in drawn[0]
    assert [(row["factor"], row["end"]) for row in rows[:2]] == [(bars[0].factor, "low"), (bars[0].factor, "high")]
    assert [float(row["change"]) for row in rows[::2]] == [bar.at_low for bar in bars]
    assert float(rows[1]["interval_high"]) == bars[0].high_interval[1]
    assert rows[0]["unit"] == "points"


def test_a_tornado_of_runs_that_failed(drawn, tmp_path):
    nothing = (math.nan, math.nan)
    rows = [Bar("report_share", "0", "1", math.nan, nothing, math.nan, nothing)]
    assert _rows(tornado(tmp_path, rows, outcome_title="IKM", unit="25-100", base=80.0, footer=""))[0]["change"] == ""


@pytest.mark.parametrize("kind", ["sobol", "pawn"])
@pytest.mark.parametrize("told", [True, False])
def test_index_bars(drawn, tmp_path, kind, told):
    found = _sensitivity(kind, 0.04, told=told)
    rows = _rows(index_bars(tmp_path, found, f"{kind}-bars", FOOT))
    assert ("moved most by luck (0.60)" in drawn[0]) is told
    assert ("no factor is told" in drawn[0]) is not told
    given = {(one.factor, one.measure): one for one in found.indices}
    assert len(rows) == len(given)
    for row in rows:
        one = given[row["factor"], row["measure"]]
        assert [float(row[key]) for key in ("value", "interval_low", "interval_high")] == [one.value, one.low, one.high]
        assert row["told"] == str(one.told)


@pytest.mark.parametrize("told", [True, False])
def test_morris_plane(drawn, tmp_path, monkeypatch, told):
    names = []
    whole = style.save
    monkeypatch.setattr(style, "save", lambda figure, *place: names.append(_labels(figure)) or whole(figure, *place))
    rows = _rows(morris_plane(tmp_path, _sensitivity("morris", 0.03, told=told), "morris", FOOT))
    assert ("moved most by luck" in drawn[0]) is told
    assert {row["measure"] for row in rows} == {"mu_star", "mu", "sigma"}
    assert rows[-1]["interval_low"] == ""
    assert 0 < len(names[0]) <= NAMED
    boxes = names[0]
    assert not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[at + 1 :])


def _labels(figure):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Annotation, Text

    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    labels = [one for one in figure.findobj(Annotation) if one.arrow_patch is not None]
    return [Text.get_window_extent(one, renderer) for one in labels]


def test_convergence(drawn, tmp_path):
    parts = [_sensitivity("sobol", 2.0 / points, points=points) for points in (16, 32, 64)]
    rows = _rows(convergence_lines(tmp_path, parts, "convergence", FOOT))
    assert "stood still, within their intervals, from 32 to 64 base points" in drawn[0]
    assert sorted({int(row["points"]) for row in rows}) == [16, 32, 64]
    later = [
        Index(one.factor, one.measure, one.value + 0.3, one.low + 0.3, one.high + 0.3, True, 64)
        for one in parts[2].indices
    ]
    moved = [*parts[:2], Sensitivity("sobol", TARGET, "", parts[2].factors, tuple(later), {}, 64, 0, "")]
    convergence_lines(tmp_path, moved, "convergence", FOOT)
    assert "not settled, luck" in drawn[1]
    assert convergence_lines(tmp_path, parts[:1], "convergence", FOOT) == []


def _worth(told):
    factors = []
    for at, name in enumerate(_long_names(27)[1:]):
        value, known = 40 * 0.8**at, register()[name]
        sure = told and value > 10
        place = (value, value - 4 if sure else 0.0, value + 4, 3.0, sure, 0.5 * 0.8**at)
        factors.append(Information(name, known.meaning, known.grade, known.source, *place))
    return Worth("Rp million a year", "weekly", tuple(factors), "")


@pytest.mark.parametrize("told", [True, False])
def test_information(drawn, tmp_path, told):
    worth = _worth(told)
    rows = _rows(information_bars(tmp_path, worth, "information", FOOT))
    assert drawn[0].startswith("Worth most to learn: " if told else "No single factor is clearly worth learning")
    assert [float(row["worth"]) for row in rows] == [one.value for one in worth.factors]
    assert [row["grade"] for row in rows] == [one.grade for one in worth.factors]
    assert all(float(a["worth"]) >= float(b["worth"]) for a, b in pairwise(rows))


def test_nothing_is_drawn_of_nothing(base, tmp_path):
    results = _results(_study(base, "latin", [{}], ("rejected_share",)), _nothing)
    assert frequency_response(tmp_path, results, ("rejected_share",), today=0.25, turning={}) == []
    assert heat_map(tmp_path, results, "rejected_share", LEVERS) == []
    assert forest(tmp_path, (), footer="") == []
    none = Sensitivity("sobol", TARGET, "", ("a",), (), {}, 3, 0, "too few points")
    assert index_bars(tmp_path, none, "none", FOOT) == []
    assert morris_plane(tmp_path, none, "none", FOOT) == []
    assert convergence_lines(tmp_path, [none], "none", FOOT) == []
    assert information_bars(tmp_path, Worth("points", "weekly", (), "one arm only"), "none", FOOT) == []
    assert not list(tmp_path.iterdir())


def test_files_repeat_bit_for_bit(base, tmp_path):
    names = ("rejected_share", "cost", "desk_cost")
    results = _frequency(base, names, _improves)

    def all_in(folder):
        return [
            *frequency_response(folder, results, names, today=0.25, turning={}),
            *forest(folder, decide(results).standings, footer=footer(results)),
            *who_gains(folder, results, 2),
            *tornado(folder, _bars(0.1)[:4], outcome_title="IKM", unit="25-100", base=80.0, footer=FOOT),
            *index_bars(folder, _sensitivity("sobol", 0.05, count=5), "bars", FOOT),
            *morris_plane(folder, _sensitivity("morris", 0.05, count=5), "plane", FOOT),
            *information_bars(folder, _worth(True), "information", FOOT),
        ]

    for first, again in zip(all_in(tmp_path / "a"), all_in(tmp_path / "b"), strict=True):
        assert first.name == again.name and first.read_bytes() == again.read_bytes()
