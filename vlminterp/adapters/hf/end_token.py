"""Families whose text tower reads a caption at its end token."""

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from vlminterp.adapters.dual_encoder import Tokens, Tower
from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, at_id, at_largest_id
from vlminterp.errors import ModelError

LEGACY_EOS = 2
"""The `eos_token_id` with which transformers reads captions at the largest id (PR 24773)."""
PROBE = "a"
"""A caption that shows what a tokenizer writes at the end."""


class ReadsEndToken(HFDualEncoder, ABC):
    """Reads a caption at its first end token, whose id the config gives.

    Where transformers reads at the largest id instead, that is the end token unless tokens were
    added to the vocabulary; we read at the end token all the same.
    """

    legacy_eos: ClassVar[int | None] = LEGACY_EOS
    """The `eos_token_id` with which the family reads at the largest id; None if there is none."""

    def text_tower(self) -> Tower[Tokens]:
        """Returns a causal tower that is read at the end token."""
        return self.replayed_to_end()

    def replayed_to_end(self) -> ReplayText:
        """Returns the text tower as a `ReplayText` that reads at the end token.

        Raises:
            ModelError: The tokenizer never writes that token.
        """
        self.settle_end_token()
        end = self.end_token
        return self.replayed_text(at_largest_id if end is None else at_id(end))

    @property
    def end_token(self) -> int | None:
        """Id of the end token; None where the largest id is read and may be any token."""
        eos: int = self.model.config.text_config.eos_token_id
        return self.largest_end_token if eos == self.legacy_eos else eos

    @property
    def largest_end_token(self) -> int | None:
        """Id of the tokenizer's end token, if plain captions hold none above it."""
        if self._tokenizer is None:
            return None
        end: int | None = self._tokenizer.eos_token_id
        return end if end == max(self._probe()) else None

    def settle_end_token(self) -> None:
        """Makes transformers read captions at `end_token`.

        Raises:
            ModelError: The tokenizer never writes it: all captions would have the same embedding.
        """
        end = self.end_token
        if end is None:
            return
        if self._tokenizer is not None and end not in self._probe():
            wrote = self._probe()[-1]
            raise ModelError(
                f"{self.name} reads captions at token {end} (text_config.eos_token_id), which its "
                "tokenizer never writes, so that all captions would have one embedding; it ends "
                f"them with {wrote} ({self._tokenizer.convert_ids_to_tokens(wrote)}): mend "
                "config.json"
            )
        self.model.text_model.eos_token_id = end

    def _probe(self) -> Sequence[int]:
        ids: list[int] = self.tokenizer(PROBE)["input_ids"]
        return ids
