"""The concepts of a run's data, whose pictures captions can be scored against."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

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
        if run is None:
            name, options = PLANTED, {}
        else:
            folder = RunFolder.read(Path(run))
            name, options = folder.names["data"], folder.config.get("data") or {}
        kind = source_class(name)
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(kind.Config), options))
        return {concept.name: concept for concept in kind(config).concepts()}
    return {}
