"""Real runs of every plugin."""

import pytest

from tests.tiny_sweep import tiny_sweep
from vlminterp.results.sweep import Sweep

__all__ = ["runs", "tiny_sweep"]


@pytest.fixture(scope="session")
def runs(tiny_sweep):
    """Run folders by plugin."""
    return {run.names["plugin"]: run.folder for run in Sweep(tiny_sweep).runs()}
