"""Runs every attribution method on every architecture, on both sides.

    python -m experiments.studies.any_clip.methods

Architectures are shrunk, to few blocks and, where they are plain ViTs, to few patches. Results are
kept in `methods.jsonl`, so that an interrupted measurement continues. Then `methods.md` is written.
"""

import argparse
import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import open_clip
import torch
import transformers
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import OWN, load_method, make_method
from vlminterp_attribution.support import offers

from experiments.studies.any_clip.cases import Case, hf_case, open_clip_case
from experiments.studies.any_clip.methods_table import RUNS, Outcomes, write_table
from vlminterp.adapters.dual_encoder import Pixels, Tokens
from vlminterp.adapters.hf.any import families
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity
from vlminterp.errors import UserError
from vlminterp.metrics.deletion import keep_words

HERE = Path(__file__).parent
FEW = {
    "m2ib": {"steps": 2, "copies": 2},
    "coiba": {"steps": 2},
    "ig": {"steps": 2},
    "exclip": {"steps": 2},
    "fixlip": {"samples": 4},
    "smoothgrad": {"samples": 2},
    "rise": {"samples": 4},
    "banzhaf": {"samples": 4},
    "kernelshap": {"samples": 4},
    "occlusion": {"window": 4, "stride": 4},
}
"""Options under which methods cost little; they change none of what a method needs."""


def main() -> None:
    """Tries what has not been tried yet, then writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="names to try; all by default")
    only = parser.parse_args().only
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    rows = HERE / "methods.jsonl"
    done = {row["key"] for row in _read(rows)}
    for key, build in _cases():
        if key in done or key.split()[1] not in (only or [key.split()[1]]):
            continue
        torch.manual_seed(0)
        try:
            outcomes = every_method(build())
        except Exception as error:  # noqa: BLE001  (the others go on; this one is tried again)
            print(key, f"{type(error).__name__}: {error}", flush=True)
            continue
        with rows.open("a") as file:
            file.write(json.dumps({"key": key, **outcomes}) + "\n")
        print(key, {side: len(found[RUNS]) for side, found in outcomes.items()}, flush=True)
    there = Counter(key.split()[0] for key, _ in _cases())
    write_table(_read(rows), there, HERE / "methods.md")


def _cases() -> Iterator[tuple[str, Callable[[], Case]]]:
    for model_type in families():
        yield f"transformers {model_type}", partial(hf_case, model_type, shrunk=True)
    for name in open_clip.list_models():
        yield f"open_clip {name}", partial(open_clip_case, name, shrunk=True, few_patches=True)


def every_method(case: Case) -> Outcomes:
    """Returns, for each side, the names of the methods by what came of them."""
    encoder, pixels, tokens = case.encoder, _pictures(case.pixels), _captions(case.tokens)
    inputs: dict[Side, Any] = {Side.image: pixels, Side.text: tokens}
    empty = keep_words(tokens, [np.zeros(len(words), dtype=np.bool_) for words in tokens.words])
    found: Outcomes = {}
    for side, tower in ((Side.image, encoder.vision), (Side.text, encoder.text)):
        met = offers(tower, inputs[side])
        batches = Batches(encoder, Similarity(), 0, FEW)
        for name in OWN:
            method = load_method(name)
            if side not in method.sides:
                continue
            with mock.patch.object(encoder, "tokenize", return_value=empty):
                outcome = _outcome(name, side, batches, pixels, tokens)
            if outcome == RUNS and method.needs not in met:
                outcome = f"runs, but is not offered: needs {method.needs.value}"
            found.setdefault(side.value, {RUNS: []}).setdefault(outcome, []).append(name)
    return found


def _outcome(name: str, side: Side, batches: Batches, pixels: Pixels, tokens: Tokens) -> str:
    """Runs one method on two pairs; returns what came of it in one line."""
    try:
        scores = make_method(name, side, batches).attribute(pixels, tokens).scores
    except UserError as error:
        return f"refuses: {error}"
    except Exception as error:  # noqa: BLE001  (whatever a backend raises is the result)
        return f"crashes: {type(error).__name__}: {error}".splitlines()[0]
    if not torch.isfinite(scores).all():
        return "is not finite"
    return RUNS if scores.any() else "is zero everywhere"


def _pictures(pair: tuple[Pixels, Pixels]) -> Pixels:
    first, second = pair
    return Pixels(torch.cat([first.values, second.values]), first.geometry + second.geometry)


def _captions(pair: tuple[Tokens, Tokens]) -> Tokens:
    first, second = pair
    ids, mask, special = (
        torch.cat([getattr(first, part), getattr(second, part)])
        for part in ("ids", "mask", "special")
    )
    return Tokens(ids, mask, special, first.words + second.words, (False, False))


def _read(rows: Path) -> list[dict[str, Any]]:
    if not rows.is_file():
        return []
    return [json.loads(line) for line in rows.read_text().splitlines()]


if __name__ == "__main__":
    main()
