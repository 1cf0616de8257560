"""Exports hold what the run folder holds, in the words of the other tool."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.results.fake_run import PASSPORTS, make_run, named_mask
from vlminterp.export.__main__ import main
from vlminterp.results.run_folder import RunFolder

HIGHEST_ROUNDING = 0.5 / 255


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "m" / "0123456789ab")


@pytest.fixture
def export(run, tmp_path, capsys):
    def write(form):
        assert main([str(run), "--format", form, "--to", str(tmp_path / form)]) == 0
        assert all(line.startswith(str(tmp_path)) for line in capsys.readouterr().out.splitlines())
        return tmp_path / form

    return write


def decoded(segmentation):
    """COCO's run lengths as a mask: the slow way round."""
    height, width = segmentation["size"]
    flat, value = [], 0
    for count in segmentation["counts"]:
        flat += [value] * count
        value = 1 - value
    return np.array(flat, bool).reshape(width, height).T


def test_parquet_has_every_row_though_parts_differ_in_columns(run, export):
    with RunFolder.open(run, {}) as results:
        results.table("align").write(0, [{"step": 1, "stopped": None}], {})
        results.table("align").write(1, [{"step": 2, "stopped": "KL", "new": 0.5}], {})
    folder = export("parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(folder / "rows.parquet"), RunFolder.read(run).parts.rows()
    )
    align = pd.read_parquet(folder / "align.parquet")
    assert align["stopped"].tolist()[1] == "KL"
    assert align["stopped"].isna().tolist() == [True, False]
    assert align["new"].isna().tolist() == [True, False]


def test_npz_has_every_array(run, export):
    with RunFolder.open(run, {}) as results:
        for part in (0, 1):
            results.table("concepts").write(part, [{}], {"mean": np.full(3, part, np.float32)})
    folder = export("npz")
    exported = np.load(folder / "rows.npz")
    parts = RunFolder.read(run).parts
    arrays = {key: array for number in parts for key, array in parts.arrays(number).items()}
    assert set(exported) == set(arrays)
    assert all((exported[key] == array).all() for key, array in arrays.items())
    concepts = np.load(folder / "concepts.npz")
    assert {key: concepts[key].tolist() for key in concepts} == {
        "000000.mean": [0, 0, 0],
        "000001.mean": [1, 1, 1],
    }


def test_coco_marks_what_is_hot_and_what_is_named(export):
    folder = export("coco")
    coco = json.loads((folder / "annotations.json").read_text("utf-8"))
    assert [image["source"] for image in coco["images"]] == [
        f"scene/{pair:04d}.png" for pair in (0, 2, 3, 4, 5)
    ]
    names = {category["id"]: category["name"] for category in coco["categories"]}
    own = [a for a in coco["annotations"] if a["image_id"] == coco["images"][0]["id"]]
    by_name = {names[annotation["category_id"]]: annotation for annotation in own}
    assert by_name["caption"]["caption"] == "an orange fox on the beach"
    named = decoded(by_name["named"]["segmentation"])
    assert (named == np.asarray(named_mask((320, 240), (0.3, 0.55)))).all()
    left, top, width, height = by_name["named"]["bbox"]
    assert named[top : top + height, left : left + width].sum() == named.sum()
    assert by_name["named"]["area"] == named.sum()
    heat = np.load(folder / coco["images"][0]["score_map"])
    assert heat.shape == (240, 320)
    assert np.isnan(heat[:, :40]).all()
    hot = decoded(by_name["hot"]["segmentation"])
    assert (hot == (np.nan_to_num(heat) >= np.nanmax(heat) / 2)).all()
    assert by_name["hot"]["score"] == pytest.approx(heat[hot].mean())
    assert named[hot].mean() > 0.8
    without = {a["image_id"] for a in coco["annotations"] if names[a["category_id"]] == "named"}
    assert without == {1, 3, 5}
    assert len({annotation["id"] for annotation in coco["annotations"]}) == len(coco["annotations"])
    for image in coco["images"]:
        with Image.open(folder / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"])


def test_fiftyone_has_heatmaps_and_masks_as_files(run, export):
    folder = export("fiftyone")
    samples = json.loads((folder / "samples.json").read_text("utf-8"))["samples"]
    assert json.loads((folder / "metadata.json").read_text())["media_type"] == "image"
    assert len(samples) == 5
    first = samples[0]
    assert first["caption"] == "an orange fox on the beach"
    assert first["pointing"] == 1.0
    assert first["pointing_random"] == pytest.approx(0.08)
    assert first["heatmap"]["_cls"] == "Heatmap"
    assert "named" not in samples[2]
    with Image.open(folder / first["filepath"]) as picture:
        size = picture.size
    heat = Image.open(folder / first["heatmap"]["map_path"])
    named = Image.open(folder / first["named"]["mask_path"])
    assert heat.size == named.size == size
    assert heat.mode == named.mode == "L"
    grey = np.asarray(heat)
    assert grey.max() == first["heatmap"]["range"][1] == 255
    top = max(a.max() for k, a in RunFolder.read(run).parts.arrays(0).items() if k == "0.image.map")
    assert first["highest"] == pytest.approx(float(top), rel=0.05)
    assert (np.asarray(named) > 0)[grey > 200].mean() > 0.8


def test_exports_carry_the_passports(tmp_path, capsys):
    run = make_run(tmp_path / "m" / "0123456789ab", passports=True)
    for form in ("fiftyone", "coco", "parquet"):
        assert main([str(run), "--format", form, "--to", str(tmp_path / form)]) == 0
    expected = [PASSPORTS[pair] for pair in (0, 2, 3, 4, 5)]
    samples = json.loads((tmp_path / "fiftyone" / "samples.json").read_text("utf-8"))["samples"]
    assert [sample["tags"] for sample in samples] == [[word] for word, *_ in expected]
    images = json.loads((tmp_path / "coco" / "annotations.json").read_text("utf-8"))["images"]
    rows = pd.read_parquet(tmp_path / "parquet" / "rows.parquet").query("side == 'image'")
    for written in (samples, images, rows.to_dict("records")):
        told = [(one["passport"], one["trust"], one["nothing"]) for one in written]
        assert told == expected


def test_maps_without_a_passport_have_no_tag(export):
    samples = json.loads((export("fiftyone") / "samples.json").read_text("utf-8"))["samples"]
    assert all(sample["tags"] == [] and "passport" not in sample for sample in samples)


def test_what_can_not_be_exported_is_one_line(run, tmp_path, capsys):
    with RunFolder.open(tmp_path / "ex2", {"names": {}}) as results:
        results.table("align").write(0, [{"step": 1}], {})
    assert main([str(tmp_path / "ex2"), "--format", "coco", "--to", str(tmp_path / "a")]) == 2
    assert capsys.readouterr().err.endswith("for; use parquet or npz\n")
    assert main([str(run), "--format", "npz", "--to", str(run)]) == 2
    assert "is not an empty folder" in capsys.readouterr().err
    assert main([str(tmp_path), "--format", "npz", "--to", str(tmp_path / "b")]) == 2
    assert "is no run folder" in capsys.readouterr().err


@pytest.mark.parametrize(("form", "file"), [("coco", "annotations"), ("fiftyone", "samples")])
def test_each_method_of_a_run_has_a_folder(tmp_path, capsys, form, file):
    run = make_run(tmp_path / "m" / "0123456789ab", methods=("ig", "gae"))
    assert main([str(run), "--format", form, "--to", str(tmp_path / form)]) == 0
    files = [tmp_path / form / method / f"{file}.json" for method in ("ig", "gae")]
    assert capsys.readouterr().out.split() == [str(one) for one in files]
    ig, gae = (json.loads(one.read_text("utf-8")) for one in files)
    if form == "coco":
        highest = [max(a["score"] for a in one["annotations"] if "score" in a) for one in (ig, gae)]
    else:
        highest = [max(sample["highest"] for sample in one["samples"]) for one in (ig, gae)]
    assert highest[1] == pytest.approx(2 * highest[0])
