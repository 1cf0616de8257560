"""Metrics that try a map out on its picture: what happens as the patches that it marks go."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from vlminterp.metrics.curves import STEPS, ScorePictures, deletion, insertion, keep_minus_delete
from vlminterp.metrics.faithfulness import POINTS
from vlminterp.metrics.fills import mean_colour
from vlminterp.metrics.road import SHARES, road
from vlminterp.metrics.sensitivity import falls, random_sets, sensitivity_n

SIZES = (0.1, 0.3, 0.5)
"""Sizes of sensitivity-n's sets, as shares of the patches."""
DRAWS = 16


@dataclass
class Trials:
    """Tries maps of one picture out; what they share is computed once.

    The default fill is the mean colour. A blur leaves the colours of a background: for a VLM that
    goes by these it takes nothing away (`experiments/studies/truth_table`).

    Attributes:
        score: Scores versions of the picture, `[n, 3, H, W]` to `[n]`, in units of cosine.
        values: The picture's normalised pixels, `[3, H, W]`.
        grid: Rows and columns of the maps.
        covered: Share of height and width that the patches cover, as `Explanation.coverage`.
        seed: Seed of ties, noise and random sets.
        fill: Makes what stands in the place of patches from `values`, for all but ROAD.
        steps: Steps of insertion and deletion.
        shares: Shares of the patches that ROAD removes.
    """

    score: ScorePictures
    values: Tensor
    grid: tuple[int, int]
    covered: tuple[float, float] = (1.0, 1.0)
    seed: int = 0
    fill: Callable[[Tensor], Tensor] = mean_colour
    steps: int = STEPS
    shares: tuple[float, ...] = SHARES

    def __call__(self, heat: Tensor) -> dict[str, float]:
        """Returns all metrics of one map by name; see `vlminterp.metrics.facts`.

        Args:
            heat: Scores of the patches, `[rows, columns]`.
        """
        at = road(self.score, self.values, heat, self.shares, self.covered, self.seed)
        return {**self.by_fill(heat), "road": POINTS * at}

    def by_fill(self, heat: Tensor) -> dict[str, float]:
        """Returns the metrics that depend on the fill.

        Args:
            heat: Scores of the patches, `[rows, columns]`.
        """
        inserted, deleted = (
            curve(self.score, self.values, heat, self._filled, self.steps, self.covered, self.seed)
            for curve in (insertion, deletion)
        )
        return {
            "insertion": POINTS * inserted.area,
            "deletion": POINTS * deleted.area,
            "keep_minus_delete": POINTS * keep_minus_delete(inserted, deleted),
            "sensitivity_n": sensitivity_n(heat, self._sets, self._falls),
        }

    @cached_property
    def _filled(self) -> Tensor:
        return self.fill(self.values)

    @cached_property
    def _sets(self) -> Tensor:
        patches = self.grid[0] * self.grid[1]
        sizes = sorted({max(round(share * patches), 1) for share in SIZES})
        return random_sets(self.grid, sizes, DRAWS, self.seed)

    @cached_property
    def _falls(self) -> Tensor:
        return falls(self.score, self.values, self._filled, self._sets, self.covered)
