"""Measures whether EX2 finds what was planted.

    python -m experiments.studies.ex2_planted.measure

Runs EX2 on the planted VLMs with several seeds (finished runs aren't repeated), and compares its
answers with the oracle, which has scored every possible description.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from vlminterp_ex2.journal import timings

import vlminterp
from vlminterp.description.class_means import class_means
from vlminterp.description.gains import Gains
from vlminterp.metrics.intervals import Interval
from vlminterp.planted.oracle import OracleResult, oracle
from vlminterp.planted.source import PlantedConfig, PlantedSource

MODELS = ("visual", "habitat", "diet", "spurious", "name")
HERE = Path(__file__).parent
DEFAULT = "describer"  # Its table is in the README.
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
ANSWERS = {"nothing found": "none"}
COLUMNS = (
    "VLM",
    "seed",
    "EX2's answer",
    "gain of the leading family",
    "says it",
    "base",
    "best of n",
    "tilt per prompt",
    "**aligned**",
    "held-out",
    "oracle's best",
    "gap closed",
    "tilted over all templates: base / best of n / aligned",
    "effective responses: tilt per prompt / over all",
    "KL: aligned / tilt / best of n",
)
Row = dict[str, Any]


def run(model: str, seed: int, options: argparse.Namespace) -> Path:
    """Runs EX2 once, or finds that run; returns its folder."""
    command = [sys.executable, "-m", "vlminterp", "+plugin=ex2", f"model=planted-{model}"]
    command += [f"seed={seed}", f"output={options.output}", "console=quiet", "tracking=disabled"]
    command += [f"plugin/policy={options.policy}", *options.override]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.split()[-1])


def truth(model: str) -> OracleResult:
    """Scores every description of the grammar on the images that EX2 was rewarded by."""
    encoder = vlminterp.load(f"planted-{model}")
    concepts = list(PlantedSource(PlantedConfig()).concepts())
    return oracle(encoder, classes=class_means(encoder, concepts))


def ordered_pairs(gains: Gains) -> list[tuple[str, str]]:
    """Returns pairs of families whose intervals do not overlap, the better one first."""
    found: dict[str, Interval] = gains.intervals()
    pairs = []
    for one, two in combinations(found, 2):
        better, worse = sorted((one, two), key=lambda family: -found[family].mean)
        if found[better].low > found[worse].high:
            pairs.append((better, worse))
    return pairs


def agreement(ranking: Sequence[str], pairs: Sequence[tuple[str, str]]) -> float | None:
    """Returns Kendall's τ over pairs: +1 if all are in the oracle's order; None for under three."""
    if len(pairs) < 3:
        return None
    signs = [1 if ranking.index(better) < ranking.index(worse) else -1 for better, worse in pairs]
    return float(np.mean(signs))


def row_of(model: str, seed: int, folder: Path, known: OracleResult) -> Row:
    """Returns the table's row for one run beside the oracle; rewards are 100 · cosine."""
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    clock = timings(folder / Path(summary["policy"]).parent)
    metrics, presence = summary["metrics"], known.measured["own"].presence
    reward, kl = metrics["reward"], metrics["kl"]
    among = {arm: one["reward"]["mean"] for arm, one in summary["selection"]["concept"].items()}
    effective = {
        name: summary["selection"][name]["tilt"]["effective"]["mean"]
        for name in ("prompt", "concept")
    }
    base, limit = reward["baselines"]["base LLM"]["mean"], 100 * _best(known)
    return {
        "model": f"planted-{model}",
        "seed": seed,
        "answer": summary["preferred"] or ANSWERS.get(summary["finding"], summary["finding"]),
        "oracle": presence.ranking()[0],
        "tau": agreement(summary["ranking"], ordered_pairs(presence)),
        "gain": summary["gains"]["presence"][summary["ranking"][0]],
        "says": metrics.get(f"says_{model}", {}).get("mean"),
        "base": base,
        "best_of_n": reward["baselines"]["best of n"]["mean"],
        "tilt": reward["baselines"]["tilt"]["mean"],
        "aligned": reward["mean"],
        "held_out": metrics["held_out"]["mean"],
        "tilted": [among[arm] for arm in ("tilt", "best of n", "aligned")],
        "effective": [effective["prompt"], effective["concept"]],
        "came_to_say": summary["came_to_say"],
        "agree": summary["agree"],
        "shuffled": summary["gains"]["shuffled"].get(summary["leader"]),
        "oracle_best": limit,
        "closed": (reward["mean"] - base) / (limit - base),
        "kl": kl["mean"],
        "tilt_kl": kl["baselines"]["tilt"]["mean"],
        "bon_kl": kl["baselines"]["best of n"]["mean"],
        "sec": float(np.median([row["seconds"] for row in clock])),
        "reward_share": float(np.median([row["reward_seconds"] / row["seconds"] for row in clock])),
        "stopped": summary["stopped"],
    }


def _best(known: OracleResult) -> float:
    """Returns the mean over concepts of the best score that a description can have."""
    scores = known.measured["own"].scores
    about = np.asarray([said.about for said in known.bank.said])
    return float(np.mean([scores[about == concept].max() for concept in range(len(known.classes))]))


def table(rows: Sequence[Row]) -> str:
    """Returns the README's table, with a line for each run."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "-|" * len(COLUMNS)]
    for row in rows:
        gain = row["gain"]
        cells = [
            row["model"],
            row["seed"],
            row["answer"],
            f"{gain['mean']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]",
            "" if row["says"] is None else f"{row['says']:.2f}",
            *(f"{row[name]:.1f}" for name in ("base", "best_of_n", "tilt")),
            f"**{row['aligned']:.1f}**",
            *(f"{row[name]:.1f}" for name in ("held_out", "oracle_best")),
            f"{100 * row['closed']:.0f} %",
            " / ".join(f"{value:.1f}" for value in row["tilted"]),
            " / ".join(f"{value:.1f}" for value in row["effective"]),
            f"{row['kl']:.1f} / {row['tilt_kl']:.1f} / {row['bon_kl']:.1f}",
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def fill_in(page: Path, rows: Sequence[Row]) -> None:
    """Puts the table between a page's marks."""
    before, rest = page.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{table(rows)}\n\n{END}{after}", "utf-8")


def main() -> None:
    """Reads the command line, runs what is missing, and writes results and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--policy", default="describer")
    parser.add_argument("--output", type=Path, default=HERE / "work")
    parser.add_argument("--override", nargs="*", default=[], help="further options of the runs")
    parser.add_argument("--name", default=DEFAULT, help="name of the file to write")
    options = parser.parse_args()
    rows = []
    for model in options.models:
        folders = [run(model, seed, options) for seed in options.seeds]
        known = truth(model)
        for seed, folder in zip(options.seeds, folders, strict=True):
            rows.append(row_of(model, seed, folder, known))
            print(rows[-1], flush=True)
        (HERE / f"{options.name}.json").write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    print(table(rows))
    if options.name == DEFAULT:
        fill_in(HERE / "README.md", rows)


if __name__ == "__main__":
    main()
