"""Interpretability of vision-language models: what one looks at, and which texts it prefers."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from vlminterp_attribution.pair_explanation import PairExplanation, PairExplanations

    from vlminterp.adapters.dual_encoder import DualEncoder
    from vlminterp.adapters.inputs import OnePicture
    from vlminterp.attribution.targets import Target

__all__ = ["explain", "load", "wrap"]


def load(name: str, device: str = "auto", **overrides: Any) -> "DualEncoder":
    """Loads a model by the name of its configuration, as `model=NAME` does.

    Args:
        name: A name from `conf/model/` or an installed package; or the model's address, such as
            `openai/clip-vit-base-patch32`, `ViT-B-32/laion2b_s34b_b79k`, `hf-hub:org/name` or a
            folder, `./folder`.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
        **overrides: Keys of the configuration, e.g. `checkpoint="/local/folder"` or
            `dtype="bfloat16"`.

    Returns:
        The encoder, frozen and in eval mode.

    Raises:
        UserError: There is no such model, key or device, or the checkpoint can't be loaded.
    """
    from vlminterp.adapters.registry import load_encoder
    from vlminterp.config.model import composed_model

    return load_encoder(composed_model(name, overrides), name, device)


def wrap(model: Any, preprocess: Any, tokenizer: Any = None, name: str = "") -> "DualEncoder":
    """Wraps a model object of open_clip or transformers as an encoder.

    The encoder is compared once with the model's own features. The model is put in eval mode and
    frozen, and stays on its device; PEFT, hooks and quantised layers take effect.

    Args:
        model: A model of open_clip, or a two-tower model of transformers, perhaps wrapped by PEFT.
        preprocess: open_clip's transform for evaluation, or transformers' processor.
        tokenizer: open_clip's tokenizer; for transformers, only where the processor has none.
        name: The model's name in reports.

    Returns:
        The encoder.

    Raises:
        ModelError: A part is missing or of another kind, or the encoder's features
            differ from the model's own.

    Example:
        ```python
        model, _, preprocess = open_clip.create_model_and_transforms("ViT-B-32", "openai")
        encoder = vlminterp.wrap(model, preprocess, open_clip.get_tokenizer("ViT-B-32"))
        ```
    """
    from vlminterp.adapters.wrapping import wrap

    return wrap(model, preprocess, tokenizer, name)


@overload
def explain(
    model: "DualEncoder | str",
    image: "OnePicture",
    text: str,
    method: str = ...,
    against: str | Sequence[str] | None = ...,
    *,
    target: "Target | None" = ...,
    options: Mapping[str, Any] | None = ...,
    seed: int = ...,
    passport: bool = ...,
) -> "PairExplanation": ...


@overload
def explain(
    model: "DualEncoder | str",
    image: "OnePicture",
    text: list[str] | tuple[str, ...],
    method: str = ...,
    against: str | Sequence[str] | None = ...,
    *,
    target: "Target | None" = ...,
    options: Mapping[str, Any] | None = ...,
    seed: int = ...,
    passport: bool = ...,
) -> "PairExplanations": ...


def explain(  # noqa: PLR0913 - one call asks everything
    model: "DualEncoder | str",
    image: "OnePicture",
    text: str | list[str] | tuple[str, ...],
    method: str = "ig",
    against: str | Sequence[str] | None = None,
    *,
    target: "Target | None" = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    passport: bool = False,
) -> "PairExplanation | PairExplanations":
    """Tells which parts of a picture and which words of its caption a model uses.

    Args:
        model: An encoder, or the name of one as `load` takes it; the last named one is kept loaded.
        image: A Pillow image, a path, an encoded picture, or a uint8 array `[height, width, 3]`.
        text: A caption; or several, which are explained one by one.
        method: The name of an attribution method; `python -m vlminterp_attribution` lists them. By
            default the one that was most faithful on planted VLMs, which `look` asks too.
        against: A caption or several to compare with: then the question is why this caption and
            not those, and scores below 0 count against it.
        target: Another question in place of `against`; see `vlminterp.attribution.targets`.
        options: Options that differ from the method's defaults, by name.
        seed: Seed of everything random.
        passport: Whether each map says how far it can be trusted, which takes about 30 forward
            passes more; of similarities alone.

    Returns:
        An explanation, or for several captions a tuple of them; both show themselves in a notebook.

    Raises:
        UserError: A name, an option, the picture or a caption can't be used.

    Example:
        ```python
        found = vlminterp.explain("clip-vit-b32", "cat.jpg", "a cat", against="a dog")
        found.overlay().save("heat.png")
        ```
    """
    from vlminterp_attribution.explaining import explain, target_of

    from vlminterp.adapters.dual_encoder import DualEncoder
    from vlminterp.errors import ConfigError

    encoder = _kept(model) if isinstance(model, str) else model
    if not isinstance(encoder, DualEncoder):
        raise ConfigError(
            f"model is of the type {type(model).__name__}; give a name or an encoder, which "
            "vlminterp.wrap makes of a model object"
        )
    asked = target_of(against, target)
    return explain(encoder, image, text, method, asked, options or {}, seed, passport=passport)


@lru_cache(maxsize=1)
def _kept(name: str) -> "DualEncoder":
    """Loads a model and keeps the last one, since a notebook asks for the same again and again."""
    return load(name)
