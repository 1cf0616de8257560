"""An encoder without weights: enough to be loaded by name."""

import re

import torch

from vlminterp.adapters.dual_encoder import DualEncoder, Tokens, Word


class HashEncoder(DualEncoder):
    """Splits captions at spaces."""

    @classmethod
    def load(cls, config, device):
        """Loads nothing."""
        return cls()

    @property
    def device(self):
        """The CPU."""
        return torch.device("cpu")

    @property
    def scale_and_bias(self):
        """None of either."""
        return torch.ones(()), torch.zeros(())

    def preprocess(self, images):
        """Not needed by the example."""
        raise NotImplementedError

    def tokenize(self, texts):
        """One token per word."""
        found = tuple(
            tuple(
                Word(word.group(), place, place + 1, word.span())
                for place, word in enumerate(re.finditer(r"\S+", text))
            )
            for text in texts
        )
        length = max(map(len, found))
        ids = torch.tensor(
            [[len(word.text) for word in row] + [0] * (length - len(row)) for row in found]
        )
        return Tokens(ids, ids > 0, ids == 0, found, (False,) * len(texts))
