"""Standard streams as some shells leave them: closed, or in an encoding that lacks our signs."""

import os
import sys
from typing import TextIO


def make_writable() -> None:
    """Lets prints never fail for a stream's sake.

    A closed stream (`>&-`) becomes one that forgets. One that can't encode "·" or "é" (the C locale
    without UTF-8) writes an escape in its place.
    """
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  for as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
