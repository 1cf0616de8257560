"""The planted world: scenes whose truth is known, and VLMs trained on them."""

from pathlib import Path


def models_dir() -> Path:
    """The folder with the shipped models: VLMs, each a Hugging Face `CLIPModel` directory."""
    return Path(__file__).parent / "models"


def describer_dir() -> Path:
    """The language model that describes the world's concepts, a `LlamaForCausalLM` directory."""
    return models_dir() / "describer"
