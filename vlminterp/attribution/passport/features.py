"""The features of maps from which passports are written; none needs to know the truth."""

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens
from vlminterp.attribution.noise import pair_seeds
from vlminterp.attribution.passport.anagrams import gain_over_anagrams
from vlminterp.attribution.passport.parts import ShownParts
from vlminterp.attribution.passport.probe import Probe
from vlminterp.attribution.targets import cosine


class Features:
    """The features of any map of one batch; what all maps of a pair share is computed once.

    Scores are cosines times the model's own scale, so that models can be compared.

    Args:
        encoder: The VLM.
        pixels: The images that are explained.
        tokens: Their captions.
        seed: Seed of the random parts that are shown.
    """

    def __init__(self, encoder: DualEncoder, pixels: Pixels, tokens: Tokens, seed: int) -> None:
        scale = float(encoder.scale_and_bias[0])
        with torch.no_grad():
            score = cosine(encoder.encode_text(tokens))
            state = encoder.vision.prefix(pixels, -1)
            images = encoder.vision.suffix(state)
        self._probes = [
            Probe(ShownParts(encoder, pixels, index, score, state), own, scale)
            for index, own in enumerate(pair_seeds(pixels, tokens, seed))
        ]
        self._pairs = [
            {
                "gain": probe.gain,
                "wording": scale * gain_over_anagrams(encoder, image, words),
            }
            for probe, image, words in zip(self._probes, images, tokens.words, strict=True)
        ]

    def of(self, index: int, heat: Tensor) -> dict[str, float]:
        """Returns the features of one map by name.

        Args:
            index: The pair's place in the batch.
            heat: Scores of patches, `[rows, columns]`.

        Returns:
            Of the pair `gain`, the score less that of a picture of one colour, and `wording`, the
            score less its mean for anagrams of the caption; of the map `foresight` and `left`, see
            `Probe.of_map`.
        """
        return {**self._pairs[index], **self._probes[index].of_map(heat)}
