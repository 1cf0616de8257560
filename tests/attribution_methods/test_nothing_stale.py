"""A method used alone keeps nothing between calls; one that shares keeps apart what differs."""

import copy

import pytest
import torch
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.methods.consensus import Consensus, ConsensusOptions
from vlminterp_attribution.methods.gae import GAE
from vlminterp_attribution.methods.hirescam import HiResCAM
from vlminterp_attribution.methods.ig import IGOptions, IntegratedGradients

from vlminterp.attribution.targets import Similarity


@pytest.mark.parametrize(
    "make",
    [GAE, lambda encoder: Consensus(encoder, options=ConsensusOptions(["saliency", "gae"]))],
    ids=["gae", "consensus"],
)
def test_changed_weights_are_seen(encoder, inputs, make):
    encoder = copy.deepcopy(encoder)
    method = make(encoder)
    before = method.attribute(*inputs).scores.clone()
    assert torch.equal(method.attribute(*inputs).scores, before)
    with torch.no_grad():
        for weight in encoder.model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    after = method.attribute(*inputs).scores
    assert not torch.allclose(after, before)
    torch.testing.assert_close(after, make(encoder).attribute(*inputs).scores)


def test_changed_inputs_options_and_results_are_seen(encoder, inputs):
    pixels, tokens = copy.deepcopy(inputs[0]), inputs[1]
    method = IntegratedGradients(encoder, options=IGOptions(steps=1))
    first = method.attribute(pixels, tokens).scores.clone()
    method.attribute(pixels, tokens).scores.zero_()
    assert torch.equal(method.attribute(pixels, tokens).scores, first)
    method.options = IGOptions(steps=9)
    finer = method.attribute(pixels, tokens).scores.clone()
    assert not torch.equal(finer, first)
    pixels.values.mul_(-1)
    assert not torch.allclose(method.attribute(pixels, tokens).scores, finer)


def test_methods_that_share_differ_by_their_options(encoder, inputs):
    batches = Batches(encoder, Similarity(), 0)
    one, other = (
        IntegratedGradients(encoder, options=IGOptions(steps=steps), batches=batches)
        for steps in (1, 9)
    )
    assert not torch.equal(one.attribute(*inputs).scores, other.attribute(*inputs).scores)
    assert one.attribute(*inputs) is one.attribute(*inputs)


def test_hirescam_does_not_rank_what_rounding_leaves(encoder, inputs):
    """Before a block that reads patches through its norm alone, gradient · state adds up to 0."""
    found = HiResCAM(encoder).attribute(*inputs)
    largest = found.scores.amax(1)
    assert (largest > 1e-4 * found.similarity.abs()).all()
