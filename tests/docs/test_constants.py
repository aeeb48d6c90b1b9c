"""Every number of the model is in the register, or under a name with a reason that the model's description lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.constants import constants, constants_in, numbers_within
from tests.docs.odd_tables import PAGE, SIM

MODULES = sorted([*SIM.joinpath("agents").glob("*.py"), *SIM.joinpath("kernels").glob("*.py")])


@pytest.mark.parametrize("path", MODULES, ids=[path.relative_to(SIM).as_posix() for path in MODULES])
def test_no_number_stands_in_an_engine(path: Path) -> None:
    """But nothing, one and two, and what has a name at the top of its module."""
    assert numbers_within(path) == []


def test_every_named_number_has_its_reason() -> None:
    assert [f"{one.file}: {one.name}" for one in constants() if len(one.reason) < 8] == []


def test_the_description_lists_them_all() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(constants()) > 40
    assert [one.name for one in constants() if f"| `{one.name}` |" not in text] == []


def test_what_is_looked_for_is_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        'LEAST = 0.05  # of the load\nFIRST, SECOND = 3, 4\nPART, WHOLE = 0.5, 8  # of a day\nHALF = 1 / 2\n"""Of it."""\n'
        "def rule(x):\n    return 3.5 * x + 2 - LEAST\n"
    )
    assert numbers_within(path) == [(7, 3.5)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.docs.constants.SIM", tmp_path)
        found = {one.name: (one.value, one.reason) for one in constants_in(path)}
    assert found == {
        "LEAST": (0.05, "of the load"),
        "PART": (0.5, "of a day"),
        "WHOLE": (8, "of a day"),
        "HALF": (0.5, "Of it."),
    }
