"""Processes of their own that need not import torch: a run's imports take ten times its work.

A test that kills, stops or interrupts a run needs a real process. One server imports what runs
need, once; each process is forked from it and does what `python -m MODULE ARGUMENTS` would do.
"""

import atexit
import os
import runpy
import signal
import sys
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

SERVER = get_context("forkserver")
SERVER.set_forkserver_preload(
    [
        "vlminterp.cli.main",
        "vlminterp.adapters.hf.clip",
        "vlminterp.attribution.runner",
        "vlminterp.drawing.figure",
        "vlminterp_m2ib.attribution",
        "vlminterp_ex2.align",
        "vlminterp_ex2.stages",
    ]
)


class Warm:
    """A process, started at once, with the interface of `subprocess.Popen` as far as it is used.

    Args:
        module: What to run, as `python -m` takes it.
        arguments: Its command line.
        folder: Where it works; made if it is not there.
        first: A function at the top of a module, called in the process before anything else.
    """

    def __init__(self, module, arguments, folder, first=None):
        folder.mkdir(exist_ok=True)
        self._said = Path(mkdtemp())
        finalize(self, rmtree, self._said)
        given = (module, list(arguments), folder, self._said, dict(os.environ), first)
        self._process = SERVER.Process(target=_work, args=given)
        self._process.start()
        atexit.register(self._process.kill)  # a test that fails may leave it stopped
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def send_signal(self, number):
        os.kill(self.pid, number)

    def wait(self, timeout=300):
        self._process.join(timeout)
        assert self.returncode is not None, f"it runs for more than {timeout} s"
        return self.returncode

    def finish(self):
        """Waits for its end; returns its exit code, and what it has written to both streams."""
        return self.wait(), self.said("out"), self.said("err")

    def wait_for_files(self, folder, pattern, count=1):
        """Waits until so many files are there, or the process has ended."""
        self._wait_until(lambda: len(list(folder.glob(pattern))) >= count)

    def wait_to_say(self, text):
        """Waits until it has written something to stdout, or has ended."""
        self._wait_until(lambda: text in self.said("out"))

    def _wait_until(self, condition):
        while self.poll() is None and not condition():
            time.sleep(0.005)

    def said(self, stream):
        path = self._said / stream
        return path.read_text() if path.exists() else ""


def _work(module, arguments, folder, said, environment, first):
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        stream.flush()
        os.dup2(os.open(said / name, os.O_WRONLY | os.O_CREAT), stream.fileno())
        stream.reconfigure(line_buffering=True)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    if first is not None:
        first()
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:  # as an interpreter ends: launchers end their workers here
        threading._shutdown()
        atexit._run_exitfuncs()
