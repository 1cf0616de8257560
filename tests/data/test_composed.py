"""Sources of classes on a command line: options, mistakes, and what is told of them."""

import pytest
from hydra import compose
from omegaconf import OmegaConf

from tests.data.classed import put
from vlminterp.cli.main import run
from vlminterp.config.composition import composing
from vlminterp.data.boxes import BoxFormat
from vlminterp.data.class_folder import ClassFolderConfig
from vlminterp.data.cub import CUBConfig
from vlminterp.data.folder import FolderConfig
from vlminterp.data.hf_dataset import HFDatasetConfig
from vlminterp.data.manifest import ManifestConfig
from vlminterp.data.remote import Urls
from vlminterp.data.torchvision_sets import AircraftConfig, CarsConfig, FlowersConfig, PetsConfig


@pytest.mark.parametrize(
    ("overrides", "config"),
    [
        (["manifest"], ManifestConfig("x", boxes=None, urls=Urls.never, within=None)),
        (
            ["manifest", "boxes=xywh", "urls=public"],
            ManifestConfig("x", boxes=BoxFormat.xywh, urls=Urls.public),
        ),
        (
            ["folder", "boxes=normalised", "within=y"],
            FolderConfig("x", boxes=BoxFormat.normalised, within="y"),
        ),
        (["class_folder", "held_out=5"], ClassFolderConfig("x", held_out=5)),
        (["cub"], CUBConfig("x", split="train", held_out="test")),
        (["cub", "held_out=0.25"], CUBConfig("x", held_out=0.25)),
        (["cub", "held_out=3"], CUBConfig("x", held_out=3)),
        (["oxford_pets", "type_word=null"], PetsConfig("x", type_word=None)),
        (["flowers102", "images=null"], FlowersConfig("x", images=None)),
        (["fgvc_aircraft", "download=true"], AircraftConfig("x", download=True)),
        (["stanford_cars", "limit=3"], CarsConfig("x", limit=3)),
        (["hf_dataset", "held_out=validation"], HFDatasetConfig("x", held_out="validation")),
    ],
)
def test_options(overrides, config):
    name, *options = overrides
    line = [f"data={name}", "data.path=x", *(f"data.{option}" for option in options)]
    with composing():
        made = OmegaConf.to_object(compose(config_name="config", overrides=line).data)
    assert made == config
    assert type(made) is type(config)


@pytest.fixture
def told(hf_folder, tmp_path, monkeypatch, capsys):
    """Runs M2IB, which needs pairs, on a source of classes; returns what stderr says."""
    monkeypatch.chdir(tmp_path)

    def run_line(*overrides):
        line = ["model=hf", f"model.checkpoint={hf_folder}", "+plugin=m2ib", "device=cpu"]
        assert run([*line, "tracking=disabled", *overrides]) == 1
        lines = capsys.readouterr().err.splitlines()
        return [line for line in lines if line.startswith("vlminterp: ")]  # less the progress

    return run_line


def test_what_is_left_out_is_told(told, tmp_path):
    put(tmp_path / "classes" / "cat" / "1.jpg")
    (tmp_path / "classes" / "dog").mkdir()
    assert told("data=class_folder", f"data.path={tmp_path / 'classes'}") == [
        "vlminterp: data=class_folder: classes without a picture, left out: 1 (dog)",
        "vlminterp: data=class_folder: classes without a picture to hold out: 1 (cat)",
        "vlminterp: ClassFolderSource has concepts but no pairs; choose another data=",
    ]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["data=cub"], "data.path has no value"),
        (["data=manifest", "data.path=x", "data.boxes=cxcywh"], "data.boxes"),
        (["data=manifest", "data.path=x", "data.urls=yes"], "data.urls"),
        (["data=cub", "data.path=nowhere"], "CUB-200-2011: nowhere lacks classes.txt"),
        (["data=cub", "data.path=x", "data.held_out=[1]"], "data.held_out"),
        (["data=class_folder", "data.path=x", "data.held_out=much"], "data.held_out"),
        (["data=oxford_pet", "data.path=x"], "oxford_pets"),
        (["data=stanford_cars", "data.path=x", "data.download=true"], "download"),
    ],
)
def test_mistakes_are_one_line(told, overrides, words):
    (line,) = told(*overrides)
    assert words in line
