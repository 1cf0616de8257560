"""The summary of an EX2 run: its answer, what that rests on, and what training was worth."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlminterp.description.gains import GAINS, gain_rows
from vlminterp.metrics.intervals import SHARE, Interval, mean_interval
from vlminterp.plugin import Context
from vlminterp.results.summary import metric, plain_interval
from vlminterp_ex2.align import Alignment
from vlminterp_ex2.answer import Hanging, agreement, came_to_say, hanging, sentence
from vlminterp_ex2.describe import ALIGNED, BASE, DESCRIBE, POOL
from vlminterp_ex2.inspection.families import Families
from vlminterp_ex2.inspection.said import MEASURED
from vlminterp_ex2.inspection.shares import CHANGE, Shares, empty_share, shares
from vlminterp_ex2.journal import ALIGN, rows_of
from vlminterp_ex2.matched import missed, nearest_to
from vlminterp_ex2.selection import (
    BASE_LLM,
    BEST,
    PROMPT,
    TILT,
    Selections,
    interval_of,
    plain_selections,
    selections,
)
from vlminterp_ex2.settings import EX2Config
from vlminterp_ex2.zero_shot import TABLE as ZERO_SHOT
from vlminterp_ex2.zero_shot import accuracy

POLICIES = (ALIGNED, BASE)
Row = Mapping[str, Any]


def summarise(
    context: Context[EX2Config],
    alignment: Alignment,
    rows: Sequence[Row],
    families: Families,
    judged: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Returns the summary that a run ends with.

    Args:
        context: The run's context.
        alignment: The finished training.
        rows: Rows of the table `inspect`.
        families: Families that the rows are about.
        judged: Results of judges and people, as `judged` returns them.
    """
    config = context.config
    table = pd.DataFrame(list(rows))
    concepts = list(dict.fromkeys(table["concept"]))
    found = hanging(table, concepts, config.margin)
    spoken = {policy: table[table["policy"] == policy] for policy in POLICIES}
    each = {policy: shares(spoken[policy], concepts, families.names) for policy in POLICIES}
    change = {name: each[ALIGNED][name] - each[BASE][name] for name in each[ALIGNED]}
    _write_gains(context, concepts, found)
    chosen = _selections(context, concepts)
    steps = rows_of(context.results.table(ALIGN))
    matched, off_target = nearest_to(steps, alignment, config), missed(steps, alignment, config)
    hits = rows_of(context.results.table(ZERO_SHOT))
    classified = accuracy(hits) if hits else {}
    return {
        **context.results.names,
        "unit": "concepts",
        **_answer(context.results.names["model"], found, change, families),
        "families": families.plain(),
        "margin": config.margin,
        "by_texts": {
            policy: _told(hanging(spoken[policy], concepts, config.margin)) for policy in POLICIES
        },
        "stopped": alignment.stopped,
        "steps": alignment.steps,
        "described_at": matched.steps,
        **({"target_missed": off_target} if off_target else {}),
        "policy": _relative(matched.checkpoint, context.results.path),
        "shares": {policy: _intervals(found, SHARE) for policy, found in each.items()},
        "change": _intervals(change, CHANGE),
        "empty": _intervals(
            {policy: empty_share(own, concepts) for policy, own in spoken.items()}, SHARE
        ),
        "selection": plain_selections(chosen),
        "metrics": {
            **_rewards(context, concepts, chosen),
            **_share_metrics(each),
            **_accuracy(classified),
        },
        **({"zero_shot": classified} if classified else {}),
        **(judged or {}),
        "notes": list(context.source.notes()),
        "skipped": len(context.results.skips()),
        "truncated": sum(row["truncated"] for row in rows_of(context.results.table(DESCRIBE))),
    }


def _answer(
    model: str, found: Hanging, change: Mapping[str, NDArray[np.float64]], families: Families
) -> dict[str, Any]:
    """Returns what the score hangs on, what alignment came to say, and whether they agree."""
    said = {family: change[f"says_{family}"] for family in families.names}
    grown = {name: mean_interval(values, bounds=CHANGE) for name, values in said.items()}
    more = came_to_say(said)
    return {
        "verdict": sentence(model, found, more, grown, families),
        **_told(found),
        "preferred": found.verdict.family,
        "came_to_say": more,
        "agree": agreement(found.verdict, more),
        "ranking": found.presence.ranking(),
    }


def _accuracy(classified: dict[str, Any]) -> dict[str, Any]:
    """Moves the metric out of the results of zero-shot classification, to the other metrics."""
    return {"accuracy": classified.pop("metric")} if classified else {}


def _relative(path: Path, start: Path) -> str:
    """Returns a path relative to a folder, so that `outputs` can be moved."""
    return Path(os.path.relpath(path, start)).as_posix()


def _told(found: Hanging) -> dict[str, Any]:
    """Returns a verdict with its gains, and the null beside them."""
    return {
        "finding": found.verdict.finding.value,
        "leader": found.verdict.leader,
        "unsaid": list(found.verdict.unsaid),
        "p": found.verdict.p,
        "p_runner_up": found.verdict.p_runner_up,
        "gains": {
            kind: {f: plain_interval(one) for f, one in getattr(found, kind).intervals().items()}
            for kind in MEASURED
        },
    }


def _write_gains(context: Context[EX2Config], concepts: Sequence[str], found: Hanging) -> None:
    """Writes each concept's gains, which sweeps compare VLMs by."""
    table = context.results.table(GAINS)
    if 0 not in table:
        table.write(0, gain_rows(concepts, found.presence, found.content, found.shuffled), {})


def _share_metrics(shares: Mapping[str, Shares]) -> dict[str, Any]:
    told = {
        "uninformative": "share of descriptions that add nothing to what one knows",
        "non_visual": "share of informative descriptions that say nothing of what is seen",
    }
    return {
        name: metric(
            mean_interval(values, bounds=SHARE),
            description=told.get(name, f"share of descriptions with {name[5:]} words"),
            baselines={BASE_LLM: mean_interval(shares[BASE][name], bounds=SHARE)},
        )
        for name, values in shares[ALIGNED].items()
    }


def _selections(context: Context[EX2Config], concepts: Sequence[str]) -> Selections:
    """Compares training with best-of-n and tilt, under the same selection."""
    config = context.config
    table = pd.DataFrame(rows_of(context.results.table(DESCRIBE)))
    pool = pd.DataFrame(rows_of(context.results.table(POOL)))
    base = pd.concat([table[table["policy"] == BASE], pool])
    return selections(table[table["policy"] == ALIGNED], base, concepts, config.beta)


def _rewards(
    context: Context[EX2Config], concepts: Sequence[str], chosen: Selections
) -> dict[str, Any]:
    """Returns reward, held-out reward and KL, beside those of as many responses untrained."""
    table = pd.DataFrame(rows_of(context.results.table(DESCRIBE)))
    aligned, reference = (table[table["policy"] == policy] for policy in POLICIES)
    described = {
        "reward": "how well descriptions fit their concept's images (τ · cosine)",
        "held_out": "the same on images that no reward has seen",
        "kl": "nats per response from the base LLM",
    }
    return {
        name: metric(
            _by_concept(aligned, name, concepts),
            higher_is_better=None if name == "kl" else True,
            description=what,
            baselines={
                BASE_LLM: _by_concept(reference, name, concepts),
                **{arm: interval_of(chosen[PROMPT][arm], name) for arm in (BEST, TILT)},
            },
        )
        for name, what in described.items()
        if aligned[name].notna().any()
    }


def _by_concept(table: pd.DataFrame, name: str, concepts: Iterable[str]) -> Interval:
    means = table[name].astype(float).groupby(table["concept"]).mean()
    return mean_interval(means.reindex(list(concepts)).to_numpy())


def _intervals(
    found: Mapping[str, NDArray[np.float64]], bounds: tuple[float, float]
) -> dict[str, Any]:
    return {name: plain_interval(mean_interval(v, bounds=bounds)) for name, v in found.items()}
