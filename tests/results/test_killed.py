"""Kills a writing process for real, again and again, and compares with an undisturbed run."""

import random
import signal
import subprocess
import sys
import time

import pytest

from vlminterp.results import RunFolder

BATCHES = 60
WRITER = f"""
import sys
from pathlib import Path
import numpy as np
from PIL import Image
from vlminterp.results import RunFolder

with RunFolder.open(Path(sys.argv[1]), {{"seed": 0}}) as results:
    print("at work", flush=True)
    stages = [(results.parts, n) for n in range({BATCHES} // 2)]
    stages += [(results.table("describe"), n) for n in range({BATCHES} // 2)]
    for parts, number in stages:
        if number in parts:
            continue
        random = np.random.default_rng(number)
        scores = random.normal(size=(16, 8, 8)).astype(np.float32)
        rows = []
        for pair in range(16):
            image = Image.fromarray(random.integers(0, 255, (32, 32, 3), np.uint8))
            picture = results.save_picture(f"{{number}}/{{pair}}", image) if pair < 2 else None
            skipped = "broken" if random.random() < 0.1 else None
            rows.append({{"pair": 16 * number + pair, "skipped": skipped, "picture": picture,
                          "word_scores": scores[pair, 0].tolist()}})
        parts.write(number, rows, {{f"{{i}}.map": s for i, s in enumerate(scores)}})
    results.finish({{"skipped": len(results.skips())}})
"""


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def write(folder):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_byte_identical(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    began = time.monotonic()
    with write(whole) as process:
        assert process.wait() == 0
    seconds = time.monotonic() - began

    interrupted, progress = 0, [0]
    for attempt in range(6):
        with write(killed) as process:
            assert process.stdout.readline() == "at work\n"
            time.sleep(random.Random(attempt).uniform(0, seconds / 6))
            process.send_signal(signal.SIGKILL)
            interrupted += process.wait() == -signal.SIGKILL
        found = RunFolder.read(killed)
        stages = [found.parts, found.table("describe")]
        progress.append(sum(map(len, stages)))
        assert sum(len(parts.rows()) for parts in stages) == 16 * progress[-1]
    assert interrupted >= 3, "the writer was done before it could be killed"
    assert progress == sorted(progress), "a killed process has lost batches"

    with write(killed) as process:
        assert process.wait() == 0
    expected, found = contents(whole), contents(killed)
    assert found == {**expected, ".lock": found[".lock"]}
    assert len(expected) > 2 * BATCHES
