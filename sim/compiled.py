"""The one decorator that compiles the rules, and where compiled code is kept between runs.

numba's own cache does not see that a called function in another file has changed, so the folder is named by a
digest of every compiled source and of the versions that shape the machine code. KELILING_COMPILED=0 leaves the
rules as plain Python: slower, the same bits.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import platformdirs

F = TypeVar("F", bound=Callable[..., object])

COMPILED = os.environ.get("KELILING_COMPILED", "1") != "0"


def cache_folder() -> Path:
    """Folder of the compiled rules for these sources, this numba, this NumPy, this Python and this processor."""
    from importlib.metadata import version

    digest = hashlib.blake2b(digest_size=8)
    here = Path(__file__).parent
    for source in sorted([*here.glob("*.py"), *here.glob("rules/*.py")]):
        text = source.read_bytes()
        if b"@compiled" in text:
            digest.update(source.name.encode() + text)
    for part in (sys.version, version("numba"), version("numpy"), platform.machine(), platform.processor()):
        digest.update(part.encode())
    root = os.environ.get("KELILING_CACHE", platformdirs.user_cache_dir("keliling"))
    return Path(root) / "compiled" / digest.hexdigest()


if COMPILED:
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder()))
    import numba

    def compiled(function: F) -> F:
        """Compile a scalar rule: strict IEEE arithmetic, no fused operations, kept on disk between runs."""
        return numba.njit(cache=True, fastmath=False, error_model="python")(function)

else:

    def compiled(function: F) -> F:
        """Leave the rule as plain Python (KELILING_COMPILED=0)."""
        return function
