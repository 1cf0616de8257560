"""Audits of folders in the layouts of Waterbirds, CounterAnimal and ImageNet-9."""

import csv
from shutil import copyfile

import numpy as np
import pytest
from PIL import Image

from tests.audit.conftest import CONCEPTS, rows
from vlminterp.cli.main import run
from vlminterp.results.run_folder import RunFolder

SHARED = (
    *("model=planted-base", "plugin.method=gradeclip", "plugin.pictures=3", "plugin.draws=1"),
    *("tracking=disabled", "device=cpu", "console=quiet"),
)


def waterbirds(classes, root):
    """Owls stand for landbirds, penguins for waterbirds."""
    data, masks = root / "data/waterbird_complete95_forest2water2", root / "data/CUB_200_2011"
    lines = []
    for label, name in enumerate(("owl", "penguin")):
        for number in range(5):
            path = f"{label:03d}.{name}/{number}.png"
            put(classes / "pictures" / name / f"{number}.png", data / path)
            put(classes / "masks" / name / f"{number}.png", masks / "segmentations" / path)
            lines.append(
                (len(lines), path, label, 2 if number < 4 else 0, number % 2, "/b/beach/1")
            )
    with (data / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        head = ("img_id", "img_filename", "y", "split", "place", "place_filename")
        csv.writer(file).writerows([head, *lines])
    return {"landbird", "waterbird"}, "folder"


def counteranimals(classes, root):
    for place, name in enumerate(("owl", "penguin")):
        for number in range(5):
            kind = "common-grass" if number < 3 else "counter-snow"
            target = root / f"data/CounterAnimal/{20 + place} snowy {name}/{kind}/{number}.png"
            put(classes / "pictures" / name / f"{number}.png", target)
    return {"snowy owl", "snowy penguin"}, "map"


def imagenet9(classes, root):
    for place, name in enumerate(("owl", "penguin", "bus")):
        for number in range(4):
            own = f"val/{place:02d}_{name}/{number}"
            put(
                classes / "pictures" / name / f"{number}.png",
                root / f"data/bg_challenge/original/{own}.png",
            )
            mask = np.asarray(Image.open(classes / "masks" / name / f"{number}.png")) > 0
            target = root / f"data/bg_challenge/fg_mask/{own}.npy"
            target.parent.mkdir(parents=True, exist_ok=True)
            np.save(target, mask)
    return {"owl", "penguin", "bus"}, "folder"


def put(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    copyfile(source, target)


@pytest.mark.parametrize("lay_out", [waterbirds, counteranimals, imagenet9])
def test_a_protocol_runs_on_its_data_sets_layout(lay_out, classes, tmp_path, monkeypatch):
    concepts, regions = lay_out(classes, tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run([f"experiment=audit/{lay_out.__name__}", *SHARED]) == 0
    (path,) = tmp_path.glob("outputs/audit/*/*")
    found = RunFolder.read(path)
    assert {row["name"] for row in rows(found)} == concepts
    assert {row["regions"] for row in rows(found, "pictures")} == {regions}


def test_a_line_of_waterbirds_without_a_label_is_named(classes, tmp_path, monkeypatch, capsys):
    waterbirds(classes, tmp_path)
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "data/waterbird_complete95_forest2water2/metadata.csv"
    table.write_text(table.read_text().replace("000.owl/1.png,0,", "000.owl/1.png,7,"))
    assert run(["experiment=audit/waterbirds", *SHARED]) == 1
    assert "metadata.csv, line 3: no img_filename, y, split in" in capsys.readouterr().err


def test_a_table_with_masks_gives_the_same_audit_as_folders(classes, audits, tmp_path):
    pictures, masks = classes / "pictures", classes / "masks"
    listed = [path.relative_to(pictures) for path in sorted(pictures.glob("*/*.png"))]
    table = tmp_path / "pictures.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        head = ("image", "text", "mask")
        csv.writer(file).writerows(
            [head, *((pictures / path, path.parent.name, masks / path) for path in listed)]
        )
    overrides = ("data=class_table", f"data.path={table}", "plugin.regions=null")
    found = rows(audits("planted-shortcut", *overrides))
    assert [row.pop("regions") for row in found] == ["data"] * len(CONCEPTS)
    expected = [{**row} for row in rows(audits("planted-shortcut"))]
    assert [row.pop("regions") for row in expected] == ["folder"] * len(CONCEPTS)
    assert found == expected
