"""Tabulates EX2's verdicts on planted VLMs by three kinds of texts, and training beside choosing.

    python -m experiments.studies.ex2_truth.verdicts

Runs EX2 as it comes on each VLM (finished runs aren't repeated; three to six minutes each on one
core), asks the same VLMs with texts that language models wrote without training, and fills in the
tables of `README.md`.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.studies.ex2_truth.ablations import (
    MARGIN,
    MODELS,
    TEXTS,
    Gained,
    answer,
    compare,
    gains,
    said_of,
    scorer,
)
from vlminterp.description.verdict import preferred
from vlminterp.metrics.intervals import Interval

HERE = Path(__file__).parent
ARMS = {"prompt": ("base LLM", "best of n", "tilt", "aligned"),
        "concept": ("tilt", "best of n", "aligned")}  # fmt: skip
Summary = Mapping[str, Any]


def summary_of(model: str, output: Path) -> Summary:
    """Runs EX2 with its defaults on a planted VLM, or finds that run; returns its summary."""
    command = [sys.executable, "-m", "vlminterp", "+plugin=ex2", f"model=planted-{model}", "seed=0"]
    command += [f"output={output}", "console=quiet", "tracking=disabled"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    folder = Path(done.stdout.split()[-1])
    found: Summary = json.loads((folder / "summary.json").read_text("utf-8"))
    return found


def trained_cell(summary: Summary) -> str:
    """Returns the verdict of a run of EX2, with the leader's gain and its null."""
    leader, found = summary["leader"], summary["gains"]
    told = f"**{summary['preferred']}**" if summary["preferred"] else summary["finding"]
    gain, null = found["presence"][leader], found["shuffled"][leader]
    return f"{told} ({_gain(leader, Interval(**gain), null['mean'])})"


def ablated_cell(gained: Gained) -> str:
    """Returns the verdict on texts that no one trained, with the leader's gain and its null."""
    verdict = preferred(gained.own, gained.shuffled, MARGIN)
    told = answer(verdict).replace("none", "nothing found")
    if verdict.leader is None:
        return told
    gain, null = (g.intervals()[verdict.leader] for g in (gained.own, gained.shuffled))
    return f"{told} ({_gain(verdict.leader, gain, null.mean)})"


def _gain(family: str, gain: Interval, null: float) -> str:
    return f"{family} {gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}], shuffled {null:+.3f}"


def verdict_table(runs: Mapping[str, Summary], told: Mapping[str, Mapping[str, str]]) -> str:
    """Returns the table of verdicts: a line for each VLM, a column for each kind of texts."""
    heads = ("VLM", "describer, trained", "it came to say", "agree", *told)
    lines = ["| " + " | ".join(heads) + " |", "|" + "-|" * len(heads)]
    for model, summary in runs.items():
        said, agree = summary["came_to_say"] or "none", summary["agree"]
        cells = [f"planted-{model}", trained_cell(summary), said]
        cells += ["" if agree is None else "yes" if agree else "no"]
        lines.append("| " + " | ".join([*cells, *(own[model] for own in told.values())]) + " |")
    return "\n".join(lines)


def selection_table(runs: Mapping[str, Summary]) -> str:
    """Returns the table of rewards under both selections, with effective responses and KL."""
    heads = [f"{arm}, by {selection}" for selection, arms in ARMS.items() for arm in arms]
    heads = [
        "VLM",
        *heads,
        "effective: tilt by prompt / by concept",
        "KL: aligned / tilt by prompt",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + "-|" * len(heads)]
    for model, summary in runs.items():
        by = summary["selection"]
        cells = [
            f"{by[selection][arm]['reward']['mean']:.1f}"
            for selection, arms in ARMS.items()
            for arm in arms
        ]
        effective = (by[selection]["tilt"]["effective"]["mean"] for selection in ARMS)
        kls = (by["prompt"][arm]["kl"]["mean"] for arm in ("aligned", "tilt"))
        cells += [" / ".join(f"{value:.1f}" for value in some) for some in (effective, kls)]
        lines.append("| " + " | ".join([f"planted-{model}", *cells]) + " |")
    return "\n".join(lines)


def fill_in(page: Path, name: str, table: str) -> None:
    """Puts a table between the page's marks of that name."""
    before, rest = page.read_text("utf-8").split(f"<!-- {name} -->")
    after = rest.split(f"<!-- end of {name} -->")[1]
    marks = f"<!-- {name} -->\n\n{table}\n\n<!-- end of {name} -->"
    page.write_text(before + marks + after, "utf-8")


def main() -> None:
    """Reads the command line, runs what is missing, and fills in the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--output", type=Path, default=HERE / "work")
    parser.add_argument("--page", type=Path, default=HERE / "README.md")
    options = parser.parse_args()
    runs = {model: summary_of(model, options.output) for model in options.models}
    told: dict[str, dict[str, str]] = {name: {} for name in TEXTS}
    for name, rows in TEXTS.items():
        compared = compare(said_of(rows()))
        for model in options.models:
            told[name][model] = ablated_cell(gains(compared, scorer(model))["presence"])
    tables: Sequence[tuple[str, str]] = (
        ("verdicts", verdict_table(runs, told)),
        ("selections", selection_table(runs)),
    )
    for name, table in tables:
        print(table)
        fill_in(options.page, name, table)


if __name__ == "__main__":
    main()
