"""Gives the maps of any attributor their passports."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens
from vlminterp.attribution.explanation import Attributor, Explanation, Side
from vlminterp.attribution.passport.calibration import probabilities, shipped_calibrations
from vlminterp.attribution.passport.features import Features
from vlminterp.attribution.passport.verdict import word


class PassportOffice:
    """Writes the passports of maps; what several attributors share is computed once.

    Args:
        encoder: The VLM.
        seed: Seed of the random parts that are shown.
    """

    def __init__(self, encoder: DualEncoder, seed: int) -> None:
        self._encoder, self._seed = encoder, seed
        self._last: tuple[Pixels, Tokens, Features] | None = None

    def write(self, explanation: Explanation, pixels: Pixels, tokens: Tokens) -> Explanation:
        """Returns the explanation with `trust`, `nothing`, the features, and `passport`, the word.

        Args:
            explanation: Maps of a batch; captions have no passports, and stay as they are.
            pixels: Its images.
            tokens: Their captions.
        """
        if explanation.side is Side.text:
            return explanation
        features = self._features(pixels, tokens)
        rows = [features.of(index, explanation.map(index)) for index in range(len(explanation))]
        for row in rows:
            row |= probabilities(row, shipped_calibrations())
        numbers = {name: torch.tensor([row[name] for row in rows]) for name in rows[0]}
        words = [word(row["trust"], row["nothing"]) for row in rows]
        return replace(
            explanation,
            numbers={**explanation.numbers, **numbers},
            labels={**explanation.labels, "passport": words},
        )

    def _features(self, pixels: Pixels, tokens: Tokens) -> Features:
        """Returns the features of a batch: the last ones if it is the same objects."""
        last = self._last
        if last is None or last[0] is not pixels or last[1] is not tokens:
            last = pixels, tokens, Features(self._encoder, pixels, tokens, self._seed)
            self._last = last
        return last[2]


class WithPassport:
    """An attributor whose maps have passports; explanations of captions stay as they are.

    Args:
        attributor: The attributor.
        office: The writer of passports that all attributors of a run share.
    """

    def __init__(self, attributor: Attributor, office: PassportOffice) -> None:
        self._attributor = attributor
        self._office = office

    def attribute(self, pixels: Pixels, tokens: Tokens) -> Explanation:
        """Explains each pair of a batch, and writes a passport for each map."""
        return self._office.write(self._attributor.attribute(pixels, tokens), pixels, tokens)


def with_passports(
    attributors: Sequence[Attributor], encoder: DualEncoder, seed: int
) -> list[Attributor]:
    """Returns attributors of the similarity whose maps have passports."""
    office = PassportOffice(encoder, seed)
    return [WithPassport(attributor, office) for attributor in attributors]
