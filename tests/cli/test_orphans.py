"""A launcher's processes end with it."""

import signal
import subprocess
import sys

import psutil

WORKER = """
import time
from vlminterp.cli.orphans import end_with_parent
end_with_parent()
end_with_parent()
print("at work", flush=True)
time.sleep(60)
"""
LAUNCHER = f"""
import subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", {WORKER!r}])
print(worker.pid, flush=True)
worker.wait()
"""


def test_a_worker_ends_soon_after_its_launcher_is_killed():
    command = [sys.executable, "-c", LAUNCHER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        worker = psutil.Process(int(launcher.stdout.readline()))
        assert launcher.stdout.readline() == "at work\n"
        assert worker.is_running()
        launcher.send_signal(signal.SIGKILL)
        gone, _ = psutil.wait_procs([worker], timeout=20)
    assert gone == [worker]
