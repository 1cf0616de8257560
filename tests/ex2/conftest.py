"""EX2 in seconds: a tiny policy on disk, and runs in folders of their own."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch
from vlminterp_ex2.plugin import Config
from vlminterp_ex2.prompts import all_prompts
from vlminterp_ex2.reward import Scorer
from vlminterp_ex2.settings import PolicyConfig

from tests.ex2.letters import NAMES, TEMPLATES, LetterEncoder, means_of, save_policy
from vlminterp.plugin import Context
from vlminterp.progress import Progress
from vlminterp.results.run_folder import RunFolder


@pytest.fixture(scope="session")
def tiny_policy(tmp_path_factory):
    """The folder of a random Llama that writes letters."""
    return save_policy(tmp_path_factory.mktemp("policies") / "tiny")


@pytest.fixture
def scorer():
    return Scorer(LetterEncoder(), means_of(0), means_of(1))


@pytest.fixture
def prompts():
    return all_prompts(NAMES, TEMPLATES)


@pytest.fixture
def tiny_config(tiny_policy):
    """A training of a few seconds; keywords replace options."""

    def make(**options):
        policy = {"checkpoint": str(tiny_policy), "max_tokens": 8, "learning_rate": 1e-2}
        policy |= options.pop("policy", {})
        small = {"steps": 6, "completions": 8, "generations": 4, "save_every": 2, "shown": 3}
        return Config(**{**small, **options}, policy=PolicyConfig(**policy))

    return make


@pytest.fixture
def context_in():
    """Opens a run folder and makes the context of a run in it."""

    @contextmanager
    def open_context(path, config, seed=0):
        with RunFolder.open(path, {"seed": seed}) as results, Progress(quiet=True) as progress:
            source = SimpleNamespace()
            yield Context(
                config, LetterEncoder(), source, results, progress, seed, torch.device("cpu")
            )

    return open_context
