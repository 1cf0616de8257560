"""Turns what is known about a map into a probability, with coefficients fitted on planted VLMs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from scipy.special import expit

FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Calibration:
    """A logistic regression.

    Attributes:
        intercept: The log-odds where every feature has its mean.
        means: Mean of each feature where it was fitted.
        deviations: Standard deviation of each, > 0.
        weights: The gain in log-odds for one standard deviation of each.
    """

    intercept: float
    means: Mapping[str, float]
    deviations: Mapping[str, float]
    weights: Mapping[str, float]

    def __call__(self, features: Mapping[str, float]) -> float:
        """Returns the probability, in [0, 1].

        Args:
            features: The features by name; others than those that were fitted are not read.
        """
        log_odds = self.intercept + sum(
            weight * (features[name] - self.means[name]) / self.deviations[name]
            for name, weight in self.weights.items()
        )
        return float(expit(log_odds))

    @classmethod
    def from_json(cls, written: Mapping[str, object]) -> Self:
        """Reads a calibration as the study writes it."""
        return cls(**written)  # type: ignore[arg-type]  # JSON says nothing of its types


def probabilities(
    features: Mapping[str, float], calibrations: Mapping[str, Calibration]
) -> dict[str, float]:
    """Returns the two probabilities of a passport.

    Args:
        features: The map's features by name.
        calibrations: `nothing` for all maps, and `right` for those of captions with an answer.

    Returns:
        `nothing`, that nothing in the picture answers the caption, and `trust`, that the heat lies
        on what causes the score: P(right | not nothing) · (1 − P(nothing)).
    """
    nothing = calibrations["nothing"](features)
    return {"trust": calibrations["right"](features) * (1 - nothing), "nothing": nothing}


@cache
def shipped_calibrations() -> Mapping[str, Calibration]:
    """Returns the calibrations that `experiments/studies/passport/fit.py` has fitted.

    They are of the planted world; on real VLMs they are a lead.
    """
    read = json.loads(FILE.read_text("utf-8"))
    return {name: Calibration.from_json(written) for name, written in read.items()}
