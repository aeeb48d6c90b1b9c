"""keliling: one run of the co-production model (see ODD.md beside this file)."""
