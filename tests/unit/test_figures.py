"""The figures of a comparison: they exist, are valid, repeat bit for bit, and keep their words within the frame."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest

from keliling.experiments.analysis.comparison import Comparison
from keliling.experiments.analysis.ensemble import Ensemble
from keliling.experiments.figures import style
from keliling.experiments.figures.comparison import differences, draw_comparison, headline, trajectories
from keliling.sim.scenario import load
from tests.ensembles import ensembles


@pytest.fixture(scope="module")
def lived() -> list[Ensemble]:
    """A baseline, a policy, and the baseline again under a very long name."""
    base = load("kebon-jeruk-2018", ["years=1", "first_year=2019"], size=0.06)
    policy = load("kebon-jeruk-weekly", ["years=1", "first_year=2019"], size=0.06)
    long = base.with_(name="-".join(["long"] * 30), title=" ".join(["A title that goes on"] * 12))
    return ensembles([base, policy, long], 3)


def test_files_are_there_whole_and_alike(lived, tmp_path):
    comparison = Comparison(lived[0], lived[1:2])
    first = draw_comparison(tmp_path / "a", comparison)
    names = [path.name for path in first]
    assert names == ["trajectories.svg", "trajectories.png", "differences.svg", "differences.png"]
    for path, again in zip(first, draw_comparison(tmp_path / "b", comparison), strict=True):
        assert path.read_bytes() == again.read_bytes()
    for path in first:
        if path.suffix == ".svg":
            assert ElementTree.parse(path).getroot().tag.endswith("svg")
            assert "date" not in path.read_text()
        else:
            assert path.read_bytes().startswith(b"\x89PNG")


def test_each_policy_has_its_own_files(lived, tmp_path):
    names = {path.name for path in draw_comparison(tmp_path, Comparison(lived[0], lived[1:]))}
    assert len(names) == 8
    assert "trajectories-kebon-jeruk-weekly.svg" in names


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize("replicates", [1, 3])
def test_no_word_leaves_the_frame(lived, which, replicates):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    base, policy = (Ensemble(one.scenario, one.runs[:replicates], one.name) for one in (lived[0], lived[which]))
    comparison = Comparison(base, [policy])
    with style.styled() as figures:
        for figure in (
            trajectories(figures, comparison, policy, style.POLICIES[0]),
            differences(figures, comparison, policy),
        ):
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            width, height = canvas.get_width_height()
            for text in figure.findobj(Text):
                if text.get_text().strip() and text.get_visible():
                    box = text.get_window_extent(canvas.get_renderer())
                    inside = box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height
                    assert inside, (text.get_text(), box)


def test_titles_say_what_was_found(lived):
    same = Comparison(lived[0], lived[2:])
    rows = [d for d in same.rows() if d.outcome.headline and not math.isnan(d.difference)]
    assert headline(rows, same) == "No difference at all in 2019"
    comparison = Comparison(lived[0], lived[1:2])
    found = headline([d for d in comparison.rows() if d.outcome.headline], comparison)
    assert found.startswith("In 2019, better: ")
    assert "programme cost" in found


def test_the_style_is_not_left_switched_on(lived, tmp_path):
    import matplotlib

    before = matplotlib.rcParams["svg.hashsalt"], matplotlib.rcParams["font.size"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_comparison(Path(tmp_path), Comparison(lived[0], lived[1:2]))
    assert (matplotlib.rcParams["svg.hashsalt"], matplotlib.rcParams["font.size"]) == before
