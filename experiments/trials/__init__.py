"""Trials inside the model, and the luck of who is asked."""
