"""Reads what a command line sets, before Hydra does."""

from collections.abc import Iterable, Sequence


def settings(arguments: Iterable[str]) -> list[tuple[str, str]]:
    """Returns the options that a command line sets, and their values as written.

    Example:
        >>> settings(["-m", "+plugin=m2ib", "data.text=a = b"])
        [('plugin', 'm2ib'), ('data.text', 'a = b')]
    """
    pairs = (argument.partition("=") for argument in arguments)
    return [(key.lstrip("+~"), value) for key, equals, value in pairs if equals]


def with_plus(arguments: Sequence[str]) -> list[str]:
    """Adds the plus that Hydra wants before a choice that has no default: `plugin=m2ib`."""
    return [f"+{one}" if one.startswith("plugin=") else one for one in arguments]
