"""suffix(prefix(x, l)) == encode(x), and encode(x) is what the backend itself computes."""

import numpy as np
import open_clip
import pytest
import torch
from torch.nn import functional
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import PooledToken, Settings

from tests.adapters.laws import assert_advances
from vlminterp.adapters.dual_encoder import EMBEDDINGS
from vlminterp.adapters.open_clip import OpenCLIP
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.entry_points import ADAPTERS, installed
from vlminterp.errors import ConfigError


def own_embeddings(encoder, pixels, tokens):
    """What the backend's own encode functions return."""
    model = encoder.model
    if hasattr(model, "get_image_features"):
        values = pixels.values.to(model.dtype)
        image = model.get_image_features(pixel_values=values).pooler_output
        text = model.get_text_features(
            input_ids=tokens.ids, attention_mask=tokens.mask.long()
        ).pooler_output
    else:
        ids = functional.pad(tokens.ids, (0, model.context_length - tokens.ids.shape[1]))
        image = model.encode_image(pixels.values.to(model.visual.conv1.weight.dtype))
        text = model.encode_text(ids)
    return functional.normalize(image, dim=-1), functional.normalize(text, dim=-1)


@pytest.fixture(params=sorted(installed(ADAPTERS)))
def encoder(request, load_tiny):
    return load_tiny(request.param, "float64")


@pytest.fixture
def inputs(encoder, pictures, captions):
    return encoder.preprocess(pictures), encoder.tokenize(captions)


def test_encode_is_the_backends_own(encoder, inputs):
    pixels, tokens = inputs
    image, text = own_embeddings(encoder, pixels, tokens)
    torch.testing.assert_close(encoder.encode_image(pixels), image, rtol=0, atol=1e-12)
    torch.testing.assert_close(encoder.encode_text(tokens), text, rtol=0, atol=1e-12)


@pytest.mark.parametrize("side", [0, 1])
def test_law_at_every_cut(encoder, inputs, side):
    tower = (encoder.vision, encoder.text)[side]
    whole = tower.encode(inputs[side])
    for layer in [EMBEDDINGS, *range(tower.depth)]:
        resumed = tower.suffix(tower.prefix(inputs[side], layer))
        torch.testing.assert_close(resumed, whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("side", [0, 1])
def test_advancing_from_cut_to_cut(encoder, inputs, side):
    tower = (encoder.vision, encoder.text)[side]
    assert_advances(tower, inputs[side])
    with pytest.raises(ConfigError, match="layer=0 is before block 1, which has already run"):
        tower.advance(tower.prefix(inputs[side], 1), 0)


def test_one_token_is_the_same_as_all(encoder, inputs):
    """The last block at the pooled token alone gives what the whole block gives there."""
    for tower, given in zip((encoder.vision, encoder.text), inputs, strict=True):
        state = tower.prefix(given, tower.depth - 2)
        rows = torch.arange(len(state.hidden))
        whole = tower.run_block(state).hidden[rows, state.pooled]
        torch.testing.assert_close(tower.run_last_block(state).hidden[:, 0], whole)


def test_copies_follow_their_pair(encoder, inputs):
    for tower, given in zip((encoder.vision, encoder.text), inputs, strict=True):
        state = tower.prefix(given, 0)
        copied = state.with_hidden(state.hidden.repeat_interleave(3, dim=0))
        assert torch.equal(copied.mask, state.mask.repeat_interleave(3, dim=0))
        copies = tower.suffix(copied)
        whole = tower.encode(given).repeat_interleave(3, dim=0)
        torch.testing.assert_close(copies, whole, rtol=0, atol=1e-12)


def test_padding_changes_nothing(encoder, captions):
    together = encoder.encode_text(encoder.tokenize(captions))
    alone = torch.cat([encoder.encode_text(encoder.tokenize([text])) for text in captions])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


def test_text_is_causal(encoder):
    """Another last word changes no earlier token; with the authors' missing mask it would."""
    first, second = (
        encoder.text.prefix(encoder.tokenize([text]), 1).hidden
        for text in ("a red cat", "a red dog")
    )
    same = (first == second).all(-1)[0]
    assert same.tolist() == [True, True, True, False, False]


def test_both_backends_agree(load_tiny, pictures, captions):
    """On the same pixels; each backend resizes pictures in its own way."""
    embeddings, pixels = [], load_tiny("hf", "float64").preprocess(pictures)
    for adapter in ("hf", "open-clip"):
        encoder = load_tiny(adapter, "float64")
        image = encoder.encode_image(pixels)
        text = encoder.encode_text(encoder.tokenize(captions))
        embeddings.append((image, text, encoder.logits(image, text)))
    for ours, theirs in zip(*embeddings, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("layer", "block"),
    [(0, 0), (3, 3), (-1, 3), (-4, 0), (0.0, 0), (1.0, 3), (0.5, 2), (EMBEDDINGS, -1)],
)
def test_layer_names(encoder, layer, block):
    assert encoder.vision.resolve_layer(layer) == block


@pytest.mark.parametrize("layer", [4, -5, 1.5, -0.5, "last"])
def test_layer_out_of_range(encoder, layer):
    with pytest.raises(ConfigError, match=r"int in -4…3, a float in 0\.0…1\.0, or 'embeddings'"):
        encoder.vision.resolve_layer(layer)


@pytest.fixture
def odd_open_clip():
    """open_clip towers of another kind: inputs that are not square, patches that are averaged."""
    generator = torch.Generator().manual_seed(0)

    def build(**vision):
        model = open_clip.CLIP(
            embed_dim=16,
            vision_cfg={"layers": 3, "width": 32, "head_width": 16, "patch_size": 16, **vision},
            text_cfg={"layers": 2, "width": 32, "heads": 2, "context_length": 12},
        ).double()
        with torch.no_grad():
            for parameter in model.parameters():
                noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
                parameter.add_(noise * 0.1)
        config = {"size": vision.get("image_size", 32), "mean": (0.5,) * 3, "std": (0.5,) * 3}
        preprocessing = Preprocessing.from_open_clip(config)
        return OpenCLIP(model, preprocessing, open_clip.SimpleTokenizer())

    return build


@pytest.mark.parametrize(
    "vision", [{"image_size": (32, 80)}, {"image_size": 32, "pool_type": "avg"}]
)
def test_law_of_odd_towers(odd_open_clip, pictures, captions, vision):
    encoder = odd_open_clip(**vision)
    pixels, tokens = encoder.preprocess(pictures), encoder.tokenize(captions)
    image, _ = own_embeddings(encoder, pixels, tokens)
    for layer in [EMBEDDINGS, *range(encoder.vision.depth)]:
        resumed = encoder.vision.suffix(encoder.vision.prefix(pixels, layer))
        torch.testing.assert_close(resumed, image, rtol=0, atol=1e-12)


def test_map_of_a_grid_that_is_not_square(odd_open_clip, pictures, captions):
    encoder = odd_open_clip(image_size=(32, 80))
    pixels, tokens = encoder.preprocess(pictures), encoder.tokenize(captions)
    found = M2IB(encoder, "image", Settings(steps=2, copies=2)).attribute(pixels, tokens)
    assert found.grids == ((2, 5),) * 4
    assert found.on_image(1).shape == (64, 100)
    # The crop keeps the whole width of a 100 × 64 picture and 40 of its 64 rows.
    assert np.isfinite(found.on_image(1)).sum() == 40 * 100


def test_no_single_token_to_block(odd_open_clip, pictures, captions):
    encoder = odd_open_clip(image_size=32, pool_type="avg")
    settings = Settings(pooled_token=PooledToken.blocked)
    explainer = M2IB(encoder, "image", settings)
    with pytest.raises(ConfigError, match=r"pools over all tokens; use pooled_token=bottleneck"):
        explainer.attribute(encoder.preprocess(pictures), encoder.tokenize(captions))
