"""What studies and comparisons come to does not move unnoticed."""

from __future__ import annotations

import pytest

from tests.golden.many import cases, digests, kept

pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.mark.parametrize("name", list(cases()))
def test_every_table_is_as_it_was(name: str) -> None:
    assert digests(cases()[name]) == kept()[name], "tables moved; if that is meant, run `make golden`"


def test_nothing_is_kept_of_what_is_gone() -> None:
    assert kept().keys() == cases().keys()
