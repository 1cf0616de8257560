"""How a run's configuration comes together: Hydra, our schemas, and what third parties bring."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from hydra import compose, initialize_config_module
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vlminterp.adapters.registry import ModelConfig
from vlminterp.config.named_model import is_checkpoint
from vlminterp.config.run import RunConfig
from vlminterp.data.registry import source_class, source_names
from vlminterp.entry_points import ADAPTERS, PLUGINS, SOURCES, installed
from vlminterp.errors import ConfigError
from vlminterp.plugin import load_plugin
from vlminterp.results.sweep import is_multirun

CONFIG_MODULE = "vlminterp.conf"
EXPERIMENT = "experiment"
OPTIONS = "vlminterp_options"
"""Group that holds the plugins' bare options, which `plugin/NAME` includes."""

broken: dict[str, str] = {}
"""What is installed but can't be used, as `GROUP=NAME`, with the reason."""


class EntryPointConfigs(SearchPathPlugin):
    """Lets Hydra find the `conf` of every package that brings a plugin, an adapter or a source."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Appends them after our own."""
        claims = [c for group in (PLUGINS, ADAPTERS, SOURCES) for c in installed(group).values()]
        packages = {point.module.split(".")[0] for points in claims for point in points}
        for package in sorted(packages - {"vlminterp"}):
            search_path.append(provider=package, path=f"pkg://{package}.conf")


def register() -> None:
    """Makes schemas and search path known to Hydra; may be called again."""
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
    """Defaults are stated once, in the plugin's dataclass; `plugin/GROUP=…` goes on top."""
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


def composed_model(name: str, overrides: Mapping[str, Any]) -> ModelConfig:
    """The configuration of one model.

    Args:
        name: Of its YAML; or where it is, as `named_model` takes it.
        overrides: Keys and values that replace the YAML's.

    Raises:
        ConfigError: There is no such model or key, or a value does not fit.
    """
    with composing():
        try:
            config = (
                OmegaConf.structured(ModelConfig(checkpoint=name))
                if is_checkpoint(name)
                else compose(config_name="config", overrides=[f"model={name}"]).model
            )
            merged = OmegaConf.merge(config, dict(overrides))
            model: ModelConfig = OmegaConf.to_object(merged)  # type: ignore[assignment]
        except (HydraException, OmegaConfBaseException) as error:
            from vlminterp.config.messages import one_line

            raise ConfigError(one_line(error)) from error
    return model


def known(group: str) -> list[str]:
    """The names that a group has, e.g. every model; experiments are called FOLDER/NAME."""
    with composing():
        loader: Any = GlobalHydra.instance().config_loader()
        names: list[str] = loader.get_group_options(group)
        if group == EXPERIMENT:
            for folder in loader.get_group_options(group, ObjectType.GROUP):
                options = loader.get_group_options(f"{group}/{folder}")
                names += [f"{folder}/{name}" for name in options]
        return names


def refuse_conflicts(arguments: Sequence[str]) -> None:
    """Refuses what Hydra would accept, or refuse in its own words.

    These are an experiment with a plugin beside it, and a multirun over several plugins that also
    sets options of one: Hydra finds out where a plugin lacks the option, but not where two plugins
    mean different things by it.

    Args:
        arguments: The command line.

    Raises:
        ConfigError: An option would reach several plugins, or two of them are chosen.
    """
    assignments = [one for one in arguments if "=" in one and not one.startswith("-")]
    with composing():
        loader: Any = GlobalHydra.instance().config_loader()
        overrides = OverridesParser.create(loader).parse_overrides(assignments)
        chosen = {_key(one): str(one.input_line) for one in overrides}
        if {"plugin", EXPERIMENT} <= chosen.keys():
            own, beside = chosen[EXPERIMENT], chosen["plugin"]
            raise ConfigError(f"{own} chooses its plugin itself; leave out {beside}")
        options = [line for key, line in chosen.items() if key.startswith(("plugin.", "plugin/"))]
        if not (options and is_multirun(arguments)):
            return
        plugins = dict.fromkeys(plugin for one in overrides for plugin in _plugins(one))
    if len(plugins) > 1:
        names = ", ".join(plugins)
        raise ConfigError(
            f"{', '.join(options)}: an option of one plugin, in a sweep over {names}; "
            "sweep over each plugin by itself"
        )


def _plugins(override: Override) -> list[str]:
    """The plugins that an override chooses, itself or by an experiment."""
    if _key(override) not in ("plugin", EXPERIMENT):
        return []
    swept = override.is_sweep_override() and override.is_discrete_sweep()
    names = (
        list(override.sweep_string_iterator()) if swept else [override.get_value_element_as_str()]
    )
    return names if _key(override) == "plugin" else [_plugin_of(name) for name in names]


def _plugin_of(experiment: str) -> str:
    config = compose("config", overrides=[f"experiment={experiment}"], return_hydra_config=True)
    return str(config.hydra.runtime.choices.get("plugin"))


def _key(override: Override) -> str:
    return str(override.key_or_group)


@contextmanager
def full_errors() -> Iterator[None]:
    """Makes Hydra raise, where it would print eight lines and exit."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = before
