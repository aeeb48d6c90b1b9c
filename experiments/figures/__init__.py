"""Figures: each draws one thing that was found, with its numbers as CSV beside it."""
