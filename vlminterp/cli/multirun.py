"""Multiruns: their identity, the list of their runs, and the Hydra callback that lists them."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from vlminterp.config.run import NOT_IDENTITY, Console
from vlminterp.results.sweep import Sweep

FLAGS = ("-m", "--multirun", "hydra.mode=MULTIRUN")


class PlanSweep(Callback):
    """Notes the runs of a multirun before Hydra launches them.

    Attributes:
        launched: The multiruns of this process, and what each prints; kept on the class, because
            Hydra gives no access to its callbacks.
    """

    launched: ClassVar[list[tuple[Sweep, Console]]] = []

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Lists the multirun's runs in its sweep; Hydra calls this in the process that launches."""
        sweep = Sweep.of(config)
        if sweep is None:
            return
        self.launched.append((sweep, config.console))
        # Hydra turns a callback's errors into warnings; it meets the same error itself later.
        with suppress(OSError, HydraException):
            loader = GlobalHydra.instance().config_loader()
            sweep.plan(planned(config.hydra.overrides.task, loader))


def planned(overrides: Sequence[str], loader: Any = None) -> list[str]:
    """Returns the line of each run of a multirun, in the order in which Hydra begins them.

    Args:
        overrides: The multirun's overrides.
        loader: Hydra's config loader, which `glob` asks for names.

    Raises:
        HydraException: An override sweeps in a way that only another sweeper knows.

    Example:
        >>> planned(["model=a,b", "sweep=dfec57f07e44"])
        ['model=a', 'model=b']
    """
    parsed = OverridesParser.create(loader).parse_overrides(list(overrides))
    (runs,) = BasicSweeper.split_arguments(parsed, None)
    return [canonical_overrides(run) for run in runs]


def canonical_overrides(overrides: Iterable[str]) -> str:
    """Returns the line that identifies a run in its sweep, in whatever order it is written.

    Overrides that change no result are left out.

    Args:
        overrides: The run's overrides.

    Example:
        >>> canonical_overrides(["seed=0", "model=a", "console=quiet"])
        'model=a seed=0'
    """
    return " ".join(sorted(one for one in overrides if _root(one) not in NOT_IDENTITY))


def with_identity(arguments: Sequence[str]) -> list[str]:
    """Returns the arguments as Hydra takes them; a multirun also gets its identity.

    The identity is one more override, so that every launcher hands it to its jobs. What changes no
    result, such as the launcher, is not part of it. `-m` goes first, because argparse refuses it
    among overrides.

    Example:
        >>> with_identity(["model=a,b", "-m", "console=quiet", "hydra/launcher=joblib"])[-1]
        'sweep=dfec57f07e44'
    """
    if not is_multirun(arguments):
        return list(arguments)
    others = [argument for argument in arguments if argument not in FLAGS]
    lasting = [one for one in others if _root(one) not in (*NOT_IDENTITY, "hydra")]
    identity = hashlib.sha256("\n".join(sorted(lasting)).encode()).hexdigest()[:12]
    return ["-m", *others, f"sweep={identity}"]


def is_multirun(arguments: Sequence[str]) -> bool:
    """Tells whether a command line asks for more than one run."""
    return bool(set(FLAGS) & set(arguments))


def _root(override: str) -> str:
    """Returns the first part of an override's key.

    Example:
        >>> _root("hydra/launcher=joblib"), _root("hydra.launcher.n_jobs=2"), _root("+plugin=ex2")
        ('hydra', 'hydra', 'plugin')
    """
    key = override.partition("=")[0].lstrip("+~")
    return key.partition("/")[0].partition(".")[0]
