"""The concepts of a run's data, whose pictures captions can be scored against."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vlminterp.data.concepts import Concept
from vlminterp.data.registry import source_class
from vlminterp.errors import UserError
from vlminterp.results.run_folder import RunFolder

PLANTED = "planted"
"""The data whose concepts are offered without a run."""


@lru_cache(maxsize=4)
def concepts_of(run: str | None) -> dict[str, Concept]:
    """Returns the concepts of a run's data by name; none if the data can't be read any more.

    Args:
        run: The run's folder; None for the planted world.
    """
    with suppress(UserError, OmegaConfBaseException):
        name, options = _data_of(run)
        kind: Any = source_class(name)
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(kind.Config), options))
        return {concept.name: concept for concept in kind(config).concepts()}
    return {}


def _data_of(run: str | None) -> tuple[str, dict[str, Any]]:
    """Returns the name of a run's data, and their options."""
    if run is None:
        return PLANTED, {}
    folder = RunFolder.read(Path(run))
    return folder.names["data"], folder.config.get("data") or {}
