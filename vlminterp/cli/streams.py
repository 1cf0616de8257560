"""Repairs standard streams that a shell has closed, or whose encoding lacks our characters."""

import os
import sys
from typing import TextIO


def make_writable() -> None:
    """Makes stdout and stderr accept everything that is printed.

    A closed stream (`>&-`) is replaced by one that discards everything. One that can't
    encode "·" or "é" (the C locale without UTF-8) writes an escape in its place.
    """
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  for as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
