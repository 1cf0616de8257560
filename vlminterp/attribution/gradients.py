"""Lets a method take gradients, wherever it is called from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import Inputs
from vlminterp.errors import ModelError


@contextmanager
def taking_gradients() -> Iterator[None]:
    """Ends `torch.no_grad` and `torch.inference_mode` for as long as the block lasts.

    Raises:
        ModelError: The model itself was made under `torch.inference_mode`.
    """
    try:
        with torch.inference_mode(mode=False), torch.enable_grad():
            yield
    except RuntimeError as error:
        if "Inference tensors cannot be saved" not in str(error):
            raise
        raise ModelError(
            "this model was made under torch.inference_mode, so that nothing can be derived "
            "through it; make it outside, or under torch.no_grad"
        ) from error


def derivable(inputs: Inputs) -> Inputs:
    """Returns inputs that gradients can be taken through, also of those made in inference mode."""
    changed: dict[str, Any] = {
        field.name: value.clone()
        for field in fields(inputs)
        if isinstance(value := getattr(inputs, field.name), Tensor) and value.is_inference()
    }
    return replace(inputs, **changed) if changed else inputs
