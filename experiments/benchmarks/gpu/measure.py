"""Measures maps and scored texts a second on one device, within a few minutes.

python -m experiments.benchmarks.gpu.measure [--device cuda] [--seconds 240]
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import make_method

from experiments.benchmarks.random_clip import SIZES, random_clip, random_pairs
from vlminterp.adapters.dual_encoder import Pixels, Tokens
from vlminterp.adapters.hf.clip import HFCLIP
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity

TEXTS = "texts"
METHODS: dict[str, dict[str, int]] = {"gae": {}, "ig": {"steps": 16}, "m2ib": {}, TEXTS: {}}
"""Methods of attribution with their options; `TEXTS` scores captions, as the bank does."""
CLASSES = 1000
"""Classes that a caption is scored against."""
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SQUARE = 8192
"""Side of the matrices whose product tells the device's rate."""
ENOUGH = 2.0
"""Seconds after which a case is measured well enough."""


@dataclass(frozen=True)
class Case:
    """A method at one size, precision and number of pairs."""

    size: str
    dtype: str
    method: str
    pairs: int


def main() -> None:
    """Measures case by case, and prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=240.0, help="begin no case after that")
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=SIZES)
    parser.add_argument("--dtypes", nargs="+", default=list(DTYPES), choices=DTYPES)
    parser.add_argument("--pairs", nargs="+", type=int, default=[1, 16, 128])
    given = parser.parse_args()
    began = time.monotonic()
    for name in given.dtypes:
        print(f"{name}: {rate(given.device, DTYPES[name]) / 1e12:.1f} TFLOP/s in matrix products")
    print(
        "| size | precision | method | pairs | maps or texts a second | memory, MB |\n|-|-|-|-|-|-|"
    )
    for case, encoder in cases(given):
        cells = f"| {case.size} | {case.dtype} | {case.method} | {case.pairs} "
        if time.monotonic() - began > given.seconds:
            print(f"{cells}| no time left | |", flush=True)
            continue
        try:
            print(f"{cells}| {speed(encoder, case, given.device):.3g} | {memory(given.device)} |")
        except torch.OutOfMemoryError:
            print(f"{cells}| does not fit | |", flush=True)


def cases(given: argparse.Namespace) -> Iterator[tuple[Case, HFCLIP]]:
    """Yields the cases, each with its model, which is loaded once for all cases that it has."""
    for size, dtype in product(given.sizes, given.dtypes):
        encoder = HFCLIP(random_clip(size).to(given.device, DTYPES[dtype]))
        for method, pairs in product(METHODS, given.pairs):
            yield Case(size, dtype, method, pairs), encoder


def speed(encoder: HFCLIP, case: Case, device: str) -> float:
    """Returns maps a second, after a first round that is not counted."""
    pixels, tokens = random_pairs(case.pairs)
    explain(encoder, case, pixels, tokens)
    wait(device)
    began, rounds = time.perf_counter(), 0
    while time.perf_counter() - began < ENOUGH:
        explain(encoder, case, pixels, tokens)
        wait(device)
        rounds += 1
    return rounds * case.pairs / (time.perf_counter() - began)


def explain(encoder: HFCLIP, case: Case, pixels: Pixels, tokens: Tokens) -> None:
    """Makes the maps of all pairs, or scores their captions against classes."""
    if case.method == TEXTS:
        with torch.no_grad():
            found = encoder.encode_text(tokens)
            (found @ torch.ones(found.shape[1], CLASSES).to(found)).argmax(1)
        return
    batches = Batches(encoder, Similarity(), 0, {case.method: METHODS[case.method]})
    make_method(case.method, Side.image, batches).attribute(pixels, tokens)


def rate(device: str, dtype: torch.dtype) -> float:
    """Returns the operations a second of one large matrix product."""
    side = SQUARE if device.startswith("cuda") else SQUARE // 8
    one: Any = torch.randn(side, side, device=device, dtype=dtype)
    one @ one
    wait(device)
    began = time.perf_counter()
    for _ in range(5):
        one @ one
    wait(device)
    return float(5 * 2 * side**3 / (time.perf_counter() - began))


def wait(device: str) -> None:
    """Waits until the device has done all that it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def memory(device: str) -> str:
    """Returns the most memory that was in use since the last case, in MB; a dash off CUDA."""
    if not device.startswith("cuda"):
        return "–"
    most = torch.cuda.max_memory_allocated() / 2**20
    torch.cuda.reset_peak_memory_stats()
    return f"{most:.0f}"


if __name__ == "__main__":
    main()
