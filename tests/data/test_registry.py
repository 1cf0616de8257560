"""Sources are found by name, ours and third parties', and listing them costs nothing."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from vlminterp import entry_points
from vlminterp.data import registry
from vlminterp.data.folder import FolderSource
from vlminterp.data.pairs import Source
from vlminterp.errors import ConfigError


def bring(monkeypatch, *points: tuple[str, str]) -> None:
    found = [EntryPoint(name, value, entry_points.SOURCES) for name, value in points]
    monkeypatch.setattr(entry_points, "entry_points", lambda group: found)


def test_ours_are_listed():
    assert {"planted", "pair", "folder", "manifest"} <= set(registry.source_names())


@pytest.mark.parametrize("name", sorted(registry.OWN))
def test_every_source_has_a_config(name):
    source = registry.source_class(name)
    assert issubclass(source, Source)
    assert source.Config.__dataclass_fields__


def test_listing_imports_nothing_heavy():
    code = (
        "import sys; from vlminterp.data.registry import source_names; source_names();"
        "print([m for m in ('torch', 'pandas', 'pyarrow', 'hydra') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_names_the_nearest():
    with pytest.raises(ConfigError, match="no source 'foldr'; nearest: folder"):
        registry.source_class("foldr")


def test_third_party(monkeypatch):
    bring(monkeypatch, ("theirs", "vlminterp.data.folder:FolderSource"))
    assert "theirs" in registry.source_names()
    assert registry.source_class("theirs") is FolderSource


def test_a_name_claimed_twice(monkeypatch):
    bring(monkeypatch, ("folder", "other.package:Source"))
    with pytest.raises(ConfigError, match="source 'folder' is claimed twice: by other"):
        registry.source_class("folder")
    assert registry.source_class("pair")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no_such_module:Source", "no_such_module"),
        ("vlminterp.data.folder:NoSuch", "NoSuch"),
        ("vlminterp.errors:nearest", "no subclass of Source"),
    ],
)
def test_one_that_does_not_load_says_why(monkeypatch, value, message):
    bring(monkeypatch, ("broken", value))
    with pytest.raises(ConfigError, match=message):
        registry.source_class("broken")
    assert registry.source_class("pair")
