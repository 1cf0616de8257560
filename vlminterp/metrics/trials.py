"""Metrics that try a map out on its picture: what happens as the patches that it marks go."""

from functools import cached_property

from torch import Tensor

from vlminterp.metrics.curves import STEPS, ScorePictures, deletion, insertion, keep_minus_delete
from vlminterp.metrics.faithfulness import POINTS
from vlminterp.metrics.fills import blurred
from vlminterp.metrics.road import SHARES, road
from vlminterp.metrics.sensitivity import falls, random_sets, sensitivity_n

SIZES = (0.1, 0.3, 0.5)
"""Sizes of sensitivity-n's sets, as shares of the patches."""
DRAWS = 16


class Trials:
    """Tries maps of one picture out; what they share is computed once.

    Args:
        score: Scores versions of the picture, `[n, 3, H, W]` to `[n]`, in units of cosine.
        values: The picture's normalised pixels, `[3, H, W]`.
        grid: Rows and columns of the maps.
        covered: Share of height and width that the patches cover, as `Explanation.coverage`.
        seed: Seed of ties, noise and random sets.
        steps: Steps of insertion and deletion.
        shares: Shares of the patches that ROAD removes.
    """

    def __init__(
        self,
        score: ScorePictures,
        values: Tensor,
        grid: tuple[int, int],
        covered: tuple[float, float] = (1.0, 1.0),
        seed: int = 0,
        steps: int = STEPS,
        shares: tuple[float, ...] = SHARES,
    ) -> None:
        self.score, self.values, self.grid, self.covered = score, values, grid, covered
        self.seed, self.steps, self.shares = seed, steps, shares

    def __call__(self, heat: Tensor) -> dict[str, float]:
        """Returns all metrics of one map by name; see `vlminterp.metrics.facts`.

        Args:
            heat: Scores of the patches, `[rows, columns]`.
        """
        at = POINTS * road(self.score, self.values, heat, self.shares, self.covered, self.seed)
        return {
            **self.curves(heat, self.blur),
            "road": at,
            "sensitivity_n": sensitivity_n(heat, self._sets, self._falls),
        }

    def curves(self, heat: Tensor, fill: Tensor) -> dict[str, float]:
        """Returns the areas of insertion and deletion with a fill, in points of cosine.

        Args:
            heat: Scores of the patches, `[rows, columns]`.
            fill: Pixels in the place of patches, `[3, H, W]`.
        """
        inserted, deleted = (
            curve(self.score, self.values, heat, fill, self.steps, self.covered, self.seed)
            for curve in (insertion, deletion)
        )
        return {
            "insertion": POINTS * inserted.area,
            "deletion": POINTS * deleted.area,
            "keep_minus_delete": POINTS * keep_minus_delete(inserted, deleted),
        }

    @cached_property
    def blur(self) -> Tensor:
        """The picture blurred, `[3, H, W]`: the fill of the curves and of sensitivity-n."""
        return blurred(self.values)

    @cached_property
    def _sets(self) -> Tensor:
        patches = self.grid[0] * self.grid[1]
        sizes = sorted({max(round(share * patches), 1) for share in SIZES})
        return random_sets(self.grid, sizes, DRAWS, self.seed)

    @cached_property
    def _falls(self) -> Tensor:
        return falls(self.score, self.values, self.blur, self._sets, self.covered)
