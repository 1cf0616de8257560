"""Scores a bank of descriptions part by part."""

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vlminterp.description.bank import NEUTRAL, Bank, BankRow
from vlminterp.description.bank_file import read_bank
from vlminterp.description.class_means import check_ids
from vlminterp.description.embed import encode_texts
from vlminterp.description.measure import SCORES
from vlminterp.errors import ConfigError, ResultsError, nearest
from vlminterp.planted.oracle import planted_rows
from vlminterp.planted.source import PlantedSource
from vlminterp.plugin import Context
from vlminterp_bank.classes import Classes, embedded
from vlminterp_bank.outcome import SWAPPED, summarise
from vlminterp_bank.settings import BankConfig

PART = 1024
"""Descriptions in a part, the most that a killed run loses."""


def score_bank(context: Context[BankConfig]) -> None:
    """Scores every description and its counterparts, and finishes the run.

    Args:
        context: The run's context, with the bank's config.

    Raises:
        ConfigError: There is no bank for this data, or it lacks a family that is asked for.
        InputError: The bank and the data don't fit together, concepts share an id, or too few of
            them have a picture that can be read.
        ResultsError: The device's memory is too small.
    """
    rows = bank_rows(context)
    concepts = list(context.source.concepts())
    contrastive = context.config.score.value == "contrastive"
    if contrastive and len(concepts) < 2:
        raise ConfigError("plugin.score=contrastive needs at least two concepts; use own")
    check_ids(concepts)
    bank = Bank(rows, [c.id for c in concepts], [c.name for c in concepts])
    classes = embedded(context, concepts, fewest=2 if contrastive else 1)
    if len(classes.ids) < len(concepts):
        bank = Bank(_about(rows, classes), classes.ids, classes.names)
    counterparts: dict[int, list[str]] = defaultdict(list)
    for swap in bank.swapped(context.config.others, context.seed):
        counterparts[swap.row].append(swap.text)
    done = min(PART * len(context.results.parts.numbers()), len(bank.said))
    with context.progress.track("scoring", len(bank.said), done, "descriptions") as stage:
        for number in context.results.unmade(range(math.ceil(len(bank.said) / PART))):
            part = range(number * PART, min((number + 1) * PART, len(bank.said)))
            context.results.parts.write(
                number, _scored(context, bank, part, counterparts, classes), {}
            )
            stage.reach(part.stop)
    if not context.results.ends:
        return
    found = summarise(context.results, context.config.score.value, context.config.margin)
    context.results.finish({**found, "notes": list(context.source.notes())})


def bank_rows(context: Context[BankConfig]) -> list[BankRow]:
    """Returns the rows of the bank that the config names, or of the planted world's own.

    Raises:
        ConfigError: There is no bank for this data, or it lacks a family that is asked for.
        InputError: The file can't be used.
    """
    config = context.config
    if config.bank is not None:
        rows = read_bank(Path(config.bank).expanduser())
    elif isinstance(context.source, PlantedSource):
        rows = planted_rows(held_out=config.held_out)
    else:
        raise ConfigError(
            "plugin.bank= is missing: a csv with the columns concept, family and text; "
            "only data=planted has a bank of its own"
        )
    if config.families is None:
        return rows
    known = {row.family for row in rows} - {NEUTRAL}
    for family in config.families:
        if family not in known:
            raise ConfigError(
                f"plugin.families: the bank has no rows of family '{family}'; "
                f"{nearest(family, known)}"
            )
    return [row for row in rows if row.family in (NEUTRAL, *config.families)]


def _about(rows: Sequence[BankRow], classes: Classes) -> list[BankRow]:
    """Returns the rows about concepts whose pictures can be read, or about all concepts."""
    known = {"", *classes.ids, *classes.names}
    return [row for row in rows if row.concept in known]


def _scored(
    context: Context[BankConfig],
    bank: Bank,
    part: range,
    counterparts: dict[int, list[str]],
    classes: Classes,
) -> list[dict[str, Any]]:
    """Returns the rows of one part: each description's scores, and its counterparts' means."""
    texts = [bank.said[row].text for row in part]
    owners = list(part)
    for row in part:
        texts += counterparts[row]
        owners += [row] * len(counterparts[row])
    try:
        embedded = encode_texts(context.encoder, texts, context.config.batch_size)
    except torch.OutOfMemoryError as error:
        raise ResultsError(
            f"{context.config.batch_size} texts at once are too many for the memory of "
            f"{context.device}; lower plugin.batch_size, what was computed is kept"
        ) from error
    own = torch.tensor([bank.said[row].about for row in owners], device=embedded.device)
    truncated = context.encoder.tokenize(texts[: len(part)]).truncated
    rows: list[dict[str, Any]] = [
        {
            "concept": classes.ids[said.about],
            "family": said.family,
            "frame": said.frame,
            "text": said.text,
            "truncated": cut,
        }
        for said, cut in zip((bank.said[row] for row in part), truncated, strict=True)
    ]
    for name, score in SCORES.items():
        if name == "contrastive" and len(classes.ids) < 2:
            continue
        scores = score(embedded, own, classes.means).cpu().numpy().astype(np.float64)
        places = np.asarray(owners[len(part) :], dtype=np.intp) - part.start
        counts = np.bincount(places, minlength=len(part))
        sums = np.bincount(places, scores[len(part) :], minlength=len(part))
        for place, written in enumerate(rows):
            written[name] = scores[place]
            written[SWAPPED[name]] = sums[place] / counts[place] if counts[place] else None
    return rows
