"""Effects of the object and of what is around it, from pictures in which both are exchanged.

Each tested picture has its own object and n others', on its own background and on n others': a
2 × 2 factorial design (own object or not, own background or not), repeated. Object and background
together always make up the whole fall of the score. Letters: P pictures, N = 1 + n.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlminterp.metrics.intervals import Interval, mean_interval

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Effects:
    """The effects of exchanges on a score, in its unit, float64 `[P]` each.

    Attributes:
        object: Fall by the exchange of the object, mean over both kinds of background.
        context: Fall by the exchange of the background, mean over both kinds of object.
        interaction: Fall by the exchange of the object on its own background, less that on others'.
        total: Fall by the exchange of both, `object + context`.
    """

    object: Values
    context: Values
    interaction: Values
    total: Values

    def shares(self) -> tuple[Interval, Interval]:
        """Returns the object's and the context's share of the mean fall; they sum to 1.

        Pictures are the units. The mean fall itself counts as known: it is the common unit of both.
        """
        whole = float(self.total.mean())
        unit = whole if whole > 0 else np.nan
        return mean_interval(self.object / unit), mean_interval(self.context / unit)


def effects(scores: Values) -> Effects:
    """Returns the effects of exchanges.

    Args:
        scores: Scores of the pictures, `[P, N, N]`: objects by rows, backgrounds by columns; the
            picture's own come first.

    Example:
        >>> found = effects(np.array([[[0.9, 0.8], [0.2, 0.1]]]))
        >>> [round(float(x[0]), 3) for x in (found.object, found.context, found.total)]
        [0.7, 0.1, 0.8]
    """
    both = scores[:, 0, 0]
    object_alone = scores[:, 0, 1:].mean(1)
    context_alone = scores[:, 1:, 0].mean(1)
    neither = scores[:, 1:, 1:].mean((1, 2))
    on_own, on_others = both - context_alone, object_alone - neither
    behind_own, behind_others = both - object_alone, context_alone - neither
    return Effects(
        (on_own + on_others) / 2,
        (behind_own + behind_others) / 2,
        on_own - on_others,
        both - neither,
    )
