"""The recipe's own way to load a model, and the shipped model by it."""

import runpy
from pathlib import Path

import pytest

from vlminterp.planted import models_dir

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def planted_base() -> Path:
    return models_dir() / "planted-base"


@pytest.fixture(scope="session")
def embedder(planted_base):
    evaluate = runpy.run_path(str(ROOT / "experiments" / "recipes" / "planted" / "evaluate.py"))
    return evaluate["load_embedder"](planted_base)
