"""Python, YAML and TOML in README and docs: what can run without a network, runs."""

import ast
import tomllib

import pytest
import torch
import yaml

import vlminterp
from tests.docs.documented import examples
from vlminterp.planted.source import PlantedConfig, PlantedSource

EXAMPLES = list(examples())
PYTHON = [one for one in EXAMPLES if one.language == "python"]
READERS = {"yaml": yaml.safe_load, "toml": tomllib.loads, "python": ast.parse}


def ids(example):
    return f"{example.page}-{example.text.strip().splitlines()[-1][:40]}"


@pytest.mark.parametrize("example", [one for one in PYTHON if one.runs], ids=ids)
def test_python_runs(example, tmp_path, monkeypatch):
    """A planted VLM stands in for that of the hub; names that a page takes for granted exist."""
    (pair,) = PlantedSource(PlantedConfig(pairs=1)).pairs()
    picture = pair.load_image()
    monkeypatch.chdir(tmp_path)
    picture.save("cat.jpg")
    picture.save("scene.png")
    names = {
        "vlminterp": vlminterp,
        "picture": picture,
        "encoder": vlminterp.load("planted-base", "cpu"),
        "values": torch.rand(3, 8, 8),
        "heat": torch.rand(8, 8),
        "score": lambda pictures: pictures.mean(dim=(1, 2, 3)),
    }
    exec(example.text.replace("clip-vit-b32", "planted-base"), names)


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.language in READERS], ids=ids)
def test_an_example_can_be_read(example):
    assert READERS[example.language](example.text)


def test_few_are_not_run():
    assert sum(one.runs for one in PYTHON) > len(PYTHON) / 2
