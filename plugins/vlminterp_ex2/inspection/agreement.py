"""Do lexicon and judge agree more than chance would have them?"""

from collections.abc import Hashable, Sequence

import numpy as np

from vlminterp.metrics.intervals import LEVEL, Interval


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Cohen's κ (1960): agreement beyond what the two's own rates of each label make by chance.

    Args:
        first: One label per item.
        second: Of the same items.

    Returns:
        1 for full agreement, 0 for chance, ≥ -1; NaN if there are no items, or both give all of
        them the same one label, where there is nothing to agree about.

    Raises:
        ValueError: Not as many labels.

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
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    clusters: Sequence[Hashable],
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """κ with a percentile bootstrap interval over clusters.

    Args:
        first: One label per item.
        second: Of the same items.
        clusters: What belongs together (an item's concept): whole clusters are drawn.
        resamples: Bootstrap samples, ≥ 1; those without a κ are left out.
        seed: Same seed, same interval.

    Returns:
        `mean` is κ of all items; the ends are NaN below two clusters.
    """
    kappa = cohen_kappa(first, second)
    members: dict[Hashable, list[int]] = {}
    for place, cluster in enumerate(clusters):
        members.setdefault(cluster, []).append(place)
    groups = list(members.values())
    nan = float("nan")
    if len(groups) < 2:
        return Interval(kappa, nan, nan, len(first))
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        places = [p for g in generator.integers(len(groups), size=len(groups)) for p in groups[g]]
        drawn.append(cohen_kappa([first[p] for p in places], [second[p] for p in places]))
    known = np.asarray(drawn)[~np.isnan(drawn)]
    if not len(known):
        return Interval(kappa, nan, nan, len(first))
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(kappa, float(low), float(high), len(first))
