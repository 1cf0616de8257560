"""CoIBA against a slow twin: transformers' own tower with hooks behind its norms, in float64."""

from copy import deepcopy

import pytest
import torch
from torch.nn.functional import normalize
from vlminterp_attribution.methods.coiba import CoIBA

from tests.adapters import test_any_open_clip as oc
from tests.adapters.tiny_open_clip import KINDS, build
from vlminterp.attribution.noise import PairNoise, pair_seeds
from vlminterp.errors import ModelError

PAIR, STEPS, COPIES, BETA = 1, 4, 4, 0.5


def twin(encoder, inputs, side, first):
    """One pair, one token and channel after the other where it matters, as the authors hook it."""
    model, image = deepcopy(encoder.model), side == "image"
    tower = model.vision_model if image else model.text_model
    projection = model.visual_projection if image else model.text_projection
    if image:
        taken = {"pixel_values": inputs[0].values[PAIR : PAIR + 1].double()}
        other = encoder.encode_text(inputs[1])[PAIR].detach()
    else:
        length = int(inputs[1].mask[PAIR].sum())
        taken = {"input_ids": inputs[1].ids[PAIR : PAIR + 1, :length]}
        other = encoder.encode_image(inputs[0])[PAIR].detach()
    norms = [layer.layer_norm1 for layer in tower.encoder.layers[first:]]
    clean = {}

    def keep(norm, _, out):
        clean[norm] = out[0].detach()

    handles = [norm.register_forward_hook(keep) for norm in norms]
    tower(**taken)
    for handle in handles:
        handle.remove()
    alpha = torch.full((len(clean[norms[0]]), 1), 5.0, dtype=torch.float64, requires_grad=True)
    draw = PairNoise(
        [pair_seeds(*inputs, 0)[PAIR]], [len(alpha)], COPIES, clean[norms[0]][None], antithetic=True
    )

    def noised(norm, _, out):
        gate, own = alpha.sigmoid(), clean[norm]
        prior = own.mean(0) + own.std(0, correction=0) * draw()[0]
        return gate * out + (1 - gate) * prior

    for norm in norms:
        norm.register_forward_hook(noised)
    copies = {name: value.expand(COPIES, *value.shape[1:]) for name, value in taken.items()}
    optimiser = torch.optim.Adam([alpha], lr=1.0)
    for step in range(STEPS):
        embedding = normalize(projection(tower(**copies).pooler_output), dim=-1)
        gate, own = alpha.sigmoid(), clean[norms[0]]
        deviate = (own - own.mean(0)) / own.std(0, correction=0)
        variance = (1 - gate) ** 2
        nats = ((gate * deviate) ** 2 + variance - 1 - variance.log()) / 2
        if step < STEPS - 1:
            optimiser.zero_grad()
            (BETA * nats.mean() - (embedding @ other).mean()).backward()
            optimiser.step()
    return nats.sum(1).detach()


@pytest.mark.parametrize(("side", "first"), [("image", 0), ("image", 2), ("text", 0), ("text", 1)])
def test_as_hooked_by_the_authors(method_of, inputs, encoder, side, first):
    options = {"first": first, "beta": BETA, "steps": STEPS, "copies": COPIES}
    found = method_of("coiba", side, **options).attribute(*inputs).scores[PAIR].double()
    expected = twin(encoder, inputs, side, first)
    torch.testing.assert_close(found[: len(expected)], expected, rtol=1e-4, atol=1e-5)
    assert expected.std() > 0.1


def test_more_weight_leaves_less_information(method_of, inputs):
    totals = [
        method_of("coiba", beta=beta, steps=8).attribute(*inputs).scores.sum().item()
        for beta in (0.01, 1.0, 100.0)
    ]
    assert totals[0] > totals[1] > totals[2] > 0


def test_mean_pooling_of_open_clip(tmp_path):
    encoder = build(*deepcopy(KINDS["ViT, mean"]), tmp_path)
    found = CoIBA(encoder).attribute(oc.pixels_of(encoder), oc.tokens_of(encoder))
    assert found.scores.isfinite().all()
    assert (found.scores > 0).all()


def test_towers_that_are_not_plain_are_refused(tmp_path):
    encoder = build(*deepcopy(KINDS["SigLIP"]), tmp_path)
    with pytest.raises(ModelError, match="needs plain transformer blocks"):
        CoIBA(encoder).attribute(oc.pixels_of(encoder), oc.tokens_of(encoder))
