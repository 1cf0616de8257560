"""Sanity checks: how far does a map change when what it claims to explain is changed?

A map that stays when the weights are shuffled explains the picture, not the model (Adebayo et al.,
NeurIPS 2018); one that stays under another caption does not explain the caption; one that moves
with the seed explains chance. Maps are compared by the ranks of their patches or words.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vlminterp.adapters.dual_encoder import Tower
from vlminterp.attribution.explanation import Explanation
from vlminterp.errors import ModelError
from vlminterp.metrics.agreement import map_agreement

Scores = NDArray[np.float64]


def agreement(first: Explanation, second: Explanation) -> Scores:
    """Returns Spearman's correlation of the scores of each pair's patches or words.

    With the same captions on other pictures, or other captions on the same picture, this is the
    randomisation of pictures or of captions.

    Args:
        first: Explanations of B pairs.
        second: Explanations of as many, with the same grids or numbers of words.

    Returns:
        float64 `[B]`, in [-1, 1]; NaN where a map is constant.

    Raises:
        ValueError: The numbers of pairs, patches or words differ.
    """
    pairs = zip(_parts(first), _parts(second), strict=True)
    return np.array([map_agreement(one, other) for one, other in pairs])


def seed_agreement(explanations: Sequence[Explanation]) -> Scores:
    """Returns the mean agreement of explanations that differ in their seed alone.

    Args:
        explanations: Explanations of the same B pairs, at least two.

    Returns:
        float64 `[B]`, in [-1, 1]: 1 for a method without chance. NaN where a map is constant.
    """
    found = [agreement(first, second) for first, second in combinations(explanations, 2)]
    mean: Scores = np.mean(found, axis=0)
    return mean


def weight_cascade(tower: Tower[Any], explain: Callable[[], Explanation], seed: int = 0) -> Scores:
    """Shuffles the weights of ever more blocks from the top, and compares maps (Adebayo et al.).

    Args:
        tower: The explained tower.
        explain: Explains B pairs anew; a method that keeps its last result must be made anew.
        seed: Seed of the shuffles.

    Returns:
        float64 `[depth + 1, B]`: row k is the agreement with the true map when the last k blocks
        are shuffled. It begins with 1 for a method without chance, and should end near 0.

    Raises:
        ModelError: The tower's blocks are not modules.
    """
    truth = explain()
    rows = []
    for count in range(tower.depth + 1):
        with shuffled_blocks(tower, count, seed):
            rows.append(agreement(truth, explain()))
    return np.stack(rows)


@contextmanager
def shuffled_blocks(tower: Tower[Any], count: int, seed: int = 0) -> Iterator[None]:
    """Shuffles the entries of each weight of a tower's last blocks, as long as the `with` lasts.

    Shuffled weights have the scale of the true ones, so that nothing overflows.

    Args:
        tower: The tower.
        count: Number of blocks from the top, 0 … depth.
        seed: Seed of the shuffles; those of a block do not depend on `count`.

    Raises:
        ModelError: The tower's blocks are not modules.
    """
    chosen = _weights(tower, count)
    kept = [weight.detach().clone() for weight in chosen]
    generator = torch.Generator().manual_seed(seed)
    try:
        with torch.no_grad():
            for weight in chosen:
                order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
                weight.copy_(weight.flatten()[order].reshape(weight.shape))
        yield
    finally:
        with torch.no_grad():
            for weight, own in zip(chosen, kept, strict=True):
                weight.copy_(own)


def _weights(tower: Tower[Any], count: int) -> list[nn.Parameter]:
    """Returns the weights of the last blocks, the topmost block's first, each once."""
    blocks = _outermost(tower.modules())
    if len(blocks) != tower.depth:
        raise ModelError("this tower's blocks are not modules of their own: nothing to shuffle")
    top_first = blocks[::-1][:count]
    return list({id(weight): weight for one in top_first for weight in one.parameters()}.values())


def _outermost(modules: Iterable[nn.Module]) -> list[nn.Module]:
    """Returns the modules that lie in none of those before them."""
    found, inside = [], set[int]()
    for module in modules:
        if id(module) not in inside:
            found.append(module)
            inside |= {id(inner) for inner in module.modules()}
    return found


def _parts(explanation: Explanation) -> Iterator[Scores]:
    """Yields the scores of each pair's patches or words."""
    for index in range(len(explanation)):
        if explanation.grids:
            yield explanation.map(index).double().numpy()
        else:
            yield np.array([score for _, score in explanation.word_scores(index)])
