"""EX2 in seconds: a tiny policy on disk, and runs in folders of their own."""

import json
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from vlminterp_ex2.prompts import all_prompts
from vlminterp_ex2.reward import Scorer
from vlminterp_ex2.settings import EX2Config, PolicyConfig

from tests.ex2.letters import NAMES, TEMPLATES, LetterEncoder, means_of, save_policy
from vlminterp.cli.main import run
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.plugin import Context
from vlminterp.progress import Progress
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.stages import Stages

SHOWN = ("owl", "whale", "cat", "bus")


@pytest.fixture(scope="session")
def tiny_policy(tmp_path_factory):
    """The folder of a random Llama that writes letters."""
    return save_policy(tmp_path_factory.mktemp("policies") / "tiny")


@pytest.fixture(scope="session")
def tiny_line(tiny_policy, tmp_path_factory):
    """A command line of that policy and one template, over in seconds with few steps."""
    templates = tmp_path_factory.mktemp("templates") / "one.txt"
    templates.write_text("Describe {concept}.\n")
    return [
        *("+plugin=ex2", "model=planted-habitat", "plugin.completions=4", "plugin.generations=4"),
        *(f"plugin.templates={templates}", f"plugin.policy.checkpoint={tiny_policy}"),
        *("plugin.policy.max_tokens=4", "tracking=disabled", "device=cpu", "console=quiet"),
    ]


@pytest.fixture(scope="module")
def scorer():
    return Scorer(LetterEncoder(), means_of(0), means_of(1))


@pytest.fixture(scope="module")
def prompts():
    return all_prompts(NAMES, TEMPLATES)


@pytest.fixture(scope="module")
def tiny_config(tiny_policy):
    """A training of a few seconds; keywords replace options."""

    def make(**options):
        policy = {"checkpoint": str(tiny_policy), "max_tokens": 8, "learning_rate": 1e-2}
        policy |= options.pop("policy", {})
        small = {"steps": 6, "completions": 8, "generations": 4, "save_every": 2, "shown": 3}
        return EX2Config(**{**small, **options}, policy=PolicyConfig(**policy))

    return make


@pytest.fixture(scope="module")
def context_in():
    """Opens a run folder and makes the context of a run in it."""

    @contextmanager
    def open_context(path, config, seed=0):
        with RunFolder.open(path, {"seed": seed}) as results, Progress(quiet=True) as progress:
            source = SimpleNamespace()
            yield Context(
                config,
                LetterEncoder(),
                source,
                results,
                progress,
                seed,
                torch.device("cpu"),
                Stages(path / "stages", "letters"),
            )

    return open_context


@pytest.fixture(scope="session")
def planted_pictures():
    """Three pictures of each of four planted concepts."""
    concepts = PlantedSource(PlantedConfig(images=3)).concepts()
    return {c.name: [load() for load in c.images] for c in concepts if c.name in SHOWN}


@pytest.fixture
def class_folder(planted_pictures, tmp_path):
    """The same as folders, which a test may spoil."""
    for name, pictures in planted_pictures.items():
        (tmp_path / "classes" / name).mkdir(parents=True)
        for number, picture in enumerate(pictures):
            picture.save(tmp_path / "classes" / name / f"{number}.png")
    return tmp_path / "classes"


@pytest.fixture
def command(tmp_path, class_folder, monkeypatch, capsys):
    """Runs EX2's command line with the describer; returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    templates = tmp_path / "two.txt"
    templates.write_text("Describe {concept}.\nWhat is {concept}?\n")
    small = [
        *("model=planted-habitat", "data=class_folder", f"data.path={class_folder}"),
        *("tracking=disabled", "device=cpu", "console=json", f"plugin.templates={templates}"),
        *("plugin.steps=2", "plugin.completions=8", "plugin.generations=4", "plugin.pool=1"),
    ]

    def run_line(*overrides):
        given = {override.partition("=")[0] for override in overrides}
        kept = [override for override in small if override.partition("=")[0] not in given]
        capsys.readouterr()
        code = run(["+plugin=ex2", *kept, *overrides])
        return code, *capsys.readouterr()

    return run_line


@pytest.fixture
def finish(command):
    """Runs a command line that must end well; returns the run folder, read anew, and stderr."""

    def run_line(*overrides):
        code, out, err = command(*overrides)
        assert code == 0, err
        assert "Traceback" not in err
        return RunFolder.read(Path(json.loads(out)["path"])), err

    return run_line


@pytest.fixture
def refused(command):
    """Runs a command line that must fail; returns its one line, less the data's notes."""

    def run_line(*overrides):
        code, out, err = command(*overrides)
        said = [line for line in err.splitlines() if line.startswith("vlminterp:")]
        told = [line for line in said if not line.startswith("vlminterp: data=")]  # its notes
        assert (code, out, len(told)) == (1, "", 1), err
        assert "Traceback" not in err
        return told[0]

    return run_line
