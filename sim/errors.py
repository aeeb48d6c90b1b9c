"""Everything that can go wrong on purpose, on one screen."""

from __future__ import annotations

from dataclasses import dataclass


class KelilingError(Exception):
    """Root of all errors that are meant for the user: shown as one message, never a traceback."""

    exit_code = 1


@dataclass(frozen=True)
class Problem:
    """One fault in an input file.

    ``line`` and ``column`` count from 1; 0 means that the place is not known (a value from the command line).
    ``id`` names the rule that was broken (a key of ``sim.faults.RULES``).
    """

    file: str
    line: int
    column: int
    key: str
    given: str
    rule: str
    nearest: str = ""
    id: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        given = f" (given: {self.given})" if self.given else ""
        nearest = f" Did you mean '{self.nearest}'?" if self.nearest else ""
        return f"{place}: {self.key}: {self.rule}{given}.{nearest}"


class InvalidInput(KelilingError):
    """One or more problems in scenarios, profiles or options; all of them are reported at once."""

    exit_code = 2

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))

    def __reduce__(self) -> tuple[type[InvalidInput], tuple[list[Problem]]]:
        """Cross to another process with the problems, not with their text."""
        return type(self), (self.problems,)


class Infeasible(KelilingError):
    """A world that cannot be: no constants give what its parameters say. Told by name; drawn sets count such worlds."""

    exit_code = 2


class CheckFailed(KelilingError):
    """A law of the model was broken during a run with checks switched on (ODD, section "Checks")."""

    exit_code = 3


class Interrupted(KelilingError):
    """The user stopped a long job; what was finished is kept and named in the message."""

    exit_code = 130
