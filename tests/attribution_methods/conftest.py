"""Pairs for the tests of attribution methods."""

import pytest
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import make_method

from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity

FEW = {
    "ig": {"steps": 4},
    "smoothgrad": {"samples": 3},
    "rise": {"samples": 24, "cells": 3},
    "banzhaf": {"samples": 24},
    "kernelshap": {"samples": 24},
    "m2ib": {"steps": 4, "copies": 2, "beta": 0.1},
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
