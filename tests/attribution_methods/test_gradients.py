"""Gradient methods and CAMs against Captum's own classes, sums and slow twins, in float64."""

import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients, LayerGradCam, Saliency
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cut import Cut

from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Contrast, Similarity

LAYERS = [("image", 0), ("image", 2), ("image", "embeddings"), ("text", "embeddings"), ("text", 1)]


@pytest.fixture
def pair(encoder, inputs):
    """One pair at a cut: hidden state, and its score by the tower's suffix alone."""

    def cut(side, layer, index=1):
        image = side == "image"
        tower = encoder.vision if image else encoder.text
        with torch.no_grad():
            state = tower.prefix(inputs[not image], layer)
            others = encoder.encode_text(inputs[1]) if image else encoder.encode_image(inputs[0])

        def score(hidden):
            everyone = state.hidden.repeat(len(hidden), 1, 1, 1)
            everyone[:, index] = hidden
            embeddings = tower.suffix(state.with_hidden(everyone.transpose(0, 1).flatten(0, 1)))
            own = embeddings.view(len(others), len(hidden), -1)[index]
            return (own * others[index]).sum(-1)

        return state, state.hidden[index : index + 1].detach(), score

    return cut


def row_of(found, index=1):
    return found.scores[index].double()


def test_copies_are_in_captums_order(encoder, inputs):
    """All pairs, then all pairs again."""
    cut = Cut(PairBatch(encoder, Side.image, *inputs, Similarity(), 0), 1)
    with torch.no_grad():
        both = cut(torch.cat([cut.hidden, 0.5 * cut.hidden]))
        expected = torch.cat([cut(cut.hidden), cut(0.5 * cut.hidden)])
    torch.testing.assert_close(both, expected)
    assert expected.unique().numel() == 8


@pytest.mark.parametrize(("side", "layer"), LAYERS)
def test_captums_own(method_of, inputs, pair, side, layer):
    _, hidden, score = pair(side, layer)
    expected = {
        "saliency": Saliency(score).attribute(hidden.requires_grad_()).norm(dim=2),
        "inputxgradient": InputXGradient(score).attribute(hidden).sum(2),
    }
    for name, values in expected.items():
        found = method_of(name, side, layer=layer).attribute(*inputs)
        torch.testing.assert_close(row_of(found), values[0].detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", [0, 2, "embeddings"])
@pytest.mark.parametrize("baseline", ["zero", "mean"])
def test_captums_integrated_gradients(method_of, inputs, pair, layer, baseline):
    _, hidden, score = pair("image", layer)
    start = hidden * 0
    if baseline == "mean":  # of the patches, in their places: CLS is none
        start = torch.cat(
            [hidden[:, :1], hidden[:, 1:].mean(1, keepdim=True).expand(-1, 16, -1)], 1
        )
    expected = IntegratedGradients(score).attribute(hidden, start, n_steps=7).sum(2)
    found = method_of("ig", layer=layer, steps=7, baseline=baseline).attribute(*inputs)
    torch.testing.assert_close(row_of(found), expected[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("side", "layer"), [("image", 2), ("text", "embeddings")])
def test_narrowing_information_bottleneck(method_of, inputs, pair, side, layer):
    """NIB's own loop: the hidden state times the mean gradient at its tenths."""
    _, hidden, score = pair(side, layer)
    total = torch.zeros_like(hidden)
    for step in range(1, 11):
        narrowed = (hidden * step / 10).requires_grad_()
        total += torch.autograd.grad(score(narrowed).sum(), [narrowed])[0]
    expected = (hidden * total / 10).sum(2)[0]
    asked = {"baseline": "zero", "quadrature": "right", "steps": 10}
    found = method_of("ig", side, layer=layer, **asked).attribute(*inputs)
    torch.testing.assert_close(row_of(found), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("side", ["image", "text"])
def test_integrated_gradients_are_complete(method_of, inputs, pair, side):
    """They sum to the score less that of the mean baseline, which keeps CLS, begin and end."""
    state, hidden, score = pair(side, 1 if side == "image" else "embeddings")
    index, tokens = 1, inputs[1]
    beside = tokens.special[index] if side == "text" else torch.arange(17) == 0
    start = hidden.clone()
    start[0, ~beside] = hidden[0, ~beside].mean(0)
    layer = state.block if side == "image" else None
    method = method_of("ig", side, layer=layer, steps=300, baseline="mean")
    with torch.no_grad():
        difference = (score(hidden) - score(start)).item()
    total = method.attribute(*inputs).scores[index].sum().item()
    assert total == pytest.approx(difference, abs=2e-4)
    assert abs(difference) > 0.02


def test_blurred_baseline(method_of, inputs, encoder):
    """Sharp detail is what is missing in it: on a picture of one colour nothing is."""
    from PIL import Image

    from vlminterp.errors import ConfigError

    plain = encoder.preprocess([Image.new("RGB", (64, 64), "red")])
    tokens = encoder.tokenize(["a cat"])
    found = method_of("ig", baseline="blur").attribute(plain, tokens)
    assert found.scores.abs().max() < 1e-6
    assert method_of("ig", baseline="blur").attribute(*inputs).scores.abs().max() > 1e-3
    with pytest.raises(ConfigError, match="baseline=blur is for images"):
        method_of("ig", "text", baseline="blur").attribute(*inputs)


def test_smoothgrad_without_noise_is_saliency(method_of, inputs):
    smooth = method_of("smoothgrad", noise=1e-9, samples=2).attribute(*inputs)
    plain = method_of("saliency").attribute(*inputs)
    torch.testing.assert_close(smooth.scores, plain.scores, rtol=1e-4, atol=1e-6)


def test_cams(encoder, method_of, inputs, captions):
    """Against the papers' formulas on the hidden state before the last block, or the one before."""

    def at(layer):
        """The gradient and the state of the second picture's patches; CLS is no patch."""
        with torch.no_grad():
            state = encoder.vision.prefix(inputs[0], layer)
        hidden = state.hidden.detach().requires_grad_()
        score = (encoder.vision.suffix(state.with_hidden(hidden)) * others).sum()
        (gradient,) = torch.autograd.grad(score, [hidden])
        return gradient[1, 1:], hidden[1, 1:].detach()

    others, depth = encoder.encode_text(inputs[1]), encoder.vision.depth
    grad, act = at(depth - 2)
    before_grad, before_act = at(depth - 3)
    expected = {
        "gradcam": torch.relu((grad.mean(0) * act).sum(1)),
        "hirescam": torch.relu((before_grad * before_act).sum(1)),
        "layercam": torch.relu((torch.relu(grad) * act).sum(1)),
    }
    for name, values in expected.items():
        found = method_of(name).attribute(*inputs).map(1).flatten().double()
        torch.testing.assert_close(found, values, rtol=1e-5, atol=1e-7)


def test_gradcam_on_a_feature_map_is_captums(tmp_path):
    """A ResNet's last stage, the other way round: Captum hooks the stage itself."""
    from copy import deepcopy

    from vlminterp_attribution.batch import Batches
    from vlminterp_attribution.registry import make_method

    from tests.adapters import test_any_open_clip as oc
    from tests.adapters.tiny_open_clip import KINDS, build

    encoder = build(*deepcopy(KINDS["ResNet"]), tmp_path)
    pixels, tokens = oc.pixels_of(encoder), oc.tokens_of(encoder)
    method = make_method("gradcam", Side.image, Batches(encoder, Similarity(), 0))
    found = method.attribute(pixels, tokens)
    text = encoder.encode_text(tokens).detach()

    def score(values):
        image = torch.nn.functional.normalize(encoder.model.encode_image(values), dim=-1)
        return (image * text).sum(-1)

    captum = LayerGradCam(score, encoder.model.visual.layer4)
    expected = captum.attribute(pixels.values.clone().requires_grad_(), relu_attributions=True)
    assert expected.shape[1:] == (1, *found.grids[0])
    for index in range(2):
        torch.testing.assert_close(
            found.map(index).double(), expected[index, 0].detach(), rtol=1e-5, atol=1e-7
        )


def test_contrast_is_the_difference_of_maps(method_of, inputs, encoder):
    """Input times gradient is linear in the target."""
    others = ["an owl in the sun", "a car"]
    layer = {"layer": 1}
    contrast = method_of("inputxgradient", target=Contrast(others), **layer).attribute(*inputs)
    expected = method_of("inputxgradient", target=Similarity(), **layer).attribute(*inputs).scores
    for other in others:
        tokens = encoder.tokenize([other] * 4)
        found = method_of("inputxgradient", **layer).attribute(inputs[0], tokens)
        expected = expected - found.scores / len(others)
    torch.testing.assert_close(contrast.scores, expected, rtol=1e-4, atol=1e-5)


def test_by_default_each_side_has_the_baseline_that_validation_chose(inputs, method_of):
    for side, baseline in (("image", "mean"), ("text", "zero")):
        chosen = method_of("ig", side, steps=4).attribute(*inputs).scores
        named = method_of("ig", side, steps=4, baseline=baseline).attribute(*inputs).scores
        assert torch.equal(chosen, named)
