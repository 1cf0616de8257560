"""Measures seconds per image map: the authors' way, ours, ours batched. One run, one table.

python -m experiments.benchmarks.speed_m2ib.bench
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from transformers import CLIPConfig, CLIPModel
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Scale, Settings

from experiments.benchmarks.speed_m2ib.authors_way import image_map
from vlminterp.adapters.dual_encoder import Geometry, Pixels, Tokens
from vlminterp.adapters.hf.clip import HFCLIP

LAYER, STEPS, COPIES, BATCH, SEEDS = 9, 10, 10, 16, 4
HERE = Path(__file__).parent


def vit_b32() -> CLIPModel:
    """Returns OpenAI's ViT-B/32 architecture with random weights."""
    torch.manual_seed(0)
    text = {"eos_token_id": 49407, "bos_token_id": 49406}
    model = CLIPModel(CLIPConfig(text_config=text))
    model.train(mode=False)
    return model


def inputs(pairs: int) -> tuple[Pixels, Tokens]:
    """Returns random images and captions of ten tokens."""
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(pairs, 3, 224, 224, generator=generator)
    ids = torch.randint(1000, 40000, (pairs, 10), generator=generator)
    ids[:, 0], ids[:, -1] = 49406, 49407
    geometry = (Geometry((224, 224), (0, 0, 224, 224)),) * pairs
    mask = torch.ones_like(ids, dtype=torch.bool)
    return Pixels(values, geometry), Tokens(ids, mask, ~mask, ((),) * pairs, (False,) * pairs)


def best(work: Callable[[], object], repeats: int) -> float:
    """Returns the shortest of several times, in seconds, the one least disturbed by other work."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def matmul_rate(repeats: int) -> float:
    """Returns the machine's float32 rate on a block's matrix product, in GFLOP/s."""
    tall, wide = torch.randn(COPIES * 50, 768), torch.randn(768, 3072)
    seconds = best(lambda: [tall @ wide for _ in range(50)], repeats)
    return 50 * 2 * tall.shape[0] * 768 * 3072 / seconds / 1e9


def operations(steps: int, copies: int) -> float:
    """Returns the least operations for one image map, in GFLOP: prefix, then block 10 per copy.

    A backward pass through a frozen block costs as much as the forward pass; the last block at one
    token is left out.
    """
    block = 2 * 12 * 768**2 * 50 + 4 * 50**2 * 768
    return ((LAYER + 1) * block + (2 * steps - 1) * copies * block) / 1e9


def main() -> None:
    """Times everything in turn and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--authors-repeats", type=int, default=1)
    arguments = parser.parse_args()
    model = vit_b32()
    one, many = inputs(1), inputs(BATCH)
    paper = Settings(
        layer=LAYER, beta=0.1, steps=STEPS, copies=COPIES, antithetic=False, scale=Scale.plain
    )

    def authors() -> object:
        return image_map(
            model, one[0].values, one[1].ids, layer=LAYER, beta=0.1, steps=STEPS, copies=COPIES
        )

    rows = {"(a) the authors' way, one pair": best(authors, arguments.authors_repeats)}
    raw = best(lambda: _raw_encode(model, many[0]), arguments.repeats)
    encoder = HFCLIP(model)
    ours = M2IB(encoder, "image", paper)
    rows["(b) ours, one pair"] = best(lambda: ours.attribute(*one), arguments.repeats)
    batched = best(lambda: ours.attribute(*many), max(1, arguments.repeats // 2))
    rows[f"(c) ours, {BATCH} pairs batched"] = batched / BATCH
    copies, spreads = fewest_copies(encoder, paper)
    fewer = M2IB(encoder, "image", replace(paper, copies=copies, antithetic=True))
    rows[f"(d) ours, one pair, {copies} antithetic copies: equal seed spread"] = best(
        lambda: fewer.attribute(*one), arguments.repeats
    )
    with torch.no_grad():
        adapter = best(lambda: encoder.encode_image(many[0]), arguments.repeats)
    report(rows, raw, adapter, matmul_rate(arguments.repeats), spreads)


def _raw_encode(model: CLIPModel, pixels: Pixels) -> object:
    with torch.no_grad():
        return model.get_image_features(pixel_values=pixels.values)


def seed_spread(encoder: HFCLIP, settings: Settings) -> float:
    """Returns how much a map varies over seeds: standard deviation, as a share of the nats."""
    maps = [
        M2IB(encoder, "image", settings, seed).attribute(*inputs(2)).scores for seed in range(SEEDS)
    ]
    stacked = torch.stack(maps)
    return float((stacked.std(0) / stacked.mean(0)).mean())


def fewest_copies(encoder: HFCLIP, paper: Settings) -> tuple[int, dict[str, float]]:
    """Finds the fewest antithetic copies that vary no more than the paper's independent ones."""
    spreads = {f"{paper.copies} independent": seed_spread(encoder, paper)}
    (limit,) = spreads.values()
    for copies in range(2, paper.copies + 1, 2):
        settings = replace(paper, copies=copies, antithetic=True)
        spreads[f"{copies} antithetic"] = spread = seed_spread(encoder, settings)
        if spread <= limit:
            break
    return copies, spreads


def report(
    rows: dict[str, float], raw: float, adapter: float, rate: float, spreads: dict[str, float]
) -> None:
    """Prints the table and writes the numbers."""
    first = next(iter(rows.values()))
    needed = operations(STEPS, COPIES)
    print("| | seconds per map | times faster | share of the matmul rate |\n|---|---|---|---|")
    for name, seconds in rows.items():
        share = "" if name.startswith(("(a)", "(d)")) else f"{needed / seconds / rate:.0%}"
        print(f"| {name} | {seconds:.2f} | {first / seconds:.1f} | {share} |")
    print(f"\nmatmul rate {rate:.0f} GFLOP/s; one map needs {needed:.0f} GFLOP")
    print(
        f"encode_image, {BATCH} images: {adapter:.3f} s, {adapter / raw:.3f} of the raw model call"
    )
    print("seed spread: " + ", ".join(f"{name} {spread:.4f}" for name, spread in spreads.items()))
    numbers = {
        "seed_spread": spreads,
        "seconds": rows,
        "encode_image": {"ours": adapter, "raw": raw},
        "gflops_rate": rate,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "machine": platform.machine(),
    }
    (HERE / "measured.json").write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
