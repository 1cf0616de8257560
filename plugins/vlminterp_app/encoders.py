"""Keeps the VLMs that were used last, since a page asks the same ones again and again."""

from functools import lru_cache, partial

import vlminterp
from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.config.composition import known

KEPT = 3
"""The most VLMs that stay loaded."""
EMBEDDED = "planted-base"
"""A VLM that comes with the package."""
ANY = ("hf", "open-clip")
"""Models of the registry that describe no checkpoint of their own."""
AT_ONCE = "vlm"
"""The queue of all that uses a VLM: one at a time, since methods record what a VLM computes."""


class Encoders:
    """Loads VLMs by name and keeps the last `KEPT` of them.

    Args:
        device: The device to load them to, as `vlminterp.load` takes it.
    """

    def __init__(self, device: str) -> None:
        self._load = lru_cache(maxsize=KEPT)(partial(vlminterp.load, device=device))

    def __call__(self, name: str) -> DualEncoder:
        """Returns a VLM.

        Args:
            name: A name of the registry, a hub id or a folder.

        Raises:
            UserError: There is no such VLM, or it can't be loaded.
        """
        return self._load(name.strip())

    @staticmethod
    def names() -> list[str]:
        """Returns the names of the registry, those that come with the package first."""
        names = [name for name in known("model") if name not in ANY]
        return sorted(names, key=lambda name: (not name.startswith("planted"), name))
