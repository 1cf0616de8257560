"""Commands beside a run, such as `vlminterp look cat.jpg "a cat"`.

A package adds one by an entry point in the group `vlminterp.commands`: a function that takes the
arguments and returns the exit code.
"""

from collections.abc import Callable, Sequence

from vlminterp.entry_points import COMMANDS, installed, load

Command = Callable[[Sequence[str]], int]


def command(arguments: Sequence[str]) -> Command | None:
    """Returns the command that a command line begins with; None where it is a run.

    Args:
        arguments: The command line.

    Raises:
        ConfigError: The command's package can't be imported.
    """
    if not arguments or arguments[0] not in installed(COMMANDS):
        return None
    found: Command = load(COMMANDS, arguments[0])
    return found
