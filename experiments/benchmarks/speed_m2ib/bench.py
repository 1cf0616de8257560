"""Measures seconds per image map of M2IB: the authors' way and ours, in turn. One run, one table.

python -m experiments.benchmarks.speed_m2ib.bench
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import DEFAULTS, Scale, Settings

from experiments.benchmarks.random_clip import (
    block_operations,
    image_depth,
    random_clip,
    random_pairs,
)
from experiments.benchmarks.results import keep, machine
from experiments.benchmarks.rounds import RATE, RATE_OPERATIONS, least_seconds, share_of_rate
from experiments.benchmarks.speed_m2ib.authors_way import image_map
from vlminterp.adapters.hf.clip import HFCLIP

SIZE, BATCH, SEEDS = "ViT-B/32", 4, 4
PAPER = Settings(layer=9, beta=0.1, scale=Scale.plain, copies=10, antithetic=False)
"""The paper's setting: the cut after block 9, ten steps, ten independent copies."""
AUTHORS = "the authors' way, after block 9, 10 copies"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """One way to make maps.

    Attributes:
        work: Makes the maps.
        maps: Number of maps that it makes.
        settings: The bottleneck's settings; None for the authors' way.
    """

    work: Callable[[], Any]
    maps: int = 1
    settings: Settings | None = None

    def operations(self) -> float:
        """Returns the operations that one map needs at least.

        The blocks up to the cut run once, those behind it on each copy: forward at every step, and
        backward, which costs as much through frozen weights, at all but the last. Left out is the
        last block, which needs one token only. The authors' way must compute at least as much.
        """
        settings = self.settings or PAPER
        before = int(settings.layer) + 1
        behind = image_depth(SIZE) - before - 1
        runs = (2 * settings.steps - 1) * settings.copies
        return block_operations(SIZE) * (before + runs * behind)


def main() -> None:
    """Times everything in turn and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way, at least 3")
    parser.add_argument(
        "--save", action="store_true", help="write into the README, which is tracked"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = ways()
    seconds = least_seconds({name: row.work for name, row in rows.items()}, options.rounds)
    spreads = seed_spreads()
    numbers = {"seconds": seconds, "seed_spread": spreads, **machine()}
    keep(HERE, numbers, table(rows, seconds, spreads), save=options.save)


def ways() -> dict[str, Row]:
    """Returns the ways by name; the authors' has its own model, whose weights are trainable."""
    theirs, encoder = random_clip(SIZE), HFCLIP(random_clip(SIZE))
    one, many = random_pairs(1), random_pairs(BATCH)

    def authors() -> object:
        return image_map(theirs, one[0].values, one[1].ids, layer=9, beta=0.1, steps=10, copies=10)

    def ours(settings: Settings, pairs: Any = one) -> Row:
        explainer = M2IB(encoder, "image", settings)
        return Row(lambda: explainer.attribute(*pairs), len(pairs[0]), settings)

    return {
        AUTHORS: Row(authors),
        "ours, after block 9, 10 copies": ours(PAPER),
        f"the same, {BATCH} pairs batched": ours(PAPER, many),
        "ours, after block 9, 2 antithetic copies": ours(replace(PAPER, copies=2, antithetic=True)),
        "ours, after block 0, 10 copies": ours(Settings(copies=10, antithetic=False)),
        "ours, after block 0, 2 antithetic copies (the default)": ours(DEFAULTS["image"]),
    }


def seed_spreads() -> dict[str, float]:
    """Returns how much maps vary over noise seeds: deviation as a share of the nats."""
    encoder = HFCLIP(random_clip(SIZE))
    few = replace(PAPER, copies=2, antithetic=True)
    spreads = {}
    for name, settings in (("10 independent", PAPER), ("2 antithetic", few)):
        maps = torch.stack(
            [
                M2IB(encoder, "image", settings, seed).attribute(*random_pairs(1)).scores
                for seed in range(SEEDS)
            ]
        )
        spreads[name] = float((maps.std(0) / maps.mean(0)).mean())
    return spreads


def table(rows: dict[str, Row], seconds: dict[str, float], spreads: dict[str, float]) -> list[str]:
    """Returns the lines of the table, and what else was measured."""
    lines = [
        "| M2IB, one image map | CPU seconds | times faster | share of the core's matmul rate |",
        "|-|-|-|-|",
    ]
    for name, row in rows.items():
        own = seconds[name] / row.maps
        share = share_of_rate(row.operations(), own, seconds[RATE])
        faster = f"{seconds[AUTHORS] / own:.1f}"
        lines.append(f"| {name} | {own:.2f} | {faster} | {share:.0%} |")
    spread = ", ".join(f"{name} copies {value:.4f}" for name, value in spreads.items())
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    rate = RATE_OPERATIONS / seconds[RATE] / 1e9
    return [*lines, "", f"Matrix products {rate:.0f} GFLOP/s; seed spread: {spread}; {facts}."]


if __name__ == "__main__":
    main()
