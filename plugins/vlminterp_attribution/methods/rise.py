"""RISE: random smooth masks averaged by the score of what they show."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from vlminterp.attribution.explanation import Side
from vlminterp.attribution.versions import CHUNK
from vlminterp_attribution.game import Game
from vlminterp_attribution.options import require_positive, require_share
from vlminterp_attribution.perturbation import Perturbation


@dataclass
class RISEOptions:
    """Options of RISE.

    Attributes:
        samples: Number of masks, ≥ 1; the paper takes 4000 to 8000.
        cells: Number of rows and columns of the coarse mask, ≥ 1.
        kept: Probability that a cell is kept, in (0, 1).
    """

    samples: int = 256
    cells: int = 8
    kept: float = 0.5

    def __post_init__(self) -> None:
        require_positive(samples=self.samples, cells=self.cells)
        require_share(kept=self.kept)


class RISE(Perturbation):
    """Averages random smooth masks, each weighted by the score of what it shows.

    We subtract the scores' mean, which only adds noise to a map of few masks: in expectation, the
    paper's map is this one plus a constant.
    """

    paper = "Petsiuk, Das and Saenko, RISE, BMVC 2018"
    cost = "256 forward"
    sides = (Side.image,)
    Options = RISEOptions

    def values(self, game: Game, generator: torch.Generator) -> Tensor:
        """Computes Σ_k (S(x ⊙ M_k) - S̄) M_k / (n·p), averaged over each patch."""
        options, size = self.options, game.region
        rows, columns = game.shape
        scores, shown = [], []
        for first in range(0, options.samples, CHUNK):
            count = min(CHUNK, options.samples - first)
            masks = _masks(count, options.cells, options.kept, size, generator)
            shown.append(functional.adaptive_avg_pool2d(masks[:, None], (rows, columns))[:, 0])
            scores.append(game.masked(masks).float())
        score = torch.cat(scores)
        total: Tensor = torch.einsum("n,nrc->rc", score - score.mean(), torch.cat(shown))
        return total.flatten() / float(options.samples * options.kept)


def _masks(
    count: int, cells: int, kept: float, size: tuple[int, int], generator: torch.Generator
) -> Tensor:
    """Draws coarse masks, enlarges them bilinearly and crops them at random, `[n, H, W]`.

    The enlarged masks are one cell larger than the input, so that the crop can shift.
    """
    coarse = (torch.rand(count, 1, cells, cells, generator=generator) < kept).float()
    steps = [-(-edge // cells) for edge in size]
    large = [(cells + 1) * step for step in steps]
    drawn = functional.interpolate(coarse, large, mode="bilinear", align_corners=False)[:, 0]
    masks = torch.empty(count, *size)
    for mask, source in zip(masks, drawn, strict=True):
        top, left = (int(torch.randint(step, (1,), generator=generator)) for step in steps)
        mask.copy_(source[top : top + size[0], left : left + size[1]])
    return masks
