"""What is said on stderr while many runs are lived."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from keliling.experiments.commands import options
from keliling.experiments.commands.terminal import ProgressBar, say

if TYPE_CHECKING:
    from keliling.experiments.conduct import Event
    from keliling.experiments.run.executors import Execution


class Watch:
    """Tells what happens to a study: what was finished before, and how far each round is."""

    def __init__(self, execution: Execution, *, quiet: bool) -> None:
        self.execution, self.quiet = execution, quiet
        self._rounds = ExitStack()
        self._progress: ProgressBar | None = None

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._rounds.close()

    def __call__(self, event: Event) -> None:
        from keliling.experiments.conduct import Lived, Planned, RoundEnded

        if isinstance(event, Planned):
            if self.execution.cluster is None and event.left:
                options.compile_first(self.execution.engine, quiet=self.quiet)
            if event.finished and not self.quiet:
                say(f"{event.finished:,} of {event.finished + event.left:,} runs were finished before")
            self._progress = self._rounds.enter_context(ProgressBar(event.days, quiet=self.quiet))
        elif isinstance(event, Lived) and self._progress is not None:
            self._progress(event.days)
        elif isinstance(event, RoundEnded):
            self._rounds.close()
