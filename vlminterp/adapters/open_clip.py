"""Dual encoders as open_clip writes them: `CLIP`, `CustomTextCLIP`, `CoCa`."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.hf_model import HFTextEncoder
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, HFTokenizer
from torch import Tensor
from torch.nn import functional

from vlminterp.adapters.checkpoint import ADAPTER_CONFIG, TOKENIZER, read_json, require_files
from vlminterp.adapters.dual_encoder import (
    Pixels,
    Tokens,
    Tower,
)
from vlminterp.adapters.hub import loading, local_copy
from vlminterp.adapters.inputs import captions_of
from vlminterp.adapters.open_clip_plain import TextTower, VisionTower, plain_image, plain_text
from vlminterp.adapters.open_clip_tokenizing import end_token, tokenize_bpe, tokenize_hf
from vlminterp.adapters.open_clip_towers import replayed_image, replayed_text
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.adapters.registry import ModelConfig
from vlminterp.adapters.strict import told_in_one_line
from vlminterp.adapters.wrapped import WrappedEncoder
from vlminterp.errors import ModelError

CONFIG = "open_clip_config.json"
NEEDED = (
    (CONFIG,),
    (
        "open_clip_model.safetensors",
        "open_clip_pytorch_model.safetensors",
        "open_clip_pytorch_model.bin",
        "open_clip_pytorch_model.pth",
        "model.safetensors",
        "pytorch_model.bin",
        "pytorch_model.pth",
        "model.pth",
    ),
)
"""Files of a whole checkpoint: one of each group; open_clip reads the first weights it finds."""
HUB, LOCAL = "hf-hub:", "local-dir:"


class OpenCLIP(WrappedEncoder):
    """Wraps any model of open_clip; it is put in eval mode and frozen.

    Plain transformers run block by block, and their last block at one token only; whatever else
    open_clip has (timm, ResNet, attention pooling, HF text towers) is replayed.

    Args:
        model: The model.
        preprocessing: How it wants images; needed only by `preprocess`.
        tokenizer: open_clip's own; needed only by `tokenize`.
        name: What reports call it.

    Raises:
        ModelError: A tower of an unknown kind, or a tokenizer that does not suit it.
    """

    def __init__(
        self,
        model: Any,
        preprocessing: Preprocessing | None = None,
        tokenizer: Any = None,
        name: str = "",
    ) -> None:
        super().__init__(name or type(model).__name__, preprocessing, tokenizer)
        self.model: Any = model.eval().requires_grad_(requires_grad=False)
        image, text = replayed_image(model), replayed_text(model)
        self.vision: Tower[Pixels] = (
            VisionTower(model.visual, image) if plain_image(model) else image
        )
        self.text: Tower[Tokens] = TextTower(model, text) if plain_text(model) else text
        self.end_token = None if tokenizer is None else end_token(model, tokenizer, self.name)

    @classmethod
    def load(cls, config: ModelConfig, device: torch.device) -> "OpenCLIP":
        """Loads weights, preprocessing and tokenizer.

        Args:
            config: Its checkpoint is `ARCHITECTURE/TAG` as open_clip lists them,
                `hf-hub:ORG/NAME`, or a folder with `open_clip_config.json`.
            device: Where the weights go.

        Raises:
            ModelError: Something is missing.
        """
        checkpoint = config.checkpoint
        architecture, tag = _source(config)
        _refuse_adapter(Path(architecture.removeprefix(LOCAL)))
        text = _text_tower(architecture, config)
        with loading(checkpoint), told_in_one_line(checkpoint), warnings.catch_warnings():
            # A QuickGELU mismatch would go on with wrong numbers.
            warnings.filterwarnings("error", message="QuickGELU mismatch")
            model = open_clip.create_model(
                architecture,
                pretrained=tag,
                require_pretrained=True,
                pretrained_hf=False,  # the checkpoint holds both towers
                force_image_size=config.image_size,
                weights_only=True,  # of pickles, tensors alone
                **text,
            )
            on_main = checkpoint.startswith(HUB) and config.revision is None
            tokenizer = open_clip.get_tokenizer(checkpoint if on_main else architecture)
        preprocessing = Preprocessing.from_open_clip(model.visual.preprocess_cfg)
        dtype = getattr(torch, config.dtype.value)
        return cls(model.to(device, dtype), preprocessing, tokenizer, name=checkpoint)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.logit_scale.device
        return device

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The learned temperature, and the bias of models trained with SigLIP's loss."""
        scale = self.model.logit_scale.exp()
        bias = self.model.logit_bias
        return scale, torch.zeros_like(scale) if bias is None else bias

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """Splits captions into pieces, padded to the context where the tower may read padding.

        Raises:
            InputError: It is no list of captions.
        """
        texts = captions_of(texts)
        if isinstance(self.tokenizer, HFTokenizer):
            return tokenize_hf(self.tokenizer, texts, self.end_token)
        pad = not isinstance(self.text, TextTower)
        return tokenize_bpe(self.tokenizer, texts, self.context, pad=pad, end_token=self.end_token)

    def own_image_features(self, pixels: Pixels) -> Tensor:
        """The model's own image embeddings, `[B, D]`, of any length."""
        weight = next(self.model.visual.parameters())
        features: Tensor = self.model.encode_image(pixels.values.to(weight.device, weight.dtype))
        return features

    def own_text_features(self, tokens: Tokens) -> Tensor:
        """The model's own text embeddings, `[B, D]`, of any length."""
        ids = functional.pad(tokens.ids, (0, self.context - tokens.ids.shape[1]))
        features: Tensor = self.model.encode_text(ids.to(self.device))
        return features

    @property
    def vocabulary(self) -> int:
        """Number of tokens that the text tower has embeddings for."""
        text = getattr(self.model, "text", self.model)
        if isinstance(text, HFTextEncoder):
            return int(text.transformer.get_input_embeddings().num_embeddings)
        return int(text.token_embedding.num_embeddings)

    @property
    def context(self) -> int:
        """Longest caption, in tokens; a text tower of transformers may not say."""
        text = getattr(self.model, "text", self.model)
        own = getattr(self._tokenizer, "context_length", None)
        return int(own or text.context_length or DEFAULT_CONTEXT_LENGTH)


def _source(config: ModelConfig) -> tuple[str, str | None]:
    """What open_clip calls model name and pretrained tag; a repository is brought here first."""
    checkpoint, revision = config.checkpoint, config.revision
    if not checkpoint.startswith(HUB):
        if revision is not None:
            raise ModelError(f"model.revision is for the hub; checkpoint '{checkpoint}' has none")
        return split_checkpoint(checkpoint)
    repository = checkpoint.removeprefix(HUB)
    other = f"; if it is transformers', use model=hf model.checkpoint={repository}"
    with loading(repository):
        folder = local_copy(repository, revision, NEEDED, other)
    _require_colours(folder / CONFIG)
    return (f"{LOCAL}{folder}", None) if revision is None else split_checkpoint(str(folder))


def _refuse_adapter(folder: Path) -> None:
    if (folder / ADAPTER_CONFIG).is_file():
        raise ModelError(
            f"{folder} holds an adapter, which open_clip would not apply; if it was merged, remove "
            f"{ADAPTER_CONFIG}, else put it in with PEFT and use vlminterp.wrap"
        )


def split_checkpoint(checkpoint: str) -> tuple[str, str | None]:
    """What open_clip calls model name and pretrained tag, of a folder or of `ARCHITECTURE/TAG`."""
    folder = Path(checkpoint)
    if folder.is_dir():
        require_files(folder, NEEDED)
        config = read_json(folder / CONFIG).get("model_cfg")
        if config is None:
            raise ModelError(f"{folder / CONFIG} has no 'model_cfg'")
        if config.get("text_cfg", {}).get("hf_tokenizer_name"):
            require_files(folder, [TOKENIZER])
        _require_colours(folder / CONFIG)
        return f"{LOCAL}{checkpoint}", None
    architecture, _, tag = checkpoint.partition("/")
    known = open_clip.list_pretrained_tags_by_model(architecture)
    if tag not in known:
        listed = ", ".join(known) or "none; see open_clip.list_pretrained()"
        raise ModelError(f"open_clip has no weights '{tag}' for '{architecture}'; it has: {listed}")
    return architecture, tag


def _require_colours(path: Path) -> None:
    """Checks that a folder says how colours are normalised.

    Where it doesn't, open_clip itself takes OpenAI's mean and deviation for any architecture, and
    a SigLIP or MobileCLIP would go on with wrong numbers.

    Raises:
        ModelError: It does not.
    """
    config = read_json(path).get("preprocess_cfg") or {}
    missing = [key for key in ("mean", "std") if config.get(key) is None]
    if missing:
        raise ModelError(
            f"{path} has no preprocess_cfg.{' and no preprocess_cfg.'.join(missing)}, and "
            "OpenAI's may not be this model's; write there what it was trained with"
        )


def _text_tower(architecture: str, config: ModelConfig) -> dict[str, Any]:
    """Options of `create_model` for a text tower that another repository describes.

    Raises:
        ModelError: That repository is not here, or there is none.
    """
    text: dict[str, Any] = open_clip.get_model_config(architecture)["text_cfg"]
    where = config.text_tower or text.get("hf_model_name")
    if "hf_model_name" not in text or where is None:
        if config.text_tower is not None:
            raise ModelError(
                f"{config.checkpoint} has its own text tower; leave out model.text_tower"
            )
        return {}
    needed = [("config.json",)]
    try:
        if (folder := Path(where)).is_dir():
            require_files(folder, needed)
        else:
            with loading(where, "model.text_tower"):
                folder = local_copy(where, None, needed)
    except ModelError as error:
        raise ModelError(
            f"checkpoint {config.checkpoint} has its text tower in '{where}': {error}"
        ) from error
    # The checkpoint holds the weights of both towers.
    return {"text_cfg": {**text, "hf_model_name": str(folder), "hf_model_pretrained": False}}
