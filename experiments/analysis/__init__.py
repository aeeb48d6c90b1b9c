"""From finished runs to numbers: paired differences, intervals, decisions, sensitivity."""
