"""Golden runs: three small scenarios whose yearly sums are kept. ``make golden`` rewrites them, and what is kept of
commands of many runs (``tests/golden/many.py``), and prints what moved."""

from __future__ import annotations

import json
import math
from pathlib import Path

from keliling.sim.outcomes import totals_of
from keliling.sim.run import run
from keliling.sim.scenario import Scenario, load

FOLDER = Path(__file__).parent
Sums = dict[str, dict[str, float]]


def scenarios() -> dict[str, Scenario]:
    """The three: the paper's programme, a crowded desk with every helper at work, and another district and hypothesis."""
    return {
        "programme": load("kebon-jeruk-2019", size=0.06),
        "crowded": load("kebon-jeruk-crowded-2019", size=0.04, set_=["pay=160", "targeting=need", "survey_n=0"]),
        "grogol": load("grogol-petamburan-2019", size=0.05, set_=["weight_social=1.0", "site_shock=true"]),
    }


def sums(scenario: Scenario) -> Sums:
    """Every quantity of the records summed by year."""
    records = run(scenario, seed=20, replicate=18, checked=True).records
    return {
        f"year {year}": totals_of(records[12 * year : 12 * year + 12])
        for year in range(scenario.warmup_years + scenario.years)
    }


def kept(name: str) -> Sums:
    """What is kept for a golden run."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def differences(old: Sums, new: Sums) -> list[str]:
    """Quantities that moved: whole numbers at all, others by more than 1e-9 of their size."""
    moved = []
    for year in sorted(old.keys() | new.keys()):
        before, after = old.get(year, {}), new.get(year, {})
        for name in sorted(before.keys() | after.keys()):
            one, other = before.get(name, math.nan), after.get(name, math.nan)
            whole = float(one).is_integer() and float(other).is_integer()
            same = one == other if whole else math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
            if not same:
                moved.append(f"{year}, {name}: {one} -> {other}")
    return moved


if __name__ == "__main__":
    for name, scenario in scenarios().items():
        path, new = FOLDER / f"{name}.json", sums(scenario)
        moved = differences(kept(name) if path.exists() else {}, new)
        print(f"{name}: {len(moved)} quantities moved", *moved[:40], sep="\n  ")
        path.write_text(json.dumps(new, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    from tests.golden import many

    print("tables of commands that moved:", *many.rewritten(), sep="\n  ")
