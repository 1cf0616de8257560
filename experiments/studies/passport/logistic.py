"""Logistic regression with a small penalty, and how well its probabilities do."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

from vlminterp.attribution.passport.calibration import Calibration

PENALTY = 1.0
"""Weight of Σ w² / 2 against the sum of log losses."""
BINS = 10


def fit(rows: pd.DataFrame, features: Sequence[str], truth: NDArray[np.bool_]) -> Calibration:
    """Fits a calibration.

    Args:
        rows: A column for each feature.
        features: Their names.
        truth: The truth of each row, bool `[rows]`.
    """
    values = rows[list(features)].to_numpy(np.float64)
    means, deviations = values.mean(0), values.std(0)
    standard = (values - means) / deviations
    signs = np.where(truth, 1.0, -1.0)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (parameters[0] + standard @ parameters[1:])
        slopes = -signs * expit(-margins)
        penalty = parameters.copy()
        penalty[0] = 0.0
        gradient = np.append(slopes.sum(), slopes @ standard) + PENALTY * penalty
        return float(np.logaddexp(0, -margins).sum() + PENALTY * (penalty**2).sum() / 2), gradient

    found = minimize(loss, np.zeros(1 + len(features)), jac=True, method="L-BFGS-B").x
    return Calibration(
        intercept=float(found[0]),
        means=_named(features, means),
        deviations=_named(features, deviations),
        weights=_named(features, found[1:]),
    )


def _named(names: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 5) for name, value in zip(names, values, strict=True)}


def area_under_roc(truth: NDArray[np.bool_], said: NDArray[np.float64]) -> float:
    """Returns how often a true case has the higher probability; NaN if all are alike."""
    inside = int(truth.sum())
    outside = len(truth) - inside
    if not inside or not outside:
        return float("nan")
    ranks = rankdata(said)[truth].sum()
    return float((ranks - inside * (inside + 1) / 2) / (inside * outside))


def reliability(
    truth: NDArray[np.bool_], said: NDArray[np.float64], least: int = 5
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int_]]:
    """Returns mean probability, share of true cases and count of each of ten bins of equal width.

    Args:
        truth: Whether each case is true, bool `[rows]`.
        said: Its probability, `[rows]`.
        least: Bins with fewer cases are left out.
    """
    places = np.minimum((said * BINS).astype(int), BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    used = counts >= least
    x = np.bincount(places, said, BINS)[used] / counts[used]
    y = np.bincount(places, truth.astype(float), BINS)[used] / counts[used]
    return x, y, counts[used]


def calibration_error(truth: NDArray[np.bool_], said: NDArray[np.float64]) -> float:
    """Returns the expected calibration error over ten bins (Naeini et al., AAAI 2015)."""
    x, y, counts = reliability(truth, said, least=1)
    return float((np.abs(x - y) * counts).sum() / len(said))
