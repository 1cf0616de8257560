"""Exchanges of objects and backgrounds, pixel by pixel."""

import numpy as np
import pytest
from PIL import Image
from vlminterp_audit.exchange import blurred, cut_out, filled, fitted, mean_colour, paste

RED, GREEN, BLUE = (220, 30, 30), (30, 160, 60), (40, 60, 200)


def scene(ground, thing, box=(20, 30, 50, 70), size=(96, 80)):
    """A picture of one colour with a rectangle of another; returns it with the rectangle's mask."""
    image = Image.new("RGB", size, ground)
    image.paste(thing, box)
    mask = np.zeros(size[::-1], bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return image, mask


def test_an_object_on_its_own_background_is_the_picture_itself():
    image, mask = scene(GREEN, RED)
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 255, (80, 96, 3), np.uint8))
    thing = cut_out(image, mask)
    again = np.asarray(paste(filled(image, mask), thing, thing.box))
    assert np.array_equal(again[mask], np.asarray(image)[mask])
    far = np.ones_like(mask)
    far[25:75, 15:55] = False
    assert np.array_equal(again[far], np.asarray(image)[far])


def test_a_removed_object_leaves_no_trace():
    image, mask = scene(GREEN, RED)
    gone = np.asarray(filled(image, mask)).astype(int)
    assert np.abs(gone - GREEN).max() < 30
    assert np.abs(gone[mask].mean(0) - GREEN).max() < 5


def test_the_edge_of_a_mask_that_is_too_tight_is_removed_too():
    image, mask = scene(GREEN, RED)
    tight = mask.copy()
    tight[30], tight[69], tight[:, 20], tight[:, 49] = False, False, False, False
    assert np.abs(np.asarray(filled(image, tight)).astype(int) - GREEN).max() < 60


def test_a_hole_continues_a_gradient():
    ramp = np.repeat(np.linspace(0, 250, 96).astype(np.uint8)[None, :, None], 80, 0).repeat(3, 2)
    _, mask = scene(GREEN, RED)
    found = np.asarray(filled(Image.fromarray(ramp), mask)).astype(int)
    assert np.abs(found - ramp)[mask].mean() < 10


def test_a_picture_that_is_all_object_becomes_its_mean_colour():
    image, mask = scene(GREEN, RED)
    whole = filled(image, np.ones_like(mask))
    assert np.asarray(whole).std(axis=(0, 1)).max() == 0


def test_a_pasted_object_keeps_its_proportions_within_the_box_around_its_centre():
    image, mask = scene(GREEN, RED)  # 30 wide, 40 high
    ground = Image.new("RGB", (200, 100), BLUE)
    pasted = np.asarray(paste(ground, cut_out(image, mask), (100, 10, 180, 90)))
    red = (pasted == RED).all(-1)
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    assert (rows[0], rows[-1] + 1) == (10, 90)
    assert (columns[0], columns[-1] + 1) == (110, 170)
    assert (pasted[~red] == BLUE).all()


def test_only_the_masked_pixels_are_pasted():
    image, mask = scene(GREEN, RED)
    mask[40:50, 30:40] = False
    pasted = np.asarray(
        paste(Image.new("RGB", image.size, BLUE), cut_out(image, mask), (20, 30, 50, 70))
    )
    assert (pasted[mask] == RED).all()
    assert (pasted[~mask] == BLUE).all()


@pytest.mark.parametrize("change", [blurred, mean_colour])
def test_blurred_and_plain_backgrounds_keep_size_and_mean(change):
    image, _ = scene(GREEN, RED)
    made = change(image)
    assert made.size == image.size
    assert np.asarray(made).mean((0, 1)) == pytest.approx(np.asarray(image).mean((0, 1)), abs=6)
    assert np.asarray(made).std() < np.asarray(image).std()


def test_a_background_is_cut_to_the_size_of_the_picture_not_squeezed():
    wide = Image.new("RGB", (200, 100), GREEN)
    wide.paste(RED, (0, 0, 50, 100))
    assert fitted(wide, (100, 100)).size == (100, 100)
    assert (np.asarray(fitted(wide, (100, 100)))[:, 5:] == GREEN).all()
