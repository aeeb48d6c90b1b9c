"""keliling: many runs of the co-production model, and what they show together."""

NOT_A_FORECAST = "A tool for reasoning from stated assumptions, not a forecast."
"""What every table, figure and file of results says of itself."""
