"""The text of `python -m vlminterp --help`: the choices, and the options with descriptions.

`python -m vlminterp.cli.help` prints the options of all plugins and sources as Markdown, for
`docs/options.md`.
"""

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib.metadata import version

from vlminterp.adapters.settings import ModelConfig
from vlminterp.cli.arguments import settings
from vlminterp.config.composition import EXPERIMENT, known
from vlminterp.config.options import Option, options_in
from vlminterp.config.run import RunConfig
from vlminterp.data.registry import source_class, source_names
from vlminterp.entry_points import PLUGINS, installed
from vlminterp.errors import ConfigError
from vlminterp.plugin import load_plugin
from vlminterp.tracking.config import TrackingConfig

WIDTH = 80
HELP, VERSION = ("-h", "--help"), ("--version",)
GROUPS = ("plugin", "model", "data", "tracking", EXPERIMENT)
DEFAULT_DATA = "planted"
USAGE = """\
What a vision-language model (VLM) looks at, and what it likes to hear.

  python -m vlminterp +plugin=NAME [model=NAME] [data=NAME] [OPTION=VALUE ...]
  python -m vlminterp -m +plugin=NAME model=NAME,NAME   a sweep, a run for each
  python -m vlminterp --help +plugin=NAME data=NAME      options of these two
  python -m vlminterp look PICTURE CAPTION [CAPTION]     one picture, one page

model= also takes a folder, a hub id, or ARCHITECTURE/TAG of open_clip."""


def asked_for(arguments: Sequence[str]) -> str | None:
    """Returns the text that a command line asks for by --help or --version; None without these.

    Args:
        arguments: The command line.

    Raises:
        ConfigError: A plugin or a source of that name is not installed.
    """
    if set(VERSION) & set(arguments):
        return f"vlminterp {version('vlminterp')}"
    if not set(HELP) & set(arguments):
        return None
    chosen = dict(settings(arguments))
    return "\n".join(_help(chosen.get("plugin"), chosen.get("data", DEFAULT_DATA)))


def _help(plugin: str | None, data: str) -> Iterator[str]:
    yield USAGE
    yield "\nTo choose from\n"
    for group in GROUPS:
        yield from _wrapped(f"  {group:<11}", ", ".join(known(group)))
    sections = [("any run", run_options()), (f"data={data}", source_options(data))]
    if plugin is not None:
        sections.append((f"plugin={plugin}", plugin_options(plugin)))
    for title, options in sections:
        yield f"\nOptions of {title}\n"
        for option in options:
            yield f"  {option.name}={option.default}"
            yield from _wrapped(" " * 6, _sentence(option))
    yield "\nHydra's own flags, such as --cfg job: python -m vlminterp --hydra-help"
    if plugin is None:
        yield "Add +plugin=NAME for the options of a plugin; all: docs/options.md"


def run_options() -> list[Option]:
    """Returns the options that every run has."""
    groups = {"model": ModelConfig, "tracking": TrackingConfig}
    own = [one for one in options_in(RunConfig, "") if one.name not in ("data", "plugin", "sweep")]
    plain = [one for one in own if one.name.split(".")[0] not in groups]
    return [*plain, *(o for name, kind in groups.items() for o in options_in(kind, f"{name}."))]


def source_options(name: str) -> list[Option]:
    """Returns the options of a source.

    Raises:
        ConfigError: There is no such source.
    """
    return list(options_in(source_class(name).Config, "data."))


def plugin_options(name: str) -> list[Option]:
    """Returns the options of a plugin.

    Raises:
        ConfigError: There is no such plugin.
    """
    return list(options_in(load_plugin(name).Config, "plugin."))


def as_markdown() -> str:
    """Returns all options as Markdown: a table for any run, each of our plugins and each source."""
    sections = [("Any run", run_options())]
    for name in installed(PLUGINS):
        with suppress(ConfigError):
            if load_plugin(name).__module__.startswith("vlminterp_"):
                sections.append((f"`+plugin={name}`", plugin_options(name)))
    sections += [(f"`data={name}`", source_options(name)) for name in source_names()]
    parts = ["# Options", "Made by `python -m vlminterp.cli.help > docs/options.md`."]
    for title, options in sections:
        rows = [
            f"| `{one.name}` | `{one.default}` | {_sentence(one).replace('|', '&#124;')} |"
            for one in options
        ]
        parts += [f"## {title}", "\n".join(["| option | default | |", "|-|-|-|", *rows])]
    return "\n\n".join(parts) + "\n"


def _sentence(option: Option) -> str:
    choices = f"One of {', '.join(option.choices)}." if option.choices else ""
    return " ".join(filter(None, (option.sentence, choices)))


def _wrapped(indent: str, text: str) -> Iterable[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_on_hyphens=False,
        break_long_words=False,
    )


if __name__ == "__main__":
    from vlminterp.config.composition import register

    register()
    sys.stdout.write(as_markdown())
