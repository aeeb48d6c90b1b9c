"""The wheel: it claims the name ``keliling`` and no other, and works beside a user's own folders of other names."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
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


def test_it_runs_beside_a_users_own_folders_of_the_same_names(wheel: Path, tmp_path: Path) -> None:
    """In an environment that has the wheel and what it needs, and in a folder with packages ``sim`` and ``experiments``."""
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

    def python(*words: str) -> str:
        command = [str(place / "bin" / "python"), *words]
        done = subprocess.run(command, cwd=mine, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    where = python(
        "-c", "import keliling.sim, sim, experiments; print(keliling.sim.__file__, sim.MINE, experiments.MINE)"
    )
    assert where.split() == [str(packages / "keliling" / "sim" / "__init__.py"), "True", "True"]
    said = python(
        *("-m", "keliling", "compare", "kebon-jeruk-2018", "kebon-jeruk-2019"),
        *("--size", "0.02", "--replicates", "2", "--no-figures"),
    )
    assert "Rejected share" in said
    assert (mine / "results" / "kebon-jeruk-2018-vs-kebon-jeruk-2019" / "comparison.csv").exists()
    assert "reforms" in python("-m", "keliling", "studies")
