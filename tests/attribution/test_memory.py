"""A run's memory is bounded, whatever pictures are among the others."""

import json
import subprocess
import sys

import pytest
from PIL import Image

MEASURED = """
import re, sys
from pathlib import Path
from vlminterp.cli.main import run
for table in ("small.jsonl", "both.jsonl"):
    assert run([*sys.argv[1:], f"data.path={table}"]) == 0
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
def test_a_huge_picture_among_others_costs_less_than_a_gigabyte(hf_folder, tmp_path):
    """A file of 20 KB with a mask of the same size: 21 GB before everything was drawn small."""
    Image.new("RGB", (64, 48), "red").save(tmp_path / "small.png")
    for name, colour in (("huge.png", 0), ("mask.png", 1)):
        Image.new("1", (13_000, 13_000), colour).save(tmp_path / name)
    assert (tmp_path / "huge.png").stat().st_size < 30_000
    small = [{"image": "small.png", "text": "a bird"}]
    huge = [{"image": "huge.png", "text": "a bird", "mask": "mask.png"}]
    for name, rows in (("small.jsonl", small), ("both.jsonl", [*small, *huge])):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    line = (
        f"+plugin=m2ib data=manifest model=hf model.checkpoint={hf_folder} tracking=disabled "
        "plugin.image.steps=1 plugin.text.steps=1 device=cpu console=json"
    )
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *line.split()],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    before, usual, after, most = map(json.loads, done.stdout.strip().splitlines())
    assert (before["pairs"], before["skipped"], before["with_truth"]) == (1, 0, 0)
    assert (after["pairs"], after["skipped"], after["with_truth"]) == (2, 0, 1)
    assert (most - usual) * 1024 < 10**9
