"""The inputs and the results of a run, as W&B artifacts."""

import re
from typing import Any

import wandb

from vlminterp.results.plain import to_json
from vlminterp.results.run_folder import SUMMARY, RunFolder
from vlminterp.secrets import without_secrets

RESULTS = ("rows/**/*.parquet", "arrays/**/*.safetensors", "versions.json", SUMMARY)


def log_lineage(run: "wandb.Run", results: RunFolder) -> None:
    """Logs the model and data as inputs of the run, and the results as its output.

    Model and data are described, not copied: weights and pictures are not uploaded.

    Args:
        run: The W&B run.
        results: The run folder.
    """
    config, names = without_secrets(results.config), results.names
    for kind, part in (("model", "model"), ("dataset", "data")):
        _use(run, _described(kind, f"{part}-{names[part]}", config.get(part) or {}))
    made = _artifact("results", f"results-{names['plugin']}-{results.path.resolve().name}", names)
    for file in sorted(file for pattern in RESULTS for file in results.path.glob(pattern)):
        # immutable: wandb uploads the file itself, without a second copy in the run folder
        made.add_file(str(file), str(file.relative_to(results.path)), policy="immutable")
    _add_json(made, "config.json", config)
    run.log_artifact(made)


def _described(kind: str, name: str, options: dict[str, Any]) -> wandb.Artifact:
    artifact = _artifact(kind, name, options)
    _add_json(artifact, "options.json", options)
    return artifact


def _artifact(kind: str, name: str, metadata: dict[str, Any]) -> wandb.Artifact:
    return wandb.Artifact(re.sub(r"[^\w.-]", "-", name)[:128], type=kind, metadata=metadata)


def _add_json(artifact: wandb.Artifact, name: str, content: dict[str, Any]) -> None:
    with artifact.new_file(name, mode="wb") as file:
        file.write(to_json(content))


def _use(run: "wandb.Run", artifact: wandb.Artifact) -> None:
    """Logs an artifact as an input, even offline, where `run.use_artifact` refuses to."""
    if run.offline:
        # the record that use_artifact makes online
        run._log_artifact(artifact, is_user_created=True, use_after_commit=True)
    else:
        run.use_artifact(artifact)
