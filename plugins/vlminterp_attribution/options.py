"""Reads the options of methods and checks them."""

from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vlminterp.errors import ConfigError


def read_options(name: str, default: Any, given: Mapping[str, Any]) -> Any:
    """Makes a method's options from its defaults and the given values.

    Args:
        name: The method's name.
        default: Its default options, a dataclass.
        given: Values of options by name.

    Raises:
        ConfigError: There is no such option, or a value is of the wrong type or out of range.
    """
    try:
        return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(default), dict(given)))
    except OmegaConfBaseException as error:
        reason = str(error).split("\n", 1)[0]
        known = ", ".join(vars(default)) or "none"
        raise ConfigError(f"options of {name}: {reason}; options: {known}") from error


def require_positive(**values: float) -> None:
    """Checks that options are above 0.

    Raises:
        ConfigError: One is not.
    """
    for name, value in values.items():
        if not value > 0:
            raise ConfigError(f"{name}={value} must be above 0")
