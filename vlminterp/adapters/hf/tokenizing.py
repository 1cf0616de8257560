"""Captions through any tokenizer of transformers, with the words that its pieces write."""

from collections.abc import Sequence
from typing import Any

from vlminterp.adapters.dual_encoder import Tokens, Word
from vlminterp.adapters.words import words_of_offsets, words_of_sentencepieces


def tokenize(tokenizer: Any, texts: Sequence[str], context: int, *, pad: bool) -> Tokens:
    """Splits captions into pieces, and finds the words again.

    Args:
        tokenizer: A fast one (BPE, Unigram, WordPiece), or a slow one of SentencePiece.
        texts: The captions.
        context: Longest caption, in tokens.
        pad: Whether every caption is padded to the context, not to the longest one.
    """
    full = tokenizer(list(texts), verbose=False)["input_ids"]
    tokenizer.padding_side = "right"
    batch = tokenizer(
        list(texts),
        padding="max_length" if pad else True,
        truncation=True,
        max_length=context,
        return_attention_mask=True,
        return_offsets_mapping=tokenizer.is_fast,
        return_special_tokens_mask=True,
        return_tensors="pt",
    )
    mask = batch["attention_mask"].bool()
    special = batch["special_tokens_mask"].bool() | ~mask
    words = tuple(_words(tokenizer, texts, batch, special.tolist()))
    truncated = tuple(len(ids) > context for ids in full)
    return Tokens(batch["input_ids"], mask, special, words, truncated)


def _words(
    tokenizer: Any, texts: Sequence[str], batch: Any, special: Sequence[Sequence[bool]]
) -> list[tuple[Word, ...]]:
    """By where pieces lie in the text, or by the marks that SentencePiece leaves in them."""
    if tokenizer.is_fast:
        offsets = batch["offset_mapping"].tolist()
        return [words_of_offsets(*row) for row in zip(texts, offsets, special, strict=True)]
    found = []
    for ids, flags in zip(batch["input_ids"].tolist(), special, strict=True):
        pieces = tokenizer.convert_ids_to_tokens(ids)
        known = [None if added else piece for piece, added in zip(pieces, flags, strict=True)]
        found.append(words_of_sentencepieces(known))
    return found
