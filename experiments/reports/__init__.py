"""From numbers to files: the tables that commands write."""
