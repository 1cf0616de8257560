"""Checks that a checkpoint's tensors are those of the model: none missing, none left over."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from vlminterp.errors import ModelError

UNUSED = (
    r"(^|\.)position_ids$",  # a buffer that older versions stored
    r"(^|\.)pooler\.",  # BERT's, where the embedding is read without it
)
"""Names of tensors that no embedding of a two-tower model depends on."""
ADAPTER = r"\.(lora_\w+|base_layer)\."
"""Names of the modules that PEFT puts into a model."""


def require_whole(
    report: Mapping[str, Any], checkpoint: str, architecture: str, beside: Sequence[str]
) -> None:
    """Checks transformers' report of loading, which by itself would go on with random numbers.

    Args:
        report: The `output_loading_info` of transformers.
        checkpoint: The checkpoint, for messages.
        architecture: The model's class in transformers.
        beside: Beginnings of the names of tensors that belong to other parts of a checkpoint.

    Raises:
        ModelError: Tensors are missing, left over, or of another shape.
    """
    unused = [*UNUSED, *(rf"^{re.escape(part)}" for part in beside)]
    unexpected = [
        name
        for name in report["unexpected_keys"]
        if not any(re.search(pattern, name) for pattern in unused)
    ]
    adapters = [name for name in unexpected if re.search(ADAPTER, name)]
    if adapters:
        raise ModelError(
            f"{checkpoint} holds an adapter among its weights, e.g. {min(adapters)}; save the "
            "adapter by itself (PEFT's save_pretrained), or merge it (merge_and_unload)"
        )
    _require_names(report, checkpoint, architecture)
    if unexpected:
        raise ModelError(
            f"{checkpoint} holds more than its config.json says: "
            f"{_counted(unexpected)} left over, e.g. {min(unexpected)}"
        )
    _require_shapes(report, checkpoint)


def require_all(report: Mapping[str, Any], checkpoint: str, architecture: str) -> None:
    """Checks that a checkpoint has all tensors of a model, whatever else it holds.

    Args:
        report: The `output_loading_info` of transformers.
        checkpoint: The checkpoint, for messages.
        architecture: The model's class in transformers.

    Raises:
        ModelError: Tensors are missing, or of another shape.
    """
    _require_names(report, checkpoint, architecture)
    _require_shapes(report, checkpoint)


def _require_names(report: Mapping[str, Any], checkpoint: str, architecture: str) -> None:
    if report["missing_keys"]:
        raise ModelError(
            f"{checkpoint} is no {architecture}: "
            f"{_counted(report['missing_keys'])} missing, e.g. {min(report['missing_keys'])}"
        )


def _require_shapes(report: Mapping[str, Any], checkpoint: str) -> None:
    for name, found, wanted in sorted(report["mismatched_keys"], key=str):
        raise ModelError(
            f"checkpoint '{checkpoint}' can't be loaded: {name} is {list(found)} in its file, "
            f"but {list(wanted)} by its config.json"
        )


def _counted(names: Collection[str]) -> str:
    return "1 tensor is" if len(names) == 1 else f"{len(names)} tensors are"
