"""Captions through any fast tokenizer of transformers, with the words that its pieces write."""

from collections.abc import Sequence
from typing import Any

from vlminterp.adapters.dual_encoder import Tokens
from vlminterp.adapters.words import words_of_offsets
from vlminterp.errors import ModelError


def tokenize(tokenizer: Any, texts: Sequence[str], context: int, *, pad: bool) -> Tokens:
    """Splits captions into pieces, and finds the words again by where the pieces lie.

    Args:
        tokenizer: A fast tokenizer: BPE, SentencePiece or WordPiece.
        texts: The captions.
        context: Longest caption, in tokens.
        pad: Whether every caption is padded to the context, not to the longest one.

    Raises:
        ModelError: The tokenizer is a slow one, which can't say where its pieces lie.
    """
    if not tokenizer.is_fast:
        raise ModelError(f"{type(tokenizer).__name__} has no fast version; save a tokenizer.json")
    full = tokenizer(list(texts), verbose=False)["input_ids"]
    tokenizer.padding_side = "right"
    batch = tokenizer(
        list(texts),
        padding="max_length" if pad else True,
        truncation=True,
        max_length=context,
        return_attention_mask=True,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        return_tensors="pt",
    )
    mask = batch["attention_mask"].bool()
    special = batch["special_tokens_mask"].bool() | ~mask
    words = tuple(
        words_of_offsets(text, offsets, flags)
        for text, offsets, flags in zip(
            texts, batch["offset_mapping"].tolist(), special.tolist(), strict=True
        )
    )
    truncated = tuple(len(ids) > context for ids in full)
    return Tokens(batch["input_ids"], mask, special, words, truncated)
