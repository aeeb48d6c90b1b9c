"""Signs: how often each combination of signs of a policy's effect comes out, over all that the evidence leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from keliling.experiments.analysis.decision import Decision
from keliling.experiments.analysis.ensemble import distinct
from keliling.experiments.analysis.results import Results
from keliling.experiments.analysis.signs import Signs, signs_of
from keliling.experiments.keep.files import write_csv
from keliling.experiments.kinds.base import Kind
from keliling.experiments.plan.factors import Factor
from keliling.experiments.plan.points import DesignPoint, sequence
from keliling.experiments.plan.study import NOW, Arm
from keliling.experiments.plan.study_file import StudyFile
from keliling.experiments.reports.blocks import Block
from keliling.experiments.reports.report import Report, write_runs
from keliling.sim.outcomes import outcomes
from keliling.sim.scenario import Scenario

OF_SITE = "desk_load"
"""The factor that is drawn for each site apart: how full its desk is."""
WORDS = {-1: "falls", 0: "same", 1: "rises", None: "not defined"}


class SignsOfEffects(Kind):
    """Policies, each a site, against the study's baseline or another one, in worlds drawn from all factors. One
    replicate a world: luck is equal in both arms, and a world more tells more than a replicate more.

    ``Study.details`` are the names of the baselines, in the order of their own dimensions.
    """

    name = "signs"
    own_keys: Mapping[str, type] = {"against": dict}
    needs = ("policies", "factors")
    refuses = ("goal", "worth", "precision")
    luck = True
    ranks = False
    default_points = 64

    def arms(self, file: StudyFile, beside: Any) -> tuple[Sequence[Arm], Any]:
        """Every baseline before the first policy that is set against it."""
        found, policies = [file.now()], file.policies()
        against = file.tables.get("against", {})
        for name in against.keys() - {arm.name for arm in policies}:
            file.problems.add("study-against", file.place("against", name), name)
        taken, names = [NOW, *(arm.name for arm in policies)], {_known_by(file.base): NOW}
        for arm in policies:
            one = file.scenario_at("against", arm.name) if arm.name in against else file.base
            if one is None:
                continue
            if _known_by(one) not in names:
                taken = distinct([*taken, f"{NOW} ({one.name})"])
                names[_known_by(one)] = taken[-1]
                found.append(Arm(taken[-1], one.title, one, baseline=taken[-1]))
            found.append(replace(arm, baseline=names[_known_by(one)]))
        return found, list(dict.fromkeys(arm.baseline for arm in found))

    def design(self, factors: Sequence[Factor], points: int, seed: int, details: Any) -> Sequence[DesignPoint]:
        """Points of a scrambled Sobol sequence: what is common to all sites, and behind it what is each site's own."""
        common = [factor for factor in factors if factor.name != OF_SITE]
        own = [(factor, baseline) for factor in factors if factor.name == OF_SITE for baseline in details]
        found = []
        # SciPy's own seed, and not one more: the worlds that were drawn before there was this kind of study.
        for number, row in enumerate(sequence(len(common) + len(own), points, seed - 1).tolist()):
            values = {factor.name: factor.at(share) for factor, share in zip(common, row, strict=False)}
            shares = zip(own, row[len(common) :], strict=True)
            apart = {baseline: {factor.name: factor.at(share)} for (factor, baseline), share in shares}
            found.append(DesignPoint(number, values, own=apart))
        return found

    def own_luck(self, factors: Sequence[Factor], details: Any) -> bool:
        """All worlds share the luck of one replicate."""
        return False

    def report(self, results: Results) -> Report:
        """The signs; its arms are no policies to choose from."""
        return Report(results, Decision((), (), "", 0, 0), parts={"signs": signs_of(results)})

    def blocks(self, report: Report) -> list[Block]:
        """How often each combination came out."""
        signs: Signs = report.parts["signs"]
        drawn = len(signs.worlds) + signs.refused
        above = []
        if signs.refused:
            errors = report.results.errors
            above = [f"Left out, since it cannot be lived: {signs.refused}, such as one with {errors[0]}"]
        header, rows = _table(signs)
        right = (len(header) - 1,)
        heading = f"Signs of the effect in {drawn} drawn worlds"
        return [Block(heading, above, header, rows, right), *super().blocks(report)[-1:]]

    def own_content(self, report: Report) -> dict[str, Any]:
        """The same as plain data."""
        signs: Signs = report.parts["signs"]
        header, rows = _table(signs)
        return {"draws": len(signs.worlds) + signs.refused, "refused": signs.refused, "columns": header, "rows": rows}

    def write(self, folder: Path, report: Report) -> None:
        """``worlds.csv``: every difference in every world; ``runs.csv``."""
        signs: Signs = report.parts["signs"]
        rows = [
            (world, site, name, value)
            for world, differences in signs.worlds.items()
            for (site, name), value in differences.items()
        ]
        write_csv(folder / "worlds.csv", ("world", "policy", "outcome", "difference"), rows)
        write_runs(folder, report.results)

    def draw(self, folder: Path, report: Report) -> list[Path]:
        """No figure: it is a table of shares."""
        return []


def _known_by(scenario: Scenario) -> tuple[str, int]:
    """Equal for scenarios that come to the same under the same luck."""
    return scenario.digest(), scenario.population_seed


def _table(signs: Signs) -> tuple[list[str], list[list[str]]]:
    header = [f"{outcomes()[name].title}, {site}" for site in signs.sites for name in signs.outcomes]
    rows = [
        [*(WORDS[sign] for site in combination for sign in site), f"{100 * share:.1f}%"]
        for combination, share in signs.shares()
    ]
    return [*header, "Worlds"], rows
