"""Parts shared by the planted world's three trainings: an optimiser step and a checkpoint."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

LONGEST_GRADIENT = 1.0


def update(optimizer: torch.optim.Optimizer, loss: Tensor, learning_rate: float) -> None:
    """Makes one step of the optimiser, with the gradient's norm clipped."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    torch.nn.utils.clip_grad_norm_(parameters, LONGEST_GRADIENT)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()


@dataclass(frozen=True)
class Checkpoint:
    """The file that lets a training continue after a kill.

    Attributes:
        path: Path of the file.
        recipe: Text of the training's settings; a checkpoint with another recipe is refused.
    """

    path: Path
    recipe: str

    def save(self, done: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Writes the checkpoint, completely or not at all.

        Args:
            done: Number of steps made so far.
            model: The trained model.
            optimizer: Its optimizer.
        """
        state = {
            "recipe": self.recipe,
            "done": done,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
        }
        unfinished = self.path.with_suffix(".new")
        torch.save(state, unfinished)
        os.replace(unfinished, self.path)

    def load(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> int:
        """Restores model and optimizer; returns the number of steps made, 0 without a checkpoint.

        Raises:
            SystemExit: The checkpoint was made with another recipe.
        """
        if not self.path.exists():
            return 0
        state = torch.load(self.path, weights_only=True)
        if state["recipe"] != self.recipe:
            raise SystemExit(f"{self.path} has another recipe; delete it, or pass --work=OTHER")
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        done: int = state["done"]
        return done
