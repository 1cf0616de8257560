"""Runs under streams that can't take what is printed."""

import io
import os
import subprocess
import sys

import pytest

from vlminterp.cli.streams import make_writable
from vlminterp.results.run_folder import RunFolder

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


@pytest.mark.slow
@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("command", ["vlminterp --help", "vlminterp_attribution", "check"])
def test_no_command_minds_its_streams(command, buffered, tmp_path):
    """Output that is small fails only when the process ends, and so does that of the C locale."""
    if command == "check":
        with RunFolder.open(tmp_path / "run", {"names": {}}) as folder:
            folder.finish({})
        command = "vlminterp.results check run"
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = os.environ | locale | {"PYTHONUNBUFFERED": buffered}
    full = ["vlminterp: the output: No space left on device; what was computed before is kept"]
    for redirection, code, told in ((">/dev/full", 1, full), (">&-", 0, []), (">&- 2>&-", 0, [])):
        shell = ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m"]
        ended = subprocess.run(
            [*shell, *command.split()], cwd=tmp_path, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (ended.returncode, ended.stderr.splitlines()) == (code, told), redirection
