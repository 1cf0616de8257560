"""The options of the bank."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vlminterp.description.fit import Fit
from vlminterp.errors import ConfigError


@dataclass
class BankConfig:
    """Options of the bank.

    Attributes:
        bank: A csv with the columns concept, family, text and perhaps frame, see
            `vlminterp.description.bank_file`; null for all that the planted grammar can say.
        held_out: Whether the planted grammar speaks in wordings that no model was trained on.
        families: Families of the bank to use; null for all.
        score: Score that the verdict is found by; rows have both.
        others: Concepts whose words take the place of each description's own, ≥ 1.
        margin: The smallest gain from a family's words that would matter, in cosine, > 0.
        batch_size: Texts at once, ≥ 1; changes no result but rounding.
    """

    free_text: ClassVar = ("bank",)

    bank: str | None = None
    held_out: bool = True
    families: list[str] | None = None
    score: Fit = Fit.own
    others: int = 1
    margin: float = 0.02
    batch_size: int = 128

    def __post_init__(self) -> None:
        """Checks that every value is in range.

        Raises:
            ConfigError: A value is out of range.
        """
        for name in ("others", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}={getattr(self, name)} must be at least 1")
        if not (math.isfinite(self.margin) and self.margin > 0):
            raise ConfigError(f"margin={self.margin} must be above 0")
        if self.bank is not None and not self.bank.strip():
            raise ConfigError("bank is empty; give a csv, or null for the planted grammar")

    @property
    def path(self) -> Path | None:
        """The path of the user's bank, if there is one."""
        return None if self.bank is None else Path(self.bank).expanduser()
