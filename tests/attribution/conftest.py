"""Runs of attributors over the planted world."""

import pytest
import torch

from tests.attribution.truth import PAIRS
from vlminterp.attribution.options import ExplainingConfig
from vlminterp.attribution.runner import explain_pairs
from vlminterp.drawing.figure import figure
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.plugin import Context
from vlminterp.progress import Progress
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.stages import Stages


@pytest.fixture
def source():
    return PlantedSource(PlantedConfig(pairs=PAIRS))


@pytest.fixture
def explain(load_tiny, source, tmp_path):
    encoder = load_tiny("hf")

    def run(*attributors, batch_size=5, name="run", seed=0, draw=figure, **options):
        resolved = {"names": {"plugin": "truth", "model": "tiny", "data": "planted"}}
        with RunFolder.open(tmp_path / name, resolved) as results:
            context = Context(
                None,
                encoder,
                source,
                results,
                Progress(quiet=True),
                seed,
                torch.device("cpu"),
                Stages(tmp_path / "stages", "inputs"),
            )
            config = ExplainingConfig(batch_size=batch_size, **{"passport": False, **options})
            explain_pairs(context, attributors, config, draw)
        return results

    return run
