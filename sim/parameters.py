"""The register: every parameter once, read from ``data/parameters.toml`` and ``data/permits.toml``.

Validation, the command ``keliling parameters``, the tables of the ODD page and the ranges of sensitivity analyses
all come from here. A parameter of a permit is named ``<permit>_<field>``, for instance ``imb_requirements``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import SimpleNamespace

Value = bool | int | float | str | tuple[int, ...]

GRADES = {
    "A": "measured in Jakarta or fixed by regulation",
    "B": "measured elsewhere",
    "C": "theory or sign only",
    "D": "assumption",
    "measured here": "measured by the office that the profile describes",
}
KINDS = {
    "lever": "the office or the surroundings can change it on a dated day",
    "uncertainty": "unknown, to be varied",
    "constant": "fixed by regulation, definition or construction",
}


@dataclass(frozen=True)
class Parameter:
    """One parameter; ``low`` and ``high`` are inclusive bounds, ``choices`` the allowed words (else empty)."""

    name: str
    section: str
    kind: str
    default: Value
    unit: str
    source: str
    grade: str
    meaning: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()
    reform_low: float | None = None
    """The lowest that a dated change may bring, of an uncertainty that the office can also reform."""

    @property
    def dated(self) -> bool:
        """Whether a dated change may move it."""
        return self.kind == "lever" or self.reform_low is not None

    @property
    def type(self) -> str:
        """What a value must be: ``switch``, ``choice``, ``list``, ``whole number`` or ``number``."""
        if isinstance(self.default, bool):
            return "switch"
        if self.choices:
            return "choice"
        if isinstance(self.default, tuple):
            return "list"
        return "whole number" if isinstance(self.default, int) else "number"


@dataclass(frozen=True)
class Permit:
    """One entry of the permit catalogue; its numbers are parameters named ``<name>_<field>``."""

    name: str
    title: str
    who: str
    enforced: bool
    credit: bool
    fills_load: bool
    """Whether as many are needed as the office's files leave room for; it then has no need rate of its own."""


PERMIT_UNITS = {
    "requirements": ("documents", "documents asked for"),
    "technical_rejection": ("probability", "complete files that fail the technical review"),
    "obstacle_part": (
        "share",
        "of those of own files, behind which is a requirement that cannot be met as things stand",
    ),
    "review_days": ("working days", "technical review, off the desk"),
    "intake_hours": ("officer hours", "officer time to take a file in at the counter"),
    "examination_hours": ("officer hours", "officer time of each examination"),
    "statutory_days": ("working days", "statutory time from complete submission to decision"),
    "fee": ("Rp million", "official fee"),
    "broker_fee": ("Rp million", "what a broker asks"),
    "need_rate": ("files a year and holder", "files of own initiative, renewals and those that come again counted"),
    "stock": ("share", "eligible holders with an open need at the start"),
    "unaware": ("share", "open needs, and new ones, whose holder does not know of them"),
    "end_rate": ("1/year", "rate at which an open need ends unfiled"),
    "benefit": ("utility", "private benefit of holding it"),
    "works_days": ("working days", "time that works are visible to patrols"),
    "validity_days": ("working days", "validity; 0 never expires"),
}


PERMIT_LEVERS = ("fee",)
PERMIT_REFORMS = {"requirements": 1, "examination_hours": 0.02, "review_days": 0}
"""The numbers of a permit that a dated change may bring down, and how low; what they are before is an uncertainty."""


def data_text(name: str) -> str:
    """Text of one of the package's data files."""
    return files("keliling.sim").joinpath("data").joinpath(name).read_text(encoding="utf-8")


@cache
def permits() -> tuple[Permit, ...]:
    """The permit catalogue, in the order of its file."""
    tables = tomllib.loads(data_text("permits.toml"))
    return tuple(
        Permit(name, table["title"], table["who"], table["enforced"], table["credit"], table.get("fills_load", False))
        for name, table in tables.items()
    )


@cache
def register() -> Mapping[str, Parameter]:
    """Every parameter by name, in the order of the files."""
    found: dict[str, Parameter] = {}
    for section, table in tomllib.loads(data_text("parameters.toml")).items():
        for name, entry in table.items():
            entry = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
            found[name] = Parameter(name=name, section=section, **entry)
    for permit, table in tomllib.loads(data_text("permits.toml")).items():
        for field, (unit, meaning) in PERMIT_UNITS.items():
            if field not in table:  # only the need rate of the permit that fills the load
                continue
            entry = {"meaning": meaning} | table[field]
            name = f"{permit}_{field}"
            kind = "lever" if field in PERMIT_LEVERS else "uncertainty"
            low = PERMIT_REFORMS.get(field)
            found[name] = Parameter(name, f"permit {permit}", kind, unit=unit, reform_low=low, **entry)
    return found


def defaults() -> dict[str, Value]:
    """The default of every parameter."""
    return {name: parameter.default for name, parameter in register().items()}


def namespace(values: Mapping[str, Value]) -> SimpleNamespace:
    """Values as attributes, with switches as 0 or 1, so that a rule can be handed plain numbers."""
    return SimpleNamespace(**{name: int(value) if isinstance(value, bool) else value for name, value in values.items()})
