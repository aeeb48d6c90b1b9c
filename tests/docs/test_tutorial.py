"""The tutorial runs from its first cell to its last in a kernel of its own, and shows the numbers of the commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from nbclient import NotebookClient

from keliling.experiments.cli import cli

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.ipynb"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is run: beside a reader's own folders of names that are ours too."""
    folder = tmp_path_factory.mktemp("notebook")
    for name in ("sim", "experiments"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise ImportError('not this one')\n")
    return folder


@pytest.fixture(scope="module")
def cells(here: Path) -> list[Any]:
    """Its cells of code, run."""
    notebook = nbformat.read(PAGE, as_version=4)
    nbformat.validate(notebook)
    assert not [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs], "outputs go stale"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KELILING_CHECKED", "0")
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": here}}).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cells: list[Any], code: str, kind: str) -> str:
    """What the cell with this code shows, of one kind."""
    (cell,) = [cell for cell in cells if code in cell.source]
    found = [output.data[kind] for output in cell.outputs if kind in output.get("data", {})]
    assert found, f"{code} shows no {kind}"
    return str(found[0])


def test_tables_are_those_of_the_command(cells: list[Any], here: Path) -> None:
    """The text of the comparison is what the command prints; as HTML it has the same words."""
    text = shown(cells, "found = kl.compare(", "text/plain")
    words = ["compare", "kebon-jeruk-2018", "kebon-jeruk-monthly", "kebon-jeruk-weekly", "--size", "0.03"]
    done = CliRunner().invoke(cli, [*words, "--replicates", "3", "--out", str(here / "by-command"), "--no-figures"])
    assert done.exit_code == 0, done.output
    assert text == done.stdout.rstrip()
    html = shown(cells, "found = kl.compare(", "text/html")
    assert "<table>" in html and "not a forecast" in re.sub(r"<[^>]+>", " ", html)


def test_figures_are_shown_and_files_written(cells: list[Any], here: Path) -> None:
    """A picture for each of both figures, and what ``save`` writes."""
    for code in ("found.figure(", "startswith("):
        assert shown(cells, code, "image/png")
    assert (here / "results" / "tutorial" / "comparison.csv").exists()
    assert (here / "results" / "officers-and-acceptance" / "runs.parquet").exists()
    assert "weekly-one-officer" in shown(cells, 'name="weekly-one-officer"', "text/plain")


def test_what_does_not_fit_is_said(cells: list[Any]) -> None:
    """One clear message."""
    (cell,) = [cell for cell in cells if "events_per_month=40.0" in cell.source]
    assert "must be at most 8" in "".join(output.get("text", "") for output in cell.outputs)
