"""Districts: who lives where. Profiles come from ``data/districts/*.toml`` or from a row of ``data/dki-jakarta.csv``.

A profile file wins over a row. Neighbourhoods (RW) are numbered from 1 through the district, kelurahan by kelurahan in
the order of the profile. Every figure carries its source and grade. Files are checked in ``profile_file``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from keliling.sim.errors import InvalidInput
from keliling.sim.faults import Place, Problems, nearest_name
from keliling.sim.parameters import Value, data_text

ADULT = 17
"""Age of the identity card, from which a resident counts as an adult."""

DISTRICTS = Path(__file__).parent / "data" / "districts"
Source = tuple[str, str]


@dataclass(frozen=True)
class Kelurahan:
    """An urban village: ``weight`` is in proportion to its people; ``rw`` and ``rt`` count its neighbourhoods."""

    name: str
    weight: float
    rw: int
    rt: int


@dataclass(frozen=True)
class AgeBand:
    """People from age ``low`` to ``high``, both included, as a ``share`` of all people; even within the band."""

    low: int
    high: int
    share: float


@dataclass(frozen=True)
class Profile:
    """One district: its people, neighbourhoods and ages, and the parameters that are known for it alone."""

    slug: str
    name: str
    code: int
    """Number of the district, 1 to 4095: it keys the district's luck. 0 marks the pooled profile of a province."""
    city: str
    population: int
    """People of all ages."""
    kelurahan: tuple[Kelurahan, ...]
    ages: tuple[AgeBand, ...]
    values: Mapping[str, Value]
    """Parameters in which this district differs from the register."""
    sources: Mapping[str, Source]
    """(source, grade) of every figure: ``population``, ``rw``, ``rt``, ``kelurahan <name>``, ``ages``, parameters."""

    @property
    def n_rw(self) -> int:
        """Neighbourhoods (RW) of the district."""
        return sum(village.rw for village in self.kelurahan)

    @property
    def n_rt(self) -> int:
        """Neighbourhood units (RT) of the district."""
        return sum(village.rt for village in self.kelurahan)

    def kept_rws(self, size: float) -> list[int]:
        """Numbers, from 1, of the whole RWs that a reduced size keeps: evenly spread, at least one."""
        kept = max(1, round(self.n_rw * size))
        return sorted({int(place * self.n_rw / kept) + 1 for place in range(kept)})

    @property
    def adults(self) -> tuple[AgeBand, ...]:
        """The age bands of those who can hold an identity card, as shares of all people."""
        return grown(self.ages)

    @property
    def adult_share(self) -> float:
        """Adults as a share of all people."""
        return sum(band.share for band in self.adults)

    def content(self) -> dict[str, Any]:
        """What of the profile determines results, apart from its parameters: no names, no sources."""
        return {
            "code": self.code,
            "population": self.population,
            "kelurahan": [[village.weight, village.rw, village.rt] for village in self.kelurahan],
            "ages": [[band.low, band.high, band.share] for band in self.ages],
        }


@dataclass(frozen=True)
class Province:
    """Districts that are run one by one under one seed and pooled."""

    slug: str
    name: str
    districts: tuple[str, ...]

    def profile(self) -> Profile:
        """The districts pooled, for what is reported of the whole; its code 0 says that it is not run itself."""
        parts = [load_profile(slug) for slug in self.districts]
        return Profile(
            slug=self.slug,
            name=self.name,
            code=0,
            city=self.name,
            population=sum(part.population for part in parts),
            kelurahan=tuple(village for part in parts for village in part.kelurahan),
            ages=default_ages(),
            values={},
            sources={"population": ("sum of the districts", "D"), "ages": ages_source()},
        )


@cache
def provinces() -> tuple[Province, ...]:
    """The provinces that are shipped."""
    return (Province("dki-jakarta", "DKI Jakarta", tuple(_rows())),)


def find_province(slug: str) -> Province | None:
    """The province of this slug, if it is one."""
    return next((province for province in provinces() if province.slug == slug), None)


def profiles() -> list[str]:
    """Slugs of every district that is shipped: those of the table in its order, then those with a file alone."""
    return [*_rows(), *sorted(path.stem for path in DISTRICTS.glob("*.toml") if path.stem not in _rows())]


def load_profile(name_or_path: str | Path) -> Profile:
    """The profile of a shipped district, or of a file (a path, or text that ends in ``.toml``).

    Raises InvalidInput with every problem of the file, or when no district has this name.
    """
    from keliling.sim.profile_file import read_profile  # that module builds on the types above

    problems = Problems()
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml"):
        profile = read_profile(Path(name_or_path), problems)
    elif text in profiles():
        return _shipped(text)
    else:
        profile = None
        problems.add("profile-unknown", Place(text, key="profile"), text, nearest=nearest_name(text, profiles()))
    problems.raise_if_any()
    if profile is None:
        raise InvalidInput(problems.found)
    return profile


@cache
def _shipped(slug: str) -> Profile:
    path = DISTRICTS / f"{slug}.toml"
    return load_profile(path) if path.is_file() else _from_row(slug)


@cache
def _rows() -> Mapping[str, Mapping[str, str]]:
    """Rows of the province's table by slug, in the order of the table."""
    return {row["slug"]: row for row in csv.DictReader(data_text("dki-jakarta.csv").splitlines())}


def _from_row(slug: str) -> Profile:
    """A district of which only totals are known: kelurahan of equal weight, RWs and RTs split evenly."""
    row = _rows()[slug]
    count = int(row["kelurahan"])
    rws = split(int(row["rw"]), [1.0] * count)
    rts = split(int(row["rt"]), [1.0] * count)
    names = [f"Kelurahan {number + 1}" for number in range(count)]
    neighbourhoods = (row["rw_rt_source"], row["rw_rt_grade"])
    return Profile(
        slug=slug,
        name=row["name"],
        code=int(row["code"]),
        city=row["city"],
        population=int(row["population"]),
        kelurahan=tuple(Kelurahan(name, 1.0, rw, rt) for name, rw, rt in zip(names, rws, rts, strict=True)),
        ages=default_ages(),
        values={},
        sources={
            "population": (row["population_source"], row["population_grade"]),
            "rw": neighbourhoods,
            "rt": neighbourhoods,
            **{f"kelurahan {name}": ("totals of the district split evenly", "D") for name in names},
            "ages": ages_source(),
        },
    )


def grown(ages: Sequence[AgeBand]) -> tuple[AgeBand, ...]:
    """The bands from 17 up; a band across 17 is cut there, its people spread evenly over its years."""
    bands = []
    for band in ages:
        low = max(band.low, ADULT)
        if low <= band.high:
            share = band.share * (band.high - low + 1) / (band.high - band.low + 1)
            bands.append(AgeBand(low, band.high, share))
    return tuple(bands)


def split(total: int, weights: Sequence[float]) -> list[int]:
    """``total`` in whole parts proportional to ``weights``, by largest remainder; the earlier wins a tie."""
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


@cache
def _ages() -> tuple[tuple[AgeBand, ...], Source]:
    rows = list(csv.DictReader(data_text("ages.csv").splitlines()))
    bands = tuple(AgeBand(int(row["from"]), int(row["to"]), float(row["share"])) for row in rows)
    return bands, (rows[0]["source"], rows[0]["grade"])


def default_ages() -> tuple[AgeBand, ...]:
    """Age bands of the province, for districts of which no ages are known."""
    return _ages()[0]


def ages_source() -> Source:
    """Source and grade of the default age bands."""
    return _ages()[1]
