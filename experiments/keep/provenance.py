"""Which code made a result: versions, and a digest of the model's sources."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from keliling import __version__
from keliling.sim.run import packages


@cache
def made_by(engine: str) -> dict[str, Any]:
    """Versions and a digest of the model's sources and tables: results of other code are never mixed in."""
    from importlib.metadata import version

    from keliling import sim

    here = Path(sim.__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for pattern in ("**/*.py", "data/*.csv", "data/*.toml"):
        for source in sorted(here.glob(pattern)):
            digest.update(source.relative_to(here).as_posix().encode() + b"\0" + source.read_bytes())
    found = {name: version(name) for name in packages(engine)}
    return {"keliling": __version__, "sim": digest.hexdigest(), "engine": engine, "packages": found}
