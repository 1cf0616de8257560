"""Attention methods against twins made of transformers' own eager attentions, in float64."""

from copy import deepcopy

import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

from tests.adapters import test_any_open_clip as oc
from tests.adapters.tiny_open_clip import KINDS, build

PAIR = 1


@pytest.fixture
def eager(encoder, inputs):
    """One run of transformers' own code on one pair: attentions, hidden states and the score."""
    model = deepcopy(encoder.model)
    model.set_attn_implementation("eager")

    def run(side):
        if side == "image":
            values = inputs[0].values[PAIR : PAIR + 1].double().requires_grad_()
            out = model.vision_model(
                pixel_values=values, output_attentions=True, output_hidden_states=True
            )
            embedding = model.visual_projection(out.pooler_output)
            other = encoder.encode_text(inputs[1])[PAIR].detach()
            return model, out, normalize(embedding, dim=-1)[0] @ other, 0, other
        ids = inputs[1].ids[PAIR : PAIR + 1]
        mask = inputs[1].mask[PAIR : PAIR + 1].long()
        model.text_model.embeddings.requires_grad_()
        out = model.text_model(input_ids=ids, attention_mask=mask, output_attentions=True)
        embedding = model.text_projection(out.pooler_output)
        other = encoder.encode_image(inputs[0])[PAIR].detach()
        end = int(mask.sum()) - 1
        return model, out, normalize(embedding, dim=-1)[0] @ other, end, other

    return run


def assert_found(method_of, inputs, name, side, expected, **options):
    found = method_of(name, side, **options).attribute(*inputs).scores[PAIR].double()
    torch.testing.assert_close(found, expected.detach(), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("side", ["image", "text"])
def test_gae(method_of, inputs, eager, side):
    """As the authors' notebook writes it, all layers."""
    _, out, score, row, _ = eager(side)
    gradients = torch.autograd.grad(score, out.attentions)
    tokens = out.attentions[0].shape[-1]
    relevance = torch.eye(tokens, dtype=torch.float64)
    for attention, gradient in zip(out.attentions, gradients, strict=True):
        cam = gradient.reshape(-1, tokens, tokens) * attention.reshape(-1, tokens, tokens)
        cam = cam.clamp(min=0).mean(0)
        relevance = relevance + cam @ relevance
    expected = relevance[row] * inputs[1].mask[PAIR] if side == "text" else relevance[row]
    assert_found(method_of, inputs, "gae", side, expected)


@pytest.mark.parametrize("side", ["image", "text"])
def test_rollout_and_raw_attention(method_of, inputs, eager, side):
    _, out, _, row, _ = eager(side)
    rolled = None
    for attention in out.attentions:
        step = 0.5 * attention[0].mean(0) + 0.5 * torch.eye(attention.shape[-1])
        rolled = step if rolled is None else step @ rolled
    assert_found(method_of, inputs, "rollout", side, rolled[row])
    assert_found(method_of, inputs, "attention", side, out.attentions[-1][0].mean(0)[row])


@pytest.mark.parametrize("blocks", [None, 1])
def test_gradeclip(method_of, inputs, encoder, eager, blocks):
    """From what goes into and out of transformers' projections, head by head."""
    model, *_ = eager("image")
    kept, handles = [], []
    for layer in model.vision_model.encoder.layers:
        seen = {}
        kept.append(seen)
        attention = layer.self_attn
        for part in ("q", "k", "v"):
            hook = lambda _, __, out, part=part, seen=seen: seen.__setitem__(part, out)  # noqa: E731
            handles.append(getattr(attention, f"{part}_proj").register_forward_hook(hook))
        hook = lambda _, given, seen=seen: seen.__setitem__("out", given[0])  # noqa: E731
        handles.append(attention.out_proj.register_forward_pre_hook(hook))
    values = inputs[0].values[PAIR : PAIR + 1].double().requires_grad_()
    embedding = model.visual_projection(model.vision_model(pixel_values=values).pooler_output)
    score = normalize(embedding, dim=-1)[0] @ encoder.encode_text(inputs[1])[PAIR].detach()
    for handle in handles:
        handle.remove()
    total = 0
    for seen in kept[-blocks if blocks else 0 :]:
        (gradient,) = torch.autograd.grad(score, [seen["out"]], retain_graph=True)
        cosine = cosine_similarity(seen["q"][0, :1], seen["k"][0], dim=-1)
        weight = (cosine - cosine.min()) / (cosine.max() - cosine.min())
        total = total + torch.relu((gradient[0, 0] * seen["v"][0] * weight[:, None]).sum(-1))
    assert_found(method_of, inputs, "gradeclip", "image", total, blocks=blocks)


def test_legrad(method_of, inputs, eager):
    """The score of each block's CLS, as if the tower ended there, by its own attention."""
    model, out, _, _, other = eager("image")
    total = 0
    for hidden, attention in zip(out.hidden_states[1:], out.attentions, strict=True):
        pooled = model.vision_model.post_layernorm(hidden[:, 0])
        score = normalize(model.visual_projection(pooled), dim=-1)[0] @ other
        (gradient,) = torch.autograd.grad(score, [attention], retain_graph=True)
        total = total + gradient[0].clamp(min=0).mean(0).mean(0)
    assert_found(method_of, inputs, "legrad", "image", total)


def test_maskclip(method_of, inputs, eager):
    """The value path of the last block, its MLP, the norm and the projection."""
    model, out, _, _, other = eager("image")
    layer, hidden = model.vision_model.encoder.layers[-1], out.hidden_states[-2][0]
    value = layer.self_attn.v_proj(layer.layer_norm1(hidden))
    after = hidden + layer.self_attn.out_proj(value)
    after = after + layer.mlp(layer.layer_norm2(after))
    dense = model.visual_projection(model.vision_model.post_layernorm(after))
    expected = normalize(dense, dim=-1) @ other
    assert_found(method_of, inputs, "maskclip", "image", expected)


@pytest.mark.parametrize("blocks", [None, 1])
def test_clip_surgery(method_of, inputs, encoder, eager, blocks):
    """The authors' second path, on transformers' layers; less the empty caption's similarity."""
    model, out, _, _, other = eager("image")
    layers = model.vision_model.encoder.layers
    first = len(layers) - (blocks or len(layers) // 2)
    path = out.hidden_states[first][0]
    for layer, hidden in zip(layers[first:], out.hidden_states[first:], strict=False):
        value = layer.self_attn.v_proj(layer.layer_norm1(hidden[0]))
        mixed = [
            (head @ head.T / head.shape[1] ** 0.5).softmax(-1) @ head
            for head in value.split(value.shape[1] // 3, dim=1)
        ]
        path = path + layer.self_attn.out_proj(torch.cat(mixed, 1))
    dense = normalize(model.visual_projection(model.vision_model.post_layernorm(path)), dim=-1)
    empty = encoder.encode_text(encoder.tokenize([""]))[0].detach()
    expected = dense @ (other - empty)
    assert_found(method_of, inputs, "clip_surgery", "image", expected, blocks=blocks)


def test_attention_pooling_is_one_step_more(tmp_path):
    """SigLIP's map is read from the attention that pools, by GAE's own rule."""
    from vlminterp_attribution.attended import run_recorded
    from vlminterp_attribution.batch import PairBatch
    from vlminterp_attribution.methods.gae import GAE

    from vlminterp.attribution.explanation import Side
    from vlminterp.attribution.targets import Similarity

    encoder = build(*deepcopy(KINDS["SigLIP"]), tmp_path)
    pixels, tokens = oc.pixels_of(encoder), oc.tokens_of(encoder)
    found = GAE(encoder).attribute(pixels, tokens).scores.double()
    batch = PairBatch(encoder, Side.image, pixels, tokens, Similarity(), 0)
    run = run_recorded(batch, gradients=True)
    recorded = [*(block.probabilities for block in run.blocks), run.pooling.probabilities]
    weighted = [
        torch.relu(p * g).mean(1)
        for p, g in zip(recorded, torch.autograd.grad(run.score.sum(), recorded), strict=True)
    ]
    for index in range(2):
        relevance = torch.eye(4, dtype=torch.float64)
        for cam in weighted[:-1]:
            relevance = relevance + cam[index] @ relevance
        expected = (weighted[-1][index] @ relevance)[0].detach()
        torch.testing.assert_close(found[index], expected, rtol=1e-4, atol=1e-9)
