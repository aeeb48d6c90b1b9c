"""``make findings``: measure what is not current, then write the pages anew.

    python -m tests.docs.findings                  everything that is not current
    python -m tests.docs.findings --only NAME ...  these parts, current or not
    python -m tests.docs.findings --render         nothing is measured: only the pages
    python -m tests.docs.findings --dry-run        what would be measured, and roughly how long it takes

Every part is in docs/findings.json as soon as it is measured, and what a part has lived is kept in results/findings:
whatever stops the command, it goes on from there when it is given again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from keliling.experiments.commands.terminal import duration
from tests.docs.findings import record
from tests.docs.findings.digest import declared, depends_on, stale
from tests.docs.findings.measure import Stopped, measured, seconds
from tests.docs.findings.pages import ROOT, render
from tests.docs.findings.plan import PLAN, Part

FOLDER = ROOT / "results" / "findings"


def say(message: str) -> None:
    """A line for people."""
    print(message, file=sys.stderr, flush=True)


def measure(
    plan: Mapping[str, Part],
    *,
    only: Sequence[str] = (),
    file: Path = record.FILE,
    folder: Path = FOLDER,
    dry_run: bool = False,
) -> None:
    """Measure the parts of a plan that are not current, or those named, and keep each as it is done. Raises Stopped."""
    parts = record.read(file)
    say("Looking for what is not current; where the model has to be compiled first, this takes a minute")
    why = dict.fromkeys(only, "as asked") if only else stale(plan, parts)
    expected = {name: seconds(plan[name], name, folder) for name in why}
    for at, (name, reason) in enumerate(why.items()):
        left = duration(sum(list(expected.values())[at:]))
        say(f"{at + 1} of {len(why)}: {name} ({reason}); about {duration(expected[name])}, {left} in all")
        if dry_run:
            continue
        began = time.monotonic()
        parts[name] = {
            "measured": f"{datetime.now(UTC):%Y-%m-%d}",
            "depends_on": depends_on(plan[name], name),
            "plan": declared(plan[name]),
            "results": measured(plan[name], name, folder),
        }
        record.write({one: record.plain(parts[one]) for one in plan if one in parts}, file)
        say(f"  measured in {duration(time.monotonic() - began)}")
    if not why:
        say("Every part is current")


def write_pages(root: Path = ROOT, file: Path = record.FILE, *, partly: bool = False) -> bool:
    """Write the pages, say what changed, and whether all that they say is measured and borne out.

    With ``partly`` it may be that not everything has been measured yet.
    """
    changed, wrong, missing = render(record.read(file), root)
    say(f"Written: {', '.join(changed)}" if changed else "Every page is as the record has it")
    if missing and partly:
        say(f"Not measured yet: {len(missing)} places, such as {missing[0]}")
    for one in () if partly else missing:
        say(f"Not measured: {one}")
    for one in wrong:
        say(f"To be put right: {one}")
    return not wrong and (partly or not missing)


def main(given: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    about, _, usage = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        "python -m tests.docs.findings",
        description=about,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=PLAN, default=(), metavar="NAME", help=f"of {', '.join(PLAN)}")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    parser.add_argument("--dry-run", action="store_true", help="say what would be measured; measure nothing")
    asked = parser.parse_args(given)
    try:
        if not asked.render:
            measure(PLAN, only=asked.only, dry_run=asked.dry_run)
    except Stopped as stop:
        say("Stopped. Parts that were measured are kept, and so is what was lived of this one: give the command again")
        return stop.code
    except KeyboardInterrupt:
        say("Stopped; give the command again to go on")
        return 130
    if asked.dry_run:
        return 0
    return 0 if write_pages(partly=bool(asked.only) or asked.render) else 1


if __name__ == "__main__":
    sys.exit(main())
