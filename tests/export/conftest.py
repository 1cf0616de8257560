"""Real runs of every plugin."""

import pytest

from tests.tiny_sweep import tiny_sweep
from vlminterp.cli.main import run
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import Sweep

__all__ = ["runs", "tiny_sweep"]


@pytest.fixture(scope="session")
def runs(tiny_sweep, tmp_path_factory):
    """Run folders by plugin."""
    own = {run.names["plugin"]: run.folder for run in Sweep(tiny_sweep).runs()}
    return {**own, "audit": _audit(tiny_sweep.parents[2], tmp_path_factory.mktemp("audit"))}


def _audit(root, output):
    """Audits the sweep's classes; regions come from maps."""
    line = (
        *("+plugin=audit", "model=planted-spurious", "data=class_folder"),
        *(f"data.path={root / 'classes'}", f"plugin.bank={root / 'bank.csv'}"),
        *("plugin.method=gradeclip", "plugin.pictures=2", "plugin.draws=1"),
        *("tracking=disabled", "device=cpu", "console=quiet", f"output={output}"),
    )
    assert run(line) == 0
    (file,) = (output / "audit").glob("*/*/config.yaml")
    return RunFolder.read(file.parent)
