"""M2IB on tiny models: every option changes what the maths says, and nothing is left behind."""

import copy
from dataclasses import replace

import pytest
import torch
from captum.attr import Attribution
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.prior import prior_of
from vlminterp_m2ib.settings import PooledToken, Scale, Settings

from vlminterp.adapters.dual_encoder import Pixels, State
from vlminterp.adapters.hf.clip import HFCLIP
from vlminterp.errors import ConfigError, InputError, ModelError

PLAIN = Settings(layer=1, beta=0.5, steps=5, copies=4, antithetic=False, scale=Scale.plain)
SIDES = pytest.mark.parametrize("side", ["image", "text"])


@pytest.fixture
def encoder(load_tiny):
    """One backend: that the other gives the same maps is a test of its own."""
    return load_tiny("hf")


@pytest.fixture
def inputs(encoder, pictures, captions):
    return encoder.preprocess(pictures), encoder.tokenize(captions)


def attribute(encoder, inputs, side, settings=PLAIN, seed=0):
    return M2IB(encoder, side, settings, seed).attribute(*inputs)


@SIDES
def test_is_captums(encoder, side):
    assert isinstance(M2IB(encoder, side), Attribution)


@SIDES
def test_pair_does_not_depend_on_its_batch(encoder, pictures, captions, side):
    together = M2IB(encoder, side, PLAIN).attribute(
        encoder.preprocess(pictures), encoder.tokenize(captions)
    )
    for index in (0, 3, 1):
        alone = M2IB(encoder, side, PLAIN).attribute(
            encoder.preprocess([pictures[index]]), encoder.tokenize([captions[index]])
        )
        length = alone.scores.shape[1]
        torch.testing.assert_close(
            together.scores[index, :length], alone.scores[0], rtol=1e-3, atol=1e-3
        )
        assert (together.scores[index, length:] == 0).all()


@SIDES
def test_both_backends_give_the_same_map(load_tiny, pictures, captions, side):
    """On the same pixels; each backend resizes pictures in its own way."""
    maps, pixels = [], load_tiny("hf", "float64").preprocess(pictures)
    for adapter in ("hf", "open-clip"):
        encoder = load_tiny(adapter, "float64")
        given = pixels, encoder.tokenize(captions)
        # Ids beyond the end differ between the backends' padding; the seeds must not.
        maps.append(attribute(encoder, given, side).scores)
    torch.testing.assert_close(*maps, rtol=1e-6, atol=1e-6)


@SIDES
def test_seed(encoder, inputs, side):
    first, again, other = (attribute(encoder, inputs, side, seed=s).scores for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@SIDES
def test_beta_asks_for_less_information(encoder, inputs, side):
    totals = [
        attribute(encoder, inputs, side, replace(PLAIN, beta=beta)).scores.sum()
        for beta in (0.0, 1.0, 30.0)
    ]
    assert totals[0] > totals[1] > totals[2]


@SIDES
def test_steps(encoder, inputs, side):
    """One step is no update: every gate is as at the start, λ = sigmoid(5)."""
    found = attribute(encoder, inputs, side, replace(PLAIN, steps=1))
    tower = encoder.vision if side == "image" else encoder.text
    state = tower.prefix(inputs[0 if side == "image" else 1], 1)
    gate = torch.tensor(5.0).sigmoid()
    kl = 0.5 * ((gate * state.hidden) ** 2 + (1 - gate) ** 2 - 1) - (1 - gate).log()
    expected = kl.sum(-1) * state.mask
    torch.testing.assert_close(found.scores, expected, rtol=1e-4, atol=1e-3)
    assert found.curves["fit"].shape == (4, 1)


@SIDES
def test_learning_rate_is_the_size_of_a_step(encoder, inputs, side):
    """Adam's first step is the learning rate; a tiny one leaves the start as it is."""
    start = attribute(encoder, inputs, side, replace(PLAIN, steps=1)).scores
    slow = attribute(encoder, inputs, side, replace(PLAIN, learning_rate=1e-4)).scores
    fast = attribute(encoder, inputs, side).scores
    assert (slow - start).abs().max() < 0.01 * (fast - start).abs().max()


@SIDES
def test_copies_narrow_the_spread(encoder, inputs, side):
    def spread(copies):
        settings = replace(PLAIN, copies=copies, learning_rate=0.3)
        fits = [attribute(encoder, inputs, side, settings, s).curves["fit"][:, 0] for s in range(8)]
        return torch.stack(fits).std(0).mean()

    assert spread(32) < 0.6 * spread(2)


@SIDES
def test_variance_is_the_priors(encoder, inputs, side):
    """At the start the information is ½λ²h²/σ² and a constant, so σ² = 4 quarters the first."""
    one, four = (
        attribute(encoder, inputs, side, replace(PLAIN, steps=1, variance=variance)).scores
        for variance in (1.0, 4.0)
    )
    tower = encoder.vision if side == "image" else encoder.text
    state = tower.prefix(inputs[0 if side == "image" else 1], 1)
    signal = 0.5 * (torch.tensor(5.0).sigmoid() * state.hidden).square().sum(-1) * state.mask
    torch.testing.assert_close(one - four, 0.75 * signal, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_standardised_does_not_see_scale(factor):
    """A state of any size has the same deviates, those of channels that hardly vary included."""
    hidden = torch.randn(2, 9, 6, generator=torch.Generator().manual_seed(0)).double() + 3
    hidden[:, :, 0] = 0.5
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[1, 6:] = False
    deviates = []
    for state in (hidden, factor * hidden):
        cut = State(state, 0, mask, None, 0, None)
        prior = prior_of(state, cut, Scale.standardised, variance=1.0)
        deviates.append((state - prior.mean) / prior.deviation)
    torch.testing.assert_close(*deviates)
    counted = deviates[0][1, :6, 1:]
    torch.testing.assert_close(counted.mean(0), torch.zeros(5).double())
    torch.testing.assert_close(counted.square().mean(0), torch.ones(5).double())
    assert (deviates[0][:, :, 0] == 0).all()


@SIDES
@pytest.mark.parametrize("layer", [0, -1, 1.0, "embeddings"])
def test_layer(encoder, inputs, side, layer):
    found = attribute(encoder, inputs, side, replace(PLAIN, layer=layer))
    tower = encoder.vision if side == "image" else encoder.text
    assert found.layer == tower.resolve_layer(layer)
    assert not torch.equal(found.scores, attribute(encoder, inputs, side).scores)


@SIDES
def test_pooled_token(encoder, inputs, side):
    tower = encoder.vision if side == "image" else encoder.text
    state = tower.prefix(inputs[0 if side == "image" else 1], 1)
    rows = torch.arange(4)
    kept = attribute(encoder, inputs, side)
    blocked, whole = (
        attribute(encoder, inputs, side, replace(PLAIN, pooled_token=how))
        for how in (PooledToken.blocked, PooledToken.whole)
    )
    assert (kept.scores[rows, state.pooled] > 0).all()
    for other in (blocked, whole):
        assert (other.scores[rows, state.pooled] == 0).all()
    assert whole.curves["fit"][:, -1].mean() > blocked.curves["fit"][:, -1].mean()


@SIDES
def test_antithetic_copies_cancel(encoder, inputs, side):
    """The first step's fit varies less between seeds when every noise comes with its negative."""

    def spread(antithetic):
        settings = replace(PLAIN, antithetic=antithetic, copies=4, steps=1)
        fits = [
            attribute(encoder, inputs, side, settings, s).curves["fit"][:, 0] for s in range(12)
        ]
        return torch.stack(fits).std(0).mean()

    assert spread(antithetic=True) < 0.7 * spread(antithetic=False)


def test_image_explanation_knows_its_picture(encoder, inputs):
    found = attribute(encoder, inputs, "image")
    assert found.grids == ((4, 4),) * 4
    assert found.on_image(3).shape == (131, 200)
    assert found.unit == "nats"
    scaled = found.normalised()[:, 1:]
    assert scaled.min() == 0
    assert scaled.max() == 1
    assert (found.normalised()[:, 0] == 0).all()


def test_text_explanation_has_words(encoder, inputs, captions):
    found = attribute(encoder, inputs, "text")
    for index in range(4):
        words = found.word_scores(index)
        assert " ".join(word.text for word, _ in words) == captions[index].replace(",", " ,")
        inside = sum(score for _, score in words)
        assert 0 < inside < found.scores[index].sum()


@SIDES
def test_nothing_stays_behind_after_an_error(encoder, inputs, side, monkeypatch):
    model = encoder.model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = attribute(encoder, inputs, side).scores
    explainer = M2IB(encoder, side, PLAIN)
    calls = iter([False, False, True])
    original = explainer.forward_func

    def broken(state):
        if next(calls):
            raise RuntimeError("out of memory")
        return original(state)

    monkeypatch.setattr(explainer, "forward_func", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        explainer.attribute(*inputs)
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    for name, parameter in model.named_parameters():
        assert parameter.grad is None
        assert not parameter.requires_grad
        assert torch.equal(parameter, before[name])
    assert torch.is_grad_enabled()
    assert torch.equal(attribute(encoder, inputs, side).scores, found)


@SIDES
def test_bf16_ranks_like_float32(load_tiny, pictures, captions, side):
    maps = []
    for dtype in ("float32", "bfloat16"):
        encoder = load_tiny("hf", dtype)
        given = encoder.preprocess(pictures), encoder.tokenize(captions)
        found = attribute(encoder, given, side)
        assert found.scores.dtype == torch.float32
        maps.append(found.scores)
    for first, second in zip(*maps, strict=True):
        assert torch.corrcoef(torch.stack([first, second]))[0, 1] > 0.97


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beta": -1}, r"beta=-1 must be at least 0"),
        ({"learning_rate": 0}, r"learning_rate=0 must be above 0"),
        ({"learning_rate": float("nan")}, r"learning_rate=nan must be a finite number"),
        ({"beta": float("inf")}, r"beta=inf must be a finite number"),
        ({"variance": -2.0}, r"variance=-2\.0 must be above 0"),
        ({"steps": 0}, r"steps=0 must be at least 1"),
        ({"copies": 3, "antithetic": True}, r"copies=3 must be even; or set antithetic=false"),
    ],
)
def test_ranges(changes, message):
    with pytest.raises(ConfigError, match=message):
        replace(PLAIN, **changes)


def test_noise_follows_content(load_tiny, pictures, captions):
    """The same pair under another picture's place has the same noise; another picture does not."""
    encoder = load_tiny("hf")
    pixels = encoder.preprocess([pictures[0], pictures[1], pictures[0]])
    tokens = encoder.tokenize([captions[0]] * 3)
    scores = attribute(encoder, (pixels, tokens), "image").scores
    torch.testing.assert_close(scores[0], scores[2], rtol=1e-4, atol=1e-4)
    moved = Pixels(pixels.values + 1e-6, pixels.geometry)
    assert not torch.allclose(attribute(encoder, (moved, tokens), "image").scores[0], scores[0])


@SIDES
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_modes_without_gradients_change_nothing(encoder, pictures, captions, inputs, side, mode):
    with mode():
        own = encoder.preprocess(pictures), encoder.tokenize(captions)
        found = attribute(encoder, own, side)
        assert torch.is_inference_mode_enabled() == (mode is torch.inference_mode)
        assert not torch.is_grad_enabled()
    assert torch.equal(found.scores, attribute(encoder, inputs, side).scores)


def test_a_model_made_in_inference_mode_is_one_line(hf_model, inputs):
    with torch.inference_mode():
        encoder = HFCLIP(copy.deepcopy(hf_model))
    with pytest.raises(ModelError, match=r"made under torch\.inference_mode") as raised:
        attribute(encoder, inputs, "image")
    assert "\n" not in str(raised.value)


def test_the_same_picture_in_place_of_noise_takes_nothing_away(encoder, pictures, captions):
    """Closed gates let through what is there anyway: the fit is the similarity at every step."""
    given = encoder.preprocess(pictures[:1]), encoder.tokenize(captions[:1])
    twin = replace(given[0], values=given[0].values + 1e-6)  # its own self is never drawn
    found = M2IB(encoder, "image", PLAIN, others=twin).attribute(*given)
    fit = found.curves["fit"]
    torch.testing.assert_close(fit, found.similarity[:, None].expand_as(fit))


def test_other_pictures_in_place_of_noise(encoder, inputs, pictures, captions):
    """The map is another one than with noise, and a pair's does not depend on its batch."""
    others = encoder.preprocess(pictures[2:])
    method = M2IB(encoder, "image", PLAIN, others=others)
    together = method.attribute(*inputs).scores
    assert not torch.allclose(together, attribute(encoder, inputs, "image").scores, rtol=0.05)
    alone = method.attribute(encoder.preprocess([pictures[1]]), encoder.tokenize([captions[1]]))
    torch.testing.assert_close(together[1], alone.scores[0], rtol=1e-3, atol=1e-3)


def test_a_picture_never_takes_its_own_place(encoder, pictures, captions):
    """The map is that of the other pictures alone, bit by bit, since the same ones are drawn."""
    given = encoder.preprocess(pictures[:1]), encoder.tokenize(captions[:1])
    maps = [
        M2IB(encoder, "image", PLAIN, others=encoder.preprocess(some)).attribute(*given).scores
        for some in ([pictures[1], pictures[2]], [pictures[1], pictures[0], pictures[2]])
    ]
    torch.testing.assert_close(maps[1], maps[0])
    with pytest.raises(InputError, match="no other picture differs"):
        M2IB(encoder, "image", PLAIN, others=given[0]).attribute(*given)
