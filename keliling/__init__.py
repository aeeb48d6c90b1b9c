"""keliling: an agent-based simulation of co-production uptake in public permit services.

In a notebook or a script: ``import keliling as kl``, then ``kl.load``, ``kl.run``, ``kl.compare``, ``kl.study``,
``kl.save``, ``kl.outcomes`` and ``kl.parameters`` (``keliling.experiments.library``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keliling.experiments.library import (
        InvalidInput,
        KelilingError,
        compare,
        load,
        outcomes,
        parameters,
        run,
        save,
        study,
    )

__version__ = "0.1.0"
__all__ = ["InvalidInput", "KelilingError", "compare", "load", "outcomes", "parameters", "run", "save", "study"]


def __getattr__(name: str) -> Any:
    """The public names, imported when one is asked for: ``--help`` is to come at once."""
    if name in __all__:
        return getattr(import_module("keliling.experiments.library"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
