"""Wraps model objects as their libraries give them."""

from typing import Any

import open_clip
import transformers
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from vlminterp.adapters.hf.any import family_of
from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.open_clip import OpenCLIP
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.adapters.wrapped import WrappedEncoder
from vlminterp.errors import ModelError

OPEN_CLIP = (open_clip.CLIP, open_clip.CustomTextCLIP, open_clip.CoCa)


def wrap(model: Any, preprocess: Any, tokenizer: Any, name: str) -> WrappedEncoder:
    """Wraps a model; see `vlminterp.wrap`."""
    inner = _without_peft(model)
    if isinstance(inner, PreTrainedModel):
        encoder: WrappedEncoder = _of_transformers(inner, preprocess, tokenizer, name)
    elif isinstance(inner, OPEN_CLIP):
        encoder = _of_open_clip(inner, preprocess, tokenizer, name)
    else:
        raise ModelError(
            f"a {type(model).__name__} is no model of transformers or open_clip; if one is inside "
            "it, wrap that one"
        )
    encoder.check()
    return encoder


def _without_peft(model: Any) -> Any:
    """Returns the model that PEFT has put its layers into; any other object as it is.

    Raises:
        ModelError: PEFT's adapter learns prompts.
    """
    if not isinstance(model, nn.Module) or not hasattr(model, "get_base_model"):
        return model
    configs = getattr(model, "peft_config", {})
    if any(config.is_prompt_learning for config in configs.values()):
        raise ModelError(
            f"a {type(model).__name__} that learns prompts can't be explained: its prompts stand "
            "outside of the model"
        )
    inner: Any = model
    return inner.get_base_model()


def _of_transformers(
    model: PreTrainedModel, processor: Any, tokenizer: Any, name: str
) -> HFDualEncoder:
    family = family_of(str(model.config.model_type), type(model).__name__)
    if not isinstance(model, getattr(transformers, family.architecture)):
        raise ModelError(
            f"a {type(model).__name__} is not the {family.architecture} that has both towers; "
            "wrap that one"
        )
    tokenizer = tokenizer or getattr(processor, "tokenizer", None)
    preprocessing = processor
    if not isinstance(processor, Preprocessing):
        image_processor = getattr(processor, "image_processor", processor)
        if isinstance(image_processor, PreTrainedTokenizerBase):
            raise ModelError(f"a {type(image_processor).__name__} is no image processor")
        preprocessing = Preprocessing.from_processor(image_processor)
    _require_tokenizer(tokenizer, model)
    return family(model, preprocessing, tokenizer, name or model.name_or_path)


def _of_open_clip(model: Any, transform: Any, tokenizer: Any, name: str) -> OpenCLIP:
    preprocessing = transform
    if not isinstance(transform, Preprocessing):
        config = getattr(model.visual, "preprocess_cfg", None)
        if config is None:
            raise ModelError(
                f"this {type(model).__name__} has no preprocess_cfg, as open_clip.create_model "
                "gives it; pass Preprocessing.from_open_clip({…}, transform) as preprocess"
            )
        preprocessing = Preprocessing.from_open_clip(config, transform)
    _require_tokenizer(tokenizer, model)
    return OpenCLIP(model, preprocessing, tokenizer, name)


def _require_tokenizer(tokenizer: Any, model: Any) -> None:
    if tokenizer is None:
        raise ModelError(f"a {type(model).__name__} without a tokenizer: pass wrap(…, tokenizer=…)")
