"""An encoder without weights: enough to be loaded by name."""

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
        words = [text.split() for text in texts]
        length = max(map(len, words))
        ids = torch.tensor([[len(w) for w in row] + [0] * (length - len(row)) for row in words])
        found = tuple(tuple(Word(w, i, i + 1) for i, w in enumerate(row)) for row in words)
        return Tokens(ids, ids > 0, ids == 0, found, (False,) * len(texts))
