"""Broken and malicious checkpoints end in one line; nothing of them is run, nothing is asked."""

import io
import os
import resource
import shutil
import warnings

import pytest
from PIL import Image

from tests.broken.table import CODE_BESIDE, KINDS, TABLE
from tests.broken.ways import edited, written
from tests.broken.wholes import load, write_wholes
from vlminterp.cli.main import run
from vlminterp.errors import UserError

MOST_MEMORY = 400 * 1024
"""KiB by which a broken checkpoint may raise the memory of a process at its peak."""
LONGEST = 700
"""Characters of a line; some list what there is to choose from."""


@pytest.fixture(scope="module")
def wholes(tmp_path_factory, open_clip_folder):
    parent = tmp_path_factory.mktemp("wholes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_wholes(parent, open_clip_folder)
        for kind in set(KINDS) - {"gguf"}:  # whole, each is read
            load(kind, parent / kind, parent)
    return parent


@pytest.fixture
def stdin(monkeypatch):
    """Says yes to whatever is asked."""
    answers = io.StringIO("y\n" * 20)
    monkeypatch.setattr("sys.stdin", answers)
    return answers


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize(("kind", "way"), TABLE, ids=[f"{kind}: {way}" for kind, way in TABLE])
def test_it_ends_in_one_line(kind, way, wholes, tmp_path, stdin, capfd):
    if way.endswith("unreadable") and os.geteuid() == 0:
        pytest.skip("root reads everything")
    folder = shutil.copytree(wholes / kind, tmp_path / kind)
    KINDS[kind][way](folder)
    capfd.readouterr()
    before = peak()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(UserError) as raised:
            load(kind, folder, wholes)
    line = str(raised.value)
    assert "\n" not in line
    assert str(folder) in line
    assert len(line) < LONGEST
    assert len(line.replace(str(folder), "").split()) > 4
    assert peak() - before < MOST_MEMORY
    assert not (tmp_path / "canary").exists()
    assert stdin.tell() == 0
    assert capfd.readouterr() == ("", "")
    assert [str(one.message) for one in warned] == []


@pytest.mark.parametrize("kind", sorted(CODE_BESIDE))
def test_code_beside_what_is_known_is_left_out(kind, wholes, tmp_path, stdin):
    folder = shutil.copytree(wholes / kind, tmp_path / kind)
    config = (folder / "config.json").read_text()
    CODE_BESIDE[kind](folder)
    assert (folder / "config.json").read_text() == config
    load(kind, folder, wholes)
    assert not (tmp_path / "canary").exists()
    assert stdin.tell() == 0


@pytest.fixture
def line(tmp_path, monkeypatch, stdin, capfd):
    """Runs a command line that must fail; returns all that it says."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (40, 40)).save(tmp_path / "cat.png")

    def fail(*arguments):
        capfd.readouterr()
        code = run(
            [
                *(*arguments, "+plugin=m2ib", "tracking=disabled", "device=cpu"),
                *("data=pair", "data.image=cat.png", "data.text=a cat"),
            ]
        )
        out, err = capfd.readouterr()
        assert code == 1
        assert stdin.tell() == 0
        assert not (tmp_path / "canary").exists()
        (only,) = [one for one in (out + err).splitlines() if not one.startswith("loading")]
        return only

    return fail


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("hf", "config a loop"),
        ("hf", "pickle of code"),
        ("open_clip", "model_cfg a list"),
        ("peft", "config a list"),
    ],
)
def test_a_command_line_ends_in_one_line(kind, way, wholes, tmp_path, line):
    folder = shutil.copytree(wholes / kind, tmp_path / kind)
    KINDS[kind][way](folder)
    assert str(folder) in line(f"model={folder}")


def test_a_text_tower_brings_code(wholes, tmp_path, line):
    folder = shutil.copytree(wholes / "text_tower", tmp_path / "text_tower")
    KINDS["text_tower"]["own code"](folder)
    said = line(f"model={wholes / 'of_two'}", f"model.text_tower={folder}")
    assert "code that comes with it, which is not run" in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("checkpoint: !!python/object/apply:os.mkdir ['canary']", "python/object"),
        ("checkpoint: !!python/name:os.mkdir", "python/name"),
        ("checkpoint: a\ncheckpoint: b", "duplicate key"),
        ("checkpoint: [a", "mine.yaml"),
        ("- checkpoint", "mine"),
        ("7", "Invalid loaded object type"),
        ("\x00", "mine.yaml"),
    ],
)
def test_a_config_of_a_search_path(text, told, tmp_path, line):
    (tmp_path / "own" / "model").mkdir(parents=True)
    written("mine.yaml", text)(tmp_path / "own" / "model")
    assert told in line("--config-dir", str(tmp_path / "own"), "model=mine")


def test_what_is_read_was_broken(wholes, tmp_path):
    """The table's own instruments: an edit that changes nothing breaks nothing."""
    folder = shutil.copytree(wholes / "hf", tmp_path / "hf")
    edited("config.json", nothing="of it")(folder)
    load("hf", folder, wholes)
