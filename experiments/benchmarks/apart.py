"""Runs the product's lines in processes of their own, and tells what they cost."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_RUN = """
import json, re, sys, time
from pathlib import Path
from vlminterp.cli.main import run
assert run(sys.argv[1:]) == 0
status = Path("/proc/self/status").read_text()
most, end = (int(re.search(name + r":\\s+(\\d+)", status)[1]) / 1024 for name in ("VmHWM", "VmRSS"))
print(json.dumps({"seconds": time.process_time(), "most": most, "end": end}))
"""


@dataclass(frozen=True)
class Cost:
    """The cost of a process.

    Attributes:
        seconds: CPU seconds.
        most: Largest resident memory, in MB.
        end: Resident memory at its end, in MB.
    """

    seconds: float
    most: float
    end: float


def cost(line: Sequence[str], folder: Path | None = None) -> Cost:
    """Runs a command line of the product on one thread.

    Args:
        line: Its overrides.
        folder: The folder in which it runs; this process's own by default.
    """
    return Cost(**json.loads(last_line(_RUN, line, folder)))


def last_line(code: str, arguments: Sequence[str], folder: Path | None = None) -> str:
    """Runs Python code in a process of its own, on one thread, and returns its last line."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]
