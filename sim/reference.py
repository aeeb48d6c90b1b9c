"""What compiled code reads of the parameters at reference levers when constants are solved."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

from keliling.sim.rules.choice import CHOOSING
from keliling.sim.rules.filing import repair_probability
from keliling.sim.rules.motivation import skill_gained


class Reference(NamedTuple):
    """Parameters under their own names, but for the last, which are derived from them."""

    online_failure: float
    counter_failure: float
    gives_up: float
    tries_later: float
    retry_days: float
    literacy_mean: float
    knowledge_mean: float
    document_error: float
    officer_error: float
    broker_error: float
    assistance_error: float
    assistance_technical: float
    error_knowledge: float
    error_literacy: float
    document_correction: float
    correction_days: float
    reapply: float
    reapply_days: float
    knowledge_information: float
    knowledge_help: float
    hazard_sensitivity: float
    online_intake: float
    attention_cap: float
    obstacle_mended: float
    corrections: int
    correction_deadline: int
    preparation_days: int
    comes_back: float  # chance that a returned file comes back before the deadline
    repair: float  # chance that a defect is completed on the spot at an event
    skill: float  # of a trained co-producer


def choosing_of(p: SimpleNamespace) -> tuple[float, ...]:
    """Weights and costs of channels, in the order of ``CHOOSING``."""
    return tuple(float(getattr(p, name)) for name in CHOOSING)


def reference_of(p: SimpleNamespace) -> Reference:
    """The numbers that hold at reference levers."""
    in_time = 1.0 - (1.0 - 1.0 / max(p.correction_days, 1.0)) ** p.correction_deadline
    skill = skill_gained(float(p.skill_start), p.skill_training * p.training_hours)
    derived = {
        "comes_back": p.correction_chance * in_time,
        "repair": repair_probability(p.repair_chance, p.repair_gain, p.lessons_start, p.lessons_start, skill),
        "skill": skill,
    }
    whole = ("corrections", "correction_deadline", "preparation_days")
    named = {name: getattr(p, name) for name in Reference._fields if name not in derived} | derived
    return Reference._make(int(named[n]) if n in whole else float(named[n]) for n in Reference._fields)
