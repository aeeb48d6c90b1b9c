"""The command line. This module and those of ``commands`` import nothing heavy, so that ``--help`` is quick."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

import rich_click as click

from keliling import __version__
from keliling.experiments.commands.catalogue import districts, outcomes, parameters, scenarios
from keliling.experiments.commands.check import check
from keliling.experiments.commands.compare import compare
from keliling.experiments.commands.ikm import ikm
from keliling.experiments.commands.office import new_office
from keliling.experiments.commands.run import run
from keliling.experiments.commands.signs import signs
from keliling.experiments.commands.study import studies, study
from keliling.experiments.commands.terminal import say
from keliling.experiments.commands.trace import trace
from keliling.experiments.commands.trial import trial
from keliling.experiments.commands.verify import verify

EXIT_CODES = (
    "Exit codes: 0 done; 1 failed; 2 the input is at fault and nothing was run; 3 a law of the model was broken "
    "(--checked); 130 interrupted, and the message says what is kept."
)


class Keliling(click.RichGroup):
    """A group whose commands end with one clear message and an exit code, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors meant for people are shown as such."""
        from keliling.sim.errors import InvalidInput, KelilingError

        before = _stops_cleanly()
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except InvalidInput as error:
            for problem in error.problems:
                say(str(problem))
            say("nothing was run")
            ctx.exit(error.exit_code)
        except KelilingError as error:
            say(str(error))
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            say("stopped")
            ctx.exit(130)
        except BrokenPipeError:
            # Whoever read this has seen enough, as `| head` has. Python would complain once more when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except OSError as error:
            say(f"keliling stopped: {error.strerror or error}")
            ctx.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("KELILING_TRACEBACK"):
                raise
            say(f"keliling failed: {type(error).__name__}: {error}")
            say("This is a fault of keliling; KELILING_TRACEBACK=1 shows where.")
            ctx.exit(1)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _stops_cleanly() -> dict[int, Any]:
    """Treat a request to terminate as Ctrl-C, and let neither be lost; returns how they were treated before.

    While compiled code is loaded Python is called back from C, where what is raised is printed and forgotten. A signal
    that comes there is sent once more a moment later.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code.co_name.startswith("_raw_object_cache"):  # llvmlite's only callbacks
                threading.Timer(0.02, os.kill, (os.getpid(), number)).start()
                return
            frame = frame.f_back
        raise KeyboardInterrupt

    before: dict[int, Any] = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):  # and not where it is ignored
                before[number] = signal.signal(number, stop)
    except ValueError:  # not in the main thread
        pass
    return before


@click.group(cls=Keliling, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.rich_config(
    {
        "text_paragraph_linebreaks": "\n\n",
        "options_table_column_types": ["required", "opt_all_metavar", "help"],
        "range_string": "",
    }
)
@click.version_option(__version__, prog_name="keliling")
def cli() -> None:
    """Simulate co-production uptake in public permit services: what outreach events do, for whom, at what cost.

    A tool for reasoning from stated assumptions, not a forecast.

    \b
    Begin with:
      keliling scenarios
      keliling run kebon-jeruk-2019 --size 0.1
      keliling compare kebon-jeruk-2018 kebon-jeruk-monthly --dry-run
    """


for command in (
    run,
    compare,
    study,
    studies,
    verify,
    trace,
    trial,
    ikm,
    signs,
    check,
    scenarios,
    parameters,
    outcomes,
    districts,
    new_office,
):
    cli.add_command(command)


def main() -> None:
    """The entry point of ``keliling``."""
    if sys.stdout is None:  # closed by whoever called
        sys.stdout = io.StringIO()
    cli(prog_name="keliling")


if __name__ == "__main__":
    main()
