"""District profiles: what is shipped agrees with its table and sources, and an office can start its own."""

from __future__ import annotations

import csv
import tomllib
from io import StringIO
from pathlib import Path

import pytest

from keliling.sim.errors import InvalidInput
from keliling.sim.new_office import code_of, new_office
from keliling.sim.parameters import GRADES, data_text, register
from keliling.sim.profile import (
    ADULT,
    DISTRICTS,
    AgeBand,
    Kelurahan,
    Profile,
    default_ages,
    find_province,
    load_profile,
    profiles,
    provinces,
    split,
)
from keliling.sim.profile_file import known_sources

OFFICE = {"name": "Cibinong", "population": 380_000, "rw": 50, "rt": 305}


def test_all_44_districts_load_and_add_up_to_the_province() -> None:
    (province,) = provinces()
    assert province.slug == "dki-jakarta" and find_province("dki-jakarta") == province
    assert set(province.districts) <= set(profiles()) and len(province.districts) == 44
    pooled = province.profile()
    assert (pooled.population, pooled.n_rw, pooled.n_rt, len(pooled.kelurahan)) == (10_560_000, 2_731, 30_417, 267)
    assert pooled.code == 0
    codes = [load_profile(slug).code for slug in province.districts]
    assert sorted(codes) == list(range(1, 45))


@pytest.mark.parametrize("slug", ["kebon-jeruk", "grogol-petamburan"])
def test_a_district_with_a_file_agrees_with_its_row(slug: str) -> None:
    rows = {row["slug"]: row for row in csv.DictReader(StringIO(data_text("dki-jakarta.csv")))}
    row, profile = rows[slug], load_profile(slug)
    assert (DISTRICTS / f"{slug}.toml").is_file()
    assert profile.code == int(row["code"])
    assert (profile.name, profile.city) == (row["name"], row["city"])
    assert profile.population == int(row["population"])
    assert (profile.n_rw, profile.n_rt) == (int(row["rw"]), int(row["rt"]))
    assert len(profile.kelurahan) == int(row["kelurahan"])


def test_the_two_case_districts_hold_what_the_evidence_says() -> None:
    kebon_jeruk, grogol = load_profile("kebon-jeruk"), load_profile("grogol-petamburan")
    assert sum(village.weight for village in kebon_jeruk.kelurahan) == pytest.approx(17.98)
    assert kebon_jeruk.kelurahan[0] == Kelurahan("Duri Kepa", 3.87, 15, 154)
    assert dict(kebon_jeruk.values) == {"ikm_base": 81.81, "officers": 8}
    assert dict(grogol.values) == {"ikm_base": 83.33, "officers": 8, "own_files": 70.0}
    assert {village.weight for village in grogol.kelurahan} == {1.0}
    assert kebon_jeruk.sources["ikm_base"] == ("S0", "A")
    weights = [village.weight for village in kebon_jeruk.kelurahan]
    assert split(70, weights) == [village.rw for village in kebon_jeruk.kelurahan]
    assert split(713, weights) == [village.rt for village in kebon_jeruk.kelurahan]


@pytest.mark.parametrize("slug", profiles())
def test_every_figure_has_a_source_and_a_grade(slug: str) -> None:
    profile = load_profile(slug)
    figures = {"population", "rw", "rt", "ages", *profile.values, *(f"kelurahan {v.name}" for v in profile.kelurahan)}
    assert figures == set(profile.sources)
    assert all(source and grade in GRADES for source, grade in profile.sources.values())
    assert all(village.rt >= village.rw >= 1 for village in profile.kelurahan)


def test_sources_are_those_of_the_tables() -> None:
    assert {"S0", "S47", "E25", "K1"} <= known_sources()


def test_ages_are_the_census_generations_and_are_cut_at_the_card_age() -> None:
    bands = default_ages()
    assert [band.low for band in bands] == [0, 8, 24, 40, 56, 75] and bands[-1].high == 95
    assert sum(band.share for band in bands) == pytest.approx(0.9973)
    adults = load_profile("kebon-jeruk").adults
    assert adults[0] == AgeBand(ADULT, 23, 0.2565 * 7 / 16)  # ages 17 to 23 of 8 to 23
    assert adults[1:] == bands[2:]
    assert load_profile("kebon-jeruk").adult_share == pytest.approx(0.7405, abs=1e-4)


def test_a_row_is_split_evenly() -> None:
    assert not (DISTRICTS / "gambir.toml").exists()
    gambir = load_profile("gambir")
    assert [village.rw for village in gambir.kelurahan] == [8, 7, 7, 7, 7, 7]
    assert [village.rt for village in gambir.kelurahan] == [77] * 6
    assert gambir.kelurahan[0].name == "Kelurahan 1"


def test_split_keeps_the_total_and_the_earlier_wins_a_tie() -> None:
    assert split(10, [1, 1, 1]) == [4, 3, 3]
    assert split(5, [0.5, 0.25, 0.25]) == [3, 1, 1]
    assert sum(split(862, [0.1] * 7)) == 862


def test_content_holds_what_determines_results_and_no_names() -> None:
    content = load_profile("kebon-jeruk").content()
    assert set(content) == {"code", "population", "kelurahan", "ages"}
    assert "Kebon" not in str(content)


def test_a_new_office_loads_with_its_own_figures_marked(tmp_path: Path) -> None:
    figures = {**OFFICE, "officers": 5, "files_per_day": 45, "ikm": 79.2, "kelurahan": ["A", "B"], "city": "Bogor"}
    path = new_office(figures, tmp_path / "sub" / "cibinong.toml")
    profile = load_profile(path)
    assert (profile.slug, profile.name, profile.city) == ("cibinong", "Cibinong", "Bogor")
    assert (profile.population, profile.n_rw, profile.n_rt) == (380_000, 50, 305)
    assert [village.name for village in profile.kelurahan] == ["A", "B"]
    assert profile.code == code_of("Cibinong") and 100 <= profile.code <= 4094
    # An IKM outside what the register holds plausible is accepted from the office that measured it.
    assert (profile.values["officers"], profile.values["ikm_base"]) == (5, 79.2)
    assert set(profile.values) == {"officers", "ikm_base", "own_files"}
    for name in ("population", "rw", "rt", *profile.values):
        assert profile.sources[name][1] == "measured here"


def test_the_load_of_a_new_office_agrees_with_the_shipped_districts(tmp_path: Path) -> None:
    for slug, rate in (("kebon-jeruk", register()["own_files"].default), ("grogol-petamburan", 70.0)):
        district = load_profile(slug)
        figures = {"name": slug, "population": district.population, "rw": 70, "rt": 700, "files_per_day": 50}
        made = load_profile(new_office(figures, tmp_path / f"{slug}.toml"))
        assert made.values["own_files"] == pytest.approx(rate, rel=0.05)


def test_a_new_office_writes_every_default_as_a_comment_that_can_be_taken_up(tmp_path: Path) -> None:
    path = new_office({**OFFICE, "officers": 5}, tmp_path / "made.toml")
    text = path.read_text()
    for name, parameter in register().items():
        if name != "officers":
            assert f"# {name} = {{ value = " in text
            assert f'grade = "{parameter.grade}"' in text
    commented = [line.startswith("# ") and (" = " in line or "[[" in line) for line in text.splitlines()]
    own = [line[2:] if taken else line for line, taken in zip(text.splitlines(), commented, strict=True)]
    taken = tmp_path / "taken.toml"
    taken.write_text("\n".join(own))
    profile = load_profile(taken)
    assert set(profile.values) == set(register())
    assert profile.ages == default_ages()


def test_a_new_office_needs_only_four_figures_and_writes_over_nothing(tmp_path: Path) -> None:
    path = new_office(OFFICE, tmp_path / "made.toml")
    before = path.read_text()
    assert [village.name for village in load_profile(path).kelurahan] == ["Cibinong"]
    with pytest.raises(InvalidInput, match="there is a file already"):
        new_office({**OFFICE, "name": "Other"}, path)
    assert path.read_text() == before


def test_a_broken_new_office_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        new_office({**OFFICE, "rt": 3, "officers": 99, "thanks": 2}, tmp_path / "made.toml")
    assert {problem.id for problem in caught.value.problems} == {"rt-fewer", "too-high", "switch-expected"}
    assert not list(tmp_path.iterdir())


def test_codes_of_names_differ_and_ignore_case() -> None:
    assert code_of("Cibinong") == code_of(" cibinong ")
    assert len({code_of(f"Office {number}") for number in range(40)}) > 37


def test_profiles_of_files_say_where_they_come_from() -> None:
    for path in sorted(DISTRICTS.glob("*.toml")):
        assert "source" in path.read_text() and tomllib.loads(path.read_text())["name"]
    rows = list(csv.DictReader(data_text("ages.csv").splitlines()))
    assert {row["source"] for row in rows} == {"S11"}


def test_a_profile_is_frozen() -> None:
    with pytest.raises(AttributeError):
        load_profile("kebon-jeruk").name = "x"  # type: ignore[misc]
    assert isinstance(load_profile(DISTRICTS / "kebon-jeruk.toml"), Profile)
