"""Workers on a Ray cluster, or on this machine if there is none: `workers=8 engine=ray`."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig

from vlminterp.cli.workers import Work, for_worker, threads
from vlminterp.errors import ConfigError

THREADS = 1
"""Threads of each process, the first one included: Ray gives a task one core."""


@contextmanager
def ray_workers(
    config: DictConfig, names: Mapping[str, str], count: int, work: Work
) -> Iterator[None]:
    """Starts tasks that work on a run, and ends them with the block.

    The cluster is that of `RAY_ADDRESS`, or one on this machine. All its machines must see the run
    folder, the data and the model under the same paths. Each worker loads the model once. Ray
    starts one that dies again, elsewhere if need be; its part is free in the meantime.

    Args:
        config: The run's configuration.
        names: The names of its plugin, model and data.
        count: Number of processes, this one included, ≥ 2.
        work: The work of each; a function that can be pickled.

    Raises:
        ConfigError: Ray is not installed, or its cluster can't be reached.
    """
    try:
        import ray
    except ImportError:
        raise ConfigError("engine=ray needs Ray; pip install 'vlminterp[ray]'") from None
    try:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigError(f"engine=ray: the cluster can't be reached ({error})") from error
    cluster: Any = ray  # most of its functions have no types
    graphics = int(config.device in ("auto", "cuda") and "GPU" in cluster.cluster_resources())
    task: Any = ray.remote(num_cpus=THREADS, num_gpus=graphics, max_retries=-1)(_on_threads)
    # Ray shows each worker its own device alone.
    started = [task.remote(work, for_worker(config, 0), dict(names)) for _ in range(1, count)]
    try:
        with threads(THREADS):
            yield
    finally:
        for one in started:
            ray.cancel(one, force=True)
        ray.shutdown()


def _on_threads(work: Work, config: DictConfig, names: Mapping[str, str]) -> None:
    with threads(THREADS):
        work(config, names)
