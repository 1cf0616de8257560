"""Measures whether lexicon and judge agree more than they would by chance."""

from collections.abc import Hashable, Sequence

import numpy as np

from vlminterp.metrics.intervals import Interval, mean_interval


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Returns Cohen's κ (1960): agreement beyond what the raters' label rates give by chance.

    Args:
        first: One rater's label of each item.
        second: The other rater's labels of the same items.

    Returns:
        1 for full agreement, 0 for chance, ≥ -1; NaN if there are no items, or if both raters give
        every item one and the same label.

    Raises:
        ValueError: The numbers of labels differ.

    Example:
        >>> cohen_kappa("aabb", "aaba")
        0.5
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} labels are not of the same items")
    count = len(first)
    if not count:
        return float("nan")
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / count
    chance = sum(list(first).count(label) * list(second).count(label) for label in set(first)) / (
        count * count
    )
    return float("nan") if chance == 1 else (observed - chance) / (1 - chance)


def kappa_interval(
    first: Sequence[Hashable], second: Sequence[Hashable], clusters: Sequence[Hashable]
) -> Interval:
    """Returns κ with a jackknife interval over clusters (Efron, 1982).

    Args:
        first: One rater's label of each item.
        second: The other rater's labels of the same items.
        clusters: Each item's cluster, such as its concept; the jackknife leaves out whole clusters.

    Returns:
        `mean` is κ of all items; the ends are NaN below two clusters whose omission leaves a κ.
    """
    kappa = cohen_kappa(first, second)
    members: dict[Hashable, set[int]] = {}
    for place, cluster in enumerate(clusters):
        members.setdefault(cluster, set()).add(place)
    pseudo = []
    for left_out in members.values():
        kept = [place for place in range(len(first)) if place not in left_out]
        without = cohen_kappa([first[p] for p in kept], [second[p] for p in kept])
        pseudo.append(len(members) * kappa - (len(members) - 1) * without)
    around = mean_interval(pseudo)
    shift = kappa - around.mean
    low, high = np.clip([around.low + shift, around.high + shift], -1, 1).tolist()
    return Interval(kappa, low, high, len(first))
