"""The command line: `python -m vlminterp +plugin=m2ib model=NAME data=NAME`."""

import hashlib
import sys
from collections.abc import Sequence

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from vlminterp.composition import broken, full_errors, known, register
from vlminterp.config_errors import one_line
from vlminterp.errors import UserError
from vlminterp.job import Job

MISTAKES = (UserError, HydraException, OmegaConfBaseException)
INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C has ended."""


def main() -> None:
    """Runs the command line and exits: 0 done, 1 a user's mistake, 130 interrupted."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs one command line.

    Args:
        arguments: Hydra overrides and flags.

    Returns:
        The exit code.
    """
    register()
    sys.argv = [sys.argv[0], *_arranged(arguments)]
    try:
        with full_errors():
            _hydra_job()
    except MISTAKES as error:
        _say(one_line(error))
        return 1
    except SystemExit as ended:
        return int(ended.code or 0)
    except KeyboardInterrupt:
        _say("interrupted; what was computed is kept, the same line continues")
        return INTERRUPTED
    return 0


@hydra.main(config_path="pkg://vlminterp.conf", config_name="config", version_base="1.3")
def _hydra_job(config: DictConfig) -> None:
    """What Hydra calls once per run; in a multirun a failed run must not stop the others."""
    choices = HydraConfig.get().runtime.choices
    if config.plugin is None:
        _say(_what_there_is())
        return
    task = [o for o in HydraConfig.get().overrides.task if not o.startswith("sweep=")]
    job = Job(
        config,
        plugin=choices["plugin"],
        model=choices["model"],
        data=choices["data"],
        line=" ".join(task),
    )
    try:
        job.run()
    except MISTAKES as error:
        reason = one_line(error)
        job.note_in_sweep(reason)
        if HydraConfig.get().mode is RunMode.MULTIRUN:
            # An exception, because SystemExit would end the other runs too.
            raise UserError(f"{job.title}: {reason}") from error
        _say(reason)
        sys.exit(1)


def _arranged(arguments: Sequence[str]) -> list[str]:
    """The arguments as Hydra takes them; a multirun also gets the sweep's identity.

    The identity is one more override, so that every launcher hands it to its jobs. Flags go first:
    argparse refuses them among overrides.
    """
    flags = [argument for argument in arguments if argument.startswith("-")]
    overrides = [argument for argument in arguments if not argument.startswith("-")]
    if not {"-m", "--multirun"} & set(flags):
        return list(arguments)
    line = "\n".join(sorted(overrides))
    return [*flags, *overrides, f"sweep={hashlib.sha256(line.encode()).hexdigest()[:12]}"]


def _what_there_is() -> str:
    """One line, and the lists to choose from."""
    lines = ["nothing to do: choose a plugin, e.g. python -m vlminterp +plugin=m2ib"]
    groups = {"plugin": "+plugin=", "model": "model=", "data": "data="}
    lines += [f"  {key:<9}{', '.join(known(group))}" for group, key in groups.items()]
    lines += [f"  broken   {name}: {reason}" for name, reason in broken.items()]
    return "\n".join(lines)


def _say(line: str) -> None:
    sys.stderr.write(f"vlminterp: {line}\n")
