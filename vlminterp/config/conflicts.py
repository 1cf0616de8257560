"""Refuses combinations of choices that make no sense."""

from collections.abc import Sequence
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from vlminterp.config.composition import EXPERIMENT, composing
from vlminterp.errors import ConfigError


def refuse_conflicts(arguments: Sequence[str], *, multirun: bool) -> None:
    """Refuses combinations that Hydra would accept, or refuse in terms that don't help users.

    These are an experiment with a plugin beside it, and a multirun over several plugins that also
    sets options of one: Hydra notices that a plugin lacks the option, but not that two plugins mean
    different things by it.

    Args:
        arguments: The command line.
        multirun: Whether the command line asks for more than one run.

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
        if not (options and multirun):
            return
        plugins = dict.fromkeys(plugin for one in overrides for plugin in _plugins(one))
    if len(plugins) > 1:
        names = ", ".join(plugins)
        raise ConfigError(
            f"{', '.join(options)}: an option of one plugin, in a sweep over {names}; "
            "sweep over each plugin by itself"
        )


def _plugins(override: Override) -> list[str]:
    """Returns the plugins that an override chooses, itself or by an experiment."""
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
