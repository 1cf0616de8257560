"""What holds for every method: it needs no batch, leaves nothing behind, and takes any target."""

import inspect

import pytest
import torch
from captum.attr import Attribution
from vlminterp_attribution.options import read_options
from vlminterp_attribution.registry import OWN, load_method

from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import ClassProbability, Contrast
from vlminterp.errors import ConfigError

CASES = [(name, side.value) for name in OWN for side in load_method(name).sides]


@pytest.mark.parametrize(("name", "side"), CASES)
def test_pair_does_not_depend_on_its_batch(encoder, pictures, captions, method_of, name, side):
    together = method_of(name, side).attribute(
        encoder.preprocess(pictures), encoder.tokenize(captions)
    )
    assert together.method == name
    assert together.scores.dtype == torch.float32
    assert len(together) == 4
    for index in (2, 0):
        alone = method_of(name, side).attribute(
            encoder.preprocess([pictures[index]]), encoder.tokenize([captions[index]])
        )
        length = alone.scores.shape[1]
        torch.testing.assert_close(together.scores[index, :length], alone.scores[0])
        assert (together.scores[index, length:] == 0).all()
        torch.testing.assert_close(together.similarity[index], alone.similarity[0])


def test_one_method_explains_one_batch_after_the_other(encoder, pictures, captions, method_of):
    """Also where it is given the same captions again, or the same pictures."""
    method, pixels = method_of("gae"), encoder.preprocess(pictures)
    tokens, turned = encoder.tokenize(captions), encoder.preprocess(pictures[::-1])
    first = method.attribute(pixels, tokens)
    assert method.attribute(pixels, tokens) is first
    for given in ((turned, tokens), (pixels, encoder.tokenize(captions[::-1]))):
        again = method.attribute(*given)
        torch.testing.assert_close(again.scores, method_of("gae").attribute(*given).scores)
        assert not torch.allclose(again.scores, first.scores)


@pytest.mark.parametrize(("name", "side"), CASES)
def test_another_question_has_another_answer(inputs, method_of, name, side):
    """But for methods that say so."""
    plain = method_of(name, side).attribute(*inputs).scores
    for target in (Contrast(["an owl", "a car"]), ClassProbability(["a car", "an owl"])):
        if not isinstance(target, load_method(name).targets):
            with pytest.raises(ConfigError, match="does not answer"):
                method_of(name, side, target)
            continue
        asked = method_of(name, side, target).attribute(*inputs)
        if name in ("attention", "rollout"):
            assert torch.equal(asked.scores, plain)
        elif side == "image" or isinstance(target, ClassProbability):
            assert not torch.allclose(asked.scores, plain)
        else:  # on the text side a contrast only subtracts a constant
            torch.testing.assert_close(asked.scores, plain)


@pytest.mark.parametrize(("name", "side"), CASES)
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_modes_without_gradients_change_nothing(
    encoder, pictures, captions, inputs, method_of, name, side, mode
):
    with mode():
        own = encoder.preprocess(pictures), encoder.tokenize(captions)
        found = method_of(name, side).attribute(*own)
        assert not torch.is_grad_enabled()
    torch.testing.assert_close(found.scores, method_of(name, side).attribute(*inputs).scores)


@pytest.mark.parametrize("name", OWN)
def test_facts(name):
    method = load_method(name)
    assert issubclass(method, Attribution)
    assert method.paper
    assert method.cost
    assert inspect.getdoc(method).split("\n")[0].endswith(".")


@pytest.mark.parametrize("name", [name for name in OWN if (name, "text") not in CASES])
def test_side_that_a_method_does_not_explain(encoder, name):
    method = load_method(name)
    with pytest.raises(ConfigError, match="does not explain the text side"):
        method(encoder, "text")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("ig", {"step": 5}, "options of ig: .*step.*; options: layer, steps, baseline, quadrature"),
        ("ig", {"steps": "many"}, "options of ig: .*many"),
        ("ig", {"steps": 0}, "steps=0 must be above 0"),
        ("ig", {"quadrature": "left"}, "options of ig: .*left"),
        ("coiba", {"copies": 3}, "copies=3 must be even"),
        ("direct_effects", {"blocks": 0}, "blocks=0 must be above 0"),
        ("ig", {"baseline": "black"}, "options of ig: .*black"),
        ("gae", {"layer": 1}, "options of gae: .*; options: none"),
        ("consensus", {"members": ["ig"]}, "two or more other methods"),
        ("rise", {"kept": 1.0}, "must be between 0 and 1"),
    ],
)
def test_options_that_do_not_exist(name, options, message):
    with pytest.raises(ConfigError, match=message):
        read_options(name, load_method(name).default_options(Side.image), options)


def test_unknown_method(method_of):
    with pytest.raises(ConfigError, match="no method 'gea'; nearest: gae"):
        method_of("gea")
