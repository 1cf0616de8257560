"""A library that is too old for EX2 is told in one line, before anything is loaded."""

from importlib.metadata import PackageNotFoundError

import pytest
from vlminterp_ex2 import requirements
from vlminterp_ex2.plugin import EX2Plugin

from vlminterp.errors import ConfigError


def test_what_is_installed_will_do():
    requirements.check_requirements()


@pytest.mark.parametrize(
    ("found", "message"),
    [("1.9.1", "1.9.1 is installed"), (None, "none is installed")],
)
def test_ex2_says_what_to_install(monkeypatch, found, message):
    def version(library):
        if found is None:
            raise PackageNotFoundError(library)
        return found if library == "trl" else "99"

    monkeypatch.setattr(requirements, "version", version)
    with pytest.raises(ConfigError, match=rf"ex2 needs trl 1\.16 or later, {message}: pip install"):
        EX2Plugin().run(None)
