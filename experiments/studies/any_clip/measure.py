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
from typing import Any

import open_clip
import torch
import transformers

from experiments.studies.any_clip import hf_models, open_clip_models
from experiments.studies.any_clip.coverage import write_coverage
from experiments.studies.any_clip.trial import (
    Result,
    enlivened,
    random_pixels,
    random_tokens,
    short_trial,
    whole_trial,
)
from vlminterp.adapters.hf.any import families
from vlminterp.adapters.open_clip import OpenCLIP

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
    encoder = hf_models.build(model_type)
    enlivened(encoder.model)
    text = encoder.model.config.text_config
    facts = getattr(encoder.vision, "facts", None)
    side = encoder.model.config.vision_config.image_size if facts is None else 0
    size = facts.size if facts is not None else (side, side)
    width = encoder.context if encoder.pads_to_context else LENGTH_WITH_PADDING
    eos = getattr(text, "eos_token_id", None)
    end = eos if isinstance(eos, int) and eos < text.vocab_size else text.vocab_size - 1
    padding = getattr(text, "pad_token_id", 0) or 0
    pixels = (random_pixels(size, 0), random_pixels(size, 1))
    caption = partial(random_tokens, width, text.vocab_size, end, padding)
    tokens = (caption(seed=0), caption(seed=1))
    count = sum(weight.numel() for weight in encoder.model.parameters())
    return {"parameters": count, **whole_trial(encoder, pixels, tokens)}


def _try_open_clip(name: str, *, shrunk: bool) -> Result:
    count = open_clip_models.parameters(name)
    if not shrunk and count > open_clip_models.LARGE:
        return {"parameters": count, "skipped": "more than 450 million parameters"}
    encoder = OpenCLIP(enlivened(open_clip_models.build(name, shrunk=shrunk)), name=name)
    visual = encoder.model.visual
    size = visual.image_size
    size = (size, size) if isinstance(size, int) else tuple(size)
    vocabulary = int(_embedding(encoder.model).num_embeddings)
    end, padding = _end_and_padding(encoder.model, vocabulary)
    pixels = (random_pixels(size, 0), random_pixels(size, 1))
    width = min(encoder.context, open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH)
    caption = partial(random_tokens, width, vocabulary, end, padding)
    tokens = (caption(seed=0), caption(seed=1))
    if shrunk:
        return {"parameters": count, **whole_trial(encoder, pixels, tokens)}
    image = short_trial(encoder.vision, pixels[0])
    return {"parameters": count, "image": image, "text": short_trial(encoder.text, tokens[0])}


LENGTH_WITH_PADDING = 10


def _embedding(model: Any) -> Any:
    text = getattr(model, "text", model)
    own = getattr(text, "token_embedding", None)
    return own if own is not None else text.transformer.get_input_embeddings()


def _end_and_padding(model: Any, vocabulary: int) -> tuple[int, int]:
    """Returns the ids that the tower itself takes for end and padding."""
    text = getattr(model, "text", model)
    if hasattr(text, "config"):
        return vocabulary - 1, text.config.pad_token_id
    pool, eos = (
        (text.pool_type, text.eos_id)
        if hasattr(text, "pool_type")
        else (text.text_pool_type, text.text_eos_id)
    )
    return (eos if pool == "eos" else vocabulary - 1), 0


def _read(rows: Path) -> list[Result]:
    if not rows.is_file():
        return []
    return [json.loads(line) for line in rows.read_text().splitlines()]


if __name__ == "__main__":
    main()
