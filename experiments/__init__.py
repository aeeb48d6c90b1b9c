"""keliling: many runs of the co-production model, and what they show together."""
