"""Audits planted VLMs, with their masks and with regions from maps.

    python -m experiments.studies.audit.measure [VLM …] [--seeds 0 1 2] [--conditions masks maps]

Runs that are there already are not computed again. About 70 CPU seconds for each.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.studies.audit.truth import VLMS
from vlminterp.cli.main import run

OUTPUT = Path(__file__).parent / "work"
REGIONS = {"masks": "null", "maps": "map"}
"""The option `plugin.regions` by condition."""


def line(name: str, seed: int, condition: str) -> list[str]:
    """Returns the command line of one audit."""
    return [
        "+plugin=audit",
        f"model={name}",
        *("data=planted", "data.images=8", f"data.seed={seed}", f"seed={seed}"),
        *(
            f"plugin.regions={REGIONS[condition]}",
            f"output={OUTPUT / condition / name / str(seed)}",
        ),
        *("tracking=disabled", "device=cpu", "console=quiet"),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs all audits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vlms", nargs="*", default=list(VLMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--conditions", nargs="+", default=list(REGIONS), choices=list(REGIONS))
    chosen = parser.parse_args(arguments)
    for seed in chosen.seeds:
        for condition in chosen.conditions:
            for name in chosen.vlms:
                if run(line(name, seed, condition)):
                    raise SystemExit(f"{name}, seed {seed}, {condition}: failed")


if __name__ == "__main__":
    main()
