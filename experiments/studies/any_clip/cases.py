"""Encoders of every architecture with random weights, each with two pictures and two captions."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import open_clip

from experiments.studies.any_clip import hf_models, open_clip_models
from experiments.studies.any_clip.trial import enlivened, random_pixels, random_tokens
from vlminterp.adapters.dual_encoder import Pixels, Tokens
from vlminterp.adapters.open_clip import OpenCLIP

LENGTH_WITH_PADDING = 10


@dataclass(frozen=True)
class Case:
    """An encoder and inputs for it.

    Attributes:
        encoder: The encoder, around a model of random weights.
        pixels: Two pictures of one size.
        tokens: Two captions of one length.
    """

    encoder: Any
    pixels: tuple[Pixels, Pixels]
    tokens: tuple[Tokens, Tokens]


def hf_case(model_type: str, *, shrunk: bool = False) -> Case:
    """Builds a family of transformers; `shrunk` cuts depth, and pictures to few patches."""
    encoder = hf_models.build(model_type, shrunk=shrunk)
    enlivened(encoder.model)
    text = encoder.model.config.text_config
    facts = getattr(encoder.vision, "facts", None)
    side = encoder.model.config.vision_config.image_size if facts is None else 0
    size = facts.size if facts is not None else (side, side)
    width = encoder.context if encoder.pads_to_context else LENGTH_WITH_PADDING
    eos = getattr(text, "eos_token_id", None)
    end = eos if isinstance(eos, int) and eos < text.vocab_size else text.vocab_size - 1
    padding = getattr(text, "pad_token_id", 0) or 0
    caption = partial(random_tokens, width, text.vocab_size, end, padding)
    return _with_inputs(encoder, size, caption)


def open_clip_case(name: str, *, shrunk: bool, few_patches: bool = False) -> Case:
    """Builds an architecture of open_clip; see `open_clip_models.build`."""
    model = open_clip_models.build(name, shrunk=shrunk, few_patches=few_patches)
    encoder = OpenCLIP(enlivened(model), name=name)
    size = encoder.model.visual.image_size
    size = (size, size) if isinstance(size, int) else tuple(size)
    vocabulary = int(_embedding(encoder.model).num_embeddings)
    end, padding = _end_and_padding(encoder.model, vocabulary)
    width = min(encoder.context, open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH)
    return _with_inputs(encoder, size, partial(random_tokens, width, vocabulary, end, padding))


def _with_inputs(encoder: Any, size: tuple[int, int], caption: Any) -> Case:
    pixels = (random_pixels(size, 0), random_pixels(size, 1))
    return Case(encoder, pixels, (caption(seed=0), caption(seed=1)))


def _embedding(model: Any) -> Any:
    text = getattr(model, "text", model)
    own = getattr(text, "token_embedding", None)
    return own if own is not None else text.transformer.get_input_embeddings()


def _end_and_padding(model: Any, vocabulary: int) -> tuple[int, int]:
    """Returns the ids that the tower itself takes for end and padding."""
    text = getattr(model, "text", model)
    if hasattr(text, "config"):
        return vocabulary - 1, text.config.pad_token_id
    pool, eos = (
        (text.pool_type, text.eos_id)
        if hasattr(text, "pool_type")
        else (text.text_pool_type, text.text_eos_id)
    )
    return (eos if pool == "eos" else vocabulary - 1), 0
