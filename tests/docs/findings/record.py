"""``docs/findings.json``: what was measured, part by part, with what each part depends on.

Numbers are kept to ten digits: more than a page shows, and fewer than what another processor may round differently.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from keliling.experiments.keep.files import write_whole

FILE = Path(__file__).resolve().parents[3] / "docs" / "findings.json"
ABOUT = (
    "Every number that the pages quote from the model. Written by `make findings`; do not edit. Of a comparison: mean, "
    "low and high are the mean paired difference, policy minus baseline, and its 95% interval; better_in counts the "
    "replicates of n in which the policy was better."
)
DIGITS = 10
WIDTH = 180


def read(path: Path = FILE) -> dict[str, Any]:
    """The parts that were measured, by name; none where there is no file yet."""
    if not path.exists():
        return {}
    return dict(json.loads(path.read_text(encoding="utf-8"))["parts"])


def write(parts: dict[str, Any], path: Path = FILE) -> None:
    """Write the parts, whole or not at all."""
    text = _text({"about": ABOUT, "parts": parts}, 0)
    write_whole(path, (text + "\n").encode())


def plain(content: Any) -> Any:
    """Content as the file gives it back: numbers to ``DIGITS`` digits, what is not finite as text or nothing."""
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [plain(value) for value in content]
    if isinstance(content, float):
        if not math.isfinite(content):
            return None
        return float(f"{content:.{DIGITS}g}")
    return str(content) if isinstance(content, Path) else content


def _text(content: Any, indent: int) -> str:
    """JSON that people can read and compare: whatever fits is on one line."""
    short = json.dumps(content, ensure_ascii=False)
    if len(short) + indent <= WIDTH or not isinstance(content, (dict, list)):
        return short
    pad = " " * (indent + 1)
    if isinstance(content, dict):
        parts = [f"{pad}{json.dumps(key)}: {_text(value, indent + 1)}" for key, value in content.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + _text(value, indent + 1) for value in content) + "\n" + " " * indent + "]"
