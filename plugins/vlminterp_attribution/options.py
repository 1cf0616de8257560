"""Reads the options of methods and checks them."""

import math
from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vlminterp.errors import ConfigError

FAITHFUL = "ig"
"""The method that is good whatever the model goes by; see experiments/studies/truth_table."""
MEMBERS = ("m2ib", "ig", "gae")
"""The methods that a consensus combines by default."""


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


def require_at_least(low: float, **values: float) -> None:
    """Checks that options are finite and not below a number.

    Raises:
        ConfigError: One is.
    """
    for name, value in values.items():
        if not low <= value < math.inf:
            raise ConfigError(f"{name}={value} must be a number of at least {low:g}")


def require_positive(**values: float) -> None:
    """Checks that options are finite and above 0.

    Raises:
        ConfigError: One is not.
    """
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ConfigError(f"{name}={value} must be above 0, and finite")


def require_share(**values: float) -> None:
    """Checks that options lie between 0 and 1.

    Raises:
        ConfigError: One does not.
    """
    for name, value in values.items():
        if not 0 < value < 1:
            raise ConfigError(f"{name}={value} must be between 0 and 1")


def require_even(**values: int) -> None:
    """Checks that options are even and at least 2.

    Raises:
        ConfigError: One is not.
    """
    for name, value in values.items():
        if value < 2 or value % 2:
            raise ConfigError(f"{name}={value} must be even, and at least 2")
