"""Pairs for the tests of attribution methods."""

import pytest
import torch
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.plugin import AttributionConfig, AttributionPlugin
from vlminterp_attribution.registry import make_method

from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.plugin import Context
from vlminterp.progress import Progress
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.stages import Stages

FEW = {
    "ig": {"steps": 4},
    "smoothgrad": {"samples": 3},
    "rise": {"samples": 24, "cells": 3},
    "banzhaf": {"samples": 24},
    "kernelshap": {"samples": 24},
    "exclip": {"steps": 4},
    "fixlip": {"samples": 24},
    "m2ib": {"steps": 4, "copies": 2, "beta": 0.1},
    "coiba": {"steps": 4},
    "consensus": {"members": ["ig", "gae"]},
}
"""Options that make methods cheap."""


@pytest.fixture
def encoder(load_tiny):
    return load_tiny("hf", "float64")


@pytest.fixture
def inputs(encoder, pictures, captions):
    return encoder.preprocess(pictures), encoder.tokenize(captions)


@pytest.fixture
def method_of(encoder):
    """Makes a method on the tiny model."""

    def make(name, side="image", target=None, model=None, **options):
        model, options = model or encoder, {**FEW, name: options} if options else FEW
        batches = Batches(model, target or Similarity(), 0, options)
        return make_method(name, Side(side), batches)

    return make


@pytest.fixture
def run(load_tiny, tmp_path):
    """Makes a run of the plugin on planted pairs."""

    def run(name="run", pairs=3, source=None, **options):
        config = AttributionConfig(**{"batch_size": 2, **options})
        plugin = {"target": config.target.name}
        names = {"plugin": "attribution", "model": "tiny", "data": "planted"}
        source = source or PlantedSource(PlantedConfig(pairs=pairs))
        with RunFolder.open(tmp_path / name, {"names": names, "plugin": plugin}) as results:
            AttributionPlugin().run(
                Context(
                    config,
                    load_tiny("hf"),
                    source,
                    results,
                    Progress(quiet=True),
                    0,
                    torch.device("cpu"),
                    Stages(tmp_path / "stages", "inputs"),
                )
            )
        return results

    return run
