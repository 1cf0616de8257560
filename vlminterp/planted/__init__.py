"""The planted world: scenes whose truth is known, and VLMs trained on them."""

from pathlib import Path


def models_dir() -> Path:
    """The folder with the shipped VLMs, each a Hugging Face `CLIPModel` directory."""
    return Path(__file__).parent / "models"
