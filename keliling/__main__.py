"""``python -m keliling`` is the command ``keliling``."""

from keliling.experiments.cli import main

main()
