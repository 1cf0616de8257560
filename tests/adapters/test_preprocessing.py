"""Preprocessing equals each backend's own; its geometry brings maps back to the image."""

import numpy as np
import open_clip
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from vlminterp.adapters.dual_encoder import Geometry
from vlminterp.adapters.preprocessing import Preprocessing, Resize
from vlminterp.errors import ModelError
from vlminterp.heatmap import place_on_image

MEAN, STD = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD


def test_equals_transformers(pictures):
    """Margins here are even: transformers rounds odd ones down, torchvision and we do not."""
    processor = CLIPImageProcessorPil(
        size={"shortest_edge": 40}, crop_size={"height": 32, "width": 32}
    )
    even = [pictures[0].resize(size) for size in ((64, 64), (100, 60), (60, 96), (120, 80))]
    ours = Preprocessing.from_hf(processor.to_dict())(even).values
    theirs = processor(even, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [32, (32, 48)])
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_equals_open_clip(pictures, size, mode):
    config = {"size": size, "mean": MEAN, "std": STD, "interpolation": "bicubic"}
    config |= {"resize_mode": mode, "fill_color": 0}
    ours = Preprocessing.from_open_clip(config)(pictures).values
    transform = image_transform_v2(PreprocessCfg(**config), is_train=False)
    theirs = torch.stack([transform(picture) for picture in pictures])
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("mode", list(Resize))
@pytest.mark.parametrize("shape", [(64, 64), (60, 133), (200, 90)])
@pytest.mark.parametrize("size", [(64, 64), (48, 96)])
def test_mark_comes_back(mode, shape, size):
    """A bright square in the picture is found where it was, through any resize and crop."""
    height, width = shape
    picture = np.zeros((height, width, 3), np.uint8)
    top, left, side = height // 2, width // 2 - 4, 12
    picture[top : top + side, left : left + side] = 255
    preprocessing = Preprocessing(size, (0.0,) * 3, (1.0,) * 3, mode)
    pixels = preprocessing([Image.fromarray(picture)])
    brightness = pixels.values[0].mean(0)
    grid = brightness.reshape(size[0] // 4, 4, size[1] // 4, 4).mean((1, 3)).numpy()
    heat = place_on_image(grid, pixels.geometry[0])
    assert heat.shape == shape
    heat = np.nan_to_num(heat)
    rows, columns = np.indices(shape) + 0.5
    centre = (heat * rows).sum() / heat.sum(), (heat * columns).sum() / heat.sum()
    scale = max(height / size[0], width / size[1])
    assert centre == pytest.approx((top + side / 2, left + side / 2), abs=max(1.0, scale))


def test_unseen_is_not_a_number():
    """What the crop left out has no score, rather than a low one."""
    pixels = Preprocessing((32, 32), (0.0,) * 3, (1.0,) * 3)([Image.new("RGB", (96, 32))])
    heat = place_on_image(np.ones((2, 2), np.float32), pixels.geometry[0])
    assert np.isnan(heat[:, :32]).all()
    assert np.isnan(heat[:, 64:]).all()
    assert (heat[:, 32:64] == 1).all()


def test_map_keeps_its_orientation():
    grid = np.array([[0, 1], [2, 3]], np.float32)
    heat = place_on_image(grid, Geometry((40, 80), (0, 0, 80, 40)))
    assert [heat[0, 0], heat[0, -1], heat[-1, 0], heat[-1, -1]] == [0, 1, 2, 3]


def test_missing_key_is_named():
    with pytest.raises(ModelError, match=r"preprocessor_config\.json has no 'image_mean'"):
        Preprocessing.from_hf({"size": 224, "crop_size": 224, "resample": 3})
