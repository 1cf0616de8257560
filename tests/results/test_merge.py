"""Shards of one run are put together; what is damaged in one of them is not copied."""

import json

import pytest
from PIL import Image

from vlminterp.results.merge import main as merge
from vlminterp.results.run_folder import RunFolder


def shard(folder, *numbers):
    """A folder of one run that has some of its parts."""
    with RunFolder.open(folder / "abc", {"names": {}}) as run:
        for number in numbers:
            picture = run.save_picture(f"{number}", Image.new("RGB", (9, 9), (number, 0, 0)))
            run.parts.write(number, [{"pair": number, "picture": picture}], {})
    return folder / "abc"


@pytest.fixture
def shards(tmp_path):
    return shard(tmp_path / "1", 0, 2), shard(tmp_path / "2", 1, 3)


def pictures(run):
    return {file.name: file.read_bytes() for file in (run / "pictures").iterdir()}


def test_parts_come_with_their_pictures(shards, tmp_path, capsys):
    assert merge([*map(str, shards)]) == 0
    assert f"{shards[0]}: 4 parts" in capsys.readouterr().out
    assert pictures(shards[0]) == pictures(shard(tmp_path / "whole", 0, 1, 2, 3))
    assert not RunFolder.read(shards[0]).damaged()


@pytest.mark.parametrize("there", [False, True])
def test_a_damaged_picture_is_not_copied_and_one_that_was_is_replaced(there, shards, capsys):
    mine, theirs = shards
    picture = theirs / "pictures" / "3.png"
    whole = picture.read_bytes()
    picture.write_bytes(whole[:20])
    if there:
        (mine / "pictures" / "3.png").write_bytes(whole[:20])
    assert merge([str(mine), str(theirs)]) == 0
    assert "3 parts" in capsys.readouterr().out
    assert (mine / "pictures" / "3.png").exists() == there
    picture.write_bytes(whole)
    assert merge([str(mine), str(theirs)]) == 0
    assert len(RunFolder.read(mine).parts) == 4
    assert not RunFolder.read(mine).damaged()


def test_a_good_picture_is_not_replaced_by_a_damaged_one(shards):
    mine, theirs = shards
    assert merge([str(mine), str(theirs)]) == 0
    before = pictures(mine)
    (theirs / "pictures" / "1.png").write_bytes(b"no picture")
    assert merge([str(mine), str(theirs)]) == 0
    assert pictures(mine) == before


def test_shards_of_other_versions_are_refused(shards, capsys):
    mine, theirs = shards
    found = json.loads((theirs / "versions.json").read_bytes())
    (theirs / "versions.json").write_text(json.dumps(found | {"platform": "another machine"}))
    assert merge([str(mine), str(theirs)]) == 0
    capsys.readouterr()
    (theirs / "versions.json").write_text(json.dumps(found | {"torch": "1.0"}))
    assert merge([str(mine), str(theirs)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f"{theirs} was computed with other versions than {mine}: torch 1.0")
