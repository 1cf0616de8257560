import re
from enum import Enum
from pathlib import Path

import pytest

from vlminterp.errors import InputError
from vlminterp.results import identity
from vlminterp.results.identity import run_identity

CONFIG = {"plugin": {"beta": 0.1, "sides": ["image", "text"]}, "seed": 0}


class Colour(Enum):
    red = 1


def test_identity_is_twelve_hexadecimal_digits():
    assert re.fullmatch(r"[0-9a-f]{12}", run_identity(CONFIG, []))


def test_order_of_keys_is_no_part_of_it():
    turned = {"seed": 0, "plugin": {"sides": ["image", "text"], "beta": 0.1}}
    assert run_identity(turned, []) == run_identity(CONFIG, [])


@pytest.mark.parametrize(
    "other",
    [
        {"plugin": {"beta": 0.2, "sides": ["image", "text"]}, "seed": 0},
        {"plugin": {"beta": 0.1, "sides": ["text", "image"]}, "seed": 0},
        {"plugin": {"beta": 0.1, "sides": ["image", "text"]}, "seed": 1},
        {"plugin": {"beta": 0.1, "sides": ["image", "text"]}, "seed": None},
        {"plugin": {"beta": 0.1, "sides": ["image", "text"]}},
    ],
)
def test_every_value_is_part_of_it(other):
    assert run_identity(other, []) != run_identity(CONFIG, [])


def test_contents_of_files_are_part_of_it(tmp_path):
    file = tmp_path / "weights"
    file.write_bytes(b"1234")
    before = run_identity(CONFIG, [file])
    assert before == run_identity(CONFIG, [file]) != run_identity(CONFIG, [])
    file.write_bytes(b"1235")
    assert run_identity(CONFIG, [file]) != before


def test_folder_counts_as_all_files_in_it(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "weights").write_bytes(b"1")
    before = run_identity(CONFIG, [tmp_path])
    (tmp_path / "deep" / "weights").write_bytes(b"2")
    assert run_identity(CONFIG, [tmp_path]) != before


def test_patch_releases_are_the_same_run_and_minor_ones_are_not(monkeypatch):
    found = []
    for version in ("1.2.3", "1.2.4", "1.3.0"):
        monkeypatch.setattr(identity, "package_version", lambda version=version: version)
        found.append(run_identity(CONFIG, []))
    assert found[0] == found[1] != found[2]


def test_enums_paths_and_odd_file_names_have_an_identity():
    config = {
        "mode": Colour.red,
        "where": Path("a/b"),
        "name": b"\xff".decode("utf-8", "surrogateescape"),
    }
    assert run_identity(config, []) == run_identity(dict(config), [])


def test_missing_file_is_one_line_that_names_it(tmp_path):
    with pytest.raises(
        InputError, match=r"gone can't be read: No such file or directory; check"
    ) as error:
        run_identity(CONFIG, [tmp_path / "gone"])
    assert "\n" not in str(error.value)
