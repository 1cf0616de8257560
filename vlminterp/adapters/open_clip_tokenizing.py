"""Tokenizes captions with open_clip's tokenizers, and assigns their pieces to words."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from open_clip.hf_model import HFTextEncoder
from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

from vlminterp.adapters.dual_encoder import Tokens
from vlminterp.adapters.hf.tokenizing import ends_early, tokenize
from vlminterp.adapters.provenance import traced
from vlminterp.adapters.words import Span, words_of_offsets
from vlminterp.errors import ModelError

END_OF_WORD = "</w>"


def end_token(model: Any, tokenizer: Any, name: str) -> int | None:
    """Returns the id of the end token, if a text tower reads captions there, else None.

    Args:
        model: A model of open_clip.
        tokenizer: open_clip's tokenizer for this model.
        name: Name of the model, for messages.

    Raises:
        ModelError: The tokenizer never writes it, or the tower would take another token for it.
    """
    text = getattr(model, "text", model)
    if isinstance(text, HFTextEncoder) or getattr(text, "cls_emb", None) is not None:
        return None
    prefix = "text_" if text is model else ""
    pool_type: str = getattr(text, f"{prefix}pool_type")
    (written,) = tokenizer(["a"]).tolist()
    if pool_type == "eos":
        end: int = getattr(text, f"{prefix}eos_id")
        if end not in written:
            raise ModelError(
                f"{name} reads captions at token {end} (text_cfg.eos_id), which its tokenizer "
                "never writes, so that all captions would have one embedding: mend the config"
            )
        return end
    if pool_type != "argmax" or not isinstance(tokenizer, SimpleTokenizer):
        return None
    end = tokenizer.eot_token_id
    if tokenizer.vocab_size > end + 1:
        raise ModelError(
            f"{name} reads captions at their largest id, but its tokenizer has tokens above the "
            f"end token ({end}), e.g. {tokenizer.decoder[end + 1]}: remove them"
        )
    return end


def tokenize_bpe(
    tokenizer: SimpleTokenizer,
    texts: Sequence[str],
    context: int,
    *,
    pad: bool,
    end_token: int | None,
) -> Tokens:
    """Tokenizes captions with CLIP's own byte-level BPE.

    Args:
        tokenizer: open_clip's tokenizer.
        texts: The captions.
        context: Longest caption, in tokens.
        pad: Whether every caption is padded to the context, not to the longest one.
        end_token: Id of the first token at which the tower reads a caption, if it does so.
    """
    pieces = [tokenizer.encode(text) for text in texts]
    full = [len(own) + 2 for own in pieces]
    lengths = torch.tensor([min(length, context) for length in full])
    longest = context if pad else int(lengths.max())
    ids = tokenizer(list(texts), context_length=context)[:, :longest]
    places = torch.arange(longest)
    mask = places < lengths[:, None]
    special = (places == 0) | (places >= lengths[:, None] - 1)
    words = []
    for text, own, added in zip(texts, pieces, special.tolist(), strict=True):
        offsets = iter(_offsets(tokenizer, own, text))
        placed = [(0, 0) if flag else next(offsets) for flag in added]
        words.append(words_of_offsets(text, placed, added))
    early = ends_early(ids, special, end_token)
    truncated = tuple(n > context or cut for n, cut in zip(full, early, strict=True))
    return Tokens(ids, mask, special, tuple(words), truncated)


def tokenize_hf(tokenizer: HFTokenizer, texts: Sequence[str], end_token: int | None) -> Tokens:
    """Tokenizes captions, cleaned as open_clip does, with a tokenizer of transformers.

    Args:
        tokenizer: open_clip's wrapper around it.
        texts: The captions.
        end_token: Id of the first token at which the tower reads a caption, if it does so.
    """
    tokenizer.tokenizer.padding_side = "right"  # open_clip's call has no argument for it
    cleaned = [tokenizer.clean_fn(text) for text in texts]
    context = tokenizer.context_length
    tokens = tokenize(
        tokenizer.tokenizer, texts, context, pad=True, cleaned=cleaned, end_token=end_token
    )
    return replace(tokens, ids=tokenizer(list(texts)))  # open_clip may remove the separator


def _offsets(tokenizer: SimpleTokenizer, pieces: Sequence[int], text: str) -> list[Span]:
    """Returns, for each piece, the characters of the caption that it stands for.

    Together the pieces write the bytes of the cleaned caption without spaces.
    """
    written = "".join(tokenizer.pat.findall(tokenizer.clean_fn(text)))
    character = [place for place, one in enumerate(written) for _ in one.encode()]
    offsets, start = [], 0
    for piece in pieces:
        stop = start + len(tokenizer.decoder[piece].removesuffix(END_OF_WORD))
        offsets.append((character[start], character[stop - 1] + 1))
        start = stop
    return traced(offsets, written, text)
