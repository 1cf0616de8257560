"""Fits the passport's two probabilities, and measures them on VLMs that they were not fitted on.

    python -m experiments.studies.passport.fit

Reads what `experiments.studies.passport.measure` has written. Writes the coefficients beside the
passport's code, `table.md` and `reliability.png`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot
from numpy.typing import NDArray

from experiments.studies.passport.logistic import (
    area_under_roc,
    calibration_error,
    fit,
    reliability,
)
from experiments.studies.passport.measure import OUTPUT
from vlminterp.attribution.passport.calibration import FILE, Calibration, probabilities
from vlminterp.attribution.passport.verdict import word

HERE = Path(__file__).parent
ENOUGH = 0.8
"""Share of pixels off the causes that a pixel on them must outdo, for the map to be right."""
FEATURES = {"right": ("foresight", "left"), "nothing": ("wording", "gain")}
SAID = ("trust", "nothing")

Features = Mapping[str, tuple[str, ...]]


def measured() -> pd.DataFrame:
    """Reads all rows, one for each map, with the truth of `trust` and `nothing`."""
    files = sorted(OUTPUT.glob("*.parquet"))
    if not files:
        raise SystemExit(f"{OUTPUT} is empty; run experiments.studies.passport.measure")
    rows = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    # Where all that is seen is a cause, no map can be wrong, or right.
    rows = rows[rows["nothing"] | rows["ranking"].notna()].reset_index(drop=True)
    return rows.assign(trust=~rows["nothing"] & (rows["ranking"] >= ENOUGH))


def fitted(rows: pd.DataFrame, features: Features = FEATURES) -> dict[str, Calibration]:
    """Fits `nothing` to all maps, and `right` to those of captions with an answer."""
    caused = rows[~rows["nothing"]]
    return {
        "right": fit(caused, features["right"], caused["trust"].to_numpy(bool)),
        "nothing": fit(rows, features["nothing"], rows["nothing"].to_numpy(bool)),
    }


def held_out(rows: pd.DataFrame, features: Features = FEATURES) -> pd.DataFrame:
    """Returns each row's probabilities by a fit on all other VLMs."""
    columns = [name for names in features.values() for name in names]
    parts = []
    for model, own in rows.groupby("model", sort=False):
        calibrations = fitted(rows[rows["model"] != model], features)
        found = zip(*(own[name] for name in columns), strict=True)
        said = [
            probabilities(dict(zip(columns, map(float, values), strict=True)), calibrations)
            for values in found
        ]
        parts.append(pd.DataFrame(said, own.index))
    return pd.concat(parts).loc[rows.index]


def tables(rows: pd.DataFrame, said: pd.DataFrame) -> Iterator[str]:
    """Yields lines of Markdown: both probabilities by VLM, condition and method, then words."""
    for name in SAID:
        truth, probability = rows[name].to_numpy(bool), said[name].to_numpy()
        yield f"\n## {name}\n"
        yield "| maps of | number | true of | mean probability | AUROC | calibration error |"
        yield "|-|-|-|-|-|-|"
        yield _line("all", truth, probability)
        for column in ("model", "condition", "method"):
            for group in rows[column].unique():
                own = (rows[column] == group).to_numpy()
                yield _line(group, truth[own], probability[own])
    yield from _without(rows)
    yield from _words(rows, said)


def _line(group: str, truth: NDArray[np.bool_], said: NDArray[np.float64]) -> str:
    area = area_under_roc(truth, said)
    cells = [f"{truth.mean():.2f}", f"{said.mean():.2f}", "–" if np.isnan(area) else f"{area:.3f}"]
    error = f"{calibration_error(truth, said):.3f}"
    return "| " + " | ".join([group, str(len(truth)), *cells, error]) + " |"


def _without(rows: pd.DataFrame) -> Iterator[str]:
    """Yields what each feature is worth."""
    yield "\n## Without a feature\n"
    yield "| left out | AUROC of trust | calibration error | AUROC of nothing | calibration error |"
    yield "|-|-|-|-|-|"
    for name in ("", *FEATURES["right"], *FEATURES["nothing"]):
        rest = {
            key: tuple(feature for feature in features if feature != name)
            for key, features in FEATURES.items()
        }
        found = held_out(rows, rest)
        cells = [
            f"{measure(rows[key].to_numpy(bool), found[key].to_numpy()):.3f}"
            for key in SAID
            for measure in (area_under_roc, calibration_error)
        ]
        yield f"| {name or 'none'} | " + " | ".join(cells) + " |"


def _words(rows: pd.DataFrame, said: pd.DataFrame) -> Iterator[str]:
    """Yields how often each word is right."""
    words = pd.Series([word(*pair) for pair in said[list(SAID)].to_numpy()], rows.index)
    yield "\n## Words\n"
    yield "| word | maps | share that lies on the causes | share that nothing answers |"
    yield "|-|-|-|-|"
    for name, own in rows.groupby(words):
        yield f"| {name} | {len(own)} | {own['trust'].mean():.2f} | {own['nothing'].mean():.2f} |"


def figure(rows: pd.DataFrame, said: pd.DataFrame) -> None:
    """Draws how often each probability comes true, on each VLM and on all together."""
    drawn, axes = pyplot.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
    for one, name in zip(axes, SAID, strict=True):
        one.plot([0, 1], [0, 1], color="black", linewidth=0.8)
        for model, own in rows.groupby("model", sort=False):
            probability = said.loc[own.index, name].to_numpy()
            x, y, _ = reliability(own[name].to_numpy(bool), probability)
            one.plot(x, y, linewidth=1, alpha=0.6, label=model)
        x, y, counts = reliability(rows[name].to_numpy(bool), said[name].to_numpy())
        one.scatter(x, y, s=300 * counts / counts.max(), color="#801f6c", alpha=0.7)
        one.set_title(f"{name}, on VLMs that it was not fitted on")
        one.set_xlabel("probability on the passport")
        one.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("share of maps of which it is true")
    axes[0].legend(fontsize=8, frameon=False)
    drawn.savefig(HERE / "reliability.png", dpi=110)
    pyplot.close(drawn)


def main() -> None:
    """Writes coefficients, tables and figure."""
    rows = measured()
    said = held_out(rows)
    (HERE / "table.md").write_text("\n".join(tables(rows, said)).lstrip() + "\n")
    figure(rows, said)
    coefficients = {name: asdict(found) for name, found in fitted(rows).items()}
    FILE.write_text(json.dumps(coefficients, indent=2) + "\n")


if __name__ == "__main__":
    main()
