"""The options of the audit."""

import math
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import ClassVar

from vlminterp_attribution.options import FAITHFUL

from vlminterp.errors import ConfigError

BY_MAP = "map"
"""The option `regions` by which no mask is used."""


class Describe(Enum):
    """The origins of the phrases that are tried on a VLM."""

    bank = "bank"
    ex2 = "ex2"


@dataclass
class AuditConfig:
    """Options of the audit.

    Attributes:
        describe: The origin of phrases: a `bank`, or what a finished run of `ex2` has found.
        bank: A csv with the columns concept, family, text and perhaps frame, see
            `vlminterp.description.bank_file`; null for the planted grammar.
        run: Folder of the EX2 run; null for the newest finished one of the same model and data.
        regions: A folder of masks named like the pictures, `owl/3.png` for `owl/3.jpg`; null for
            the data's own masks; `map` for neither. Where fewer than half of the pictures have a
            mask, those without get a region from the map of their name.
        method: Attribution method; `python -m vlminterp_attribution` lists them.
        pictures: Pictures of each concept, evenly spaced over its list, and those that
            its name is tested on, ≥ 2.
        draws: Pictures that lend their objects, and as many that lend their backgrounds, to each
            tested one, ≥ 1.
        templates: Captions of a name, with {concept} for the name and its article, or {name}.
        least: Smallest share of the score, 0…0.5, by which objects or backgrounds matter.
        margin: Smallest change of the score that matters, in cosine, > 0.
        batch_size: Pictures, or texts, at once, ≥ 1; changes no result but rounding.
    """

    free_text: ClassVar = ("bank", "run", "regions")

    describe: Describe = Describe.bank
    bank: str | None = None
    run: str | None = None
    regions: str | None = None
    method: str = FAITHFUL
    pictures: int = 8
    draws: int = 3
    templates: list[str] = field(
        default_factory=lambda: [
            "A photo of {concept}.",
            "This is {concept}.",
            "A picture that shows {concept}.",
        ]
    )
    least: float = 0.3
    margin: float = 0.02
    batch_size: int = 64

    def __post_init__(self) -> None:
        """Checks that every value is in range.

        Raises:
            ConfigError: A value is out of range, or has no effect.
        """
        for name, least in (("pictures", 2), ("draws", 1), ("batch_size", 1)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name}={getattr(self, name)} must be at least {least}")
        if not (math.isfinite(self.margin) and self.margin > 0):
            raise ConfigError(f"margin={self.margin} must be above 0")
        if not 0 < self.least < 0.5:
            raise ConfigError(f"least={self.least} must be between 0 and 0.5")
        if not self.templates:
            raise ConfigError("templates is empty; give a caption, such as 'A photo of {concept}.'")
        for template in self.templates:
            if "{concept}" not in template and "{name}" not in template:
                raise ConfigError(f"the template '{template}' has no {{concept}} for the name")
        self._check_origin()

    def _check_origin(self) -> None:
        """Checks the options that say where phrases and masks come from."""
        for name in ("bank", "run", "regions"):
            value = getattr(self, name)
            if value is not None and not value.strip():
                raise ConfigError(f"{name} is empty; give a path, or null")
        if self.describe is Describe.bank and self.run is not None:
            raise ConfigError("run=… says nothing with describe=bank; use describe=ex2")
        if self.describe is Describe.ex2 and self.bank is not None:
            raise ConfigError("bank=… says nothing with describe=ex2; use describe=bank")

    @property
    def paths(self) -> list[Path]:
        """The paths of the user's bank and masks, as far as they are given."""
        found = [] if self.bank is None else [Path(self.bank).expanduser()]
        return found if self.folder is None else [*found, self.folder]

    @property
    def folder(self) -> Path | None:
        """The path of the folder of masks, if there is one."""
        return None if self.regions in (None, BY_MAP) else Path(str(self.regions)).expanduser()
