"""Sources are found by name, ours and third parties', and listing them costs nothing."""

import subprocess
import sys

import pytest

from vlminterp.data import registry
from vlminterp.data.folder import FolderSource
from vlminterp.data.pairs import Source
from vlminterp.errors import ConfigError


@pytest.fixture
def bring(tmp_path, monkeypatch):
    """Installs a package that brings a source."""

    def install(name, value):
        folder = tmp_path / "theirs-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[vlminterp.sources]\n{name} = {value}\n")
        monkeypatch.syspath_prepend(tmp_path)

    return install


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


def test_third_party(bring):
    bring("theirs", "vlminterp.data.folder:FolderSource")
    assert "theirs" in registry.source_names()
    assert registry.source_class("theirs") is FolderSource


def test_a_name_claimed_twice(bring):
    bring("folder", "other.package:Source")
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
def test_one_that_does_not_load_says_why(bring, value, message):
    bring("broken", value)
    with pytest.raises(ConfigError, match=message):
        registry.source_class("broken")
    assert registry.source_class("pair")
