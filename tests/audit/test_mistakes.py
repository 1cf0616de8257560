"""Mistakes of users end in one line that says what to do."""

from shutil import copyfile, copytree

import pytest
from PIL import Image

from tests.audit.conftest import CONCEPTS, line, rows, run_line
from vlminterp.cli.main import run
from vlminterp.results.run_folder import RunFolder


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("plugin.pictures=1", "pictures=1 must be at least 2"),
        ("plugin.draws=0", "draws=0 must be at least 1"),
        ("plugin.least=0.5", "least=0.5 must be between 0 and 0.5"),
        ("plugin.margin=0", "margin=0.0 must be above 0"),
        ("plugin.templates=[a photo]", "the template 'a photo' has no {concept} for the name"),
        ("plugin.method=gradkam", "no method 'gradkam'; nearest: gradcam"),
        ("plugin.regions=nowhere", "nowhere can't be read"),
        ("plugin.run=somewhere", "run=… says nothing with describe=bank"),
        ("data.limit=1", "1 of 1 concepts have a picture that can be read"),
    ],
)
def test_one_line_says_what_is_wrong(classes, tmp_path, capsys, override, message):
    assert run(line("planted-base", classes, tmp_path, override, "plugin.bank=null")) == 1
    (told,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("vlminterp:")]
    assert message in told


def test_no_ex2_run_is_said_with_what_to_run(classes, tmp_path, capsys):
    options = ("plugin.describe=ex2", "plugin.bank=null")
    assert run(line("planted-base", classes, tmp_path, *options)) == 1
    assert "run +plugin=ex2 with them first" in capsys.readouterr().err


def test_a_bank_about_other_concepts_is_named_with_both_sides(classes, tmp_path, capsys):
    bank = tmp_path / "bank.csv"
    bank.write_text("concept,family,text\ngnu,,A gnu.\ngnu,diet,A gnu. It grazes.\n", "utf-8")
    assert run(line("planted-base", classes, tmp_path / "out", f"plugin.bank={bank}")) == 1
    assert "none of its concepts (gnu) is in the data, which has bus" in capsys.readouterr().err


def test_pictures_and_masks_that_cannot_be_read_are_left_out(classes, tmp_path):
    broken = copytree(classes, tmp_path / "broken")
    (broken / "pictures" / "owl" / "0.png").write_bytes(b"no picture")
    Image.new("L", (128, 128)).save(broken / "masks" / "whale" / "0.png")
    path = run_line("planted-base", broken, tmp_path / "out", "plugin.bank=null")
    run_folder = RunFolder.read(path)
    assert {skip.id for skip in run_folder.skips()} == {"owl", "whale"}
    assert any("0.png: the mask is empty" in skip.reason for skip in run_folder.skips())
    pictures = {row.get("picture") for row in rows(run_folder, "pictures")}
    assert not pictures & {"owl/0.png", "whale/0.png"}
    assert {row["name"] for row in rows(run_folder)} == set(CONCEPTS)


def test_few_pictures_lend_their_parts_again(classes, tmp_path):
    for kind in ("pictures", "masks"):
        for name, count in (("owl", 3), ("penguin", 2)):
            for number in range(count):
                target = tmp_path / "few" / kind / name / f"{number}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                copyfile(classes / kind / name / f"{number}.png", target)
    options = ("plugin.bank=null", "plugin.draws=3")
    path = run_line("planted-base", tmp_path / "few", tmp_path / "out", *options)
    assert {row["name"] for row in rows(RunFolder.read(path))} == {"owl", "penguin"}
    for row in rows(RunFolder.read(path), "pictures"):
        assert len(row["answers_other_object"]) == len(row["answers_other_background"]) == 3
