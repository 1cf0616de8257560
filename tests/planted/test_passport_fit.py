"""The fit of passports agrees with scikit-learn's."""

import numpy as np
import pandas as pd
import pytest

from experiments.studies.passport.logistic import area_under_roc, calibration_error, fit

sklearn = pytest.importorskip("sklearn")


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(3, 2, 400), "b": rng.normal(-1, 0.5, 400)})
    odds = 0.8 * (rows["a"] - 3) - 2 * (rows["b"] + 1)
    return rows.assign(truth=rng.random(400) < 1 / (1 + np.exp(-odds)))


def test_coefficients(rows):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    values = StandardScaler().fit_transform(rows[["a", "b"]])
    other = LogisticRegression(C=1.0, tol=1e-8).fit(values, rows["truth"])
    ours = fit(rows, ["a", "b"], rows["truth"].to_numpy())
    assert list(ours.weights.values()) == pytest.approx(other.coef_[0], abs=1e-3)
    assert ours.intercept == pytest.approx(other.intercept_[0], abs=1e-3)
    said = [ours(row) for row in rows.to_dict("records")]
    assert said == pytest.approx(other.predict_proba(values)[:, 1], abs=1e-3)


def test_area_under_roc(rows):
    from sklearn.metrics import roc_auc_score

    said = rows["a"].round().to_numpy()  # with ties
    truth = rows["truth"].to_numpy()
    assert area_under_roc(truth, said) == pytest.approx(roc_auc_score(truth, said))
    assert np.isnan(area_under_roc(truth | True, said))


def test_calibration_error_by_hand():
    truth = np.array([True, False, True, True])
    said = np.array([0.55, 0.55, 1.0, 0.92])
    # Bin 5: said .55, half true; the last bin: said .96, all true.
    assert calibration_error(truth, said) == pytest.approx((0.05 * 2 + 0.04 * 2) / 4)
