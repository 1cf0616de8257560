"""A block may be read at one token only where its weights are all there is to it.

Each change of a model (an adapter, a hook, quantised weights, a forward of somebody else's) is also
made by hand in a plain twin: embeddings and maps must be the twin's.
"""

from copy import deepcopy

import open_clip
import pytest
import torch
from torch.nn import functional
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

from tests.adapters.changes import HF, OPEN_CLIP, shifted
from vlminterp.adapters.dual_encoder import EMBEDDINGS
from vlminterp.adapters.hf.clip import HFCLIP
from vlminterp.adapters.open_clip import OpenCLIP

# PEFT asks transformers by an attribute's old name.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


@pytest.fixture(params=[*HF, *OPEN_CLIP], ids=lambda change: change.__name__)
def changed(request, load_tiny):
    """A changed model, its plain twin, both as encoders, and the backend's own features."""
    adapter, wrap = ("hf", HFCLIP) if request.param in HF else ("open-clip", OpenCLIP)
    tiny = load_tiny(adapter, "float64")
    twin = deepcopy(tiny.model)
    model = request.param(deepcopy(tiny.model), twin)
    return tuple(wrap(one, tiny._preprocessing, tiny.tokenizer) for one in (model, twin))


@pytest.fixture
def inputs(changed, pictures, captions):
    return changed[0].preprocess(pictures), changed[0].tokenize(captions)


def own_features(model, pixels, tokens):
    values = pixels.values.double()
    if isinstance(model, open_clip.CLIP):
        ids = functional.pad(tokens.ids, (0, model.context_length - tokens.ids.shape[1]))
        found = model.encode_image(values), model.encode_text(ids)
    else:
        mask = tokens.mask.long()
        found = (
            model.get_image_features(pixel_values=values).pooler_output,
            model.get_text_features(input_ids=tokens.ids, attention_mask=mask).pooler_output,
        )
    return [functional.normalize(features, dim=-1) for features in found]


def test_embeddings_are_the_backends_own(changed, inputs):
    encoder, twin = changed
    own = own_features(encoder.model, *inputs)
    theirs = twin.encode_image(inputs[0]), twin.encode_text(inputs[1])
    ours = encoder.encode_image(inputs[0]), encoder.encode_text(inputs[1])
    for found, wanted, other in zip(ours, own, theirs, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
        torch.testing.assert_close(found, other, rtol=0, atol=1e-12)


def test_every_cut_resumes(changed, inputs):
    encoder, _ = changed
    for tower, given in zip((encoder.vision, encoder.text), inputs, strict=True):
        whole = tower.encode(given)
        for layer in [EMBEDDINGS, *range(tower.depth)]:
            resumed = tower.suffix(tower.prefix(given, layer))
            torch.testing.assert_close(resumed, whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("side", ["image", "text"])
def test_maps_are_the_twins(changed, inputs, side):
    settings = Settings(layer=-2, steps=4, copies=2)
    ours, theirs = (M2IB(one, side, settings).attribute(*inputs) for one in changed)
    torch.testing.assert_close(ours.similarity, theirs.similarity, rtol=0, atol=1e-6)
    torch.testing.assert_close(ours.curves["fit"], theirs.curves["fit"], rtol=0, atol=1e-6)
    places = theirs.scores.shape[1]
    torch.testing.assert_close(ours.scores[:, :places], theirs.scores, rtol=1e-5, atol=1e-6)
    assert (ours.scores[:, places:] == 0).all()


def test_a_change_counts_from_its_call_on(load_tiny, pictures):
    """A hook that comes and goes, between two calls and between the halves of one."""
    encoder = load_tiny("hf", "float64")
    pixels = encoder.preprocess(pictures)
    before = encoder.encode_image(pixels)
    state = encoder.vision.prefix(pixels, 1)
    query = encoder.model.vision_model.encoder.layers[-1].self_attn.q_proj
    with query.register_forward_hook(lambda _, __, output: shifted(output)):
        hooked = encoder.encode_image(pixels)
        torch.testing.assert_close(encoder.vision.suffix(state), hooked, rtol=0, atol=1e-12)
    assert (hooked - before).abs().max() > 1e-3
    assert torch.equal(encoder.encode_image(pixels), before)


@pytest.mark.parametrize("adapter", ["hf", "open-clip"])
def test_plain_models_keep_the_fast_way(load_tiny, adapter):
    encoder = load_tiny(adapter)
    for tower in (encoder.vision, encoder.text):
        assert tower.is_plain()
        assert tower.blocks[-1].is_plain()
