"""Direct effects against transformers' own attentions and weights, in float64."""

from copy import deepcopy

import pytest
import torch
from torch.nn.functional import normalize
from vlminterp_attribution.methods.direct_effects import DirectEffects

from tests.adapters import test_any_open_clip as oc
from tests.adapters.tiny_open_clip import KINDS, build
from vlminterp.attribution.targets import ClassProbability
from vlminterp.errors import ModelError

PAIR = 1


@pytest.fixture
def parts(encoder, inputs):
    """What each head copies from each token, and the sum of all else, by hand."""

    def split(side, direction_of):
        model = deepcopy(encoder.model)
        model.set_attn_implementation("eager")
        image = side == "image"
        tower = model.vision_model if image else model.text_model
        norm = tower.post_layernorm if image else tower.final_layer_norm
        projection = model.visual_projection if image else model.text_projection
        written = []
        for layer in tower.encoder.layers:
            layer.mlp.register_forward_hook(lambda _, __, out: written.append(out[0]))
        if image:
            taken = {"pixel_values": inputs[0].values[PAIR : PAIR + 1].double()}
        else:
            ids = inputs[1].ids[PAIR : PAIR + 1]
            taken = {"input_ids": ids, "attention_mask": inputs[1].mask[PAIR : PAIR + 1].long()}
        out = tower(**taken, output_attentions=True, output_hidden_states=True)
        row = 0 if image else int(inputs[1].mask[PAIR].sum()) - 1
        last = out.hidden_states[-1][0, row]
        deviation = (last.var(correction=0) + norm.eps).sqrt()
        length = projection(norm(last)).norm()
        toward = direction_of(normalize(projection(norm(last)), dim=0)) / length
        weighted = norm.weight * (toward @ projection.weight) / deviation
        weighted = weighted - weighted.mean()  # a norm subtracts the mean

        heads, rest = [], weighted @ out.hidden_states[0][0, row]
        rest = rest + toward @ projection(norm.bias)
        for layer, hidden, weights in zip(
            tower.encoder.layers, out.hidden_states, out.attentions, strict=False
        ):
            attention = layer.self_attn
            value = attention.v_proj(layer.layer_norm1(hidden[0]))
            size = attention.head_dim
            own = []
            for head, weight in enumerate(weights[0]):
                some = slice(head * size, (head + 1) * size)
                copied = value[:, some] @ attention.out_proj.weight[:, some].T
                own.append(weight[row] * (copied @ weighted))
            heads.append(torch.stack(own))
            rest = rest + weighted @ attention.out_proj.bias
        rest = rest + sum(weighted @ one[row] for one in written)
        return torch.stack(heads), rest

    with torch.no_grad():
        yield split


@pytest.mark.parametrize("blocks", [None, 1, 2])
@pytest.mark.parametrize("side", ["image", "text"])
def test_heads_copy_tokens(method_of, inputs, encoder, parts, side, blocks):
    other = encoder.encode_text(inputs[1]) if side == "image" else encoder.encode_image(inputs[0])
    heads, _ = parts(side, lambda _: other[PAIR])
    found = method_of("direct_effects", side, blocks=blocks).attribute(*inputs)
    expected = heads[-blocks if blocks else 0 :].sum((0, 1))
    torch.testing.assert_close(found.scores[PAIR].double(), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("side", ["image", "text"])
def test_all_parts_add_up_to_the_score(method_of, inputs, encoder, parts, side):
    """Tokens and heads, with MLPs, biases and the tower's input: the cosine."""
    other = encoder.encode_text(inputs[1]) if side == "image" else encoder.encode_image(inputs[0])
    _, rest = parts(side, lambda _: other[PAIR])
    found = method_of("direct_effects", side).attribute(*inputs)
    total = found.scores[PAIR].double().sum() + rest
    torch.testing.assert_close(total, found.similarity[PAIR].double(), rtol=0, atol=1e-6)
    assert found.scores[PAIR].std() > 0.01


def test_a_target_that_is_not_linear(method_of, inputs, encoder, parts):
    """Its gradient at the embedding is the direction."""
    target = ClassProbability(["a car", "an owl"])
    score = target.score(encoder, method_of("gae").side, *inputs)

    def gradient(embedding):
        given = embedding.detach().clone().requires_grad_()
        with torch.enable_grad():
            asked = score(given[None], torch.tensor([PAIR])).sum()
        return torch.autograd.grad(asked, [given])[0]

    heads, _ = parts("image", gradient)
    found = method_of("direct_effects", target=target).attribute(*inputs)
    torch.testing.assert_close(found.scores[PAIR].double(), heads.sum((0, 1)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["ViT", "ViT, mean", "ViT, layer scale"])
def test_heads_of_open_clip_add_up(tmp_path, kind):
    """To what all attentions write where the tower pools, projected by hand."""
    encoder = build(*deepcopy(KINDS[kind]), tmp_path)
    pixels, tokens = oc.pixels_of(encoder), oc.tokens_of(encoder)
    found = DirectEffects(encoder).attribute(pixels, tokens)
    visual, written = encoder.model.visual, []
    for block in visual.transformer.resblocks:

        def keep(_, __, out, block=block):
            written.append(block.ls_1(out[0] - block.attn.out_proj.bias))

        block.attn.register_forward_hook(keep)
    with torch.no_grad():
        encoder.model.encode_image(pixels.values)
        for handles in visual.transformer.resblocks:
            handles.attn._forward_hooks.clear()
        read = (lambda x: x[:, 1:].mean(1)) if "mean" in kind else (lambda x: x[:, 0])
        last = read(encoder.vision.prefix(pixels, -1).hidden)
        length = (visual.ln_post(last) @ visual.proj).norm(dim=1)
        deviation = (last.var(1, correction=0) + visual.ln_post.eps).sqrt()
        weighted = visual.ln_post.weight * (encoder.encode_text(tokens) @ visual.proj.T)
        weighted = (weighted - weighted.mean(1, keepdim=True)) / (deviation * length)[:, None]
        expected = (weighted * read(sum(written))).sum(1)
    torch.testing.assert_close(found.scores.double().sum(1), expected, rtol=1e-5, atol=1e-6)


def test_towers_that_are_not_plain_are_refused(tmp_path):
    encoder = build(*deepcopy(KINDS["SigLIP"]), tmp_path)
    with pytest.raises(ModelError, match="needs plain transformer blocks"):
        DirectEffects(encoder).attribute(oc.pixels_of(encoder), oc.tokens_of(encoder))
