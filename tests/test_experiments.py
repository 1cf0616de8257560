"""Every experiment composes, and says in one line what it lacks."""

from dataclasses import is_dataclass

import pytest
from hydra import compose

from vlminterp.cli.main import run
from vlminterp.config.composition import EXPERIMENT, composing, known
from vlminterp.plugin import load_plugin

EXPERIMENTS = known(EXPERIMENT)
WITHOUT_DATA = {
    "audit/counteranimals": "no folder of CounterAnimal at data/CounterAnimal",
    "audit/imagenet9": "no class folder at data/bg_challenge/original/val",
    "audit/waterbirds": "Waterbirds: no data/waterbird_complete95_forest2water2/metadata.csv; ",
    "ex2/aircraft": "FGVCAircraft: no folder data/fgvc-aircraft-2013b; data.download=true fetches",
    "ex2/birds": "CUB-200-2011: data/CUB_200_2011 lacks ",
    "ex2/cars": "StanfordCars: no folder data/stanford_cars; it can't be fetched any more",
    "ex2/dogs": "Stanford Dogs: no folder data/StanfordDogs/Images; extract images.tar",
    "ex2/flowers": "Flowers102: no folder data/flowers-102; data.download=true fetches it",
    "ex2/pets": "OxfordIIITPet: no folder data/oxford-iiit-pet; data.download=true fetches it",
    "m2ib/conceptual_captions": "no picture folder at data/conceptual_captions",
}


def composed(*overrides):
    with composing():
        return compose("config", overrides=list(overrides), return_hydra_config=True)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_composes_with_its_plugin_and_can_be_overridden(name):
    config = composed(f"experiment={name}", "seed=3", "model=planted-name")
    plugin = config.hydra.runtime.choices.plugin
    assert plugin == name.partition("/")[0]
    assert is_dataclass(load_plugin(plugin).Config())
    assert config.seed == 3
    assert config.hydra.runtime.choices.model == "planted-name"


def test_papers_settings_reach_the_plugin():
    pets, birds = composed("experiment=ex2/pets"), composed("experiment=ex2/birds")
    assert (pets.plugin.steps, pets.plugin.completions, pets.plugin.beta) == (1000, 32, 0.2)
    assert pets.plugin.policy.checkpoint == "mistralai/Mistral-7B-v0.1"
    assert pets.model.checkpoint == "openai/clip-vit-base-patch32"
    assert birds.plugin == pets.plugin
    assert birds.data.path == "data/CUB_200_2011"
    captions = composed("experiment=m2ib/conceptual_captions", "plugin.image.beta=0.5")
    assert (captions.plugin.image.beta, captions.plugin.text.beta) == (0.5, 0.1)
    assert captions.data.limit == 500


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_says_what_is_missing(name, tmp_path, monkeypatch, capsys):
    if name.endswith("/planted"):
        pytest.skip("nothing is missing: its data and models are in the package")
    monkeypatch.chdir(tmp_path)
    assert run([f"experiment={name}"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"vlminterp: {WITHOUT_DATA[name]}")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["experiment=ex2/pest"], "no experiment 'ex2/pest'; nearest: ex2/pets"),
        (["experiment=pets"], "no experiment 'pets'; nearest: ex2/pets"),
        (["experiment=ex2/pets", "+plugin=ex2"], "experiment=ex2/pets chooses its plugin itself"),
    ],
)
def test_mistakes_get_one_line(line, told, capsys):
    assert run(line) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert told in said


def test_runs_in_one_sweep(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    short = ["data.pairs=1", "model=planted-base,planted-name", "console=quiet"]
    code = run(["-m", "experiment=m2ib/planted", "tracking=disabled", *short])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert len(out.splitlines()) == 2
