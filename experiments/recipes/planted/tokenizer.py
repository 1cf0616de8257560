"""Trains the byte-level BPE tokenizer of the planted VLMs, in CLIP's own file format."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from tokenizers import pre_tokenizers, trainers
from transformers import CLIPTokenizer

PAD, BOS, EOS = "<|pad|>", "<|startoftext|>", "<|endoftext|>"
END_OF_WORD = "</w>"
MAX_TOKENS = 64


def train_tokenizer(texts: Iterable[str], merges: int) -> CLIPTokenizer:
    """Trains a tokenizer on texts.

    Every byte is in the vocabulary, inside a word and at its end, so that nothing is unknown.
    The end token has the largest id and padding the smallest, so that pooling at the end token
    and the older pooling at the largest id agree, and no word has a larger id.

    Args:
        texts: Texts to learn from.
        merges: Highest number of merges.
    """
    blank = CLIPTokenizer(unk_token=EOS, bos_token=BOS, eos_token=EOS, pad_token=PAD)
    trainer = trainers.BpeTrainer(
        vocab_size=10**6,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix=END_OF_WORD,
        show_progress=False,
    )
    learner = blank.backend_tokenizer
    learner.train_from_iterator(texts, trainer)
    model = json.loads(learner.to_str())["model"]
    learned: list[tuple[str, str]] = [(left, right) for left, right in model["merges"][:merges]]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [PAD, BOS, *alphabet, *(byte + END_OF_WORD for byte in alphabet)]
    pieces += [left + right for left, right in learned]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys([*pieces, EOS]))}
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=cast(list[str], learned),
        unk_token=EOS,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        model_max_length=MAX_TOKENS,
    )


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Writes `tokenizer.json`, and `vocab.json` with `merges.txt` for readers of those."""
    tokenizer.save_pretrained(folder)
    tokenizer.backend_tokenizer.model.save(str(folder))
