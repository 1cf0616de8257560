"""Repairs standard streams that a shell has closed, or whose encoding lacks our characters."""

import os
import sys
from collections.abc import Callable
from typing import TextIO


def make_writable() -> None:
    """Makes stdout and stderr accept everything that is printed.

    A closed stream (`>&-`) is replaced by one that discards everything. One that can't
    encode "·" or "é" (the C locale without UTF-8) writes an escape in its place.
    """
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  for as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def ended(main: Callable[[], int]) -> int:
    """Runs a command on streams that accept everything.

    Args:
        main: The command; returns the exit code.

    Returns:
        The same; 1, with one line, where a file or the output can't be read or written.
    """
    make_writable()
    try:
        code = main()
        sys.stdout.flush()
    except OSError as error:
        # Else what is left in the buffer would be tried once more, and fail, at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"vlminterp: {of_the_system(error)}\n")
        return 1
    return code


def of_the_system(error: OSError) -> str:
    """Returns one line about an error of the operating system, with the file if it has one."""
    if error.errno is None:  # Hydra's own, about a file of options
        return str(error)
    where = error.filename or "the output"
    return f"{where}: {error.strerror or error}; what was computed before is kept"
