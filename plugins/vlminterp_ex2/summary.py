"""EX2's answer: which family of words a VLM prefers, and what alignment has changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlminterp.description.gains import Gains
from vlminterp.description.verdict import Finding, Verdict, preferred
from vlminterp.metrics.intervals import Interval, mean_interval
from vlminterp.plugin import Context
from vlminterp.results.summary import metric, plain_interval
from vlminterp_ex2.align import Alignment
from vlminterp_ex2.baselines import Chosen, best_of_n, tilt
from vlminterp_ex2.describe import ALIGNED, BASE, DESCRIBE, POOL
from vlminterp_ex2.inspection.families import FAMILIES
from vlminterp_ex2.inspection.shares import Shares, shares
from vlminterp_ex2.journal import ALIGN, rows_of

if TYPE_CHECKING:
    from vlminterp_ex2.plugin import Config

SAYS = {
    "visual": "what things look like",
    "habitat": "where things are at home",
    "diet": "what things eat or are for",
    "kind": "what kind of thing it is",
    "behaviour": "what things do or where they come from",
    "spurious": "boilerplate of the web",
}

POLICIES = (ALIGNED, BASE)
SILENT = Verdict(Finding.undecided, None, "", None, None)
"""Where no description has words of any family."""

Row = Mapping[str, Any]


def summarise(
    context: Context,
    alignment: Alignment,
    rows: Sequence[Row],
    judged: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a run ends with.

    Args:
        context: Of the run.
        alignment: How training ended.
        rows: Of the table `inspect`.
        judged: What a judge found; None if there was to be none.
    """
    config: Config = context.config
    table = pd.DataFrame(list(rows))
    concepts = list(dict.fromkeys(table["concept"]))
    gains = {kind: family_gains(table, concepts, kind) for kind in ("presence", "content")}
    said = gains["presence"].ranking()
    verdict = preferred(gains["presence"], config.margin) if said else SILENT
    each = {policy: shares(table[table["policy"] == policy], concepts) for policy in POLICIES}
    change = {name: each[ALIGNED][name] - each[BASE][name] for name in each[ALIGNED]}
    steps = rows_of(context.results.table(ALIGN))
    return {
        **context.results.names,
        "unit": "concepts",
        "verdict": sentence(context.results.names["model"], verdict, gains["presence"]),
        "finding": verdict.finding.value,
        "preferred": verdict.family,
        "ranking": said,
        "p": verdict.p,
        "margin": config.margin,
        "stopped": alignment.stopped,
        "steps": alignment.steps,
        "seconds_a_step": float(np.median([row["seconds"] for row in steps])),
        "reward_share": float(np.median([row["reward_seconds"] / row["seconds"] for row in steps])),
        "gains": {kind: _intervals(found.intervals()) for kind, found in gains.items()},
        "shares": {
            policy: _intervals({name: mean_interval(values) for name, values in found.items()})
            for policy, found in each.items()
        },
        "change": _intervals({name: mean_interval(values) for name, values in change.items()}),
        "metrics": {**_rewards(context, concepts), **_share_metrics(each)},
        **({"judge": dict(judged)} if judged else {}),
        "notes": list(context.source.notes()),
        "skipped": len(context.results.skips()),
        "truncated": sum(row["truncated"] for row in rows_of(context.results.table(DESCRIBE))),
    }


def family_gains(table: pd.DataFrame, concepts: Sequence[str], kind: str) -> Gains:
    """Each family's gain by ablation, averaged over a concept's different descriptions.

    Args:
        table: Rows of the table `inspect`.
        concepts: Ids, in order.
        kind: `presence` or `content`.
    """
    different = table.drop_duplicates(["concept", "text"])
    columns = [f"{kind}_{family}" for family in FAMILIES]
    means = different[columns].astype(float).groupby(different["concept"]).mean()
    return Gains(FAMILIES, means.reindex(list(concepts)).to_numpy(np.float64))


def sentence(model: str, verdict: Verdict, gains: Gains) -> str:
    """The verdict in words."""
    if verdict.family is not None:
        gain = gains.intervals()[verdict.family]
        return (
            f"{model} likes to hear {SAYS[verdict.family]} ({verdict.family}: +{gain.mean:.3f} "
            f"cosine [{gain.low:.3f}, {gain.high:.3f}])"
        )
    if verdict.finding is Finding.nothing:
        return f"{model} prefers none: no family's words gain anything that matters"
    if not verdict.leader:
        return f"{model}: undecided, since no description has words of any family"
    return f"{model}: undecided between {verdict.leader} and {verdict.runner_up or 'none'}"


def _share_metrics(shares: Mapping[str, Shares]) -> dict[str, Any]:
    told = {
        "uninformative": "share of descriptions that add nothing to what one knows",
        "non_visual": "share of informative descriptions that say nothing of what is seen",
    }
    return {
        name: metric(
            mean_interval(values),
            description=told.get(name, f"share of descriptions with {name[5:]} words"),
            controls={"base LLM": mean_interval(shares[BASE][name])},
        )
        for name, values in shares[ALIGNED].items()
    }


def _rewards(context: Context, concepts: Sequence[str]) -> dict[str, Any]:
    """Reward, held-out reward and KL, beside what the same responses buy without training."""
    config: Config = context.config
    table = pd.DataFrame(rows_of(context.results.table(DESCRIBE)))
    pool = pd.DataFrame(rows_of(context.results.table(POOL)))
    base = pd.concat([table[table["policy"] == BASE], pool])
    aligned, reference = (table[table["policy"] == policy] for policy in POLICIES)
    chosen = _chosen(base.dropna(subset=["reward"]), concepts, config.beta)
    described = {
        "reward": "how well descriptions fit their concept's images (τ · cosine)",
        "held_out": "the same on images that no reward has seen",
        "kl": "nats per description from the base LLM",
    }
    return {
        name: metric(
            _by_concept(aligned, name, concepts),
            higher_is_better=None if name == "kl" else True,
            description=what,
            controls={
                "base LLM": _by_concept(reference, name, concepts),
                **{label: _chosen_mean(each, name) for label, each in chosen.items()},
            },
        )
        for name, what in described.items()
        if aligned[name].notna().any()
    }


def _chosen_mean(chosen: Sequence[Chosen], name: str) -> Interval:
    return mean_interval([getattr(one, name) for one in chosen])


def _chosen(base: pd.DataFrame, concepts: Sequence[str], beta: float) -> dict[str, list[Chosen]]:
    """Best-of-n among each prompt's responses, and the tilt of all of a concept's.

    Each concept has one of either; one that has said nothing has none to choose from.
    """
    best, tilted = [], []
    by_concept = dict(iter(base.groupby("concept")))
    for concept in (concept for concept in concepts if concept in by_concept):
        own = by_concept[concept]
        asked = [group for _, group in own.groupby("template")]
        picked = [best_of_n(*_values(group), len(group)) for group in asked]
        best.append(_averaged(picked))
        tilted.append(tilt(*_values(own), beta))
    return {"best of n": best, "tilt": tilted}


def _values(responses: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rewards and held-out rewards."""
    return responses["reward"].to_numpy(np.float64), responses["held_out"].to_numpy(np.float64)


def _averaged(chosen: Sequence[Chosen]) -> Chosen:
    fields = ([vars(one)[name] for one in chosen] for name in vars(chosen[0]))
    return Chosen(*(float(np.mean(values)) for values in fields))


def _by_concept(table: pd.DataFrame, name: str, concepts: Iterable[str]) -> Interval:
    means = table[name].astype(float).groupby(table["concept"]).mean()
    return mean_interval(means.reindex(list(concepts)).to_numpy())


def _intervals(found: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: plain_interval(interval) for name, interval in found.items()}
