"""Targets are the backend's own numbers, whatever the batch, and differ as they say."""

import pytest
import torch
from PIL import Image

from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import ClassProbability, Contrast, ImageSimilarity, Similarity
from vlminterp.errors import ConfigError, InputError

OTHERS = ["an owl", "a red car", "a cat"]  # the first and the last are captions of pairs
TEMPLATES = ("{}", "a photo of {}")


@pytest.fixture
def encoder(load_tiny):
    return load_tiny("hf", "float64")


@pytest.fixture
def inputs(encoder, pictures, captions):
    return encoder.preprocess(pictures), encoder.tokenize(captions)


def explained(encoder, side, pixels, tokens):
    return encoder.encode_image(pixels) if side is Side.image else encoder.encode_text(tokens)


def targets(encoder):
    return {
        "similarity": Similarity(),
        "contrast": Contrast(OTHERS),
        "class": ClassProbability(OTHERS, TEMPLATES),
        "image": ImageSimilarity(encoder.preprocess([_red()])),
    }


def _red():
    return Image.new("RGB", (64, 64), "red")


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("name", ["similarity", "contrast", "class", "image"])
def test_pair_does_not_depend_on_its_batch(encoder, pictures, captions, inputs, name, side):
    target = targets(encoder)[name]
    if name == "image" and side is Side.text:
        with pytest.raises(InputError, match="no text side"):
            target.score(encoder, side, *inputs)
        return
    together = target.score(encoder, side, *inputs)(explained(encoder, side, *inputs))
    for index in (2, 0, 3):
        alone = encoder.preprocess([pictures[index]]), encoder.tokenize([captions[index]])
        score = target.score(encoder, side, *alone)(explained(encoder, side, *alone))
        torch.testing.assert_close(score[0], together[index], rtol=0, atol=1e-12)


def test_copies_belong_to_their_pairs(encoder, inputs):
    """Copy j of pair b is row b·n + j, unless rows are named."""
    score = Similarity().score(encoder, Side.image, *inputs)
    embeddings = encoder.encode_image(inputs[0])
    plain = score(embeddings)
    copies = embeddings.repeat_interleave(3, 0)
    assert torch.equal(score(copies), plain.repeat_interleave(3))
    rows = torch.arange(4).repeat(3)
    assert torch.equal(score(embeddings.repeat(3, 1), rows), plain.repeat(3))


def test_contrast_is_a_difference_of_cosines(encoder, inputs, captions):
    """A caption that is among the others is not held against itself."""
    image = encoder.encode_image(inputs[0])
    cosines = encoder.similarity(image, encoder.encode_text(encoder.tokenize(OTHERS)))
    own = (image * encoder.encode_text(inputs[1])).sum(-1)
    for side in Side:
        score = Contrast(OTHERS).score(encoder, side, *inputs)(explained(encoder, side, *inputs))
        for index, caption in enumerate(captions):
            others = [cosines[index, k] for k, other in enumerate(OTHERS) if other != caption]
            expected = own[index] - torch.stack(others).mean()
            torch.testing.assert_close(score[index], expected, rtol=0, atol=1e-12)


def test_contrast_with_itself_is_nothing(encoder, inputs):
    score = Contrast(["a cat"]).score(encoder, Side.image, *inputs)
    assert abs(score(encoder.encode_image(inputs[0]))[0]) < 1e-15


def test_class_is_the_zero_shot_log_probability(encoder, inputs, captions):
    """As open_clip's recipe has it: mean of unit embeddings over templates, scale, softmax."""
    image = encoder.encode_image(inputs[0])
    embedded = torch.stack(
        [
            torch.stack([_text(encoder, t.replace("{}", name)) for t in TEMPLATES]).mean(0)
            for name in OTHERS
        ]
    )
    classes = torch.nn.functional.normalize(embedded, dim=-1)
    target = ClassProbability(OTHERS, TEMPLATES)
    score = target.score(encoder, Side.image, *inputs)(image)
    logits = encoder.logits(image, classes)
    for index, caption in enumerate(captions):
        if caption in OTHERS:
            expected = logits[index].log_softmax(0)[OTHERS.index(caption)]
        else:
            own = encoder.logits(image[index : index + 1], _text(encoder, caption)[None])[0]
            expected = torch.cat([own, logits[index]]).log_softmax(0)[0]
        torch.testing.assert_close(score[index], expected, rtol=0, atol=1e-10)


def _text(encoder, caption):
    return encoder.encode_text(encoder.tokenize([caption]))[0]


def test_class_on_the_text_side_sums_to_one(encoder):
    """Over captions that are the classes, each at its own embedding."""
    classes, pixels, total = ["a cat", "an owl", "a red car"], encoder.preprocess([_red()]), 0.0
    for name in classes:
        tokens = encoder.tokenize([name])
        score = ClassProbability(classes).score(encoder, Side.text, pixels, tokens)
        total += score(encoder.encode_text(tokens)).exp().item()
    assert total == pytest.approx(1)


def test_image_is_the_cosine_of_two_images(encoder, inputs):
    image = encoder.encode_image(inputs[0])
    target = ImageSimilarity(inputs[0])
    torch.testing.assert_close(
        target.score(encoder, Side.image, *inputs)(image), torch.ones(4).double()
    )
    with pytest.raises(InputError, match="2 other images for 4"):
        ImageSimilarity(encoder.preprocess([_red()] * 2)).score(encoder, Side.image, *inputs)


@pytest.mark.parametrize("against", [[], "a cat"])
def test_nothing_to_compare_with(against):
    with pytest.raises(ConfigError, match=r"needs captions to compare with; set against="):
        Contrast(against)
    with pytest.raises(ConfigError, match=r"needs the names of classes; set against="):
        ClassProbability(against)
    with pytest.raises(ConfigError, match=r"needs templates; set templates="):
        ClassProbability(["cat"], against)


def test_template_without_a_place_for_the_name():
    with pytest.raises(ConfigError, match=r"has no \{\}"):
        ClassProbability(["a cat"], ["a photo"])
