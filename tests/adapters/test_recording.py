"""A recorded run gives what an unrecorded one gives, for every kind of tower."""

import threading
from copy import deepcopy

import pytest
import torch
import transformers
from torch.nn import functional
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from tests.adapters import test_any_hf as hf
from tests.adapters import test_any_open_clip as oc
from tests.adapters.tiny_hf import randomise, tiny_config
from tests.adapters.tiny_open_clip import KINDS, build
from vlminterp.adapters.hf.any import OWN
from vlminterp.adapters.recording import is_recording
from vlminterp.entry_points import FAMILIES, load
from vlminterp.errors import ModelError

OPEN_CLIP = ["ViT", "attention pooling", "ResNet", "SigLIP", "EVA", "PE", "ViTamin", "CoCa", "Swin"]
HF = ["clip", "siglip", "siglip2", "align", "altclip", "aimv2", "blip", "groupvit", "tipsv2"]
UNRECORDED = {"ResNet": 1, "Swin": 0, "align": 0, "blip": 0, "groupvit": 0}
"""Image towers without an attention over all tokens in each block, and what can be recorded."""
POOLED = {"attention pooling": 256, "SigLIP": 1, "PE": 1, "CoCa": 256, "siglip": 1, "siglip2": 1}


@pytest.fixture(scope="module", params=[*OPEN_CLIP, *HF])
def loaded(request, tmp_path_factory):
    name = request.param
    if name in KINDS:
        encoder = build(*deepcopy(KINDS[name]), tmp_path_factory.mktemp("configs"))
        return name, encoder, oc.pixels_of(encoder), oc.tokens_of(encoder)
    if name not in CONFIG_MAPPING:
        pytest.skip(f"transformers {transformers.__version__} has no {name}")
    config = tiny_config(name)
    family = load(FAMILIES, config.model_type, OWN)
    torch.manual_seed(0)
    model = randomise(getattr(transformers, family.architecture)(config).double())
    encoder = family(model, name=name)
    return name, encoder, hf.pixels_of(encoder), hf.tokens_of(encoder)


def test_recorded_equals_unrecorded(loaded):
    name, encoder, *inputs = loaded
    for tower, given in zip((encoder.vision, encoder.text), inputs, strict=True):
        with torch.no_grad():
            plain = tower.encode(given)
        with tower.recording() as recording:
            recorded = tower.encode(given)
        torch.testing.assert_close(recorded, plain, rtol=0, atol=2e-6)
        with torch.no_grad():
            assert torch.equal(tower.encode(given), plain), "something stayed behind"
        if tower is encoder.vision and name in UNRECORDED:
            message = f"recorded in {UNRECORDED[name]} of the {tower.depth} blocks that ran"
            with pytest.raises(ModelError, match=message):
                recording.blocks(tower.depth, len(recorded))
        elif name not in ("blip", "groupvit"):
            assert_all_blocks(tower, recording, recorded)
        if tower is encoder.vision and name in POOLED:
            assert recording.pooling(len(recorded)).probabilities.shape[2] == POOLED[name]


def assert_all_blocks(tower, recording, embeddings):
    """Rows sum to 1, and every tensor of every block has a gradient, though none was asked for."""
    blocks = recording.blocks(tower.depth, len(embeddings))
    tensors = [t for b in blocks for t in (b.probabilities, b.query, b.key, b.value)]
    gradients = torch.autograd.grad(embeddings.sum(), tensors)
    assert all(gradient.abs().max() > 0 for gradient in gradients)
    for block in blocks:
        torch.testing.assert_close(
            block.probabilities.sum(-1), torch.ones(block.probabilities.shape[:3]).double()
        )


def test_probabilities_are_those_of_the_backend(hf_model, load_tiny, pictures):
    """transformers' own eager attentions, asked for by `output_attentions`."""
    encoder = load_tiny("hf")
    pixels = encoder.preprocess(pictures)
    model = deepcopy(hf_model)
    model.set_attn_implementation("eager")
    own = model.vision_model(pixel_values=pixels.values, output_attentions=True).attentions
    with encoder.vision.recording() as recording:
        encoder.encode_image(pixels)
    blocks = recording.blocks(encoder.vision.depth, len(pixels))
    for block, attention in zip(blocks, own, strict=True):
        torch.testing.assert_close(block.probabilities, attention, rtol=0, atol=1e-6)


def test_gradient_is_that_of_a_small_change(load_tiny, pictures):
    """Against a difference quotient through `edit`, in float64."""
    encoder = load_tiny("open-clip", "float64")
    pixels = encoder.preprocess(pictures[:1])
    with encoder.vision.recording() as recording:
        score = encoder.encode_image(pixels)[0, 0]
    block = recording.blocks(encoder.vision.depth, 1)[1]
    (gradient,) = torch.autograd.grad(score, [block.probabilities])
    step, place, calls = 1e-6, (0, 1, 3, 2), []

    def nudge(attention):
        calls.append(attention)
        if len(calls) != 2:
            return attention.probabilities
        changed = attention.probabilities.clone()
        changed[place] += step
        return changed

    with encoder.vision.recording(nudge), torch.no_grad():
        moved = encoder.encode_image(pixels)[0, 0]
    assert (moved - score).item() / step == pytest.approx(gradient[place].item(), rel=1e-4)


@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
def test_attention_that_a_model_was_loaded_with(hf_model, pictures, load_tiny, implementation):
    """Eager models are asked for torch's attention, and are eager again afterwards."""
    from vlminterp.adapters.hf.clip import HFCLIP

    model = deepcopy(hf_model)
    model.set_attn_implementation(implementation)
    encoder = HFCLIP(model)
    pixels = load_tiny("hf").preprocess(pictures)
    with encoder.vision.recording() as recording:
        encoder.encode_image(pixels)
    assert len(recording.blocks(encoder.vision.depth, len(pixels))) == encoder.vision.depth
    assert model.vision_model.config._attn_implementation == implementation


def test_nothing_stays_behind_after_an_error(load_tiny):
    before = (
        functional.scaled_dot_product_attention,
        functional.multi_head_attention_forward,
        torch.backends.mha.get_fastpath_enabled(),
    )

    def fail():
        assert is_recording()
        assert functional.scaled_dot_product_attention is not before[0]
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"), load_tiny("hf").vision.recording():
        fail()
    assert not is_recording()
    assert before == (
        functional.scaled_dot_product_attention,
        functional.multi_head_attention_forward,
        torch.backends.mha.get_fastpath_enabled(),
    )


def test_threads_do_not_see_each_others(load_tiny, pictures):
    """One thread records while another runs, and a third records for itself."""
    encoder = load_tiny("hf")
    pixels = encoder.preprocess(pictures)
    seen = {}

    def unrecorded():
        seen["recording"] = is_recording()
        encoder.encode_image(pixels)

    def recorded():
        with encoder.vision.recording() as own:
            encoder.encode_image(pixels)
        seen["own"] = len(own.attentions)

    with encoder.vision.recording() as recording:
        for target in (unrecorded, recorded):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
        assert not recording.attentions
        encoder.encode_image(pixels)
    assert len(recording.attentions) == encoder.vision.depth
    assert seen == {"recording": False, "own": encoder.vision.depth}


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_torchs_multi_head_attention(load_tiny, need_weights, batch_first):
    """Its fast path, which calls no attention by name, and its way with weights."""
    torch.manual_seed(0)
    attention = torch.nn.MultiheadAttention(8, 2, batch_first=batch_first).eval()
    attention.requires_grad_(requires_grad=False)
    x = torch.randn(3, 5, 8)
    plain, weights = attention(x, x, x, need_weights=need_weights)
    with load_tiny("hf").vision.recording() as recording:
        recorded, own = attention(x, x, x, need_weights=need_weights)
    torch.testing.assert_close(recorded, plain, rtol=0, atol=2e-6)
    (one,) = recording.attentions
    if need_weights:
        torch.testing.assert_close(own, weights)
        torch.testing.assert_close(one.probabilities.mean(1), weights)


CASES = {
    "plain": {},
    "causal": {"is_causal": True},
    "scale": {"scale": 0.7},
    "added mask": {"attn_mask": torch.tensor([[0.0, -1.5, 2.0, -torch.inf]])},
    "allowed": {
        "attn_mask": torch.tensor([[True] * 4, [False] * 4, [True, False] * 2, [True] * 4])
    },
    "groups": {"enable_gqa": True},
}


@pytest.mark.parametrize("case", CASES)
def test_every_argument_of_torchs_attention(load_tiny, case):
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 4, 4, 6) for _ in range(3))
    if case == "groups":
        key, value = key[:, :2], value[:, :2]
    attend = functional.scaled_dot_product_attention
    plain = attend(query, key, value, **CASES[case])
    with load_tiny("hf").vision.recording():
        recorded = functional.scaled_dot_product_attention(query, key, value, **CASES[case])
    torch.testing.assert_close(recorded, plain, rtol=0, atol=2e-6)
