"""The options that each stage depends on: changing any other does not repeat the stage.

An option that is not named here counts for every stage: a new one costs time, never a wrong number.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from vlminterp.plugin import Context
from vlminterp.results.plain import plain
from vlminterp_ex2.inspection.judge_settings import JudgeConfig
from vlminterp_ex2.prompts import TEMPLATES
from vlminterp_ex2.settings import EX2Config

VERDICT = frozenset({"stage", "margin"})
"""Options that change no row, only what the summary says about the rows."""
INSPECTION = VERDICT | {"judge", "judges", "labels", "neighbours", "families", "zero_shot"}
TRAINING = frozenset(
    {
        *("algorithm", "beta", "adaptive_kl", "steps", "completions", "generations", "epochs"),
        *("mini_batches", "max_kl", "patience", "save_every", "shown"),
        "target_kl",
    }
)
UNTOUCHED_BY = {
    "align": INSPECTION | {"samples", "pool"},
    "describe": INSPECTION | {"pool"},
    "pool": INSPECTION | TRAINING,
    "zero-shot": INSPECTION | {"pool"},
    "inspect": VERDICT | {"judge", "judges", "labels", "pool", "zero_shot"},
    "judge": VERDICT | {"judges", "labels", "neighbours", "pool", "zero_shot"},
}
"""By stage, the options that its results do not depend on."""
SPOKEN = ("align", "describe", "pool", "zero-shot")
"""Stages that read the policy and the templates, but no file of the inspection."""


def spoken_files(config: EX2Config) -> list[Path]:
    """Returns the policy's folder, if it is local, and the file of templates."""
    from vlminterp_ex2.policy import local_folder

    folder = local_folder(config.policy)
    templates = TEMPLATES if config.templates is None else Path(config.templates).expanduser()
    return [templates] if folder is None else [folder, templates]


def rater_files(config: EX2Config) -> list[Path]:
    """Returns the file of families, the judges' prompts, and people's labels."""
    from vlminterp_ex2.inspection.families_file import families_file
    from vlminterp_ex2.inspection.judge_prompt import prompt_file

    asked = [one.prompts for one in (config.judge, *config.judges.values())]
    files = [prompt_file(name) for name in asked if name is not None]
    if config.families is not None:
        files.append(families_file(config.families))
    return files if config.labels is None else [*files, Path(config.labels).expanduser()]


def files_of(stage: str, config: EX2Config) -> list[Path]:
    """Returns the files that a stage's results depend on.

    Args:
        stage: A key of `UNTOUCHED_BY`.
        config: The run's configuration; for a judge's stage, with that judge alone.
    """
    if stage in SPOKEN:
        return spoken_files(config)
    alone = config if stage == "judge" else replace(config, judge=JudgeConfig(), judges={})
    return [*spoken_files(alone), *rater_files(replace(alone, labels=None))]


def options_of(stage: str, config: EX2Config, **known: Any) -> dict[str, Any]:
    """Returns the options that a stage's results depend on.

    Args:
        stage: A key of `UNTOUCHED_BY`.
        config: The run's configuration; for a judge's stage, with that judge alone.
        known: Values of options that follow from others.
    """
    given = {
        field.name: getattr(config, field.name)
        for field in fields(config)
        if field.name not in UNTOUCHED_BY[stage]
    }
    options: dict[str, Any] = plain({**given, **known})
    return options


@contextmanager
def stage_of(
    context: Context[EX2Config],
    stage: str,
    tables: Mapping[str, str],
    *,
    join: bool = False,
    **known: Any,
) -> Iterator[Context[EX2Config]]:
    """Opens a stage's shared folder; the run's own gets the stage's rows, even if it fails.

    Args:
        context: The run's context.
        stage: A key of `UNTOUCHED_BY`.
        tables: Tables that the stage writes, and the name of each in the run's own folder.
        join: Whether several processes may work on the stage, each on other parts of its tables.
        known: Values of options that follow from others.

    Yields:
        The same context, with the stage's folder as its results.
    """
    config = context.config
    options, files = options_of(stage, config, **known), files_of(stage, config)
    names = context.results.names
    with context.stages.open(stage, options, files, names, join=join) as folder:
        try:
            yield replace(context, results=folder)
        finally:
            for name, own in tables.items():
                context.results.table(own).adopt(folder.table(name))
