"""Explains a picture and its captions in one call, as `vlminterp.explain` does."""

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens
from vlminterp.adapters.inputs import OnePicture, pictures_of, require_readable
from vlminterp.attribution.explanation import Explanation, Side, require_finite
from vlminterp.attribution.passport.attributor import PassportOffice
from vlminterp.attribution.targets import Contrast, ImageSimilarity, Similarity, Target
from vlminterp.data.images import read_image
from vlminterp.errors import ConfigError, InputError, ModelError
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.method import Method
from vlminterp_attribution.pair_explanation import (
    PairExplanation,
    PairExplanations,
    Passport,
    WordsOnPatches,
)
from vlminterp_attribution.registry import load_method, make_method
from vlminterp_attribution.support import require_able


def explain(  # noqa: PLR0913 - one call asks everything
    encoder: DualEncoder,
    image: OnePicture,
    text: str | Sequence[str],
    method: str,
    target: Target,
    options: Mapping[str, Any],
    seed: int,
    *,
    passport: bool = False,
) -> PairExplanation | PairExplanations:
    """Explains one picture with one caption or several; see `vlminterp.explain`."""
    _check(text, options, seed)
    picture = read_image(*pictures_of([image]))
    captions = [text] if isinstance(text, str) else list(text)
    batches = Batches(encoder, target, seed, {method: options})
    sides = load_method(method).sides_with(options)
    if isinstance(target, ImageSimilarity):
        sides = [side for side in sides if side is Side.image]
    methods = [make_method(method, side, batches) for side in sides]
    office = PassportOffice(encoder, seed) if passport and isinstance(target, Similarity) else None
    found = [_explained(encoder, methods, picture, caption, office) for caption in captions]
    return found[0] if isinstance(text, str) else PairExplanations(found)


def _check(text: object, options: object, seed: object) -> None:
    """Checks the types of arguments, which a notebook's user may mistake."""
    captions = [text] if isinstance(text, str) else text
    if not isinstance(captions, list | tuple) or not all(isinstance(c, str) for c in captions):
        raise InputError(f"text={text!r} must be a caption, or a list of captions")
    if not captions:
        raise InputError("there is no caption to explain; give text='…' or several as a list")
    if not isinstance(options, Mapping):
        raise ConfigError(f"options={options!r} must be a dict, such as {{'steps': 50}}")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ConfigError(f"seed={seed!r} must be a whole number")


def target_of(against: str | Sequence[str] | None, target: Target | None) -> Target:
    """Returns the question that the arguments of `vlminterp.explain` ask.

    Raises:
        ConfigError: Both `against` and `target` are given, or one is of the wrong kind.
    """
    if not isinstance(target, Target | None):
        raise ConfigError(
            f"target={target!r} must be an object, such as "
            "vlminterp.attribution.targets.ClassProbability(['cat', 'dog'])"
        )
    if against is None:
        return target or Similarity()
    if target is not None:
        raise ConfigError("give against=… or target=…, not both: against=… is a target of its own")
    captions = [against] if isinstance(against, str) else against
    if not isinstance(captions, list | tuple) or not all(isinstance(c, str) for c in captions):
        raise ConfigError(f"against={against!r} must be a caption, or a list of captions")
    return Contrast(captions)


def _explained(
    encoder: DualEncoder,
    methods: Sequence[Method],
    picture: Image.Image,
    caption: str,
    office: PassportOffice | None,
) -> PairExplanation:
    require_readable(caption)
    pixels, tokens = encoder.preprocess([picture]), encoder.tokenize([caption])
    try:
        found = [method.attribute(pixels, tokens) for method in methods]
    except ModelError:
        require_able(encoder, methods)  # which names the methods that this model can do
        raise
    for explanation in found:
        require_finite(explanation)
    by_side: dict[Side, Explanation] = {explanation.side: explanation for explanation in found}
    image, words = by_side.get(Side.image), by_side.get(Side.text)
    return PairExplanation(
        model=encoder.name,
        method=methods[0].name,
        image=picture,
        text=caption,
        similarity=float(found[0].similarity[0]),
        truncated=tokens.truncated[0],
        unit=found[0].unit,
        signed=found[0].signed,
        heat=None if image is None else image.on_image(0, (picture.height, picture.width)),
        words=[(word.text, score) for word, score in words.word_scores(0)] if words else [],
        passport=_passport(office, image, pixels, tokens),
        together=_together(image),
    )


def _together(explanation: Explanation | None) -> WordsOnPatches | None:
    """Returns what each word contributes with each patch, if the method tells it."""
    if explanation is None or not explanation.interactions:
        return None
    place = explanation.footprint(0)
    words = [word.text for word in explanation.words[0]]
    return WordsOnPatches(words, explanation.interactions[0].numpy(), place.shares)


def _passport(
    office: PassportOffice | None, explanation: Explanation | None, pixels: Pixels, tokens: Tokens
) -> Passport | None:
    if office is None or explanation is None:
        return None
    written = office.write(explanation, pixels, tokens)
    trust, nothing = (float(written.numbers[name][0]) for name in ("trust", "nothing"))
    return Passport(written.labels["passport"][0], trust, nothing)
