"""Ends the processes of a launcher that is gone."""

import os
import threading
import time
from functools import cache

SECONDS = 0.5


@cache
def end_with_parent() -> None:
    """Makes this process end as soon as the one that started it is gone, for whatever reason.

    joblib's workers outlive a launcher that is killed: they would hold the locks of its runs, and
    the memory of a GPU, while the same line is started again. Ending at once is safe, because runs
    resume from their folders.
    """
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="end-with-parent").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS)
    os._exit(1)
