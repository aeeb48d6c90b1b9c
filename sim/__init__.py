"""keliling: one run of the co-production model (see ODD.md beside this file)."""

__version__ = "0.1.0"
