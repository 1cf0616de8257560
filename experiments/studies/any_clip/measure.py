"""Tests every architecture, to tell users whether it works with their model.

    python -m experiments.studies.any_clip.measure

Each is tested shrunk at every cut and, up to 450 million parameters, at full size at three. Results
are kept in `work/`, so that an interrupted measurement continues. Then `coverage.md` is written.
"""

import argparse
import json
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import open_clip
import torch
import transformers

from experiments.studies.any_clip import hf_models, open_clip_models
from experiments.studies.any_clip.cases import hf_case, open_clip_case
from experiments.studies.any_clip.coverage import write_coverage
from experiments.studies.any_clip.trial import Result, short_trial, whole_trial
from vlminterp.adapters.hf.any import families

HERE = Path(__file__).parent


def main() -> None:
    """Tests what has not been tested yet, then writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="names to try; all by default")
    parser.add_argument("--size", choices=("own", "shrunk"), help="one size only; both by default")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    rows = HERE / "work" / "rows.jsonl"
    rows.parent.mkdir(exist_ok=True)
    done = {row["key"] for row in _read(rows)}
    for key, trial in _trials():
        _, name, size = key.split()
        wanted = name in (options.only or [name]) and size == (options.size or size)
        if key in done or not wanted:
            continue
        torch.manual_seed(0)
        try:
            result = trial()
        except Exception as error:  # noqa: BLE001  (whatever a backend raises is the result)
            result = {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}
        with rows.open("a") as file:
            file.write(json.dumps({"key": key, **result}) + "\n")
        print(key, result.get("failed", "ok"), flush=True)
    write_coverage(_read(rows), HERE / "coverage.md")


def _trials() -> Iterator[tuple[str, Callable[[], Result]]]:
    for model_type in families():
        size = "shrunk" if model_type in hf_models.SHORT else "own"
        yield f"transformers {model_type} {size}", partial(_try_hf, model_type)
    names = open_clip.list_models()
    for name in names:
        yield f"open_clip {name} shrunk", partial(_try_open_clip, name, shrunk=True)
    for name in names:
        yield f"open_clip {name} own", partial(_try_open_clip, name, shrunk=False)


def _try_hf(model_type: str) -> Result:
    case = hf_case(model_type)
    count = sum(weight.numel() for weight in case.encoder.model.parameters())
    return {"parameters": count, **whole_trial(case.encoder, case.pixels, case.tokens)}


def _try_open_clip(name: str, *, shrunk: bool) -> Result:
    count = open_clip_models.parameters(name)
    if not shrunk and count > open_clip_models.LARGE:
        return {"parameters": count, "skipped": "more than 450 million parameters"}
    case = open_clip_case(name, shrunk=shrunk)
    if shrunk:
        return {"parameters": count, **whole_trial(case.encoder, case.pixels, case.tokens)}
    image = short_trial(case.encoder.vision, case.pixels[0])
    text = short_trial(case.encoder.text, case.tokens[0])
    return {"parameters": count, "image": image, "text": text}


def _read(rows: Path) -> list[Result]:
    if not rows.is_file():
        return []
    return [json.loads(line) for line in rows.read_text().splitlines()]


if __name__ == "__main__":
    main()
