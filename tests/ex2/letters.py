"""A language model of letters, and a VLM that likes letters: their truth can be told by hand."""

import string

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from torch.nn.functional import normalize
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from vlminterp.description.class_means import ClassMeans

NAMES = ("owl", "bat", "cat")
TEMPLATES = ("Describe {concept}.", "Tell me of {concept}:")


class Letters(list):
    """Texts, and which of them are too long."""

    truncated = ()


class LetterEncoder:
    """A text's embedding is how often it has each letter, of unit length."""

    device = torch.device("cpu")
    name = "letters"
    context = 64

    def __init__(self):
        self.encoded = 0

    def tokenize(self, texts):
        read = Letters(text[: self.context] for text in texts)
        read.truncated = tuple(len(text) > self.context for text in texts)
        return read

    def encode_text(self, texts):
        self.encoded += len(texts)
        counts = [
            [text.lower().count(letter) + 1e-3 for letter in string.ascii_lowercase]
            for text in texts
        ]
        return normalize(torch.tensor(counts), dim=-1)


def means_of(seed, names=NAMES):
    vectors = torch.rand((len(names), 26), generator=torch.Generator().manual_seed(seed))
    vectors = normalize(vectors, dim=-1) * 0.8
    return ClassMeans(
        tuple(f"id-{name}" for name in names), tuple(names), vectors, (5,) * len(names)
    )


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


def letter_model(tokenizer, seed=0):
    """A random Llama, whose generation config must not be heeded by sampling."""
    torch.manual_seed(seed)
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
        initializer_range=0.2,
    )
    model = LlamaForCausalLM(config)
    model.generation_config.top_k = 3
    model.generation_config.temperature = 0.2
    model.generation_config.do_sample = True
    return model.train(mode=False)


def save_policy(folder, seed=0, **special):
    """Model and tokenizer in one folder, as `checkpoint` takes it."""
    tokenizer = letter_tokenizer(**special)
    letter_model(tokenizer, seed).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
