"""The answer of one VLM about a picture and one or two captions."""

from dataclasses import dataclass
from pathlib import Path

import torch

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.attribution.passport.verdict import DOUBT, NOTHING, TRUST
from vlminterp.attribution.targets import Contrast, Similarity
from vlminterp.data.images import read_image
from vlminterp_attribution.explaining import explain
from vlminterp_attribution.look.place import hottest_quarter, place_of
from vlminterp_attribution.pair_explanation import PairExplanation, Passport

SPREAD = 0.4
"""Share of the heat in the hottest quarter of a picture below which it has no place."""
ODDS = {
    TRUST: "Trust it: of maps like this one, {trust} lie on what moves the score.",
    DOUBT: "Doubt it: of maps like this one, only {trust} lie on what moves the score.",
    NOTHING: "Of captions like this one, {nothing} are answered by nothing in the picture: the map "
    "shows nothing to rely on.",
}


@dataclass(frozen=True)
class PictureAnswer:
    """One VLM's maps of a picture.

    Attributes:
        model: The VLM's name.
        views: The map of each caption.
        difference: The map of what speaks for the first caption and against the second; None for
            one caption.
        probabilities: The probability of each of two captions, in [0, 1]; empty for one caption.
    """

    model: str
    views: list[PairExplanation]
    difference: PairExplanation | None
    probabilities: list[float]

    @property
    def method(self) -> str:
        """The method that made the maps."""
        return self.views[0].method

    @property
    def sentence(self) -> str:
        """The answer in a sentence or two."""
        if self.difference is not None:
            best = max(range(len(self.views)), key=lambda place: self.probabilities[place])
            return (
                f"{self.model} prefers “{self.views[best].text}” "
                f"({percent(self.probabilities[best])} against "
                f"{percent(1 - self.probabilities[best])})."
            )
        return f"{self.model} {looks(self.views[0])}"


def looks(view: PairExplanation) -> str:
    """Tells where a VLM looks for a caption."""
    if view.passport is not None and view.passport.word == NOTHING:
        return f"finds nothing in this picture that answers “{view.text}”."
    if view.heat is None:
        return f"finds “{view.text}” here with a similarity of {view.similarity:.3f}."
    place = place_of(view.heat)
    if place is None:
        return f"finds nothing in this picture that speaks for “{view.text}”: its map has no heat."
    held = hottest_quarter(view.heat)
    where = "everywhere" if held < SPREAD else f"at {place}"
    return (
        f"looks {where} for “{view.text}”: a quarter of the picture holds {percent(held)} of the "
        "heat."
    )


def odds(passport: Passport) -> str:
    """Tells how far a map can be trusted."""
    numbers = {"trust": percent(passport.trust), "nothing": percent(passport.nothing)}
    return ODDS[passport.word].format(**numbers)


def percent(share: float) -> str:
    """Writes a share as a whole percentage.

    Example:
        >>> percent(0.826)
        '83 %'
    """
    return f"{100 * share:.0f} %"


def answer(
    encoder: DualEncoder, picture: Path, captions: list[str], method: str, seed: int
) -> PictureAnswer:
    """Asks a VLM.

    Args:
        encoder: The VLM.
        picture: Path of the picture.
        captions: One caption or two.
        method: Name of an attribution method.
        seed: Seed of everything random.

    Raises:
        UserError: The picture, a caption or the method can't be used.
    """
    views = [
        explain(encoder, picture, caption, method, Similarity(), {}, seed, passport=True)
        for caption in captions
    ]
    maps = [view for view in views if isinstance(view, PairExplanation)]
    if len(captions) == 1:
        return PictureAnswer(encoder.name, maps, None, [])
    first, second = captions
    difference = explain(encoder, picture, first, method, Contrast([second]), {}, seed)
    assert isinstance(difference, PairExplanation)
    return PictureAnswer(encoder.name, maps, difference, _probabilities(encoder, picture, captions))


def _probabilities(encoder: DualEncoder, picture: Path, captions: list[str]) -> list[float]:
    """Returns each caption's probability among them, by the VLM's own scale."""
    pixels = encoder.preprocess([read_image(picture)])
    with torch.no_grad():
        image = encoder.encode_image(pixels)
        texts = encoder.encode_text(encoder.tokenize(captions))
        found: list[float] = encoder.logits(image, texts).softmax(1)[0].tolist()
    return found
