"""EX2's answer: what a VLM's score hangs on, what alignment came to say, and whether they agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlminterp.description.gains import Gains
from vlminterp.description.verdict import SIGNIFICANT, Finding, Verdict, preferred
from vlminterp.metrics.intervals import Interval
from vlminterp.metrics.significance import holm, p_above, paired_p
from vlminterp_ex2.inspection.families import Families
from vlminterp_ex2.inspection.said import MEASURED

START = "presence_"
"""Prefix of the columns that give the families and their order."""


@dataclass(frozen=True)
class Hanging:
    """The words that a VLM's score depends on, measured on some of the texts.

    Attributes:
        presence: Gains of each family's words over a neutral phrase of like length.
        deletion: Gains of the same words over nothing in their place.
        content: Gains of true words over another concept's.
        shuffled: Gains of `presence` under shuffled classes.
        verdict: The verdict on these gains.
    """

    presence: Gains
    deletion: Gains
    content: Gains
    shuffled: Gains
    verdict: Verdict


def hanging(table: pd.DataFrame, concepts: Sequence[str], margin: float) -> Hanging:
    """Computes gains and verdict from some rows of the table `inspect`.

    Args:
        table: The rows to use.
        concepts: Ids of all concepts, in order.
        margin: The smallest gain that would matter.
    """
    gains = {kind: family_gains(table, concepts, kind) for kind in MEASURED}
    known = gains["shuffled"] if np.isfinite(gains["shuffled"].per_concept).any() else None
    verdict = preferred(gains["presence"], known, margin, said_share(table))
    return Hanging(**gains, verdict=verdict)


def family_gains(table: pd.DataFrame, concepts: Sequence[str], kind: str) -> Gains:
    """Returns each family's gain by ablation, averaged over a concept's distinct descriptions.

    Args:
        table: Rows of the table `inspect`.
        concepts: Ids of all concepts, in order.
        kind: One of `MEASURED`.
    """
    different = table.drop_duplicates(["concept", "text"])
    families = tuple(
        name.removeprefix(START) for name in map(str, table.columns) if name.startswith(START)
    )
    columns = [f"{kind}_{family}" for family in families]
    means = different[columns].astype(float).groupby(different["concept"]).mean()
    return Gains(families, means.reindex(list(concepts)).to_numpy(np.float64))


def said_share(table: pd.DataFrame) -> float:
    """Returns the share of descriptions that mention any family; empty texts do not count."""
    said = table.loc[table["text"] != "", "families"].map(len) > 0
    return float(said.mean()) if len(said) else 0.0


def came_to_say(change: Mapping[str, NDArray[np.float64]]) -> str | None:
    """Returns the family that alignment has made the language model say more, if one stands out.

    Its share has grown (p < .01 over concepts, Holm's over the families), and by more than any
    other's (p < .01, paired by concept).

    Args:
        change: Growth of each family's share for each concept, `[C]`, in the families' order.
    """
    grown = [family for family in change if np.isfinite(change[family]).sum() > 1]
    ps = dict(zip(grown, holm([p_above(change[family]) for family in grown]), strict=True))
    ranked = sorted(grown, key=lambda family: -float(np.nanmean(change[family])))
    if not ranked or ps[ranked[0]] >= SIGNIFICANT:
        return None
    alone = len(ranked) == 1 or paired_p(change[ranked[0]], change[ranked[1]]) < SIGNIFICANT
    return ranked[0] if alone else None


def agreement(verdict: Verdict, said: str | None) -> bool | None:
    """Returns whether ablation and alignment agree; None where either leaves it open.

    Args:
        verdict: The verdict by ablation.
        said: The family that alignment came to say, if one stands out.
    """
    if verdict.finding not in (Finding.preferred, Finding.nothing):
        return None
    if verdict.finding is Finding.preferred and said is None:
        return None
    return verdict.family == said


def sentence(
    model: str,
    found: Hanging,
    said: str | None,
    change: Mapping[str, Interval],
    families: Families,
) -> str:
    """Puts the answer into words.

    Args:
        model: The VLM's name.
        found: The result on all texts.
        said: The family that alignment came to say, if one stands out.
        change: Growth of the share of descriptions with each family's words.
        families: All families, with the phrase for what a VLM that prefers one likes to hear.
    """
    return f"{model}{_hangs(found, families)}; {_said(found.verdict, said, change)}"


def _hangs(found: Hanging, families: Families) -> str:
    verdict = found.verdict
    if verdict.finding is Finding.unsaid:
        return ": too little is said of any family to tell what it likes to hear"
    assert verdict.leader is not None
    gain, null = (gains.intervals()[verdict.leader] for gains in (found.presence, found.shuffled))
    grounds = (
        f"{verdict.leader}: {gain.mean:+.3f} cosine [{gain.low:.3f}, {gain.high:.3f}]; under "
        f"shuffled classes {null.mean:+.3f}"
    )
    if verdict.finding is Finding.preferred:
        return f" likes to hear {families.says(verdict.leader)} ({grounds})"
    if verdict.finding is Finding.any_picture:
        return f" likes {verdict.leader} words with any picture ({grounds}): no preference"
    if verdict.finding is Finding.nothing:
        rare = f"; of {', '.join(verdict.unsaid)} too little is said" if verdict.unsaid else ""
        return f" prefers none: no family's words gain anything that matters ({grounds}){rare}"
    return f": undecided between {verdict.leader} and {verdict.runner_up or 'none'} ({grounds})"


def _said(verdict: Verdict, said: str | None, change: Mapping[str, Interval]) -> str:
    if said is None:
        told = "alignment came to say no family more than the others"
    else:
        told = f"alignment came to say {said} more often ({100 * change[said].mean:+.0f} points)"
    agree = agreement(verdict, said)
    return told if agree is None else f"{told}: the two {'agree' if agree else 'disagree'}"
