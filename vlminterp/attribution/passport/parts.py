"""Scores a picture of which only some parts are shown."""

from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, State
from vlminterp.attribution.targets import Score
from vlminterp.attribution.versions import score_pictures
from vlminterp.metrics.fills import mean_colour
from vlminterp.metrics.parts import replaced


class ShownParts:
    """The score of one picture as a function of the parts that are shown.

    Parts that are not shown have the mean colour of the model's preprocessing.

    Args:
        encoder: The VLM.
        pixels: The images.
        index: The picture's place among them.
        score: The question.
        state: A cut of the image tower, for the patches' grid and the pixels that they cover.

    Attributes:
        shape: Rows and columns of the picture's patches.
    """

    def __init__(
        self, encoder: DualEncoder, pixels: Pixels, index: int, score: Score, state: State
    ) -> None:
        self.shape = state.grids[index]
        self._score = score_pictures(encoder, pixels, index, score)
        self._values = pixels.of(index)
        self._coverage = state.coverage

    def __call__(self, shown: Tensor) -> Tensor:
        """Returns the score of each choice of parts, `[n]`.

        Args:
            shown: Whether each part is shown, bool `[n, rows, columns]`, on a grid of any size.
        """
        blank = mean_colour(self._values)
        return self._score(replaced(self._values, blank, ~shown, self._coverage))
