"""Options that all plugins share which explain pairs."""

import math
from dataclasses import dataclass

from vlminterp.errors import ConfigError


@dataclass
class ExplainingConfig:
    """Options of explaining pairs, whatever the method.

    Attributes:
        blur: Standard deviation, in patches, ≥ 0, of a blur of the maps that are drawn and scored;
            those that are stored are not blurred.
        passport: Whether each map says how far it can be trusted (for explained similarities).
        batch_size: Pairs that are explained together, ≥ 1; changes no result but rounding.
        thorough: Whether maps are also judged by insertion, deletion, ROAD and sensitivity-n, and
            words by deletion: about 100 forward passes more for each pair and method.
        keep: Number of the first pairs whose pictures are kept, ≥ 0; of more pairs, also those of a
            fifth as many that say most or are drawn at random. Rows and maps are kept of all.
        scored: Share of the pairs, 0 to 1, drawn by their ids, that are scored beside baselines and
            have passports. The others have maps alone, which takes a fraction of the time.
    """

    blur: float = 0.0
    passport: bool = True
    batch_size: int = 16
    thorough: bool = False
    keep: int = 500
    scored: float = 1.0

    def __post_init__(self) -> None:
        """Checks that every value is in range.

        Raises:
            ConfigError: A value is out of range.
        """
        if self.batch_size < 1:
            raise ConfigError(f"batch_size={self.batch_size} must be at least 1")
        if self.keep < 0:
            raise ConfigError(f"keep={self.keep} must be a number of pairs, at least 0")
        if not 0 <= self.blur < math.inf:
            raise ConfigError(f"blur={self.blur} must be a number of patches, at least 0")
        if not 0 <= self.scored <= 1:
            raise ConfigError(f"scored={self.scored} must be a share of the pairs, 0 to 1")
