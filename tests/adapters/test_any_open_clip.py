"""Every kind of tower that open_clip has keeps the law and is explained."""

from copy import deepcopy

import pytest
import torch
from torch.nn.functional import normalize

from tests.adapters.laws import assert_explained, assert_law
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
    pixels = [pixels_of(encoder, seed=seed) for seed in (0, 1)]
    assert_law(encoder, pixels, [tokens_of(encoder, seed=seed) for seed in (0, 1)])


def test_encode_is_the_models_own(encoder):
    pixels, tokens = pixels_of(encoder), tokens_of(encoder)
    image = normalize(encoder.model.encode_image(pixels.values), dim=-1)
    text = normalize(encoder.model.encode_text(tokens.ids), dim=-1)
    torch.testing.assert_close(encoder.encode_image(pixels), image, rtol=0, atol=1e-12)
    torch.testing.assert_close(encoder.encode_text(tokens), text, rtol=0, atol=1e-12)


@pytest.mark.parametrize("side", ["image", "text"])
def test_m2ib_explains_it(encoder, side):
    assert_explained(encoder, pixels_of(encoder), tokens_of(encoder), side)
