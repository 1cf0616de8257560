"""Where objects are: masks of the data, of a folder, or regions from maps; and where heat lies."""

import os
from functools import partial

import numpy as np
import pytest
from PIL import Image
from vlminterp_audit.look import Evidence, without_hottest
from vlminterp_audit.regions import Origin, Regions

from vlminterp.data.concepts import Concept, PictureFacts
from vlminterp.errors import InputError

IMAGE = Image.new("RGB", (40, 30), "white")


def square(size=(40, 30), box=(4, 6, 20, 18)):
    mask = np.zeros(size[::-1], bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def hot(image, concept):
    return np.where(square(box=(30, 20, 38, 28)), 1.0, 0.0).astype(np.float32)


def load():
    return IMAGE


def concept(mask=None, name="owl/3.jpg"):
    facts = PictureFacts(name, None if mask is None else partial(np.copy, mask))
    return Concept("owl", "owl", (load,), about={load: facts})


def test_the_datas_own_mask_is_taken():
    mask, origin = Regions(hot).find(IMAGE, concept(square()), load)
    assert origin is Origin.data
    assert np.array_equal(mask, square())


@pytest.mark.parametrize("large", [True, False])
def test_a_mask_follows_its_picture_when_that_is_made_smaller_or_larger(large):
    factor = 2 if large else 1 / 2
    size = int(40 * factor), int(30 * factor)
    given = square(size, tuple(int(edge * factor) for edge in (4, 6, 20, 18)))
    mask, _ = Regions(hot).find(IMAGE, concept(given), load)
    assert np.array_equal(mask, square())


def test_a_folder_of_pngs_or_arrays_comes_before_the_data(tmp_path):
    (tmp_path / "owl").mkdir()
    inside = square(box=(1, 1, 5, 5))
    np.save(tmp_path / "owl" / "3.npy", inside)
    mask, origin = Regions(hot, tmp_path).find(IMAGE, concept(square()), load)
    assert origin is Origin.folder
    assert np.array_equal(mask, inside)
    Image.fromarray(square(box=(7, 7, 9, 9)).astype(np.uint8)).save(tmp_path / "owl" / "3.png")
    mask, _ = Regions(hot, tmp_path).find(IMAGE, concept(square()), load)
    assert np.array_equal(mask, square(box=(7, 7, 9, 9)))


@pytest.mark.parametrize("masked", [True, False])
def test_without_a_mask_or_if_none_is_wanted_the_region_is_where_half_of_the_heat_is(masked):
    regions = Regions(hot, masks=not masked)
    mask, origin = regions.find(IMAGE, concept(square() if masked else None), load)
    assert origin is Origin.map
    assert mask.sum() == 32
    assert not (mask & ~square(box=(30, 20, 38, 28))).any()


@pytest.mark.parametrize(
    ("mask", "message"),
    [(square((30, 40)), "the mask is 30 × 40, its picture 40 × 30"), (~square() & False, "empty")],
)
def test_masks_that_cannot_be_right_are_refused(mask, message):
    with pytest.raises(InputError, match=message):
        Regions(hot).find(IMAGE, concept(mask), load)


TRIMAP = (np.arange(1200) % 3 + 1).reshape(30, 40).astype(np.uint8)


@pytest.mark.parametrize("given", [np.ones((30, 40), bool), ~square(box=(0, 0, 5, 5))])
def test_a_mask_of_nearly_everything_marks_no_object(given):
    told = rf"owl/3.jpg: the mask covers {given.mean():.0%} of the picture"
    with pytest.raises(InputError, match=told):
        Regions(hot).find(IMAGE, concept(given), load)


def test_a_trimap_or_the_picture_itself_is_no_mask(tmp_path):
    noise = np.random.default_rng(0).integers(1, 255, (30, 40, 3), np.uint8)
    for content in (TRIMAP, noise):
        put(Image.fromarray(content), tmp_path / "owl" / "3.png")
        with pytest.raises(InputError, match="covers 100% of the picture; what is not 0"):
            Regions(hot, tmp_path).find(IMAGE, concept(), load)


def test_a_palettes_index_counts_and_what_is_transparent_is_outside(tmp_path):
    marked = square()
    palette = Image.fromarray(marked.astype(np.uint8))
    palette.putpalette([200, 200, 200, 0, 0, 0])  # the object is black, the rest is grey
    alpha = np.full((30, 40, 4), 90, np.uint8)
    alpha[..., 3] = marked * 255
    for image in (palette, Image.fromarray(alpha)):
        put(image, tmp_path / "owl" / "3.png")
        mask, _ = Regions(hot, tmp_path).find(IMAGE, concept(), load)
        assert np.array_equal(mask, marked)


@pytest.mark.parametrize(
    "values",
    [
        np.where(square(), 0.9, 0.1),
        np.where(square(), np.nan, 0.0),
        np.where(square(), 2, 0),
        np.where(square(), "1", "0"),
    ],
)
def test_an_array_of_anything_but_yes_and_no_is_no_mask(values, tmp_path):
    (tmp_path / "owl").mkdir()
    np.save(tmp_path / "owl" / "3.npy", values)
    with pytest.raises(InputError, match="nothing but 0, 1 and 255"):
        Regions(hot, tmp_path).find(IMAGE, concept(), load)


def test_an_archive_called_an_array_is_refused(tmp_path):
    (tmp_path / "owl").mkdir()
    with (tmp_path / "owl" / "3.npy").open("wb") as file:
        np.savez(file, square())
    with pytest.raises(InputError, match="no array that can be read"):
        Regions(hot, tmp_path).find(IMAGE, concept(), load)


@pytest.mark.parametrize(
    "shape", ["(2000000, 2000000)", "(10, 0)", "(True, 1)", "(1" + "0" * 30 + ", 1)", "(1,\n"]
)
def test_an_array_that_lies_about_its_shape_is_refused(shape, tmp_path):
    file = tmp_path / "owl" / "3.npy"
    file.parent.mkdir()
    header = f"{{'descr': '|b1', 'fortran_order': False, 'shape': {shape}, }}".encode()
    file.write_bytes(b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header + bytes(99))
    with pytest.raises(InputError, match=r"no array that can be read|is no mask"):
        Regions(hot, tmp_path).find(IMAGE, concept(), load)


def test_an_array_larger_than_any_mask_is_not_read(tmp_path):
    file = tmp_path / "owl" / "3.npy"
    file.parent.mkdir()
    np.save(file, square())
    os.truncate(file, 2**33)  # sparse
    with pytest.raises(InputError, match="more than a mask has"):
        Regions(hot, tmp_path).find(IMAGE, concept(), load)


@pytest.mark.parametrize("name", ["", ".", "../owl/3.jpg", "owl/../../3.jpg", "{out}/owl/3.jpg"])
def test_no_name_leads_out_of_the_folder(name, tmp_path):
    for folder in (tmp_path, tmp_path / "owl", tmp_path / "masks"):
        put(Image.fromarray(square()), folder / "owl" / "3.png")
        put(Image.fromarray(square()), folder / "3.png")
    regions = Regions(hot, tmp_path / "masks")
    with pytest.raises(InputError, match="list pictures by relative paths") as told:
        regions.find(IMAGE, concept(name=name.format(out=tmp_path)), load)
    assert "\n" not in str(told.value)


def test_only_the_suffix_of_a_picture_is_replaced(tmp_path):
    put(Image.fromarray(square()), tmp_path / "v1.5_3.png")
    put(Image.fromarray(square(box=(1, 1, 3, 3))), tmp_path / "v1.png")
    regions = Regions(hot, tmp_path)
    for name in ("v1.5_3", "v1.5_3.JPG"):
        mask, origin = regions.find(IMAGE, concept(name=name), load)
        assert origin is Origin.folder
        assert np.array_equal(mask, square())


def test_where_most_pictures_have_a_mask_one_without_is_left_out():
    marked, bare = concept(square()), concept()
    for others, left_out in (((marked,), True), ((bare,), False)):
        facts = [one.facts(load) for one in (bare, *others)]
        regions = Regions(hot, pictures=facts)
        if left_out:
            with pytest.raises(InputError, match="it has no mask, while most pictures have one"):
                regions.find(IMAGE, bare, load)
        else:
            assert regions.find(IMAGE, bare, load)[1] is Origin.map


def put(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@pytest.mark.parametrize(
    ("heat", "passport", "place"),
    [
        (square().astype(np.float32), "trust", "on the object"),
        ((~square()).astype(np.float32), "doubt", "around it"),
        (np.ones((30, 40), np.float32), "doubt", "spread"),
        (square().astype(np.float32), "nothing there", "nowhere"),
    ],
)
def test_the_place_of_heat_is_said_in_words(heat, passport, place):
    assert Evidence(heat, passport, 0.5).place(square()) == place


def test_what_is_removed_is_the_hottest_fifth_and_as_much_elsewhere():
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    heat = np.zeros((30, 40), np.float32)
    heat[:15, :16] = 1.0  # a fifth
    changed = [
        (np.asarray(one) != noise).any(-1) for one in without_hottest(Image.fromarray(noise), heat)
    ]
    assert changed[0][:15, :16].mean() > 0.9
    assert changed[0][18:, 19:].sum() == 0
    assert changed[1][15:, 20:36].mean() > 0.9
    assert changed[1][:13, :18].sum() == 0
