"""suffix(prefix(x, l)) == encode(x), and encode(x) is what the backend itself computes."""

import pytest
import torch
from torch.nn import functional

from vlminterp.adapters.dual_encoder import EMBEDDINGS
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
        copies = tower.suffix(state.with_hidden(state.hidden.repeat_interleave(3, dim=0)))
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
    embeddings = []
    for adapter in ("hf-clip", "open-clip"):
        encoder = load_tiny(adapter, "float64")
        image = encoder.encode_image(encoder.preprocess(pictures))
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
