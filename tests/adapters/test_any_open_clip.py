"""Every kind of tower that open_clip has keeps the law and is explained."""

from copy import deepcopy

import pytest
import torch
from torch.nn.functional import normalize
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

from tests.adapters.tiny_open_clip import (
    CONTEXT,
    HF_TEXT,
    KINDS,
    LARGEST,
    VIT,
    VOCABULARY,
    build,
)
from vlminterp.adapters.dual_encoder import Geometry, Pixels, Tokens
from vlminterp.adapters.law import measure_law


@pytest.fixture(scope="module", params=[*KINDS, *HF_TEXT])
def encoder(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("configs")
    if request.param in KINDS:
        return build(*deepcopy(KINDS[request.param]), folder)
    config, options = HF_TEXT[request.param]
    config.save_pretrained(folder / "text")
    text = {"hf_model_name": str(folder / "text"), "hf_tokenizer_name": "", **options}
    return build(VIT, text, {}, folder)


def pixels_of(encoder, seed=0):
    size = encoder.model.visual.image_size
    size = size if isinstance(size, tuple | list) else (size, size)
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(2, 3, *size, generator=generator, dtype=torch.float64) * 2 - 1
    return Pixels(values, (Geometry(tuple(size), (0, 0, size[1], size[0])),) * 2)


def tokens_of(encoder, seed=0, length=7):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.zeros(2, CONTEXT, dtype=torch.long)
    ids[:, :length] = torch.randint(3, VOCABULARY - 2, (2, length), generator=generator)
    ids[:, length - 1] = LARGEST
    mask = (torch.arange(CONTEXT) < length).expand(2, CONTEXT)
    return Tokens(ids, mask, ~mask, ((), ()), (False, False))


def test_law_at_every_cut(encoder):
    sides = (
        (encoder.vision, pixels_of(encoder), pixels_of(encoder, seed=1)),
        (encoder.text, tokens_of(encoder), tokens_of(encoder, seed=1)),
    )
    for tower, first, second in sides:
        law = measure_law(tower, first, second)
        assert law.cuts == tower.depth + 1 >= 3
        assert law.error < 1e-12
        assert law.leak < 1e-12
        assert law.apart > 1e-3


def test_encode_is_the_models_own(encoder):
    pixels, tokens = pixels_of(encoder), tokens_of(encoder)
    image = normalize(encoder.model.encode_image(pixels.values), dim=-1)
    text = normalize(encoder.model.encode_text(tokens.ids), dim=-1)
    torch.testing.assert_close(encoder.encode_image(pixels), image, rtol=0, atol=1e-12)
    torch.testing.assert_close(encoder.encode_text(tokens), text, rtol=0, atol=1e-12)


@pytest.mark.parametrize("side", ["image", "text"])
def test_m2ib_explains_it(encoder, side):
    found = M2IB(encoder, side, Settings(steps=2, copies=2)).attribute(
        pixels_of(encoder), tokens_of(encoder)
    )
    assert torch.isfinite(found.scores).all()
    if side == "image":
        rows, columns = found.grid
        assert found.maps().shape == (2, rows, columns)
        assert rows > 1
