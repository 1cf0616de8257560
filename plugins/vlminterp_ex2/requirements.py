"""Versions of the libraries that only EX2 needs."""

from importlib.metadata import PackageNotFoundError, version

from packaging.version import Version

from vlminterp.errors import ConfigError

NEEDED = {"trl": "1.16", "peft": "0.18"}


def check_requirements() -> None:
    """Checks the installed libraries before anything slow begins.

    Raises:
        ConfigError: One of them is missing or too old; the message says what to install.
    """
    for library, least in NEEDED.items():
        try:
            found = version(library)
        except PackageNotFoundError:
            found = ""
        if not found or Version(found) < Version(least):
            has = f"{found} is installed" if found else "none is installed"
            raise ConfigError(
                f"ex2 needs {library} {least} or later, {has}: pip install '{library}>={least}'"
            )
