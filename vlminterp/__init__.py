"""Interpretability of vision-language models: what one looks at, and which texts it prefers."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlminterp.adapters.dual_encoder import DualEncoder

__all__ = ["load", "wrap"]


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
