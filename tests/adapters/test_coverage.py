"""What a grid of patches covers of the input: the truth is which pixels a patch depends on."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from transformers import CLIPModel, SiglipModel
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

from tests.adapters.test_any_hf import tokens_of
from tests.adapters.tiny_hf import randomise, tiny_config
from tests.adapters.tiny_open_clip import BLOCKS, CUSTOM, KINDS, SIGLIP, TEXT, build, timm_tower
from vlminterp.adapters.dual_encoder import EMBEDDINGS, Geometry, Pixels
from vlminterp.adapters.hf.clip import HFCLIP
from vlminterp.adapters.hf.siglip import HFSigLIP
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.attribution.batch_scores import BatchScores


def hf(family, model, size):
    config = tiny_config(family.model_type)
    config.vision_config.image_size = size
    return family(randomise(model(config).double()))


def sized(name, size):
    vision, text, more = deepcopy(KINDS[name])
    return vision | {"image_size": size}, text, more


def open_clips(name, tmp_path):
    siglip = timm_tower("vit_base_patch16_siglip_224", 40, "map", "none", img_size=40, **BLOCKS)
    hybrid = timm_tower("vitamin_small_224", 80, img_size=80, depth=2)
    made = {
        "ViT": sized("ViT", 36),
        "not square": sized("not square", (27, 47)),
        "SigLIP": (siglip, SIGLIP, CUSTOM | {"embed_dim": 32}),
        "ResNet": sized("ResNet", 144),
        "ConvNeXt": sized("ConvNeXt", 144),
        "ViTamin": (hybrid, TEXT, CUSTOM),
    }
    return build(*made[name], tmp_path)


MAKERS = {
    "HF CLIP": lambda _: hf(HFCLIP, CLIPModel, 36),
    "HF SigLIP": lambda _: hf(HFSigLIP, SiglipModel, 36),
    "ViT": lambda path: open_clips("ViT", path),
    "not square": lambda path: open_clips("not square", path),
    "SigLIP": lambda path: open_clips("SigLIP", path),
}
"""Towers that cut patches with one convolution, at sizes that leave a remainder."""


def pixels_of(size):
    values = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0)).double()
    return Pixels(values, (Geometry(size, (0, 0, size[1], size[0])),) * 2)


def influence(encoder, size, layer, place):
    """How much each pixel moves one place of a grid, `[H, W]`; and the state there."""
    pixels = pixels_of(size)
    values = pixels.values.requires_grad_()
    state = encoder.vision.prefix(pixels, layer)
    rows, columns = state.grids[0]
    token = state.prefix_tokens + place[0] % rows * columns + place[1] % columns
    (gradient,) = torch.autograd.grad(state.hidden[0, token].square().sum(), values)
    return gradient[0].abs().sum(0), state


def size_of(encoder):
    size = getattr(encoder, "trained_size", None) or encoder.model.visual.image_size
    return tuple(size) if isinstance(size, tuple | list) else (size, size)


@pytest.mark.parametrize("name", MAKERS)
def test_what_patches_leave_over_is_not_covered(name, tmp_path):
    """No patch depends on it; the last patch depends on its own place and nothing else."""
    encoder = MAKERS[name](tmp_path)
    size = size_of(encoder)
    moved, state = influence(encoder, size, EMBEDDINGS, (-1, -1))
    height, width = (round(s * share) for s, share in zip(size, state.coverage, strict=True))
    assert height < size[0]
    assert width < size[1]
    down, across = height // state.grids[0][0], width // state.grids[0][1]
    expected = torch.zeros(size, dtype=torch.bool)
    expected[height - down : height, width - across : width] = True
    assert torch.equal(moved > 0, expected)
    copies = state.with_hidden(state.hidden.repeat_interleave(3, dim=0))
    assert copies.grids == state.grids * 3
    assert copies.coverage == state.coverage


@pytest.mark.parametrize(
    ("name", "covered"),
    [("ResNet", (144, 144, 144, 128)), ("ConvNeXt", (144, 144, 144, 128)), ("ViTamin", (80,))],
)
def test_feature_maps_lie_where_their_pixels_are(name, covered, tmp_path):
    """The middle of what moves a place in the middle of a map is that place, to half a cell."""
    encoder = open_clips(name, tmp_path)
    size = size_of(encoder)
    for layer, length in enumerate(covered) if len(covered) > 1 else [(EMBEDDINGS, covered[0])]:
        rows, columns = encoder.vision.prefix(pixels_of(size), layer).grids[0]
        moved, state = influence(encoder, size, layer, (rows // 2, columns // 2))
        assert state.coverage == (length / size[0], length / size[1])
        share = (moved / moved.sum()).numpy()
        cell = length / rows
        middle = (rows // 2 + 0.5) * cell
        for axis in (0, 1):
            centre = (share.sum(1 - axis) * (np.arange(size[axis]) + 0.5)).sum()
            assert abs(centre - middle) < cell / 2


def test_the_rest_of_the_picture_has_no_score():
    """36 pixels hold four patches of 8: a ninth of the picture is left over on each side."""
    encoder = hf(HFCLIP, CLIPModel, 36)
    values = pixels_of((36, 36)).values
    pixels = Pixels(values, (Geometry((360, 720), (0, 0, 720, 360)),) * 2)
    tokens = tokens_of(encoder)
    found = M2IB(encoder, "image", Settings(steps=2, copies=2)).attribute(pixels, tokens)
    heat = found.on_image(0)
    assert np.isnan(heat[320:]).all()
    assert np.isnan(heat[:, 640:]).all()
    assert np.isfinite(heat[:320, :640]).all()
    assert found.footprint(0).box == (0, 0, 640, 320)
    masks = [np.ones((360, 720), bool)] * 2
    rows = BatchScores(encoder, pixels, tokens, masks, [None] * 2, [0, 1])(found)
    for row in rows:  # a map that lets everything through changes nothing
        assert row["coverage.constant"] == 1
        assert row["confidence_drop.constant"] == pytest.approx(0, abs=1e-4)
        assert row["pointing_game"] == 1


@pytest.mark.parametrize(("size", "notes"), [(32, ()), (36, ("32×32 of the 36×36 pixels",))])
def test_a_remainder_is_told(size, notes):
    encoder = hf(HFCLIP, CLIPModel, size)
    config = {"size": size, "mean": (0.5,) * 3, "std": (0.5,) * 3}
    encoder = HFCLIP(encoder.model.float(), Preprocessing.from_open_clip(config))
    told = encoder.notes()
    assert len(told) == len(notes)
    assert all(note in line for note, line in zip(notes, told, strict=True))
