"""Runs under streams that can't take what is printed."""

import io
import subprocess
import sys

import pytest

from vlminterp.cli.streams import make_writable

LINE = [
    *(sys.executable, "-m", "vlminterp", "+plugin=m2ib", "model=planted-base", "data.pairs=1"),
    *("plugin.sides=image", "plugin.image.steps=1", "plugin.image.copies=2", "device=cpu"),
    "tracking=disabled",
]


def test_a_stream_that_lacks_our_signs_gets_escapes(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))
    make_writable()
    sys.stdout.write("m2ib · é\n")
    sys.stdout.flush()
    assert written.getvalue() == b"m2ib \\xb7 \\xe9\n"


def test_closed_streams_are_written_to_without_harm(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    make_writable()
    assert sys.stdout.write("nowhere\n") == len("nowhere\n")
    sys.stdout.close()


@pytest.mark.slow
def test_a_full_device_and_closed_streams_end_in_one_line_at_most(tmp_path):
    for redirection, code, last in (
        (">/dev/full", 1, "vlminterp: the output: No space left on device; what was computed"),
        (">&-", 0, ""),
    ):
        shell = ["sh", "-c", f'exec "$@" {redirection}', "sh", *LINE]
        ended = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ended.returncode == code, ended.stderr
        assert "Traceback" not in ended.stderr
        assert "Error executing" not in ended.stderr
        assert ended.stderr.splitlines()[-1].startswith(last)
