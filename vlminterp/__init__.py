"""What a vision-language model looks at, and what it likes to hear."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlminterp.adapters.dual_encoder import DualEncoder

__all__ = ["load"]


def load(name: str, device: str = "auto", **overrides: Any) -> "DualEncoder":
    """Loads a model by the name of its configuration, as `model=NAME` does.

    Args:
        name: One of `conf/model/`, or of an installed package's.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        **overrides: Keys of the configuration, e.g. `checkpoint="/local/folder"` or
            `dtype="bfloat16"`.

    Returns:
        The encoder, frozen and in eval mode.

    Raises:
        UserError: There is no such model, key or device, or the checkpoint can't be loaded.
    """
    from vlminterp.adapters.registry import load_encoder
    from vlminterp.composition import composed_model

    return load_encoder(composed_model(name, overrides), name, device)
