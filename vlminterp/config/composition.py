"""Composition of a run's configuration by Hydra, from our schemas and third parties' configs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from hydra import initialize_config_module
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from vlminterp.config.run import RunConfig
from vlminterp.data.registry import source_class, source_names
from vlminterp.entry_points import ADAPTERS, PLUGINS, SOURCES, installed
from vlminterp.errors import ConfigError
from vlminterp.plugin import load_plugin

CONFIG_MODULE = "vlminterp.conf"
EXPERIMENT = "experiment"
OPTIONS = "vlminterp_options"
"""The group that holds the plugins' bare options, which `plugin/NAME` includes."""

broken: dict[str, str] = {}
"""Installed plugins and sources that can't be used, as `GROUP=NAME`, with the reason."""


class EntryPointConfigs(SearchPathPlugin):
    """Lets Hydra find the `conf` of every package that brings a plugin, an adapter or a source."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Appends these packages' configurations after our own."""
        claims = [c for group in (PLUGINS, ADAPTERS, SOURCES) for c in installed(group).values()]
        packages = {point.module.split(".")[0] for points in claims for point in points}
        for package in sorted(packages - {"vlminterp"}):
            search_path.append(provider=package, path=f"pkg://{package}.conf")


@cache
def register() -> None:
    """Makes our schemas and search path known to Hydra, once."""
    Plugins.instance().register(EntryPointConfigs)
    store = ConfigStore.instance()
    store.store(name="run", node=RunConfig)
    for name in source_names():
        try:
            store.store(group="data", name=name, node=source_class(name).Config)
        except ConfigError as error:
            broken[f"data={name}"] = str(error)
    for name in installed(PLUGINS):
        _register_plugin(store, name)


def _register_plugin(store: ConfigStore, name: str) -> None:
    """Stores a plugin's dataclass of defaults; choices by `plugin/GROUP=…` go on top of it."""
    try:
        plugin = load_plugin(name)
    except ConfigError as error:
        broken[f"plugin={name}"] = str(error)
        return
    store.store(group=OPTIONS, name=name, node=plugin.Config, package="plugin")
    groups = [{group: choice} for group, choice in plugin.groups.items()]
    defaults = [{f"/{OPTIONS}": name}, *groups, "_self_"]
    store.store(group="plugin", name=name, node={"defaults": defaults})


@contextmanager
def composing() -> Iterator[None]:
    """Opens our configuration for Hydra's compose API, also inside a running Hydra job."""
    register()
    hydra = GlobalHydra.instance()
    running = hydra.hydra
    hydra.clear()
    try:
        with initialize_config_module(CONFIG_MODULE, version_base="1.3"):
            yield
    finally:
        if running is not None:
            hydra.clear()
            hydra.initialize(running)


def known(group: str) -> list[str]:
    """Returns the names that a group has, e.g. every model; experiments are called FOLDER/NAME."""
    with composing():
        loader: Any = GlobalHydra.instance().config_loader()
        names: list[str] = loader.get_group_options(group)
        if group == EXPERIMENT:
            for folder in loader.get_group_options(group, ObjectType.GROUP):
                options = loader.get_group_options(f"{group}/{folder}")
                names += [f"{folder}/{name}" for name in options]
        return names


@contextmanager
def full_errors() -> Iterator[None]:
    """Makes Hydra raise errors that it would otherwise print in eight lines before it exits."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = before
