"""stub"""
from __future__ import annotations
from pathlib import Path
from experiments.comparison import Comparison
def draw_comparison(folder: Path, comparison: Comparison) -> None:
    """stub"""
