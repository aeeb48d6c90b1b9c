"""The wheel: it claims the name ``keliling`` and no other, and works beside a user's own folders of other names."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(ROOT)]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_claims_one_name_and_carries_the_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"keliling"}
    for data in (
        "sim/_scenarios/kebon-jeruk-2018.toml",
        "sim/data/parameters.toml",
        "experiments/studies/reforms.toml",
    ):
        assert f"keliling/{data}" in names
    shipped = {path.name for path in (ROOT / "experiments" / "studies").glob("*.toml")}
    assert {Path(name).name for name in names if name.startswith("keliling/experiments/studies/")} == shipped


Python = Callable[..., str]


@pytest.fixture
def python(wheel: Path, tmp_path: Path) -> Python:
    """Python of an environment that has the wheel and what it needs, in a folder with packages ``sim`` and
    ``experiments`` of a user's own."""
    place = tmp_path / "environment"
    venv.create(place, with_pip=False, symlinks=True)
    (packages,) = (place / "lib").glob("python*/site-packages")
    zipfile.ZipFile(wheel).extractall(packages)
    # What it needs is lent by this environment; the hook of the checkout's own installation is not.
    (packages / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    mine = tmp_path / "mine"
    for name in ("sim", "experiments"):
        (mine / name).mkdir(parents=True)
        (mine / name / "__init__.py").write_text("MINE = True\n", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"KELILING_CHECKED": "0"}

    def run(*words: str) -> str:
        command = [str(place / "bin" / "python"), *words]
        done = subprocess.run(command, cwd=mine, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_users_own_folders_of_the_same_names_are_theirs(python: Python, tmp_path: Path) -> None:
    code = "import keliling.sim, sim, experiments; print(keliling.sim.__file__, sim.MINE, experiments.MINE)"
    where, *mine = python("-c", code).split()
    assert Path(where).is_relative_to(tmp_path / "environment")
    assert mine == ["True", "True"]
    assert "reforms" in python("-m", "keliling", "studies")


PAIR = ("kebon-jeruk-2018", "kebon-jeruk-2019")
CELL = f"""
import keliling as kl
import experiments, sim
assert sim.MINE and experiments.MINE
found = kl.compare({PAIR[0]!r}, {PAIR[1]!r}, size=0.02, replicates=2, folder="of-notebook")
found.save("of-notebook")
print(found)
"""
NOTEBOOK = f"""
import nbformat
from nbclient import NotebookClient
cell = nbformat.v4.new_code_cell({CELL!r})
NotebookClient(nbformat.v4.new_notebook(cells=[cell]), timeout=600, kernel_name="python3").execute()
print("".join(output.text for output in cell.outputs if output.get("name") == "stdout"))
"""


@pytest.mark.verify
def test_it_compares_beside_them(python: Python, tmp_path: Path) -> None:
    """From the command line and in a notebook's kernel, to the same tables. The model is compiled anew for the installed
    copy, which takes a minute or two."""
    options = ("--size", "0.02", "--replicates", "2", "--no-figures", "--out", "of-command")
    said = python("-m", "keliling", "compare", *PAIR, *options)
    assert "Rejected share" in said
    assert python("-c", NOTEBOOK).strip() == said.strip()
    of = [(tmp_path / "mine" / folder / "comparison.csv").read_bytes() for folder in ("of-command", "of-notebook")]
    assert of[0] == of[1]
