"""Rules that end training when it has gone wrong, or has nothing left to learn."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ALL, FEW = 0.99, 0.5

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """The rules that end training early.

    Attributes:
        max_kl: KL in nats per response above which the policy has left its reference behind.
        patience: Steps in a row for which a sign of failure must hold, ≥ 1.
    """

    max_kl: float
    patience: int

    def reason(self, rows: Sequence[Row]) -> str | None:
        """Returns the reason to stop after the last row; None to go on.

        A loss or KL that is not finite stops at once. Unended responses stop training only if the
        policy used to end them: many base models never do.

        Args:
            rows: Rows of all steps so far, in order, as `measure` makes them, each with `loss`.

        Example:
            >>> row = {"loss": 0.1, "kl": 250.0, "empty": 0.0, "zero_spread": 0.0, "clipped": 0.0}
            >>> Rules(max_kl=100, patience=2).reason([row, row])
            '2 steps long KL was above 100 nats per response: the policy has left its reference'
        """
        if not all(math.isfinite(rows[-1][name]) for name in ("loss", "kl")):
            return "loss or KL is no number"
        recent = rows[-self.patience :]
        if len(recent) < self.patience:
            return None
        ended = rows[0]["clipped"] <= FEW
        signs = (
            (
                all(row["kl"] > self.max_kl for row in recent),
                f"KL was above {self.max_kl:g} nats per response: the policy has left its "
                "reference",
            ),
            (
                all(row["empty"] >= ALL for row in recent),
                "no response held a whole sentence: raise plugin.policy.max_tokens",
            ),
            (
                all(row["zero_spread"] >= ALL for row in recent),
                "all responses to a prompt earned the same: there is nothing left to learn",
            ),
            (
                ended and all(row["clipped"] >= ALL for row in recent),
                "no response ended by itself: the policy has unlearnt to stop",
            ),
        )
        found = next((what for holds, what in signs if holds), None)
        return None if found is None else f"{self.patience} steps long {found}"
