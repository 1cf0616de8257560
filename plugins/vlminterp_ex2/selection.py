"""Compares training with choosing, under the same selection: by prompt, or by concept.

A tilt over all responses about a concept chooses templates, not texts: beside a policy that answers
every template, it looks better than it is. So the policy's answers are chosen from as well.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlminterp.metrics.intervals import Interval, mean_interval
from vlminterp.results.summary import plain_interval
from vlminterp_ex2.baselines import Chosen, best_of_n, tilt

PROMPT, CONCEPT = "prompt", "concept"
BASE_LLM, BEST, TILT, ALIGNED = "base LLM", "best of n", "tilt", "aligned"
NUMBERS = ("reward", "held_out", "kl", "effective")

Values = NDArray[np.float64]
Arms = dict[str, Chosen | None]
Selections = dict[str, dict[str, list[Chosen | None]]]


def selections(
    aligned: pd.DataFrame, base: pd.DataFrame, concepts: Sequence[str], beta: float
) -> Selections:
    """Returns the outcome of each way to choose, for each concept.

    Args:
        aligned: The aligned model's rows: `concept`, `template`, `reward`, `held_out`, `kl`.
        base: The base model's rows, with the further ones that best-of-n and tilt choose from.
        concepts: Ids of all concepts, in order.
        beta: Weight of the KL in the tilt, in units of reward per nat, > 0.

    Returns:
        By selection and arm, one `Chosen` per concept; None where an arm has said nothing of it.
        `prompt`: one response to each prompt, averaged over prompts. `concept`: the tilt among all
        responses about a concept, for every arm; there `tilt` is the base model's. `effective`
        counts the responses that carry the choice, of one prompt or of one concept.
    """
    own, theirs = (
        dict(iter(t.dropna(subset=["reward"]).groupby("concept"))) for t in (aligned, base)
    )
    found: Selections = {}
    for concept in concepts:
        for selection, arms in _of_concept(own.get(concept), theirs.get(concept), beta).items():
            for arm, chosen in arms.items():
                found.setdefault(selection, {}).setdefault(arm, []).append(chosen)
    return found


def _of_concept(
    aligned: pd.DataFrame | None, base: pd.DataFrame | None, beta: float
) -> dict[str, Arms]:
    each: Arms = dict.fromkeys((BASE_LLM, BEST, TILT, ALIGNED))
    among: Arms = dict.fromkeys((TILT, BEST, ALIGNED))
    if base is not None:
        asked = [_values(group) for _, group in base.groupby("template")]
        best = [best_of_n(rewards, held_out, len(rewards)) for rewards, held_out, _ in asked]
        each[BASE_LLM] = _averaged([_plain(*values) for values in asked])
        each[BEST] = _averaged(best)
        each[TILT] = _averaged([tilt(rewards, held_out, beta) for rewards, held_out, _ in asked])
        rewards, held_out, _ = _values(base)
        among[TILT] = tilt(rewards, held_out, beta)
        rewards, held_out, log_ratios = np.array([(b.reward, b.held_out, b.kl) for b in best]).T
        among[BEST] = tilt(rewards, held_out, beta, log_ratios)
    if aligned is not None:
        rewards, held_out, log_ratios = _values(aligned)
        each[ALIGNED] = _averaged([_plain(*_values(g)) for _, g in aligned.groupby("template")])
        among[ALIGNED] = tilt(rewards, held_out, beta, log_ratios)
    return {PROMPT: each, CONCEPT: among}


def interval_of(chosen: Sequence[Chosen | None], name: str) -> Interval:
    """Returns the mean over concepts of one number of an arm.

    Args:
        chosen: The arm's outcome for each concept.
        name: One of `NUMBERS`.
    """
    return mean_interval([np.nan if one is None else getattr(one, name) for one in chosen])


def plain_selections(found: Selections) -> Mapping[str, Any]:
    """Returns selections as a summary keeps them: intervals by selection, arm and number."""
    return {
        selection: {
            arm: {name: plain_interval(interval_of(chosen, name)) for name in NUMBERS}
            for arm, chosen in arms.items()
        }
        for selection, arms in found.items()
    }


def _values(responses: pd.DataFrame) -> tuple[Values, Values, Values]:
    """Returns rewards, held-out rewards, and log-ratios to the reference."""
    rewards, held_out, kl = (
        responses[name].to_numpy(np.float64) for name in ("reward", "held_out", "kl")
    )
    return rewards, held_out, kl


def _plain(rewards: Values, held_out: Values, log_ratios: Values) -> Chosen:
    """Averages responses without choosing: every one counts alike."""
    reward, other, kl = (float(values.mean()) for values in (rewards, held_out, log_ratios))
    return Chosen(reward, other, kl, effective=float(len(rewards)))


def _averaged(chosen: Sequence[Chosen]) -> Chosen:
    fields = ([vars(one)[name] for one in chosen] for name in vars(chosen[0]))
    return Chosen(*(float(np.mean(values)) for values in fields))
