"""Hides parts of a picture and scores what is left: what a map is held against without truth."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from vlminterp.metrics.sensitivity import sensitivity_n

CELLS = 8
"""Most rows and columns of parts: a finer map is averaged, so that the cost does not grow."""
QUARTERS = 16
"""Random quarters of the picture, shown alone once for all maps of a pair."""


class ScoreShown(Protocol):
    """The score of a picture as a function of the parts that are shown; `ShownParts` is one."""

    shape: tuple[int, int]

    def __call__(self, shown: Tensor) -> Tensor:
        """Returns the score of each choice of parts, `[n]`; `shown` is bool `[n, r, c]`."""


class Probe:
    """One pair, with its score while only some parts of the picture are shown.

    Args:
        parts: The picture's score by the parts that are shown.
        seed: Seed of the random quarters.
        scale: Factor of the score, such as the model's own logit scale.
    """

    def __init__(self, parts: ScoreShown, seed: int, scale: float) -> None:
        rows, columns = parts.shape
        self._score, self._scale = parts, scale
        self._shape = (min(rows, CELLS), min(columns, CELLS))
        self._parts = self._shape[0] * self._shape[1]
        rng = np.random.default_rng(seed)
        orders = [rng.permutation(self._parts) for _ in range(QUARTERS)]
        self._quarters = np.stack([self._quarter(order) for order in orders])
        all_shown = np.ones((1, self._parts), np.bool_)
        whole, self._blank, *alone = self._scores(
            np.concatenate([all_shown, ~all_shown, self._quarters])
        )
        self.gain = float(whole - self._blank)
        self._alone = torch.tensor(alone, dtype=torch.float64)

    def of_map(self, heat: Tensor) -> dict[str, float]:
        """Returns how the score answers when parts are shown or hidden by a map.

        Args:
            heat: Scores of patches, `[rows, columns]`; negative ones count as 0.

        Returns:
            `foresight`, the correlation in [-1, 1] of the heat that random quarters hold with their
            scores alone, 0 for a constant map (as in sensitivity-n, Ancona et al., ICLR 2018), and
            `left`, the score without the hottest quarter, less that of a picture of one colour.
        """
        positive = heat[None].double().nan_to_num().clamp_min(0)
        cells = functional.adaptive_avg_pool2d(positive, self._shape).flatten().numpy()
        hottest = self._quarter(np.argsort(-cells, kind="stable"))
        (hidden,) = self._scores(~hottest[None])
        told = sensitivity_n(torch.from_numpy(cells), torch.from_numpy(self._quarters), self._alone)
        return {
            "foresight": float(np.nan_to_num(told)),
            "left": float(hidden - self._blank),
        }

    def _quarter(self, order: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Returns the first quarter of the parts in this order, at least one, bool `[parts]`."""
        chosen = np.zeros(self._parts, np.bool_)
        chosen[order[: max(self._parts // 4, 1)]] = True
        return chosen

    def _scores(self, shown: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Returns the score of the picture with only these parts, `[n]`."""
        scores = self._score(torch.from_numpy(shown).view(-1, *self._shape))
        found: NDArray[np.float64] = scores.double().numpy() * self._scale
        return found
