"""What is measured, part by part: the comparisons, trials, the count of signs and the studies that the pages quote.

The first of a part's replicates is 0 and its year is 2019, as the commands have it. Sizes and replicates are said on
the pages from here, so a number is never quoted at a size at which it was not measured.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keliling.experiments.plan.study_file import shipped_studies

SMALL = 0.1  # the most of a district that a trial lives
TRIED = 2  # replicates of a trial


@dataclass(frozen=True)
class Pair:
    """A policy against its baseline, paired by replicate. A name in ``.toml`` is one of ``SCENARIOS``."""

    baseline: str
    policy: str
    size: float = 1.0
    replicates: int = 10
    seed: int = 1
    shown: bool = False
    """Whether what the command prints is kept as well."""

    def small(self) -> Pair:
        """The same with so few runs that a test can afford it."""
        return replace(self, size=min(self.size, SMALL), replicates=TRIED)


@dataclass(frozen=True)
class Reference:
    """The reference trial in the world of a shipped scenario."""

    scenario: str
    size: float = 1.0
    replicates: int = 20
    seed: int = 1

    def small(self) -> Reference:
        """The same with so few needs that a test can afford it."""
        return replace(self, size=min(self.size, SMALL), replicates=TRIED)


@dataclass(frozen=True)
class Asked:
    """The luck of who is asked, in a shipped scenario."""

    scenario: str
    options: tuple[str, ...] = ()
    size: float = 1.0
    replicates: int = 20
    seed: int = 1

    def small(self) -> Asked:
        """The same with so few people that a test can afford it."""
        return replace(self, size=min(self.size, SMALL), replicates=TRIED)


@dataclass(frozen=True)
class Signs:
    """Signs of the effects of policies, ``(baseline, policy)`` a site, in drawn worlds."""

    sites: tuple[tuple[str, str], ...]
    draws: int
    size: float
    seed: int = 1

    def small(self) -> Signs:
        """The same in two worlds."""
        return replace(self, draws=TRIED)


@dataclass(frozen=True)
class Study:
    """A study, shipped or from a file, as it stands there but for ``options`` of ``keliling study``."""

    file: Path
    options: tuple[str, ...] = ()

    def declares(self) -> dict[str, Any]:
        """What its file says."""
        return tomllib.loads(self.file.read_text(encoding="utf-8"))

    def scenarios(self) -> list[str]:
        """The scenarios that its file names: shipped names, and paths of files beside it."""
        declares = self.declares()
        named = [declares["baseline"], *declares.get("policies", {}).values()]
        names = [name for name in named if isinstance(name, str)]
        return [str(self.file.parent / name) if name.endswith(".toml") else name for name in names]


Part = Asked | Pair | Reference | Signs | Study

SCENARIOS = {
    "kebon-jeruk-unpatrolled.toml": """\
title = "Kebon Jeruk without patrols"
why = "How much of the demand for building permits comes from patrols (P14)?"
extends = "kebon-jeruk-2018"

[parameters]
patrols = false
""",
    **{
        f"{site}-2019-weekly.toml": f"""\
title = "The programme of 2019 with an event a week"
why = "Effects of which the sign can be told from luck in a single replicate."
extends = "{site}-2019"

[[change]]
month = "2019-01"
events_per_month = 4.0
"""
        for site in ("kebon-jeruk", "grogol-petamburan")
    },
}
"""Scenarios that only the pages ask for, by file."""

PLAN: Mapping[str, Part] = {
    "kebon-jeruk": Pair("kebon-jeruk-2018", "kebon-jeruk-2019", shown=True),
    "grogol-petamburan": Pair("grogol-petamburan-2018", "grogol-petamburan-2019"),
    "crowded": Pair("kebon-jeruk-crowded-2018", "kebon-jeruk-crowded-2019"),
    "weekly-reduced": Pair("kebon-jeruk-2018", "kebon-jeruk-weekly", size=0.2, replicates=3),
    "heads-decline": Pair("kebon-jeruk-2018", "kebon-jeruk-heads-decline", size=0.2, replicates=3),
    "unpatrolled": Pair("kebon-jeruk-2018", "kebon-jeruk-unpatrolled.toml", size=0.1, replicates=3),
    "signs": Signs(
        tuple((f"{site}-2018", f"{site}-2019-weekly.toml") for site in ("kebon-jeruk", "grogol-petamburan")),
        draws=32,
        size=0.1,
    ),
    **{f"reference-{site}": Reference(f"{site}-2018") for site in ("kebon-jeruk", "grogol-petamburan")},
    "asked": Asked("kebon-jeruk-weekly", ("--set", "years=3")),
    **{name: Study(file) for name, file in shipped_studies().items()},
}
"""Every part by name; a study's is its own."""


WAITING: frozenset[str] = frozenset()
"""Parts that have not been measured since the model last changed: the pages say so in their place. A study that takes
long can wait here for a while; `make findings ONLY=NAME` measures it, and its name is then taken out."""


def scenario(name: str, folder: Path) -> str:
    """A scenario as a command takes it: its shipped name, or the path of its file, which is written to ``folder``."""
    if name not in SCENARIOS:
        return name
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SCENARIOS[name], encoding="utf-8")
    return str(path)
