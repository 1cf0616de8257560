"""Stages that runs share: found by what they depend on, one writer at a time, copied whole."""

import threading

import pytest

from vlminterp.errors import ResultsError
from vlminterp.results.parts import Parts
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.stages import Stages


def test_a_stage_is_found_by_inputs_options_and_files(tmp_path):
    file = tmp_path / "templates.txt"
    file.write_text("one")
    paths = []
    for inputs, options, text in (
        ("a", 1, "one"),
        ("a", 1, "one"),
        ("b", 1, "one"),
        ("a", 2, "one"),
    ):
        file.write_text(text)
        stages = Stages(tmp_path / "stages", inputs)
        with stages.open("align", {"beta": options}, [file]) as folder:
            paths.append(folder.path)
    file.write_text("two")
    with Stages(tmp_path / "stages", "a").open("align", {"beta": 1}, [file]) as folder:
        paths.append(folder.path)
    assert paths[0] == paths[1]
    assert len(set(paths)) == 4


def test_a_stage_is_waited_for_and_a_run_is_not(tmp_path, capsys):
    stages_ = Stages(tmp_path / "stages", "inputs")
    entered = threading.Event()

    def second():
        with stages_.open("align", {}):
            entered.set()

    with stages_.open("align", {}) as folder:
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not entered.wait(0.3)
        with pytest.raises(ResultsError, match="in progress"), RunFolder.open(folder.path, {}):
            pass
    assert entered.wait(10)
    waiting.join()
    assert "vlminterp: waiting for process" in capsys.readouterr().err


def test_parts_are_taken_over_byte_for_byte_and_damage_is_mended(tmp_path):
    ours, theirs = Parts(tmp_path / "ours"), Parts(tmp_path / "theirs")
    for number in (0, 1):
        theirs.write(number, [{"row": number}], {})
    ours.adopt(theirs)
    first = tmp_path / "ours" / "rows" / "000000.parquet"
    assert first.read_bytes() == (tmp_path / "theirs" / "rows" / "000000.parquet").read_bytes()
    first.write_bytes(b"damaged")
    anew = Parts(tmp_path / "ours")
    assert list(anew) == [1]
    anew.adopt(theirs)
    assert list(anew) == [0, 1]
    theirs.write(1, [{"row": 7}], {})
    anew.adopt(theirs)
    assert anew.table(1).to_pylist() == [{"row": 7}]
