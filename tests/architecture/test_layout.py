"""The house keeps its shape: small modules that say what they are, rules that know only mathematics, light imports."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path for part in ("keliling", "sim", "experiments") for path in (ROOT / part).rglob("*.py"))
LONGEST = 400
MESA_LIVES_IN = {"sim/model.py", *(f"sim/agents/{path.name}" for path in (ROOT / "sim" / "agents").glob("*.py"))}


def name_of(path: Path) -> str:
    """A module as the reader names it, such as sim/rules/filing.py."""
    return path.relative_to(ROOT).as_posix()


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relative to itself"
            found.add(node.module or "")
    return found


def is_part_of(module: str, package: str) -> bool:
    """Whether a module is a package or lies in it."""
    return module == package or module.startswith(f"{package}.")


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 40


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text
    assert len(text.split("\n")[0]) > 20


def test_no_module_is_too_long_to_read() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_no_module_is_named_for_what_it_is_not() -> None:
    assert [name_of(p) for p in MODULES if p.stem in ("utils", "helpers", "common", "misc", "tools")] == []


@pytest.mark.parametrize("path", sorted((ROOT / "sim" / "rules").glob("*.py")), ids=name_of)
def test_rules_know_only_mathematics_and_the_compiler(path: Path) -> None:
    allowed = ("__future__", "math", "keliling.sim.compiled", "keliling.sim.rules")
    assert [one for one in imports_of(path) if not any(is_part_of(one, known) for known in allowed)] == []


def test_rules_raise_to_no_power() -> None:
    """Powers have other bits compiled than in plain Python."""
    powers = [
        f"{name_of(path)}:{node.lineno}"
        for path in (ROOT / "sim" / "rules").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
    ]
    assert powers == []


def test_mesa_is_imported_only_where_agents_are() -> None:
    found = {name_of(path) for path in MODULES if any(is_part_of(one, "mesa") for one in imports_of(path))}
    assert "sim/model.py" in found
    assert found <= MESA_LIVES_IN


def test_no_module_is_imported_by_a_second_name() -> None:
    """From the root, where tests run, a bare ``import sim`` would load another copy."""
    every = [
        path
        for part in ("keliling", "sim", "experiments", "benchmarks", "tests")
        for path in (ROOT / part).rglob("*.py")
    ]
    bare = {name_of(p): one for p in every for one in imports_of(p) if one.split(".")[0] in ("sim", "experiments")}
    assert bare == {}


def test_one_run_never_imports_many() -> None:
    one_run = [path for path in MODULES if path.is_relative_to(ROOT / "sim")]
    assert [name_of(p) for p in one_run if any(is_part_of(one, "keliling.experiments") for one in imports_of(p))] == []


def test_the_layers_hold() -> None:
    """The contracts of pyproject.toml, in a process of their own: the checker keeps a cache in the working folder."""
    subprocess.run(["make", ".tree/keliling"], cwd=ROOT, check=True, capture_output=True)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports('../pyproject.toml'))",
        ],
        cwd=ROOT / ".tree",
        env=os.environ | {"PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: " in done.stdout
    assert "0 broken" in done.stdout


def test_the_picture_of_the_layers_is_true() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    picture = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```text\n", 1)[1].split("```", 1)[0]
    drawn = [line.split("  ")[0].strip() for line in picture.splitlines()]
    layers = [layer.replace("keliling.", "") for layer in contracts[0]["layers"]]
    assert drawn == layers, "draw the layers of pyproject.toml anew in CONTRIBUTING.md"


def test_a_run_is_imported_without_mesa_or_drawing() -> None:
    loaded = python("import sys, keliling.sim.run; print(*sys.modules)").split()
    assert "keliling.sim.run" in loaded
    assert {"mesa", "matplotlib", "pandas"} & set(loaded) == set()


def test_help_is_quick_because_it_imports_nothing_heavy() -> None:
    code = "\n".join(
        (
            "import sys",
            "from keliling.experiments.cli import cli",
            "try:",
            "    cli(['--help'])",
            "except SystemExit:",
            "    pass",
            "print(*sys.modules)",
        )
    )
    said = python(code)
    assert "Usage" in said
    loaded = set(said.splitlines()[-1].split())
    assert "keliling.experiments.cli" in loaded
    assert {"numpy", "numba", "scipy", "mesa", "matplotlib", "pandas"} & loaded == set()


def test_every_package_is_in_the_wheel() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"])
    folders = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in MODULES} - {"keliling"}
    found = {"keliling", *(f"keliling.{folder}" for folder in folders)}
    assert found - listed == set()
