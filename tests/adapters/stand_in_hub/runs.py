"""Both trials of every repository: online, then offline, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.adapters.stand_in_hub.repositories import REPOSITORIES, write_all
from tests.adapters.stand_in_hub.server import StandInHub

ROOT = Path(__file__).parents[3]


def tried(place):
    """Returns what was found of each repository, in their order, and every request to the hub.

    Args:
        place: An empty folder.
    """
    repositories, answers = place / "repositories", place / "answers"
    answers.mkdir(parents=True)
    write_all(repositories)
    found = [{} for _ in REPOSITORIES]
    with StandInHub(repositories) as hub:
        settings = {"HF_HOME": str(place / "cache"), "HF_ENDPOINT": hub.url, "OMP_NUM_THREADS": "1"}
        for mode, more in (("online", {}), ("offline", {"HF_HUB_OFFLINE": "1"})):
            for row in _trial(repositories, answers, mode, {**os.environ, **settings, **more}):
                found[row.pop("number")] |= row
    return found, hub


def _trial(repositories, answers, mode, environment):
    module = "tests.adapters.stand_in_hub.trial"
    done = subprocess.run(
        [sys.executable, "-m", module, str(repositories), str(answers), mode],
        env=environment, cwd=ROOT, text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
