"""Preprocessing is each backend's own; its geometry brings maps back to the picture."""

import json

import numpy as np
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torchvision.transforms import Compose, RandomHorizontalFlip
from transformers import AutoImageProcessor, AutoProcessor
from transformers.models.auto.image_processing_auto import get_image_processor_class_from_name

from tests.adapters.marks import assert_mark_comes_back, photo
from vlminterp.adapters.dual_encoder import Geometry
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.errors import InputError, ModelError

SHAPES = ((427, 640), (640, 427), (333, 517), (61, 97))
"""Heights and widths of pictures that are not square."""
COLOURS = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}
CONFIGS = {
    "CLIP": {"size": {"shortest_edge": 64}, "crop_size": {"height": 64, "width": 64}},
    "CLIP, old": {"size": 64, "crop_size": 64},
    "CLIP, crop alone": {"do_resize": False, "crop_size": 64},
    "CLIP, not rescaled": {"size": 64, "crop_size": 64, "do_rescale": False},
    "CLIP, not normalised": {"size": 64, "crop_size": 64, "do_normalize": False},
    "ChineseCLIP": {"size": {"height": 64, "width": 64}, "do_center_crop": False},
    "Siglip": {"size": {"height": 64, "width": 64}},
    "Flava": {"size": 64, "crop_size": 64},
    "Owlv2": {"size": {"height": 96, "width": 96}},
    "OwlViT": {"size": [64, 64], "do_center_crop": False},
    "ViT": {"size": 64},
    "DeiT": {"size": 72, "crop_size": 64},
    "Beit": {"size": 72, "crop_size": 64, "do_center_crop": True},
    "Blip": {"size": 64},
    "ConvNext": {"size": 64, "crop_pct": 0.875},
    "ConvNext, large": {"size": {"shortest_edge": 384}},
    "EfficientNet": {"size": 72, "crop_size": 64, "do_center_crop": True, "rescale_offset": True},
    "Bit": {"size": {"shortest_edge": 72}, "crop_size": {"height": 64, "width": 64}},
    "DINOv3ViT": {"size": {"height": 64, "width": 64}},
}
"""Settings of image processors as checkpoints have them, some of an older form."""
WHOLE = ("Siglip", "Flava", "Owlv2", "OwlViT", "ViT", "Blip", "ConvNext, large", "DINOv3ViT")
"""Those that show all of a picture."""


def processor_of(name, variant=""):
    kind, _, _ = name.partition(",")
    found = get_image_processor_class_from_name(f"{kind}ImageProcessor{variant}")
    return found and found.from_dict(COLOURS | CONFIGS[name])


@pytest.mark.parametrize("variant", ["", "Pil"])
@pytest.mark.parametrize("name", CONFIGS)
def test_image_processors_of_transformers(name, variant):
    """The values are the processor's, and a marked corner is found where it was."""
    processor = processor_of(name, variant)
    if processor is None:
        pytest.skip("not in this version of transformers")
    preprocess = Preprocessing.from_processor(processor)
    pictures = [photo(*shape) for shape in SHAPES]
    pixels = preprocess(pictures)
    for picture, values, place in zip(pictures, pixels.values, pixels.geometry, strict=True):
        theirs = processor(picture, return_tensors="pt")["pixel_values"][0]
        assert values.dtype == torch.float32
        torch.testing.assert_close(values, theirs.float(), rtol=0, atol=0)
        left, top, right, bottom = place.box
        if name in WHOLE:
            assert max(left, top) <= 0
            assert min(right - picture.width, bottom - picture.height) >= -1e-6
    assert_mark_comes_back(preprocess, 213, 320)
    assert_mark_comes_back(preprocess, 320, 213)


@pytest.mark.parametrize("size", [64, (64, 96)])
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_transforms_of_open_clip(size, mode):
    config = {"size": size, "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.3, 0.4)}
    config |= {"resize_mode": mode, "interpolation": "bilinear", "fill_color": 127}
    preprocess = Preprocessing.from_open_clip(config)
    pictures = [photo(*shape) for shape in SHAPES]
    transform = image_transform_v2(PreprocessCfg(**config), is_train=False)
    theirs = torch.stack([transform(picture) for picture in pictures])
    torch.testing.assert_close(preprocess(pictures).values, theirs, rtol=0, atol=0)
    assert_mark_comes_back(preprocess, 213, 320)
    assert_mark_comes_back(preprocess, 320, 213)


def test_odd_margins_are_the_backends_own():
    """480×283 becomes 379×224: of 155 pixels transformers leaves 77 at the left, open_clip 78."""
    clip = get_image_processor_class_from_name("CLIPImageProcessor")()
    ours = Preprocessing.from_processor(clip)([photo(283, 480)]).geometry[0]
    assert ours.box[0] == pytest.approx(77 * 480 / 379)
    config = {"size": 224, "mean": (0.5,) * 3, "std": (0.5,) * 3}
    ours = Preprocessing.from_open_clip(config)([photo(283, 480)]).geometry[0]
    assert ours.box[0] == pytest.approx(78 * 480 / 379)


def test_old_flava_is_squashed(tmp_path):
    """`size: 224` means a square to FLAVA, the shorter edge to CLIP: the class decides."""
    settings = COLOURS | {"size": 64, "crop_size": 64, "do_center_crop": True, "resample": 3}
    boxes = {}
    for kind in ("Flava", "CLIP"):
        old = settings | {"feature_extractor_type": f"{kind}FeatureExtractor"}
        (tmp_path / "preprocessor_config.json").write_text(json.dumps(old))
        processor = AutoImageProcessor.from_pretrained(tmp_path)
        preprocess = Preprocessing.from_processor(processor)
        boxes[kind] = preprocess([photo(427, 640)]).geometry[0].box
    assert boxes["Flava"] == (0, 0, 640, 427)
    assert boxes["CLIP"] == pytest.approx((15 * 640 / 95, 0, 79 * 640 / 95, 427))


@pytest.mark.parametrize("name", ["CLIP", "DeiT", "Flava", "Owlv2", "ConvNext", "EfficientNet"])
def test_another_input_size(name):
    """What is cropped keeps its share, and the processor that was given stays as it was."""
    processor = processor_of(name)
    before = processor.to_dict()
    preprocess = Preprocessing.from_processor(processor, image_size=144)
    assert processor.to_dict() == before
    own = Preprocessing.from_processor(processor)([photo(427, 640)]).geometry[0].box
    pixels = preprocess([photo(427, 640)])
    assert preprocess.size == pixels.values.shape[2:] == (144, 144)
    assert pixels.geometry[0].box == pytest.approx(own, abs=4)


def test_a_whole_processor_is_taken():
    class Whole(AutoProcessor):
        def __init__(self):
            self.image_processor = processor_of("Siglip")

    assert Preprocessing.from_processor(Whole()).size == (64, 64)


def test_pictures_of_one_size_where_nothing_is_resized():
    config = COLOURS | {"do_resize": False, "size": {"height": 48, "width": 64}}
    preprocess = Preprocessing.from_processor(
        get_image_processor_class_from_name("ViTImageProcessor")(**config)
    )
    assert preprocess([photo(48, 64)]).geometry[0].box == (0, 0, 64, 48)
    with pytest.raises(InputError, match=r"64×48 pixels: .* do_resize=false and takes 48×64"):
        preprocess([photo(64, 48)])


@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        ("CLIP", {"size": {"longest_edge": 64}}, "size={'longest_edge': 64} is not known"),
        ("CLIP", {"do_center_crop": False}, "do_center_crop=false the model's input would be as"),
        ("CLIP", {"crop_size": {"shortest_edge": 64}}, "crop_size={'shortest_edge': 64} is no"),
        ("Levit", {}, "LevitImageProcessor lays a 283×480 picture where it is not"),
        ("CLIP", {"image_std": [0.5, 0.5]}, "can't be used"),
    ],
)
def test_what_is_not_known_is_refused(kind, config, message):
    processor = get_image_processor_class_from_name(f"{kind}ImageProcessor")(**config)
    with pytest.raises(ModelError, match=message):
        Preprocessing.from_processor(processor)


@pytest.mark.parametrize("shift", [(0, 1), (1, 0)])
def test_a_transform_that_is_not_what_it_says_is_refused(shift):
    """By a single pixel, or by chance."""
    config = {"size": 64, "mean": (0.5,) * 3, "std": (0.5,) * 3, "resize_mode": "squash"}
    own = image_transform_v2(PreprocessCfg(**config), is_train=False)
    assert Preprocessing.from_open_clip(config, own).size == (64, 64)
    rolled = Compose([own, lambda values: values.roll(shift, (1, 2))])
    with pytest.raises(ModelError, match="open_clip's transform lays a 283×480 picture"):
        Preprocessing.from_open_clip(config, rolled)
    flipped = Compose([RandomHorizontalFlip(1.0), own])
    with pytest.raises(ModelError, match="open_clip's transform lays a 283×480 picture"):
        Preprocessing.from_open_clip(config, flipped)


def test_values_do_not_depend_on_the_batch():
    preprocess = Preprocessing.from_processor(processor_of("CLIP"))
    pictures = [photo(*shape) for shape in SHAPES]
    alone = torch.cat([preprocess([picture]).values for picture in pictures])
    assert torch.equal(preprocess(pictures).values, alone)


def test_unseen_is_not_a_number():
    """What the crop left out has no score, rather than a low one."""
    config = {"size": 32, "mean": (0.0,) * 3, "std": (1.0,) * 3}
    pixels = Preprocessing.from_open_clip(config)([Image.new("RGB", (96, 32))])
    heat = place_on_image(np.ones((2, 2), np.float32), pixels.geometry[0])
    assert np.isnan(heat[:, :32]).all()
    assert np.isnan(heat[:, 64:]).all()
    assert (heat[:, 32:64] == 1).all()


def test_map_keeps_its_orientation():
    grid = np.array([[0, 1], [2, 3]], np.float32)
    heat = place_on_image(grid, Geometry((40, 80), (0, 0, 80, 40)))
    assert [heat[0, 0], heat[0, -1], heat[-1, 0], heat[-1, -1]] == [0, 1, 2, 3]
