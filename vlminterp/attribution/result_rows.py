"""Turns explanations into what a run keeps: a row and arrays for each pair, side and method."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlminterp.attribution.explanation import Explanation, Side

Row = dict[str, Any]


def explanation_row(explanation: Explanation, index: int, size: tuple[int, int]) -> Row:
    """Returns the columns that tell of one pair's explanation, without its metrics.

    Args:
        explanation: The explanations of a batch.
        index: The pair's place in the batch.
        size: Height and width of its original picture.
    """
    scores = explanation.scores[index]
    row: Row = {
        "side": explanation.side.value,
        "similarity": float(explanation.similarity[index]),
        "layer": explanation.layer,
        "total": float(scores.sum()),
        "unit": explanation.unit,
    }
    if explanation.side is Side.image:
        geometry = explanation.footprint(index)
        # A huge picture was reduced before the model's own resize.
        down, across = (side / read for side, read in zip(size, geometry.size, strict=True))
        factors = (across, down, across, down)
        row |= {
            "prefix": float(scores[: explanation.prefix_tokens].sum()),
            "height": size[0],
            "width": size[1],
            "box": [float(edge) * by for edge, by in zip(geometry.box, factors, strict=True)],
        }
        if explanation.interactions:
            row["words"] = [word.text for word in explanation.words[index]]
    else:
        words = explanation.word_scores(index)
        row |= {
            "words": [word.text for word, _ in words],
            "word_scores": [score for _, score in words],
            "prefix": row["total"] - sum(score for _, score in words),
        }
    if explanation.signed:
        row["signed"] = True
    if explanation.method:
        row["method"] = explanation.method
    row |= {name: float(values[index]) for name, values in explanation.numbers.items()}
    row |= {name: values[index] for name, values in explanation.labels.items()}
    if "fit" in explanation.curves:
        row["fit"] = float(explanation.curves["fit"][index, -1])
    return row


def explanation_arrays(explanation: Explanation, index: int, place: int) -> dict[str, NDArray[Any]]:
    """Returns the arrays of one pair's explanation: its map, trajectories, interactions.

    Args:
        explanation: The explanations of a batch.
        index: The pair's place in the batch.
        place: The pair's place in the source, with which all names begin.
    """
    side, method = explanation.side.value, explanation.method
    name = f"{place}.{side}.{method}" if method else f"{place}.{side}"
    arrays = {
        f"{name}.curve.{curve}": values[index].numpy()
        for curve, values in explanation.curves.items()
    }
    if explanation.side is Side.image:
        arrays[f"{name}.map"] = np.ascontiguousarray(explanation.map(index).numpy())
    if explanation.interactions:
        arrays[f"{name}.interactions"] = explanation.interactions[index].numpy()
    return arrays
