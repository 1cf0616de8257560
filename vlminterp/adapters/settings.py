"""The options of a model: where its checkpoint is, and how it is read."""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from omegaconf import MISSING


class Precision(Enum):
    """Type of the weights; M2IB's bottleneck is float32 (or float64) whatever it is."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    float16 = "float16"
    float64 = "float64"


@dataclass
class ModelConfig:
    """Options of a model, as `conf/model/NAME.yaml` sets them.

    Attributes:
        adapter: Name of the adapter that knows the family; None to find it by the checkpoint's
            files.
        checkpoint: A folder (weights, preprocessor, tokenizer), a hub id, for open_clip
            `ARCHITECTURE/TAG`, or `pkg://PACKAGE/PATH`. Weights are read as safetensors where there
            are any, else as pickles by torch's unpickler of tensors alone, which runs no code that
            they hold (its hole CVE-2026-24747 is closed since torch 2.10).
        revision: Branch, tag or commit on the hub.
        dtype: Type of the weights.
        image_size: Height and width of the images in pixels, where they differ from training: the
            model's positions are interpolated.
        text_tower: A folder or a hub id whose `config.json` describes the text tower, for
            checkpoints of open_clip that name another repository for it; by default that one.
    """

    free_text: ClassVar = ("checkpoint", "text_tower")

    adapter: str | None = None
    checkpoint: str = MISSING
    revision: str | None = None
    dtype: Precision = Precision.float32
    image_size: int | None = None
    text_tower: str | None = None
