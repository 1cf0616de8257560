"""The command line: `python -m vlminterp +plugin=m2ib model=NAME data=NAME`."""

import sys
import traceback
from collections.abc import Sequence

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from vlminterp.cli.arguments import settings, with_plus
from vlminterp.cli.commands import command
from vlminterp.cli.console import say, show_sweep
from vlminterp.cli.free_text import as_written, free_text_options
from vlminterp.cli.help import asked_for
from vlminterp.cli.job import Job, chosen_names
from vlminterp.cli.multirun import PlanSweep, canonical_overrides, is_multirun, with_identity
from vlminterp.cli.orphans import end_with_parent
from vlminterp.cli.reporter import RunReporter, SweepRunReporter
from vlminterp.cli.streams import ended, of_the_system
from vlminterp.config.composition import EXPERIMENT, broken, full_errors, known, register
from vlminterp.config.conflicts import refuse_conflicts
from vlminterp.config.messages import CHOOSE, one_line
from vlminterp.config.named_model import store_checkpoints
from vlminterp.errors import UserError
from vlminterp.report.sweep.page import write_sweep_report
from vlminterp.results.sweep import RunState, Sweep
from vlminterp.secrets import refuse_secrets

MISTAKES = (UserError, HydraException, OmegaConfBaseException, YAMLError)
INTERRUPTED = 130
"""The exit code that shells expect after Ctrl-C."""


def main() -> None:
    """Runs the command line, and exits with the code that `run` returns."""
    sys.exit(ended(lambda: run(sys.argv[1:])))


def run(arguments: Sequence[str]) -> int:
    """Runs one command line.

    Args:
        arguments: Hydra overrides and flags; or a command such as `look`, and its arguments.

    Returns:
        The exit code: 0 done, 1 a user's mistake or runs of a sweep unfinished, 130 interrupted.
    """
    try:
        beside = command(arguments)
    except UserError as error:
        say(one_line(error))
        return 1
    if beside is None:
        return _composed(arguments)
    try:
        return beside(arguments[1:])
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED


def _composed(arguments: Sequence[str]) -> int:
    """Composes the configuration that a command line states, and runs it."""
    PlanSweep.launched.clear()
    try:
        register()
        if (text := asked_for(arguments)) is not None:
            sys.stdout.write(f"{text}\n")
            return 0
        arguments = with_plus(arguments)
        refuse_secrets(settings(arguments))
        arguments = store_checkpoints(arguments)
        multirun = is_multirun(arguments)
        arguments = as_written(arguments, free_text_options(arguments), multirun=multirun)
        refuse_conflicts(arguments, multirun=multirun)
        sys.argv = [sys.argv[0], *with_identity(arguments)]
        with full_errors():
            _hydra_job()
    except MISTAKES as error:
        say(one_line(error))
        return 1
    except ValueError as error:
        if not str(error).startswith("Config group override"):
            raise
        say("a group takes a name; to choose none, leave it out")
        return 1
    except OSError as error:
        say(of_the_system(error))
        return 1
    except SystemExit as ended:
        return int(ended.code or 0)
    except KeyboardInterrupt:
        say("interrupted; what was computed is kept, the same line continues")
        return INTERRUPTED
    except Exception as error:
        if not PlanSweep.launched:
            raise
        # The launcher's own error: runs in a sweep don't raise. The unfinished ones are told below.
        say(f"the launcher has given up: {_unexpected(error)}")
    return _end_of_sweep()


@hydra.main(config_path="pkg://vlminterp.conf", config_name="config", version_base="1.3")
def _hydra_job(config: DictConfig) -> None:
    """Runs one composed configuration, or lists the choices; Hydra calls this once per run."""
    choices = HydraConfig.get().runtime.choices
    if choices.get("plugin") is None and config.plugin is None:
        say(_what_there_is())
        return
    sweep = Sweep.of(config)
    if sweep is not None:
        _run_in_sweep(config, sweep)
        return
    try:
        Job(config, chosen_names(choices), RunReporter(config.console)).run()
    except MISTAKES as error:
        # Printed here, because Hydra would add a line of its own to an exception.
        say(one_line(error))
        sys.exit(1)
    except OSError as error:
        say(of_the_system(error))
        sys.exit(1)


def _run_in_sweep(config: DictConfig, sweep: Sweep) -> None:
    """Runs one run of a sweep; an error ends this run only, and the others go on."""
    if not PlanSweep.launched:  # in a process that the launcher has started
        end_with_parent()
    member = SweepRunReporter(
        config.console, sweep, canonical_overrides(HydraConfig.get().overrides.task)
    )
    try:
        names = chosen_names(HydraConfig.get().runtime.choices)
        member.named(names)
        Job(config, names, member).run()
    except MISTAKES as error:
        member.failed(one_line(error))
    except Exception as error:  # noqa: BLE001  a bug of ours, or full memory: needs its traceback
        traceback.print_exc()
        member.failed(_unexpected(error))


def _end_of_sweep() -> int:
    """Prints a multirun's runs and writes its page; returns 0 only if every run has finished."""
    incomplete = False
    for sweep, console in PlanSweep.launched:
        states = [run.state for run in sweep.runs()]
        show_sweep(sweep, console)
        if states:
            say(f"side by side: {write_sweep_report(sweep.folder)}")
        for state in (RunState.failed, RunState.unfinished, RunState.waiting):
            if state in states:
                incomplete = True
                count = f"{states.count(state)} of {len(states)} runs {state.value}"
                say(f"{count}; the same line tries again")
    return int(incomplete)


def _unexpected(error: Exception) -> str:
    """Returns an exception as one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _what_there_is() -> str:
    """Returns a line that asks for a plugin, and the names to choose from."""
    lines = ["nothing to do: choose a plugin, e.g. python -m vlminterp +plugin=m2ib"]
    lines += [f"  {how.removesuffix('NAME'):<9}{', '.join(known(g))}" for g, how in CHOOSE.items()]
    lines += [f"  or by experiment={', '.join(known(EXPERIMENT))}"]
    lines += [f"  broken   {name}: {reason}" for name, reason in broken.items()]
    return "\n".join(lines)
