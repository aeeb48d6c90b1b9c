"""Signs of an effect over worlds drawn from everything that is uncertain."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from keliling.experiments.analysis.signs import Signs, signs_of, worlds
from keliling.experiments.cli import cli
from keliling.experiments.plan.factors import of_parameter, uncertainties
from keliling.sim.parameters import register
from keliling.sim.scenario import load

pytestmark = pytest.mark.usefixtures("unchecked")


def test_worlds_lie_in_their_ranges_and_repeat() -> None:
    ranges = uncertainties()
    assert len(ranges) > 150
    drawn = worlds(8, 1, 2)
    for one, other in drawn:
        assert one.keys() == other.keys() == {factor.name for factor in ranges}
        assert [name for name in one if one[name] != other[name]] == ["desk_load"]
        for name, value in one.items():
            assert register()[name].low <= value <= register()[name].high, name
        load("kebon-jeruk-2019").with_(**one)
    assert drawn == worlds(8, 1, 2)
    assert drawn != worlds(8, 2, 2)


def test_wide_ranges_are_drawn_on_a_log_scale() -> None:
    stock = register()["iumk_stock"]
    assert of_parameter(stock).at(0.0) == stock.low
    assert of_parameter(stock).at(0.5) == pytest.approx((stock.low * stock.high) ** 0.5)
    narrow = register()["invite_acceptance"]
    assert of_parameter(narrow).at(0.5) == pytest.approx((narrow.low + narrow.high) / 2)
    whole = register()["imb_requirements"]
    assert {of_parameter(whole).at(share / 100) for share in range(100)} == {9, 10, 11, 12}


def test_rounding_carries_no_value_over_an_end() -> None:
    """0.5 + 1.0 * (0.9 - 0.5) is above 0.9 by a last bit."""
    for factor in uncertainties():
        assert factor.low <= factor.at(0.0) <= factor.at(1.0) <= factor.high, factor.name
        assert factor.at(1.0) == pytest.approx(factor.high)


def test_shares_count_combinations() -> None:
    found = Signs(("a",), ("x", "y"), [{("x", "a"): 1.0, ("y", "a"): -2.0}] * 3 + [{("x", "a"): 0.0, ("y", "a"): -2.0}])
    assert found.shares() == [(((1,), (-1,)), 0.75), (((0,), (-1,)), 0.25)]


def test_worlds_that_cannot_be_are_counted_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no prompt may be strong, worlds in which what is learnt is effect enough are left, and few others."""
    monkeypatch.setattr("keliling.sim.strengths.STRONGEST", 0.05)
    base, policy = (load(name, size=0.02, years=1) for name in ("kebon-jeruk-no-outreach", "kebon-jeruk-2018"))
    found = signs_of({"x": (base, policy)}, ("applications",), draws=16, seed=3)
    assert 0 < len(found.refused) < 16
    assert len(found.worlds) + len(found.refused) == 16
    assert sum("this world cannot give the effect of" in why for why in found.refused) > 5
    assert {why.split(":")[0] for why in found.refused} <= set(register())


def test_the_command(tmp_path) -> None:  # type: ignore[no-untyped-def]
    arguments = ["signs", "kebon-jeruk-no-outreach", "kebon-jeruk-weekly", "--size", "0.02", "--draws", "2"]
    result = CliRunner().invoke(cli, [*arguments, "--workers", "1", "--out", str(tmp_path), "--quiet"])
    assert result.exit_code == 0, result.output
    assert "Signs of the effect in 2 drawn worlds" in result.output
    lines = (tmp_path / "worlds.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * 2
    again = CliRunner().invoke(cli, [*arguments, "--workers", "1", "--out", str(tmp_path), "--quiet"])
    assert again.output == result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["kebon-jeruk-2018"], "come in pairs"),
        (["kebon-jeruk-2018", "kebon-jeruk-weekly", "--outcome", "rejected_shar"], "Did you mean 'rejected_share'?"),
    ],
)
def test_bad_input_is_told(arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(cli, ["signs", *arguments])
    assert result.exit_code == 2
    assert says in result.output
    assert "nothing was run" in result.output
