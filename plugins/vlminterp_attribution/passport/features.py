"""The features of maps from which passports are written; none needs to know the truth."""

from torch import Tensor

from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.game import games
from vlminterp_attribution.passport.anagrams import gain_over_anagrams
from vlminterp_attribution.passport.probe import Probe


class Features:
    """The features of any map of one batch; what all maps of a pair share is computed once.

    Scores are cosines times the model's own scale, so that models can be compared.

    Args:
        batch: The pairs, whose image side is explained.
    """

    def __init__(self, batch: PairBatch) -> None:
        scale = float(batch.encoder.scale_and_bias[0])
        played, _ = games(batch)
        self._probes = [
            Probe(game, seed, scale) for game, seed in zip(played, batch.seeds, strict=True)
        ]
        self._pairs = [
            {"gain": probe.gain, "wording": scale * gain_over_anagrams(batch, index)}
            for index, probe in enumerate(self._probes)
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
