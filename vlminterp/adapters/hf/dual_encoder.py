"""Base of all two-tower models of transformers: loading, tokenizing, the model's own features."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import torch
import transformers
from torch import Tensor, nn
from transformers import AutoImageProcessor, AutoTokenizer

from vlminterp.adapters.checkpoint import require_model_type
from vlminterp.adapters.dual_encoder import Pixels, Tokens, Tower
from vlminterp.adapters.hf.folders import Folders, located, no_progress_bar, weights_alone
from vlminterp.adapters.hf.report import require_whole
from vlminterp.adapters.hf.tokenizing import tokenize
from vlminterp.adapters.hub import loading
from vlminterp.adapters.inputs import captions_of
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.adapters.replay import find_blocks
from vlminterp.adapters.replay_towers import ImageFacts, PoolAt, ReplayText, ReplayVision
from vlminterp.adapters.room import RoomFor
from vlminterp.adapters.settings import ModelConfig
from vlminterp.adapters.wrapped import WrappedEncoder
from vlminterp.errors import ModelError


class HFDualEncoder(WrappedEncoder, ABC):
    """Wraps a two-tower model of transformers; it is put in eval mode and frozen.

    A family states its facts: the class in transformers, where its towers are, what they pool.

    Args:
        model: The model.
        preprocessing: Pipeline for images; needed only by `preprocess`.
        tokenizer: Its tokenizer; needed only by `tokenize`.
        name: Name in reports; the class's by default.
    """

    model_type: ClassVar[str]
    """The family's type in `config.json`."""
    architecture: ClassVar[str]
    """Name of the class in transformers."""
    pads_to_context: ClassVar[bool] = False
    """Whether captions are padded to the whole context, as in training."""
    beside: ClassVar[tuple[str, ...]] = ()
    """Beginnings of the names of tensors that checkpoints hold beside the two towers."""

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
        """Returns the image half of `self.model`."""

    @abstractmethod
    def text_tower(self) -> Tower[Tokens]:
        """Returns the text half of `self.model`."""

    @classmethod
    def load(cls, config: ModelConfig, device: torch.device) -> Self:
        """Loads weights, preprocessing and tokenizer from a folder or the hub.

        Args:
            config: Its checkpoint is a folder in the hub's format, or a hub id.
            device: Where the weights go.

        Raises:
            ModelError: Something is missing, or the checkpoint is of another family.
        """
        folders = located(config)
        folder = folders.model
        require_model_type(folder, cls.model_type)
        require_installed(cls.architecture)
        with loading(str(folders.adapter or folder)), no_progress_bar():
            processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
                folder, trust_remote_code=False
            )
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
            model = _load_model(cls, config, folders)
            model.to(device)
        preprocessing = Preprocessing.from_processor(processor, config.image_size)
        return cls(model, preprocessing, tokenizer, name=config.checkpoint)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
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
        """Splits captions into pieces and whole words, whatever kind the tokenizer is.

        Raises:
            InputError: It is no list of captions.
        """
        texts = captions_of(texts)
        return tokenize(
            self.tokenizer,
            texts,
            self.context,
            pad=self.pads_to_context,
            cleaned=[self.cleaned(text) for text in texts],
            end_token=self.end_token,
        )

    def cleaned(self, text: str) -> str:
        """Returns the text that the tokenizer is given for a caption."""
        return text

    @property
    def end_token(self) -> int | None:
        """Id of the end token, if the text tower reads captions there, else None."""
        return None

    @property
    def trained_size(self) -> tuple[int, int]:
        """Height and width of the images in training."""
        return pair(self.model.config.vision_config.image_size)

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of input images: the preprocessing's, else those in training."""
        size: tuple[int, int] = getattr(self._preprocessing, "size", self.trained_size)
        return size

    def image_features(self, values: Tensor) -> Tensor:
        """Returns the model's own image embeddings, `[B, D]`, of any length."""
        options: dict[str, Any] = {"pixel_values": values}
        if self.image_size != self.trained_size:
            options["interpolate_pos_encoding"] = True
        features: Tensor = self.model.get_image_features(**options).pooler_output
        return features

    def text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Returns the model's own text embeddings, `[B, D]`, of any length."""
        output = self.model.get_text_features(input_ids=ids, attention_mask=mask)
        features: Tensor = output.pooler_output
        return features

    def own_image_features(self, pixels: Pixels) -> Tensor:
        """Returns the model's own image embeddings, `[B, D]`, of any length."""
        return self.image_features(pixels.values.to(self.device, self.model.dtype))

    def own_text_features(self, tokens: Tokens) -> Tensor:
        """Returns the model's own text embeddings, `[B, D]`, of any length."""
        ids, mask = tokens.ids.to(self.device), tokens.mask.to(self.device).long()
        return self.text_features(ids, mask)

    @property
    def vocabulary(self) -> int:
        """Number of tokens that the text tower has embeddings for."""
        return int(self.model.config.text_config.vocab_size)

    def replayed_image(
        self, blocks: Sequence[nn.Module] | None = None, **facts: Any
    ) -> ReplayVision:
        """Returns the image tower as a `ReplayVision`: by default a grid of patches behind CLS.

        Args:
            blocks: Its blocks, where they are not the first list in it.
            facts: Facts that differ from the default; see `ImageFacts`.

        Raises:
            ModelError: Images have another size than in training, and the model can't interpolate
                its positions.
        """
        default: dict[str, Any] = {"prefix_tokens": 1, "pools_first": True}
        if not {"layout", "patch"} & facts.keys():
            default["patch"] = self.patch_size()
        return ReplayVision(
            self.image_features,
            blocks or find_blocks(self.model.vision_model),
            ImageFacts(size=self.image_size, **(default | facts)),
        )

    def patch_size(self) -> tuple[int, int]:
        """Returns the height and width of a patch.

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
        return pair(self.model.config.vision_config.patch_size)

    def replayed_text(
        self, pool_at: PoolAt | None, *, sees_padding: bool = False, blocks: Any = None
    ) -> ReplayText:
        """Returns the text tower as a `ReplayText`."""
        blocks = blocks or find_blocks(self.model.text_model)
        return ReplayText(self.text_features, blocks, pool_at=pool_at, sees_padding=sees_padding)


def pair(size: int | Sequence[int]) -> tuple[int, int]:
    """Returns height and width, where one number may stand for both."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def require_installed(architecture: str) -> None:
    """Checks that the installed transformers has a family.

    Args:
        architecture: Name of the family's class.

    Raises:
        ModelError: It does not; a later version may.
    """
    if not hasattr(transformers, architecture):
        raise ModelError(
            f"transformers {transformers.__version__} has no {architecture}; a later version may "
            "have it: pip install --upgrade transformers"
        )


def _load_model(family: type[HFDualEncoder], config: ModelConfig, folders: Folders) -> Any:
    architecture: Any = getattr(transformers, family.architecture)
    with RoomFor(config.checkpoint, {folders.model, folders.adapter or folders.model}):
        with weights_alone():
            # Pickles may hold tensors only: transformers' weights_only is on by default.
            model, report = architecture.from_pretrained(
                folders.model,
                dtype=getattr(torch, config.dtype.value),
                ignore_mismatched_sizes=True,  # the report lists them, and they are refused
                output_loading_info=True,
                trust_remote_code=False,
            )
        require_whole(report, config.checkpoint, family.architecture, family.beside)
        if folders.adapter is not None:
            from vlminterp.adapters.hf.peft_adapter import put_adapter  # imports PEFT

            put_adapter(model, folders.adapter, beside=folders.adapter == folders.model)
    return model
