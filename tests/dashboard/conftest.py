"""Real runs, whose keys panels must be named by."""

from tests.tiny_sweep import tiny_sweep

__all__ = ["tiny_sweep"]
