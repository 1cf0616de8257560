"""The table that compares training with choosing, under the same selection."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from vlminterp.drawing.numbers import decimals
from vlminterp.report.tables import Cell, interval_cell, table
from vlminterp_ex2.selection import ALIGNED, BASE_LLM, BEST, CONCEPT, PROMPT

FEW = 10
"""With fewer effective responses, a weighted mean rests on too few."""
ROWS = {PROMPT: "each prompt, one response", CONCEPT: "each concept, tilted"}
UNWEIGHTED = {(PROMPT, BASE_LLM), (PROMPT, BEST), (PROMPT, ALIGNED)}
"""Arms with one response to each prompt, not a weighted mean of several."""


def selection_table(summary: Mapping[str, Any]) -> Markup:
    """Tabulates the arms of both selections.

    Args:
        summary: A run's summary; without a selection, there is no table.
    """
    rows = [
        [
            ROWS[selection],
            arm,
            *(interval_cell(numbers[name]) for name in ("reward", "held_out", "kl")),
            "" if (selection, arm) in UNWEIGHTED else _effective(numbers["effective"]["mean"]),
        ]
        for selection, arms in summary.get("selection", {}).items()
        for arm, numbers in arms.items()
    ]
    if not rows:
        return Markup("")
    columns = ("chosen for", "from", "reward", "held-out", "KL, nats", "effective responses")
    caption = (
        "Training beside choosing, like with like. Above, every prompt has one response: as the "
        "model gives it, the best of n, or weighted by exp(reward / β) (tilt). Below, that tilt "
        "chooses among all responses about a concept, whatever the prompt, for every arm: it also "
        "chooses prompts, so the two halves must not be compared. Effective: responses that carry "
        f"the choice; below {FEW}, the choice is limited by how few there are to choose from."
    )
    return table(columns, rows, caption)


def _effective(mean: float | None) -> Cell | str:
    """Returns the cell of effective responses, with a flag where they are few."""
    if mean is None:
        return ""
    return Cell(mean, f"{decimals(mean, 1)} (few)" if mean < FEW else decimals(mean, 1))
