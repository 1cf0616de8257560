"""Occlusion: the drop of the score when patches or a word are hidden."""

from dataclasses import dataclass

import torch
from captum.attr import Occlusion as CaptumOcclusion
from torch import Tensor

from vlminterp.attribution.versions import CHUNK
from vlminterp_attribution.game import Game
from vlminterp_attribution.options import require_positive
from vlminterp_attribution.perturbation import Perturbation


@dataclass
class OcclusionOptions:
    """Options of occlusion.

    Attributes:
        window: Rows and columns of patches that are hidden at a time, ≥ 1; words are hidden singly.
        stride: Patches from one window to the next, 1 … window; more counts as `window`.
    """

    window: int = 2
    stride: int = 1

    def __post_init__(self) -> None:
        require_positive(window=self.window, stride=self.stride)


class Occlusion(Perturbation):
    """Hides a window of patches, or a word, at a time (Captum's)."""

    paper = "Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014"
    cost = "1 forward for each patch or word"
    Options = OcclusionOptions

    def values(self, game: Game, generator: torch.Generator) -> Tensor:
        """Moves the window over all patches or words."""
        image = len(game.shape) > 1
        window = min(self.options.window, *game.shape) if image else 1
        stride = min(self.options.stride, window)
        attribution: Tensor = CaptumOcclusion(lambda kept: game(kept > 0.5)).attribute(
            torch.ones(1, *game.shape),
            sliding_window_shapes=(window,) * len(game.shape),
            strides=(stride,) * len(game.shape),
            baselines=0,
            perturbations_per_eval=CHUNK,
        )
        return attribution.flatten()
