"""A tiny language model of letters, and a VLM that likes letters: EX2 in seconds, its truth by hand."""

import string
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from vlminterp_ex2.plugin import Config
from vlminterp_ex2.prompts import all_prompts
from vlminterp_ex2.reward import Scorer
from vlminterp_ex2.settings import PolicyConfig

from vlminterp.description.class_means import ClassMeans
from vlminterp.plugin import Context
from vlminterp.progress import Progress
from vlminterp.results.run_folder import RunFolder

NAMES = ("owl", "bat", "cat")
TEMPLATES = ("Describe {concept}.", "Tell me of {concept}:")


class LetterEncoder:
    """A text's embedding is how often it has each letter, of unit length."""

    device = torch.device("cpu")
    name = "letters"

    def __init__(self):
        self.encoded = 0

    def tokenize(self, texts):
        return list(texts)

    def encode_text(self, texts):
        self.encoded += len(texts)
        counts = [[text.lower().count(letter) + 1e-3 for letter in string.ascii_lowercase] for text in texts]
        return torch.nn.functional.normalize(torch.tensor(counts), dim=-1)


def means_of(seed, names=NAMES):
    vectors = torch.rand((len(names), 26), generator=torch.Generator().manual_seed(seed))
    vectors = torch.nn.functional.normalize(vectors, dim=-1) * 0.8
    return ClassMeans(tuple(f"id-{name}" for name in names), tuple(names), vectors, (5,) * len(names))


def letter_tokenizer(**options):
    """Letters, a full stop and a space are tokens; what else there is is unknown."""
    pieces = ["<pad>", "<bos>", "<eos>", "<unk>", "▁", ".", *string.ascii_lowercase]
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    backend.decoder = decoders.Metaspace(prepend_scheme="never")
    named = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", **options}
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=256, **named)


@pytest.fixture(scope="session")
def tiny_policy(tmp_path_factory):
    """A random Llama that writes letters and sometimes ends what it writes."""
    folder = tmp_path_factory.mktemp("policies") / "tiny"
    tokenizer = letter_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=256,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    model.generation_config.top_k = 3  # a trap: sampling must not heed it
    model.generation_config.temperature = 0.2
    model.generation_config.do_sample = True
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


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
