"""Further processes that work on a run."""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from omegaconf import DictConfig, open_dict

from vlminterp.cli.orphans import end_with_parent
from vlminterp.config.run import Console
from vlminterp.errors import ConfigError

Work = Callable[[DictConfig, Mapping[str, str]], None]
"""Helps with the run of a configuration, and of the names of its plugin, model and data."""


@contextmanager
def workers(config: DictConfig, names: Mapping[str, str], count: int, work: Work) -> Iterator[None]:
    """Starts processes that work on a run, and ends them with the block.

    A worker that dies is not missed: its part is free again, and another one makes it. At the end
    all parts are there, and a worker that is left has nothing to do.

    Args:
        config: The run's configuration.
        names: The names of its plugin, model and data.
        count: Number of processes, this one included, ≥ 2.
        work: The work of each; a function that can be pickled.
    """
    spawn, each = multiprocessing.get_context("spawn"), share_of_threads(count)
    configs = [for_worker(config, place) for place in range(1, count)]
    started = [
        spawn.Process(target=_own_process, args=(work, own, dict(names), each)) for own in configs
    ]
    for process in started:
        process.start()
    try:
        with threads(each):
            yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.join()


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Lets this process compute on so many threads for the length of a block.

    All processes of a run have as many, since the last digit of a number may depend on it.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def share_of_threads(count: int) -> int:
    """Returns the threads of each of several processes of this machine, at least one."""
    import torch

    return max(1, torch.get_num_threads() // count)


def device_of(device: str, place: int) -> str:
    """Returns the device of one of several processes: the machine's CUDA devices in turn.

    Args:
        device: The option `device`.
        place: Number of the process, from 0.
    """
    import torch

    if device in ("auto", "cuda") and torch.cuda.is_available():
        return f"cuda:{place % torch.cuda.device_count()}"
    return device


def for_worker(config: DictConfig, place: int) -> DictConfig:
    """Returns the configuration of a worker: that of the run, silent and on a device of its own."""
    own = config.copy()
    with open_dict(own):
        own.workers = 1
        own.overwrite = False
        own.console = Console.quiet
        own.device = device_of(config.device, place)
    assert isinstance(own, DictConfig)
    return own


def _own_process(work: Work, config: DictConfig, names: Mapping[str, str], count: int) -> None:
    """Works on so many threads, in a process that ends with the one that started it."""
    end_with_parent()
    with threads(count):
        work(config, names)


def require_shared(plugin: str, *, shares: bool, count: int) -> None:
    """Checks that several processes can work on a plugin's runs.

    Raises:
        ConfigError: They can't.
    """
    if count > 1 and not shares:
        raise ConfigError(
            f"workers={count}: a run of {plugin} is not made of parts that can be shared out; "
            "use workers=1, or a sweep with hydra/launcher=joblib"
        )
