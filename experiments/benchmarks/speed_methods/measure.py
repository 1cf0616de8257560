"""Measures maps a second: our methods, the obvious implementation, and the peer's package.

    pip install grad-cam legrad-torch shapiq       # the peers; one that is missing is left out
    python -m experiments.benchmarks.speed_methods.measure

What has been measured is kept in `outputs/benchmarks/speed_methods/`, so that an interrupted
measurement continues; `--again` starts anew, `--save` writes the README's table.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import make_method

from experiments.benchmarks.random_clip import (
    block_operations,
    image_depth,
    random_clip,
    random_pairs,
)
from experiments.benchmarks.results import OUTPUTS, keep, machine
from experiments.benchmarks.rounds import RATE, RATE_OPERATIONS, least_seconds, share_of_rate
from experiments.benchmarks.speed_methods.peers import Contender, peer
from experiments.benchmarks.speed_methods.plain import Maps, Plain
from vlminterp.adapters.dual_encoder import Pixels, Tokens
from vlminterp.adapters.hf.clip import HFCLIP
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity

HERE = Path(__file__).parent
OURS, PLAIN = "ours", "plain loop"
STEPS, SAMPLES, WINDOWS = 10, 32, 36
"""Steps of IG; masks of RISE and coalitions of KernelSHAP; windows of occlusion at ViT-B/32."""


@dataclass(frozen=True)
class Case:
    """A method at one size and number of pairs.

    Attributes:
        method: The method's name.
        size: A size of `random_clip`.
        pairs: Number of pairs.
        options: Our method's options.
        cost: Number of steps, samples or windows.
        passes: Passes that a map needs at least, each of all blocks but the last; a backward one
            counts as a forward one.
    """

    method: str
    size: str
    pairs: int
    options: dict[str, int]
    cost: int
    passes: float

    @property
    def key(self) -> str:
        """A name in files."""
        return f"{self.method} {self.size} {self.pairs}"

    def operations(self) -> float:
        """Returns the operations that one map needs at least."""
        return self.passes * block_operations(self.size) * (image_depth(self.size) - 2)


def cases() -> Iterator[Case]:
    """Yields the comparisons; the dear methods only for one pair at ViT-B/32."""
    for size, pairs in (("ViT-B/32", 1), ("ViT-B/32", 16), ("ViT-L/14", 1)):
        yield Case("gradcam", size, pairs, {}, 1, 1)
        yield Case("gae", size, pairs, {}, 1, 2)
        yield Case("legrad", size, pairs, {}, 1, 1)
    yield Case("ig", "ViT-B/32", 1, {"steps": STEPS}, STEPS, 2 * STEPS)
    yield Case("occlusion", "ViT-B/32", 1, {}, WINDOWS, WINDOWS)
    yield Case("kernelshap", "ViT-B/32", 1, {"samples": SAMPLES}, SAMPLES, SAMPLES)
    yield Case("rise", "ViT-B/32", 1, {"samples": SAMPLES}, SAMPLES, SAMPLES)


def main() -> None:
    """Measures what has not been measured yet, then writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way, at least 3")
    parser.add_argument("--only", nargs="*", help="methods; all by default")
    parser.add_argument("--again", action="store_true", help="measure again what was measured")
    parser.add_argument(
        "--save", action="store_true", help="write into the README, which is tracked"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = OUTPUTS / HERE.name
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for case in cases():
        path = folder / f"{case.key.replace('/', '').replace(' ', '-')}.json"
        wanted = case.method in (options.only or [case.method])
        if wanted and (options.again or not path.is_file()):
            print(case.key, flush=True)
            path.write_text(json.dumps(measured(case, options.rounds)) + "\n")
        if path.is_file():
            found.append(json.loads(path.read_text()))
    numbers = {"cases": found, **machine()}
    keep(HERE, numbers, table(found), save=options.save)


def measured(case: Case, rounds: int) -> dict[str, Any]:
    """Times the contenders of one case, and compares their first maps with ours."""
    pixels, tokens = random_pairs(case.pairs)
    ways = contenders(case)
    maps: dict[str, Tensor] = {}

    def timed(name: str) -> None:
        maps[name] = ways[name](pixels, tokens)[0]

    works = {name: partial(timed, name) for name in ways}
    seconds = least_seconds(works, rounds, say=partial(print, flush=True))
    rate = seconds.pop(RATE)
    return {
        "method": case.method,
        "size": case.size,
        "pairs": case.pairs,
        "cost": case.cost,
        "maps_a_second": {name: case.pairs / one for name, one in seconds.items()},
        "share": {
            name: share_of_rate(case.operations() * case.pairs, one, rate)
            for name, one in seconds.items()
        },
        "like_ours": {
            name: _correlation(maps[OURS], one)
            for name, one in maps.items()
            if len(one) == len(maps[OURS])
        },
        "gflops_rate": RATE_OPERATIONS / rate / 1e9,
    }


def contenders(case: Case) -> dict[str, Contender]:
    """Returns the ways by name; rivals have models of their own, whose weights are trainable."""
    plain = Plain(random_clip(case.size, attn_implementation="eager"))
    arguments = () if case.cost == 1 or case.method == "occlusion" else (case.cost,)
    one = getattr(plain, case.method)
    ways: dict[str, Contender] = {
        OURS: _ours(case),
        PLAIN: partial(plain.each, lambda values, text: one(values, text, *arguments)),
    }
    package = peer(case.method, case.size, random_clip(case.size), case.cost)
    return ways | ({package[0]: package[1]} if package else {})


def _ours(case: Case) -> Contender:
    encoder = HFCLIP(random_clip(case.size))

    def maps(pixels: Pixels, tokens: Tokens) -> Maps:
        batches = Batches(encoder, Similarity(), 0, {case.method: case.options})
        found = make_method(case.method, Side.image, batches).attribute(pixels, tokens)
        return [found.map(index).flatten() for index in range(len(pixels))]

    return maps


def _correlation(one: Tensor, other: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one.float(), other.float()]))[0, 1])


def table(found: list[dict[str, Any]]) -> list[str]:
    """Returns the lines of the table."""
    lines = [
        "| method | size, pairs | ours, maps a CPU second | share of the core's matmul rate "
        "| plain loop | ours is faster | the peer | ours is faster |",
        "|-|-|-|-|-|-|-|-|",
    ]
    for case in found:
        speed = dict(case["maps_a_second"])
        ours, plain = speed.pop(OURS), speed.pop(PLAIN)
        name, other = next(iter(speed.items()), ("", 0.0))
        number = f" ({case['cost']})" if case["cost"] > 1 else ""
        cells = (
            f"`{case['method']}`{number}",
            f"{case['size']}, {case['pairs']}",
            f"**{ours:.3g}**",
            f"{case['share'][OURS]:.0%}",
            f"{plain:.3g}",
            f"{ours / plain:.2f}×",
            f"{name} {other:.3g}" if name else "–",
            f"{ours / other:.2f}×" if name else "",
        )
        lines.append("| " + " | ".join(cells) + " |")
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    rate = max((case["gflops_rate"] for case in found), default=0.0)
    return [*lines, "", f"Matrix products up to {rate:.0f} GFLOP/s; {facts}."]


if __name__ == "__main__":
    main()
