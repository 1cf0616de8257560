"""The planted world: scenes whose truth is known, and VLMs trained on them."""

from pathlib import Path


def models_dir() -> Path:
    """Returns the folder of shipped VLMs, each a Hugging Face `CLIPModel` directory."""
    return Path(__file__).parent / "models"


def describer_dir() -> Path:
    """Returns the directory of the describer, a `LlamaForCausalLM` that describes concepts."""
    return models_dir() / "describer"
