"""The command line: `python -m vlminterp +plugin=m2ib model=NAME data=NAME`."""

import sys
from collections.abc import Sequence

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from vlminterp.composition import broken, full_errors, known, register
from vlminterp.config_errors import CHOOSE, one_line
from vlminterp.errors import UserError
from vlminterp.job import Job, chosen_names
from vlminterp.report.sweep_page import write_sweep_report
from vlminterp.sweep import Sweep, with_identity

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
    Sweep.ended.clear()
    try:
        register()
        sys.argv = [sys.argv[0], *with_identity(arguments)]
        with full_errors():
            _hydra_job()
    except MISTAKES as error:
        _say(one_line(error))
        return 1
    except ValueError as error:
        if not str(error).startswith("Config group override"):
            raise
        _say("a group takes a name; to choose none, leave it out")
        return 1
    except OSError as error:
        _say(f"{error.filename or 'a file'}: {error.strerror or error}")
        return 1
    except SystemExit as ended:
        return int(ended.code or 0)
    except KeyboardInterrupt:
        _say("interrupted; what was computed is kept, the same line continues")
        return INTERRUPTED
    return _end_of_sweep()


@hydra.main(config_path="pkg://vlminterp.conf", config_name="config", version_base="1.3")
def _hydra_job(config: DictConfig) -> None:
    """What Hydra calls once per run.

    A mistake is told here and ends this run alone: in a multirun the others go on, and Hydra would
    add a line of its own to an exception.
    """
    in_sweep = HydraConfig.get().mode is RunMode.MULTIRUN
    choices = HydraConfig.get().runtime.choices
    if choices.get("plugin") is None and config.plugin is None:
        _say(_what_there_is())
        return
    job = None
    try:
        task = [o for o in HydraConfig.get().overrides.task if not o.startswith("sweep=")]
        job = Job(config, chosen_names(choices), " ".join(task))
        job.run()
    except MISTAKES as error:
        reason = one_line(error)
        if not in_sweep:
            _say(reason)
            sys.exit(1)
        _say(f"{job.title if job else 'run'}: {reason}")
        if job:
            job.note_in_sweep(reason)


def _end_of_sweep() -> int:
    """Makes the page of a multirun; 1 if a run of it failed."""
    for sweep in Sweep.ended:
        if sweep.runs():
            _say(f"side by side: {write_sweep_report(sweep.folder)}")
        if sweep.failed():
            of = f"{sweep.failed()} of {len(sweep.runs())}"
            _say(f"{of} runs failed; see {sweep.folder}/sweep.json")
    return int(any(sweep.failed() for sweep in Sweep.ended))


def _what_there_is() -> str:
    """One line, and the lists to choose from."""
    lines = ["nothing to do: choose a plugin, e.g. python -m vlminterp +plugin=m2ib"]
    lines += [f"  {how.removesuffix('NAME'):<9}{', '.join(known(g))}" for g, how in CHOOSE.items()]
    lines += [f"  broken   {name}: {reason}" for name, reason in broken.items()]
    return "\n".join(lines)


def _say(line: str) -> None:
    sys.stderr.write(f"vlminterp: {line}\n")
