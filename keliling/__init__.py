"""keliling: an agent-based simulation of co-production uptake in public permit services."""

__version__ = "0.1.0"
