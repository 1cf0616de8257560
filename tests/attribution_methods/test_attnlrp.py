"""AttnLRP against the paper's rules, passed back step by step through transformers' own weights."""

from copy import deepcopy

import pytest
import torch
from torch.nn.functional import normalize
from transformers.activations import ACT2FN
from vlminterp_attribution.methods.attnlrp import AttnLRP

from tests.adapters import test_any_open_clip as oc
from tests.adapters.tiny_open_clip import KINDS, build
from vlminterp.errors import ModelError

PAIR = 1


class Relevance:
    """Rules without stabiliser (ε = 0); `kept` is what biases and softmax take out."""

    def __init__(self):
        self.kept = 0.0

    def through(self, inputs, matrix, outputs, relevance):
        """The ε-rule for outputs = inputs @ matrix + bias."""
        found = inputs * ((relevance / outputs) @ matrix.T)
        self.kept += relevance.sum() - found.sum()
        return found

    def norm(self, module, inputs, relevance):
        """The identity rule: a norm is a matrix once its deviation is known."""
        width = inputs.shape[-1]
        deviation = (inputs.var(-1, correction=0, keepdim=True) + module.eps).sqrt()
        given = relevance / module(inputs) * module.weight / deviation
        found = inputs * (given @ (torch.eye(width) - 1 / width).double())
        self.kept += relevance.sum() - found.sum()
        return found

    def attention(self, module, inputs, relevance, mask):
        """The uniform rule for both products, Taylor's for softmax."""
        parts = [p(inputs) for p in (module.q_proj, module.k_proj, module.v_proj)]
        size, back = module.head_dim, [torch.zeros_like(part) for part in parts]
        for head in range(module.num_heads):
            some = slice(head * size, (head + 1) * size)
            q, k, v = (part[:, some] for part in parts)
            logits = q @ k.T / size**0.5
            p = logits.masked_fill(~mask, -torch.inf).softmax(-1)
            share = relevance[:, some] / (p @ v)
            back[2][:, some] = v * (p.T @ share) / 2
            of_p = p * (share @ v.T) / 2
            of_logits = logits * (of_p - p * of_p.sum(1, keepdim=True))
            self.kept += of_p.sum() - of_logits.sum()
            ratio = of_logits / logits / size**0.5 / 2
            back[0][:, some] = q * (ratio @ k)
            back[1][:, some] = k * (ratio.T @ q)
        projections = (module.q_proj, module.k_proj, module.v_proj)
        return sum(
            self.through(inputs, projection.weight.T, part, own)
            for projection, part, own in zip(projections, parts, back, strict=True)
        )

    def block(self, layer, inputs, relevance, mask):
        """The ε-rule for sums, the identity rule for the activation."""
        normed = layer.layer_norm1(inputs)
        mixed = attended(layer.self_attn, normed, mask)
        added = layer.self_attn.out_proj(mixed)
        middle = inputs + added
        normed2 = layer.layer_norm2(middle)
        inner = layer.mlp.fc1(normed2)
        active = layer.mlp.activation_fn(inner)
        written = layer.mlp.fc2(active)
        share = relevance / (middle + written)
        own = self.through(active, layer.mlp.fc2.weight.T, written, written * share)
        own = self.through(normed2, layer.mlp.fc1.weight.T, inner, own)
        relevance = middle * share + self.norm(layer.layer_norm2, middle, own)
        share = relevance / middle
        own = self.through(mixed, layer.self_attn.out_proj.weight.T, added, added * share)
        own = self.attention(layer.self_attn, normed, own, mask)
        return inputs * share + self.norm(layer.layer_norm1, inputs, own)


def attended(module, inputs, mask):
    q, k, v = (p(inputs) for p in (module.q_proj, module.k_proj, module.v_proj))
    size, out = module.head_dim, []
    for head in range(module.num_heads):
        some = slice(head * size, (head + 1) * size)
        logits = (q[:, some] @ k[:, some].T / size**0.5).masked_fill(~mask, -torch.inf)
        out.append(logits.softmax(-1) @ v[:, some])
    return torch.cat(out, 1)


@torch.no_grad()
def passed_back(encoder, inputs, side, first):
    """Relevance of each token at the input of block `first`, the cosine, and what was kept."""
    model, image = deepcopy(encoder.model), side == "image"
    tower = model.vision_model if image else model.text_model
    if image:
        taken = {"pixel_values": inputs[0].values[PAIR : PAIR + 1].double()}
        other = encoder.encode_text(inputs[1])[PAIR]
    else:
        length = int(inputs[1].mask[PAIR].sum())
        taken = {"input_ids": inputs[1].ids[PAIR : PAIR + 1, :length]}
        other = encoder.encode_image(inputs[0])[PAIR]
    hidden = [one[0] for one in tower(**taken, output_hidden_states=True).hidden_states]
    tokens = len(hidden[0])
    mask = torch.ones(tokens, tokens, dtype=torch.bool)
    mask, row = (mask, 0) if image else (mask.tril(), tokens - 1)
    norm = tower.post_layernorm if image else tower.final_layer_norm
    projection = model.visual_projection if image else model.text_projection
    rules, last = Relevance(), hidden[-1][row]
    normed = norm(last)
    embedding = projection(normed)
    score = normalize(embedding, dim=0) @ other
    own = rules.through(normed, projection.weight.T, embedding, normalize(embedding, dim=0) * other)
    relevance = torch.zeros_like(hidden[-1])
    relevance[row] = rules.norm(norm, last, own)
    for layer, given in reversed(list(zip(tower.encoder.layers, hidden, strict=False))[first:]):
        relevance = rules.block(layer, given, relevance, mask)
    return relevance.sum(1), score, rules.kept


CASES = [("image", 2, 3), ("image", 0, 1), ("image", "embeddings", 0), ("text", "embeddings", 0)]


@pytest.mark.parametrize(("side", "layer", "first"), CASES)
def test_rules_of_the_paper(method_of, inputs, encoder, side, layer, first):
    expected, score, kept = passed_back(encoder, inputs, side, first)
    torch.testing.assert_close(expected.sum() + kept, score, rtol=0, atol=1e-10)
    found = method_of("attnlrp", side, layer=layer).attribute(*inputs).scores[PAIR].double()
    torch.testing.assert_close(found[: len(expected)], expected, rtol=1e-4, atol=1e-6)
    assert expected.std() > 0.001


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"])
def test_other_activations(method_of, inputs, encoder, activation):
    """Each is a factor of its input, however it is written."""
    other = deepcopy(encoder)
    for layer in other.model.vision_model.encoder.layers:
        layer.mlp.activation_fn = ACT2FN[activation]
    expected, *_ = passed_back(other, inputs, "image", 2)
    found = method_of("attnlrp", model=other, layer=1).attribute(*inputs).scores[PAIR].double()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_open_clip_has_the_same_rules(load_tiny, inputs, captions, method_of):
    other = load_tiny("open-clip", "float64")
    found = method_of("attnlrp", model=other).attribute(inputs[0], other.tokenize(captions))
    expected = method_of("attnlrp").attribute(*inputs)
    torch.testing.assert_close(found.scores, expected.scores, rtol=1e-4, atol=1e-6)


def test_towers_that_are_not_plain_are_refused(tmp_path):
    encoder = build(*deepcopy(KINDS["SigLIP"]), tmp_path)
    with pytest.raises(ModelError, match="needs plain transformer blocks"):
        AttnLRP(encoder).attribute(oc.pixels_of(encoder), oc.tokens_of(encoder))
