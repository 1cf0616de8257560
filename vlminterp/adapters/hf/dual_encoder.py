"""What all two-tower models of transformers share: loading, tokenizing, their own features."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
import transformers
from torch import Tensor, nn
from transformers import AutoTokenizer
from transformers.image_processing_base import ImageProcessingMixin
from transformers.utils import logging as transformers_logging

from vlminterp.adapters.checkpoint import TOKENIZER, require_files, require_model_type
from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens, Tower
from vlminterp.adapters.hf.tokenizing import tokenize
from vlminterp.adapters.hub import loading, local_copy
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.adapters.registry import ModelConfig
from vlminterp.adapters.replay import find_blocks
from vlminterp.adapters.replay_towers import ImageFacts, PoolAt, ReplayText, ReplayVision
from vlminterp.errors import ModelError

NEEDED = (
    ("config.json",),
    (
        "model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "pytorch_model.bin.index.json",
    ),
    ("preprocessor_config.json", "processor_config.json"),
    TOKENIZER,
)
"""Files of a whole checkpoint: one of each group; transformers reads the first weights it finds."""


class HFDualEncoder(DualEncoder, ABC):
    """Wraps a two-tower model of transformers; it is put in eval mode and frozen.

    A family states its facts: the class in transformers, where its towers are, what they pool.

    Args:
        model: The model.
        preprocessing: How it wants images; needed only by `preprocess`.
        tokenizer: Its tokenizer; needed only by `tokenize`.
        name: What reports call it.
    """

    model_type: ClassVar[str]
    """As `config.json` says it."""
    architecture: ClassVar[str]
    """The class in transformers."""
    pads_to_context: ClassVar[bool] = False
    """Whether captions are padded to the whole context, as in training."""

    def __init__(
        self,
        model: Any,
        preprocessing: Preprocessing | None = None,
        tokenizer: Any = None,
        name: str = "",
    ) -> None:
        super().__init__(name or type(model).__name__, preprocessing, tokenizer)
        self.model: Any = model
        self.model.train(mode=False)
        self.model.requires_grad_(requires_grad=False)
        self.vision = self.image_tower()
        self.text = self.text_tower()

    @abstractmethod
    def image_tower(self) -> Tower[Pixels]:
        """The image half of `self.model`."""

    @abstractmethod
    def text_tower(self) -> Tower[Tokens]:
        """The text half of `self.model`."""

    @classmethod
    def load(cls, config: ModelConfig, device: torch.device) -> Self:
        """Loads weights, preprocessing and tokenizer from a folder or the hub.

        Args:
            config: Its checkpoint is a folder in the hub's format, or a hub id.
            device: Where the weights go.

        Raises:
            ModelError: Something is missing, or the checkpoint is of another family.
        """
        checkpoint, folder = config.checkpoint, local_folder(config)
        require_model_type(folder, cls.model_type)
        require_installed(cls.architecture)
        with loading(str(folder)), _no_progress_bar():
            settings, _ = ImageProcessingMixin.get_image_processor_dict(folder)
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
            model = _load_model(cls.architecture, config, folder)
            model.to(device)
        preprocessing = Preprocessing.from_hf(settings)
        if config.image_size is not None:
            preprocessing = preprocessing.resized(config.image_size)
        return cls(model, preprocessing, tokenizer, name=checkpoint)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.device
        return device

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The learned temperature, and the bias of models trained with SigLIP's loss."""
        scale = self.model.logit_scale.exp()
        return scale, getattr(self.model, "logit_bias", torch.zeros_like(scale))

    @property
    def context(self) -> int:
        """Longest caption, in tokens."""
        return int(self.model.config.text_config.max_position_embeddings)

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """Splits captions into pieces; whatever the tokenizer's kind, words are whole."""
        return tokenize(self.tokenizer, texts, self.context, pad=self.pads_to_context)

    @property
    def trained_size(self) -> tuple[int, int]:
        """Height and width of the images in training."""
        return pair(self.model.config.vision_config.image_size)

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width that images come in: the preprocessing's, else those of the training."""
        size: tuple[int, int] = getattr(self._preprocessing, "size", self.trained_size)
        return size

    def image_features(self, values: Tensor) -> Tensor:
        """The model's own image embeddings, `[B, D]`, of any length."""
        options: dict[str, Any] = {"pixel_values": values}
        if self.image_size != self.trained_size:
            options["interpolate_pos_encoding"] = True
        features: Tensor = self.model.get_image_features(**options).pooler_output
        return features

    def text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The model's own text embeddings, `[B, D]`, of any length."""
        output = self.model.get_text_features(input_ids=ids, attention_mask=mask)
        features: Tensor = output.pooler_output
        return features

    def replayed_image(
        self, blocks: Sequence[nn.Module] | None = None, **facts: Any
    ) -> ReplayVision:
        """The image tower as a `ReplayVision`: by default a grid of patches behind CLS.

        Args:
            blocks: Its blocks, where they are not the first list in it.
            facts: What differs; see `ImageFacts`.

        Raises:
            ModelError: Images of another size than in training, of which it can't interpolate the
                positions.
        """
        default: dict[str, Any] = {"prefix_tokens": 1, "pools_first": True}
        if not {"layout", "grid"} & facts.keys():
            default["grid"] = self.patch_grid()
        return ReplayVision(
            self.image_features,
            blocks or find_blocks(self.model.vision_model),
            ImageFacts(size=self.image_size, **(default | facts)),
        )

    def patch_grid(self) -> tuple[int, int]:
        """Rows and columns of the patches.

        Raises:
            ModelError: See `replayed_image`.
        """
        features = inspect.signature(self.model.get_image_features).parameters
        size, trained = self.image_size, self.trained_size
        if size != trained and "interpolate_pos_encoding" not in features:
            raise ModelError(
                f"{self.architecture} takes images of {trained[0]}×{trained[1]}, not "
                f"{size[0]}×{size[1]}: it can't interpolate its positions"
            )
        patch = pair(self.model.config.vision_config.patch_size)
        return size[0] // patch[0], size[1] // patch[1]

    def replayed_text(
        self, pool_at: PoolAt | None, *, sees_padding: bool = False, blocks: Any = None
    ) -> ReplayText:
        """The text tower as a `ReplayText`."""
        blocks = blocks or find_blocks(self.model.text_model)
        return ReplayText(self.text_features, blocks, pool_at=pool_at, sees_padding=sees_padding)


def pair(size: int | Sequence[int]) -> tuple[int, int]:
    """Height and width, where one number may stand for both."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """The run has its own progress; transformers' bar would break into it."""
    logging: Any = transformers_logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def local_folder(config: ModelConfig) -> Path:
    """Returns the folder of a checkpoint; of one on the hub, in the hub's cache.

    Raises:
        ModelError: Files are missing, or the hub can't be reached.
    """
    checkpoint, folder = config.checkpoint, Path(config.checkpoint)
    if config.text_tower is not None:
        raise ModelError("model.text_tower is for open_clip; adapter hf reads both from one place")
    if folder.is_dir():
        if config.revision is not None:
            raise ModelError(f"model.revision is for the hub; checkpoint {checkpoint} has none")
        require_files(folder, NEEDED)
        return folder
    other = f"; if it is open_clip's, use model=open-clip model.checkpoint=hf-hub:{checkpoint}"
    with loading(checkpoint), _no_progress_bar():
        return local_copy(checkpoint, config.revision, NEEDED, other)


def require_installed(architecture: str) -> None:
    """Checks that the installed transformers has a family.

    Args:
        architecture: Its class.

    Raises:
        ModelError: It came with a later version.
    """
    if not hasattr(transformers, architecture):
        raise ModelError(
            f"transformers {transformers.__version__} has no {architecture}, which a later one "
            "has: pip install --upgrade transformers"
        )


def _load_model(architecture: str, config: ModelConfig, folder: Path) -> Any:
    load: Callable[..., Any] = getattr(transformers, architecture).from_pretrained
    # Pickles are read as tensors alone: transformers' weights_only is on by default.
    model, report = load(folder, dtype=getattr(torch, config.dtype.value), output_loading_info=True)
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"{config.checkpoint} is no {architecture}: "
            f"{len(missing)} tensors are missing, e.g. {missing[0]} (a later transformers than "
            f"{transformers.__version__} may read it)"
        )
    return model
