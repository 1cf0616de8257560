"""Tokenizes captions with any tokenizer of transformers, and assigns its pieces to words."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from vlminterp.adapters.dual_encoder import Tokens, Word
from vlminterp.adapters.provenance import traced
from vlminterp.adapters.words import Span, words_of_offsets

SPACE = "▁"
"""The character that SentencePiece writes for a space."""


def tokenize(
    tokenizer: Any,
    texts: Sequence[str],
    context: int,
    *,
    pad: bool,
    cleaned: Sequence[str] | None = None,
    end_token: int | None = None,
) -> Tokens:
    """Splits captions into pieces, padded on the right, and assigns them to the captions' words.

    Args:
        tokenizer: A fast one (BPE, Unigram, WordPiece), or a slow one of SentencePiece.
        texts: The captions.
        context: Longest caption, in tokens.
        pad: Whether every caption is padded to the context, not to the longest one.
        cleaned: Texts given to the tokenizer in their place, such as the captions in lower case.
        end_token: Id of the first token at which the tower reads a caption, if it does so.
    """
    given = list(texts if cleaned is None else cleaned)
    full = tokenizer(given, verbose=False)["input_ids"]
    batch = tokenizer(
        given,
        padding="max_length" if pad else True,
        padding_side="right",
        truncation=True,
        max_length=context,
        return_attention_mask=True,
        return_offsets_mapping=tokenizer.is_fast,
        return_special_tokens_mask=True,
        return_tensors="pt",
    )
    ids, mask = batch["input_ids"], batch["attention_mask"].bool()
    special = batch["special_tokens_mask"].bool() | ~mask
    words = tuple(
        _words(text, own, offsets, added)
        for text, own, offsets, added in zip(
            texts, given, _offsets(tokenizer, given, batch, special), special.tolist(), strict=True
        )
    )
    truncated = tuple(
        len(pieces) > context or early
        for pieces, early in zip(full, ends_early(ids, special, end_token), strict=True)
    )
    return Tokens(ids, mask, special, words, truncated)


def ends_early(ids: Tensor, special: Tensor, end_token: int | None) -> list[bool]:
    """Tells for each caption whether an end token is written in it, so that a tower stops there.

    Args:
        ids: Token ids, `[B, T]`.
        special: True at the tokens that the tokenizer added, `[B, T]`.
        end_token: Its id; None where the tower reads captions elsewhere.
    """
    if end_token is None:
        return [False] * len(ids)
    early: list[bool] = ((ids == end_token) & ~special).any(1).tolist()
    return early


def _words(
    text: str, given: str, offsets: Sequence[Span], special: Sequence[bool]
) -> tuple[Word, ...]:
    return words_of_offsets(text, traced(offsets, given, text), special)


def _offsets(
    tokenizer: Any, given: Sequence[str], batch: Any, special: Tensor
) -> Sequence[Sequence[Span]]:
    """Returns, for each token, the characters of the tokenizer's input that it stands for."""
    if tokenizer.is_fast:
        known: Sequence[Sequence[Span]] = batch["offset_mapping"].tolist()
        return known
    return [
        _offsets_of_pieces(tokenizer.tokenize(text), text, added)
        for text, added in zip(given, special.tolist(), strict=True)
    ]


def _offsets_of_pieces(pieces: Sequence[str], text: str, special: Sequence[bool]) -> Sequence[Span]:
    """Returns the same from the pieces of a slow SentencePiece, which come without offsets."""
    written = "".join(pieces).replace(SPACE, " ")
    spans, start = [], 0
    for piece in pieces:
        spans.append((start, start + len(piece)))
        start += len(piece)
    known = iter(traced(spans, written, text))
    return [(0, 0) if added else next(known, (0, 0)) for added in special]
