"""Explains a picture and its captions in one call, as `vlminterp.explain` does."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.adapters.inputs import require_readable
from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.attribution.targets import Contrast, ImageSimilarity, Similarity, Target
from vlminterp.data.images import Picture, read_image
from vlminterp.errors import ConfigError, InputError, ModelError
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.method import Method
from vlminterp_attribution.pair_explanation import PairExplanation, PairExplanations
from vlminterp_attribution.registry import load_method, make_method
from vlminterp_attribution.support import require_able


def explain(
    encoder: DualEncoder,
    image: Picture | str,
    text: str | Sequence[str],
    method: str,
    target: Target,
    options: Mapping[str, Any],
    seed: int,
) -> PairExplanation | PairExplanations:
    """Explains one picture with one caption or several; see `vlminterp.explain`."""
    picture = read_image(Path(image) if isinstance(image, str) else image)
    captions = [text] if isinstance(text, str) else list(text)
    if not captions:
        raise InputError("there is no caption to explain; give text='…' or several as a list")
    batches = Batches(encoder, target, seed, {method: options})
    methods = [make_method(method, side, batches) for side in _sides(method, target)]
    found = [_explained(encoder, methods, picture, caption) for caption in captions]
    return found[0] if isinstance(text, str) else PairExplanations(found)


def target_of(against: str | Sequence[str] | None, target: Target | None) -> Target:
    """Returns the question that the arguments of `vlminterp.explain` ask.

    Raises:
        ConfigError: Both `against` and `target` are given, or `against` is empty.
    """
    if against is None:
        return target or Similarity()
    if target is not None:
        raise ConfigError("give against=… or target=…, not both: against=… is a target of its own")
    return Contrast([against] if isinstance(against, str) else against)


def _sides(method: str, target: Target) -> Sequence[Side]:
    sides = load_method(method).sides
    return [side for side in sides if side is Side.image or not isinstance(target, ImageSimilarity)]


def _explained(
    encoder: DualEncoder, methods: Sequence[Method], picture: Image.Image, caption: str
) -> PairExplanation:
    require_readable(caption)
    pixels, tokens = encoder.preprocess([picture]), encoder.tokenize([caption])
    try:
        found = [method.attribute(pixels, tokens) for method in methods]
    except ModelError:
        require_able(encoder, methods)  # which names the methods that this model can do
        raise
    by_side: dict[Side, Explanation] = {explanation.side: explanation for explanation in found}
    image, words = by_side.get(Side.image), by_side.get(Side.text)
    return PairExplanation(
        model=encoder.name,
        method=methods[0].name,
        image=picture,
        text=caption,
        similarity=float(found[0].similarity[0]),
        unit=found[0].unit,
        signed=found[0].signed,
        heat=None if image is None else image.on_image(0, (picture.height, picture.width)),
        words=[(word.text, score) for word, score in words.word_scores(0)] if words else [],
    )
